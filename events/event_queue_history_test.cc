// Many threads use one EventQueue as roughly as the contract lets them, on a clock that another thread moves;
// what happened is written down and checked against the contract (queue_history.h).
//
//   event_queue_history_test [--first_seed=1] [--seeds=100]
//
// A seed settles the options and what each thread does; which thread comes first is the machine's choice, so
// a seed that failed may have to run often to fail again.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/event_queue_history_setup.h"
#include "lookout/events/queue_history.h"
#include "lookout/testing/fake_clock.h"

namespace lookout {
namespace {

using ::testing::IsEmpty;

unsigned first_seed = 1;
unsigned seeds = 100;

constexpr absl::string_view kQueue = "q";
constexpr absl::string_view kSender = "sender";
constexpr absl::string_view kNumber = "number";
constexpr int kMostInside = 30;  // events that on_flush pushes

class HistoryRun {
 public:
  HistoryRun(unsigned seed, const HistorySetup& setup)
      : seed_(seed), setup_(setup), flush_dice_(seed * 1000 + 999) {
    const EventQueueOptions& o = setup.options;
    history_.when_full = o.when_full;
    history_.capacity = o.capacity;
    history_.max_batch = o.max_batch;
    history_.splits_by_bytes = o.max_batch_bytes > 0;
    history_.flush_on_sender = o.flush_on_sender;
    // A destruction waits without an end too, but only for what fits into drain_timeout.
    history_.drains = o.on_stop == OnStop::kDrain && o.drain_timeout == absl::InfiniteDuration();
  }

  QueueHistory Record() {
    queue_.emplace(
        kQueue, clock_, setup_.options, [this](absl::Span<Event> batch) { OnFlush(batch); },
        [this](const absl::Status&) { OnError(); });
    EventQueue& queue = *queue_;
    raw_ = &queue;
    std::jthread time([this](const std::stop_token& stop) { MoveClock(stop); });
    std::vector<std::vector<QueueHistory::Push>> pushes(static_cast<std::size_t>(setup_.senders));
    std::vector<std::vector<QueueHistory::Flush>> flushes(static_cast<std::size_t>(setup_.flushers));
    std::vector<std::vector<QueueHistory::Look>> looks(static_cast<std::size_t>(setup_.readers));
    {
      std::vector<std::jthread> threads;
      unsigned seed = seed_ * 1000;
      int sender = 0;
      for (auto& log : pushes) {
        threads.emplace_back(
            [this, sender = sender++, &log, dice = Dice(++seed)]() mutable { Send(sender, log, dice); });
      }
      for (auto& log : flushes) {
        threads.emplace_back([this, &log, dice = Dice(++seed)]() mutable { AskToFlush(log, dice); });
      }
      for (auto& log : looks) {
        threads.emplace_back([this, &log, dice = Dice(++seed)]() mutable { Read(log, dice); });
      }
      Dice dice(++seed);
      dice.Dawdle();
      EXPECT_TRUE(queue.Start(stop_source_.get_token()).ok());
      End();
    }
    Finish();
    for (const auto& log : pushes) Append(history_.pushes, log);
    for (const auto& log : flushes) Append(history_.flushes, log);
    for (const auto& log : looks) Append(history_.looks, log);
    history_.errors_reported = errors_reported_;
    history_.errors_told = errors_told_;
    history_.errors_threw = errors_threw_;
    return std::move(history_);
  }

 private:
  using Ticket = QueueHistory::Ticket;

  template <typename T>
  static void Append(std::vector<T>& to, const std::vector<T>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }
  Ticket Now() { return ++ticket_; }

