#!/usr/bin/env bash
# The command beside inotifywait and the bare kernel interface, in one run, on a tmpfs.
#
#   tools/bench/files.sh BENCH_PY [ARGUMENT...]
#
# BENCH_PY is the watcher benchmark (bench.py, with workgen.cc beside it); the arguments are its own, such as
# --scenario latency --repeats 3 --out results.json. Needs python3, g++ and inotifywait.
set -euo pipefail
(($# > 0)) || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
bench=$(realpath "$1")
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v inotifywait > /dev/null || { echo "files.sh: no inotifywait: install inotify-tools" >&2; exit 1; }

dir=$(mktemp -d /dev/shm/lookout-bench.XXXXXX)
readonly dir
trap 'rm -rf "${dir}"' EXIT
mkdir "${dir}/bin" "${dir}/watched" "${dir}/scratch"

# Static, because the toolchain's libc may be newer than this machine's.
(cd "${here}/../.." && ./bazelw build --config=ci -c opt --features=fully_static_link --symlink_prefix=/ //tools/lookout \
  && cp "$(./bazelw info --config=ci -c opt bazel-bin 2> /dev/null)/tools/lookout/lookout" "${dir}/bin/") > "${dir}/build.log" 2>&1 \
  || { cat "${dir}/build.log" >&2; exit 1; }

PATH=${dir}/bin:${PATH} python3 "${bench}" --config "${here}/files.json" \
  --watcher lookout --watcher inotifywait --watcher raw-json \
  --workdir "${dir}/watched" --scratch "${dir}/scratch" "$@"
