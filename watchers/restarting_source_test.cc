#include "lookout/watchers/restarting_source.h"

#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_source.h"
#include "lookout/testing/recording_receiver.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A RestartingSource around a FakeSource, run by a thread until the test ends.
class RestartingSourceTest : public ::testing::Test {
 protected:
  void Start(RestartingSourceOptions options) {
    options.on_reconnect = [this] { ++reconnects_; };
    source_ = std::make_unique<RestartingSource>(std::move(owned_), clock_, std::move(options));
    thread_ = std::jthread([this](std::stop_token stop) { result_ = source_->Run(stop, receiver_); });
  }
  absl::Status Stop() {
    thread_.request_stop();
    return Join();
  }
  absl::Status Join() {
    thread_.join();
    return result_;
  }
  // Expects that the next attempt begins after `delay` and not a nanosecond before.
  void ExpectNextAttemptAfter(absl::Duration delay) {
    clock_.AwaitWaiters(1);
    const int runs = inner_->runs();
    clock_.Advance(delay - absl::Nanoseconds(1));
    clock_.AwaitWaiters(1);
    EXPECT_EQ(inner_->runs(), runs);
    clock_.Advance(absl::Nanoseconds(1));
    inner_->AwaitRuns(runs + 1);
  }

  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<FakeSource> owned_ = std::make_unique<FakeSource>("engine");
  FakeSource* const inner_ = owned_.get();
  int reconnects_ = 0;
  absl::Status result_;
  std::unique_ptr<RestartingSource> source_;
  std::jthread thread_;
};

const auto kGone = absl::UnavailableError("gone");

TEST_F(RestartingSourceTest, PausesGrowExponentiallyUpToTheCap) {
  for (int i = 0; i < 5; ++i) inner_->FailBeforeReady(kGone);
  Start({.initial_delay = absl::Seconds(1), .max_delay = absl::Seconds(5), .jitter = 0});
  for (int seconds : {1, 2, 4, 5, 5}) ExpectNextAttemptAfter(absl::Seconds(seconds));
  EXPECT_TRUE(Stop().ok());
}

TEST_F(RestartingSourceTest, PausesBeginAnewAfterSuccess) {
  inner_->FailBeforeReady(kGone);
  inner_->FailBeforeReady(kGone);
  inner_->Fail(kGone);  // was ready
  Start({.initial_delay = absl::Seconds(1), .jitter = 0});
  for (int seconds : {1, 2, 1}) ExpectNextAttemptAfter(absl::Seconds(seconds));
  EXPECT_TRUE(Stop().ok());
}

TEST_F(RestartingSourceTest, JitterOnlyShortensAPause) {
  inner_->FailBeforeReady(kGone);
  Start({.initial_delay = absl::Seconds(10), .jitter = 0.5});
  clock_.AwaitWaiters(1);
  clock_.Advance(absl::Seconds(5) - absl::Nanoseconds(1));
  clock_.AwaitWaiters(1);
  EXPECT_EQ(inner_->runs(), 1);
  clock_.Advance(absl::Seconds(5) + absl::Nanoseconds(1));
  inner_->AwaitRuns(2);
  EXPECT_TRUE(Stop().ok());
}

TEST_F(RestartingSourceTest, TellsEachFailureWithItsAttemptAndThePause) {
  inner_->FailBeforeReady(kGone);
  Start({.initial_delay = absl::Seconds(1), .jitter = 0});
  EXPECT_THAT(receiver_.WaitForErrors(1),
              ElementsAre(absl::UnavailableError("engine: gone (failure 1 in a row; next try in 1s)")));
  EXPECT_TRUE(Stop().ok());
}

TEST_F(RestartingSourceTest, IsReadyOnceAndTellsOfReconnection) {
  inner_->Emit(ContainerEvent(Action::kContainerStart, "a"));
  inner_->Fail(kGone);
  inner_->Emit(ContainerEvent(Action::kContainerStop, "a"));
  Start({.initial_delay = absl::Seconds(1), .jitter = 0});
  ExpectNextAttemptAfter(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(2),
              ElementsAre(IsEvent(Action::kContainerStart, "a"), IsEvent(Action::kContainerStop, "a")));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(receiver_.ready_count(), 1);
  EXPECT_EQ(reconnects_, 1);
}

TEST_F(RestartingSourceTest, ReturnsAFailureThatStays) {
  inner_->FailBeforeReady(absl::PermissionDeniedError("not yours"));
  Start({});
  EXPECT_EQ(Join(), absl::PermissionDeniedError("not yours"));
  EXPECT_EQ(inner_->runs(), 1);
  EXPECT_THAT(receiver_.errors(), SizeIs(0));
}

TEST_F(RestartingSourceTest, EndsWithItsSource) {
  inner_->Fail(absl::OkStatus());
  Start({});
  EXPECT_TRUE(Join().ok());
  EXPECT_EQ(inner_->runs(), 1);
}

TEST_F(RestartingSourceTest, EndsWhenNobodyTakesEvents) {
  receiver_.RefuseAfter(0);
  inner_->Emit(ContainerEvent(Action::kContainerStart, "a"));
  Start({});
  EXPECT_TRUE(Join().ok());
}

TEST_F(RestartingSourceTest, StopsDuringAPause) {
  inner_->FailBeforeReady(kGone);
  Start({.initial_delay = absl::Hours(1)});
  clock_.AwaitWaiters(1);
  EXPECT_TRUE(Stop().ok());
}

}  // namespace
}  // namespace lookout
