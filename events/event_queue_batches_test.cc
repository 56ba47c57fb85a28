// When batches go, and what is in them.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/event_queue_recorder.h"
#include "lookout/events/queue_observer.h"
#include "lookout/testing/fake_clock.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kInterval = absl::Seconds(1);

class EventQueueBatchesTest : public ::testing::Test {
 protected:
  ~EventQueueBatchesTest() override { recorder_.Release(); }

  // A queue with room enough, started.
  void Start(absl::Duration interval = kInterval, std::size_t max_batch = 0) {
    queue_.emplace("q", clock_,
                   EventQueueOptions{.flush_interval = interval, .capacity = 100, .max_batch = max_batch},
                   recorder_.OnFlush(), recorder_.OnError());
    ASSERT_TRUE(queue_->Start().ok());
    clock_.AwaitWaiters(1);
  }
  void Push(absl::string_view name) { ASSERT_TRUE(queue_->Push(Named(name))); }

  FakeClock clock_;
  QueueRecorder recorder_;
  std::optional<EventQueue> queue_;
};

TEST_F(EventQueueBatchesTest, NoEventNoFlushAndNothingWakes) {
  Start();
  clock_.Advance(100 * kInterval);
  EXPECT_EQ(clock_.timers(), 0) << "an empty queue waits for no time";
  EXPECT_EQ(clock_.waiters(), 1) << "its thread was woken";
  EXPECT_EQ(queue_->counters().flushes, 0u);
}

TEST_F(EventQueueBatchesTest, EventsOfAnIntervalComeInOneBatchInOrderOfArrival) {
  Start();
  Push("a");
  Push("b");
  clock_.Advance(kInterval / 2);
  Push("c");
  EXPECT_THAT(recorder_.batches(), IsEmpty()) << "the interval is not over";
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval / 2);
  EXPECT_THAT(recorder_.WaitForBatches(1), ElementsAre(ElementsAre("a", "b", "c")));

  Push("d");
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  EXPECT_THAT(recorder_.WaitForBatches(2)[1], ElementsAre("d")) << "the buffer was empty again";
}

TEST_F(EventQueueBatchesTest, FlushesFallOnIntervalsCountedFromStart) {
  Start();
  clock_.Advance(4 * kInterval + 0.7 * kInterval);
  Push("a");
  clock_.AwaitTimers(1);
  clock_.Advance(0.29 * kInterval);
  EXPECT_EQ(clock_.timers(), 1) << "0.29 of the remaining 0.3 have passed";
  clock_.Advance(0.01 * kInterval);
  EXPECT_THAT(recorder_.WaitForBatches(1), ElementsAre(ElementsAre("a")));
}

TEST_F(EventQueueBatchesTest, EventsPushedBeforeStartGoWithTheFirstBatch) {
  queue_.emplace("q", clock_, EventQueueOptions{.flush_interval = kInterval}, recorder_.OnFlush(),
                 recorder_.OnError());
  Push("a");
  clock_.Advance(10 * kInterval);
  ASSERT_TRUE(queue_->Start().ok());
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  EXPECT_THAT(recorder_.WaitForBatches(1), ElementsAre(ElementsAre("a")));
}

TEST_F(EventQueueBatchesTest, AnEventAtTheInstantOfTheFlushBeforeTheSwapGoesWithIt) {
  Start();
  recorder_.Hold();
  Push("first");
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);  // the thread is busy: its next swap comes after what follows
  Push("a");
  clock_.Advance(kInterval);
  Push("at-the-instant");
  recorder_.Release();
  EXPECT_THAT(recorder_.WaitForBatches(2),
              ElementsAre(ElementsAre("first"), ElementsAre("a", "at-the-instant")));
}

TEST_F(EventQueueBatchesTest, AnEventAtTheInstantOfTheFlushAfterTheSwapGoesWithTheNext) {
  Start();
  Push("a");
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);
  Push("at-the-instant");
  clock_.AwaitTimers(1);
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a")));
  clock_.Advance(kInterval);
  EXPECT_THAT(recorder_.WaitForBatches(2), ElementsAre(ElementsAre("a"), ElementsAre("at-the-instant")));
  EXPECT_EQ(queue_->counters().received, 2u);
  EXPECT_EQ(queue_->counters().flushed, 2u);
}

