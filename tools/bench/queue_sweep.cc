// queue_sweep [PASSES]: how many events a second an EventQueue takes, by producers, capacity, size of a batch
// and policy for being full, as CSV on stdout. queue_plots.sh draws it. Medians of 3 passes over all of it,
// some 30 s each.
//
// The events are of 1,000 containers in turn, exist before the clock starts and are moved in. A measurement
// ends when 300,000 are pushed, or after 60 ms: a queue that blocks passes its capacity an interval, which is
// 10 ms. Before it, in the same queue, up to 20 ms of the same are not measured.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/tools/bench/queue_load.h"

namespace lookout {
namespace {

constexpr std::size_t kEvents = 300'000;
constexpr std::size_t kEventsBefore = 60'000;
constexpr std::size_t kActors = 1'000;
constexpr absl::Duration kLongest = absl::Milliseconds(60);
constexpr absl::Duration kLongestBefore = absl::Milliseconds(20);
constexpr absl::Duration kInterval = absl::Milliseconds(10);
constexpr std::size_t kCapacityOfBatches = 100'000;  // where the size of a batch is what varies

struct Policy {
  absl::string_view name;
  WhenFull when_full;
  absl::Duration interval;
};
constexpr Policy kPolicies[] = {
    {"block", WhenFull::kBlock, absl::ZeroDuration()}, {"block", WhenFull::kBlock, kInterval},
    {"flush_early", WhenFull::kFlushEarly, kInterval}, {"drop_oldest", WhenFull::kDropOldest, kInterval},
    {"drop_newest", WhenFull::kDropNewest, kInterval}, {"keep_latest", WhenFull::kKeepLatest, kInterval},
};

struct Setting {
  Policy policy;
  std::size_t producers;
  std::size_t max_batch;
  std::size_t capacity;
  // One of each a pass.
  std::vector<double> taken_per_second = {};
  std::vector<double> percent_handed_over = {};
  std::vector<double> cpu_ns_per_event = {};
  std::vector<double> events_per_call = {};
};

std::vector<Setting> Settings() {
  std::vector<Setting> settings;
  for (const Policy& policy : kPolicies) {
    for (const std::size_t producers : {1, 2, 4, 8}) {
      for (const std::size_t capacity : {10, 100, 1'000, 10'000, 100'000, 1'000'000}) {
        settings.push_back({.policy = policy, .producers = producers, .max_batch = 0, .capacity = capacity});
      }
      for (const std::size_t max_batch : {1, 10, 100, 1'000, 10'000}) {
        settings.push_back({.policy = policy,
                            .producers = producers,
                            .max_batch = max_batch,
                            .capacity = kCapacityOfBatches});
      }
    }
  }
  return settings;
}

// Pushes `events`, a share of them by each producer, until they are all pushed or `longest` is over; returns
// when what was pushed is handed over.
void Push(EventQueue& queue, absl::Span<Event> events, std::size_t producers, absl::Duration longest) {
  std::atomic<bool> over = false;
  std::atomic<std::size_t> at_work = producers;
  absl::Notification all_pushed;
  std::vector<std::thread> threads;
  const std::size_t share = events.size() / producers;
  for (std::size_t i = 0; i < producers; ++i) {
    threads.emplace_back([&queue, &over, &at_work, &all_pushed, own = events.subspan(i * share, share)] {
      for (Event& made : own) {
        if (over.load(std::memory_order_relaxed)) break;
        // What comes back from the queue in its place is freed here, on the clock.
        Event event = std::move(made);
        queue.Push(std::move(event));
      }
      if (at_work.fetch_sub(1) == 1) all_pushed.Notify();
    });
  }
  all_pushed.WaitForNotificationWithTimeout(longest);
  over = true;
  for (std::thread& thread : threads) thread.join();
  queue.Flush();
}

void Measure(Setting& setting, std::vector<Event>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].actor_id.empty()) events[i] = MakeContainerStartOf(i % kActors);
  }
  EventQueue queue(
      "sweep", absl::Clock::GetRealClock(),
      {.flush_interval = setting.policy.interval,
       .capacity = setting.capacity,
       .when_full = setting.policy.when_full,
       .max_batch = setting.max_batch,
       .on_stop = OnStop::kDrain},
      [](absl::Span<Event>) {}, [](absl::Status error) { CHECK_OK(error); });
  CHECK_OK(queue.Start());
  const absl::Span<Event> all = absl::MakeSpan(events);
  Push(queue, all.first(kEventsBefore), setting.producers, kLongestBefore);

  const EventQueueCounters before = queue.counters();
  const absl::Time begin = absl::Now();
  const absl::Duration cpu_begin = CpuTime();
  Push(queue, all.subspan(kEventsBefore), setting.producers, kLongest);
  const absl::Duration cpu = CpuTime() - cpu_begin;
  const absl::Duration time = absl::Now() - begin;
  const EventQueueCounters after = queue.counters();
  const auto taken = static_cast<double>(after.received - before.received);
  const auto handed_over = static_cast<double>(after.flushed - before.flushed);
  const auto calls = static_cast<double>(after.flushes - before.flushes);
  setting.taken_per_second.push_back(taken / absl::ToDoubleSeconds(time));
  setting.percent_handed_over.push_back(100 * handed_over / taken);
  setting.cpu_ns_per_event.push_back(absl::ToDoubleNanoseconds(cpu) / taken);
  setting.events_per_call.push_back(handed_over / std::max(calls, 1.0));
}

void Print(const std::vector<Setting>& settings) {
  std::puts(
      "policy,interval_ms,producers,max_batch,capacity,events_per_second,percent_handed_over,cpu_ns_per_"
      "event,"
      "events_per_call");
  for (const Setting& setting : settings) {
    std::printf("%s,%lld,%zu,%zu,%zu,%.0f,%.4g,%.1f,%.1f\n", std::string(setting.policy.name).c_str(),
                static_cast<long long>(absl::ToInt64Milliseconds(setting.policy.interval)), setting.producers,
                setting.max_batch, setting.capacity, Median(setting.taken_per_second),
                Median(setting.percent_handed_over), Median(setting.cpu_ns_per_event),
                Median(setting.events_per_call));
  }
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  int passes = 3;
  if (argc > 2 || (argc == 2 && (!absl::SimpleAtoi(argv[1], &passes) || passes < 1))) {
    std::fputs("usage: queue_sweep [PASSES], at least 1\n", stderr);
    return 2;
  }
  std::vector<lookout::Setting> settings = lookout::Settings();
  std::vector<lookout::Event> events(lookout::kEventsBefore + lookout::kEvents);
  for (int pass = 0; pass < passes; ++pass) {
    for (lookout::Setting& setting : settings) lookout::Measure(setting, events);
  }
  lookout::Print(settings);
  return 0;
}
