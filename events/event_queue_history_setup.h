// What a run of event_queue_history_test.cc does, settled by a seed; and when its queue may be destroyed.
#ifndef LOOKOUT_EVENTS_EVENT_QUEUE_HISTORY_SETUP_H_
#define LOOKOUT_EVENTS_EVENT_QUEUE_HISTORY_SETUP_H_

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <random>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lookout/events/event_queue.h"

namespace lookout {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int Below(int n) { return static_cast<int>(engine_() % static_cast<unsigned>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }
  template <typename T>
  T Of(std::initializer_list<T> choices) {
    return std::data(choices)[Below(static_cast<int>(choices.size()))];
  }
  // What makes the threads meet differently each time.
  void Dawdle() {
    if (OneIn(4)) std::this_thread::yield();
    if (!OneIn(8)) return;
    for (std::atomic<int> spins = Below(2000); spins > 0; --spins) {
    }
  }

 private:
  std::mt19937 engine_;
};

enum class Ending { kAtEnd, kStop, kClose, kToken, kStopInside, kCloseInside, kDestroy };

struct HistorySetup {
  EventQueueOptions options;
  int senders = 1, flushers = 0, readers = 0;
  int pushes = 1;  // of each sender
  int keys = 1;
  Ending ending = Ending::kAtEnd;
  int ending_after = 0;  // so many pushes, or calls of on_flush
  int throws_one_in = 0, errors_throw_one_in = 0, slow_one_in = 0;

  explicit HistorySetup(unsigned seed) {
    Dice dice(seed);
    options.when_full = dice.Of({WhenFull::kBlock, WhenFull::kFlushEarly, WhenFull::kDropOldest,
                                 WhenFull::kDropNewest, WhenFull::kKeepLatest});
    options.capacity = dice.Of<std::size_t>({1, 2, 3, 5, 10, 50});
    options.flush_interval = dice.Of(
        {absl::ZeroDuration(), absl::Milliseconds(1), absl::Milliseconds(10), absl::Milliseconds(500)});
    options.flush_on_sender = options.flush_interval == absl::ZeroDuration() && dice.OneIn(2);
    options.max_batch = dice.Of<std::size_t>({0, 0, 0, 1, 2, 7});
    options.max_batch_bytes = dice.OneIn(8) ? 600 : 0;
    options.on_stop = dice.Of({OnStop::kDiscard, OnStop::kDrain});
    options.drain_timeout = dice.Of({absl::InfiniteDuration(), absl::ZeroDuration(), absl::Milliseconds(5)});
    senders = 1 + dice.Below(6);
    flushers = dice.Below(3);
    readers = dice.Below(3);
    pushes = dice.Of({10, 40, 100});
    keys = dice.Of({1, 3, 8});
    ending = dice.Of({Ending::kAtEnd, Ending::kAtEnd, Ending::kStop, Ending::kClose, Ending::kToken,
                      Ending::kStopInside, Ending::kCloseInside, Ending::kDestroy});
    ending_after = 1 + dice.Below(senders * pushes);
    if (ending == Ending::kStopInside || ending == Ending::kCloseInside) ending_after = 1 + dice.Below(8);
    throws_one_in = dice.Of({0, 0, 3, 20});
    errors_throw_one_in = dice.Of({0, 2, 5});
    slow_one_in = dice.Of({0, 2, 10});
  }

  std::string ToString() const {
    return absl::StrCat("when_full ", static_cast<int>(options.when_full), ", capacity ", options.capacity,
                        ", interval ", absl::FormatDuration(options.flush_interval),
                        options.flush_on_sender ? ", on sender" : "", ", max_batch ", options.max_batch,
                        ", max_batch_bytes ", options.max_batch_bytes,
                        options.on_stop == OnStop::kDrain ? ", drain " : ", discard ",
                        absl::FormatDuration(options.drain_timeout), ", ", senders, " senders of ", pushes,
                        " pushes, ", flushers, " flushers, ", readers, " readers, ", keys, " keys, ending ",
                        static_cast<int>(ending), " after ", ending_after, ", throws 1 in ", throws_one_in,
                        ", on_error throws 1 in ", errors_throw_one_in, ", slow 1 in ", slow_one_in);
  }
};

// Who is inside a call of the queue's, so that it is destroyed only when nobody is, but for senders that
// wait.
class Gate {
 public:
  bool Enter(bool sends = false) {
    (sends ? sending_ : others_).fetch_add(1);
    if (!closed_) return true;
    Leave(sends);
    return false;
  }
  void Leave(bool sends = false) {
    ++left_;
    (sends ? sending_ : others_).fetch_sub(1);
  }
  void CloseAndAwaitIdle(const EventQueue& queue) {
    closed_ = true;
    while (others_ > 0) std::this_thread::yield();
    while (true) {
      const int left = left_;
      const auto waiting = static_cast<int>(queue.counters().waiting);
      // Nobody left meanwhile, so all who are inside now were when they were counted as waiting.
      if (sending_ == waiting && left_ == left) return;
      std::this_thread::yield();
    }
  }

 private:
  std::atomic<bool> closed_ = false;
  std::atomic<int> sending_ = 0, others_ = 0, left_ = 0;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_QUEUE_HISTORY_SETUP_H_
