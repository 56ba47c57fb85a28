// What callbacks may do: throw, call back, take the events, and hear of errors at once.
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
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
using ::testing::HasSubstr;

class EventQueueCallbacksTest : public ::testing::Test {
 protected:
  ~EventQueueCallbacksTest() override { recorder_.Release(); }

  void Start(EventQueue::FlushCallback on_flush) { Start(std::move(on_flush), recorder_.OnError()); }
  void Start(EventQueue::FlushCallback on_flush, EventQueue::ErrorCallback on_error) {
    queue_.emplace("routes", clock_, EventQueueOptions{}, std::move(on_flush), std::move(on_error));
    ASSERT_TRUE(queue_->Start().ok());
  }
  // Pushes one event and has it flushed.
  void PushAndFlush(absl::string_view name) {
    ASSERT_TRUE(queue_->Push(Named(name)));
    ASSERT_TRUE(queue_->Flush());
  }

  FakeClock clock_;
  QueueRecorder recorder_;
  std::optional<EventQueue> queue_;
};

struct Nothing {};

TEST_F(EventQueueCallbacksTest, WhateverOnFlushThrowsReachesOnErrorAndTheNextBatchComes) {
  auto record = recorder_.OnFlush();
  Start([&](absl::Span<Event> batch) {
    record(batch);
    if (batch[0].actor_name == "exception") throw std::runtime_error("disk on fire");
    if (batch[0].actor_name == "int") throw 42;
    if (batch[0].actor_name == "nothing known") throw Nothing();
  });
  for (absl::string_view name : {"exception", "int", "nothing known", "fine"}) PushAndFlush(name);

  EXPECT_THAT(recorder_.all(), ElementsAre("exception", "int", "nothing known", "fine"));
  const std::vector<absl::Status> errors = recorder_.WaitForErrors(3);
  ASSERT_EQ(errors.size(), 3u);
  for (const absl::Status& error : errors) {
    EXPECT_EQ(error.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(error.message(), HasSubstr("'routes'"));
  }
  EXPECT_THAT(errors[0].message(), HasSubstr("std::runtime_error: disk on fire"));
  EXPECT_THAT(errors[1].message(), HasSubstr("int"));
  EXPECT_THAT(errors[2].message(), HasSubstr("Nothing"));
  EXPECT_EQ(queue_->counters().flush_exceptions, 3u);
  EXPECT_EQ(queue_->counters().flushes, 4u);
}

TEST_F(EventQueueCallbacksTest, WhatOnErrorThrowsIsContainedAndCounted) {
  int told = 0;
  Start([](absl::Span<Event>) { throw std::runtime_error("flush"); },
        [&](absl::Status) {
          ++told;
          if (told == 2) throw 42;
          throw std::runtime_error("error");
        });
  queue_->ReportError(absl::UnavailableError("reported"));
  PushAndFlush("a");
  PushAndFlush("b");
  queue_->Stop();
  EXPECT_EQ(told, 3);
  EXPECT_EQ(queue_->counters().errors, 3u);
  EXPECT_EQ(queue_->counters().error_exceptions, 3u);
  EXPECT_EQ(queue_->counters().flush_exceptions, 2u);
}

TEST_F(EventQueueCallbacksTest, OnFlushMayPushAndItComesInALaterBatch) {
  auto record = recorder_.OnFlush();
  Start([&](absl::Span<Event> batch) {
    record(batch);
    if (batch[0].actor_name != "a") return;
    EXPECT_TRUE(queue_->Push(Named("from a")));
  });
  PushAndFlush("a");
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a")));
  clock_.AwaitTimers(1);
  clock_.Advance(EventQueueOptions().flush_interval);
  EXPECT_THAT(recorder_.WaitForBatches(2)[1], ElementsAre("from a"));
}

TEST_F(EventQueueCallbacksTest, OnFlushMayPushMoreThanTheCapacityWithoutWaitingForItself) {
  auto record = recorder_.OnFlush();
  queue_.emplace(
      "q", clock_, EventQueueOptions{.capacity = 2},
      [&](absl::Span<Event> batch) {
        record(batch);
        if (batch[0].actor_name != "a") return;
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue_->Push(Named(absl::StrCat(i))));
      },
      recorder_.OnError());
  ASSERT_TRUE(queue_->Start().ok());
  PushAndFlush("a");
  EXPECT_EQ(queue_->counters().depth, 5u);
  ASSERT_TRUE(queue_->Flush());
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a"), ElementsAre("0", "1", "2", "3", "4")));
}

