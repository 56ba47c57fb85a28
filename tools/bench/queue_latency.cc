// queue_latency [EVENTS [GAP_US]]: how long an event takes from push to on_flush where they come one at a
// time, with a flush_interval of zero. 20,000 events; the next is pushed when the last has arrived and the
// sender has slept for 100 us, so that each finds the queue empty and its thread asleep, and its own thread
// has slept too.
//
// One line a way, percentiles in microseconds:
//   thread  the queue's thread is woken, which is the default
//   sender  flush_on_sender
//   bare    no queue: a thread is woken by a std::condition_variable and given an event; what the machine can
//   do
//           at the moment
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/tools/bench/queue_load.h"

namespace lookout {
namespace {

using Clock = std::chrono::steady_clock;

struct Course {
  std::size_t events;
  absl::Duration gap;
};

class Latency {
 public:
  explicit Latency(const Course& course) : course_(course) { took_.reserve(course.events); }

  // Called where the event arrives, first of all.
  void Arrived() {
    took_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - pushed_).count());
    arrived_.fetch_add(1, std::memory_order_release);
  }

  void Run(const char* way, const std::function<void(Event)>& push) {
    for (std::size_t i = 0; i < course_.events; ++i) {
      Event event = MakeContainerStart();
      pushed_ = Clock::now();
      push(std::move(event));
      do absl::SleepFor(course_.gap);
      while (arrived_.load(std::memory_order_acquire) <= i);
    }
    std::sort(took_.begin(), took_.end());
    std::printf("%-10s", way);
    for (const double percent : {50.0, 90.0, 99.0, 99.9}) std::printf(" p%g %.1f", percent, At(percent));
    std::printf(" max %.1f\n", took_.back());
    std::fflush(stdout);
  }

 private:
  double At(double percent) const {
    const auto rank = static_cast<std::size_t>(percent / 100 * static_cast<double>(took_.size()));
    return took_[std::min(rank, took_.size() - 1)];
  }

  const Course course_;
  Clock::time_point pushed_;
  std::vector<double> took_;  // microseconds
  std::atomic<std::size_t> arrived_ = 0;
};

void MeasureQueue(const char* way, bool flush_on_sender, const Course& course) {
  Latency latency(course);
  EventQueue queue(
      way, absl::Clock::GetRealClock(),
      {.flush_interval = absl::ZeroDuration(), .flush_on_sender = flush_on_sender},
      [&latency](absl::Span<Event>) { latency.Arrived(); }, [](absl::Status error) { CHECK_OK(error); });
  CHECK_OK(queue.Start());
  latency.Run(way, [&queue](Event event) { queue.Push(std::move(event)); });
}

void MeasureBareThread(const Course& course) {
  Latency latency(course);
  std::mutex mutex;
  std::condition_variable wakeup;
  std::optional<Event> given;
  bool done = false;
  std::thread thread([&] {
    std::unique_lock lock(mutex);
    while (true) {
      wakeup.wait(lock, [&] { return given.has_value() || done; });
      if (done) return;
      latency.Arrived();
      given.reset();
    }
  });
  latency.Run("bare", [&](Event event) {
    {
      const std::lock_guard lock(mutex);
      given = std::move(event);
    }
    wakeup.notify_one();
  });
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  wakeup.notify_one();
  thread.join();
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  lookout::Course course{.events = 20'000, .gap = absl::Microseconds(100)};
  int gap_us = 100;
  if (argc > 3 || (argc > 1 && (!absl::SimpleAtoi(argv[1], &course.events) || course.events == 0)) ||
      (argc > 2 && (!absl::SimpleAtoi(argv[2], &gap_us) || gap_us < 1))) {
    std::fputs("usage: queue_latency [EVENTS [GAP_US]], both at least 1\n", stderr);
    return 2;
  }
  course.gap = absl::Microseconds(gap_us);
  lookout::MeasureQueue("thread", false, course);
  lookout::MeasureQueue("sender", true, course);
  lookout::MeasureBareThread(course);
  return 0;
}
