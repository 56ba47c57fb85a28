"""Boost.JSON and the Boost libraries it includes, from upstream's archives of release 1.90.0."""

load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")
load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")

_VERSION = "1.90.0"

# Library -> (integrity as published by the Bazel Central Registry, direct dependencies).
_HEADER_LIBRARIES = {
    "assert": ("sha256-H0j5KeaRRtsiL9+VOOyBx8vTyoi5Q0NkSUK0dwMaO7o=", ["config"]),
    "config": ("sha256-E5C9efvycOQM/lrGuJn0qcTkcTm24XtMH394giraqfw=", []),
    "container": ("sha256-dO6gwdG6BwTz87pJrDbimJKT0izG3Fn9zf0qfZ1jlQw=", ["assert", "config", "intrusive", "move"]),
    "container_hash": ("sha256-QV1qAbLYoHqzbb+eMaj+xvoOURhdEBWgh8FT3ijPq6U=", ["config", "describe", "mp11"]),
    "core": ("sha256-BES3dBvPIPgP9qTRkakg9qupLSZzTIH6SB+P0KJ0tIc=", ["assert", "config", "throw_exception"]),
    "describe": ("sha256-TKnFTVDFvY7GiBFHXvluwawKu/vxn1V4mCOqvLtwSBI=", ["mp11"]),
    "endian": ("sha256-8xVb4MVtk8Ms1Gwu2Wuar2TizieP01RjnKHK1j53T2o=", ["config"]),
    "intrusive": ("sha256-HUhXKjQ3p08YsFjHrVEFRdxgjjillD/BNxFvzP+h1EI=", ["assert", "config", "move"]),
    "move": ("sha256-2t9mfe5rv8IyALW0Pq81nDVij1rOB8AZbves2k+r7/U=", ["config"]),
    "mp11": ("sha256-ylK951NYbcuilznP1Vq7Rzv4DJNMbUmitYAj7U5IrfY=", []),
    "predef": ("sha256-2RROs8fZZZkeh5j8fpbV6oYpUb/8vboLiiOJL9XJn3w=", []),
    "system": ("sha256-AOo5UQwPaDkRAkKluEdwkXM+jRzkUEsC2bhgW8ZJtTY=", ["assert", "config", "throw_exception", "variant2", "winapi"]),
    "throw_exception": ("sha256-MOKDS6ZFh6NjdQ41xifuBF+JvgXQzJ6rclFBTrqI4RA=", ["assert", "config"]),
    "variant2": ("sha256-KVTXX4CnX6zCYYVmWNIoiRWrMtYRk7CIGPIVduYNnSM=", ["assert", "config", "mp11"]),
    "winapi": ("sha256-rOG+rzEYlUnYqlt5drI62LS3ATThGDIQMqbDwUBLBAM=", ["config", "predef"]),
}

_JSON_INTEGRITY = "sha256-vvuKhQL4Q4c1uMT4ZUqSZ8QLO9pXrskl1AZjuLVt8Dc="
_JSON_DEPS = ["assert", "config", "container", "container_hash", "core", "describe", "endian", "mp11", "system", "throw_exception"]

_BUILD = """
load("@rules_cc//cc:cc_library.bzl", "cc_library")

cc_library(
    name = "boost.{library}",
    srcs = {srcs},
    hdrs = glob(["include/**/*.hpp", "include/**/*.ipp", "include/**/*.h"], allow_empty = True),
    defines = ["BOOST_JSON_NO_LIB", "BOOST_CONTAINER_NO_LIB"],
    includes = ["include"],
    visibility = ["//visibility:public"],
    deps = {deps},
)
{extra}
"""

# The one source file of Boost.JSON, written where there is only its archive.
_JSON_SOURCE = """
genrule(
    name = "boost_json_cc",
    outs = ["boost_json.cc"],
    cmd = "echo '#include <boost/json/src.hpp>' > $@",
)
"""

def _boost_library(library, integrity, deps, srcs = [], extra = ""):
    maybe(
        http_archive,
        name = "boost." + library,
        build_file_content = _BUILD.format(
            deps = ["@boost." + dep for dep in deps],
            extra = extra,
            library = library,
            srcs = srcs,
        ),
        integrity = integrity,
        strip_prefix = "{}-boost-{}".format(library, _VERSION),
        urls = ["https://github.com/boostorg/{}/archive/refs/tags/boost-{}.tar.gz".format(library, _VERSION)],
    )

def boost_json_repositories():
    """Declares @boost.json and what it depends on."""
    for library, (integrity, deps) in _HEADER_LIBRARIES.items():
        _boost_library(library, integrity, deps)
    _boost_library("json", _JSON_INTEGRITY, _JSON_DEPS, ["boost_json.cc"], _JSON_SOURCE)
