#!/usr/bin/env bash
# Each line of layering_test_rules.txt: a file with the labels that something depends on, then the packages
# and repositories that may stand in it.
set -euo pipefail
cd tools/lint
failed=0

# "//a/b:c" -> "//a/b"; "@@abseil-cpp~//absl/time:time", as any mode of Bazel writes it, -> "@abseil-cpp";
# all of Boost's libraries -> "@boost".
packages_of() {
  sed -E -e 's#^@+//#//#' -e 's#^@+([A-Za-z0-9._-]+).*#@\1#' -e 's#^(//[^:]*):.*#\1#' -e 's#^@boost\..*#@boost#' "$1" \
    | sort -u
}

while read -r closure allowed; do
  [[ -s ${closure} ]] || { echo "${closure}: empty, so nothing is checked"; failed=1; }
  while read -r package; do
    case ${package} in @bazel_tools | @rules_cc | @local_config_cc) continue ;; esac  # the compiler
    if [[ " ${allowed} " != *" ${package} "* ]]; then
      echo "${closure%.closure} depends on ${package}; it may use: ${allowed}"
      grep -F "${package#@}" "${closure}" | head -n 3 | sed 's/^/    /'
      failed=1
    fi
  done < <(packages_of "${closure}")
done < layering_test_rules.txt
exit "${failed}"
