#include "lookout/adapters/prometheus/queue_metrics.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/prometheus/exposition.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/fake_clock.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace lookout {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

constexpr absl::Duration kInterval = absl::Seconds(1);

Event Started(absl::string_view name) { return ContainerEvent(Action::kContainerStart, name); }

std::vector<std::string> Lines(const prometheus::Collectable& metrics) {
  return absl::StrSplit(ExposeText(metrics), '\n');
}

class QueueMetricsTest : public ::testing::Test {
 protected:
  std::unique_ptr<QueueMetrics> Metrics(absl::string_view queue) {
    absl::StatusOr<std::unique_ptr<QueueMetrics>> metrics = QueueMetrics::Create(registry_, queue);
    EXPECT_TRUE(metrics.ok()) << metrics.status();
    return *std::move(metrics);
  }

  FakeClock clock_;
  prometheus::Registry registry_;
};

TEST_F(QueueMetricsTest, ABatchIsExposedExactly) {
  const std::unique_ptr<QueueMetrics> metrics = Metrics("routes");
  EventQueue queue(
      "routes", clock_, {.flush_interval = kInterval, .observer = metrics.get()},
      [this](absl::Span<Event>) { clock_.Advance(absl::Milliseconds(250)); }, [](absl::Status) {});
  ASSERT_TRUE(queue.Start().ok());
  clock_.AwaitWaiters(1);
  clock_.Advance(kInterval / 2);
  ASSERT_TRUE(queue.Push(Started("a")));
  ASSERT_TRUE(queue.Push(Started("b")));
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval / 2);
  queue.Flush();  // and OnBatch() has returned
  EXPECT_EQ(
      ExposeText(registry_),
      R"(# HELP lookout_queue_events_received_total Events that the queue accepted, or dropped by its policy.
# TYPE lookout_queue_events_received_total counter
lookout_queue_events_received_total{queue="routes"} 2
# HELP lookout_queue_events_flushed_total Events handed to on_flush.
# TYPE lookout_queue_events_flushed_total counter
lookout_queue_events_flushed_total{queue="routes"} 2
# HELP lookout_queue_events_dropped_total Events dropped because the queue was full.
# TYPE lookout_queue_events_dropped_total counter
lookout_queue_events_dropped_total{policy="newest",queue="routes"} 0
lookout_queue_events_dropped_total{policy="oldest",queue="routes"} 0
# HELP lookout_queue_events_merged_total Events that gave way to newer ones because the queue was full.
# TYPE lookout_queue_events_merged_total counter
lookout_queue_events_merged_total{queue="routes"} 0
# HELP lookout_queue_events_discarded_total Events discarded by stopping.
# TYPE lookout_queue_events_discarded_total counter
lookout_queue_events_discarded_total{queue="routes"} 0
# HELP lookout_queue_events_refused_total Events not received because the queue was stopped.
# TYPE lookout_queue_events_refused_total counter
lookout_queue_events_refused_total{queue="routes"} 0
# HELP lookout_queue_force_reloads_total ForceReloads that the queue made for its own losses.
# TYPE lookout_queue_force_reloads_total counter
lookout_queue_force_reloads_total{queue="routes"} 0
# HELP lookout_queue_flush_exceptions_total Calls of on_flush that threw.
# TYPE lookout_queue_flush_exceptions_total counter
lookout_queue_flush_exceptions_total{queue="routes"} 0
# HELP lookout_queue_errors_total Errors handed to on_error.
# TYPE lookout_queue_errors_total counter
lookout_queue_errors_total{queue="routes"} 0
# HELP lookout_queue_errors_dropped_total Errors not told because too many others waited to be.
# TYPE lookout_queue_errors_dropped_total counter
lookout_queue_errors_dropped_total{queue="routes"} 0
# HELP lookout_queue_error_exceptions_total Calls of on_error that threw.
# TYPE lookout_queue_error_exceptions_total counter
lookout_queue_error_exceptions_total{queue="routes"} 0
# HELP lookout_queue_depth_events Events buffered, or taken out and not yet handed over.
# TYPE lookout_queue_depth_events gauge
lookout_queue_depth_events{queue="routes"} 0
# HELP lookout_queue_waiting_senders Senders that wait for room.
# TYPE lookout_queue_waiting_senders gauge
lookout_queue_waiting_senders{queue="routes"} 0
# HELP lookout_queue_flush_duration_seconds How long calls of on_flush took.
# TYPE lookout_queue_flush_duration_seconds histogram
lookout_queue_flush_duration_seconds_count{queue="routes"} 1
lookout_queue_flush_duration_seconds_sum{queue="routes"} 0.25
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="0.001"} 0
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="0.005"} 0
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="0.01"} 0
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="0.05"} 0
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="0.1"} 0
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="0.5"} 1
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="1"} 1
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="5"} 1
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="10"} 1
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="60"} 1
lookout_queue_flush_duration_seconds_bucket{queue="routes",le="+Inf"} 1
# HELP lookout_queue_batch_wait_seconds From when the buffer was no longer empty to the call of on_flush.
# TYPE lookout_queue_batch_wait_seconds histogram
lookout_queue_batch_wait_seconds_count{queue="routes"} 1
lookout_queue_batch_wait_seconds_sum{queue="routes"} 0.5
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="0.001"} 0
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="0.005"} 0
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="0.01"} 0
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="0.05"} 0
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="0.1"} 0
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="0.5"} 1
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="1"} 1
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="5"} 1
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="10"} 1
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="60"} 1
lookout_queue_batch_wait_seconds_bucket{queue="routes",le="+Inf"} 1
# HELP lookout_queue_batch_events Events handed over by a call of on_flush.
# TYPE lookout_queue_batch_events histogram
lookout_queue_batch_events_count{queue="routes"} 1
lookout_queue_batch_events_sum{queue="routes"} 2
lookout_queue_batch_events_bucket{queue="routes",le="1"} 0
lookout_queue_batch_events_bucket{queue="routes",le="2"} 1
lookout_queue_batch_events_bucket{queue="routes",le="5"} 1
lookout_queue_batch_events_bucket{queue="routes",le="10"} 1
lookout_queue_batch_events_bucket{queue="routes",le="20"} 1
lookout_queue_batch_events_bucket{queue="routes",le="50"} 1
lookout_queue_batch_events_bucket{queue="routes",le="100"} 1
lookout_queue_batch_events_bucket{queue="routes",le="1000"} 1
lookout_queue_batch_events_bucket{queue="routes",le="10000"} 1
lookout_queue_batch_events_bucket{queue="routes",le="100000"} 1
lookout_queue_batch_events_bucket{queue="routes",le="+Inf"} 1
)");
}

