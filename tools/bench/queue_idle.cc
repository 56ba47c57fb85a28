// queue_idle [QUEUES [SECONDS]]: what 1,000 queues do in 2 s while they are empty. Each has taken an event
// before, and handed it over. Prints how often their threads were switched to or away from, as the kernel
// counts it, and the CPU time that they had: both are zero where nothing wakes.
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/tools/bench/queue_load.h"

namespace lookout {
namespace {

// Of all threads but this one.
struct Threads {
  std::size_t count = 0;
  std::uint64_t switches = 0;
  std::uint64_t cpu_ns = 0;
};

Threads LookAtThreads() {
  const std::string own = absl::StrCat(::gettid());
  Threads threads;
  DIR* const tasks = ::opendir("/proc/self/task");
  CHECK(tasks != nullptr);
  while (const dirent* const task = ::readdir(tasks)) {
    const std::string name = task->d_name;
    if (name == own || absl::StartsWith(name, ".")) continue;
    ++threads.count;
    std::ifstream status(absl::StrCat("/proc/self/task/", name, "/status"));
    std::size_t found = 0;
    for (std::string key; status >> key;) {
      std::uint64_t switches = 0;
      if (!absl::EndsWith(key, "voluntary_ctxt_switches:") || !(status >> switches)) continue;
      threads.switches += switches;
      ++found;
    }
    CHECK_EQ(found, 2u) << "of voluntary and nonvoluntary_ctxt_switches";
    std::ifstream schedstat(absl::StrCat("/proc/self/task/", name, "/schedstat"));
    std::uint64_t on_cpu_ns = 0;
    CHECK(schedstat >> on_cpu_ns);
    threads.cpu_ns += on_cpu_ns;
  }
  ::closedir(tasks);
  return threads;
}

void Measure(std::size_t count, int seconds) {
  std::vector<std::unique_ptr<EventQueue>> queues;
  for (std::size_t i = 0; i < count; ++i) {
    queues.push_back(std::make_unique<EventQueue>(
        absl::StrCat("idle-", i), absl::Clock::GetRealClock(), EventQueueOptions{}, [](absl::Span<Event>) {},
        [](absl::Status error) { CHECK_OK(error); }));
    CHECK_OK(queues.back()->Start());
    CHECK(queues.back()->Push(MakeContainerStart()));
    CHECK(queues.back()->Flush());
  }
  absl::SleepFor(absl::Seconds(1));  // two flush intervals: they have come to rest
  const Threads before = LookAtThreads();
  absl::SleepFor(absl::Seconds(seconds));
  const Threads after = LookAtThreads();
  CHECK_EQ(before.count, count);
  CHECK_EQ(after.count, count);
  std::printf("idle       %zu queues %d s %llu switches %llu ns CPU\n", count, seconds,
              static_cast<unsigned long long>(after.switches - before.switches),
              static_cast<unsigned long long>(after.cpu_ns - before.cpu_ns));
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  std::size_t queues = 1000;
  int seconds = 2;
  if (argc > 3 || (argc > 1 && (!absl::SimpleAtoi(argv[1], &queues) || queues == 0)) ||
      (argc > 2 && (!absl::SimpleAtoi(argv[2], &seconds) || seconds < 1))) {
    std::fputs("usage: queue_idle [QUEUES [SECONDS]], both at least 1\n", stderr);
    return 2;
  }
  lookout::Measure(queues, seconds);
  return 0;
}
