// That the queue allocates nothing for an event that is moved into it, once its buffers have grown: on the
// sender's side, and on its own thread's.
//
// Both sides are counted in operator new, so it holds with every compiler and, but for one case, under every
// sanitizer.
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/config.h"
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

// Counts what the thread that calls on_flush allocates, and holds that thread in it when it is told to.
class FlushingThread {
 public:
  EventQueue::FlushCallback OnFlush() {
    return [this](absl::Span<Event>) { Flushed(); };
  }

  // From now on no call returns.
  void Hold() {
    absl::MutexLock lock(mu_);
    open_ = false;
  }
  // Until a call is held.
  void AwaitHeld() {
    absl::MutexLock lock(mu_);
    mu_.Await(absl::Condition(&held_));
  }
  void LetOneGo() {
    absl::MutexLock lock(mu_);
    held_ = false;
    go_ = true;
  }
  void Release() {
    absl::MutexLock lock(mu_);
    open_ = true;
  }

  // From the next call on, but for calls by this thread.
  void BeginToCount() {
    absl::MutexLock lock(mu_);
    sender_ = std::this_thread::get_id();
    counting_ = true;
  }
  // Up to the beginning of the last call.
  std::size_t allocations() const {
    absl::MutexLock lock(mu_);
    return allocations_;
  }
  // Calls that were counted.
  std::size_t calls() const {
    absl::MutexLock lock(mu_);
    return calls_;
  }

 private:
  void Flushed() {
    absl::MutexLock lock(mu_);
    if (counting_ && std::this_thread::get_id() != sender_) {
      if (!counter_.has_value()) counter_.emplace();
      allocations_ = counter_->allocations();
      ++calls_;
    }
    if (open_) return;
    held_ = true;
    const auto may_go = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return open_ || go_; };
    mu_.Await(absl::Condition(&may_go));
    go_ = false;
    held_ = false;
  }

  mutable absl::Mutex mu_;
  bool open_ ABSL_GUARDED_BY(mu_) = true;
  bool go_ ABSL_GUARDED_BY(mu_) = false;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  bool counting_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id sender_ ABSL_GUARDED_BY(mu_);
  std::optional<AllocationCounter> counter_ ABSL_GUARDED_BY(mu_);  // of the flushing thread
  std::size_t allocations_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t calls_ ABSL_GUARDED_BY(mu_) = 0;
};

class EventQueueAllocationsTest : public testing::Test {
 protected:
  void Start(const EventQueueOptions& options) {
    queue_.emplace("q", clock_, options, flushing_.OnFlush(), [](absl::Status) {});
    ASSERT_TRUE(queue_->Start().ok());
  }

  void Push(absl::Span<Event> events) {
    if (all_at_once_) {
      queue_->PushAll(events);
    } else {
      for (Event& event : events) queue_->Push(std::move(event));
    }
  }

  // Lets both buffers grow to kEvents: the one that is in use while the other is handed over, and after it
  // the other one. So much must begin a flush; all at once, so that the thread takes no less.
  void WarmUp(std::size_t actors = kEvents) {
    std::vector<Event> events[] = {MakeEvents(actors), MakeEvents(actors), MakeEvents(actors)};
    flushing_.Hold();
    queue_->PushAll(absl::MakeSpan(events[0]));
    flushing_.AwaitHeld();
    queue_->PushAll(absl::MakeSpan(events[1]));
    flushing_.LetOneGo();
    flushing_.AwaitHeld();
    queue_->PushAll(absl::MakeSpan(events[2]));
    flushing_.Release();
    queue_->Flush();
    flushing_.BeginToCount();
  }

  // Pushes kEvents, the second half of them while the first is handed over if `held`. What the sender
  // allocated.
  std::size_t Round(bool held, std::size_t actors = kEvents) {
    std::vector<Event> events = MakeEvents(actors);
    if (held) flushing_.Hold();
    const AllocationCounter counter;
    Push(absl::MakeSpan(events).first(kEvents / 2));
    if (held) flushing_.AwaitHeld();
    Push(absl::MakeSpan(events).subspan(kEvents / 2));
    flushing_.Release();
    queue_->Flush();
    return counter.allocations();
  }

  StillClock clock_;
  FlushingThread flushing_;
  bool all_at_once_ = false;
  std::optional<EventQueue> queue_;
};

