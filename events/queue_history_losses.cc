// What is missing at the end of a QueueHistory, and whether it was said.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/queue_history_index.h"

namespace lookout::events_internal {
namespace {

using Ticket = QueueHistory::Ticket;

// An event that did not come out, and where what makes up for it may stand.
struct Missing {
  const SentEvent* event;
  std::size_t behind = kNowhere;   // the last place of what was certainly pushed before it; kNowhere: none
  std::size_t in_call = kNowhere;  // the last call that may be of its taking; kNowhere: any, or never taken

  bool IsBehind(std::size_t place) const { return behind == kNowhere || place > behind; }
  bool MayBeDiscarded() const { return in_call == kNowhere; }
};

void Raise(std::size_t& to, std::size_t place) {
  if (place != kNowhere && (to == kNowhere || place > to)) to = place;
}

// By the tickets of all, and by the numbers of the same sender.
std::vector<Missing> FindMissing(const HistoryIndex& index) {
  struct Bound {
    Ticket ticket;
    std::size_t value;
  };
  const auto by_ticket = [](const Bound& a, const Bound& b) { return a.ticket < b.ticket; };
  std::vector<Bound> ends;    // .value: the last place of all that ended no later
  std::vector<Bound> begins;  // .value: the first call's taking of all that began no earlier
  for (const OutEvent& out : index.out) {
    if (out.sent == nullptr) continue;
    ends.push_back({out.sent->end(), out.sent->place});
    begins.push_back({out.sent->begin(), index.taking_end[out.call]});
  }
  // What a Flush() that said true had before it is out, or said, when it ends.
  for (const QueueHistory::Flush& flush : index.history.flushes) {
    if (!flush.answer) continue;
    std::size_t done = 0;
    while (done < index.history.calls.size() && index.history.calls[done].span.end < flush.span.end) ++done;
    if (done > 0) begins.push_back({flush.span.begin, done - 1});
  }
  std::sort(ends.begin(), ends.end(), by_ticket);
  std::sort(begins.begin(), begins.end(), by_ticket);
  for (std::size_t i = 1; i < ends.size(); ++i) Raise(ends[i].value, ends[i - 1].value);
  for (std::size_t i = begins.size(); i-- > 1;) {
    begins[i - 1].value = std::min(begins[i - 1].value, begins[i].value);
  }

  std::vector<Missing> missing;
  for (const auto& [sender_and_number, at] : index.by_number) {
    const SentEvent& event = index.events[at];
    if (event.out() || event.fate == SentEvent::kRefused) continue;
    Missing one{.event = &event};
    const auto before = std::lower_bound(ends.begin(), ends.end(), Bound{event.begin(), 0}, by_ticket);
    if (before != ends.begin()) one.behind = std::prev(before)->value;
    const auto after = std::upper_bound(begins.begin(), begins.end(), Bound{event.end(), 0}, by_ticket);
    if (after != begins.end()) one.in_call = after->value;
    for (const QueueHistory::Sent& sent : event.push->sent) {
      const SentEvent& other = index.events[index.by_number.at({event.push->sender, sent.number})];
      if (!other.out()) continue;
      if (sent.number < event.sent->number) {
        Raise(one.behind, other.place);
      } else {
        one.in_call = std::min(one.in_call, index.taking_end[index.out[other.place].call]);
      }
    }
    missing.push_back(one);
  }
  return missing;
}

class LossChecker {
 public:
  LossChecker(const HistoryIndex& index, Findings& findings)
      : index_(index), history_(index.history), findings_(findings), missing_(FindMissing(index)) {}

  void Check() {
    CheckFlushes();
    switch (history_.when_full) {
      case WhenFull::kBlock:
      case WhenFull::kFlushEarly:
        ExpectNothingSaid();
        for (const Missing& one : missing_) LeaveToTheStop(one);
        break;
      case WhenFull::kDropOldest:
      case WhenFull::kDropNewest:
        MatchWithForceReloads();
        CheckWhatGaveWay();
        break;
      case WhenFull::kKeepLatest:
        ExpectNothingSaid();
        for (const Missing& one : missing_) {
          if (one.event->sent->force_reload || !IsMerged(one)) LeaveToTheStop(one);
        }
        break;
    }
    CheckDiscarded();
  }

 private:
  // What came out must have done so before a Flush() that waited for it ended.
  void CheckFlushes() {
    for (const QueueHistory::Flush& flush : history_.flushes) {
      if (!flush.answer) continue;
      for (const SentEvent& event : index_.events) {
        if (event.end() > flush.span.begin || event.fate != SentEvent::kTaken) continue;
        const bool in_time = event.out()
                                 ? history_.calls[index_.out[event.place].call].span.end < flush.span.end
                                 : !history_.calls.empty() && history_.calls[0].span.end < flush.span.end;
        if (!in_time)
          findings_.Add(absl::StrCat("Flush() said true before ", Describe(event), " was handed over"));
      }
    }
  }

  void ExpectNothingSaid() {
    for (const OutEvent& out : index_.out) {
      if (out.sent == nullptr) findings_.Add("a loss was said under a policy that loses nothing");
    }
  }

  // It can only have been discarded.
  void LeaveToTheStop(const Missing& one, absl::string_view else_what = "is missing without a word") {
    if (one.event->fate != SentEvent::kTaken) return;  // it may as well have been refused
    if (!one.MayBeDiscarded() || history_.drains) {
      findings_.Add(absl::StrCat(Describe(*one.event), " ", else_what));
    } else {
      ++left_;
    }
  }

