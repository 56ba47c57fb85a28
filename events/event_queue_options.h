// How an EventQueue is set up, and what it counts. Part of event_queue.h, which includes it.
#ifndef LOOKOUT_EVENTS_EVENT_QUEUE_OPTIONS_H_
#define LOOKOUT_EVENTS_EVENT_QUEUE_OPTIONS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "lookout/events/event_buffer.h"

namespace lookout {

// What becomes of the buffer when the queue stops.
enum class OnStop {
  kDiscard,  // it is dropped and counted as discarded
  kDrain,    // it is flushed, within drain_timeout
};

struct EventQueueOptions {
  // Zero or more, finite.
  absl::Duration flush_interval = absl::Milliseconds(500);
  // At least 1.
  std::size_t capacity = 10;
  WhenFull when_full = WhenFull::kBlock;
  // The most events in one call of on_flush; the rest of a batch follows in further calls at once. 0: no
  // limit.
  std::size_t max_batch = 0;
  OnStop on_stop = OnStop::kDiscard;
  // How long Stop() waits for the last flushes under OnStop::kDrain. What is not handed over by then is
  // discarded; a call of on_flush that has not returned is left behind, and the destructor waits for it.
  absl::Duration drain_timeout = absl::Seconds(5);
  // An exception out of on_flush is reported, then ends the process with its text and a stack.
  bool debug = false;
};

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
  absl::Duration last_flush;           // how long on_flush took
  absl::Duration longest_flush;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_QUEUE_OPTIONS_H_
