"""Shell scripts as programs and tests, without rules that newer Bazel versions have moved elsewhere."""

def _script_impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = ctx.file.src, is_executable = True)
    return [DefaultInfo(
        executable = program,
        runfiles = ctx.runfiles(files = ctx.files.data + [ctx.file.src]),
    )]

_ATTRS = {
    "data": attr.label_list(
        allow_files = True,
        doc = "What the script finds below its working directory, under the path it has in the tree.",
    ),
    "src": attr.label(allow_single_file = True, mandatory = True),
}

# A script for `bazel run`. It finds the tree in BUILD_WORKSPACE_DIRECTORY.
script_binary = rule(implementation = _script_impl, attrs = _ATTRS, executable = True)

# A script that passes by exit code 0.
script_test = rule(implementation = _script_impl, attrs = _ATTRS, test = True)
