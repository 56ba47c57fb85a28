// What RetryingSink does when nobody waits for it any more.
#include <cstdint>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/watchers/retrying_sink.h"
#include "lookout/watchers/retrying_sink_harness.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RetryingSinkGiveUpTest : public RetryingSinkTest {};

TEST_F(RetryingSinkGiveUpTest, GiveUpEndsAPauseAtOnceAndTheBatchGoesToTheDeadLetters) {
  Make(Seconds(1, 3600));
  inner_->Fail(kBusy, 1);
  inner_->Fail(absl::AbortedError("reset"), 1);
  StartWriting({"a"});
  ExpectNextTryAfter(absl::Seconds(1));
  clock_.AwaitTimers(1);
  EXPECT_EQ(sink_->counters().retries, 1u);
  sink_->GiveUp();  // no time passes
  EXPECT_EQ(Join(), absl::AbortedError("reset (given up after 2 tries: nobody waits for it any more)"));
  EXPECT_THAT(inner_->tries(), ElementsAre("a", "a"));
  EXPECT_THAT(dead_, ElementsAre("a: reset (given up after 2 tries: nobody waits for it any more)"));
  EXPECT_EQ(sink_->counters(),
            (RetryingSinkCounters{.retries = 1, .given_up_batches = 1, .given_up_events = 1}));
}

TEST_F(RetryingSinkGiveUpTest, AfterGiveUpEachBatchIsTriedOnce) {
  Make(Seconds(1, 10));
  sink_->GiveUp();
  inner_->Fail(kBusy, 1);
  EXPECT_EQ(Write({"a"}),
            absl::UnavailableError("busy (given up after 1 try: nobody waits for it any more)"));
  EXPECT_EQ(Write({"b"}), absl::OkStatus());
  EXPECT_THAT(inner_->tries(), ElementsAre("a", "b"));
  EXPECT_THAT(dead_, ElementsAre(HasSubstr("a: busy")));
}

TEST_F(RetryingSinkGiveUpTest, AfterGiveUpThereIsNoRetryWithoutAPauseEither) {
  Make(WithoutPauses());
  sink_->GiveUp();
  inner_->Fail(kBusy, 1);
  EXPECT_EQ(Write({"a"}).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(inner_->tries(), ElementsAre("a"));
}

TEST_F(RetryingSinkGiveUpTest, GiveUpReachesTheInnerSinkInTheMiddleOfATry) {
  Make(Seconds(1, 10));
  inner_->Add([this] {
    inner_->AwaitGiveUp();
    return kBusy;
  });
  StartWriting({"a"});
  inner_->AwaitTries(1);
  sink_->GiveUp();
  EXPECT_EQ(Join(), absl::UnavailableError("busy (given up after 1 try: nobody waits for it any more)"));
  EXPECT_THAT(inner_->tries(), ElementsAre("a"));
}

TEST_F(RetryingSinkGiveUpTest, ATryUnderWayAtGiveUpMayStillSucceed) {
  Make(Seconds(1, 10));
  inner_->Add([this] {
    inner_->AwaitGiveUp();
    return absl::OkStatus();
  });
  StartWriting({"a"});
  inner_->AwaitTries(1);
  sink_->GiveUp();
  EXPECT_EQ(Join(), absl::OkStatus());
  EXPECT_THAT(dead_, IsEmpty());
}

TEST_F(RetryingSinkGiveUpTest, GiveUpMayComeFromInsideATryAndMoreThanOnce) {
  Make(Seconds(1, 10));
  inner_->Add([this] {
    sink_->GiveUp();
    sink_->GiveUp();
    return kBusy;
  });
  EXPECT_EQ(Write({"a"}).code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(inner_->give_ups(), 1);
  EXPECT_THAT(inner_->tries(), ElementsAre("a"));
}

TEST_F(RetryingSinkGiveUpTest, WhatTheInnerGiveUpThrowsIsIgnored) {
  Make({});
  inner_->ThrowFromGiveUp();
  EXPECT_NO_THROW(sink_->GiveUp());
  EXPECT_EQ(inner_->give_ups(), 1);
}

TEST_F(RetryingSinkGiveUpTest, GiveUpAtAnyMomentLosesNoBatchAndDoublesNone) {
  constexpr int kBatches = 200;
  Make(WithoutPauses(3));
  for (int i = 0; i < kBatches; ++i) {
    inner_->Fail(kBusy, 1);
    inner_->Add([] { return absl::OkStatus(); });
  }
  int taken = 0;
  std::jthread writer([&] {
    for (int i = 0; i < kBatches; ++i) taken += Write({"a"}).ok() ? 1 : 0;
  });
  inner_->AwaitTries(kBatches / 2);
  sink_->GiveUp();
  writer.join();
  const RetryingSinkCounters counters = sink_->counters();
  EXPECT_EQ(counters.given_up_batches + static_cast<std::uint64_t>(taken), std::uint64_t{kBatches});
  EXPECT_EQ(dead_.size(), counters.given_up_batches);
  EXPECT_EQ(inner_->tries().size(), kBatches + counters.retries);
}

}  // namespace
}  // namespace lookout
