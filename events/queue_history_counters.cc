// Whether what counters() said in a QueueHistory agrees with itself and with what happened.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/queue_history_index.h"

namespace lookout::events_internal {
namespace {

using Ticket = QueueHistory::Ticket;

// Those that only grow.
constexpr std::pair<absl::string_view, std::uint64_t EventQueueCounters::*> kGrowing[] = {
    {"received", &EventQueueCounters::received},
    {"flushed", &EventQueueCounters::flushed},
    {"dropped_oldest", &EventQueueCounters::dropped_oldest},
    {"dropped_newest", &EventQueueCounters::dropped_newest},
    {"merged", &EventQueueCounters::merged},
    {"discarded", &EventQueueCounters::discarded},
    {"refused", &EventQueueCounters::refused},
    {"force_reloads", &EventQueueCounters::force_reloads},
    {"flushes", &EventQueueCounters::flushes},
    {"flush_exceptions", &EventQueueCounters::flush_exceptions},
    {"errors", &EventQueueCounters::errors},
    {"errors_dropped", &EventQueueCounters::errors_dropped},
    {"error_exceptions", &EventQueueCounters::error_exceptions},
};

class CountersChecker {
 public:
  CountersChecker(const HistoryIndex& index, Findings& findings)
      : index_(index), history_(index.history), findings_(findings) {}

  void Check() {
    for (const QueueHistory::Look& look : history_.looks) {
      CheckIdentity(look.counters);
      CheckPolicy(look.counters);
      CheckAgainstWhatHappened(look);
      for (const QueueHistory::Look& earlier : history_.looks) {
        if (earlier.span.end < look.span.begin) CheckGrowth(earlier.counters, look.counters);
      }
    }
    if (!history_.last.has_value()) return;
    CheckIdentity(*history_.last);
    CheckPolicy(*history_.last);
    for (const QueueHistory::Look& look : history_.looks) CheckGrowth(look.counters, *history_.last);
    CheckLast(*history_.last);
  }

 private:
  void Expect(bool holds, absl::string_view what, std::uint64_t is, absl::string_view bound,
              std::uint64_t should) {
    if (!holds) findings_.Add(absl::StrCat("counters: ", what, " is ", is, ", ", bound, " ", should));
  }
  void ExpectEqual(absl::string_view what, std::uint64_t is, std::uint64_t should) {
    Expect(is == should, what, is, "but it was", should);
  }
  void ExpectBetween(absl::string_view what, std::uint64_t is, std::uint64_t least, std::uint64_t most) {
    Expect(is >= least, what, is, "but at least", least);
    Expect(is <= most, what, is, "but at most", most);
  }

  void CheckIdentity(const EventQueueCounters& c) {
    ExpectEqual("received", c.received,
                c.flushed + c.dropped_oldest + c.dropped_newest + c.merged + c.discarded + c.depth);
  }
  void CheckPolicy(const EventQueueCounters& c) {
    if (history_.when_full != WhenFull::kDropOldest) ExpectEqual("dropped_oldest", c.dropped_oldest, 0);
    if (history_.when_full != WhenFull::kDropNewest) ExpectEqual("dropped_newest", c.dropped_newest, 0);
    if (history_.when_full != WhenFull::kKeepLatest) ExpectEqual("merged", c.merged, 0);
  }
  void CheckGrowth(const EventQueueCounters& earlier, const EventQueueCounters& later) {
    for (const auto& [name, counter] : kGrowing) {
      Expect(later.*counter >= earlier.*counter, name, later.*counter, "but was already", earlier.*counter);
    }
  }

  void CheckAgainstWhatHappened(const QueueHistory::Look& look) {
    const Ticket begin = look.span.begin, end = look.span.end;
    std::uint64_t surely_received = 0, offered = 0, offered_in_vain = 0, under_way = 0;
    for (const SentEvent& event : index_.events) {
      surely_received += event.fate == SentEvent::kTaken && event.end() < begin ? 1 : 0;
      offered += event.begin() < end ? 1 : 0;
      offered_in_vain += event.fate != SentEvent::kTaken && event.begin() < end ? 1 : 0;
    }
    for (const QueueHistory::Push& push : history_.pushes) {
      under_way += push.span.begin < end && push.span.end > begin ? 1 : 0;
    }
    std::uint64_t surely_flushed = 0, surely_said = 0, calls = 0, surely_called = 0;
    for (const OutEvent& out : index_.out) {
      if (history_.calls[out.call].span.begin > begin) break;
      (out.sent == nullptr ? surely_said : surely_flushed) += 1;
    }
    for (const QueueHistory::Call& call : history_.calls) {
      calls += call.span.begin < end ? 1 : 0;
      surely_called += call.span.begin < begin ? 1 : 0;
    }
    const EventQueueCounters& c = look.counters;
    ExpectBetween("received", c.received, surely_received, offered);
    ExpectBetween("refused", c.refused, 0, offered_in_vain);
    ExpectBetween("waiting", c.waiting, 0, under_way);
    ExpectBetween("flushed", c.flushed, surely_flushed, offered);
    Expect(c.force_reloads >= surely_said, "force_reloads", c.force_reloads, "but at least", surely_said);
    // The last may not have returned.
    ExpectBetween("flushes", c.flushes, surely_called == 0 ? 0 : surely_called - 1, calls);
  }

  void CheckLast(const EventQueueCounters& c) {
    std::uint64_t surely_received = 0, surely_refused = 0, flushed = 0, force_reloads = 0, threw = 0;
    for (const SentEvent& event : index_.events) {
      surely_received += event.fate == SentEvent::kTaken || event.out() ? 1 : 0;
      surely_refused += event.fate == SentEvent::kRefused ? 1 : 0;
    }
    for (const OutEvent& out : index_.out) (out.sent == nullptr ? force_reloads : flushed) += 1;
    for (const QueueHistory::Call& call : history_.calls) threw += call.threw ? 1 : 0;
    const std::uint64_t offered = index_.events.size();
    ExpectBetween("received", c.received, surely_received, offered - surely_refused);
    ExpectEqual("received and refused together", c.received + c.refused, offered);
    ExpectEqual("flushed", c.flushed, flushed);
    ExpectEqual("force_reloads", c.force_reloads, force_reloads);
    ExpectEqual("depth", c.depth, 0);
    ExpectEqual("waiting", c.waiting, 0);
    ExpectEqual("flushes", c.flushes, history_.calls.size());
    ExpectEqual("flush_exceptions", c.flush_exceptions, threw);
    ExpectEqual("errors", c.errors, history_.errors_told);
    ExpectEqual("error_exceptions", c.error_exceptions, history_.errors_threw);
    ExpectEqual("errors told and dropped together", c.errors + c.errors_dropped,
                history_.errors_reported + threw);
  }

  const HistoryIndex& index_;
  const QueueHistory& history_;
  Findings& findings_;
};

}  // namespace

void CheckCounters(const HistoryIndex& index, Findings& findings) {
  CountersChecker(index, findings).Check();
}

}  // namespace lookout::events_internal