struct Way {
  const char* name;
  EventQueueOptions options;
  bool all_at_once = false;
};

class EventQueueSteadyStateTest : public EventQueueAllocationsTest,
                                  public testing::WithParamInterface<Way> {};

TEST_P(EventQueueSteadyStateTest, AnEventThatIsMovedInAllocatesNothing) {
  all_at_once_ = GetParam().all_at_once;
  Start(GetParam().options);
  WarmUp();
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(Round(true), 0u) << "by the sender, in round " << round;
    EXPECT_EQ(Round(false), 0u) << "by the sender, in round " << round << ", without holding";
  }
  EXPECT_EQ(flushing_.allocations(), 0u) << "by the flushing thread";
  EXPECT_GE(flushing_.calls(), 60u);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, EventQueueSteadyStateTest,
    testing::Values(
        Way{.name = "AFullBatchAtATime",
            .options = {.flush_interval = absl::Hours(1), .capacity = 3 * kEvents, .max_batch = kEvents / 2}},
        Way{.name = "AsSoonAsPossible",
            .options = {.flush_interval = absl::ZeroDuration(), .capacity = 3 * kEvents}},
        Way{.name = "AllOfThemAsSoonAsPossible",
            .options = {.flush_interval = absl::ZeroDuration(), .capacity = 3 * kEvents},
            .all_at_once = true}),
    [](const auto& of) { return of.param.name; });

TEST_F(EventQueueAllocationsTest, AnEventThatItsSenderHandsOverAllocatesNothing) {
  Start({.flush_interval = absl::ZeroDuration(), .flush_on_sender = true});
  Round(false);
  for (int round = 0; round < 20; ++round) EXPECT_EQ(Round(false), 0u) << round;
  EXPECT_GE(queue_->counters().flushes, 20 * kEvents) << "each by its sender, alone";
}

struct Policy {
  const char* name;
  WhenFull when_full;
  std::size_t actors = kEvents;
};

class EventQueueFullAllocationsTest : public EventQueueAllocationsTest,
                                      public testing::WithParamInterface<Policy> {};

// The loss of a batch is said in words, which take memory: for each batch, however many events found the
// buffer full.
TEST_P(EventQueueFullAllocationsTest, WhatGivesWayCostsABatchAndNotAnEvent) {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  if (GetParam().when_full == WhenFull::kKeepLatest) {
    GTEST_SKIP() << "there Abseil's tables move at random, to uncover references that they invalidate";
  }
#endif
  constexpr std::size_t kPerBatch = 8;
  constexpr std::size_t kRounds = 20;
  Start(
      {.flush_interval = absl::ZeroDuration(), .capacity = kEvents / 10, .when_full = GetParam().when_full});
  WarmUp(GetParam().actors);
  std::size_t allocations = 0;
  for (std::size_t round = 0; round < kRounds; ++round) allocations += Round(true, GetParam().actors);
  EXPECT_LE(allocations, kRounds * kPerBatch) << "by the sender";
  EXPECT_LE(flushing_.allocations(), flushing_.calls() * kPerBatch) << "by the flushing thread";
  const EventQueueCounters counters = queue_->counters();
  EXPECT_GE(counters.dropped_oldest + counters.dropped_newest + counters.merged, kRounds * kEvents / 3);
}

INSTANTIATE_TEST_SUITE_P(Policies, EventQueueFullAllocationsTest,
                         testing::Values(Policy{"DropOldest", WhenFull::kDropOldest},
                                         Policy{"DropNewest", WhenFull::kDropNewest},
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
  for (int i = 0; i < 4; ++i) Round(false);
  flushing_.BeginToCount();
  std::size_t allocations = 0;
  for (std::size_t round = 0; round < kRounds; ++round) allocations += Round(false);
  EXPECT_LE(allocations, kRounds * kEvents / 100) << "by the sender";
  EXPECT_LE(flushing_.allocations(), kRounds * kEvents / 100) << "by the flushing thread";
}

INSTANTIATE_TEST_SUITE_P(Policies, EventQueueWaitingAllocationsTest,
                         testing::Values(Waiting{"Block", WhenFull::kBlock},
                                         Waiting{"FlushEarly", WhenFull::kFlushEarly}),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace lookout
