# shellcheck shell=bash disable=SC2034
# Sourced by format.sh and lint.sh: moves to the tree and lists its files by kind.
# `bazel run` says where the tree is.
cd "${BUILD_WORKSPACE_DIRECTORY:?run it with ./bazelw run}" || exit 1

# ours PATTERN…: the files of the tree that match, without build outputs and caches.
ours() {
  local args=() pattern
  for pattern in "$@"; do args+=(-o -name "${pattern}"); done
  find . \( -name 'bazel-*' -o -name .git -o -name .cache -o -name testdata \) -prune -o \
    -type f \( "${args[@]:1}" \) -print | LC_ALL=C sort
}
readonly cc_patterns=('*.h' '*.cc')
readonly build_patterns=(BUILD.bazel '*.BUILD.bazel' '*.bzl' MODULE.bazel WORKSPACE)
readonly script_patterns=('*.sh' bazelw run)

# The toolchain brings buildifier; elsewhere it is taken from PATH.
buildifier=${LOOKOUT_BUILDIFIER:-}
[[ -x ${buildifier} ]] || buildifier=$(command -v buildifier) || {
  echo "no buildifier: install it (npm install -g @bazel/buildifier), or npm before the toolchain is made" >&2
  exit 1
}
