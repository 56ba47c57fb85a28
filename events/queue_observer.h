// Watches an EventQueue at work, batch by batch: for metrics, logs, a test.
//
//   class SlowFlushes final : public QueueObserver {
//    public:
//     void OnBatch(const BatchReport& batch, const EventQueueCounters&) override {
//       if (batch.took > absl::Seconds(1)) LOG(WARNING) << batch.events << " events took " << batch.took;
//     }
//   };
//   SlowFlushes slow;
//   EventQueue queue("routes", clock, {.observer = &slow}, …);
//
// A queue without one pays nothing for it, and nothing is linked. adapters/prometheus has one for Prometheus.
#ifndef LOOKOUT_EVENTS_QUEUE_OBSERVER_H_
#define LOOKOUT_EVENTS_QUEUE_OBSERVER_H_

#include <cstddef>

#include "absl/time/time.h"
#include "lookout/events/event_queue_counters.h"

namespace lookout {

// One call of on_flush.
struct BatchReport {
  std::size_t events = 0;      // handed over, a ForceReload of the queue's own included
  bool force_reload = false;   // there is one among them
  absl::Duration waited = {};  // from when the buffer that it is of was no longer empty, to the call
  absl::Duration took = {};    // the call itself
  bool threw = false;
};

class QueueObserver {
 public:
  virtual ~QueueObserver() = default;

  // After each call of on_flush, from the thread that made it, before the next; the counters include it.
  // It must not throw, and holds up the next batch for as long as it takes. It may call the queue like
  // on_flush may, but not destroy it.
  virtual void OnBatch(const BatchReport& batch, const EventQueueCounters& counters) = 0;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_QUEUE_OBSERVER_H_