TEST_F(EventQueueBatchesTest, AJumpOfTenIntervalsOrOfYearsIsOneFlush) {
  Start();
  std::size_t flushes = 0;
  for (absl::Duration jump : {10 * kInterval, 100 * 365 * absl::Hours(24)}) {
    Push("a");
    clock_.AwaitTimers(1);
    clock_.Advance(jump);
    recorder_.WaitForBatches(++flushes);
    EXPECT_TRUE(queue_->Flush());
    EXPECT_EQ(clock_.timers(), 0);
    EXPECT_EQ(queue_->counters().flushes, flushes);
  }
}

TEST_F(EventQueueBatchesTest, AWallClockSetBackOrAheadNeitherDelaysNorMultipliesFlushes) {
  Start();
  std::size_t batches = 0;
  for (absl::Duration step : {-absl::Hours(1), absl::Hours(1), absl::Hours(1), -absl::Hours(1)}) {
    SCOPED_TRACE(absl::StrCat("set by ", absl::FormatDuration(step)));
    // While an event waits,
    Push(absl::StrCat("before-", batches));
    clock_.AwaitTimers(1);
    clock_.StepWallClock(step);
    clock_.Advance(kInterval);
    EXPECT_EQ(recorder_.WaitForBatches(++batches).size(), batches);
    // and for the first event after it.
    Push(absl::StrCat("after-", batches));
    clock_.AwaitTimers(1);
    clock_.Advance(kInterval);
    EXPECT_EQ(recorder_.WaitForBatches(++batches).size(), batches);
  }
  EXPECT_TRUE(queue_->Flush());
  clock_.Advance(2 * absl::Hours(1));
  EXPECT_EQ(queue_->counters().flushes, batches);
}

TEST_F(EventQueueBatchesTest, AWallClockSetBackDuringAFlushDoesNotDelayWhatGathered) {
  Start();
  recorder_.Hold();
  Push("a");
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);
  Push("b");
  clock_.StepWallClock(-absl::Hours(1));
  recorder_.Release();
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  EXPECT_THAT(recorder_.WaitForBatches(2)[1], ElementsAre("b"));
}

TEST_F(EventQueueBatchesTest, IntervalZeroFlushesAsSoonAsTheLastFlushIsDone) {
  Start(absl::ZeroDuration());
  recorder_.Hold();
  Push("a");
  recorder_.WaitForBatches(1);
  Push("b");
  Push("c");
  EXPECT_EQ(recorder_.batches().size(), 1u);
  recorder_.Release();
  EXPECT_THAT(recorder_.WaitForBatches(2), ElementsAre(ElementsAre("a"), ElementsAre("b", "c")));
  EXPECT_EQ(clock_.timers(), 0);
}

TEST_F(EventQueueBatchesTest, WhatComesDuringASendersFlushIsFlushedAfterItByTheThread) {
  queue_.emplace("q", clock_,
                 EventQueueOptions{.flush_interval = absl::ZeroDuration(), .flush_on_sender = true},
                 recorder_.OnFlush(), recorder_.OnError());
  ASSERT_TRUE(queue_->Start().ok());
  for (std::size_t turn = 0; turn < 50; ++turn) {
    clock_.AwaitWaiters(1);
    recorder_.Hold();
    std::thread sender([&] { Push("a"); });
    recorder_.WaitForBatches(2 * turn + 1);
    Push("b");
    // Time for the thread to find that it is not its turn, and to sleep again.
    for (int i = 0; i < 200; ++i) std::this_thread::yield();
    clock_.AwaitWaiters(1);
    recorder_.Release();
    sender.join();
    EXPECT_THAT(recorder_.WaitForBatches(2 * turn + 2)[2 * turn + 1], ElementsAre("b"));
    EXPECT_TRUE(queue_->Flush());
  }
}

