#include "lookout/testing/fake_source.h"

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/mock_receiver.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::InSequence;
using ::testing::IsEmpty;
using ::testing::Return;

Event Start(absl::string_view name) { return ContainerEvent(Action::kContainerStart, name); }

TEST(FakeSourceTest, PlaysItsScriptInOrderAndThenIdles) {
  FakeSource source("script");
  EXPECT_EQ(source.name(), "script");
  source.Emit(Start("a"));
  source.Report(absl::DataLossError("garbled"));
  source.Emit(Start("b"));
  ::testing::StrictMock<MockReceiver> receiver;
  {
    InSequence in_order;
    EXPECT_CALL(receiver, OnReady());
    EXPECT_CALL(receiver, OnEvent(IsEvent(Action::kContainerStart, "a"))).WillOnce(Return(true));
    EXPECT_CALL(receiver, OnError(absl::DataLossError("garbled")));
    EXPECT_CALL(receiver, OnEvent(IsEvent(Action::kContainerStart, "b"))).WillOnce(Return(true));
    EXPECT_CALL(receiver, OnEvent(IsEvent(Action::kContainerStart, "live"))).WillOnce(Return(true));
  }
  SourceRun run(source, receiver);
  source.AwaitIdle();
  source.Emit(Start("live"));
  source.AwaitIdle();
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST(FakeSourceTest, AFailureEndsTheRunAndTheNextOneGoesOnFromThere) {
  FakeSource source;
  source.Emit(Start("a"));
  source.Fail(absl::UnavailableError("gone"));
  source.Emit(Start("b"));
  source.Fail(absl::PermissionDeniedError("no"));
  RecordingReceiver receiver;
  EXPECT_EQ(source.Run({}, receiver), absl::UnavailableError("gone"));
  EXPECT_THAT(receiver.events(), ElementsAre(IsEvent(Action::kContainerStart, "a")));
  EXPECT_EQ(source.Run({}, receiver), absl::PermissionDeniedError("no"));
  EXPECT_EQ(receiver.events().size(), 2u);
  EXPECT_EQ(receiver.ready_count(), 2);
  EXPECT_EQ(source.runs(), 2);
}

TEST(FakeSourceTest, ARunThatFailsBeforeItIsReadyIsNeverReady) {
  FakeSource source;
  source.FailBeforeReady(absl::UnavailableError("refused"));
  RecordingReceiver receiver;
  EXPECT_EQ(source.Run({}, receiver), absl::UnavailableError("refused"));
  EXPECT_EQ(receiver.ready_count(), 0);
  EXPECT_THAT(receiver.events(), IsEmpty());
}

TEST(FakeSourceTest, RunsAndTheirEndCanBeAwaited) {
  FakeSource source;
  RecordingReceiver receiver;
  source.AwaitEnd();  // none is under way
  SourceRun run(source, receiver);
  source.AwaitRuns(1);
  source.Fail(absl::OkStatus());
  source.AwaitEnd();
  EXPECT_EQ(run.AwaitEnd(), absl::OkStatus());
}

}  // namespace
}  // namespace lookout