TEST_F(EventQueueCallbacksTest, OnFlushThatFillsTheBufferIsFollowedAtOnceUnderFlushEarly) {
  auto record = recorder_.OnFlush();
  queue_.emplace(
      "q", clock_,
      EventQueueOptions{.flush_interval = absl::Hours(1), .capacity = 1, .when_full = WhenFull::kFlushEarly},
      [&](absl::Span<Event> batch) {
        record(batch);
        if (batch[0].actor_name != "a") return;
        for (absl::string_view name : {"b", "c"}) EXPECT_TRUE(queue_->Push(Named(name)));
      },
      recorder_.OnError());
  ASSERT_TRUE(queue_->Start().ok());
  PushAndFlush("a");
  EXPECT_THAT(recorder_.WaitForBatches(2)[1], ElementsAre("b", "c"));
}

// Calls the queue that it watches: after the first batch as a sender, after the second to stop it.
class MeddlingObserver final : public QueueObserver {
 public:
  void Watch(EventQueue& queue) { queue_ = &queue; }
  void AwaitStopped() { stopped_.WaitForNotification(); }

  void OnBatch(const BatchReport&, const EventQueueCounters& counters) override {
    if (counters.flushes == 1) {
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue_->Push(Named(absl::StrCat(i))));
      EXPECT_EQ(queue_->counters().depth, 5u);
      EXPECT_FALSE(queue_->Flush()) << "it cannot wait for itself";
      return;
    }
    queue_->Stop();
    EXPECT_FALSE(queue_->Push(Named("late")));
    stopped_.Notify();
  }

 private:
  EventQueue* queue_ = nullptr;
  absl::Notification stopped_;
};

// With flush_on_sender the first batch is a sender's.
class EventQueueObserverTest : public EventQueueCallbacksTest, public ::testing::WithParamInterface<bool> {};

TEST_P(EventQueueObserverTest, MayCallTheQueueAsOnFlushMay) {
  MeddlingObserver observer;
  queue_.emplace("q", clock_,
                 EventQueueOptions{.flush_interval = GetParam() ? absl::ZeroDuration() : absl::Hours(1),
                                   .flush_on_sender = GetParam(),
                                   .capacity = 2,
                                   .observer = &observer},
                 recorder_.OnFlush(), recorder_.OnError());
  observer.Watch(*queue_);
  ASSERT_TRUE(queue_->Start().ok());
  ASSERT_TRUE(queue_->Push(Named("a")));
  queue_->Flush();
  observer.AwaitStopped();
  queue_->Stop();
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a"), ElementsAre("0", "1", "2", "3", "4")));
  EXPECT_EQ(queue_->counters().refused, 1u);
  queue_.reset();
}

INSTANTIATE_TEST_SUITE_P(Flushers, EventQueueObserverTest, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "ASender" : "TheThread"; });

TEST_F(EventQueueCallbacksTest, OnFlushMayAskForAFlushWhichFollowsThisOne) {
  auto record = recorder_.OnFlush();
  Start([&](absl::Span<Event> batch) {
    record(batch);
    if (batch[0].actor_name != "a") return;
    EXPECT_TRUE(queue_->Push(Named("b")));
    EXPECT_FALSE(queue_->Flush()) << "it cannot wait for itself";
  });
  PushAndFlush("a");
  EXPECT_THAT(recorder_.WaitForBatches(2), ElementsAre(ElementsAre("a"), ElementsAre("b")));
}

TEST_F(EventQueueCallbacksTest, OnFlushMayStopAndReadTheCounters) {
  EventQueueCounters seen;
  Start([&](absl::Span<Event>) {
    EXPECT_TRUE(queue_->Push(Named("left behind")));
    queue_->Stop();
    EXPECT_FALSE(queue_->Push(Named("too late")));
    seen = queue_->counters();
  });
  PushAndFlush("a");
  queue_->Stop();
  EXPECT_EQ(seen.flushed, 1u);
  EXPECT_EQ(seen.discarded, 1u);
  EXPECT_EQ(seen.refused, 1u);
  EXPECT_EQ(seen.depth, 0u);
  EXPECT_EQ(queue_->counters().flushes, 1u);
}

TEST_F(EventQueueCallbacksTest, OnErrorMayDoAllThatToo) {
  absl::Notification told;
  Start(recorder_.OnFlush(), [&](absl::Status) {
    EXPECT_TRUE(queue_->Push(Named("a")));
    EXPECT_FALSE(queue_->Flush());
    EXPECT_EQ(queue_->counters().errors, 1u);
    queue_->Stop();
    told.Notify();
  });
  queue_->ReportError(absl::UnavailableError("x"));
  EXPECT_TRUE(told.HasBeenNotified()) << "told at once, by the thread that reports";
  queue_->Stop();
}

