#include "lookout/watchers/retrying_sink.h"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/testing/event_builder.h"
#include "lookout/watchers/retrying_sink_harness.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(RetryingSinkTest, ABatchThatIsTakenAtOnceIsTriedOnce) {
  Make({});
  EXPECT_EQ(Write({"a", "b"}), absl::OkStatus());
  EXPECT_THAT(inner_->tries(), ElementsAre("a,b"));
  EXPECT_THAT(dead_, IsEmpty());
  EXPECT_EQ(sink_->counters(), RetryingSinkCounters());
}

TEST_F(RetryingSinkTest, ABatchThatIsTakenLaterIsOkAndCountedAsRecovered) {
  Make(WithoutPauses());
  inner_->Fail(kBusy, 2);
  EXPECT_EQ(Write({"a", "b"}), absl::OkStatus());
  EXPECT_THAT(inner_->tries(), ElementsAre("a,b", "a,b", "a,b"));
  EXPECT_THAT(dead_, IsEmpty());
  EXPECT_EQ(sink_->counters(),
            (RetryingSinkCounters{.retries = 2, .recovered_batches = 1, .recovered_events = 2}));
}

TEST_F(RetryingSinkTest, TheLastTryCounts) {
  Make(WithoutPauses(5));
  inner_->Fail(kBusy, 4);
  EXPECT_EQ(Write({"a"}), absl::OkStatus());
  EXPECT_THAT(inner_->tries(), ElementsAre("a", "a", "a", "a", "a"));
  EXPECT_THAT(dead_, IsEmpty());
}

TEST_F(RetryingSinkTest, NoMoreThanMaxTriesAndThenToTheDeadLetters) {
  Make(WithoutPauses(5));
  inner_->Fail(kBusy, 4);
  inner_->Fail(absl::DataLossError("torn"), 1);  // the fifth
  EXPECT_EQ(Write({"a", "b"}), absl::DataLossError("torn (given up after 5 tries)"));
  EXPECT_THAT(inner_->tries(), ElementsAre("a,b", "a,b", "a,b", "a,b", "a,b"));
  EXPECT_THAT(dead_, ElementsAre("a,b: torn (given up after 5 tries)"));
  EXPECT_EQ(sink_->counters(),
            (RetryingSinkCounters{.retries = 4, .given_up_batches = 1, .given_up_events = 2}));
}

TEST_F(RetryingSinkTest, OneTryIsNoRetry) {
  Make({.max_tries = 1});
  inner_->Fail(kBusy, 1);
  EXPECT_EQ(Write({"a"}), absl::UnavailableError("busy (given up after 1 try)"));
  EXPECT_THAT(inner_->tries(), ElementsAre("a"));
  EXPECT_THAT(dead_, ElementsAre("a: busy (given up after 1 try)"));
}

TEST_F(RetryingSinkTest, WithoutACallbackABatchIsGivenUpAllTheSame) {
  sink_ = std::make_unique<RetryingSink>(std::move(owned_), clock_, WithoutPauses(2));
  inner_->Fail(kBusy, 2);
  EXPECT_EQ(Write({"a"}), absl::UnavailableError("busy (given up after 2 tries)"));
  EXPECT_EQ(sink_->counters().given_up_batches, 1u);
}

TEST_F(RetryingSinkTest, WhatWillNotGoAwayByItselfIsNotTriedAgain) {
  Make({});
  inner_->Fail(absl::PermissionDeniedError("not yours"), 1);
  const auto expected =
      absl::PermissionDeniedError("not yours (given up after 1 try: it will not go away by itself)");
  EXPECT_EQ(Write({"a"}), expected);
  EXPECT_THAT(inner_->tries(), ElementsAre("a"));
  EXPECT_THAT(dead_, ElementsAre(absl::StrCat("a: ", expected.message())));
}

TEST_F(RetryingSinkTest, AFailureThatTurnsPermanentEndsTheTries) {
  Make(WithoutPauses());
  inner_->Fail(kBusy, 1);
  inner_->Fail(absl::FailedPreconditionError("closed"), 1);
  EXPECT_EQ(Write({"a"}),
            absl::FailedPreconditionError("closed (given up after 2 tries: it will not go away by itself)"));
  EXPECT_THAT(inner_->tries(), ElementsAre("a", "a"));
}

