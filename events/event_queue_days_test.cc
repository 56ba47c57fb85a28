// Days of an EventQueue's life under the fake clock: bursts and quiet nights, clocks that are set, slow
// flushes, stops and restarts. Counters, and the number of flushes, are exact; what sleeps is counted.
//
//   event_queue_days_test [--days=2000]
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/testing/fake_clock.h"

namespace lookout {
namespace {

int days = 2000;

constexpr absl::Duration kInterval = absl::Milliseconds(500);
constexpr int kQuarters = 4;  // steps of the clock in an interval

// The fake clock, counting how often somebody goes to sleep on it.
class SleepCounter final : public absl::Clock {
 public:
  absl::Time TimeNow() override { return clock_.TimeNow(); }
  void Sleep(absl::Duration d) override { clock_.Sleep(d); }
  void SleepUntil(absl::Time t) override { clock_.SleepUntil(t); }
  bool AwaitWithDeadline(absl::Mutex* mu, const absl::Condition& condition, absl::Time deadline) override
      ABSL_SHARED_LOCKS_REQUIRED(mu) {
    ++sleeps_;
    return clock_.AwaitWithDeadline(mu, condition, deadline);
  }

  FakeClock& clock() { return clock_; }
  std::uint64_t sleeps() const { return sleeps_; }

 private:
  FakeClock clock_;
  std::atomic<std::uint64_t> sleeps_ = 0;
};

class DaysTest : public ::testing::Test {
 protected:
  void StartQueue(OnStop on_stop) {
    on_stop_ = on_stop;
    expected_ = {};
    queue_ = std::make_unique<EventQueue>(
        "days", sleeps_,
        EventQueueOptions{.flush_interval = kInterval,
                          .capacity = 1000,
                          .on_stop = on_stop,
                          .drain_timeout = absl::InfiniteDuration()},
        [this](absl::Span<Event> batch) { OnFlush(batch); },
        [](const absl::Status& error) { ADD_FAILURE() << error; });
    ASSERT_TRUE(queue_->Start().ok());
    sleeps_.clock().AwaitWaiters(1);
  }

  // With what is buffered, which is drained or discarded.
  void StopQueue() {
    const EventQueueCounters before = queue_->counters();
    queue_->Stop();
    if (on_stop_ == OnStop::kDrain) {
      expected_.flushed += before.depth;
      expected_.flushes += before.depth > 0 ? 1 : 0;
    } else {
      expected_.discarded += before.depth;
      next_ += before.depth;  // numbers that never come
    }
    ExpectCounters();
    EXPECT_EQ(sleeps_.clock().waiters(), 0);
  }

  void Push(int n) {
    for (int i = 0; i < n; ++i) {
      ASSERT_TRUE(queue_->Push({.attributes = {{"number", absl::StrCat(++pushed_)}}}));
    }
    expected_.received += static_cast<std::uint64_t>(n);
  }

  // Lets time pass; where that makes a flush due, all that is buffered is flushed, once.
  void Pass(absl::Duration d) {
    sleeps_.clock().AwaitTimers(1);
    const std::uint64_t buffered = queue_->counters().depth;
    sleeps_.clock().Advance(d);
    if (sleeps_.clock().timers() > 0) return;
    ++expected_.flushes;
    expected_.flushed += buffered;
    AwaitFlushes(expected_.flushes);
  }

  // The thread sleeps without a timer, so that no time that passes wakes it.
  void Night(absl::Duration d) {
    sleeps_.clock().AwaitWaiters(1);
    EXPECT_EQ(sleeps_.clock().timers(), 0);
    const std::uint64_t before = sleeps_.sleeps();
    for (int i = 0; i < 8; ++i) sleeps_.clock().Advance(d / 8);
    EXPECT_EQ(sleeps_.sleeps(), before);
    EXPECT_EQ(sleeps_.clock().waiters(), 1);
    ExpectCounters();
  }

  // A push at every quarter of so many intervals: a flush in each, wherever the first falls.
  void Busy(int intervals) {
    const std::uint64_t before = expected_.flushes;
    for (int i = 0; i < intervals * kQuarters; ++i) {
      Push(1 + i % 3);
      Pass(kInterval / kQuarters);
    }
    EXPECT_EQ(expected_.flushes - before, static_cast<std::uint64_t>(intervals));
  }

  // What was pushed before is flushed within an interval, whatever the wall clock says.
  void Quieten() {
    if (queue_->counters().depth == 0) return;
    const std::uint64_t before = expected_.flushes;
    Pass(kInterval);
    EXPECT_EQ(expected_.flushes - before, 1u);
  }

