"""What every package of C++ code says of itself to the checks in //tools/lint."""

def lookout_room():
    """Call at the end of a BUILD file: gathers the package's libraries and sources for //tools/lint."""
    libraries = [
        name
        for name, rule in native.existing_rules().items()
        if rule["kind"] in ("cc_library", "cc_binary") and not rule.get("testonly")
    ]
    native.filegroup(
        name = "room_libraries",
        srcs = libraries,
        visibility = ["//tools/lint:__pkg__"],
    )
    native.filegroup(
        name = "room_sources",
        srcs = native.glob(
            [
                "*.h",
                "*.cc",
            ],
            allow_empty = True,
        ),
        visibility = ["//tools/lint:__pkg__"],
    )
