#!/usr/bin/env bash
# The command with both of its back ends beside inotifywait and the bare kernel interface, in one run, on a tmpfs.
# As root, for fanotify.
#
#   tools/bench/files.sh BENCH_PY [ARGUMENT...]
#
# BENCH_PY is the watcher benchmark (bench.py, with workgen.cc beside it); the arguments are its own, such as
# --scenario latency --repeats 3 --out results.json. Needs python3, g++ and inotifywait.
set -euo pipefail
(($# > 0)) || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
bench=$(realpath "$1")
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v inotifywait > /dev/null || { echo "files.sh: no inotifywait: install inotify-tools" >&2; exit 1; }

dir=$(mktemp -d /dev/shm/lookout-bench.XXXXXX)
readonly dir
mkdir "${dir}/bin" "${dir}/watched" "${dir}/scratch"
# A file system of its own for what is watched, so that a mark on it does not watch what is printed.
((EUID != 0)) || mount -t tmpfs lookout-bench "${dir}/watched"
clean_up() {
  ((EUID != 0)) || umount --lazy "${dir}/watched"
  rm -rf "${dir}"
}
trap clean_up EXIT

# The toolchain's libraries may be newer than this machine's, so its loader starts the command: in the same
# process, whose CPU is measured. On a machine that builds with its own toolchain there is no such root.
(cd "${here}/../.." && ./bazelw build --config=ci -c opt --dynamic_mode=off --symlink_prefix=/ //tools/lookout \
  && cp "$(./bazelw info --config=ci -c opt bazel-bin 2> /dev/null)/tools/lookout/lookout" "${dir}/bin/lookout.real") \
  > "${dir}/build.log" 2>&1 || { cat "${dir}/build.log" >&2; exit 1; }
root=$(cd "${here}/../toolchain" && bash -c 'source ./lib.sh && echo "${root}"')
if [[ -d ${root} ]]; then
  printf '#!/bin/sh\nexec %q --library-path %q %q "$@"\n' "${root}/usr/lib64/ld-linux-x86-64.so.2" \
    "${root}/usr/lib/x86_64-linux-gnu" "${dir}/bin/lookout.real" > "${dir}/bin/lookout"
  chmod +x "${dir}/bin/lookout"
else
  ln -s lookout.real "${dir}/bin/lookout"
fi

PATH=${dir}/bin:${PATH} python3 "${bench}" --config "${here}/files.json" \
  --watcher lookout-inotify --watcher lookout-fanotify --watcher inotifywait --watcher raw-json \
  --workdir "${dir}/watched" --scratch "${dir}/scratch" "$@"
