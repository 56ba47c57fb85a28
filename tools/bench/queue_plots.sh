#!/usr/bin/env bash
# tools/bench/queue_plots.sh [PASSES]: measures the event queue over producers, batch, capacity and policy
# (queue_sweep.cc; medians of 3 passes, half a minute each), and writes docs/queue_throughput.csv and, with plot.py, the
# drawing of it, docs/queue_throughput.svg. Needs python3.
set -euo pipefail
readonly passes=${1:-3}
[[ ${passes} =~ ^[1-9][0-9]*$ ]] || { echo "queue_plots.sh: PASSES must be a positive number, not '${passes}'" >&2; exit 2; }
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v python3 > /dev/null || { echo 'queue_plots.sh: no python3' >&2; exit 1; }

dir=$(mktemp -d)
readonly dir
trap 'rm -rf "${dir}"' EXIT
{
  # Static, because the toolchain's libc may be newer than this machine's.
  build=(--config=ci -c opt --features=fully_static_link --symlink_prefix=/)
  ./bazelw build "${build[@]}" //tools/bench:queue_sweep
  cp "$(./bazelw info "${build[@]}" bazel-bin 2> /dev/null)/tools/bench/queue_sweep" "${dir}/"
} > "${dir}/log" 2>&1 || { cat "${dir}/log" >&2; exit 1; }
"${dir}/queue_sweep" "${passes}" > "${dir}/csv"
python3 tools/bench/plot.py "${dir}/csv" "${dir}/svg"
cp "${dir}/csv" docs/queue_throughput.csv
cp "${dir}/svg" docs/queue_throughput.svg
