// What happens to an event that finds the buffer full.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/event_queue_recorder.h"
#include "lookout/testing/fake_clock.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::Duration kInterval = absl::Seconds(1);

class EventQueueFullTest : public ::testing::Test {
 protected:
  ~EventQueueFullTest() override {
    recorder_.Release();
    if (queue_.has_value()) queue_->Stop();
    for (std::thread& sender : senders_) sender.join();
  }

  void Start(WhenFull when_full, std::size_t capacity = 10) {
    queue_.emplace(
        "q", clock_,
        EventQueueOptions{.flush_interval = kInterval, .capacity = capacity, .when_full = when_full},
        recorder_.OnFlush(), recorder_.OnError());
    ASSERT_TRUE(queue_->Start().ok());
  }
  void Push(const std::vector<std::string>& names) {
    for (const std::string& name : names) ASSERT_TRUE(queue_->Push(Named(name)));
    clock_.AwaitTimers(1);
  }
  // Pushes "0" to "<n - 1>".
  void PushNumbers(int n) {
    for (int i = 0; i < n; ++i) ASSERT_TRUE(queue_->Push(Named(absl::StrCat(i))));
    clock_.AwaitTimers(1);
  }
  // Pushes on a thread of its own, and returns when that waits for room.
  void PushAndWait(Event event) {
    const std::uint64_t waiting = queue_->counters().waiting;
    senders_.emplace_back([this, event] {
      const bool taken = queue_->Push(Event(event));
      absl::MutexLock lock(results_mu_);
      results_.push_back(taken);
    });
    AwaitWaitingSenders(*queue_, waiting + 1);
  }
  std::vector<bool> WaitForResults(std::size_t n) {
    const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(results_mu_) { return results_.size() >= n; };
    absl::MutexLock lock(results_mu_, absl::Condition(&enough));
    return results_;
  }
  std::vector<QueueRecorder::Batch> FlushAndWait(std::size_t batches) {
    clock_.AwaitTimers(1);
    clock_.Advance(kInterval);
    return recorder_.WaitForBatches(batches);
  }

  FakeClock clock_;
  QueueRecorder recorder_;
  std::optional<EventQueue> queue_;
  std::vector<std::thread> senders_;
  absl::Mutex results_mu_;
  std::vector<bool> results_ ABSL_GUARDED_BY(results_mu_);
};

TEST_F(EventQueueFullTest, CapacityZeroIsRefused) {
  EventQueue queue("q", clock_, {.capacity = 0}, recorder_.OnFlush(), recorder_.OnError());
  const absl::Status status = queue.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("capacity"));
}

class EventQueueCapacityTest : public EventQueueFullTest,
                               public ::testing::WithParamInterface<std::size_t> {};

TEST_P(EventQueueCapacityTest, AsManyAsItSaysAreBufferedAndTheNextWaits) {
  const std::size_t capacity = GetParam();
  Start(WhenFull::kBlock, capacity);
  PushNumbers(static_cast<int>(capacity));
  EXPECT_EQ(queue_->counters().depth, capacity);
  PushAndWait(Named("one too many"));
  EXPECT_EQ(queue_->counters().depth, capacity);
  EXPECT_EQ(queue_->counters().received, capacity);

  const std::vector<QueueRecorder::Batch> batches = FlushAndWait(1);
  ASSERT_EQ(batches[0].size(), capacity);
  EXPECT_EQ(batches[0].back(), absl::StrCat(capacity - 1));
  EXPECT_THAT(WaitForResults(1), ElementsAre(true));
  EXPECT_THAT(FlushAndWait(2)[1], ElementsAre("one too many"));
}

INSTANTIATE_TEST_SUITE_P(Capacities, EventQueueCapacityTest, ::testing::Values(1, 10, 1'000'000),
                         ::testing::PrintToStringParamName());