TEST_F(QueueMetricsTest, WhatHappensWithoutABatchIsInTheNextScrape) {
  const std::unique_ptr<QueueMetrics> metrics = Metrics("q");
  EventQueue queue(
      "q", clock_,
      {.flush_interval = kInterval,
       .capacity = 2,
       .when_full = WhenFull::kDropNewest,
       .observer = metrics.get()},
      [](absl::Span<Event>) {}, [](absl::Status) {});
  const FreshCollectable fresh(registry_, [&] { metrics->Update(queue.counters()); });
  ASSERT_TRUE(queue.Start().ok());
  for (const char* name : {"a", "b", "c", "d", "e"}) queue.Push(Started(name));
  EXPECT_THAT(Lines(registry_), Contains("lookout_queue_events_received_total{queue=\"q\"} 0"));
  EXPECT_THAT(Lines(fresh), IsSupersetOf({
                                "lookout_queue_events_received_total{queue=\"q\"} 5",
                                "lookout_queue_events_dropped_total{policy=\"newest\",queue=\"q\"} 3",
                                "lookout_queue_events_dropped_total{policy=\"oldest\",queue=\"q\"} 0",
                                "lookout_queue_depth_events{queue=\"q\"} 2",
                            }));
  queue.Stop();
  queue.Push(Started("f"));
  EXPECT_THAT(Lines(fresh), IsSupersetOf({
                                "lookout_queue_events_discarded_total{queue=\"q\"} 2",
                                "lookout_queue_events_refused_total{queue=\"q\"} 1",
                                "lookout_queue_events_received_total{queue=\"q\"} 5",
                                "lookout_queue_depth_events{queue=\"q\"} 0",
                                "lookout_queue_flush_duration_seconds_count{queue=\"q\"} 0",
                            }));
}

