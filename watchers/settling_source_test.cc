#include "lookout/watchers/settling_source.h"

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_source.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kQuiet = absl::Milliseconds(200);

// A SettlingSource around a FakeSource.
class SettlingSourceTest : public ::testing::Test {
 protected:
  void Emit(Action action, absl::string_view path) { inner_->Emit(FileEvent(action, path)); }
  // The inner source has told all that was emitted, and the timer is set for it.
  void AwaitPending() {
    inner_->AwaitIdle();
    clock_.AwaitTimers(1);
  }

  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<FakeSource> owned_ = std::make_unique<FakeSource>("files");
  FakeSource* const inner_ = owned_.get();
  SettlingSource source_{std::move(owned_), clock_, {.quiet = kQuiet}};
};

TEST_F(SettlingSourceTest, TellsABurstWhenItIsQuiet) {
  SourceRun run(source_, receiver_);
  Emit(Action::kFileCreated, "f");
  for (int i = 0; i < 5; ++i) Emit(Action::kFileWritten, "f");
  AwaitPending();
  clock_.Advance(kQuiet - absl::Nanoseconds(1));
  clock_.AwaitTimers(1);
  EXPECT_THAT(receiver_.events(), IsEmpty());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileCreated, "f")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "f")));
}

TEST_F(SettlingSourceTest, AWriteStartsTheQuietAnew) {
  SourceRun run(source_, receiver_);
  Emit(Action::kFileWritten, "f");
  AwaitPending();
  clock_.Advance(absl::Milliseconds(150));
  Emit(Action::kFileWritten, "f");
  inner_->AwaitIdle();
  clock_.Advance(absl::Milliseconds(50));  // when the first alone would be due
  clock_.AwaitTimers(1);
  EXPECT_THAT(receiver_.events(), IsEmpty());
  clock_.Advance(absl::Milliseconds(150));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "f")));
}

TEST_F(SettlingSourceTest, WritesThatDoNotEndAreToldAtMaxWait) {
  SourceRun run(source_, receiver_);
  for (int i = 0; i < 40; ++i) {  // 2 s
    Emit(Action::kFileWritten, "f");
    AwaitPending();
    EXPECT_THAT(receiver_.events(), IsEmpty());
    clock_.Advance(absl::Milliseconds(50));
  }
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "f")));
}

TEST_F(SettlingSourceTest, SettingTheWallClockChangesNothing) {
  for (const absl::Duration step : {absl::Hours(1), -absl::Hours(2)}) {
    receiver_.Clear();
    SourceRun run(source_, receiver_);
    Emit(Action::kFileWritten, "a");
    AwaitPending();
    clock_.Advance(absl::Milliseconds(150));
    clock_.StepWallClock(step);
    Emit(Action::kFileWritten, "b");
    inner_->AwaitIdle();
    clock_.Advance(absl::Milliseconds(49));
    clock_.AwaitTimers(1);
    EXPECT_THAT(receiver_.events(), IsEmpty()) << step;
    clock_.Advance(absl::Milliseconds(1));
    EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "a"))) << step;
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Milliseconds(150));
    receiver_.WaitForCount(2);
    EXPECT_EQ(run.Stop(), absl::OkStatus());
  }
}

TEST_F(SettlingSourceTest, NothingPendingIsNoTimer) {
  SourceRun run(source_, receiver_);
  inner_->AwaitIdle();
  clock_.AwaitWaiters(1);
  EXPECT_EQ(clock_.timers(), 0);
  Emit(Action::kFileCreated, "lock");
  AwaitPending();
  EXPECT_EQ(clock_.timers(), 1);
  Emit(Action::kFileDeleted, "lock");
  inner_->AwaitIdle();
  // Its net effect is nothing: the thread is woken and waits without a timer. It waits for nothing else, so
  // this ends.
  while (clock_.timers() > 0) clock_.AwaitWaiters(1);
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

TEST_F(SettlingSourceTest, ReadinessAndErrorsPassAtOnce) {
  SourceRun run(source_, receiver_);
  receiver_.WaitForReady();
  Emit(Action::kFileWritten, "f");
  inner_->Report(absl::UnavailableError("hm"));
  EXPECT_THAT(receiver_.WaitForErrors(1), ElementsAre(absl::UnavailableError("hm")));
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

TEST_F(SettlingSourceTest, AForceReloadIsNeitherHeldNorOvertaken) {
  SourceRun run(source_, receiver_);
  Emit(Action::kFileWritten, "f");
  inner_->Emit(MakeForceReload(EventType::kFile, "r", "overflow", clock_.TimeNow()));
  Emit(Action::kFileWritten, "f");
  EXPECT_THAT(receiver_.WaitForCount(2), ElementsAre(IsEvent(Action::kFileWritten, "f"), IsForceReload("r")));
}

TEST_F(SettlingSourceTest, ContainersDoNotWait) {
  SourceRun run(source_, receiver_);
  Emit(Action::kFileWritten, "f");
  inner_->Emit(ContainerEvent(Action::kContainerStart, "nginx"));
  inner_->Emit(ContainerEvent(Action::kContainerDie, "nginx"));
  EXPECT_THAT(receiver_.WaitForCount(2), ElementsAre(IsEvent(Action::kContainerStart, "nginx"),
                                                     IsEvent(Action::kContainerDie, "nginx")));
}

TEST_F(SettlingSourceTest, WhatIsPendingAtAStopIsTold) {
  SourceRun run(source_, receiver_);
  Emit(Action::kFileWritten, "f");
  AwaitPending();
  EXPECT_EQ(run.Stop(), absl::OkStatus());
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "f")));
}

