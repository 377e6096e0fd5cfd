"""Fuzz targets for parsers of outside bytes."""

def fuzz_test(name, deps, size = "small", checks = True):
    """A fuzz target x_fuzz from x_fuzz.cc, with the corpus in x_corpus/.

    In a normal build it is a test that runs the target once on each file of the
    corpus, and on each beginning of it. Under --config=fuzz the same target is a
    libFuzzer program:

      bazel build --config=fuzz //verifier:note_fuzz
      bazel-bin/verifier/note_fuzz NEW_FINDS verifier/note_corpus

    Args:
      name: ends in "_fuzz".
      deps: what is fuzzed.
      size: of the test.
      checks: whether it uses verifier/check.h; proto/ may not.
    """
    corpus = name[:-len("_fuzz")] + "_corpus"
    native.cc_test(
        name = name,
        size = size,
        srcs = [name + ".cc"],
        args = [native.package_name() + "/" + corpus],
        data = native.glob([corpus + "/**"]),
        linkopts = select({
            "//:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        deps = deps + (["//verifier:check"] if checks else []) + select({
            "//:fuzzing": [],
            "//conditions:default": ["//tests/fuzz:replay"],
        }),
    )
