"""Everything that Vidimus builds with, as Bazel repositories.

Three sorts: Bazel's own rules from Debian's bazel-* packages, two stand-ins for rules that Debian has in a version
too new for its Bazel or not at all, and the system's libraries. A library's repository holds no file, only the linker
options: its headers lie in /usr/include, where the compiler finds them without being told.
"""

_RULES_CC = """
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = native.fdo_prefetch_hints
fdo_profile = native.fdo_profile
objc_library = native.objc_library
"""

_COVERAGE_TOOLS = """
package(default_visibility = ["//visibility:public"])
sh_binary(name = "coverage_report_generator", srcs = ["none.sh"])
sh_binary(name = "lcov_merger", srcs = ["none.sh"])
"""

# ThreadSanitizer cannot see the locks inside Debian's gRPC and Abseil, so what
# these do among themselves is not its business, neither in their libraries nor
# in the header templates that hand a call to them. Whoever links gRPC brings
# this along.
_TSAN_DEFAULTS = """
extern "C" const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1";
}
extern "C" const char* __tsan_default_suppressions() {
  return "race:^grpc::internal::CallOp\\n"
         "race:^grpc::internal::CallbackWith\\n"
         "race:^grpc::Server*Reactor\\n"
         "race:Impl::ServerCallback\\n"
         "race:Impl::CallOnDone\\n";
}
"""

# Repository -> target -> (linker options, targets it needs).
_SYSTEM_LIBRARIES = {
    "benchmark": {
        "benchmark": (["-lbenchmark", "-lpthread"], []),
        "benchmark_main": (["-lbenchmark_main"], [":benchmark"]),
    },
    "boost": {
        "beast": (["-lpthread"], []),
    },
    "grpc": {
        "grpc++": (
            ["-lgrpc++", "-lgrpc", "-lgpr", "-lpthread"],
            ["@absl//:absl", "@protobuf//:protobuf", "@tsan_defaults//:tsan_defaults"],
        ),
    },
    "gtest": {
        "gtest": (["-lgmock", "-lgtest", "-lpthread"], []),
        "gtest_main": (["-lgmock_main"], [":gtest"]),
    },
    "leveldb": {
        "leveldb": (["-lleveldb", "-lpthread"], []),
    },
    # TLS for Beast. Its headers have the same names as BoringSSL's: no target
    # may depend on both.
    "openssl": {
        "ssl": (["-lssl", "-lcrypto"], []),
    },
    "prometheus": {
        "core": (["-lprometheus-cpp-core", "-lpthread"], []),
    },
    "protobuf": {
        "protobuf": (["-lprotobuf", "-lpthread"], []),
    },
    "zlib": {
        "zlib": (["-lz"], []),
    },
}

def _files_impl(ctx):
    for path, content in ctx.attr.files.items():
        ctx.file(path, content, executable = path.endswith(".sh"))

_files_repository = repository_rule(
    implementation = _files_impl,
    attrs = {"files": attr.string_dict()},
    doc = "A repository written out of this file.",
)

def _absl_impl(ctx):
    """One target for all of Abseil: its libraries depend on each other in ways that change with each release."""
    names = []
    for folder in ctx.path("/usr/lib").readdir():
        if folder.basename.endswith("-linux-gnu") and folder.get_child("libabsl_base.so").exists:
            names += [
                "-l" + lib.basename[len("lib"):-len(".so")]
                for lib in folder.readdir()
                if lib.basename.startswith("libabsl_") and lib.basename.endswith(".so")
            ]
    if not names:
        fail("Abseil is missing: run ./vidimus setup")
    ctx.file("BUILD", _library("absl", ["-Wl,--as-needed"] + sorted(names), []))

_absl_repository = repository_rule(
    implementation = _absl_impl,
    local = True,
    doc = "The Abseil libraries that this machine has.",
)

def _library(name, linkopts, deps):
    return """cc_library(
    name = {},
    linkopts = {},
    visibility = ["//visibility:public"],
    deps = {},
)
""".format(repr(name), repr(linkopts), repr(deps))

def vidimus_repositories():
    """Declares every external repository."""
    for name, path in {
        "bazel_skylib": "/usr/share/bazel/tools/skylib",
        "platforms": "/usr/share/bazel/tools/platforms",
        "rules_java": "/usr/share/bazel/rules/java",
        "rules_proto": "/usr/share/bazel/rules/proto",
    }.items():
        native.local_repository(name = name, path = path)

    # Debian's rules_cc is too new for Debian's Bazel; the native rules do.
    _files_repository(
        name = "rules_cc",
        files = {"cc/BUILD": "", "cc/defs.bzl": _RULES_CC},
    )

    # Bazel resolves these two for every test, coverage or not.
    _files_repository(
        name = "remote_coverage_tools",
        files = {"BUILD": _COVERAGE_TOOLS, "none.sh": "#!/bin/sh\nexit 1\n"},
    )

    # Debian's source package, with the BUILD file that BoringSSL ships.
    native.local_repository(name = "boringssl", path = ".deps/boringssl")

    _files_repository(
        name = "tsan_defaults",
        files = {
            "BUILD": """cc_library(
    name = "tsan_defaults",
    srcs = ["tsan_defaults.cc"],
    alwayslink = True,
    visibility = ["//visibility:public"],
)
""",
            "tsan_defaults.cc": _TSAN_DEFAULTS,
        },
    )

    _absl_repository(name = "absl")
    for repository, targets in _SYSTEM_LIBRARIES.items():
        _files_repository(
            name = repository,
            files = {"BUILD": "".join([
                _library(name, linkopts, deps)
                for name, (linkopts, deps) in targets.items()
            ])},
        )
