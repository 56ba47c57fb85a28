// The model, held to the code: a real EventQueue and the model do the same calls, one after the other, and
// after each have handed over the same batches and counted the same.
//
// That is one caller at a time, on purpose: what several do at once cannot be steered from outside a real
// queue. event_queue_history_test.cc is about that.
#include <cstddef>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/model/buffer_model.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_model.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/setting.h"
#include "lookout/events/model/turn.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::queue_model {
namespace {

constexpr int kRuns = 600;
constexpr absl::Duration kInterval = absl::Seconds(1);
constexpr int kCaller = 1;  // the setting's only thread

using Batches = std::vector<std::vector<int>>;  // numbers of events, or Slots::kLoss

Setting RandomSetting(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&random](unsigned n) { return static_cast<int>(random() % n); };
  Setting setting{.when_full = static_cast<WhenFull>(below(5)),
                  .capacity = 1 + below(3),
                  .max_batch = below(3),
                  .interval = below(2) == 0,
                  .on_stop = below(2) == 0 ? OnStop::kDiscard : OnStop::kDrain,
                  .max_pending = 64};
  setting.flush_on_sender = !setting.interval && below(2) == 0;
  std::string script = below(4) == 0 ? "" : "G";
  const auto event = [&below] { return std::string(1, "aabcR"[below(5)]); };
  for (int events = 0; events < 9;) {
    const bool two = below(3) == 0;
    script += two ? absl::StrCat("(", event(), event(), ")") : event();
    events += two ? 2 : 1;
    if (below(4) == 0) script += "FEFEG"[below(5)];
  }
  setting.threads = {absl::StrCat(script, below(2) == 0 ? "S" : "C", "aFE")};
  return setting;
}

// The model, where nothing happens at once.
class ModelRun {
 public:
  explicit ModelRun(const Setting& setting)
      : rules_(setting, Fault::kNone), state_(QueueModel(setting).Initial()) {}

  bool AtEnd() const { return CallsMade() >= rules_.scripts[kCaller].size(); }
  const Call& NextCall() const { return rules_.scripts[kCaller][CallsMade()]; }
  // Whether its caller would return.
  bool NextReturns() const {
    ModelRun copy = *this;
    copy.MakeNext();
    return copy.state_.threads[kCaller].depth == 1;
  }
  void MakeNext() {
    Step(kCaller);
    GoOn();
  }
  void PassOver() { ++state_.threads[kCaller].frames[0].a; }
  bool HasTimer() const { return ThreadWaits() && state_.threads[0].frames[0].a != 0; }
  void LetTheIntervalPass() {
    Step(Rules::kFlushThread);
    GoOn();
  }
  // Whether the queue's thread is there, and sleeps.
  bool ThreadWaits() const {
    const ThreadState& thread = state_.threads[Rules::kFlushThread];
    return state_.started && thread.depth == 1 && thread.frames[0].place == Place::kWait && !state_.signalled;
  }

  const QueueState& state() const { return state_; }
  const Batches& batches() const { return batches_; }
  const EventKind& kind(int event) const { return rules_.events[static_cast<std::size_t>(event)]; }

 private:
  std::size_t CallsMade() const { return state_.threads[kCaller].frames[0].a; }

  // Until everybody sleeps, or has nothing to do.
  void GoOn() {
    while (true) {
      if (!ThreadWaits() && Turn(rules_, state_, Rules::kFlushThread).Choices() > 0) {
        Step(Rules::kFlushThread);
      } else if (state_.threads[kCaller].depth > 1 && Turn(rules_, state_, kCaller).Choices() > 0) {
        Step(kCaller);
      } else {
        return;
      }
    }
  }

  void Step(int thread) {
    Turn turn(rules_, state_, thread);
    turn.Step(0);
    EXPECT_STREQ(turn.wrong() == nullptr ? "" : turn.wrong(), "");
    const ThreadState& at = state_.threads[thread];
    if (at.depth < 3 || at.frames[at.depth - 1].place != Place::kOnFlush) return;
    // HandOver() is below on_flush, and below that whose events they are.
    const Frame& hand_over = at.frames[at.depth - 2];
    const Frame& owner = at.frames[at.depth - 3];
    const bool sender = owner.place == Place::kSenderFlush;
    std::vector<int> batch;
    for (int i = hand_over.a; i < hand_over.a + hand_over.b; ++i) {
      batch.push_back(sender ? owner.a + i : state_.batch.at[i]);
    }
    batches_.push_back(batch);
  }

  const Rules rules_;
  QueueState state_;
  Batches batches_;
};

class RealRun {
 public:
  explicit RealRun(const Setting& setting)
      : queue_(
            "q", clock_,
            {.flush_interval = setting.interval ? kInterval : absl::ZeroDuration(),
             .flush_on_sender = setting.flush_on_sender,
             .capacity = static_cast<std::size_t>(setting.capacity),
             .when_full = setting.when_full,
             .max_batch = static_cast<std::size_t>(setting.max_batch),
             .on_stop = setting.on_stop,
             .drain_timeout = absl::InfiniteDuration()},
            [this](absl::Span<Event> batch) { OnFlush(batch); }, [](absl::Status) {}) {
    const bool starts_late = setting.threads[0].find('G') != std::string::npos;
    if (!starts_late) Make({.kind = 'G'}, nullptr);
  }

