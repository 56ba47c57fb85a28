#include "lookout/adapters/docker/stoppable_wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <stop_token>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::docker_internal {
namespace {

class StoppableWaitTest : public ::testing::Test {
 protected:
  ~StoppableWaitTest() override { ::close(fd_); }

  FakeClock clock_;
  std::stop_source stop_;
  StoppableWait wait_{clock_, stop_.get_token()};
  const int fd_ = ::eventfd(0, EFD_CLOEXEC);
};

TEST_F(StoppableWaitTest, EndsWhenTheDescriptorIsReady) {
  std::jthread hand([&] {
    clock_.AwaitWaiters(1);
    ::eventfd_write(fd_, 1);
  });
  EXPECT_EQ(wait_.For(fd_, POLLIN, absl::InfiniteDuration()), absl::OkStatus());
}

TEST_F(StoppableWaitTest, EndsOnStop) {
  std::jthread hand([&] {
    clock_.AwaitWaiters(1);
    stop_.request_stop();
  });
  EXPECT_EQ(wait_.For(fd_, POLLIN, wait_.DeadlineIn(absl::Seconds(1))).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(wait_.Check().code(), absl::StatusCode::kCancelled);
  ::eventfd_write(fd_, 1);
  EXPECT_EQ(wait_.For(fd_, POLLIN, absl::InfiniteDuration()).code(), absl::StatusCode::kCancelled);
}

TEST_F(StoppableWaitTest, SettingTheWallClockNeitherCutsNorStretches) {
  for (const absl::Duration step : {absl::Hours(5), -absl::Hours(10)}) {
    const absl::Duration deadline = wait_.DeadlineIn(absl::Seconds(10));
    clock_.StepWallClock(step);
    std::jthread hand([&] {
      clock_.AwaitTimers(1);
      clock_.StepWallClock(step);
      clock_.Advance(absl::Seconds(9));
      EXPECT_EQ(clock_.timers(), 1);
      clock_.Advance(absl::Seconds(1));
    });
    EXPECT_EQ(wait_.For(fd_, POLLIN, deadline).code(), absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(wait_.DeadlineIn(absl::ZeroDuration()), deadline);
  }
}

TEST_F(StoppableWaitTest, TellsWhichOfTwoIsReady) {
  pollfd quiet = {.fd = fd_, .events = POLLIN, .revents = 0};
  pollfd ready = {.fd = fd_, .events = POLLOUT, .revents = 0};
  EXPECT_EQ(wait_.ForEither(quiet, ready, absl::InfiniteDuration()), absl::OkStatus());
  EXPECT_EQ(quiet.revents, 0);
  EXPECT_EQ(ready.revents, POLLOUT);
}

}  // namespace
}  // namespace lookout::docker_internal
