"""The C++ rules of this tree: cc_library and its kin with the project's flags, and nothing else.

They add no dependencies. A header of package a/b is included as "lookout/a/b/x.h", so that a consumer
may have an a/b of its own.
"""

load("@rules_cc//cc:cc_binary.bzl", "cc_binary")
load("@rules_cc//cc:cc_library.bzl", "cc_library")
load("@rules_cc//cc:cc_test.bzl", "cc_test")

_FEATURES = [
    "layering_check",
    "parse_headers",
]

def lookout_cc_library(name, **kwargs):
    cc_library(
        name = name,
        features = _FEATURES,
        include_prefix = "lookout/" + native.package_name(),
        **kwargs
    )

def lookout_cc_test(name, size = "small", **kwargs):
    cc_test(
        name = name,
        size = size,
        features = _FEATURES,
        **kwargs
    )

def lookout_cc_binary(name, **kwargs):
    cc_binary(
        name = name,
        features = _FEATURES,
        **kwargs
    )
