// queue_rows [EVENTS [ROW PRODUCERS]]: the rows of tools/bench/queue_rows/main.go, the queue that lookout's
// replaces, through an EventQueue: the same event, as many of them (5,000,000), from push to on_flush, a
// flush every 10 ms. All rows, or the one that is named. queue_rows --version: the compiler.
//
// One line a row: its name, producers, events a second, and the CPU time of an event in nanoseconds (user and
// system, of the whole process: making the events and freeing them included). "moved": the events exist
// before the clock starts, and are moved in; that takes more than a gigabyte. As in main.go as many go
// through the same queue before, so that neither side is measured growing its memory.
#include <cstddef>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/large_block_allocator.h"
#include "lookout/tools/bench/queue_load.h"

namespace lookout {
namespace {

enum class Kind { kPlain, kLabels, kMoved };

struct Row {
  absl::string_view name;
  Kind kind;
  std::size_t producers;
};
constexpr Row kRows[] = {
    {"plain", Kind::kPlain, 1},   {"plain", Kind::kPlain, 2},   {"plain", Kind::kPlain, 4},
    {"labels", Kind::kLabels, 1}, {"labels", Kind::kLabels, 4}, {"moved", Kind::kMoved, 1},
    {"moved", Kind::kMoved, 4},
};

// Each producer's, of Kind::kMoved.
// On large pages, as the queue's own: else their reading is what is measured.
using Events = std::vector<Event, events_internal::LargeBlockAllocator<Event>>;
using Made = std::vector<Events>;

Made Make(const Row& row, std::size_t share) {
  Made made(row.producers);
  if (row.kind != Kind::kMoved) return made;
  for (Events& own : made) {
    own.reserve(share);
    for (std::size_t i = 0; i < share; ++i) own.push_back(MakeContainerStart());
  }
  return made;
}

void Produce(Kind kind, std::size_t share, Events& made, EventQueue& queue) {
  for (std::size_t i = 0; i < share; ++i) {
    switch (kind) {
      case Kind::kPlain:
        queue.Push(MakeContainerStart());
        break;
      case Kind::kLabels:
        queue.Push(MakeContainerStartWithLabels());
        break;
      case Kind::kMoved: {
        // What comes back from the queue in its place is freed here, on the clock, as where one is made.
        Event event = std::move(made[i]);
        queue.Push(std::move(event));
        break;
      }
    }
  }
}

// By threads of its own for each producer; returns when all is handed over.
void Run(const Row& row, std::size_t share, Made& made, EventQueue& queue) {
  std::vector<std::thread> threads;
  for (Events& own : made) {
    threads.emplace_back([&row, share, &own, &queue] { Produce(row.kind, share, own, queue); });
  }
  for (std::thread& thread : threads) thread.join();
  queue.Flush();
}

void Measure(const Row& row, std::size_t events) {
  std::size_t flushed = 0;
  EventQueue queue(
      "rows", absl::Clock::GetRealClock(),
      {.flush_interval = absl::Milliseconds(10), .capacity = events, .on_stop = OnStop::kDrain},
      [&flushed](absl::Span<Event> batch) { flushed += batch.size(); },
      [](absl::Status error) { CHECK_OK(error); });
  CHECK_OK(queue.Start());
  const std::size_t share = events / row.producers;
  Made before = Make(row, share), made = Make(row, share);
  Run(row, share, before, queue);

  const std::size_t flushed_before = flushed;
  const absl::Time begin = absl::Now();
  const absl::Duration cpu_begin = CpuTime();
  Run(row, share, made, queue);
  const absl::Duration cpu = CpuTime() - cpu_begin;
  const absl::Duration time = absl::Now() - begin;
  CHECK_EQ(flushed - flushed_before, share * row.producers);
  const auto count = static_cast<double>(share * row.producers);
  std::printf("%-10s %zu %12.0f events/s %8.1f ns CPU an event\n", std::string(row.name).c_str(),
              row.producers, count / absl::ToDoubleSeconds(time), absl::ToDoubleNanoseconds(cpu) / count);
  std::fflush(stdout);
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  if (argc == 2 && absl::string_view(argv[1]) == "--version") {
#ifdef __clang__
    std::puts(__VERSION__);
#else
    std::puts("GCC " __VERSION__);
#endif
    return 0;
  }
  std::size_t events = 5'000'000, producers = 0;
  const bool one = argc == 4;
  bool known = argc == 1 || argc == 2 || (one && absl::SimpleAtoi(argv[3], &producers));
  if (argc > 1) known = known && absl::SimpleAtoi(argv[1], &events) && events >= 20;
  bool found = false;
  for (const lookout::Row& row : lookout::kRows) {
    if (!known || (one && (row.name != argv[2] || row.producers != producers))) continue;
    lookout::Measure(row, events);
    found = true;
  }
  if (!found)
    std::fputs("usage: queue_rows [EVENTS (at least 20) [ROW PRODUCERS]], a row that exists\n", stderr);
  return found ? 0 : 2;
}
