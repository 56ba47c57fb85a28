#!/usr/bin/env bash
# That docs/queue_throughput.svg is what plot.py makes of docs/queue_throughput.csv.
set -euo pipefail
drawn=${TEST_TMPDIR}/drawn.svg
python3 tools/bench/plot.py docs/queue_throughput.csv "${drawn}"
cmp "${drawn}" docs/queue_throughput.svg || { echo 'run tools/bench/queue_plots.sh, or plot.py by itself'; exit 1; }

# Another figure is another drawing.
awk -F, -v OFS=, 'NR == 2 {$6 *= 2} {print}' docs/queue_throughput.csv > "${TEST_TMPDIR}/other.csv"
python3 tools/bench/plot.py "${TEST_TMPDIR}/other.csv" "${TEST_TMPDIR}/other.svg"
if cmp -s "${drawn}" "${TEST_TMPDIR}/other.svg"; then
  echo 'a figure that changed changes nothing in the drawing'
  exit 1
fi
