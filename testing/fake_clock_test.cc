#include "lookout/testing/fake_clock.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/events/wait.h"

namespace lookout {
namespace {

// A thread that waits on a clock for a flag of its own, and what came of it.
class Waiting {
 public:
  Waiting(FakeClock& clock, absl::Duration timeout)
      : thread_([this, &clock, timeout] {
          absl::MutexLock lock(mu_);
          came_ = AwaitFor(clock, mu_, absl::Condition(&flag_), timeout);
          done_ = true;
        }) {}
  ~Waiting() { thread_.join(); }

  void Raise() {
    absl::MutexLock lock(mu_);
    flag_ = true;
  }
  // Whether the flag came before the time was over. Blocks until either.
  bool Result() {
    absl::MutexLock lock(mu_, absl::Condition(&done_));
    return came_;
  }

 private:
  absl::Mutex mu_;
  bool flag_ ABSL_GUARDED_BY(mu_) = false;
  bool came_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

class EventFd {
 public:
  EventFd() : fd_(::eventfd(0, EFD_CLOEXEC)) {}
  ~EventFd() { ::close(fd_); }
  void MakeReadable() const { EXPECT_EQ(::eventfd_write(fd_, 1), 0); }
  pollfd entry() const { return {.fd = fd_, .events = POLLIN, .revents = 0}; }