TEST_F(RetryingSinkTest, PausesDoubleUpToTheBound) {
  RetryingSinkOptions options = Seconds(1, 5);
  options.max_tries = 6;
  Make(std::move(options));
  inner_->Fail(kBusy, 5);
  StartWriting({"a"});
  for (int seconds : {1, 2, 4, 5, 5}) ExpectNextTryAfter(absl::Seconds(seconds));
  EXPECT_EQ(Join(), absl::OkStatus());
}

TEST_F(RetryingSinkTest, PausesBeginAnewWithEachBatch) {
  Make(Seconds(1, 60));
  inner_->Fail(kBusy, 2);
  StartWriting({"a"});
  for (int seconds : {1, 2}) ExpectNextTryAfter(absl::Seconds(seconds));
  EXPECT_EQ(Join(), absl::OkStatus());
  inner_->Fail(kBusy, 1);
  StartWriting({"b"});
  ExpectNextTryAfter(absl::Seconds(1));
  EXPECT_EQ(Join(), absl::OkStatus());
}

TEST_F(RetryingSinkTest, ByDefaultABatchWaitsASecondAndAHalfAtMost) {
  Make({.jitter = 0});
  inner_->Fail(kBusy, 5);
  StartWriting({"a"});
  for (int milliseconds : {100, 200, 400, 800}) ExpectNextTryAfter(absl::Milliseconds(milliseconds));
  EXPECT_EQ(Join().code(), absl::StatusCode::kUnavailable);
}

TEST_F(RetryingSinkTest, JitterOnlyShortensAPause) {
  Make({.first_delay = absl::Seconds(10), .jitter = 0.5});
  inner_->Fail(kBusy, 1);
  StartWriting({"a"});
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(5) - absl::Nanoseconds(1));
  clock_.AwaitTimers(1);
  EXPECT_EQ(inner_->tries().size(), 1u);
  clock_.Advance(absl::Seconds(5) + absl::Nanoseconds(1));
  EXPECT_EQ(Join(), absl::OkStatus());
}

TEST_F(RetryingSinkTest, SettingTheWallClockNeitherCutsNorStretchesAPause) {
  for (absl::Duration step : {absl::Hours(24), -absl::Hours(24)}) {
    owned_ = std::make_unique<ScriptedSink>();
    ScriptedSink& inner = *owned_;
    Make(Seconds(10, 10));
    inner.Fail(kBusy, 1);
    StartWriting({"a"});
    clock_.AwaitTimers(1);
    clock_.StepWallClock(step);
    clock_.Advance(absl::Seconds(10) - absl::Nanoseconds(1));
    clock_.AwaitTimers(1);
    EXPECT_EQ(inner.tries().size(), 1u);
    clock_.Advance(absl::Nanoseconds(1));
    EXPECT_EQ(Join(), absl::OkStatus());
  }
}

TEST_F(RetryingSinkTest, ABatchThatIsTriedAgainIsNotOvertaken) {
  Make(Seconds(1, 1));
  inner_->Fail(kBusy, 2);
  EventQueue queue(
      "q", clock_, {.flush_interval = absl::ZeroDuration(), .on_stop = OnStop::kDrain},
      [&](absl::Span<Event> batch) { sink_->Write(batch).IgnoreError(); }, [](absl::Status) {});
  ASSERT_TRUE(queue.Start().ok());
  queue.Push(ContainerEvent(Action::kContainerStart, "a"));
  clock_.AwaitTimers(1);
  queue.Push(ContainerEvent(Action::kContainerStart, "b"));
  queue.Push(ContainerEvent(Action::kContainerStart, "c"));
  for (int i = 0; i < 2; ++i) ExpectNextTryAfter(absl::Seconds(1));
  EXPECT_TRUE(queue.Flush());
  EXPECT_THAT(inner_->tries(), ElementsAre("a", "a", "a", "b,c"));
}

