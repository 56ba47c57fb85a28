#!/usr/bin/env bash
# Who depends on the queue alone gets neither Boost nor httplib nor OpenSSL nor Prometheus.
set -euo pipefail
cd queue_only
readonly unwanted='boost|httplib|openssl|ssl|crypto|prometheus'

# The lists are what they should be, and the pattern finds what it must.
grep -qE 'lookout[^/]*//events:event_queue$' queue_only.closure || { echo 'the queue is not in its own closure'; exit 1; }
grep -qiE "${unwanted}" event_json.closure || { echo 'event_json comes without Boost: does the pattern still hold?'; exit 1; }

if grep -iE "${unwanted}" queue_only.closure; then
  echo 'the above came with @lookout//events:event_queue'
  exit 1
fi
