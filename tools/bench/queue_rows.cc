// queue_rows [EVENTS]: the rows of tools/bench/queue_rows/main.go, the queue that lookout's replaces, through
// an EventQueue: the same event, as many of them (5,000,000), from push to on_flush, a flush every 10 ms.
//
// One line a row: its name, events a second, and the CPU time of an event in nanoseconds (user and system, of
// the whole process: making the events and freeing them included). "moved" has no row there: its events exist
// before the clock starts, and are moved in.
#include <sys/resource.h>

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
#include "absl/time/clock.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"

namespace lookout {
namespace {

constexpr absl::string_view kName = "nginx";
constexpr absl::string_view kId = "4f66ad9a0b2e1c3d5f7a9b8c6d4e2f0a1b3c5d7e9f8a6b4c2d0e1f3a5b7c9d8e";

enum class Row { kPlain, kLabels, kMoved };

Event MakeEvent(Row row) {
  Event event{.type = EventType::kDocker,
              .actor_name = std::string(kName),
              .actor_id = kId,
              .action = Action::kContainerStart};
  if (row == Row::kLabels) {
    event.attributes = {{"com.docker.compose.config-hash", "9b1e0f7c2d5a4b3e"},
                        {"com.docker.compose.container-number", "1"},
                        {"com.docker.compose.project", "shop"},
                        {"com.docker.compose.service", "web"},
                        {"com.docker.compose.version", "2.40.0"},
                        {"image", "nginx:1.27"},
                        {"maintainer", "NGINX Docker Maintainers"},
                        {"name", "shop-web-1"}};
  }
  return event;
}

absl::Duration CpuTime() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

struct Producer {
  std::vector<Event> made;  // of kMoved
  std::thread thread;
};

void Measure(Row row, absl::string_view name, std::size_t producers, std::size_t events) {
  std::size_t flushed = 0;
  EventQueue queue(
      "rows", absl::Clock::GetRealClock(),
      {.flush_interval = absl::Milliseconds(10), .capacity = events, .on_stop = OnStop::kDrain},
      [&flushed](absl::Span<Event> batch) { flushed += batch.size(); },
      [](absl::Status error) { CHECK_OK(error); });
  const std::size_t share = events / producers;
  std::vector<Producer> all(producers);
  if (row == Row::kMoved) {
    for (Producer& producer : all) {
      producer.made.reserve(share);
      for (std::size_t i = 0; i < share; ++i) producer.made.push_back(MakeEvent(row));
    }
  }
  CHECK_OK(queue.Start());
  const absl::Time begin = absl::Now();
  const absl::Duration cpu_begin = CpuTime();
  for (Producer& producer : all) {
    producer.thread = std::thread([row, share, &producer, &queue] {
      for (std::size_t i = 0; i < share; ++i) {
        queue.Push(row == Row::kMoved ? std::move(producer.made[i]) : MakeEvent(row));
      }
    });
  }
  for (Producer& producer : all) producer.thread.join();
  queue.Flush();
  const absl::Duration cpu = CpuTime() - cpu_begin;
  const absl::Duration time = absl::Now() - begin;
  CHECK_EQ(flushed, share * producers);
  const auto count = static_cast<double>(flushed);
  std::printf("%-10s %zu %12.0f events/s %8.1f ns CPU an event\n", std::string(name).c_str(), producers,
              count / absl::ToDoubleSeconds(time), absl::ToDoubleNanoseconds(cpu) / count);
  std::fflush(stdout);
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  std::size_t events = 5'000'000;
  if (argc > 2 || (argc == 2 && (!absl::SimpleAtoi(argv[1], &events) || events < 4))) {
    std::fputs("queue_rows: how many events? at least 4\n", stderr);
    return 2;
  }
  using lookout::Row;
  for (const std::size_t producers : {1, 2, 4}) lookout::Measure(Row::kPlain, "plain", producers, events);
  for (const std::size_t producers : {1, 4}) lookout::Measure(Row::kLabels, "labels", producers, events);
  for (const std::size_t producers : {1, 4}) lookout::Measure(Row::kMoved, "moved", producers, events);
  return 0;
}
