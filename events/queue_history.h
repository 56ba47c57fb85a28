// What threads did to an EventQueue and what came out of it, written down; and whether the queue's contract
// allows it. The checker is a pure function: it knows no thread, no clock and nothing of the queue's inside.
//
//   QueueHistory history = ...;   // event_queue_history_test.cc records one with real threads
//   EXPECT_THAT(CheckQueueHistory(history), IsEmpty());
//
// Time is tickets of one common counter: what has the smaller one was earlier. An operation takes one as it
// begins and one when it has ended; of two that overlap nobody knows which the queue saw first, and the
// checker does not guess.
//
// What it holds a history to:
// - Each sender's events come out in order, none twice, none that was not pushed or was refused, none before
//   its push; and, as far as the tickets tell, all events come out in the order in which they were pushed.
// - Who waits for room is let in before who comes later.
// - One call of on_flush at a time, never more events than max_batch, or, where none is forced in, capacity.
// - kDropOldest, kDropNewest: every event that was taken and did not come out is said by a ForceReload of the
//   queue's own. That stands behind whatever was pushed before the lost event and in the same taking of the
//   buffer as it, thus no later than the batch of any event that was pushed after it. The numbers in the
//   ForceReloads' reasons are those of the lost, each in its place. Of what gave way is the oldest, or the
//   newest.
// - kKeepLatest: every event that did not come out has one of the same actor and action in its stead, behind
//   it in the same taking, with no barrier between.
// - kBlock, kFlushEarly: nothing is lost.
// - What the stop discarded is the end of the stream, as many as the counters say.
// - Flush() that said true: all that was pushed before it is out, or said to be lost, by its end.
// - Push() says false only at or after a stop, and always after one.
// - Each counters() is consistent in itself, with those before it and with what had happened by then; the
//   last is exact.
#ifndef LOOKOUT_EVENTS_QUEUE_HISTORY_H_
#define LOOKOUT_EVENTS_QUEUE_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lookout/events/event_buffer.h"
#include "lookout/events/event_queue_counters.h"

namespace lookout {

struct QueueHistory {
  using Ticket = std::uint64_t;

  struct Span {
    Ticket begin = 0;
    Ticket end = std::numeric_limits<Ticket>::max();  // it never ended
  };

  // Senders are 0, 1, ….
  static constexpr int kQueueItself = -1;

  // One event on its way in.
  struct Sent {
    std::uint64_t number = 0;   // ascending for each sender
    int key = 0;                // equal: kKeepLatest may merge them
    bool force_reload = false;  // never lost, nor merged across
    bool moved_from = false;    // after the call: so it was surely taken
  };

  // A Push(), or a PushAll().
  struct Push {
    Span span = {};
    int sender = 0;
    bool inside_flush = false;  // by on_flush; never waits
    bool answer = false;
    std::vector<Sent> sent = {};
  };

  // One event on its way out.
  struct Item {
    int sender = 0;            // kQueueItself: its own ForceReload
    std::uint64_t number = 0;  // that one's: how many it says were lost
  };

  // A call of on_flush.
  struct Call {
    Span span = {};
    bool threw = false;
    std::vector<Item> items = {};
  };

  // A Flush() that was not made inside a callback.
  struct Flush {
    Span span = {};
    bool answer = false;
  };

  // A Stop(), Close() or destruction, from where it began. `waits`: Stop() or a destructor, not from inside a
  // callback and without a drain_timeout that may have cut it short, so that no call may be after it.
  struct Stop {
    Span span = {};
    bool waits = false;
  };

  // A counters().
  struct Look {
    Span span = {};
    EventQueueCounters counters = {};
  };

  WhenFull when_full = WhenFull::kBlock;
  std::size_t capacity = 10;
  std::size_t max_batch = 0;
  // max_batch_bytes is set, so one taking of the buffer may be any number of calls.
  bool splits_by_bytes = false;
  bool flush_on_sender = false;
  // Stopping must drain: kDrain without an end to drain_timeout, and no destruction from a callback.
  bool drains = false;

  std::vector<Push> pushes;  // each sender's in the order it made them
  std::vector<Call> calls;   // in order
  std::vector<Flush> flushes;
  std::vector<Stop> stops;
  std::vector<Look> looks;  // in any order
  // After everything; none if the queue was destroyed.
  std::optional<EventQueueCounters> last;
  std::uint64_t errors_reported =
      0;                           // by ReportError(); that the queue reports what on_flush throws is known
  std::uint64_t errors_told = 0;   // calls of on_error
  std::uint64_t errors_threw = 0;  // those that threw
};

// What is wrong with it, in words; empty if nothing is. At most a few of each kind.
std::vector<std::string> CheckQueueHistory(const QueueHistory& history);

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_QUEUE_HISTORY_H_
