// A QueueHistory put in order for its checkers: each event that was sent with where it came out. Part of
// queue_history.cc.
#ifndef LOOKOUT_EVENTS_QUEUE_HISTORY_INDEX_H_
#define LOOKOUT_EVENTS_QUEUE_HISTORY_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lookout/events/queue_history.h"

namespace lookout::events_internal {

inline constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

// What was found wrong.
class Findings {
 public:
  void Add(std::string what) {
    if (found_.size() < 20) found_.push_back(std::move(what));
  }
  std::vector<std::string> Take() { return std::move(found_); }
  bool empty() const { return found_.empty(); }

 private:
  std::vector<std::string> found_;
};

struct SentEvent {
  const QueueHistory::Push* push;
  const QueueHistory::Sent* sent;
  std::size_t place = kNowhere;  // among all that came out
  // kTaken and not out: lost, merged or discarded.
  enum { kTaken, kRefused, kEither } fate = kTaken;

  QueueHistory::Ticket begin() const { return push->span.begin; }
  QueueHistory::Ticket end() const { return push->span.end; }
  bool out() const { return place != kNowhere; }
};

// One thing that came out.
struct OutEvent {
  const QueueHistory::Item* item;
  const SentEvent* sent;  // null: the queue's own
  std::size_t call;
};

struct HistoryIndex {
  const QueueHistory& history;
  std::vector<SentEvent> events = {};
  std::map<std::pair<int, std::uint64_t>, std::size_t> by_number = {};  // into events
  std::vector<OutEvent> out = {};
  // For each call the last one that may be of the same taking of the buffer; kNowhere if the end of that may
  // never have been handed over.
  std::vector<std::size_t> taking_end = {};
};

// Also says what came out that never went in, or came twice.
HistoryIndex IndexHistory(const QueueHistory& history, Findings& findings);

// "sender 3's 17".
std::string Describe(const SentEvent& event);

// The rules of what is missing (queue_history_losses.cc).
void CheckLosses(const HistoryIndex& index, Findings& findings);
// The rules of counters() (queue_history_counters.cc).
void CheckCounters(const HistoryIndex& index, Findings& findings);

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_QUEUE_HISTORY_INDEX_H_