TEST_F(RetryingSinkTest, WhatTheSinkThrowsIsAFailureLikeAnother) {
  Make(WithoutPauses(2));
  inner_->Add([]() -> absl::Status { throw std::runtime_error("disk on fire"); });
  EXPECT_EQ(Write({"a"}), absl::OkStatus());
  inner_->Fail(kBusy, 1);
  inner_->Add([]() -> absl::Status { throw 7; });
  EXPECT_EQ(Write({"b"}), absl::InternalError("threw: int (given up after 2 tries)"));
  EXPECT_THAT(inner_->tries(), ElementsAre("a", "a", "b", "b"));
}

TEST_F(RetryingSinkTest, WhatTheCallbackThrowsIsContainedAndSaid) {
  Make({.max_tries = 1, .on_dead_letters = [](absl::Span<const Event>, const absl::Status&) {
          throw std::runtime_error("spool full");
        }});
  inner_->Fail(kBusy, 1);
  EXPECT_EQ(Write({"a"}),
            absl::UnavailableError(
                "busy (given up after 1 try); on_dead_letters threw: std::runtime_error: spool full"));
  EXPECT_EQ(sink_->counters().given_up_batches, 1u);
  EXPECT_EQ(Write({"b"}), absl::OkStatus());
}

TEST_F(RetryingSinkTest, TheCallbackMayAskAndGiveUp) {
  RetryingSinkCounters seen;
  Make({.max_tries = 1, .on_dead_letters = [&](absl::Span<const Event>, const absl::Status&) {
          sink_->GiveUp();
          seen = sink_->counters();
        }});
  inner_->Fail(kBusy, 1);
  EXPECT_FALSE(Write({"a"}).ok());
  EXPECT_EQ(seen, (RetryingSinkCounters{.given_up_batches = 1, .given_up_events = 1}));
}

TEST_F(RetryingSinkTest, OptionsThatMakeNoSenseAreSaidNothingIsTriedAndNothingLost) {
  struct Case {
    RetryingSinkOptions options;
    std::string says;
  };
  std::vector<Case> cases;
  cases.push_back({{.first_delay = -absl::Nanoseconds(1)}, "first_delay must be zero or more and finite"});
  cases.push_back({{.first_delay = absl::InfiniteDuration()}, "first_delay must be zero or more and finite"});
  cases.push_back({{.max_delay = -absl::Seconds(1)}, "max_delay must be zero or more and finite, not -1s"});
  cases.push_back({{.max_delay = absl::InfiniteDuration()}, "max_delay must be zero or more and finite"});
  cases.push_back({{.factor = 0.5}, "factor must be at least 1 and finite, not 0.5"});
  cases.push_back({{.factor = HUGE_VAL}, "factor must be at least 1 and finite"});
  cases.push_back({{.factor = std::nan("")}, "factor must be at least 1 and finite"});
  cases.push_back({{.jitter = -0.1}, "jitter must be 0 to 1, not -0.1"});
  cases.push_back({{.jitter = 1.1}, "jitter must be 0 to 1, not 1.1"});
  cases.push_back({{.jitter = std::nan("")}, "jitter must be 0 to 1"});
  cases.push_back({{.max_tries = 0}, "max_tries must be at least 1, not 0"});
  for (Case& c : cases) {
    owned_ = std::make_unique<ScriptedSink>();
    ScriptedSink& inner = *owned_;
    dead_.clear();
    Make(std::move(c.options));
    const absl::Status status = Write({"a"});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says));
    EXPECT_THAT(inner.tries(), IsEmpty());
    EXPECT_THAT(dead_, ElementsAre(HasSubstr(c.says)));
  }
}

TEST_F(RetryingSinkTest, OptionsAtTheirBoundsMakeSense) {
  Make({.first_delay = absl::ZeroDuration(),
        .max_delay = absl::ZeroDuration(),
        .factor = 1,
        .jitter = 1,
        .max_tries = 2});
  inner_->Fail(kBusy, 1);
  EXPECT_EQ(Write({"a"}), absl::OkStatus());
}

}  // namespace
}  // namespace lookout
