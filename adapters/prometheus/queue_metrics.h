// What an EventQueue counts, as Prometheus metrics in a registry of yours. No server, no thread: who serves
// the scrapes is yours (exposition.h has what it answers with).
//
//   prometheus::Registry registry;
//   absl::StatusOr<std::unique_ptr<QueueMetrics>> metrics = QueueMetrics::Create(registry, "routes");
//   if (!metrics.ok()) return metrics.status();
//   EventQueue queue("routes", clock, {.observer = metrics->get()}, …);
//   …
//   std::string Scrape() {
//     (*metrics)->Update(queue.counters());
//     return ExposeText(registry);
//   }
//
// Any number of queues may share a registry: each series has the label queue="routes". All begin at zero at
// Create().
//
//   lookout_queue_events_received_total       lookout_queue_events_refused_total
//   lookout_queue_events_flushed_total        lookout_queue_force_reloads_total
//   lookout_queue_events_dropped_total        lookout_queue_flush_exceptions_total
//     {policy="oldest"} and {policy="newest"} lookout_queue_errors_total
//   lookout_queue_events_merged_total         lookout_queue_errors_dropped_total
//   lookout_queue_events_discarded_total      lookout_queue_error_exceptions_total
//
//   lookout_queue_depth_events, lookout_queue_waiting_senders                      gauges
//   lookout_queue_flush_duration_seconds, lookout_queue_batch_wait_seconds         histograms, one
//   observation lookout_queue_batch_events                                                       a batch
//   (BatchReport)
//
// They mean what event_queue_counters.h says of them. `flushes` is
// lookout_queue_flush_duration_seconds_count.
//
// Up to date. A batch updates all of them. Between batches the queue goes on receiving, refusing and
// dropping, and a full one may have no batch for long: hence the Update() before each scrape, and one after
// Stop() for what that discarded. Series are updated one after the other, so a scrape meanwhile may see some
// of an update.
//
// Counters never go back. Counts older than what was told before, as of an OnBatch() that a scrape overtook,
// are passed over. A new queue and a new QueueMetrics of the same name go on from where the last one's
// counters were.
#ifndef LOOKOUT_ADAPTERS_PROMETHEUS_QUEUE_METRICS_H_
#define LOOKOUT_ADAPTERS_PROMETHEUS_QUEUE_METRICS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "lookout/events/event_queue_counters.h"
#include "lookout/events/queue_observer.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace lookout {

// Thread-safe.
class QueueMetrics final : public QueueObserver {
 public:
  // Of one queue, which alone has this name at a time; UTF-8, or Prometheus refuses the whole scrape.
  // `registry` must outlive the result, and keeps the series after its end. FailedPrecondition if it
  // has metrics of another kind under one of the names, or if its InsertBehavior is not Merge, the default.
  static absl::StatusOr<std::unique_ptr<QueueMetrics>> Create(prometheus::Registry& registry,
                                                              absl::string_view queue);
  QueueMetrics(const QueueMetrics&) = delete;
  QueueMetrics& operator=(const QueueMetrics&) = delete;

  // Brings everything but the histograms to what `counters`, of that queue, say.
  void Update(const EventQueueCounters& counters) ABSL_LOCKS_EXCLUDED(mu_);

  // QueueObserver.
  void OnBatch(const BatchReport& batch, const EventQueueCounters& counters) override
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Series {
    std::uint64_t EventQueueCounters::* count;
    prometheus::Counter* counter;
    std::uint64_t told = 0;  // of this queue
  };

  // Throws what the registry throws.
  QueueMetrics(prometheus::Registry& registry, absl::string_view queue);

  prometheus::Gauge& depth_;
  prometheus::Gauge& waiting_;
  prometheus::Histogram& flush_duration_;
  prometheus::Histogram& batch_wait_;
  prometheus::Histogram& batch_events_;

  absl::Mutex mu_;
  std::vector<Series> series_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_PROMETHEUS_QUEUE_METRICS_H_