TEST_F(QueueMetricsTest, SendersThatWaitAreInTheScrape) {
  const std::unique_ptr<QueueMetrics> metrics = Metrics("q");
  EventQueue queue(
      "q", clock_, {.flush_interval = kInterval, .capacity = 1, .observer = metrics.get()},
      [](absl::Span<Event>) {}, [](absl::Status) {});
  const FreshCollectable fresh(registry_, [&] { metrics->Update(queue.counters()); });
  ASSERT_TRUE(queue.Start().ok());
  queue.Push(Started("a"));
  std::thread sender([&queue] { EXPECT_FALSE(queue.Push(Started("b"))); });
  while (queue.counters().waiting == 0) std::this_thread::yield();
  EXPECT_THAT(Lines(fresh), IsSupersetOf({
                                "lookout_queue_waiting_senders{queue=\"q\"} 1",
                                "lookout_queue_depth_events{queue=\"q\"} 1",
                            }));
  queue.Stop();
  sender.join();
  EXPECT_THAT(Lines(fresh), IsSupersetOf({
                                "lookout_queue_waiting_senders{queue=\"q\"} 0",
                                "lookout_queue_events_refused_total{queue=\"q\"} 1",
                            }));
}

TEST_F(QueueMetricsTest, LossesAreCountedByTheirPolicy) {
  const std::unique_ptr<QueueMetrics> oldest = Metrics("oldest");
  const std::unique_ptr<QueueMetrics> latest = Metrics("latest");
  const auto lose = [this](absl::string_view name, WhenFull when_full, QueueMetrics& metrics) {
    EventQueue queue(
        name, clock_,
        {.capacity = 1, .when_full = when_full, .on_stop = OnStop::kDrain, .observer = &metrics},
        [](absl::Span<Event>) {}, [](absl::Status) {});
    ASSERT_TRUE(queue.Start().ok());
    for (int i = 0; i < 3; ++i) queue.Push(Started("a"));
    queue.Stop();
  };
  lose("oldest", WhenFull::kDropOldest, *oldest);
  lose("latest", WhenFull::kKeepLatest, *latest);
  EXPECT_THAT(Lines(registry_),
              IsSupersetOf({
                  "lookout_queue_events_dropped_total{policy=\"oldest\",queue=\"oldest\"} 2",
                  "lookout_queue_events_merged_total{queue=\"oldest\"} 0",
                  "lookout_queue_force_reloads_total{queue=\"oldest\"} 1",
                  "lookout_queue_batch_events_sum{queue=\"oldest\"} 2",
                  "lookout_queue_events_flushed_total{queue=\"oldest\"} 1",
                  "lookout_queue_events_dropped_total{policy=\"oldest\",queue=\"latest\"} 0",
                  "lookout_queue_events_merged_total{queue=\"latest\"} 2",
              }));
}

TEST_F(QueueMetricsTest, ExceptionsAndErrorsAreCounted) {
  const std::unique_ptr<QueueMetrics> metrics = Metrics("q");
  EventQueue queue(
      "q", clock_, {.flush_interval = kInterval, .observer = metrics.get()},
      [](absl::Span<Event>) { throw std::runtime_error("no route"); },
      [](absl::Status) { throw std::runtime_error("nor log"); });
  ASSERT_TRUE(queue.Start().ok());
  ASSERT_TRUE(queue.Push(Started("a")));
  queue.Flush();
  queue.ReportError(absl::UnavailableError("another"));
  metrics->Update(queue.counters());
  EXPECT_THAT(Lines(registry_), IsSupersetOf({
                                    "lookout_queue_flush_exceptions_total{queue=\"q\"} 1",
                                    "lookout_queue_flush_duration_seconds_count{queue=\"q\"} 1",
                                    "lookout_queue_errors_total{queue=\"q\"} 2",
                                    "lookout_queue_error_exceptions_total{queue=\"q\"} 2",
                                    "lookout_queue_errors_dropped_total{queue=\"q\"} 0",
                                }));
}

TEST_F(QueueMetricsTest, OlderCountsThanTheLastArePassedOver) {
  const std::unique_ptr<QueueMetrics> metrics = Metrics("q");
  const EventQueueCounters before = {.received = 3, .depth = 3, .waiting = 1};
  const EventQueueCounters after = {.received = 5, .flushed = 3, .depth = 2};
  const auto expect_after = [this] {
    EXPECT_THAT(Lines(registry_), IsSupersetOf({
                                      "lookout_queue_events_received_total{queue=\"q\"} 5",
                                      "lookout_queue_events_flushed_total{queue=\"q\"} 3",
                                      "lookout_queue_depth_events{queue=\"q\"} 2",
                                      "lookout_queue_waiting_senders{queue=\"q\"} 0",
                                  }));
  };
  metrics->Update(after);
  expect_after();
  // A batch that was counted before, and whose thread comes late, is nevertheless a batch.
  metrics->OnBatch({.events = 3, .took = absl::Seconds(2)}, before);
  expect_after();
  EXPECT_THAT(Lines(registry_), Contains("lookout_queue_batch_events_sum{queue=\"q\"} 3"));
  metrics->Update(after);
  expect_after();
}