 private:
  const int fd_;
};

TEST(FakeClockTest, TimePassesByAdvanceAloneHoweverTheWallClockIsSet) {
  FakeClock clock;
  const absl::Duration start = TimePassed(clock);
  clock.StepWallClock(absl::Hours(1));
  EXPECT_EQ(TimePassed(clock) - start, absl::ZeroDuration());
  clock.Advance(absl::Seconds(2));
  clock.StepWallClock(-absl::Hours(3));
  EXPECT_EQ(TimePassed(clock) - start, absl::Seconds(2));
}

TEST(FakeClockTest, StandsStillUntilItIsMoved) {
  FakeClock clock(absl::FromUnixSeconds(100));
  EXPECT_EQ(clock.TimeNow(), absl::FromUnixSeconds(100));
  EXPECT_EQ(clock.TimeNow(), absl::FromUnixSeconds(100));
  clock.Advance(absl::Seconds(5));
  EXPECT_EQ(clock.TimeNow(), absl::FromUnixSeconds(105));
  clock.Advance(absl::ZeroDuration());
  EXPECT_EQ(clock.TimeNow(), absl::FromUnixSeconds(105));
  EXPECT_EQ(FakeClock().TimeNow(), FakeClock::DefaultStart());
}

TEST(FakeClockTest, AdvanceWakesThoseWhoseTimeIsOverAndNoOthers) {
  FakeClock clock;
  Waiting one(clock, absl::Seconds(1));
  Waiting two(clock, absl::Seconds(2));
  Waiting three(clock, absl::Seconds(3));
  clock.AwaitTimers(3);
  clock.Advance(absl::Seconds(1) - absl::Nanoseconds(1));
  EXPECT_EQ(clock.waiters(), 3);
  clock.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(clock.waiters(), 2) << "no longer counted when Advance() returns";
  EXPECT_FALSE(one.Result());
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(clock.waiters(), 0);
  EXPECT_FALSE(two.Result());
  EXPECT_FALSE(three.Result());
}

TEST(FakeClockTest, AWaitEndsWhenItsConditionComesTrue) {
  FakeClock clock;
  Waiting timed(clock, absl::Seconds(1));
  Waiting endless(clock, absl::InfiniteDuration());
  clock.AwaitWaiters(2);
  EXPECT_EQ(clock.timers(), 1);
  timed.Raise();
  EXPECT_TRUE(timed.Result());
  clock.Advance(absl::Hours(24 * 365));
  EXPECT_EQ(clock.waiters(), 1) << "an endless wait is counted, and no time ends it";
  endless.Raise();
  EXPECT_TRUE(endless.Result());
  EXPECT_EQ(clock.waiters(), 0);
}

TEST(FakeClockTest, WaitsThatAreOverOrFulfilledAtOnceAreNoWaits) {
  FakeClock clock;
  absl::Mutex mu;
  bool yes = true;
  bool no = false;
  absl::MutexLock lock(mu);
  EXPECT_TRUE(clock.AwaitWithDeadline(&mu, absl::Condition(&yes), absl::InfinitePast()));
  EXPECT_TRUE(clock.AwaitWithDeadline(&mu, absl::Condition(&yes), absl::InfiniteFuture()));
  EXPECT_FALSE(clock.AwaitWithDeadline(&mu, absl::Condition(&no), clock.TimeNow()));
  EXPECT_FALSE(clock.AwaitWithDeadline(&mu, absl::Condition(&no), absl::InfinitePast()));
  EXPECT_EQ(clock.waiters(), 0);
}

TEST(FakeClockTest, AwaitWaitersIsABarrier) {
  constexpr int kThreads = 8;
  FakeClock clock;
  clock.AwaitWaiters(0);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&] { clock.Sleep(absl::Seconds(1)); });
  clock.AwaitWaiters(kThreads);
  EXPECT_EQ(clock.waiters(), kThreads);
  EXPECT_EQ(clock.timers(), kThreads);
  clock.Advance(absl::Seconds(1));
  for (std::thread& thread : threads) thread.join();
}

TEST(FakeClockTest, ASleeperThatSleepsAgainIsCountedAgain) {
  FakeClock clock;
  int slept = 0;
  std::thread sleeper([&] {
    for (; slept < 100; ++slept) clock.SleepUntil(clock.TimeNow() + absl::Seconds(1));
  });
  for (int i = 0; i < 100; ++i) {
    clock.AwaitTimers(1);
    clock.Advance(absl::Seconds(1));
  }
  sleeper.join();
  EXPECT_EQ(slept, 100);
}

TEST(FakeClockTest, SettingTheWallClockLetsNoTimePass) {
  FakeClock clock(absl::FromUnixSeconds(10'000));
  Waiting waiting(clock, absl::Seconds(10));
  clock.AwaitTimers(1);
  clock.StepWallClock(absl::Hours(1));
  EXPECT_EQ(clock.TimeNow(), absl::FromUnixSeconds(13'600));
  EXPECT_EQ(clock.waiters(), 1) << "ahead wakes nobody";
  clock.StepWallClock(-absl::Hours(2));
  EXPECT_EQ(clock.TimeNow(), absl::FromUnixSeconds(6'400));
  clock.Advance(absl::Seconds(9));
  EXPECT_EQ(clock.waiters(), 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_FALSE(waiting.Result()) << "back lets nobody wait for longer";
}

TEST(FakeClockTest, DeadlinesAreReadByTheWallClockAsItIsSet) {
  FakeClock clock;
  clock.StepWallClock(-absl::Hours(1));
  std::thread sleeper([&] { clock.SleepUntil(clock.TimeNow() + absl::Seconds(1)); });
  clock.AwaitTimers(1);
  clock.Advance(absl::Seconds(1));
  sleeper.join();
  EXPECT_EQ(clock.waiters(), 0);
}

TEST(FakeClockTest, MutexesOfWaitersMayBeHeldWhileItIsRead) {
  FakeClock clock;
  absl::Mutex mu;
  bool flag = false;
  std::thread waiter([&] {
    absl::MutexLock lock(mu);
    AwaitFor(clock, mu, absl::Condition(&flag), absl::Seconds(1));
  });
  clock.AwaitTimers(1);
  {
    absl::MutexLock lock(mu);
    EXPECT_EQ(clock.TimeNow(), FakeClock::DefaultStart());
    EXPECT_EQ(clock.waiters(), 1);
    flag = true;
  }
  waiter.join();
}

TEST(FakeClockPollTest, ReadyDescriptorsAreGivenAtOnce) {
  FakeClock clock;
  const EventFd quiet;
  const EventFd ready;
  ready.MakeReadable();
  pollfd fds[] = {quiet.entry(), ready.entry()};
  EXPECT_EQ(clock.Poll(absl::MakeSpan(fds), absl::InfiniteDuration()), 1);
  EXPECT_EQ(fds[0].revents, 0);
  EXPECT_EQ(fds[1].revents, POLLIN);
}

TEST(FakeClockPollTest, WithoutTimeItReturnsAtOnce) {
  FakeClock clock;
  const EventFd quiet;
  pollfd fds[] = {quiet.entry()};
  EXPECT_EQ(clock.Poll(absl::MakeSpan(fds), absl::ZeroDuration()), 0);
  EXPECT_EQ(clock.Poll(absl::MakeSpan(fds), -absl::Seconds(1)), 0);
}

TEST(FakeClockPollTest, AdvanceEndsItWhenItsTimeIsOver) {
  FakeClock clock;
  const EventFd quiet;
  int result = -1;
  std::thread poller([&] {
    pollfd fds[] = {quiet.entry()};
    result = clock.Poll(absl::MakeSpan(fds), absl::Seconds(2));
    EXPECT_EQ(fds[0].revents, 0);
  });
  clock.AwaitTimers(1);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(clock.waiters(), 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(clock.waiters(), 0);
  poller.join();
  EXPECT_EQ(result, 0);
}

TEST(FakeClockPollTest, ADescriptorThatBecomesReadyEndsItBeforeItsTime) {
  FakeClock clock;
  const EventFd descriptor;
  for (absl::Duration timeout : {absl::Seconds(2), absl::InfiniteDuration()}) {
    const EventFd other;
    std::thread poller([&] {
      pollfd fds[] = {descriptor.entry(), other.entry()};
      EXPECT_EQ(clock.Poll(absl::MakeSpan(fds), timeout), 1);
      EXPECT_EQ(fds[0].revents, 0);
      EXPECT_EQ(fds[1].revents, POLLIN);
    });
    clock.AwaitWaiters(1);
    other.MakeReadable();
    poller.join();
    EXPECT_EQ(clock.waiters(), 0);
  }
}

TEST(FakeClockPollTest, NoDescriptorsAreASleep) {
  FakeClock clock;
  std::thread poller([&] { EXPECT_EQ(clock.Poll({}, absl::Seconds(1)), 0); });
  clock.AwaitTimers(1);
  clock.Advance(absl::Seconds(1));
  poller.join();
}

}  // namespace
}  // namespace lookout