TEST_F(EventQueueFullTest, EleventhSenderWaitsAndIsReleasedInOrder) {
  Start(WhenFull::kBlock);
  PushNumbers(10);
  for (int i = 10; i < 14; ++i) PushAndWait(Named(absl::StrCat(i)));
  EXPECT_THAT(recorder_.batches(), IsEmpty());
  EXPECT_THAT(FlushAndWait(1)[0], ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  EXPECT_THAT(WaitForResults(4), ElementsAre(true, true, true, true));
  EXPECT_THAT(FlushAndWait(2)[1], ElementsAre("10", "11", "12", "13"));
}

TEST_F(EventQueueFullTest, ANewSenderQueuesUpBehindThoseWhoWait) {
  Start(WhenFull::kBlock, 1);
  Push({"a"});
  PushAndWait(Named("b"));
  PushAndWait(Named("c"));
  EXPECT_THAT(FlushAndWait(1), ElementsAre(ElementsAre("a")));
  WaitForResults(1);
  PushAndWait(Named("d"));
  EXPECT_THAT(FlushAndWait(2)[1], ElementsAre("b"));
  EXPECT_THAT(FlushAndWait(3)[2], ElementsAre("c"));
  EXPECT_THAT(FlushAndWait(4)[3], ElementsAre("d"));
}

TEST_F(EventQueueFullTest, OnEventOfAReleasedSenderGivesTrue) {
  Start(WhenFull::kBlock, 1);
  Push({"a"});
  bool taken = false;
  std::thread source([&] {
    Receiver& receiver = *queue_;
    taken = receiver.OnEvent(Named("b"));
  });
  AwaitWaitingSenders(*queue_, 1);
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  source.join();
  EXPECT_TRUE(taken);
}

TEST_F(EventQueueFullTest, StopReleasesWaitingSendersAtOnceWithFalse) {
  Start(WhenFull::kBlock);
  PushNumbers(10);
  for (int i = 0; i < 3; ++i) PushAndWait(Named("late"));
  queue_->Stop();
  EXPECT_THAT(WaitForResults(3), ElementsAre(false, false, false));
  EXPECT_EQ(queue_->counters().refused, 3u);
  EXPECT_EQ(queue_->counters().received, 10u);
}

TEST_F(EventQueueFullTest, StopReleasesWaitingSendersWhileAFlushRuns) {
  Start(WhenFull::kBlock, 1);
  recorder_.Hold();
  Push({"in flush"});
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);
  ASSERT_TRUE(queue_->Push(Named("buffered")));
  PushAndWait(Named("waits"));
  queue_->Close();
  EXPECT_THAT(WaitForResults(1), ElementsAre(false)) << "before the flush is done";
}

TEST_F(EventQueueFullTest, FlushEarlyDoesNotWaitForTheIntervalWhichStartsAnew) {
  Start(WhenFull::kFlushEarly);
  clock_.Advance(0.6 * kInterval);
  PushNumbers(10);
  EXPECT_THAT(recorder_.batches(), IsEmpty());
  ASSERT_TRUE(queue_->Push(Named("10")));
  EXPECT_THAT(recorder_.WaitForBatches(1),
              ElementsAre(ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")));
  clock_.AwaitTimers(1);
  clock_.Advance(0.9 * kInterval);
  EXPECT_EQ(clock_.timers(), 1) << "the old grid's point has passed";
  EXPECT_EQ(recorder_.batches().size(), 1u);
  clock_.Advance(0.1 * kInterval);
  EXPECT_THAT(recorder_.WaitForBatches(2)[1], ElementsAre("10"));
}

TEST_F(EventQueueFullTest, FlushEarlyWaitsForTheFlushThatRuns) {
  Start(WhenFull::kFlushEarly, 2);
  recorder_.Hold();
  Push({"a", "b"});
  ASSERT_TRUE(queue_->Push(Named("c")));
  recorder_.WaitForBatches(1);
  ASSERT_TRUE(queue_->Push(Named("d")));
  PushAndWait(Named("e"));
  EXPECT_EQ(recorder_.batches().size(), 1u);
  recorder_.Release();
  EXPECT_THAT(recorder_.WaitForBatches(2), ElementsAre(ElementsAre("a", "b"), ElementsAre("c", "d")));
  EXPECT_THAT(WaitForResults(1), ElementsAre(true));
}

TEST_F(EventQueueFullTest, DropOldestKeepsTheNewestAndSaysTheLossOnceBeforeThem) {
  Start(WhenFull::kDropOldest, 3);
  PushNumbers(8);
  EXPECT_THAT(FlushAndWait(1), ElementsAre(ElementsAre("!q", "5", "6", "7")));
  const EventQueueCounters counters = queue_->counters();
  EXPECT_EQ(counters.received, 8u);
  EXPECT_EQ(counters.dropped_oldest, 5u);
  EXPECT_EQ(counters.flushed, 3u);
  EXPECT_EQ(counters.force_reloads, 1u);
}

TEST_F(EventQueueFullTest, DropNewestKeepsTheOldestAndSaysTheLossOnceAfterThem) {
  Start(WhenFull::kDropNewest, 3);
  PushNumbers(8);
  EXPECT_THAT(FlushAndWait(1), ElementsAre(ElementsAre("0", "1", "2", "!q")));
  const EventQueueCounters counters = queue_->counters();
  EXPECT_EQ(counters.received, 8u);
  EXPECT_EQ(counters.dropped_newest, 5u);
  EXPECT_EQ(counters.flushed, 3u);
  EXPECT_EQ(counters.force_reloads, 1u);
}

TEST_F(EventQueueFullTest, EachBatchWithLossesSaysItsOwn) {
  Start(WhenFull::kDropNewest, 1);
  Push({"a", "lost"});
  EXPECT_THAT(FlushAndWait(1)[0], ElementsAre("a", "!q"));
  Push({"b"});
  EXPECT_THAT(FlushAndWait(2)[1], ElementsAre("b"));
  Push({"c", "lost", "lost"});
  EXPECT_THAT(FlushAndWait(3)[2], ElementsAre("c", "!q"));
  EXPECT_EQ(queue_->counters().force_reloads, 2u);
}

TEST_F(EventQueueFullTest, TheForceReloadSaysWhoseLossHowManyAndWhen) {
  std::vector<Event> got;
  absl::Mutex mu;
  queue_.emplace(
      "routes", clock_,
      EventQueueOptions{.flush_interval = kInterval, .capacity = 2, .when_full = WhenFull::kDropOldest},
      [&](absl::Span<Event> batch) {
        absl::MutexLock lock(mu);
        got.assign(batch.begin(), batch.end());
      },
      recorder_.OnError());
  ASSERT_TRUE(queue_->Start().ok());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(queue_->Push({.type = EventType::kFile, .actor_name = absl::StrCat("/f", i)}));
  }
  ASSERT_TRUE(queue_->Flush());
  absl::MutexLock lock(mu);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].action, Action::kForceReload);
  EXPECT_EQ(got[0].type, EventType::kFile);
  EXPECT_EQ(got[0].actor_name, "routes");
  EXPECT_EQ(got[0].time, clock_.TimeNow());
  EXPECT_EQ(got[0].attributes.Get(kReason), "3 events lost: queue 'routes' was full at 2, oldest dropped");
}

