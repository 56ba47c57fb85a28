#!/usr/bin/env bash
# Refuses real time and sleeping in C++ outside the few places that are its seam: time is an injected
# absl::Clock everywhere else.
set -euo pipefail

readonly forbidden='absl::Now\(|GetCurrentTimeNanos|SleepFor\(|sleep_for\(|sleep_until\(|(system|steady|high_resolution)_clock::now|\b(usleep|nanosleep|sleep|gettimeofday|clock_gettime|time)\((NULL|nullptr|0|&|[0-9]|CLOCK_)|GetRealClock\(|wait_for\(|wait_until\('
# Where the real clock enters: the command, the waits themselves, a contended lock, the dates of files, benchmarks
# and soaks.
readonly allowed='^(tools/lookout/main\.cc|events/(wait\.(h|cc)|patient_lock\.cc)|adapters/file/file_kernel\.cc|.*_benchmark\.cc|tools/(bench|soak)/.*):'

mapfile -t files < <(find -L . \( -name '*.h' -o -name '*.cc' \) -printf '%P\n' | sort)
((${#files[@]} > 20)) || { echo "only ${#files[@]} files found: is the list of sources still whole?"; exit 1; }

# A line of comment may name what it forbids.
if grep -nE "${forbidden}" "${files[@]}" | grep -vE "${allowed}" | grep -vE '^[^:]+:[0-9]+: *//'; then
  echo 'Real time or sleeping above: take an absl::Clock& (see events/wait.h), and testing/fake_clock.h in tests.'
  exit 1
fi
# The check itself works: it finds what it must in a line that has it.
echo 'x.cc:1: auto now = absl::Now();' | grep -qE "${forbidden}"
