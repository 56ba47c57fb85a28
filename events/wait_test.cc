#include "lookout/events/wait.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_clock.h"

namespace lookout {
namespace {

// A clock that is nobody's PollableClock, and stands still. Its waits are Abseil's.
class PlainClockTest : public ::testing::Test {
 protected:
  absl::SimulatedClock clock_{absl::FromUnixSeconds(1000)};
};

class Descriptor {
 public:
  Descriptor() : fd_(::eventfd(0, EFD_CLOEXEC)) {}
  ~Descriptor() { ::close(fd_); }
  void MakeReadable() const { EXPECT_EQ(::eventfd_write(fd_, 1), 0); }
  pollfd entry() const { return {.fd = fd_, .events = POLLIN, .revents = 0}; }

 private:
  const int fd_;
};

TEST_F(PlainClockTest, TimePassesAsItsTimeDoes) {
  const absl::Duration start = TimePassed(clock_);
  clock_.AdvanceTime(absl::Seconds(3));
  EXPECT_EQ(TimePassed(clock_) - start, absl::Seconds(3));
}

TEST_F(PlainClockTest, AwaitForIsTrueAtOnceIfTheConditionHolds) {
  absl::Mutex mu;
  bool yes = true;
  absl::MutexLock lock(mu);
  EXPECT_TRUE(AwaitFor(clock_, mu, absl::Condition(&yes), absl::InfiniteDuration()));
  EXPECT_TRUE(AwaitFor(clock_, mu, absl::Condition(&yes), absl::ZeroDuration()));
}

TEST_F(PlainClockTest, AwaitForIsFalseAtOnceIfThereIsNoTime) {
  absl::Mutex mu;
  bool no = false;
  absl::MutexLock lock(mu);
  EXPECT_FALSE(AwaitFor(clock_, mu, absl::Condition(&no), absl::ZeroDuration()));
  EXPECT_FALSE(AwaitFor(clock_, mu, absl::Condition(&no), -absl::Hours(1)));
}

TEST_F(PlainClockTest, AwaitForCountsFromTheReadingItIsGiven) {
  absl::Mutex mu;
  bool no = false;
  const absl::Time reading = clock_.TimeNow();
  clock_.AdvanceTime(absl::Seconds(1));
  absl::MutexLock lock(mu);
  EXPECT_FALSE(AwaitFor(clock_, mu, absl::Condition(&no), absl::Seconds(1), reading)) << "it is over";
}

TEST_F(PlainClockTest, PollForOfAnotherClockIsTheKernels) {
  const Descriptor descriptor;
  pollfd fds[] = {descriptor.entry()};
  for (absl::Duration none : {absl::ZeroDuration(), -absl::Seconds(1), absl::Nanoseconds(1) / 4}) {
    EXPECT_EQ(PollFor(clock_, absl::MakeSpan(fds), none), 0);
  }
  descriptor.MakeReadable();
  for (absl::Duration timeout : {absl::ZeroDuration(), absl::Hours(24 * 365 * 1000),
                                 absl::Seconds(std::int64_t{1} << 62), absl::InfiniteDuration()}) {
    fds[0].revents = 0;
    EXPECT_EQ(PollFor(clock_, absl::MakeSpan(fds), timeout), 1) << timeout;
    EXPECT_EQ(fds[0].revents, POLLIN);
  }
}

TEST_F(PlainClockTest, PollForUnderAPollableClockIsThatClocks) {
  FakeClock fake;
  const Descriptor descriptor;
  int result = -1;
  std::thread poller([&] {
    pollfd fds[] = {descriptor.entry()};
    result = PollFor(fake, absl::MakeSpan(fds), absl::Hours(1));
  });
  fake.AwaitTimers(1);
  fake.Advance(absl::Hours(1));
  poller.join();
  EXPECT_EQ(result, 0);
}

TEST(SleepUnlessStoppedTest, IsTrueWhenTheTimeIsOver) {
  FakeClock clock;
  bool slept = false;
  std::thread sleeper([&] { slept = SleepUnlessStopped(clock, {}, absl::Minutes(1)); });
  clock.AwaitTimers(1);
  clock.Advance(absl::Minutes(1) - absl::Nanoseconds(1));
  EXPECT_EQ(clock.timers(), 1);
  clock.Advance(absl::Nanoseconds(1));
  sleeper.join();
  EXPECT_TRUE(slept);
}

TEST(SleepUnlessStoppedTest, IsFalseAtOnceWhenStopped) {
  FakeClock clock;
  std::stop_source stop;
  bool slept = true;
  std::thread sleeper([&] { slept = SleepUnlessStopped(clock, stop.get_token(), absl::Minutes(1)); });
  clock.AwaitTimers(1);
  stop.request_stop();
  sleeper.join();
  EXPECT_FALSE(slept);
  EXPECT_FALSE(SleepUnlessStopped(clock, stop.get_token(), absl::Minutes(1))) << "stopped before";
}

TEST(SleepUnlessStoppedTest, NoTimeIsOverAtOnce) {
  FakeClock clock;
  EXPECT_TRUE(SleepUnlessStopped(clock, {}, absl::ZeroDuration()));
  EXPECT_TRUE(SleepUnlessStopped(clock, {}, -absl::Seconds(1)));
}

TEST(StopFdTest, IsReadableOnceStopIsRequestedAndStaysSo) {
  FakeClock clock;
  std::stop_source stop;
  const StopFd fd(stop.get_token());
  ASSERT_TRUE(fd.ok());
  pollfd fds[] = {fd.entry()};
  EXPECT_EQ(PollFor(clock, absl::MakeSpan(fds), absl::ZeroDuration()), 0);
  stop.request_stop();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(PollFor(clock, absl::MakeSpan(fds), absl::ZeroDuration()), 1);
}

TEST(StopFdTest, IsReadableFromTheStartIfStopWasRequestedBefore) {
  FakeClock clock;
  std::stop_source stop;
  stop.request_stop();
  const StopFd fd(stop.get_token());
  pollfd fds[] = {fd.entry()};
  EXPECT_EQ(PollFor(clock, absl::MakeSpan(fds), absl::InfiniteDuration()), 1);
}

TEST(StopFdTest, WakesAPollWithoutTimeout) {
  FakeClock clock;
  std::stop_source stop;
  std::thread poller([&] {
    const StopFd fd(stop.get_token());
    pollfd fds[] = {fd.entry()};
    EXPECT_EQ(PollFor(clock, absl::MakeSpan(fds), absl::InfiniteDuration()), 1);
  });
  clock.AwaitWaiters(1);
  stop.request_stop();
  poller.join();
}

TEST(StopFdTest, ItsDescriptorIsGoneWithItAndAStopAfterwardsTouchesNothing) {
  std::stop_source stop;
  std::optional<StopFd> fd(std::in_place, stop.get_token());
  const int number = fd->entry().fd;
  fd.reset();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "closed";
  // Another descriptor may have the number by now: it must not be written to.
  const Descriptor next;
  stop.request_stop();
  FakeClock clock;
  pollfd fds[] = {next.entry()};
  EXPECT_EQ(PollFor(clock, absl::MakeSpan(fds), absl::ZeroDuration()), 0);
}

TEST(StopFdTest, WithoutAStopStateItIsNeverReadable) {
  FakeClock clock;
  const StopFd fd{std::stop_token()};
  ASSERT_TRUE(fd.ok());
  pollfd fds[] = {fd.entry()};
  EXPECT_EQ(PollFor(clock, absl::MakeSpan(fds), absl::ZeroDuration()), 0);
}

}  // namespace
}  // namespace lookout
