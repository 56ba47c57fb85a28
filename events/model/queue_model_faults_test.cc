// The model with a fault in it: each is found, and is called what it breaks. Without that, a model whose
// every state is fine would say little.
#include <cstddef>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/model/explore.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_model.h"
#include "lookout/events/model/settings.h"

namespace lookout::queue_model {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMostStates = 200'000;

struct FaultCase {
  Fault fault;
  std::string name;
  std::string setting;
  std::string wrong;
};

std::vector<FaultCase> FaultCases() {
  return {
      {Fault::kArmWakesNobody, "ArmWakesNobody", "BlockInterval",
       "lost wake-up: the thread sleeps over what is buffered, without a timer"},
      {Fault::kAskWakesNobody, "AskWakesNobody", "EarlyInterval",
       "lost wake-up: the thread sleeps over a flush"},
      {Fault::kAsleepSetAfterUnlock, "AsleepSetAfterUnlock", "BlockInterval", "lost wake-up"},
      {Fault::kSignalForgottenByWait, "SignalForgottenByWait", "BlockInterval", "lost wake-up"},
      {Fault::kStopWakesNobody, "StopWakesNobody", "Block", "lost wake-up: the thread sleeps over the stop"},
      {Fault::kSenderWakesNobody, "SenderWakesNobody", "OnSender",
       "lost wake-up: the thread sleeps over a flush"},
      {Fault::kAdmittedNotNotified, "AdmittedNotNotified", "BlockTwo",
       "deadlock: thread 1 ((aa)a) in Push(), for room"},
      {Fault::kAdmittedNotifiesOne, "AdmittedNotifiesOne", "BlockThreeWait",
       "deadlock: thread 2 (aa) in Push(), for room"},
      {Fault::kReleasedNotNotified, "ReleasedNotNotified", "Block",
       "deadlock: thread 1 (aa) in Push(), for room"},
      {Fault::kDoneNotNotified, "DoneNotNotified", "OnSender", "deadlock: thread 3 (F) in Flush()"},
      {Fault::kFinishedNotNotified, "FinishedNotNotified", "StartLate", "deadlock: thread 5 (F) in Flush()"},
      {Fault::kFinishedNotifiesOne, "FinishedNotifiesOne", "Block", "in StopAndWait()"},
      {Fault::kQuietNotNotified, "QuietNotNotified", "DestroyOnSender",
       "deadlock: thread 4 (D) in the destructor, for on_error"},
      {Fault::kExitNotNotified, "ExitNotNotified", "Destroy",
       "deadlock: thread 4 (D) in the destructor, for the thread"},
      {Fault::kSleepsWithoutTimer, "SleepsWithoutTimer", "BlockInterval",
       "the thread sleeps over what is buffered, without a timer"},
      {Fault::kTimeForgotten, "TimeForgotten", "BlockInterval", "no progress"},
      {Fault::kWaitingAsksForNoFlush, "WaitingAsksForNoFlush", "EarlyInterval",
       "a sender waits under kFlushEarly, and no early flush is asked for"},
      {Fault::kLeftWaitingAsksForNoFlush, "LeftWaitingAsksForNoFlush", "EarlyInterval",
       "a sender waits under kFlushEarly, and no early flush is asked for"},
      {Fault::kTakenCountedLate, "TakenCountedLate", "BlockInterval",
       "Flush() returns true, and an event pushed before it has not been flushed"},
      {Fault::kDoneCountedEarly, "DoneCountedEarly", "OnSender",
       "Flush() returns true, and an event pushed before it has not been flushed"},
      {Fault::kFlushedCountedLate, "FlushedCountedLate", "Block", "flushed is not what was handed over"},
      {Fault::kInHandForgotten, "InHandForgotten", "Block",
       "received is not flushed + dropped + merged + discarded + depth"},
      {Fault::kTakesWithoutEmptying, "TakesWithoutEmptying", "Block",
       "received is not flushed + dropped + merged + discarded + depth"},
      {Fault::kLineOvertaken, "LineOvertaken", "KeepLatest", "an event overtakes those who wait for room"},
      {Fault::kLatestFirst, "LatestFirst", "BlockThreeWait",
       "senders that wait are not let in by order of arrival"},
      {Fault::kRefusedKept, "RefusedKept", "BlockDrain", "an event is taken after the stop"},
      {Fault::kReleasedAsTaken, "ReleasedAsTaken", "Block",
       "Push() says true of an event that was not taken"},
      {Fault::kMergedNotCounted, "MergedNotCounted", "KeepLatest",
       "received is not flushed + dropped + merged + discarded + depth"},
      {Fault::kMaxBatchIgnored, "MaxBatchIgnored", "BlockBatches", "on_flush gets more than max_batch"},
      {Fault::kSenderIgnoresBatch, "SenderIgnoresBatch", "OnSender",
       "a sender that flushes overtakes what was pushed before"},
      {Fault::kSenderIgnoresBuffer, "SenderIgnoresBuffer", "OnSender",
       "a sender that flushes overtakes what was pushed before"},
      {Fault::kThreadIgnoresSender, "ThreadIgnoresSender", "OnSender",
       "received is not flushed + dropped + merged + discarded + depth"},
      {Fault::kFinishedIgnoresSender, "FinishedIgnoresSender", "OnSenderStop",
       "Stop() returns while on_flush runs"},
      {Fault::kSenderForgetsFinished, "SenderForgetsFinished", "DestroyOnSenderDeadline",
       "deadlock: thread 3 (D) in StopAndWait()"},
      {Fault::kDestructorIgnoresSender, "DestructorIgnoresSender", "DestroyOnSenderDeadline",
       "on_flush runs when the destructor has returned"},
      {Fault::kSenderWaitsInItsOwnFlush, "SenderWaitsInItsOwnFlush", "DestroyInSendersFlush",
       "deadlock: thread 1 (aa) in StopAndWait()"},
      {Fault::kStopReleasesNobody, "StopReleasesNobody", "Block",
       "a sender still waits for room after the stop"},
      {Fault::kStopIgnoresBuffer, "StopIgnoresBuffer", "BlockDrain",
       "at the end something is buffered that nobody will flush"},
      {Fault::kGivenUpHandedOver, "GivenUpHandedOver", "Block",
       "an event is handed over that counts as lost"},
      {Fault::kDeadlineGivesNothingUp, "DeadlineGivesNothingUp", "OnSenderDeadline",
       "on_flush is called after Stop() has returned"},
      {Fault::kStopWaitsInCallback, "StopWaitsInCallback", "FlushFlushesAndStops",
       "deadlock: queue's thread in StopAndWait()"},
      {Fault::kFlushWaitsInCallback, "FlushWaitsInCallback", "FlushFlushesAndStops",
       "queue's thread in Flush()"},
      {Fault::kPushWaitsInCallback, "PushWaitsInCallback", "FlushFlushesAndStops",
       "queue's thread in Push(), for room"},
      {Fault::kDestructorDoesNotJoin, "DestructorDoesNotJoin", "Destroy",
       "the queue's thread runs when the destructor has returned"},
      {Fault::kDestructorTellsOn, "DestructorTellsOn", "DestroyInFlush",
       "on_error is called after the destruction"},
      {Fault::kDestructorJoinsItself, "DestructorJoinsItself", "DestroyInFlush",
       "deadlock: queue's thread in the destructor, for the thread"},
      {Fault::kClockAskedAfterDestruction, "ClockAskedAfterDestruction", "DestroyInFlush",
       "the clock is asked after the destruction"},
      {Fault::kTwoTell, "TwoTell", "FlushReports", "two calls of on_error at once"},
      {Fault::kTellerLeavesOne, "TellerLeavesOne", "DestroyOnSender",
       "at the end an error was reported that nobody will tell"},
      {Fault::kErrorThrowEndsTelling, "ErrorThrowEndsTelling", "FlushReports",
       "at the end an error was reported that nobody will tell"},
      {Fault::kFlushThrowUntold, "FlushThrowUntold", "OnSenderStop",
       "an error is neither told nor counted as dropped"},
      {Fault::kPendingUnbounded, "PendingUnbounded", "ErrorPushesAndStops",
       "more errors wait to be told than their bound"},
      {Fault::kCapacityIgnored, "CapacityIgnored", "Block", "more is buffered than the capacity"},
      {Fault::kForceReloadGivesWay, "ForceReloadGivesWay", "DropOldest", "or is a ForceReload"},
      {Fault::kNewestInsteadOfOldest, "NewestInsteadOfOldest", "DropOldest",
       "what is dropped is not the oldest"},
      {Fault::kLossNotSaid, "LossNotSaid", "DropNewest", "with one ForceReload in the place of the loss"},
      {Fault::kLossSaidTwice, "LossSaidTwice", "DropNewest", "with one ForceReload in the place of the loss"},
      {Fault::kLossSaidInFront, "LossSaidInFront", "DropNewest",
       "with one ForceReload in the place of the loss"},
      {Fault::kMergesAcrossForceReload, "MergesAcrossForceReload", "KeepLatestBarrier",
       "an event merges into none, or across a ForceReload"},
  };
}

class QueueModelFaultsTest : public testing::TestWithParam<FaultCase> {};

TEST_P(QueueModelFaultsTest, IsFound) {
  const FaultCase& which = GetParam();
  const Exploration all = Explore(QueueModel(SettingNamed(which.setting), which.fault), kMostStates);
  EXPECT_THAT(all.wrong, HasSubstr(which.wrong));
  EXPECT_FALSE(all.trace.empty());
  std::printf("%-28s after %6zu states, in %2zu steps: %s\n", which.name.c_str(), all.states,
              all.trace.empty() ? 0 : all.trace.size() - 1, all.wrong.c_str());
}

INSTANTIATE_TEST_SUITE_P(Faults, QueueModelFaultsTest, testing::ValuesIn(FaultCases()),
                         [](const testing::TestParamInfo<FaultCase>& which) { return which.param.name; });

TEST(QueueModelFaultsTest, NoneIsLeftOut) {
  std::set<Fault> faults;
  for (const FaultCase& which : FaultCases()) faults.insert(which.fault);
  EXPECT_EQ(faults.size(), static_cast<std::size_t>(Fault::kEnd) - 1);
}

}  // namespace
}  // namespace lookout::queue_model
