"""The C++ rules of this tree: cc_library and its kin with the project's flags, and nothing else.

They add no dependencies. A header of package a/b is included as "lookout/a/b/x.h", so that a consumer
may have an a/b of its own.
"""

load("@rules_cc//cc:cc_binary.bzl", "cc_binary")
load("@rules_cc//cc:cc_library.bzl", "cc_library")
load("@rules_cc//cc:cc_test.bzl", "cc_test")

def _features(srcs, hdrs):
    """Has each header compiled by itself, once: x.cc does that for x.h, which it includes first (lint.sh)."""
    headers = [file for file in srcs + hdrs if file.endswith(".h")]
    alone = [header for header in headers if header[:-len(".h")] + ".cc" not in srcs]
    return ["layering_check"] + (["parse_headers"] if alone else [])

def lookout_cc_library(name, srcs = [], hdrs = [], **kwargs):
    cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        features = _features(srcs, hdrs),
        include_prefix = "lookout/" + native.package_name(),
        **kwargs
    )

def lookout_cc_test(name, srcs = [], size = "small", **kwargs):
    cc_test(
        name = name,
        srcs = srcs,
        size = size,
        features = _features(srcs, []),
        **kwargs
    )

def lookout_cc_binary(name, srcs = [], **kwargs):
    cc_binary(
        name = name,
        srcs = srcs,
        features = _features(srcs, []),
        **kwargs
    )
