"""The dependencies of lookout for a WORKSPACE: upstream's archives by the integrity that the Bazel Central
Registry publishes for them. MODULE.bazel names the same versions.

    load("@lookout//third_party:repositories.bzl", "lookout_repositories")
    lookout_repositories()
    load("@lookout//third_party:setup.bzl", "lookout_setup")
    lookout_setup()
"""

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")
load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")
load("//third_party/boost_json:repositories.bzl", "boost_json_repositories")

def lookout_repositories():
    """Declares what the workspace has not declared already."""
    maybe(
        http_archive,
        name = "platforms",
        integrity = "sha256-261KI6vMphceR7ee3FO9akEGejt1+eixBGVrRZ/yUEY=",
        urls = ["https://github.com/bazelbuild/platforms/releases/download/1.1.0/platforms-1.1.0.tar.gz"],
    )
    maybe(
        http_archive,
        name = "bazel_skylib",
        integrity = "sha256-O1tJAGGB9fj/Ym743c6qlem7itKU97XXsR6p992vjFk=",
        urls = ["https://github.com/bazelbuild/bazel-skylib/releases/download/1.9.0/bazel-skylib-1.9.0.tar.gz"],
    )
    maybe(
        http_archive,
        name = "bazel_features",
        integrity = "sha256-wmtOac8C/qJFEaEI0VgYi52BdEJjEarFnOgDp40Qdkg=",
        strip_prefix = "bazel_features-1.43.0",
        urls = ["https://github.com/bazel-contrib/bazel_features/releases/download/v1.43.0/bazel_features-v1.43.0.tar.gz"],
    )
    maybe(
        http_archive,
        name = "rules_cc",
        integrity = "sha256-HeW0dyH84K8N1FOzBxIo/fxEvRgZmCaz8LA7Qjqun2U=",
        strip_prefix = "rules_cc-0.2.18",
        urls = ["https://github.com/bazelbuild/rules_cc/releases/download/0.2.18/rules_cc-0.2.18.tar.gz"],
    )
    maybe(
        http_archive,
        name = "abseil-cpp",
        integrity = "sha256-bhruU1RzQUFkv4Pk68QCQN7HGkcB+KZC2QbpW+oa6gw=",
        strip_prefix = "abseil-cpp-20260526.0",
        urls = ["https://github.com/abseil/abseil-cpp/releases/download/20260526.0/abseil-cpp-20260526.0.tar.gz"],
    )
    maybe(
        http_archive,
        name = "googletest",
        integrity = "sha256-bjGRwUVUaLP8NaQX+1ZcHFBxruG35/heMM9IqY032LU=",
        strip_prefix = "googletest-1.18.0",
        urls = ["https://github.com/google/googletest/releases/download/v1.18.0/googletest-1.18.0.tar.gz"],
    )
    maybe(
        http_archive,
        name = "cpp-httplib",
        build_file = Label("//third_party/cpp_httplib:httplib.BUILD.bazel"),
        integrity = "sha256-S5HJcBMs0UBYa6iAvqsJn9FvDcSEJaWmDEGEIsBNn8E=",
        strip_prefix = "cpp-httplib-0.46.0",
        urls = ["https://github.com/yhirose/cpp-httplib/archive/refs/tags/v0.46.0.tar.gz"],
    )
    maybe(
        # for BoringSSL's BUILD file
        http_archive,
        name = "rules_license",
        integrity = "sha256-JtQCH2iY4juC75UweDid1JrCtWGKxWSt5O+HzO0Uezg=",
        urls = ["https://github.com/bazelbuild/rules_license/releases/download/1.0.0/rules_license-1.0.0.tar.gz"],
    )
    maybe(
        http_archive,
        name = "boringssl",
        integrity = "sha256-avcDeoiR0OPQl91h3m0ZX2wrUy7WnROKFtpHwGps0CI=",
        strip_prefix = "boringssl-0.20260327.0",
        urls = ["https://github.com/google/boringssl/releases/download/0.20260327.0/boringssl-0.20260327.0.tar.gz"],
    )
    maybe(
        http_archive,
        name = "prometheus-cpp",
        integrity = "sha256-YrwsyXctsjFNuq5QauKnXI7ol9qwU9hynoamN7AY/bY=",
        patch_args = ["-p1"],
        patches = [Label("//third_party/prometheus_cpp:core_build.patch")],
        strip_prefix = "prometheus-cpp-with-submodules",
        urls = ["https://github.com/jupp0r/prometheus-cpp/releases/download/v1.3.0/prometheus-cpp-with-submodules.tar.gz"],
    )
    boost_json_repositories()

def lookout_dev_repositories():
    """Declares what only lookout's own benchmarks need."""
    maybe(
        http_archive,
        name = "google_benchmark",
        integrity = "sha256-ljE0HIK6xKKIvvlR+LJrQfaQIXlBhOzpafhHOXfqo0A=",
        strip_prefix = "benchmark-1.9.5",
        urls = ["https://github.com/google/benchmark/archive/refs/tags/v1.9.5.tar.gz"],
    )
