"""The dependency table of docs/architecture.md as data, and the test that holds the tree to it."""

load("//tools/build_defs:script.bzl", "script_test")

# Targets -> the packages of this tree and the foreign repositories ("@…") that they may use, directly or
# through others. Tests are not bound by it.
_TABLE = {
    "//adapters/docker:event_stream_decoder": ["//adapters/docker", "//events", "@abseil-cpp", "@boost"],
    "//adapters/docker:room_libraries": ["//adapters/docker", "//events", "@abseil-cpp", "@boost", "@boringssl", "@cpp-httplib"],
    "//adapters/file:room_libraries": ["//adapters/file", "//events", "@abseil-cpp"],
    "//adapters/prometheus:room_libraries": ["//adapters/prometheus", "//events", "@abseil-cpp", "@prometheus-cpp"],
    "//events:event_queue": ["//events", "@abseil-cpp"],
    "//events:room_libraries": ["//events", "@abseil-cpp", "@boost"],
    "//watchers:room_libraries": ["//events", "//watchers", "@abseil-cpp"],
}

def layering_test(name):
    """A test that each entry of the table uses nothing but what it may.

    Args:
      name: of the test.
    """
    closures = []
    rules = []
    for target, allowed in _TABLE.items():
        closure = target.strip("/").replace("/", "_").replace(":", ".") + ".closure"
        native.genquery(
            name = closure,
            expression = "kind('^cc_', deps({}))".format(target),
            scope = [target],
        )
        closures.append(closure)
        rules.append(" ".join([closure] + allowed))
    native.genrule(
        name = name + "_rules",
        outs = [name + "_rules.txt"],
        cmd = "printf '%s\\n' {} > $@".format(" ".join(["'%s'" % rule for rule in rules])),
    )
    script_test(
        name = name,
        size = "small",
        src = "layering_test.sh",
        data = closures + [name + "_rules.txt"],
    )
