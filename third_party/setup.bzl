"""The second half of a WORKSPACE that uses lookout: what loads from the archives of repositories.bzl."""

load("@bazel_features//:deps.bzl", "bazel_features_deps")
load("@googletest//:fake_fuchsia_sdk.bzl", "fake_fuchsia_sdk")
load("@rules_cc//cc:extensions.bzl", "compatibility_proxy_repo")

def lookout_setup():
    """Makes the repositories that rules_cc and GoogleTest ask for."""
    bazel_features_deps()
    compatibility_proxy_repo()
    fake_fuchsia_sdk(name = "fuchsia_sdk")
