#!/usr/bin/env bash
# tools/fuzz/run.sh [SECONDS [FLAG…]]: builds every fuzzer of the tree with clang and runs each for that long (20), two
# at a time. Fails if one finds something, and names the input, which then joins the corpus together with the fix. The
# FLAGs are Bazel's.
#
# Each begins with its corpus below testdata/. What it finds on its way is kept in .cache/fuzz/NAME, for the
# next run to begin with; the tree is left as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

die() {
  echo "run.sh: $*" >&2
  exit 1
}

readonly seconds=${1:-20}
[[ ${seconds} =~ ^[1-9][0-9]*$ ]] || die "SECONDS must be a positive number, not '${seconds}'"
shift || true
readonly flags=(--config=ci --config=fuzz --symlink_prefix=/ "$@")

# An output base of its own leaves the developer's as it was.
base=$(./bazelw info --config=ci output_base)-fuzz
bazel() { ./bazelw "--output_base=${base}" "$@"; }
trap 'bazel shutdown' EXIT

# Runs one for the time; its log is the last thing that is known of it.
fuzz() {  # LABEL
  local package=${1%%:*} name=${1##*:} status=0
  package=${package#//}
  local kept=${PWD}/.cache/fuzz/${name}
  mkdir -p "${kept}/corpus"
  bazel run "${flags[@]}" "$1" -- \
    "-max_total_time=${seconds}" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    "-artifact_prefix=${kept}/" "${kept}/corpus" "${PWD}/${package}/testdata/${name}" \
    > "${kept}/log" 2>&1 || status=$?
  if ((status == 0)); then
    echo "$1: $(grep -E '^(Done|stat::number_of_executed_units)' "${kept}/log" | tr -s ' \n' ' ')"
    return 0
  fi
  tail -n 40 "${kept}/log" >&2
  echo "FAILED: $1: all it said is in ${kept}/log; its input goes to ${package}/testdata/${name}" >&2
  return 1
}

mapfile -t fuzzers < <(bazel query --config=ci 'attr(tags, "\bfuzzer\b", //...)')
((${#fuzzers[@]})) || die 'no fuzzer in the tree'
bazel build "${flags[@]}" "${fuzzers[@]}"
failed=0 running=0
for fuzzer in "${fuzzers[@]}"; do
  if ((running == 2)); then
    wait -n || failed=1
    running=$((running - 1))
  fi
  fuzz "${fuzzer}" &
  running=$((running + 1))
done
for ((; running > 0; running--)); do wait -n || failed=1; done
exit "${failed}"
