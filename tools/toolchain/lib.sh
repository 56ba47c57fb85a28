# shellcheck shell=bash
# Shared by setup.sh and enter.sh: where the toolchain lives, and how a step is made once and whole.
#
# Layout of ${cache}:
#   root-KEY/      a Debian root: compiler, Bazel, clang, headers (KEY: hash of packages.txt)
#   deps-KEY/      the dependencies as Bazel modules (KEY: hash of sources.lock, overlays and this folder)
#   lock           held by the one setup.sh that works
# A folder NAME appears by a rename from NAME.partial once it is whole, so an interrupted step leaves
# nothing that looks done; the next run starts that step again.

toolchain_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
workspace=$(cd "${toolchain_dir}/../.." && pwd -P)
cache=${XDG_CACHE_HOME:-${HOME:?bazelw: set HOME or XDG_CACHE_HOME}/.cache}/lookout

say() { echo "bazelw: $*" >&2; }

die() {
  say "$*"
  exit 1
}

# Prints a short hash of the contents (and names) of the files below the given paths of the workspace.
hash_of() {
  (cd "${workspace}" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-12
}

root_key=$(hash_of tools/toolchain/packages.txt)
deps_key=$(hash_of tools/toolchain third_party)
# shellcheck disable=SC2034  # used by the scripts that source this
root=${cache}/root-${root_key}
# shellcheck disable=SC2034
deps=${cache}/deps-${deps_key}
