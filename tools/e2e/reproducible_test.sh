#!/usr/bin/env bash
# The same sources give the same bytes: builds the command here, and again in another checkout with another
# output base, and compares. Minutes: the second build begins from nothing.
#
#   tools/e2e/reproducible_test.sh [FLAG…]    Bazel's, for both builds
#
# With a --disk_cache among them, what is foreign is built once; ours is built anew all the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Not below /tmp, which Bazel's sandbox hides.
dir=$(mktemp -d "${XDG_CACHE_HOME:-${HOME}/.cache}/lookout-again.XXXXXX")
readonly dir
cleanup() {
  (cd "${dir}/checkout" 2> /dev/null && ./bazelw "--output_base=${dir}/base" shutdown) > /dev/null 2>&1 || true
  chmod -R u+w "${dir}"
  rm -rf "${dir}"
}
trap cleanup EXIT

hash_of_binary() { sha256sum < bazel-bin/tools/lookout/lookout; }

./bazelw build --config=ci -c opt "$@" //tools/lookout
here=$(hash_of_binary)

# The files as they are, changes that are not committed included.
mkdir "${dir}/checkout"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -P -t "${dir}/checkout"
cd "${dir}/checkout"
# A macro that nothing asks for makes other actions of ours, which no cache knows.
./bazelw "--output_base=${dir}/base" build --config=ci -c opt "$@" \
  '--per_file_copt=-.+//.*,-external/.*@-DLOOKOUT_AGAIN' //tools/lookout
there=$(hash_of_binary)

if [[ ${here} != "${there}" ]]; then
  echo "reproducible_test: two builds differ: ${here} here, ${there} in another checkout" >&2
  exit 1
fi
echo "reproducible_test: twice ${here%% *}"
