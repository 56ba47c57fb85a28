// That the queue allocates nothing for an event that is moved into it, once its buffers have grown: on the
// sender's side, and on its own thread's.
//
// Both sides are counted in operator new, so it holds with every compiler and under every sanitizer.
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/testing/allocation_counter.h"

namespace lookout {
namespace {

constexpr std::size_t kEvents = 1000;  // in a round

// Time never passes. Unlike FakeClock it keeps no account of who waits, which would allocate.
class StillClock final : public absl::Clock {
 public:
  absl::Time TimeNow() override { return absl::FromUnixSeconds(1767268800); }
  void Sleep(absl::Duration) override {}
  void SleepUntil(absl::Time) override {}
  bool AwaitWithDeadline(absl::Mutex* mu, const absl::Condition& condition, absl::Time) override
      ABSL_SHARED_LOCKS_REQUIRED(mu) {
    mu->Await(condition);
    return true;
  }
};

// Nothing of it fits into a std::string itself, and it has attributes.
std::vector<Event> MakeEvents(std::size_t actors) {
  std::vector<Event> events;
  events.reserve(kEvents);
  for (std::size_t i = 0; i < kEvents; ++i) {
    events.push_back({.type = EventType::kDocker,
                      .actor_name = absl::StrCat("a-container-with-a-long-name-", i % actors),
                      .actor_id = absl::StrCat(std::string(60, 'f'), i % actors),
                      .attributes = {{"image", "registry.example/nginx:1.27.3-alpine"}, {"name", "web"}},
                      .action = Action::kContainerStart});
  }
  return events;
}

// Counts what the thread that calls on_flush allocates, and holds that thread when it is told to.
class FlushingThread {
 public:
  EventQueue::FlushCallback OnFlush() {
    return [this](absl::Span<Event> batch) { Flushed(batch); };
  }

  void Hold() {
    absl::MutexLock lock(mu_);
    open_ = false;
  }
  void Release() {
    absl::MutexLock lock(mu_);
    open_ = true;
  }
  // Until a call of on_flush is held.
  void AwaitHeld() {
    absl::MutexLock lock(mu_);
    mu_.Await(absl::Condition(&held_));
  }

  // From the next call of on_flush on, but for calls by this thread.
  void BeginToCount() {
    absl::MutexLock lock(mu_);
    sender_ = std::this_thread::get_id();
    counting_ = true;
  }
  // Up to the last call of on_flush.
  std::size_t allocations() const {
    absl::MutexLock lock(mu_);
    return allocations_;
  }
  std::size_t batches() const {
    absl::MutexLock lock(mu_);
    return batches_;
  }
  std::size_t events() const {
    absl::MutexLock lock(mu_);
    return events_;
  }

 private:
  void Flushed(absl::Span<Event> batch) {
    absl::MutexLock lock(mu_);
    if (counting_ && std::this_thread::get_id() != sender_) {
      if (!counter_.has_value()) counter_.emplace();
      allocations_ = counter_->allocations();
    }
    ++batches_;
    events_ += batch.size();
    held_ = !open_;
    mu_.Await(absl::Condition(&open_));
    held_ = false;
  }

  mutable absl::Mutex mu_;
  bool open_ ABSL_GUARDED_BY(mu_) = true;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  bool counting_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id sender_ ABSL_GUARDED_BY(mu_);
  std::optional<AllocationCounter> counter_ ABSL_GUARDED_BY(mu_);  // of the flushing thread
  std::size_t allocations_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t batches_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t events_ ABSL_GUARDED_BY(mu_) = 0;
};

class EventQueueAllocationsTest : public testing::Test {
 protected:
  void Start(const EventQueueOptions& options) {
    queue_.emplace("q", clock_, options, flushing_.OnFlush(), [](absl::Status) {});
    ASSERT_TRUE(queue_->Start().ok());
  }

  void PushEach(std::vector<Event>& events) {
    for (Event& event : events) queue_->Push(std::move(event));
  }

  // Every buffer grows to a round's size, whichever of them is in use when: a round is pushed while another
  // one is being handed over.
  void WarmUp(std::size_t actors = kEvents) {
    for (int i = 0; i < 4; ++i) {
      std::vector<Event> handed_over = MakeEvents(actors), meanwhile = MakeEvents(actors);
      flushing_.Hold();
      std::thread flush([this, &handed_over] {
        PushEach(handed_over);
        queue_->Flush();
      });
      flushing_.AwaitHeld();
      PushEach(meanwhile);
      flushing_.Release();
      flush.join();
      queue_->Flush();
    }
    flushing_.BeginToCount();
    // What the flushing thread does after a call of on_flush is seen at its next call.
    std::vector<Event> first = MakeEvents(actors);
    PushEach(first);
    queue_->Flush();
  }