TEST_F(EventQueueCallbacksTest, AnErrorIsToldWhileAFlushRuns) {
  Start(recorder_.OnFlush());
  recorder_.Hold();
  ASSERT_TRUE(queue_->Push(Named("a")));
  std::thread flush([this] { queue_->Flush(); });
  recorder_.WaitForBatches(1);
  queue_->ReportError(absl::UnavailableError("gone"));
  EXPECT_EQ(recorder_.WaitForErrors(1)[0], absl::UnavailableError("gone"));
  EXPECT_EQ(queue_->counters().flushes, 0u) << "the flush still runs";
  recorder_.Release();
  flush.join();
}

TEST_F(EventQueueCallbacksTest, AnErrorFromASourceReachesOnErrorThroughTheReceiver) {
  Start(recorder_.OnFlush());
  static_cast<Receiver&>(*queue_).OnError(absl::PermissionDeniedError("/root"));
  EXPECT_EQ(recorder_.WaitForErrors(1)[0], absl::PermissionDeniedError("/root"));
}

TEST_F(EventQueueCallbacksTest, ABatchIsOnFlushsToMoveFrom) {
  std::vector<Event> taken;
  Start([&](absl::Span<Event> batch) {
    for (Event& event : batch) taken.push_back(std::move(event));
  });
  const std::string long_name(1000, 'x');
  Event event = Named(long_name);
  const char* const bytes = event.actor_name.data();
  ASSERT_TRUE(queue_->Push(std::move(event)));
  ASSERT_TRUE(queue_->Flush());
  PushAndFlush("next");
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].actor_name, long_name);
  EXPECT_EQ(taken[0].actor_name.data(), bytes) << "moved all the way, not copied";
  EXPECT_EQ(taken[1].actor_name, "next");
}

TEST_F(EventQueueCallbacksTest, TheTimeThatOnFlushTookIsMeasured) {
  auto takes = [this](absl::Span<Event> batch) {
    clock_.Advance(batch[0].actor_name == "slow" ? absl::Seconds(7) : absl::Seconds(2));
  };
  Start(takes);
  PushAndFlush("slow");
  PushAndFlush("fast");
  EXPECT_EQ(queue_->counters().last_flush, absl::Seconds(2));
  EXPECT_EQ(queue_->counters().longest_flush, absl::Seconds(7));
}

using EventQueueCallbacksDeathTest = EventQueueCallbacksTest;

// The exception's text is reported first, then printed with a stack.
bool ToldThenDied(const std::string& output) {
  const auto told = output.find("on_error: queue 'routes': on_flush threw std::runtime_error: disk on fire");
  const auto fatal = output.find("] queue 'routes': on_flush threw std::runtime_error: disk on fire");
  const auto stack = output.find("stack trace");
  return told != output.npos && fatal != output.npos && stack != output.npos && told < fatal && fatal < stack;
}

TEST_F(EventQueueCallbacksDeathTest, InDebugModeAnExceptionEndsTheProcessAfterOnErrorWasTold) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto die = [this] {
    EventQueue queue(
        "routes", clock_, {.flush_interval = absl::ZeroDuration(), .debug = true},
        [](absl::Span<Event>) { throw std::runtime_error("disk on fire"); },
        [](absl::Status error) {
          std::fprintf(stderr, "on_error: %s\n", std::string(error.message()).c_str());
        });
    if (!queue.Start().ok()) return;
    queue.Push(Named("a"));
    queue.Flush();
  };
  EXPECT_DEATH(die(), ::testing::Truly(ToldThenDied));
}

// The thread that would make the room is the one that waits for on_error.
TEST_F(EventQueueCallbacksDeathTest, InDebugModeAnOnErrorThatWaitsForRoomDoesNotHoldUpTheEnd) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto die = [this] {
    absl::Notification flushing;
    EventQueue queue(
        "routes", clock_, {.flush_interval = absl::ZeroDuration(), .capacity = 1, .debug = true},
        [&](absl::Span<Event>) {
          flushing.Notify();
          AwaitWaitingSenders(queue, 1);
          throw std::runtime_error("disk on fire");
        },
        [&](absl::Status) {
          queue.Push(Named("b"));
          queue.Push(Named("c"));
        });
    if (!queue.Start().ok()) return;
    queue.Push(Named("a"));
    flushing.WaitForNotification();
    queue.ReportError(absl::UnknownError("x"));
    queue.Flush();
  };
  EXPECT_DEATH(die(), "on_flush threw std::runtime_error: disk on fire");
}

}  // namespace
}  // namespace lookout
