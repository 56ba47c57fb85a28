// How fast events go through an EventQueue: pushed by 1, 2 or 4 threads, handed to on_flush.
//
//   ./bazelw run -c opt //events:event_queue_benchmark
//
// Items are events that have reached on_flush. They are made outside the measured time and moved in.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"

namespace lookout {
namespace {

constexpr std::size_t kEventsPerProducer = 100'000;

std::vector<Event> MakeEvents() {
  std::vector<Event> events;
  events.reserve(kEventsPerProducer);
  for (std::size_t i = 0; i < kEventsPerProducer; ++i) {
    events.push_back({.type = EventType::kFile,
                      .actor_name = absl::StrCat("/srv/some/directory/file-", i),
                      .action = Action::kFileWritten,
                      .time = absl::FromUnixSeconds(1767268800)});
  }
  return events;
}

// Arguments: producers, capacity. Interval 0: as fast as it goes.
void BM_PushToFlush(benchmark::State& state) {
  const auto producers = static_cast<std::size_t>(state.range(0));
  std::uint64_t flushed = 0;
  std::uint64_t flushes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<std::vector<Event>> events(producers, MakeEvents());
    auto queue = std::make_unique<EventQueue>(
        "benchmark", absl::Clock::GetRealClock(),
        EventQueueOptions{.flush_interval = absl::ZeroDuration(),
                          .capacity = static_cast<std::size_t>(state.range(1))},
        [](absl::Span<Event> batch) { benchmark::DoNotOptimize(batch.data()); }, [](absl::Status) {});
    if (!queue->Start().ok()) {
      state.SkipWithError("the queue does not start");
      break;
    }
    state.ResumeTiming();

    std::vector<std::thread> threads;
    for (std::vector<Event>& own : events) {
      threads.emplace_back([&queue, &own] {
        for (Event& event : own) queue->Push(std::move(event));
      });
    }
    for (std::thread& thread : threads) thread.join();
    queue->Flush();

    state.PauseTiming();
    flushed += queue->counters().flushed;
    flushes += queue->counters().flushes;
    queue.reset();
    events.clear();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(flushed));
  state.counters["events_per_flush"] =
      flushes == 0 ? 0.0 : static_cast<double>(flushed) / static_cast<double>(flushes);
}
BENCHMARK(BM_PushToFlush)
    ->ArgNames({"producers", "capacity"})
    ->ArgsProduct({{1, 2, 4}, {10, 1'000, 1'000'000}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// What one Push() costs while nobody flushes: the lock, the buffer, the counters.
void BM_Push(benchmark::State& state) {
  std::vector<Event> events = MakeEvents();
  std::size_t next = events.size();
  std::unique_ptr<EventQueue> queue;
  for (auto _ : state) {
    if (next == events.size()) {
      state.PauseTiming();
      queue = std::make_unique<EventQueue>(
          "benchmark", absl::Clock::GetRealClock(), EventQueueOptions{.capacity = kEventsPerProducer},
          [](absl::Span<Event>) {}, [](absl::Status) {});
      events = MakeEvents();
      next = 0;
      state.ResumeTiming();
    }
    queue->Push(std::move(events[next++]));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(BM_Push);

}  // namespace
}  // namespace lookout
