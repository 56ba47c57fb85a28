#!/usr/bin/env bash
# ./bazelw run //:lint: fails, and says where, if a file is not in the project's format, a Bazel file or
# shell script has a known fault, a file is over 400 lines, a source does not include its own header first, which
# is what shows that the header is whole, or a file is in no target, so that a test in it would never run.
set -uo pipefail
# shellcheck source=tools/lint/files.sh
source "$(dirname "$(readlink -f "$0")")/files.sh"
failed=0
ours "${cc_patterns[@]}" | xargs clang-format --dry-run -Werror || failed=1
ours "${build_patterns[@]}" | xargs "${buildifier}" -mode=check -lint=warn || failed=1
ours "${script_patterns[@]}" | xargs shellcheck -x || failed=1
long=$(ours "${cc_patterns[@]}" '*.bzl' '*.sh' | xargs wc -l | awk '$1 > 400 && $2 != "total"')
[[ -z ${long} ]] || { printf 'over 400 lines:\n%s\n' "${long}"; failed=1; }
while IFS= read -r file; do
  grep -qF "\"${file##*/}\"" "${file%/*}"/*.bazel || { echo "${file}: in no target of its package"; failed=1; }
done < <(ours "${cc_patterns[@]}")
while IFS= read -r source; do
  header=${source%.cc}.h
  [[ -f ${header} ]] || continue
  first=$(grep -m 1 '^#include' "${source}")
  [[ ${first} == *"/${header##*/}\"" ]] || { echo "${source}: include ${header##*/} first"; failed=1; }
done < <(ours '*.cc')
((failed == 0)) && echo "lint: clean"
exit "${failed}"
