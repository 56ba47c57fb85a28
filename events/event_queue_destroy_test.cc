// Destroying a queue: from anywhere, at any time, and nothing is called afterwards.
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/event_queue_recorder.h"
#include "lookout/testing/fake_clock.h"

namespace lookout {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

class EventQueueDestroyTest : public ::testing::Test {
 protected:
  void Start(
      EventQueueOptions options, EventQueue::FlushCallback on_flush,
      EventQueue::ErrorCallback on_error = [](absl::Status) {}) {
    options.flush_interval = kInterval;
    queue_ = std::make_unique<EventQueue>("q", clock_, options, std::move(on_flush), std::move(on_error));
    ASSERT_TRUE(queue_->Start().ok());
  }

  FakeClock clock_;
  QueueRecorder recorder_;
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(EventQueueDestroyTest, WithoutStartOrStopIsFine) {
  EventQueue never_started("q", clock_, {}, recorder_.OnFlush(), recorder_.OnError());
  EXPECT_TRUE(never_started.Push(Named("a")));
}

TEST_F(EventQueueDestroyTest, ReleasesSendersThatWait) {
  Start({.capacity = 1}, recorder_.OnFlush());
  ASSERT_TRUE(queue_->Push(Named("a")));
  std::vector<std::thread> senders;
  for (int i = 0; i < 3; ++i) {
    senders.emplace_back([queue = queue_.get()] { EXPECT_FALSE(queue->Push(Named("waits"))); });
  }
  AwaitWaitingSenders(*queue_, 3);
  queue_.reset();
  for (std::thread& sender : senders) sender.join();
  EXPECT_TRUE(recorder_.batches().empty());
}

TEST_F(EventQueueDestroyTest, ReleasesSendersThatWaitBeforeItWasStarted) {
  queue_ = std::make_unique<EventQueue>("q", clock_, EventQueueOptions{.capacity = 1}, recorder_.OnFlush(),
                                        recorder_.OnError());
  ASSERT_TRUE(queue_->Push(Named("a")));
  std::thread sender([queue = queue_.get()] { EXPECT_FALSE(queue->Push(Named("waits"))); });
  AwaitWaitingSenders(*queue_, 1);
  queue_.reset();
  sender.join();
}

TEST_F(EventQueueDestroyTest, WaitsForTheFlushUnderWay) {
  bool returned = false;
  absl::Notification began;
  absl::Notification proceed;
  Start({}, [&](absl::Span<Event>) {
    began.Notify();
    proceed.WaitForNotification();
    returned = true;
  });
  ASSERT_TRUE(queue_->Push(Named("a")));
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  began.WaitForNotification();
  std::thread release([&] {
    clock_.AwaitWaiters(1);  // the destructor
    EXPECT_FALSE(returned);
    proceed.Notify();
  });
  queue_.reset();
  EXPECT_TRUE(returned);
  release.join();
}

TEST_F(EventQueueDestroyTest, WaitsForASendersFlushThatOutlastsTheDrain) {
  constexpr absl::Duration kDrainTimeout = absl::Seconds(5);
  bool returned = false;
  absl::Notification began;
  absl::Notification proceed;
  absl::Notification destroyed;
  queue_ = std::make_unique<EventQueue>(
      "q", clock_,
      EventQueueOptions{.flush_interval = absl::ZeroDuration(),
                        .flush_on_sender = true,
                        .on_stop = OnStop::kDrain,
                        .drain_timeout = kDrainTimeout},
      [&](absl::Span<Event>) {
        began.Notify();
        proceed.WaitForNotification();
        returned = true;
      },
      recorder_.OnError());
  ASSERT_TRUE(queue_->Start().ok());
  std::thread sender([queue = queue_.get()] { EXPECT_TRUE(queue->Push(Named("a"))); });
  began.WaitForNotification();
  std::thread release([&] {
    clock_.AwaitTimers(1);  // the destructor
    clock_.Advance(kDrainTimeout);
    // Time enough for a destructor that does not wait.
    for (int i = 0; i < 100'000 && !destroyed.HasBeenNotified(); ++i) std::this_thread::yield();
    proceed.Notify();
  });
  queue_.reset();
  EXPECT_TRUE(returned);
  destroyed.Notify();
  release.join();
  sender.join();
}

TEST_F(EventQueueDestroyTest, WaitsForAnErrorBeingToldByAnotherThread) {
  absl::Notification telling;
  absl::Notification proceed;
  bool told = false;
  Start({}, recorder_.OnFlush(), [&](absl::Status) {
    telling.Notify();
    proceed.WaitForNotification();
    told = true;
  });
  std::thread reporter([queue = queue_.get()] { queue->ReportError(absl::UnknownError("x")); });
  telling.WaitForNotification();
  // Whether or not the destructor waits by then, it must not be done before `told`.
  std::thread release([&] { proceed.Notify(); });
  queue_.reset();
  EXPECT_TRUE(told);
  release.join();
  reporter.join();
}

TEST_F(EventQueueDestroyTest, FromInsideOnFlushIsFineAndNothingIsCalledAfterwards) {
  // The clock goes with the queue: the thread must not ask it again.
  auto clock = std::make_unique<FakeClock>();
  int flushes = 0;
  int errors = 0;
  absl::Notification proceed;
  // Notified when the thread lets go of the callback: the last thing it does.
  absl::Notification gone;
  auto held = std::shared_ptr<void>(nullptr, [&](void*) { gone.Notify(); });
  queue_ = std::make_unique<EventQueue>(
      "q", *clock, EventQueueOptions{.flush_interval = absl::ZeroDuration()},
      [&, held = std::move(held)](absl::Span<Event>) {
        ++flushes;
        proceed.WaitForNotification();
        queue_.reset();
        clock.reset();
        throw 42;
      },
      [&](absl::Status) { ++errors; });
  ASSERT_TRUE(queue_->Start().ok());
  ASSERT_TRUE(queue_->Push(Named("flushed")));
  ASSERT_TRUE(queue_->Push(Named("with it, or after it, or never")));
  proceed.Notify();
  gone.WaitForNotification();
  EXPECT_EQ(flushes, 1);
  EXPECT_EQ(errors, 0) << "the queue is gone when it throws";
}

TEST_F(EventQueueDestroyTest, FromInsideOnErrorIsFine) {
  int errors = 0;
  Start({}, recorder_.OnFlush(), [&](absl::Status) {
    ++errors;
    queue_->ReportError(absl::UnknownError("told after this one, but it never comes to that"));
    queue_.reset();
  });
  ASSERT_TRUE(queue_->Push(Named("a")));
  queue_->ReportError(absl::UnknownError("x"));
  EXPECT_EQ(errors, 1);
  EXPECT_EQ(queue_, nullptr);
  EXPECT_TRUE(recorder_.batches().empty());
}

TEST_F(EventQueueDestroyTest, FromInsideOnErrorOfAThrowingFlushIsFine) {
  absl::Notification destroyed;
  Start(
      {}, [](absl::Span<Event>) { throw 42; },
      [&](absl::Status) {
        queue_.reset();
        destroyed.Notify();
      });
  ASSERT_TRUE(queue_->Push(Named("a")));
  clock_.AwaitTimers(1);
  clock_.Advance(kInterval);
  destroyed.WaitForNotification();
}

TEST_F(EventQueueDestroyTest, DrainsFirstIfItWasToldTo) {
  Start({.on_stop = OnStop::kDrain}, recorder_.OnFlush());
  ASSERT_TRUE(queue_->Push(Named("a")));
  queue_.reset();
  EXPECT_EQ(recorder_.all(), QueueRecorder::Batch({"a"}));
}

}  // namespace
}  // namespace lookout