  // A flush that lasts for many intervals is followed by one of all that gathered.
  void SlowFlush(int intervals) {
    {
      absl::MutexLock lock(mu_);
      open_ = false;
    }
    Push(1);
    sleeps_.clock().AwaitTimers(1);
    sleeps_.clock().Advance(kInterval);
    ++expected_.flushes;
    ++expected_.flushed;
    {
      absl::MutexLock lock(mu_);
      mu_.Await(absl::Condition(&held_));
    }
    for (int i = 0; i < intervals; ++i) {
      Push(2);
      sleeps_.clock().Advance(kInterval);
    }
    {
      absl::MutexLock lock(mu_);
      open_ = true;
    }
    ++expected_.flushes;
    expected_.flushed += 2 * static_cast<std::uint64_t>(intervals);
    AwaitFlushes(expected_.flushes);
  }

  void ExpectCounters() {
    const EventQueueCounters c = queue_->counters();
    EXPECT_EQ(c.received, expected_.received);
    EXPECT_EQ(c.flushed, expected_.flushed);
    EXPECT_EQ(c.flushes, expected_.flushes);
    EXPECT_EQ(c.discarded, expected_.discarded);
    EXPECT_EQ(c.received, c.flushed + c.discarded + c.depth);
    EXPECT_EQ(c.dropped_oldest + c.dropped_newest + c.merged + c.refused + c.force_reloads + c.errors, 0u);
  }

  // Numbers come in order, without doubles or gaps.
  void OnFlush(absl::Span<Event> batch) {
    absl::MutexLock lock(mu_);
    for (const Event& event : batch) {
      std::uint64_t number = 0;
      EXPECT_TRUE(absl::SimpleAtoi(event.attributes.Get("number"), &number));
      EXPECT_EQ(number, ++next_);
    }
    held_ = true;
    mu_.Await(absl::Condition(&open_));
    held_ = false;
  }

  void AwaitFlushes(std::uint64_t n) {
    while (queue_->counters().flushes < n) std::this_thread::yield();
  }

  SleepCounter sleeps_;
  OnStop on_stop_ = OnStop::kDrain;
  std::uint64_t pushed_ = 0;
  EventQueueCounters expected_;
  absl::Mutex mu_;
  bool open_ ABSL_GUARDED_BY(mu_) = true;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  // Of on_flush; and of StopQueue(), when no flush runs any more.
  std::uint64_t next_ = 0;
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(DaysTest, EachDayIsFlushedExactlyAndNoNightWakesAnybody) {
  std::mt19937 dice(7);
  const auto below = [&dice](unsigned n) { return static_cast<int>(dice() % n); };
  std::uint64_t flushes = 0, sleeps = 0;
  StartQueue(OnStop::kDrain);
  for (int day = 0; day < days; ++day) {
    for (int burst = 0; burst < 4; ++burst) {
      Busy(1 + below(8));
      Quieten();
      Night(absl::Minutes(1 + below(120)));
      // NTP's corrections, an administrator's, daylight saving time by somebody who sets the clock for it.
      const absl::Duration steps[] = {absl::Milliseconds(-300), absl::Milliseconds(300), absl::Seconds(-40),
                                      absl::Seconds(40),        absl::Hours(-1),         absl::Hours(1)};
      const absl::Duration step = steps[below(6)];
      if (below(3) == 0) sleeps_.clock().StepWallClock(step);
      if (below(3) == 0) {
        Push(3);
        sleeps_.clock().AwaitTimers(1);
        sleeps_.clock().StepWallClock(step);
        Quieten();
      }
    }
    if (below(3) == 0) SlowFlush(1 + below(20));
    Night(absl::Hours(8));
    if (HasFailure()) FAIL() << "on day " << day;
    if (below(5) == 0) {
      Push(below(4));
      flushes += expected_.flushes;
      StopQueue();
      StartQueue(below(2) == 0 ? OnStop::kDrain : OnStop::kDiscard);
    }
  }
  flushes += expected_.flushes;
  StopQueue();
  sleeps = sleeps_.sleeps();
  // Asleep while empty, then until it is due.
  EXPECT_LE(sleeps, 2 * flushes + static_cast<std::uint64_t>(days) * 20);
  std::printf("%d days, %llu events, %llu flushes, %llu sleeps\n", days,
              static_cast<unsigned long long>(pushed_), static_cast<unsigned long long>(flushes),
              static_cast<unsigned long long>(sleeps));
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    absl::string_view arg = argv[i];
    if (absl::ConsumePrefix(&arg, "--days=") && absl::SimpleAtoi(arg, &lookout::days)) continue;
    std::fprintf(stderr, "%s: unknown; see the top of the test\n", argv[i]);
    return 2;
  }
  return RUN_ALL_TESTS();
}
