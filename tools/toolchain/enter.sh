#!/usr/bin/env bash
# enter.sh COMMAND…: runs a command with the toolchain root's /usr over the host's; everything else, the
# workspace and $HOME and /proc, stays the host's. `enter.sh bazel …` adds the generated rc file.
set -euo pipefail
# shellcheck source=tools/toolchain/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ -d ${root} && -d ${deps} ]] || die "no toolchain yet: run ${toolchain_dir}/setup.sh"

command=("$@")
if [[ ${1:-} == bazel ]]; then
  command=(/usr/bin/bazel --nosystem_rc "--bazelrc=${deps}/bazelrc" "${@:2}")
fi
export LOOKOUT_BUILDIFIER=${deps}/bin/buildifier
# The root's linker cache is the host's /etc/ld.so.cache while this runs; the host's own is untouched.
exec bwrap --dev-bind / / \
  --ro-bind "${root}/usr" /usr \
  --ro-bind "${root}/etc/alternatives" /etc/alternatives \
  --ro-bind "${root}/etc/ld.so.cache" /etc/ld.so.cache \
  -- "${command[@]}"
