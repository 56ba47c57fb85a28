// Time as the queue sees it: what passes, wherever the wall clock is set to.
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/event_queue_recorder.h"
#include "lookout/events/queue_observer.h"
#include "lookout/testing/fake_clock.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kInterval = absl::Seconds(1);

class Reports final : public QueueObserver {
 public:
  void OnBatch(const BatchReport& batch, const EventQueueCounters&) override {
    absl::MutexLock lock(mu_);
    reports_.push_back(batch);
  }
  BatchReport First() {
    const auto one = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !reports_.empty(); };
    absl::MutexLock lock(mu_, absl::Condition(&one));
    return reports_[0];
  }

 private:
  absl::Mutex mu_;
  std::vector<BatchReport> reports_ ABSL_GUARDED_BY(mu_);
};

// How far the wall clock is set.
class EventQueueClockTest : public ::testing::TestWithParam<absl::Duration> {
 protected:
  ~EventQueueClockTest() override { recorder_.Release(); }

  void Start(EventQueueOptions options, EventQueue::FlushCallback on_flush) {
    options.flush_interval = kInterval;
    queue_.emplace("q", clock_, options, std::move(on_flush), recorder_.OnError());
    ASSERT_TRUE(queue_->Start().ok());
  }

  FakeClock clock_;
  QueueRecorder recorder_;
  std::optional<EventQueue> queue_;
};

TEST_P(EventQueueClockTest, WhatAFlushTookAndWhatItsEventsWaitedIsMeasured) {
  Reports reports;
  Start({.observer = &reports}, [this](absl::Span<Event>) {
    clock_.Advance(absl::Seconds(2));
    clock_.StepWallClock(GetParam());
  });
  ASSERT_TRUE(queue_->Push(Named("a")));
  clock_.AwaitTimers(1);
  clock_.StepWallClock(GetParam());
  clock_.Advance(kInterval);
  EXPECT_EQ(reports.First().waited, kInterval);
  EXPECT_EQ(reports.First().took, absl::Seconds(2));
  EXPECT_EQ(queue_->counters().last_flush, absl::Seconds(2));
  EXPECT_EQ(queue_->counters().longest_flush, absl::Seconds(2));
  queue_.reset();
}

TEST_P(EventQueueClockTest, WhatIsOverdueAfterALongFlushFollowsAtOnce) {
  Start({}, recorder_.OnFlush());
  recorder_.Hold();
  ASSERT_TRUE(queue_->Push(Named("a")));
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  recorder_.WaitForBatches(1);
  ASSERT_TRUE(queue_->Push(Named("b")));
  clock_.Advance(3 * kInterval);
  clock_.StepWallClock(GetParam());
  recorder_.Release();
  EXPECT_THAT(recorder_.WaitForBatches(2)[1], ElementsAre("b"));
}

INSTANTIATE_TEST_SUITE_P(Steps, EventQueueClockTest, ::testing::Values(-absl::Hours(1), absl::Hours(1)));

// Other people's clocks may know the wall's time alone.
TEST(EventQueueWallClockTest, OneThatIsSetBackDelaysAFlushByAnIntervalAtMost) {
  const absl::Time start = FakeClock::DefaultStart();
  absl::SimulatedClock clock(start);
  QueueRecorder recorder;
  EventQueue queue("q", clock, {.flush_interval = kInterval}, recorder.OnFlush(), recorder.OnError());
  // Nothing tells when the thread waits, so there may be need of a second interval; not of an hour.
  const auto advance_until = [&](std::size_t batches) {
    for (int i = 0; i < 1000 && recorder.batches().size() < batches; ++i) {
      clock.AdvanceTime(kInterval);
      for (int k = 0; k < 1000 && recorder.batches().size() < batches; ++k) std::this_thread::yield();
    }
  };
  ASSERT_TRUE(queue.Start().ok());
  recorder.Hold();
  ASSERT_TRUE(queue.Push(Named("a")));
  advance_until(1);
  ASSERT_TRUE(queue.Push(Named("b")));
  // While nobody waits on it: no wait on such a clock can see it set back.
  clock.SetTime(start - absl::Hours(1));
  recorder.Release();
  advance_until(2);
  EXPECT_THAT(recorder.batches(), ElementsAre(ElementsAre("a"), ElementsAre("b")));
}

}  // namespace
}  // namespace lookout
