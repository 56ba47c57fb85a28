// Starting and stopping: what is discarded, drained, refused and released.
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
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
using ::testing::IsEmpty;

constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr absl::Duration kDrainTimeout = absl::Seconds(5);

class EventQueueStopTest : public ::testing::Test {
 protected:
  ~EventQueueStopTest() override { recorder_.Release(); }

  void Make(OnStop on_stop = OnStop::kDiscard, std::size_t max_batch = 0) {
    queue_.emplace("q", clock_,
                   EventQueueOptions{.flush_interval = kInterval,
                                     .max_batch = max_batch,
                                     .on_stop = on_stop,
                                     .drain_timeout = kDrainTimeout},
                   recorder_.OnFlush(), recorder_.OnError());
  }
  void Start(OnStop on_stop = OnStop::kDiscard, std::size_t max_batch = 0) {
    Make(on_stop, max_batch);
    ASSERT_TRUE(queue_->Start().ok());
  }
  void Push(absl::string_view name) { ASSERT_TRUE(queue_->Push(Named(name))); }
  // The thread takes all of them or none, also where the first alone is a full batch.
  void PushTogether(std::initializer_list<absl::string_view> names) {
    std::vector<Event> events;
    for (absl::string_view name : names) events.push_back(Named(name));
    ASSERT_TRUE(queue_->PushAll(absl::MakeSpan(events)));
  }
  // Pushes an event and returns while it is being flushed.
  void PushAndHoldItsFlush(absl::string_view name) {
    recorder_.Hold();
    Push(name);
    clock_.AwaitTimers(1);
    clock_.Advance(kInterval);
    recorder_.WaitForBatches(1);
  }

  FakeClock clock_;
  QueueRecorder recorder_;
  std::optional<EventQueue> queue_;
};

TEST_F(EventQueueStopTest, DiscardCountsWhatIsBufferedAndDoesNotFlushIt) {
  Start();
  for (absl::string_view name : {"a", "b", "c"}) Push(name);
  queue_->Stop();
  EXPECT_THAT(recorder_.batches(), IsEmpty());
  EXPECT_EQ(queue_->counters().discarded, 3u);
  EXPECT_EQ(queue_->counters().depth, 0u);
}

TEST_F(EventQueueStopTest, DrainIsOneLastFlush) {
  Start(OnStop::kDrain);
  for (absl::string_view name : {"a", "b", "c"}) Push(name);
  queue_->Stop();
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a", "b", "c")));
  EXPECT_EQ(queue_->counters().discarded, 0u);
}

TEST_F(EventQueueStopTest, DrainOfAnEmptyQueueFlushesNothing) {
  Start(OnStop::kDrain);
  queue_->Stop();
  EXPECT_EQ(queue_->counters().flushes, 0u);
}

TEST_F(EventQueueStopTest, DrainThatOutlastsItsTimeoutReturnsThenAndCountsTheRest) {
  Start(OnStop::kDrain, /*max_batch=*/1);
  recorder_.Hold();
  PushTogether({"a", "b", "c"});
  std::thread stop([this] { queue_->Stop(); });
  recorder_.WaitForBatches(1);
  clock_.AwaitTimers(1);
  clock_.Advance(kDrainTimeout);
  stop.join();  // while on_flush has not returned
  EXPECT_EQ(queue_->counters().flushes, 0u);
  EXPECT_EQ(queue_->counters().flushed, 1u);
  EXPECT_EQ(queue_->counters().discarded, 2u);
  EXPECT_EQ(queue_->counters().depth, 0u);
  recorder_.Release();
  queue_.reset();
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a"))) << "nothing follows";
}

TEST_F(EventQueueStopTest, DrainTakesALastFlushAfterTheOneUnderWay) {
  Start(OnStop::kDrain);
  PushAndHoldItsFlush("a");
  Push("b");
  std::thread stop([this] { queue_->Stop(); });
  clock_.AwaitTimers(1);
  recorder_.Release();
  stop.join();
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a"), ElementsAre("b")));
}

TEST_F(EventQueueStopTest, StopWhileAFlushRunsReturnsAfterItAndNoOtherFollows) {
  Start();
  PushAndHoldItsFlush("a");
  Push("b");
  std::thread stop([this] {
    queue_->Stop();
    EXPECT_EQ(queue_->counters().flushes, 1u) << "the flush under way has returned";
  });
  clock_.AwaitWaiters(1);  // the flush is held: it is Stop() that waits
  EXPECT_EQ(queue_->counters().flushes, 0u);
  EXPECT_EQ(queue_->counters().discarded, 1u);
  recorder_.Release();
  stop.join();
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a")));
}