  void Make(const Call& call, const ModelRun* model) {
    std::vector<Event> events;
    for (int i = call.first; i < call.first + call.events; ++i) {
      const EventKind& kind = model->kind(i);
      // The event's number is its time, since equal keys must be equal actors.
      events.push_back({.actor_name = std::string(1, kind.key),
                        .action = kind.is_force_reload ? Action::kForceReload : Action::kContainerStart,
                        .time = absl::FromUnixSeconds(i)});
    }
    switch (call.kind) {
      case 'p':
        queue_.PushAll(absl::MakeSpan(events));
        break;
      case 'F':
        queue_.Flush();
        break;
      case 'E':
        queue_.ReportError(absl::UnknownError("x"));
        break;
      case 'S':
        queue_.Stop();
        break;
      case 'C':
        queue_.Close();
        break;
      case 'G':
        // Refused the second time, and after a stop.
        queue_.Start().IgnoreError();
        break;
      default:
        FAIL() << call.kind;
    }
  }

  void LetTheIntervalPass() {
    clock_.AwaitTimers(1);
    clock_.Advance(kInterval);
  }

  // Until the queue has done what the model has.
  Batches Await(const ModelRun& model) {
    const std::size_t calls = model.batches().size();
    Batches batches;
    {
      const auto enough = [this, calls]()
                              ABSL_SHARED_LOCKS_REQUIRED(mu_) { return batches_.size() >= calls; };
      absl::MutexLock lock(mu_, absl::Condition(&enough));
      batches = batches_;
    }
    if (model.ThreadWaits()) clock_.AwaitWaiters(1);
    return batches;
  }

  EventQueueCounters counters() const { return queue_.counters(); }

 private:
  void OnFlush(absl::Span<Event> events) {
    std::vector<int> batch;
    for (const Event& event : events) {
      batch.push_back(event.actor_name == "q" ? Slots::kLoss
                                              : static_cast<int>(absl::ToUnixSeconds(event.time)));
    }
    absl::MutexLock lock(mu_);
    batches_.push_back(batch);
  }

  FakeClock clock_;
  absl::Mutex mu_;
  Batches batches_ ABSL_GUARDED_BY(mu_);
  EventQueue queue_;
};

void ExpectEqual(const EventQueueCounters& real, const QueueState& model) {
  EXPECT_EQ(real.received, model.received);
  EXPECT_EQ(real.flushed, model.flushed);
  EXPECT_EQ(real.dropped_oldest + real.dropped_newest, model.dropped);
  EXPECT_EQ(real.merged, model.merged);
  EXPECT_EQ(real.discarded, model.discarded);
  EXPECT_EQ(real.refused, model.refused);
  EXPECT_EQ(real.depth, static_cast<unsigned>(model.buffer.slots.events() + model.in_hand));
  EXPECT_EQ(real.waiting, model.line_size);
  EXPECT_EQ(real.errors, model.told);
}

TEST(QueueConformanceTest, TheModelDoesWhatTheQueueDoes) {
  int made = 0;
  int passed_over = 0;
  int intervals = 0;
  for (unsigned seed = 1; seed <= kRuns; ++seed) {
    const Setting setting = RandomSetting(seed);
    // Where the two disagree this may wait for ever: then the log ends with why.
    std::fprintf(stderr, "seed %u: %s, when_full %d, capacity %d, max_batch %d%s%s\n", seed,
                 setting.threads[0].c_str(), static_cast<int>(setting.when_full), setting.capacity,
                 setting.max_batch, setting.interval ? ", interval" : "",
                 setting.flush_on_sender ? ", on sender" : "");
    SCOPED_TRACE(absl::StrCat("seed ", seed, ": ", setting.threads[0]));
    std::mt19937 random(seed);
    ModelRun model(setting);
    RealRun real(setting);
    while (!model.AtEnd()) {
      if (model.HasTimer() && random() % 3 == 0) {
        ++intervals;
        real.LetTheIntervalPass();
        model.LetTheIntervalPass();
      } else if (model.NextReturns()) {
        ++made;
        const Call call = model.NextCall();
        model.MakeNext();
        real.Make(call, &model);
      } else {
        ++passed_over;
        model.PassOver();
        continue;
      }
      ASSERT_EQ(real.Await(model), model.batches());
      ExpectEqual(real.counters(), model.state());
      if (HasFailure()) return;
    }
  }
  // So that it goes on being a test.
  EXPECT_GT(made, 10 * passed_over);
  EXPECT_GT(intervals, kRuns / 10);
}

}  // namespace
}  // namespace lookout::queue_model