TEST_F(EventQueueBatchesTest, NegativeAndInfiniteIntervalsAreRefusedClearly) {
  for (absl::Duration interval : {-absl::Seconds(1), absl::InfiniteDuration(), -absl::InfiniteDuration()}) {
    EventQueue queue("routes", clock_, {.flush_interval = interval}, recorder_.OnFlush(),
                     recorder_.OnError());
    const absl::Status status = queue.Start();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("flush_interval"));
    EXPECT_THAT(status.message(), HasSubstr("routes"));
    EXPECT_FALSE(queue.Push(Named("a"))) << "it could never be flushed";
  }
}

TEST_F(EventQueueBatchesTest, AFlushThatOutlastsIntervalsIsFollowedAtOnceByAllThatGathered) {
  Start();
  recorder_.Hold();
  Push("a");
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);
  for (absl::string_view name : {"b", "c", "d"}) {
    clock_.Advance(kInterval);
    Push(name);
  }
  clock_.Advance(kInterval / 2);
  EXPECT_EQ(recorder_.batches().size(), 1u) << "never two flushes at once";
  recorder_.Release();  // after 3.5 intervals
  EXPECT_THAT(recorder_.WaitForBatches(2), ElementsAre(ElementsAre("a"), ElementsAre("b", "c", "d")));
  EXPECT_EQ(recorder_.most_at_once(), 1);

  // And the grid goes on: the next point is half an interval away.
  Push("e");
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval / 2);
  EXPECT_THAT(recorder_.WaitForBatches(3)[2], ElementsAre("e"));
}

TEST_F(EventQueueBatchesTest, AFlushOfTwelveIntervalsIsFollowedByOneBatchAndByNoOther) {
  Start();
  recorder_.Hold();
  Push("a");
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);
  Push("b");
  clock_.Advance(12 * kInterval);
  Push("c");
  recorder_.Release();
  EXPECT_THAT(recorder_.WaitForBatches(2), ElementsAre(ElementsAre("a"), ElementsAre("b", "c")));
  EXPECT_TRUE(queue_->Flush());
  EXPECT_EQ(clock_.timers(), 0);
  EXPECT_EQ(queue_->counters().flushes, 2u);
}

TEST_F(EventQueueBatchesTest, EachProducersEventsStayInOrderAcrossBatches) {
  constexpr int kEvents = 2000;
  Start();
  std::vector<std::thread> producers;
  for (const char* producer : {"a", "b"}) {
    producers.emplace_back([this, producer] {
      for (int i = 0; i < kEvents; ++i) queue_->Push(Named(absl::StrCat(producer, i)));
    });
  }
  while (queue_->counters().flushed < 2 * kEvents) {
    clock_.Advance(kInterval);
    std::this_thread::yield();
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_TRUE(queue_->Flush()) << "the last is counted before it is handed over";

  int next_a = 0;
  int next_b = 0;
  for (const std::string& name : recorder_.all()) {
    int number = -1;
    ASSERT_TRUE(absl::SimpleAtoi(absl::string_view(name).substr(1), &number));
    ASSERT_EQ(number, absl::StartsWith(name, "a") ? next_a++ : next_b++);
  }
  EXPECT_EQ(next_a, kEvents);
  EXPECT_EQ(next_b, kEvents);
  EXPECT_GT(recorder_.batches().size(), 1u);
}

TEST_F(EventQueueBatchesTest, AFullBatchDoesNotWaitForTheIntervalAndIsNeverExceeded) {
  Start(kInterval, /*max_batch=*/2);
  recorder_.Hold();
  for (absl::string_view name : {"a", "b"}) Push(name);
  EXPECT_THAT(recorder_.WaitForBatches(1), ElementsAre(ElementsAre("a", "b")));
  for (absl::string_view name : {"c", "d", "e"}) Push(name);
  recorder_.Release();
  EXPECT_THAT(recorder_.WaitForBatches(3),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("c", "d"), ElementsAre("e")));
}

