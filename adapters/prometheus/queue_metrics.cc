#include "lookout/adapters/prometheus/queue_metrics.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lookout/events/event_queue_counters.h"
#include "lookout/events/queue_observer.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/labels.h"
#include "prometheus/registry.h"

namespace lookout {
namespace {

struct CounterMetric {
  std::uint64_t EventQueueCounters::* count;
  const char* name;
  const char* help;
  const char* policy = nullptr;
};

constexpr CounterMetric kCounters[] = {
    {&EventQueueCounters::received, "lookout_queue_events_received_total",
     "Events that the queue accepted, or dropped by its policy."},
    {&EventQueueCounters::flushed, "lookout_queue_events_flushed_total", "Events handed to on_flush."},
    {&EventQueueCounters::dropped_oldest, "lookout_queue_events_dropped_total",
     "Events dropped because the queue was full.", "oldest"},
    {&EventQueueCounters::dropped_newest, "lookout_queue_events_dropped_total",
     "Events dropped because the queue was full.", "newest"},
    {&EventQueueCounters::merged, "lookout_queue_events_merged_total",
     "Events that gave way to newer ones because the queue was full."},
    {&EventQueueCounters::discarded, "lookout_queue_events_discarded_total", "Events discarded by stopping."},
    {&EventQueueCounters::refused, "lookout_queue_events_refused_total",
     "Events not received because the queue was stopped."},
    {&EventQueueCounters::force_reloads, "lookout_queue_force_reloads_total",
     "ForceReloads that the queue made for its own losses."},
    {&EventQueueCounters::flush_exceptions, "lookout_queue_flush_exceptions_total",
     "Calls of on_flush that threw."},
    {&EventQueueCounters::errors, "lookout_queue_errors_total", "Errors handed to on_error."},
    {&EventQueueCounters::errors_dropped, "lookout_queue_errors_dropped_total",
     "Errors not told because too many others waited to be."},
    {&EventQueueCounters::error_exceptions, "lookout_queue_error_exceptions_total",
     "Calls of on_error that threw."},
};

prometheus::Labels LabelsOf(absl::string_view queue) { return {{"queue", std::string(queue)}}; }

prometheus::Gauge& AddGauge(prometheus::Registry& registry, absl::string_view queue, const char* name,
                            const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(LabelsOf(queue));
}

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, absl::string_view queue, const char* name,
                                    const char* help,
                                    const prometheus::Histogram::BucketBoundaries& buckets) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(LabelsOf(queue), buckets);
}

// From what no one notices to what holds everything up.
prometheus::Histogram::BucketBoundaries SecondsBuckets() {
  return {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60};
}

prometheus::Histogram::BucketBoundaries EventsBuckets() {
  return {1, 2, 5, 10, 20, 50, 100, 1000, 10000, 100000};
}

}  // namespace

absl::StatusOr<std::unique_ptr<QueueMetrics>> QueueMetrics::Create(prometheus::Registry& registry,
                                                                   absl::string_view queue) {
  try {
    return absl::WrapUnique(new QueueMetrics(registry, queue));
  } catch (const std::exception& e) {
    return absl::FailedPreconditionError(
        absl::StrCat("metrics of queue '", queue, "': the registry refuses them: ", e.what()));
  }
}

QueueMetrics::QueueMetrics(prometheus::Registry& registry, absl::string_view queue)
    : depth_(AddGauge(registry, queue, "lookout_queue_depth_events",
                      "Events buffered, or taken out and not yet handed over.")),
      waiting_(AddGauge(registry, queue, "lookout_queue_waiting_senders", "Senders that wait for room.")),
      flush_duration_(AddHistogram(registry, queue, "lookout_queue_flush_duration_seconds",
                                   "How long calls of on_flush took.", SecondsBuckets())),
      batch_wait_(AddHistogram(registry, queue, "lookout_queue_batch_wait_seconds",
                               "From when the buffer was no longer empty to the call of on_flush.",
                               SecondsBuckets())),
      batch_events_(AddHistogram(registry, queue, "lookout_queue_batch_events",
                                 "Events handed over by a call of on_flush.", EventsBuckets())) {
  for (const CounterMetric& metric : kCounters) {
    prometheus::Labels labels = LabelsOf(queue);
    if (metric.policy != nullptr) labels["policy"] = metric.policy;
    prometheus::Counter& counter =
        prometheus::BuildCounter().Name(metric.name).Help(metric.help).Register(registry).Add(labels);
    series_.push_back({.count = metric.count, .counter = &counter});
  }
}

void QueueMetrics::Update(const EventQueueCounters& counters) {
  absl::MutexLock lock(mu_);
  bool overtaken = false;
  for (Series& series : series_) {
    const std::uint64_t count = counters.*series.count;
    if (count < series.told) {
      overtaken = true;
    } else {
      series.counter->Increment(static_cast<double>(count - series.told));
      series.told = count;
    }
  }
  if (overtaken) return;
  depth_.Set(static_cast<double>(counters.depth));
  waiting_.Set(static_cast<double>(counters.waiting));
}

void QueueMetrics::OnBatch(const BatchReport& batch, const EventQueueCounters& counters) {
  Update(counters);
  flush_duration_.Observe(absl::ToDoubleSeconds(batch.took));
  batch_wait_.Observe(absl::ToDoubleSeconds(batch.waited));
  batch_events_.Observe(static_cast<double>(batch.events));
}

}  // namespace lookout