TEST_F(QueueMetricsTest, QueuesShareFamiliesAndAreToldApartByLabel) {
  const std::unique_ptr<QueueMetrics> a = Metrics("a");
  const std::unique_ptr<QueueMetrics> b = Metrics("b");
  a->Update({.received = 1});
  b->Update({.received = 2});
  EXPECT_THAT(ExposeText(registry_), HasSubstr("# TYPE lookout_queue_events_received_total counter\n"
                                               "lookout_queue_events_received_total{queue=\"a\"} 1\n"
                                               "lookout_queue_events_received_total{queue=\"b\"} 2\n"
                                               "# HELP lookout_queue_events_flushed_total"));
}

TEST_F(QueueMetricsTest, TheNextQueueOfANameCountsOn) {
  Metrics("q")->Update({.received = 5, .discarded = 2, .depth = 3});
  const std::unique_ptr<QueueMetrics> next = Metrics("q");
  EXPECT_THAT(Lines(registry_), Contains("lookout_queue_events_received_total{queue=\"q\"} 5"));
  next->Update({.received = 1, .depth = 1});
  EXPECT_THAT(Lines(registry_), IsSupersetOf({
                                    "lookout_queue_events_received_total{queue=\"q\"} 6",
                                    "lookout_queue_events_discarded_total{queue=\"q\"} 2",
                                    "lookout_queue_depth_events{queue=\"q\"} 1",
                                }));
}

TEST_F(QueueMetricsTest, ARegistryThatHasTheNameOtherwiseIsAnError) {
  prometheus::BuildGauge().Name("lookout_queue_errors_total").Register(registry_).Add({});
  const absl::Status status = QueueMetrics::Create(registry_, "q").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("'q'"));
}

TEST_F(QueueMetricsTest, ARegistryThatDoesNotMergeIsAnError) {
  prometheus::Registry registry(prometheus::Registry::InsertBehavior::Throw);
  EXPECT_EQ(QueueMetrics::Create(registry, "q").status().code(), absl::StatusCode::kFailedPrecondition);
}

// Senders, the queue's thread and scrapes at once; of value to tsan as well.
TEST_F(QueueMetricsTest, ScrapesNeverSeeACounterGoBackAndTheLastSeesAll) {
  constexpr int kSenders = 3, kEvents = 300;
  const std::unique_ptr<QueueMetrics> metrics = Metrics("q");
  EventQueue queue(
      "q", clock_,
      {.flush_interval = absl::ZeroDuration(), .on_stop = OnStop::kDrain, .observer = metrics.get()},
      [](absl::Span<Event>) {}, [](absl::Status) {});
  prometheus::Counter& flushed = prometheus::BuildCounter()
                                     .Name("lookout_queue_events_flushed_total")
                                     .Register(registry_)
                                     .Add({{"queue", "q"}});
  ASSERT_TRUE(queue.Start().ok());
  std::atomic<bool> done = false;
  std::thread scraper([&] {
    for (double last = 0; !done;) {
      metrics->Update(queue.counters());
      ExposeText(registry_);
      const double now = flushed.Value();
      EXPECT_GE(now, last);
      last = now;
    }
  });
  std::vector<std::thread> senders;
  for (int i = 0; i < kSenders; ++i) {
    senders.emplace_back([&queue] {
      for (int n = 0; n < kEvents; ++n) EXPECT_TRUE(queue.Push(Started("a")));
    });
  }
  for (std::thread& sender : senders) sender.join();
  queue.Stop();
  done = true;
  scraper.join();
  metrics->Update(queue.counters());
  const std::uint64_t flushes = queue.counters().flushes;
  EXPECT_THAT(Lines(registry_),
              IsSupersetOf({
                  std::string("lookout_queue_events_received_total{queue=\"q\"} 900"),
                  std::string("lookout_queue_events_flushed_total{queue=\"q\"} 900"),
                  std::string("lookout_queue_batch_events_sum{queue=\"q\"} 900"),
                  std::string("lookout_queue_depth_events{queue=\"q\"} 0"),
                  absl::StrCat("lookout_queue_flush_duration_seconds_count{queue=\"q\"} ", flushes),
              }));
}

}  // namespace
}  // namespace lookout