TEST_F(EventQueueBatchesTest, WhatIsNoFullBatchWaitsForTheInterval) {
  Start(kInterval, /*max_batch=*/2);
  Push("a");
  clock_.AwaitTimers(1);
  EXPECT_EQ(queue_->counters().flushes, 0u);
  clock_.Advance(kInterval);
  EXPECT_THAT(recorder_.WaitForBatches(1), ElementsAre(ElementsAre("a")));
}

TEST_F(EventQueueBatchesTest, ABatchIsFullByItsBytesTooAndALargeEventGoesAlone) {
  queue_.emplace(
      "q", clock_,
      EventQueueOptions{
          .flush_interval = kInterval, .capacity = 100, .max_batch_bytes = 2 * ByteSize(Named("a"))},
      recorder_.OnFlush(), recorder_.OnError());
  ASSERT_TRUE(queue_->Start().ok());
  recorder_.Hold();
  for (absl::string_view name : {"a", "b"}) Push(name);
  EXPECT_THAT(recorder_.WaitForBatches(1), ElementsAre(ElementsAre("a", "b")));
  const std::string large(1000, 'x');
  for (const std::string& name : {std::string("c"), large, std::string("d"), std::string("ee")}) Push(name);
  recorder_.Release();
  EXPECT_THAT(recorder_.WaitForBatches(5),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("c"), ElementsAre(large), ElementsAre("d"),
                          ElementsAre("ee")))
      << "a byte too many is too many";
}

TEST_F(EventQueueBatchesTest, AnObserverIsToldOfEachBatch) {
  struct Recorder final : QueueObserver {
    void OnBatch(const BatchReport& batch, const EventQueueCounters& counters) override {
      absl::MutexLock lock(mu);
      reports.push_back(batch);
      flushed = counters.flushed;
    }
    std::size_t Count() {
      absl::MutexLock lock(mu);
      return reports.size();
    }
    absl::Mutex mu;
    std::vector<BatchReport> reports;
    std::uint64_t flushed = 0;
  } observer;
  queue_.emplace("q", clock_,
                 EventQueueOptions{.flush_interval = kInterval, .capacity = 100, .observer = &observer},
                 recorder_.OnFlush(), recorder_.OnError());
  ASSERT_TRUE(queue_->Start().ok());
  clock_.AwaitWaiters(1);
  clock_.Advance(kInterval / 4);
  Push("a");
  Push("b");
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);
  queue_->Stop();
  ASSERT_EQ(observer.Count(), 1u);
  absl::MutexLock lock(observer.mu);
  EXPECT_EQ(observer.reports[0].events, 2u);
  EXPECT_FALSE(observer.reports[0].force_reload);
  EXPECT_FALSE(observer.reports[0].threw);
  EXPECT_GE(observer.reports[0].waited, kInterval * 3 / 4);
  EXPECT_EQ(observer.reports[0].took, absl::ZeroDuration());
  EXPECT_EQ(observer.flushed, 2u);
}

TEST_F(EventQueueBatchesTest, FlushReturnsWhenAllThatWasPushedBeforeIsHandedOver) {
  Start();
  Push("a");
  EXPECT_TRUE(queue_->Flush());
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a")));
  EXPECT_TRUE(queue_->Flush()) << "nothing to wait for";
  EXPECT_EQ(queue_->counters().flushes, 1u);
}

TEST_F(EventQueueBatchesTest, FlushWaitsForTheCallUnderWayAndLeavesTheGridAlone) {
  Start();
  recorder_.Hold();
  clock_.Advance(kInterval / 4);
  Push("a");
  std::thread flush([this] { EXPECT_TRUE(queue_->Flush()); });
  recorder_.WaitForBatches(1);
  EXPECT_EQ(queue_->counters().flushes, 0u) << "its on_flush has not returned";
  recorder_.Release();
  flush.join();
  EXPECT_EQ(queue_->counters().flushes, 1u);
  Push("b");
  clock_.AwaitTimers(1);
  clock_.Advance(3 * kInterval / 4);
  EXPECT_THAT(recorder_.WaitForBatches(2)[1], ElementsAre("b"));
}

}  // namespace
}  // namespace lookout
