#!/usr/bin/env bash
# The C++ of README.md is what readme_test.cc compiles and runs: every line, in its order.
set -euo pipefail

code=$(awk '/^```/ { inside = ($0 == "```cpp"); next } inside' README.md)
readonly code
(($(wc -l <<< "${code}") > 15)) || { echo 'README.md has no blocks of ```cpp'; exit 1; }

# Lines that the test has and README.md has not are no difference.
if missing=$(diff <(echo "${code}") tools/readme/readme_test.cc | grep '^<'); then
  echo 'README.md and tools/readme/readme_test.cc differ; README.md has:'
  echo "${missing}"
  exit 1
fi
