#!/usr/bin/env bash
# tools/soak/run.sh [SECONDS=600] [RATE=100000]: the queue and the pipeline at that many events a second for so long, in
# an optimised build. Prints a line of figures; fails if memory grows, something leaks or a counter is not exact.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec ./bazelw run --config=ci -c opt --symlink_prefix=/ //tools/soak:queue_soak -- "${1:-600}" "${2:-100000}"
