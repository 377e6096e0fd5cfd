"""BoringSSL under names of its own.

OpenSSL, which TLS uses, has functions of the same names. One program holds both, so the linker would give each caller
whichever it meets first. Here every global symbol of BoringSSL's archive gets a prefix. Its headers include a file of
macros for that by themselves where BORINGSSL_PREFIX is defined.
"""

_PREFIX = "vidimus_bssl"

def _headers_of_impl(ctx):
    return [CcInfo(compilation_context = ctx.attr.library[CcInfo].compilation_context)]

_headers_of = rule(
    implementation = _headers_of_impl,
    attrs = {"library": attr.label(providers = [CcInfo])},
    doc = "What one includes of a library, without linking it.",
)

def boringssl_apart(name, visibility):
    """A cc_library of @boringssl//:crypto with every symbol renamed.

    Args:
      name: of the cc_library.
      visibility: as everywhere.
    """
    archive = "libboringssl_renamed.a"
    pic_archive = "libboringssl_renamed.pic.a"  # for a shared library
    header = name + "/boringssl_prefix_symbols.h"
    native.genrule(
        name = name + "_renamed",
        srcs = ["@boringssl//:crypto"],
        outs = [archive, pic_archive, header],
        cmd = """
            set -e
            for file in $(SRCS); do case $$file in *.pic.a) pic=$$file ;; *.a) original=$$file ;; esac; done
            renames=$$(mktemp)
            nm --defined-only --extern-only --format=posix $$original |
                awk 'NF > 1 { print $$1 " """ + _PREFIX + """_" $$1 }' | LC_ALL=C sort -u > $$renames
            objcopy --redefine-syms=$$renames $$original $(location """ + archive + """)
            objcopy --redefine-syms=$$renames $${pic:-$$original} $(location """ + pic_archive + """)
            awk '$$1 ~ /^[A-Za-z_][A-Za-z0-9_]*$$/ { print "#define " $$1 " " $$2 }' $$renames \\
                > $(location """ + header + """)
            rm $$renames
        """,
    )
    _headers_of(
        name = name + "_headers",
        library = "@boringssl//:crypto",
    )
    native.cc_library(
        name = name,
        srcs = [archive, pic_archive],
        hdrs = [header],
        defines = ["BORINGSSL_PREFIX=" + _PREFIX],
        includes = [name],
        linkopts = ["-lpthread"],
        visibility = visibility,
        deps = [":" + name + "_headers"],
    )