TEST_F(EventQueueStopTest, StopBetweenTheCallsOfABatchDiscardsTheRestOfIt) {
  Start(OnStop::kDiscard, /*max_batch=*/1);
  recorder_.Hold();
  PushTogether({"a", "b"});
  recorder_.WaitForBatches(1);
  queue_->Close();
  recorder_.Release();
  queue_->Stop();
  EXPECT_THAT(recorder_.batches(), ElementsAre(ElementsAre("a")));
  EXPECT_EQ(queue_->counters().discarded, 1u);
}

TEST_F(EventQueueStopTest, StopTwiceIsFine) {
  Start();
  queue_->Stop();
  queue_->Stop();
  EXPECT_FALSE(queue_->Push(Named("a")));
}

TEST_F(EventQueueStopTest, StopFromFourThreadsReturnsInEachWhenItIsDone) {
  Start();
  PushAndHoldItsFlush("a");
  std::vector<std::thread> stops;
  for (int i = 0; i < 4; ++i) {
    stops.emplace_back([this] {
      queue_->Stop();
      EXPECT_EQ(queue_->counters().flushes, 1u);
    });
  }
  clock_.AwaitWaiters(4);
  recorder_.Release();
  for (std::thread& stop : stops) stop.join();
}

TEST_F(EventQueueStopTest, StopBeforeStartIsFineAndFinal) {
  for (OnStop on_stop : {OnStop::kDiscard, OnStop::kDrain}) {
    Make(on_stop);
    Push("a");
    queue_->Stop();
    EXPECT_EQ(queue_->counters().discarded, 1u);
    EXPECT_FALSE(queue_->Push(Named("b")));
    EXPECT_EQ(queue_->Start().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(recorder_.batches(), IsEmpty());
  }
}

TEST_F(EventQueueStopTest, PushAfterStopGivesFalseAndKeepsNothing) {
  Start();
  queue_->Stop();
  EXPECT_FALSE(queue_->Push(Named("a")));
  EXPECT_FALSE(static_cast<Receiver&>(*queue_).OnEvent(Named("a")));
  const EventQueueCounters counters = queue_->counters();
  EXPECT_EQ(counters.refused, 2u);
  EXPECT_EQ(counters.received, 0u);
  EXPECT_EQ(counters.depth, 0u);
}

TEST_F(EventQueueStopTest, StartTwiceAndStartAfterStopAreFailedPrecondition) {
  Start();
  EXPECT_EQ(queue_->Start().code(), absl::StatusCode::kFailedPrecondition);
  Push("a");
  EXPECT_TRUE(queue_->Flush()) << "and it goes on";
  queue_->Stop();
  EXPECT_EQ(queue_->Start().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(EventQueueStopTest, ClosingTheSendingSideEndsTheQueueAsStopDoes) {
  Start(OnStop::kDrain);
  Push("a");
  queue_->Close();
  EXPECT_FALSE(queue_->Push(Named("b")));
  EXPECT_THAT(recorder_.WaitForBatches(1), ElementsAre(ElementsAre("a")));
  queue_->Stop();
  EXPECT_EQ(queue_->counters().flushes, 1u);
}

TEST_F(EventQueueStopTest, ARequestedStopTokenStopsTheQueueWithoutAnybodyWaiting) {
  Make();
  std::stop_source source;
  ASSERT_TRUE(queue_->Start(source.get_token()).ok());
  Push("a");
  source.request_stop();
  EXPECT_FALSE(queue_->Push(Named("b")));
  EXPECT_EQ(queue_->counters().discarded, 1u);
  queue_->Stop();
  EXPECT_THAT(recorder_.batches(), IsEmpty());
}

TEST_F(EventQueueStopTest, AStopTokenThatWasAlreadyRequestedStartsAndStopsWithoutAFlush) {
  Make();
  Push("a");
  std::stop_source source;
  source.request_stop();
  EXPECT_TRUE(queue_->Start(source.get_token()).ok());
  queue_->Stop();
  EXPECT_EQ(queue_->counters().flushes, 0u);
  EXPECT_EQ(queue_->counters().discarded, 1u);
}

TEST_F(EventQueueStopTest, AStopTokenMayOutliveTheQueue) {
  std::stop_source source;
  Make();
  ASSERT_TRUE(queue_->Start(source.get_token()).ok());
  queue_.reset();
  EXPECT_TRUE(source.request_stop());
}

TEST_F(EventQueueStopTest, FlushReturnsFalseWhenTheQueueStopsBeforeIt) {
  Start();
  PushAndHoldItsFlush("a");
  Push("b");
  std::thread flush([this] { EXPECT_FALSE(queue_->Flush()); });
  clock_.AwaitWaiters(1);
  queue_->Close();
  recorder_.Release();
  flush.join();
  EXPECT_FALSE(queue_->Flush()) << "nor after it";
}

}  // namespace
}  // namespace lookout