TEST_F(SettlingSourceTest, WhatIsPendingWhenTheInnerSourceFailsIsToldAndItsFailureReturned) {
  Emit(Action::kFileWritten, "f");
  inner_->Fail(absl::UnavailableError("gone"));
  EXPECT_EQ(source_.Run({}, receiver_), absl::UnavailableError("gone"));
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "f")));
}

TEST_F(SettlingSourceTest, ARefusalByWhoTellsWhenDueEndsTheInnerSource) {
  receiver_.RefuseAfter(0);
  SourceRun run(source_, receiver_);
  Emit(Action::kFileWritten, "a");
  Emit(Action::kFileWritten, "b");
  AwaitPending();
  clock_.Advance(kQuiet);
  EXPECT_EQ(run.AwaitEnd(), absl::OkStatus()) << "though it idled";
  EXPECT_EQ(receiver_.refused(), 1) << "and nothing more is offered";
}

TEST_F(SettlingSourceTest, ARefusalWithinTheInnerSourcesCallIsItsAnswer) {
  receiver_.RefuseAfter(0);
  Emit(Action::kFileWritten, "pending");
  inner_->Emit(ContainerEvent(Action::kContainerStart, "nginx"));
  Emit(Action::kFileWritten, "never played");
  EXPECT_EQ(source_.Run({}, receiver_), absl::OkStatus());
  EXPECT_EQ(receiver_.refused(), 1);
}

TEST_F(SettlingSourceTest, ARefusalHidesAFailure) {
  receiver_.RefuseAfter(0);
  Emit(Action::kFileWritten, "f");
  inner_->Fail(absl::UnavailableError("gone"));
  EXPECT_EQ(source_.Run({}, receiver_), absl::OkStatus());
}

TEST_F(SettlingSourceTest, AtTheBoundAllIsToldAtOnce) {
  auto owned = std::make_unique<FakeSource>();
  FakeSource& inner = *owned;
  SettlingSource source(std::move(owned), clock_, {.quiet = kQuiet, .max_pending = 3});
  SourceRun run(source, receiver_);
  for (const absl::string_view path : {"a", "b", "a", "c"}) inner.Emit(FileEvent(Action::kFileWritten, path));
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kFileWritten, "a"), IsEvent(Action::kFileWritten, "b"),
                          IsEvent(Action::kFileWritten, "c")));
}

// A receiver that is full until it is let go.
class BlockingReceiver final : public Receiver {
 public:
  void OnReady() override {}
  bool OnEvent(Event) override {
    if (!blocked.HasBeenNotified()) blocked.Notify();
    go_on.WaitForNotification();
    return true;
  }
  void OnError(absl::Status) override {}

  absl::Notification blocked, go_on;
};

TEST_F(SettlingSourceTest, TheClockCanBeMovedWhileTheReceiverBlocks) {
  BlockingReceiver receiver;
  SourceRun run(source_, receiver);
  Emit(Action::kFileWritten, "f");
  AwaitPending();
  inner_->Emit(ContainerEvent(Action::kContainerStart, "nginx"));
  receiver.blocked.WaitForNotification();
  clock_.Advance(kQuiet);  // the one who could make room may be waiting for it
  receiver.go_on.Notify();
}

// A receiver that asks for the stop itself, as one that has had enough does.
class StoppingReceiver final : public Receiver {
 public:
  explicit StoppingReceiver(std::stop_source& stop) : stop_(stop) {}
  void OnReady() override {}
  bool OnEvent(Event) override { return stop_.request_stop(); }
  void OnError(absl::Status) override {}

 private:
  std::stop_source& stop_;
};

TEST_F(SettlingSourceTest, AStopMayBeRequestedFromWithinTheReceiver) {
  std::stop_source stop;
  StoppingReceiver receiver(stop);
  inner_->Emit(ContainerEvent(Action::kContainerStart, "nginx"));
  EXPECT_EQ(source_.Run(stop.get_token(), receiver), absl::OkStatus());
}

TEST_F(SettlingSourceTest, ItIsNamedAsItsInnerSource) { EXPECT_EQ(source_.name(), "files"); }

TEST(SettlingSourceDeathTest, OptionsThatMakeNoSense) {
  FakeClock clock;
  const auto make = [&clock](SettlingOptions options) {
    SettlingSource source(std::make_unique<FakeSource>(), clock, options);
  };
  EXPECT_DEATH(make({.quiet = absl::ZeroDuration()}), "quiet");
  EXPECT_DEATH(make({.quiet = absl::InfiniteDuration()}), "quiet");
  EXPECT_DEATH(make({.quiet = kQuiet, .max_wait = kQuiet / 2}), "max_wait");
  EXPECT_DEATH(make({.quiet = kQuiet, .max_pending = 0}), "max_pending");
}

}  // namespace
}  // namespace lookout
