// What an EventQueue counts. Part of event_queue.h, which includes it.
#ifndef LOOKOUT_EVENTS_EVENT_QUEUE_COUNTERS_H_
#define LOOKOUT_EVENTS_EVENT_QUEUE_COUNTERS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace lookout {

// At every moment: received = flushed + dropped_oldest + dropped_newest + merged + discarded + depth.
struct EventQueueCounters {
  std::uint64_t received = 0;        // accepted by Push(), or dropped by its policy
  std::uint64_t flushed = 0;         // handed to on_flush (counted as the call begins)
  std::uint64_t dropped_oldest = 0;  // by WhenFull::kDropOldest
  std::uint64_t dropped_newest = 0;  // by WhenFull::kDropNewest
  std::uint64_t merged = 0;          // by WhenFull::kKeepLatest
  std::uint64_t discarded = 0;       // by stopping
  std::uint64_t depth = 0;           // buffered, or taken out and not yet handed over

  std::uint64_t waiting = 0;  // senders that wait for room now
  std::uint64_t refused = 0;  // pushed after the stop, or waiting at it: Push() said false; not received
  std::uint64_t force_reloads = 0;  // the queue's own, made for losses; not among received and flushed
  std::uint64_t flushes = 0;        // calls of on_flush that returned or threw
  std::uint64_t flush_exceptions = 0;
  std::uint64_t errors = 0;            // handed to on_error
  std::uint64_t errors_dropped = 0;    // reported while 64 others waited to be told
  std::uint64_t error_exceptions = 0;  // thrown by on_error, contained
  absl::Duration last_flush = {};      // how long on_flush took
  absl::Duration longest_flush = {};
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_QUEUE_COUNTERS_H_
