"""Fuzz targets: LLVMFuzzerTestOneInput in one file, a corpus in corpus/<name>/."""

def fuzz_target(name, srcs, deps = [], corpus = None):
    """Makes two targets of one fuzz function.

    <name>       a test that replays the corpus; in every configuration, gcc's and the sanitizers'
    <name>_fuzz  the libFuzzer program: bazel build --config=fuzz //tests/fuzz/..., then
                 .bazel/bin/tests/fuzz/<name>_fuzz -max_total_time=5 tests/fuzz/corpus/<name>
                 (in other configurations it replays the files it is given)

    corpus: files; by default corpus/<name>/** of the calling package.
    """
    if corpus == None:
        corpus = native.glob(["corpus/%s/**" % name])
    if not corpus:
        fail("%s: no corpus; put at least one file into corpus/%s/" % (name, name))
    native.cc_library(
        name = name + "_function",
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        linkstatic = True,
        deps = deps,
    )
    native.cc_test(
        name = name,
        size = "small",
        args = ["$(location %s)" % file for file in corpus],
        data = corpus,
        deps = [":%s_function" % name, "//tests/fuzz:replay_main"],
    )
    native.cc_binary(
        name = name + "_fuzz",
        testonly = True,
        linkopts = select({
            "//farm/third_party:sanitizers": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = ["fuzz"],
        deps = [":%s_function" % name] + select({
            "//farm/third_party:sanitizers": [],
            "//conditions:default": ["//tests/fuzz:replay_main"],
        }),
    )