  void MatchWithForceReloads() {
    std::vector<Missing> open;
    for (const Missing& one : missing_) {
      if (one.event->sent->force_reload) {
        LeaveToTheStop(one, "is a ForceReload and was lost");
      } else {
        open.push_back(one);
      }
    }
    // Each ForceReload takes of those that may be its own the ones that cannot wait for a later.
    std::sort(open.begin(), open.end(), [](const Missing& a, const Missing& b) {
      return std::pair(a.in_call, a.event->fate != SentEvent::kTaken) <
             std::pair(b.in_call, b.event->fate != SentEvent::kTaken);
    });
    for (std::size_t place = 0; place < index_.out.size(); ++place) {
      const OutEvent& out = index_.out[place];
      if (out.sent != nullptr) continue;
      std::uint64_t wanted = out.item->number;
      said_ += wanted;
      std::vector<Missing> still_open;
      for (const Missing& one : open) {
        const bool may_be =
            one.IsBehind(place) && (one.in_call == kNowhere || out.call <= one.in_call) && wanted > 0;
        if (may_be) {
          --wanted;
        } else {
          still_open.push_back(one);
        }
      }
      open = std::move(still_open);
      if (wanted > 0) {
        findings_.Add(absl::StrCat("a ForceReload in call ", out.call, " says that ", out.item->number,
                                   " were lost, of which ", wanted, " were not"));
      }
    }
    for (const Missing& one : open) LeaveToTheStop(one);
  }

  // Only where a taking of the buffer is a call.
  void CheckWhatGaveWay() {
    if (history_.max_batch != 0 || history_.splits_by_bytes) return;
    const bool oldest = history_.when_full == WhenFull::kDropOldest;
    for (std::size_t place = 0; place < index_.out.size(); ++place) {
      if (index_.out[place].sent != nullptr) continue;
      const std::size_t step = oldest ? kNowhere : 1;  // -1: backwards
      for (std::size_t at = place + step; at < index_.out.size(); at += step) {
        const OutEvent& other = index_.out[at];
        if (other.call != index_.out[place].call) break;
        if (other.sent == nullptr || other.sent->sent->force_reload) continue;
        findings_.Add(absl::StrCat(Describe(*other.sent), " was kept though ", oldest ? "newer" : "older",
                                   " ones gave way"));
      }
    }
  }

  // Whether something that came out stands for it.
  bool IsMerged(const Missing& one) const {
    for (std::size_t place = one.behind == kNowhere ? 0 : one.behind + 1; place < index_.out.size();
         ++place) {
      const OutEvent& out = index_.out[place];
      if (one.in_call != kNowhere && out.call > one.in_call) return false;
      if (out.sent == nullptr || out.sent->sent->force_reload) continue;
      if (out.sent->sent->key == one.event->sent->key && !BarrierBetween(*one.event, *out.sent)) return true;
    }
    return false;
  }

  // For certain.
  bool BarrierBetween(const SentEvent& from, const SentEvent& to) const {
    return std::any_of(index_.out.begin(), index_.out.end(), [&](const OutEvent& out) {
      return out.sent != nullptr && out.sent->sent->force_reload && Precedes(from, *out.sent) &&
             Precedes(*out.sent, to);
    });
  }
  static bool Precedes(const SentEvent& a, const SentEvent& b) {
    return a.end() < b.begin() || (a.push->sender == b.push->sender && a.sent->number < b.sent->number);
  }

  // What is left is what the stop discarded, or what gave way to that and was not said any more.
  void CheckDiscarded() {
    if (!history_.last.has_value()) return;
    const EventQueueCounters& last = *history_.last;
    if (history_.drains && last.discarded != 0) {
      findings_.Add(absl::StrCat(last.discarded, " events were discarded instead of drained"));
    }
    const std::uint64_t dropped = last.dropped_oldest + last.dropped_newest;
    if (said_ > dropped) {
      findings_.Add(absl::StrCat(said_, " events were said to be lost, ", dropped, " are counted"));
      return;
    }
    // The ForceReload of a taking that the stop cut into may be among what was not handed over.
    const bool may_be_unsaid =
        !history_.drains && (last.discarded > 0 || history_.max_batch != 0 || history_.splits_by_bytes);
    const std::uint64_t unsaid = dropped - said_;
    if (unsaid > 0 && !may_be_unsaid) {
      findings_.Add(
          absl::StrCat(dropped, " events are counted as dropped, ", said_, " were said to be lost"));
    }
    const bool all_merged_out = last.discarded == 0;
    const std::uint64_t most = last.discarded + unsaid + (all_merged_out ? 0 : last.merged);
    if (left_ > most) {
      findings_.Add(absl::StrCat(left_, " events are missing at the end, the counters know of ", most));
    }
  }

  const HistoryIndex& index_;
  const QueueHistory& history_;
  Findings& findings_;
  const std::vector<Missing> missing_;
  std::uint64_t left_ = 0;
  std::uint64_t said_ = 0;
};

}  // namespace

void CheckLosses(const HistoryIndex& index, Findings& findings) { LossChecker(index, findings).Check(); }

}  // namespace lookout::events_internal
