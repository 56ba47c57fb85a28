"""What every package of C++ code says of itself to the checks in //tools/lint."""

def lookout_room(name):
    """Call at the end of a BUILD file: gathers the package's libraries and sources for //tools/lint.

    Args:
      name: "room", by convention: the targets are room_libraries and room_sources.
    """
    libraries = [
        target
        for target, rule in native.existing_rules().items()
        if rule["kind"] in ("cc_library", "cc_binary") and not rule.get("testonly")
    ]
    native.filegroup(
        name = name + "_libraries",
        srcs = libraries,
        visibility = ["//tools/lint:__pkg__"],
    )
    native.filegroup(
        name = name + "_sources",
        srcs = native.glob(
            [
                "*.h",
                "*.cc",
            ],
            allow_empty = True,
        ),
        visibility = ["//tools/lint:__pkg__"],
    )
