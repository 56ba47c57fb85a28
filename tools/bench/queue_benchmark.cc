// The queue's rows (docs/queue_speed.md) for google_benchmark: what producers make themselves, at the default
// settings, and one event at a time.
//
//   ./bazelw run -c opt //tools/bench:queue_benchmark
//
// Items are events that have reached on_flush. What exists already and is moved in is
// //events:event_queue_benchmark's.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/tools/bench/queue_load.h"

namespace lookout {
namespace {

constexpr std::size_t kEvents = 1'000'000;

// Arguments: producers; whether events have the 8 labels of docker compose. One queue for all iterations.
void BM_MakeAndPush(benchmark::State& state) {
  const auto producers = static_cast<std::size_t>(state.range(0));
  const bool labels = state.range(1) != 0;
  std::size_t flushed = 0;
  EventQueue queue(
      "benchmark", absl::Clock::GetRealClock(), {.capacity = kEvents},
      [&flushed](absl::Span<Event> batch) { flushed += batch.size(); }, [](absl::Status) {});
  if (!queue.Start().ok()) return state.SkipWithError("the queue does not start");
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < producers; ++i) {
      threads.emplace_back([&] {
        for (std::size_t k = 0; k < kEvents / producers; ++k) {
          queue.Push(labels ? MakeContainerStartWithLabels() : MakeContainerStart());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    queue.Flush();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(flushed));
}
BENCHMARK(BM_MakeAndPush)
    ->ArgNames({"producers", "labels"})
    ->ArgsProduct({{1, 2, 4}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

// From Push() to on_flush, while nothing else is under way. Argument: flush_on_sender.
void BM_OneAtATime(benchmark::State& state) {
  std::atomic<std::int64_t> flushed = 0;
  EventQueue queue(
      "benchmark", absl::Clock::GetRealClock(),
      {.flush_interval = absl::ZeroDuration(), .flush_on_sender = state.range(0) != 0},
      [&flushed](absl::Span<Event> batch) {
        flushed += static_cast<std::int64_t>(batch.size());
        flushed.notify_one();
      },
      [](absl::Status) {});
  if (!queue.Start().ok()) return state.SkipWithError("the queue does not start");
  std::int64_t pushed = 0;
  for (auto _ : state) {
    queue.Push(MakeContainerStart());
    flushed.wait(pushed++);
  }
  state.SetItemsProcessed(flushed);
}
BENCHMARK(BM_OneAtATime)->ArgName("flush_on_sender")->Arg(0)->Arg(1)->UseRealTime();

}  // namespace
}  // namespace lookout
