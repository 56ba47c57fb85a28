// EventBuffer as the model of the queue has it: which event is where. No memory, no text.
//
// buffer_model_test.cc holds it to the real one.
#ifndef LOOKOUT_EVENTS_MODEL_BUFFER_MODEL_H_
#define LOOKOUT_EVENTS_MODEL_BUFFER_MODEL_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "lookout/events/event_buffer.h"
#include "lookout/events/model/fault.h"

namespace lookout::queue_model {

// A set of events, each of which has a number below 16.
using Events = std::uint16_t;
inline Events Only(int event) { return static_cast<Events>(1U << event); }
inline bool Has(Events events, int event) { return (events & Only(event)) != 0; }

struct EventKind {
  int thread = 0;  // whose it is
  char key = 'a';
  bool is_force_reload = false;
};

// Events by number, in their order.
struct Slots {
  static constexpr int kMost = 12;
  static constexpr std::uint8_t kLoss = 0xff;  // the buffer's own ForceReload

  std::uint8_t at[kMost] = {};
  std::uint8_t used = 0;

  void Append(int event);
  void Insert(int where, int event);
  void Erase(int where);
  int Find(int event) const;  // -1: it is not there
  int events() const;         // but for kLoss
};

struct BufferState {
  Slots slots;
  bool indexed = false;  // kKeepLatest: it was full
};

struct Offered {
  bool kept = false;  // or dropped by its policy
  Events dropped = 0;
  Events merged = 0;
};

// What EventBuffer's functions do to such a state.
class BufferModel {
 public:
  BufferModel(WhenFull when_full, int capacity, std::vector<EventKind> kinds, Fault fault = Fault::kNone)
      : when_full_(when_full), capacity_(capacity), kinds_(std::move(kinds)), fault_(fault) {}

  Offered Offer(BufferState& buffer, int event) const;
  Offered Force(BufferState& buffer, int event) const;
  void TakeAll(BufferState& buffer, Slots& batch) const;
  bool full(const BufferState& buffer) const { return buffer.slots.events() >= capacity_; }

 private:
  bool IsBarrier(int event) const { return event == Slots::kLoss || kinds_[event].is_force_reload; }
  bool Droppable(int event) const;
  Offered DropOldest(Slots& slots, int event) const;
  Offered DropNewest(Slots& slots, int event) const;
  Offered Merge(BufferState& buffer, int event) const;
  // Of the same key, behind the last barrier before `end`; -1: there is none.
  int OlderThan(const Slots& slots, int end, int event) const;
  // What is equal and older than the event at `where` is gone; returns it.
  Events MergeInto(Slots& slots, int where) const;
  void Lose(Slots& slots, int where) const;

  WhenFull when_full_;
  int capacity_;
  std::vector<EventKind> kinds_;
  Fault fault_;
};

}  // namespace lookout::queue_model

#endif  // LOOKOUT_EVENTS_MODEL_BUFFER_MODEL_H_