  void MoveClock(const std::stop_token& stop) {
    Dice dice(seed_ * 1000 + 998);
    while (!stop.stop_requested()) {
      clock_.Advance(absl::Microseconds(dice.Of({10, 300, 1000, 40'000})));
      if (dice.OneIn(50)) clock_.StepWallClock(absl::Minutes(dice.Below(121) - 60));
      for (int i = dice.Below(20); i > 0; --i) std::this_thread::yield();
    }
  }

  // Pushes what `push` says is sent, and notes what came of it.
  void PushNow(QueueHistory::Push& push) {
    std::vector<Event> events;
    for (const QueueHistory::Sent& sent : push.sent) {
      events.push_back({.actor_name = absl::StrCat("the name of container ", sent.key),
                        .attributes = {{std::string(kSender), absl::StrCat(push.sender)},
                                       {std::string(kNumber), absl::StrCat(sent.number)}},
                        .action = sent.force_reload ? Action::kForceReload : Action::kContainerStart});
    }
    push.span.begin = Now();
    if (events.size() == 1) {
      push.answer = raw_->Push(std::move(events[0]));
      push.span.end = Now();
      return;
    }
    push.answer = raw_->PushAll(absl::MakeSpan(events));
    push.span.end = Now();
    for (std::size_t i = 0; i < events.size(); ++i) push.sent[i].moved_from = events[i].actor_name.empty();
  }

  void Send(int sender, std::vector<QueueHistory::Push>& log, Dice& dice) {
    std::uint64_t number = 0;
    for (int i = 0; i < setup_.pushes; ++i) {
      QueueHistory::Push push{.sender = sender};
      const int several = dice.OneIn(5) ? 2 + dice.Below(6) : 1;
      for (int n = 0; n < several; ++n) {
        push.sent.push_back(
            {.number = ++number, .key = dice.Below(setup_.keys), .force_reload = dice.OneIn(15)});
      }
      dice.Dawdle();
      if (!gate_.Enter(true)) break;
      if (dice.OneIn(20)) Report();
      PushNow(push);  // last: who waits in it may find the queue destroyed
      gate_.Leave(true);
      ++pushed_;
      log.push_back(std::move(push));
    }
    ++senders_done_;
  }

  void AskToFlush(std::vector<QueueHistory::Flush>& log, Dice& dice) {
    for (int i = 0; i < 10 && gate_.Enter(); ++i) {
      QueueHistory::Flush flush{.span = {.begin = Now()}};
      flush.answer = raw_->Flush();
      flush.span.end = Now();
      gate_.Leave();
      log.push_back(flush);
      for (int wait = dice.Below(50); wait > 0; --wait) dice.Dawdle();
    }
  }

  void Read(std::vector<QueueHistory::Look>& log, Dice& dice) {
    for (int i = 0; i < 40 && gate_.Enter(); ++i) {
      log.push_back(Look());
      gate_.Leave();
      for (int wait = dice.Below(30); wait > 0; --wait) dice.Dawdle();
    }
  }

  QueueHistory::Look Look() {
    const Ticket begin = Now();
    const EventQueueCounters counters = raw_->counters();
    return {.span = {.begin = begin, .end = Now()}, .counters = counters};
  }

  void Report() {
    ++errors_reported_;
    raw_->ReportError(absl::UnavailableError("reported"));
  }

  // One call at a time, but from different threads where senders flush.
  void OnFlush(absl::Span<Event> batch) {
    QueueHistory::Call call{.span = {.begin = Now()}};
    for (const Event& event : batch) call.items.push_back(Parse(event));
    Dice& dice = flush_dice_;
    ++calls_;
    handed_over_ += batch.size();
    if (setup_.slow_one_in > 0 && dice.OneIn(setup_.slow_one_in)) {
      for (int i = dice.Below(300); i > 0; --i) std::this_thread::yield();
    }
    if (gate_.Enter()) {
      CallFromInside(dice);
      gate_.Leave();
    }
    std::vector<Event> taken;  // they are on_flush's
    for (Event& event : batch) taken.push_back(std::move(event));
    call.threw = setup_.throws_one_in > 0 && dice.OneIn(setup_.throws_one_in);
    call.span.end = Now();
    const bool threw = call.threw;
    history_.calls.push_back(std::move(call));
    if (threw) throw std::runtime_error("thrown by on_flush");
  }

  void CallFromInside(Dice& dice) {
    const auto stops_now = static_cast<int>(history_.calls.size()) + 1 == setup_.ending_after;
    if (stops_now && (setup_.ending == Ending::kStopInside || setup_.ending == Ending::kCloseInside)) {
      NoteStop(false, [this] { setup_.ending == Ending::kStopInside ? raw_->Stop() : raw_->Close(); });
    }
    if (dice.OneIn(4)) history_.looks.push_back(Look());
    if (dice.OneIn(10)) {
      EXPECT_FALSE(raw_->Flush());
    }
    if (dice.OneIn(10)) Report();
    if (!dice.OneIn(4) || inside_number_ >= kMostInside) return;
    QueueHistory::Push push{.sender = setup_.senders, .inside_flush = true};
    for (int i = dice.Below(3); i >= 0; --i) {
      push.sent.push_back({.number = static_cast<std::uint64_t>(++inside_number_),
                           .key = dice.Below(setup_.keys),
                           .force_reload = dice.OneIn(8)});
    }
    PushNow(push);
    history_.pushes.push_back(std::move(push));
  }

  void OnError() {
    const int n = ++errors_told_;
    if (setup_.errors_throw_one_in == 0 || n % setup_.errors_throw_one_in != 0) return;
    ++errors_threw_;
    throw n;
  }

  static QueueHistory::Item Parse(const Event& event) {
    QueueHistory::Item item;
    if (event.action == Action::kForceReload && event.actor_name == kQueue) {
      const std::string reason(event.attributes.Get(kReason));
      item.sender = QueueHistory::kQueueItself;
      EXPECT_TRUE(absl::SimpleAtoi(reason.substr(0, reason.find(' ')), &item.number)) << reason;
    } else {
      EXPECT_TRUE(absl::SimpleAtoi(event.attributes.Get(kSender), &item.sender)) << event.ToString();
      EXPECT_TRUE(absl::SimpleAtoi(event.attributes.Get(kNumber), &item.number)) << event.ToString();
    }
    return item;
  }

  template <typename F>
  void NoteStop(bool waits, F stop) {
    QueueHistory::Stop note{.span = {.begin = Now()}, .waits = waits};
    stop();
    note.span.end = Now();
    history_.stops.push_back(note);
  }

  void End() {
    const auto over = [this] { return pushed_ >= setup_.ending_after || senders_done_ == setup_.senders; };
    if (setup_.ending == Ending::kStopInside || setup_.ending == Ending::kCloseInside) return;
    while (setup_.ending == Ending::kAtEnd ? senders_done_ < setup_.senders : !over())
      std::this_thread::yield();
    switch (setup_.ending) {
      case Ending::kStop:
        return NoteStop(StopWaits(), [this] { raw_->Stop(); });
      case Ending::kClose:
        return NoteStop(false, [this] { raw_->Close(); });
      case Ending::kToken:
        return NoteStop(false, [this] { stop_source_.request_stop(); });
      case Ending::kDestroy:
        gate_.CloseAndAwaitIdle(*raw_);
        return NoteStop(true, [this] { queue_.reset(); });
      default:
        return;
    }
  }

  bool StopWaits() const { return setup_.options.on_stop == OnStop::kDiscard || history_.drains; }

  // All threads but the queue's own and the clock's have ended.
  void Finish() {
    if (!queue_.has_value()) return;
    if (setup_.ending == Ending::kAtEnd) {
      EXPECT_TRUE(queue_->Flush());
    }
    // One that on_flush made may be under way, and its note with it.
    QueueHistory::Stop note{.span = {.begin = Now()}, .waits = StopWaits()};
    queue_->Stop();
    note.span.end = Now();
    // A call of on_flush may be left behind, and may not even have come to on_flush yet.
    const auto all_returned = [this] {
      const EventQueueCounters counters = queue_->counters();
      return handed_over_ >= counters.flushed + counters.force_reloads &&
             counters.flushes >= static_cast<std::uint64_t>(calls_);
    };
    while (!all_returned()) std::this_thread::yield();
    const auto all_told = [this] {
      const EventQueueCounters counters = queue_->counters();
      return counters.errors + counters.errors_dropped >=
                 static_cast<std::uint64_t>(errors_reported_) + counters.flush_exceptions &&
             counters.errors <= static_cast<std::uint64_t>(errors_told_) &&
             counters.error_exceptions >= static_cast<std::uint64_t>(errors_threw_);
    };
    while (!all_told()) std::this_thread::yield();
    history_.stops.push_back(note);
    history_.last = queue_->counters();
    queue_.reset();
  }

  const unsigned seed_;
  const HistorySetup& setup_;
  FakeClock clock_;
  std::atomic<Ticket> ticket_ = 0;
  Gate gate_;
  std::stop_source stop_source_;
  std::atomic<int> pushed_ = 0, senders_done_ = 0, calls_ = 0;
  std::atomic<std::uint64_t> handed_over_ = 0;  // events, in calls_
  std::atomic<int> errors_reported_ = 0, errors_told_ = 0, errors_threw_ = 0;
  // Of who is in on_flush, until all have ended; but for `stops`, see NoteStop().
  Dice flush_dice_;
  int inside_number_ = 0;
  QueueHistory history_;
  std::optional<EventQueue> queue_;
  EventQueue* raw_ = nullptr;
};

// What there was of each thing over all seeds: a test of nothing would pass too.
struct Seen {
  std::uint64_t dropped_oldest = 0, dropped_newest = 0, merged = 0, discarded = 0, refused = 0, threw = 0,
                waits = 0, inside = 0;

  void Add(const QueueHistory& history) {
    for (const QueueHistory::Look& look : history.looks) waits += look.counters.waiting;
    for (const QueueHistory::Push& push : history.pushes) inside += push.inside_flush ? 1 : 0;
    if (!history.last.has_value()) return;
    dropped_oldest += history.last->dropped_oldest;
    dropped_newest += history.last->dropped_newest;
    merged += history.last->merged;
    discarded += history.last->discarded;
    refused += history.last->refused;
    threw += history.last->flush_exceptions;
  }
};

TEST(EventQueueHistoryTest, WhatComesOutOfManyThreadsIsWhatTheContractAllows) {
  Seen seen;
  for (unsigned seed = first_seed; seed < first_seed + seeds; ++seed) {
    const HistorySetup setup(seed);
    std::printf("seed %u: %s\n", seed, setup.ToString().c_str());
    std::fflush(stdout);
    const QueueHistory history = HistoryRun(seed, setup).Record();
    EXPECT_THAT(CheckQueueHistory(history), IsEmpty())
        << "--first_seed=" << seed << " --seeds=1, may take more runs";
    seen.Add(history);
  }
  if (seeds < 100) return;
  EXPECT_GT(seen.dropped_oldest, 0u);
  EXPECT_GT(seen.dropped_newest, 0u);
  EXPECT_GT(seen.merged, 0u);
  EXPECT_GT(seen.discarded, 0u);
  EXPECT_GT(seen.refused, 0u);
  EXPECT_GT(seen.threw, 0u);
  EXPECT_GT(seen.waits, 0u);
  EXPECT_GT(seen.inside, 0u);
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    absl::string_view arg = argv[i];
    if (absl::ConsumePrefix(&arg, "--first_seed=") && absl::SimpleAtoi(arg, &lookout::first_seed)) continue;
    if (absl::ConsumePrefix(&arg, "--seeds=") && absl::SimpleAtoi(arg, &lookout::seeds)) continue;
    std::fprintf(stderr, "%s: unknown; see the top of the test\n", argv[i]);
    return 2;
  }
  return RUN_ALL_TESTS();
}
