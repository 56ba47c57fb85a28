#!/usr/bin/env bash
# tools/bench/docker_decode.sh [RUNS]: decoding Docker's events, lookout beside Go's encoding/json, in turns in one run
# on the same recording; medians of RUNS (3). Exits 1 if lookout is not 4 times as fast in CPU time.
#
# CPU time, not time: so that what else the machine does counts less. Needs Go (apt-get install golang-go).
set -euo pipefail
readonly runs=${1:-3} wanted=4
[[ ${runs} =~ ^[1-9][0-9]*$ ]] || { echo "docker_decode.sh: RUNS must be a positive number, not '${runs}'" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v go > /dev/null || { echo 'docker_decode.sh: no go: install golang-go' >&2; exit 1; }

dir=$(mktemp -d)
readonly dir
trap 'rm -rf "${dir}"' EXIT
{
  # Static, because the toolchain's libc may be newer than this machine's.
  build=(--config=ci -c opt --features=fully_static_link --symlink_prefix=/)
  ./bazelw build "${build[@]}" //adapters/docker:decoder_benchmark
  cp "$(./bazelw info "${build[@]}" bazel-bin 2> /dev/null)/adapters/docker/decoder_benchmark" "${dir}/"
  GOCACHE=${dir}/go GO111MODULE=off GOFLAGS='' go build -o "${dir}/docker_decode" tools/bench/docker_decode/main.go
} > "${dir}/log" 2>&1 || { cat "${dir}/log" >&2; exit 1; }

lookout() {  # CASE: CPU ns an object
  "${dir}/decoder_benchmark" "--benchmark_filter=^BM_Decode/$1\$" --benchmark_min_time=1s --benchmark_format=csv 2> /dev/null \
    | awk -F, '/^"BM_Decode/ {print 1e9 / $7}'
}
peer() {  # MAX_LINE: CPU ns an object
  "${dir}/docker_decode" adapters/docker/testdata/docker-28.5-events.ndjson "$1" 1 | cut -d' ' -f1
}
median() { sort -g | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'; }

status=0
printf '%-36s %14s %14s %12s\n' 'CPU ns an object (objects/s)' 'encoding/json' lookout ratio
compare() {  # TITLE CASE MAX_LINE
  local i
  for ((i = 0; i < runs; ++i)); do
    peer "$3" >> "${dir}/peer.$2"
    lookout "$2" >> "${dir}/lookout.$2"
  done
  awk -v title="$1" -v peer="$(median < "${dir}/peer.$2")" -v us="$(median < "${dir}/lookout.$2")" -v wanted="${wanted}" 'BEGIN {
    printf "%-36s %14.1f %14.1f %12.1f\n%-36s %14d %14d\n", title, peer, us, peer / us, "", 1e9 / peer, 1e9 / us
    exit peer / us < wanted
  }' || status=1
}
compare 'without the two of 60 KB' recording 10000
compare 'with them' recording_with_large 0
exit "${status}"
