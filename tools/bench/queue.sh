#!/usr/bin/env bash
# tools/bench/queue.sh [--docs] [RUNS [EVENTS]]: what the event queue promises about speed, measured, beside the Go queue
# that it replaces (queue_rows/main.go), in turns in one run; medians of RUNS (3), and the worst where nothing should
# happen. Exits 1 if a target is missed. --docs writes the table into docs/queue_speed.md as well.
#
# Rows: EVENTS (5,000,000) from push to on_flush, a flush every 10 ms (queue_rows.cc). Each has a process of its own on
# either side, where as many go before: what a process pays once, for its memory, falls on neither. Below them
# the latency of one event at a time (queue_latency.cc), which the peer does not have: it flushes at its interval; and
# what 1,000 empty queues do (queue_idle.cc). Ratios over 1 are in lookout's favour. Needs Go (apt-get install golang-go).
set -euo pipefail
docs=''
if [[ ${1:-} == --docs ]]; then docs=docs/queue_speed.md; shift; fi
readonly docs runs=${1:-3} events=${2:-5000000}
if ! [[ ${runs} =~ ^[1-9][0-9]*$ && ${events} =~ ^[1-9][0-9]*$ ]] || ((events < 20)); then
  echo 'queue.sh: usage: queue.sh [--docs] [RUNS [EVENTS]]: positive numbers, 20 events or more' >&2
  exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v go > /dev/null || { echo 'queue.sh: no go: install golang-go (1.19 or newer)' >&2; exit 1; }

dir=$(mktemp -d)
readonly dir
trap 'rm -rf "${dir}"' EXIT
{
  # Static, because the toolchain's libc may be newer than this machine's.
  build=(--config=ci -c opt --features=fully_static_link --symlink_prefix=/)
  ./bazelw build "${build[@]}" //tools/bench:queue_rows //tools/bench:queue_latency //tools/bench:queue_idle
  bin=$(./bazelw info "${build[@]}" bazel-bin 2> /dev/null)/tools/bench
  cp "${bin}/queue_rows" "${bin}/queue_latency" "${bin}/queue_idle" "${dir}/"
  GOCACHE=${dir}/go GO111MODULE=off GOFLAGS='' go build -o "${dir}/go_rows" tools/bench/queue_rows/main.go
} > "${dir}/log" 2>&1 || { cat "${dir}/log" >&2; exit 1; }

machine="$(nproc) cores,$(sed -n 's/^model name.*:/,/p' /proc/cpuinfo | sed -n 's/^,//p;q'), Linux $(uname -r | cut -d- -f1)"
machine+=", $("${dir}/queue_rows" --version), $(go version | cut -d' ' -f3)"
echo "${machine}; medians of ${runs}; load $(cut -d' ' -f1 /proc/loadavg) before" > "${dir}/table"

for ((run = 0; run < runs; ++run)); do
  for row in plain:1 plain:2 plain:4 labels:1 labels:4 moved:1 moved:4; do
    "${dir}/queue_rows" "${events}" "${row%:*}" "${row#*:}" | sed 's/^/lookout /' >> "${dir}/figures"
    "${dir}/go_rows" "${events}" "${row%:*}" "${row#*:}" | sed 's/^/go /' >> "${dir}/figures"
  done
  "${dir}/queue_latency" | sed 's/^/latency /' >> "${dir}/figures"
  "${dir}/queue_idle" >> "${dir}/figures"
done

# The lines of the programs:
#   lookout|go ROW PRODUCERS RATE events/s CPU ns CPU an event
#   latency WAY p50 A p90 B p99 C p99.9 D max E
#   idle QUEUES queues SECONDS s SWITCHES switches CPU ns CPU
status=0
awk '
function note(key, value) { of[key, ++count[key]] = value }
function median(key,   i, j, n, sorted, swap) {
  n = count[key]
  for (i = 1; i <= n; ++i) {
    swap = of[key, i] + 0
    for (j = i; j > 1 && sorted[j - 1] > swap; --j) sorted[j] = sorted[j - 1]
    sorted[j] = swap
  }
  return sorted[int((n + 1) / 2)]
}
function most(key,   i, result) {
  result = of[key, 1] + 0
  for (i = 2; i <= count[key]; ++i) if (of[key, i] + 0 > result) result = of[key, i] + 0
  return result
}
function verdict(target, reached) {
  if (!reached) missed = 1
  return sprintf("  %-25s %s", target, reached ? "yes" : "NO")
}
$1 == "lookout" || $1 == "go" {
  row = sprintf("%-10s %9d", $2, $3)
  if (!(row in known)) { known[row] = $2; rows[++all] = row }
  note($1 row, $4); note($1 row "cpu", $6)
}
$1 == "latency" {
  if (!($2 in way)) { way[$2]; ways[++all_ways] = $2 }
  for (i = 3; i < NF; i += 2) note($2 $i, $(i + 1))
}
$1 == "idle" { idle = $2 " queues for " $4 " s"; note("switches", $6); note("idle cpu", $8) }
END {
  what["thread"] = "its thread is woken"; what["sender"] = "flush_on_sender"; what["bare"] = "bare thread, no queue"
  printf "\n%-10s %9s | %8s %8s %6s | %8s %8s %6s |  %-25s %s\n", "row", "producers", "M ev/s", "Go", "ratio",
    "CPU ns", "Go", "ratio", "target", "reached"
  for (i = 1; i <= all; ++i) {
    row = rows[i]
    rate = median("lookout" row); peer = median("go" row); cpu = median("lookout" row "cpu"); peer_cpu = median("go" row "cpu")
    printf "%s | %8.2f %8.2f %6.1f | %8.1f %8.1f %6.1f |", row, rate / 1e6, peer / 1e6, rate / peer, cpu, peer_cpu, peer_cpu / cpu
    times = known[row] == "plain" ? 3 : 2
    print known[row] == "moved" ? verdict(">= 20 M/s, <= 50 ns", rate >= 20e6 && cpu <= 50) \
                                : verdict("ratios >= " times, rate >= times * peer && times * cpu <= peer_cpu)
  }
  printf "\n%-24s %7s %7s %7s %7s %9s |  %-25s %s\n", "push to on_flush, us", "p50", "p90", "p99", "p99.9", "max", "target", "reached"
  for (i = 1; i <= all_ways; ++i) {
    name = ways[i]
    half = median(name "p50"); slow = median(name "p99")
    printf "%-24s %7.1f %7.1f %7.1f %7.1f %9.1f |", what[name], half, median(name "p90"), slow, median(name "p99.9"), median(name "max")
    print name == "bare" ? "" : verdict("p50 < 20, p99 < 100", half < 20 && slow < 100)
  }
  printf "\n%-24s %15s %24s |  %-25s %s\n", "idle", "CPU ns", "context switches", "target", "reached"
  printf "%-24s %15d %24d |%s\n", idle, most("idle cpu"), most("switches"), verdict("0 switches", most("switches") == 0)
  exit missed
}' "${dir}/figures" >> "${dir}/table" || status=1
cat "${dir}/table"

if [[ -n ${docs} ]]; then
  awk -v table="${dir}/table" '
    /^<!-- end of tools\/bench\/queue.sh -->/ { inside = 0 }
    !inside { print }
    /^<!-- tools\/bench\/queue.sh -->/ {
      inside = 1
      print "```"
      while ((getline line < table) > 0) print line
      print "```"
    }' "${docs}" > "${dir}/docs"
  cp "${dir}/docs" "${docs}"
fi
exit "${status}"