  StillClock clock_;
  FlushingThread flushing_;
  std::optional<EventQueue> queue_;
};

struct Way {
  const char* name;
  absl::Duration interval;
  bool flush_on_sender;
  bool all_at_once;
};

class EventQueueSteadyStateTest : public EventQueueAllocationsTest,
                                  public testing::WithParamInterface<Way> {};

TEST_P(EventQueueSteadyStateTest, AnEventThatIsMovedInAllocatesNothing) {
  // With room for what WarmUp() pushes beside a round under way.
  Start({.flush_interval = GetParam().interval,
         .flush_on_sender = GetParam().flush_on_sender,
         .capacity = 3 * kEvents});
  WarmUp();
  for (int round = 0; round < 20; ++round) {
    std::vector<Event> events = MakeEvents(kEvents);
    const AllocationCounter counter;
    if (GetParam().all_at_once) {
      queue_->PushAll(absl::MakeSpan(events));
    } else {
      PushEach(events);
    }
    queue_->Flush();
    EXPECT_EQ(counter.allocations(), 0u) << "by the sender, in round " << round;
  }
  EXPECT_EQ(flushing_.allocations(), 0u) << "by the flushing thread";
  EXPECT_EQ(flushing_.events(), (2 * 4 + 1 + 20) * kEvents);
}

INSTANTIATE_TEST_SUITE_P(Ways, EventQueueSteadyStateTest,
                         testing::Values(Way{"ByTheInterval", absl::Hours(1), false, false},
                                         Way{"AllByTheInterval", absl::Hours(1), false, true},
                                         Way{"AtOnce", absl::ZeroDuration(), false, false},
                                         Way{"AllAtOnce", absl::ZeroDuration(), false, true},
                                         Way{"OnSender", absl::ZeroDuration(), true, false}),
                         [](const auto& of) { return of.param.name; });

struct Policy {
  const char* name;
  WhenFull when_full;
  std::size_t actors;
};

class EventQueueFullAllocationsTest : public EventQueueAllocationsTest,
                                      public testing::WithParamInterface<Policy> {};

// The loss of a batch is said in words, which take memory, and so does the index of kKeepLatest: for each
// batch, however many events found the buffer full.
TEST_P(EventQueueFullAllocationsTest, WhatGivesWayCostsABatchAndNotAnEvent) {
  constexpr std::size_t kPerBatch = 8;
  constexpr std::size_t kRounds = 20;
  Start({.flush_interval = absl::Hours(1), .capacity = kEvents / 10, .when_full = GetParam().when_full});
  WarmUp(GetParam().actors);
  std::size_t allocations = 0;
  const std::size_t batches_before = flushing_.batches();
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<Event> events = MakeEvents(GetParam().actors);
    const AllocationCounter counter;
    PushEach(events);
    queue_->Flush();
    allocations += counter.allocations();
  }
  EXPECT_EQ(flushing_.batches() - batches_before, kRounds);
  EXPECT_LE(allocations, kRounds * kPerBatch) << "by the sender";
  EXPECT_LE(flushing_.allocations(), kRounds * kPerBatch) << "by the flushing thread";
  const EventQueueCounters counters = queue_->counters();
  EXPECT_GE(counters.dropped_oldest + counters.dropped_newest + counters.merged, kRounds * kEvents / 2);
}

INSTANTIATE_TEST_SUITE_P(Policies, EventQueueFullAllocationsTest,
                         testing::Values(Policy{"DropOldest", WhenFull::kDropOldest, kEvents},
                                         Policy{"DropNewest", WhenFull::kDropNewest, kEvents},
                                         Policy{"KeepLatest", WhenFull::kKeepLatest, kEvents / 10}),
                         [](const auto& of) { return of.param.name; });

struct Waiting {
  const char* name;
  WhenFull when_full;
};

class EventQueueWaitingAllocationsTest : public EventQueueAllocationsTest,
                                         public testing::WithParamInterface<Waiting> {};

// The line of those who wait for room takes memory by the dozen of them.
TEST_P(EventQueueWaitingAllocationsTest, ASenderThatWaitsForRoomAllocatesNextToNothing) {
  constexpr std::size_t kRounds = 20;
  Start({.flush_interval = absl::ZeroDuration(), .capacity = 10, .when_full = GetParam().when_full});
  for (int i = 0; i < 4; ++i) {
    std::vector<Event> events = MakeEvents(kEvents);
    PushEach(events);
  }
  flushing_.BeginToCount();
  std::size_t allocations = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<Event> events = MakeEvents(kEvents);
    const AllocationCounter counter;
    PushEach(events);
    queue_->Flush();
    allocations += counter.allocations();
  }
  EXPECT_LE(allocations, kRounds * kEvents / 100) << "by the sender";
  EXPECT_LE(flushing_.allocations(), kRounds * kEvents / 100) << "by the flushing thread";
}

INSTANTIATE_TEST_SUITE_P(Policies, EventQueueWaitingAllocationsTest,
                         testing::Values(Waiting{"Block", WhenFull::kBlock},
                                         Waiting{"FlushEarly", WhenFull::kFlushEarly}),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace lookout
