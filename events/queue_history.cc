#include "lookout/events/queue_history.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/queue_history_index.h"

namespace lookout {
namespace events_internal {

std::string Describe(const SentEvent& event) {
  return absl::StrCat("sender ", event.push->sender, "'s ", event.sent->number, " [", event.begin(), ", ",
                      event.end(), "]");
}

HistoryIndex IndexHistory(const QueueHistory& history, Findings& findings) {
  HistoryIndex index{.history = history};
  for (const QueueHistory::Push& push : history.pushes) {
    // Of those that answered false a first part may have been taken, no shorter than what was moved from.
    std::size_t surely = push.answer ? push.sent.size() : 0;
    for (std::size_t i = 0; i < push.sent.size(); ++i) {
      if (push.sent[i].moved_from) surely = std::max(surely, i + 1);
    }
    if (!push.answer && surely == push.sent.size()) {
      findings.Add(absl::StrCat("a push by sender ", push.sender, " said false and kept everything"));
    }
    for (std::size_t i = 0; i < push.sent.size(); ++i) {
      const bool last_refused = !push.answer && i + 1 == push.sent.size();
      index.by_number[{push.sender, push.sent[i].number}] = index.events.size();
      index.events.push_back({.push = &push,
                              .sent = &push.sent[i],
                              .fate = i < surely
                                          ? SentEvent::kTaken
                                          : (last_refused ? SentEvent::kRefused : SentEvent::kEither)});
    }
  }
  for (std::size_t call = 0; call < history.calls.size(); ++call) {
    for (const QueueHistory::Item& item : history.calls[call].items) {
      OutEvent out{.item = &item, .sent = nullptr, .call = call};
      if (item.sender != QueueHistory::kQueueItself) {
        const auto found = index.by_number.find({item.sender, item.number});
        if (found == index.by_number.end()) {
          findings.Add(
              absl::StrCat("sender ", item.sender, "'s ", item.number, " came out and was never pushed"));
          continue;
        }
        SentEvent& sent = index.events[found->second];
        if (sent.out()) findings.Add(absl::StrCat(Describe(sent), " came out twice"));
        if (sent.fate == SentEvent::kRefused) {
          findings.Add(absl::StrCat(Describe(sent), " came out, though its push said false"));
        }
        sent.place = index.out.size();
        out.sent = &sent;
      }
      index.out.push_back(out);
    }
  }
  // A call that is full may go on in the next.
  index.taking_end.resize(history.calls.size());
  for (std::size_t call = history.calls.size(); call-- > 0;) {
    const bool goes_on = history.splits_by_bytes ||
                         (history.max_batch != 0 && history.calls[call].items.size() >= history.max_batch);
    const std::size_t next = call + 1 < history.calls.size() ? index.taking_end[call + 1] : kNowhere;
    index.taking_end[call] = goes_on ? next : call;
  }
  return index;
}

namespace {

bool Drops(WhenFull when_full) {
  return when_full == WhenFull::kDropOldest || when_full == WhenFull::kDropNewest;
}

// Per sender, and as far as tickets tell between senders.
void CheckOrder(const HistoryIndex& index, Findings& findings) {
  std::map<int, std::uint64_t> last;
  const SentEvent* latest = nullptr;  // of those that came out so far: who was pushed last
  for (const OutEvent& out : index.out) {
    if (out.sent == nullptr) continue;
    const auto [entry, first] = last.try_emplace(out.item->sender, out.item->number);
    if (!first && entry->second >= out.item->number) {
      findings.Add(absl::StrCat(Describe(*out.sent), " came out after its ", entry->second));
    }
    entry->second = out.item->number;
    if (latest != nullptr && out.sent->end() < latest->begin()) {
      findings.Add(absl::StrCat(Describe(*out.sent), " came out after ", Describe(*latest),
                                ", whose push began when its own had ended"));
    }
    if (latest == nullptr || out.sent->begin() > latest->begin()) latest = out.sent;
    if (index.history.calls[out.call].span.begin < out.sent->begin()) {
      findings.Add(absl::StrCat(Describe(*out.sent), " came out before it was pushed"));
    }
  }
}

void CheckCalls(const HistoryIndex& index, Findings& findings) {
  const QueueHistory& history = index.history;
  for (std::size_t i = 0; i < history.calls.size(); ++i) {
    const QueueHistory::Call& call = history.calls[i];
    const std::size_t size = call.items.size();
    if (size == 0) findings.Add(absl::StrCat("call ", i, " of on_flush is empty"));
    if (i > 0 && call.span.begin < history.calls[i - 1].span.end) {
      findings.Add(absl::StrCat("call ", i, " of on_flush began before the one before it had ended"));
    }
    if (history.max_batch != 0 && size > history.max_batch) {
      findings.Add(
          absl::StrCat("call ", i, " of on_flush has ", size, " events, max_batch is ", history.max_batch));
    }
    for (const QueueHistory::Stop& stop : history.stops) {
      if (stop.waits && call.span.end > stop.span.end) {
        findings.Add(absl::StrCat("call ", i, " of on_flush was running when the stop was done"));
      }
    }
  }
  if (history.flush_on_sender) return;
  // What on_flush pushed is kept beyond the capacity. Under kKeepLatest another's may then stand for it.
  std::size_t forced = 0;
  for (const SentEvent& event : index.events) {
    forced += event.push->inside_flush && history.when_full == WhenFull::kKeepLatest ? 1 : 0;
  }
  std::vector<std::size_t> from_outside(history.calls.size());
  for (const OutEvent& out : index.out) {
    from_outside[out.call] += out.sent != nullptr && !out.sent->push->inside_flush ? 1 : 0;
  }
  for (std::size_t i = 0; i < from_outside.size(); ++i) {
    if (from_outside[i] <= history.capacity + forced) continue;
    findings.Add(absl::StrCat("call ", i, " of on_flush has ", from_outside[i],
                              " events that had to find room, capacity is ", history.capacity));
  }
}

void CheckAnswers(const HistoryIndex& index, Findings& findings) {
  for (const QueueHistory::Push& push : index.history.pushes) {
    const auto& stops = index.history.stops;
    const bool after_stop = std::any_of(stops.begin(), stops.end(), [&](const QueueHistory::Stop& stop) {
      return stop.span.end < push.span.begin;
    });
    const bool may_refuse = std::any_of(stops.begin(), stops.end(), [&](const QueueHistory::Stop& stop) {
      return stop.span.begin < push.span.end;
    });
    if (push.answer && after_stop) {
      findings.Add(absl::StrCat("a push by sender ", push.sender, " after the stop said true"));
    }
    if (!push.answer && !may_refuse) {
      findings.Add(absl::StrCat("a push by sender ", push.sender, " said false before there was a stop"));
    }
  }
}

// Where counters() says that as many senders wait as had a push under way, all of them wait: and what came
// later comes out later.
void CheckLine(const HistoryIndex& index, Findings& findings) {
  const bool drops = Drops(index.history.when_full);
  for (const QueueHistory::Look& look : index.history.looks) {
    if (look.counters.waiting == 0) continue;
    std::vector<const QueueHistory::Push*> waiting;
    for (const QueueHistory::Push& push : index.history.pushes) {
      if (push.span.begin < look.span.end && push.span.end > look.span.begin) waiting.push_back(&push);
    }
    if (waiting.size() != look.counters.waiting) continue;
    // The last of them to come out; of several events of one push the first, which waits no later.
    const SentEvent* last = nullptr;
    for (const QueueHistory::Push* push : waiting) {
      if (drops && push->sent.size() > 1) continue;  // it may wait with another than its first
      const SentEvent& first = index.events[index.by_number.at({push->sender, push->sent[0].number})];
      if (first.out() && (last == nullptr || first.place > last->place)) last = &first;
    }
    if (last == nullptr) continue;
    for (std::size_t place = 0; place < last->place; ++place) {
      const SentEvent* sent = index.out[place].sent;
      if (sent == nullptr || sent->begin() < look.span.end || sent->push->inside_flush) continue;
      if (drops && !sent->sent->force_reload) continue;  // need not queue up
      findings.Add(absl::StrCat(Describe(*sent), " overtook ", Describe(*last), ", who was waiting at ",
                                look.span.begin));
    }
  }
}

}  // namespace
}  // namespace events_internal

std::vector<std::string> CheckQueueHistory(const QueueHistory& history) {
  events_internal::Findings findings;
  const events_internal::HistoryIndex index = events_internal::IndexHistory(history, findings);
  events_internal::CheckOrder(index, findings);
  events_internal::CheckCalls(index, findings);
  events_internal::CheckAnswers(index, findings);
  events_internal::CheckLine(index, findings);
  events_internal::CheckLosses(index, findings);
  events_internal::CheckCounters(index, findings);
  return findings.Take();
}

}  // namespace lookout