TEST_F(EventQueueFullTest, KeepLatestKeepsTheLastOfEachActorAndActionInOrderOfLastArrival) {
  Start(WhenFull::kKeepLatest, 3);
  const auto push = [this](absl::string_view name, Action action) {
    ASSERT_TRUE(queue_->Push(Named(name, action)));
  };
  push("nginx", Action::kContainerStart);
  push("redis", Action::kContainerStart);
  push("nginx", Action::kContainerDie);    // no start: stands by itself
  push("nginx", Action::kContainerStart);  // the second of its kind
  push("redis", Action::kContainerStart);
  EXPECT_EQ(queue_->counters().depth, 3u);
  EXPECT_EQ(queue_->counters().merged, 2u);
  EXPECT_THAT(FlushAndWait(1), ElementsAre(ElementsAre("nginx", "nginx", "redis")));
  EXPECT_EQ(queue_->counters().received, 5u);
  EXPECT_EQ(queue_->counters().force_reloads, 0u) << "what is merged is not lost";
}

TEST_F(EventQueueFullTest, KeepLatestMakesTheSenderWaitWhereEveryEventDiffers) {
  Start(WhenFull::kKeepLatest, 2);
  Push({"a", "b"});
  PushAndWait(Named("c"));
  EXPECT_THAT(FlushAndWait(1), ElementsAre(ElementsAre("a", "b")));
  EXPECT_THAT(WaitForResults(1), ElementsAre(true));
}

TEST_F(EventQueueFullTest, KeepLatestLetsNoEventThatWouldMergeOvertakeThoseThatWait) {
  Start(WhenFull::kKeepLatest, 2);
  Push({"a", "b"});
  PushAndWait(Named("c"));
  PushAndWait(Named("a"));
  EXPECT_THAT(FlushAndWait(1), ElementsAre(ElementsAre("a", "b")));
  EXPECT_THAT(FlushAndWait(2)[1], ElementsAre("c", "a"));
}

class EventQueueForceReloadTest : public EventQueueFullTest,
                                  public ::testing::WithParamInterface<WhenFull> {};

TEST_P(EventQueueForceReloadTest, ASourcesForceReloadIsNeverDroppedNorMerged) {
  Start(GetParam(), 2);
  const Event reload = Named("host", Action::kForceReload);
  // Whatever the policy, all three come through; where nothing gives way, they wait for the flush.
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(queue_->Push(Event(reload)));
  clock_.AwaitTimers(1);
  if (GetParam() == WhenFull::kFlushEarly) {
    ASSERT_TRUE(queue_->Push(Event(reload)));
  } else {
    PushAndWait(reload);
  }
  recorder_.WaitForBatches(GetParam() == WhenFull::kFlushEarly ? 1 : 0);
  EXPECT_THAT(FlushAndWait(GetParam() == WhenFull::kFlushEarly ? 2 : 1)[0], ElementsAre("!host", "!host"));
  ASSERT_TRUE(queue_->Flush());
  EXPECT_THAT(recorder_.all(), ElementsAre("!host", "!host", "!host"));
}

INSTANTIATE_TEST_SUITE_P(Policies, EventQueueForceReloadTest,
                         ::testing::Values(WhenFull::kBlock, WhenFull::kFlushEarly, WhenFull::kDropOldest,
                                           WhenFull::kDropNewest, WhenFull::kKeepLatest));

TEST_F(EventQueueFullTest, WhereEventsAreDroppedOnlyAForceReloadWaits) {
  Start(WhenFull::kDropNewest, 1);
  ASSERT_TRUE(queue_->Push(Named("host", Action::kForceReload)));
  clock_.AwaitTimers(1);
  PushAndWait(Named("other", Action::kForceReload));
  EXPECT_TRUE(queue_->Push(Named("lost"))) << "dropped, without queueing up";
  EXPECT_THAT(FlushAndWait(1)[0], ElementsAre("!host", "!q"));
  EXPECT_THAT(FlushAndWait(2)[1], ElementsAre("!other"));
}

}  // namespace
}  // namespace lookout
