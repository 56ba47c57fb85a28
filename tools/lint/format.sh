#!/usr/bin/env bash
# ./bazelw run //:format: writes all C++ and Bazel files in the project's format.
set -euo pipefail
# shellcheck source=tools/lint/files.sh
source "$(dirname "$(readlink -f "$0")")/files.sh"
ours "${cc_patterns[@]}" | xargs clang-format -i
ours "${build_patterns[@]}" | xargs "${buildifier}" -mode=fix -lint=fix
