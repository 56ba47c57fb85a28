// How an EventQueue is set up. Part of event_queue.h, which includes it.
#ifndef LOOKOUT_EVENTS_EVENT_QUEUE_OPTIONS_H_
#define LOOKOUT_EVENTS_EVENT_QUEUE_OPTIONS_H_

#include <cstddef>

#include "absl/time/time.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/event_queue_counters.h"  // IWYU pragma: export

namespace lookout {

class QueueObserver;  // queue_observer.h

// What becomes of the buffer when the queue stops.
enum class OnStop {
  kDiscard,  // it is dropped and counted as discarded
  kDrain,    // it is flushed, within drain_timeout
};

struct EventQueueOptions {
  // Zero or more, finite.
  absl::Duration flush_interval = absl::Milliseconds(500);
  // With a flush_interval of zero: a sender that finds the queue idle calls on_flush itself, rather than wake
  // the queue's thread for it, which saves both a switch of threads. It is held up for as long as that takes.
  bool flush_on_sender = false;
  // At least 1.
  std::size_t capacity = 10;
  WhenFull when_full = WhenFull::kBlock;
  // A full batch: the buffer is flushed as soon as it holds so many events, or so many bytes have come
  // (ByteSize() of them together), or at the interval, whichever is first; a flush for size starts the
  // interval anew. No call of on_flush gets more: what gathered beyond it, while another flush ran, follows
  // in further calls at once. An event that alone has more bytes goes alone. 0: no limit.
  std::size_t max_batch = 0;
  std::size_t max_batch_bytes = 0;
  OnStop on_stop = OnStop::kDiscard;
  // How long Stop() waits for the last flushes under OnStop::kDrain. What is not handed over by then is
  // discarded; a call of on_flush that has not returned is left behind, and the destructor waits for it.
  absl::Duration drain_timeout = absl::Seconds(5);
  // An exception out of on_flush is reported, then ends the process with its text and a stack.
  bool debug = false;
  // Told of every batch; may be null. Must outlive the queue and its callbacks.
  QueueObserver* observer = nullptr;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_QUEUE_OPTIONS_H_
