"""Fuzz tests: one source, of which a libFuzzer program and a test that replays its corpus are made."""

load("@rules_cc//cc:cc_binary.bzl", "cc_binary")
load("@rules_cc//cc:cc_library.bzl", "cc_library")
load("@rules_cc//cc:cc_test.bzl", "cc_test")

_FEATURES = ["layering_check"]

def lookout_fuzz_test(name, srcs, corpus = None, deps = []):
    """Makes NAME, the fuzzer (clang alone: --config=fuzz), and NAME_test, for every compiler.

    The test gives each file of the corpus to the same LLVMFuzzerTestOneInput, so a crash that was found
    stays found. tools/fuzz/run.sh runs all fuzzers.

    Args:
      name: by convention x_fuzz, of x_fuzz.cc.
      srcs: they define LLVMFuzzerTestOneInput, and abort where something is wrong.
      corpus: the folder with the files, each an input; testdata/NAME if not given.
      deps: of the sources.
    """
    corpus = corpus or "testdata/" + name
    files = native.glob([corpus + "/*"])
    cc_library(
        name = name + "_entry",
        testonly = True,
        srcs = srcs,
        features = _FEATURES,
        deps = deps,
        alwayslink = True,
    )
    cc_test(
        name = name + "_test",
        size = "small",
        args = [native.package_name() + "/" + corpus],
        data = files,
        tags = ["one_thread"],
        deps = [
            ":" + name + "_entry",
            "//tools/fuzz:replay_main",
        ],
    )
    cc_binary(
        name = name,
        testonly = True,
        data = files,  # so that who runs it may begin with them
        linkopts = ["-fsanitize=fuzzer"],
        tags = [
            "fuzzer",
            "manual",
        ],
        deps = [":" + name + "_entry"],
    )
