// What the counters say, and what a queue costs that has nothing to do.
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

bool Balanced(const EventQueueCounters& c) {
  return c.received == c.flushed + c.dropped_oldest + c.dropped_newest + c.merged + c.discarded + c.depth;
}

struct Case {
  WhenFull when_full;
  OnStop on_stop;
};

class EventQueueCountersTest : public ::testing::TestWithParam<Case> {};

TEST_P(EventQueueCountersTest, AtEveryMomentWhatWasReceivedIsAccountedFor) {
  constexpr int kEvents = 1000;
  FakeClock clock;
  EventQueue queue(
      "q", clock,
      {.flush_interval = absl::Seconds(1),
       .capacity = 7,
       .when_full = GetParam().when_full,
       .max_batch = 3,
       .on_stop = GetParam().on_stop},
      [](absl::Span<Event> batch) {
        if (batch.size() == 1) throw 42;
      },
      [](absl::Status) {});
  ASSERT_TRUE(queue.Start().ok());

  std::atomic<int> pushing = 2;
  std::atomic<bool> reading = true;
  std::vector<std::thread> threads;
  for (int producer = 0; producer < 2; ++producer) {
    threads.emplace_back([&queue, &pushing] {
      for (int i = 0; i < kEvents; ++i) queue.Push(Named(absl::StrCat(i % 20)));
      --pushing;
    });
  }
  threads.emplace_back([&] {
    while (reading) ASSERT_TRUE(Balanced(queue.counters()));
  });
  while (pushing > 0) {
    clock.Advance(absl::Seconds(1));
    std::this_thread::yield();
  }
  queue.Stop();  // with whatever is buffered now
  queue.Push(Named("refused"));
  reading = false;
  for (std::thread& thread : threads) thread.join();

  const EventQueueCounters counters = queue.counters();
  EXPECT_TRUE(Balanced(counters));
  EXPECT_EQ(counters.received, 2u * kEvents);
  EXPECT_EQ(counters.refused, 1u);
  EXPECT_EQ(counters.depth, 0u);
  EXPECT_EQ(counters.waiting, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, EventQueueCountersTest,
                         ::testing::Values(Case{WhenFull::kBlock, OnStop::kDiscard},
                                           Case{WhenFull::kBlock, OnStop::kDrain},
                                           Case{WhenFull::kFlushEarly, OnStop::kDiscard},
                                           Case{WhenFull::kDropOldest, OnStop::kDiscard},
                                           Case{WhenFull::kDropNewest, OnStop::kDrain},
                                           Case{WhenFull::kKeepLatest, OnStop::kDiscard}));

TEST(EventQueueCountersOfAFlushTest, WhatIsTakenOutAndNotYetHandedOverIsDepth) {
  FakeClock clock;
  QueueRecorder recorder;
  EventQueue queue("q", clock, {.max_batch = 2}, recorder.OnFlush(), recorder.OnError());
  ASSERT_TRUE(queue.Start().ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(queue.Push(Named(absl::StrCat(i))));
  recorder.Hold();
  std::thread flush([&] { EXPECT_TRUE(queue.Flush()); });
  recorder.WaitForBatches(1);
  EXPECT_EQ(queue.counters().flushed, 2u);
  EXPECT_EQ(queue.counters().depth, 3u);
  EXPECT_EQ(queue.counters().flushes, 0u);
  recorder.Release();
  flush.join();
  EXPECT_EQ(queue.counters().flushed, 5u);
  EXPECT_EQ(queue.counters().flushes, 3u);
}

TEST(EventQueueIdleTest, AThousandIdleQueuesSleepWithoutATimer) {
  constexpr int kQueues = 1000;
  FakeClock clock;
  std::vector<std::unique_ptr<EventQueue>> queues;
  for (int i = 0; i < kQueues; ++i) {
    queues.push_back(std::make_unique<EventQueue>(
        absl::StrCat("q", i), clock, EventQueueOptions{}, [](absl::Span<Event>) {}, [](absl::Status) {}));
    ASSERT_TRUE(queues.back()->Start().ok());
  }
  clock.AwaitWaiters(kQueues);
  clock.Advance(absl::Hours(24));
  EXPECT_EQ(clock.timers(), 0);
  EXPECT_EQ(clock.waiters(), kQueues) << "somebody woke";
  for (const std::unique_ptr<EventQueue>& queue : queues) ASSERT_EQ(queue->counters().flushes, 0u);
}

TEST(EventQueueManyTest, AThousandQueuesFlushEachItsOwnAndAreDestroyedWithEventsInThem) {
  constexpr std::size_t kQueues = 1000;
  FakeClock clock;
  std::vector<QueueRecorder> recorders(kQueues);
  std::vector<std::unique_ptr<EventQueue>> queues;
  for (std::size_t i = 0; i < kQueues; ++i) {
    queues.push_back(std::make_unique<EventQueue>(absl::StrCat("q", i), clock, EventQueueOptions{},
                                                  recorders[i].OnFlush(), recorders[i].OnError()));
    ASSERT_TRUE(queues.back()->Start().ok());
    ASSERT_TRUE(queues.back()->Push(Named(absl::StrCat("of-", i))));
  }
  clock.AwaitTimers(kQueues);
  clock.Advance(EventQueueOptions{}.flush_interval);
  for (std::size_t i = 0; i < kQueues; ++i) {
    EXPECT_THAT(recorders[i].WaitForBatches(1), ElementsAre(ElementsAre(absl::StrCat("of-", i))));
    ASSERT_TRUE(queues[i]->Push(Named("left")));
  }
  queues.clear();
  for (QueueRecorder& recorder : recorders) ASSERT_EQ(recorder.batches().size(), 1u);
}

}  // namespace
}  // namespace lookout
