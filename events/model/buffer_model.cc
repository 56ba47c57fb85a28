#include "lookout/events/model/buffer_model.h"

#include <algorithm>
#include <cstdint>

#include "absl/log/check.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/model/fault.h"

namespace lookout::queue_model {

void Slots::Append(int event) { Insert(used, event); }

void Slots::Insert(int where, int event) {
  CHECK_LT(used, kMost) << "a setting with too many events";
  for (int i = used; i > where; --i) at[i] = at[i - 1];
  at[where] = static_cast<std::uint8_t>(event);
  ++used;
}

void Slots::Erase(int where) {
  for (int i = where; i + 1 < used; ++i) at[i] = at[i + 1];
  at[--used] = 0;  // so that equal contents are equal bytes
}

int Slots::Find(int event) const {
  for (int i = 0; i < used; ++i) {
    if (at[i] == event) return i;
  }
  return -1;
}

int Slots::events() const {
  int events = 0;
  for (int i = 0; i < used; ++i) events += at[i] != kLoss ? 1 : 0;
  return events;
}

bool BufferModel::Droppable(int event) const {
  if (event == Slots::kLoss) return false;
  return !kinds_[event].is_force_reload || fault_ == Fault::kForceReloadGivesWay;
}

Offered BufferModel::Offer(BufferState& buffer, int event) const {
  if (buffer.indexed) return Merge(buffer, event);
  if (!full(buffer) || fault_ == Fault::kCapacityIgnored) {
    buffer.slots.Append(event);
    return {.kept = true};
  }
  switch (when_full_) {
    case WhenFull::kBlock:
    case WhenFull::kFlushEarly:
      return {};
    case WhenFull::kDropOldest:
      if (fault_ == Fault::kNewestInsteadOfOldest) return DropNewest(buffer.slots, event);
      return DropOldest(buffer.slots, event);
    case WhenFull::kDropNewest:
      return DropNewest(buffer.slots, event);
    case WhenFull::kKeepLatest: {
      // EventBuffer::Index(): what is equal already merges too.
      Offered all;
      for (int i = 0; i < buffer.slots.used;) {
        const Events merged = MergeInto(buffer.slots, i);
        all.merged |= merged;
        i += merged == 0 ? 1 : 0;
      }
      buffer.indexed = true;
      const Offered offered = Merge(buffer, event);
      all.merged |= offered.merged;
      all.kept = offered.kept;
      return all;
    }
  }
  return {};
}

Offered BufferModel::Force(BufferState& buffer, int event) const {
  buffer.slots.Append(event);
  return {.kept = true,
          .merged = buffer.indexed ? MergeInto(buffer.slots, buffer.slots.used - 1) : Events{0}};
}

Offered BufferModel::DropOldest(Slots& slots, int event) const {
  int oldest = 0;
  while (oldest < slots.used && !Droppable(slots.at[oldest])) ++oldest;
  if (oldest < slots.used) {
    const Events dropped = Only(slots.at[oldest]);
    Lose(slots, oldest);
    slots.Append(event);
    return {.kept = true, .dropped = dropped};
  }
  if (IsBarrier(event)) return {};
  slots.Append(event);
  Lose(slots, slots.used - 1);
  return {.kept = true, .dropped = Only(event)};
}

Offered BufferModel::DropNewest(Slots& slots, int event) const {
  if (!IsBarrier(event)) {
    slots.Append(event);
    Lose(slots, slots.used - 1);
    return {.kept = true, .dropped = Only(event)};
  }
  int newest = slots.used - 1;
  while (newest >= 0 && !Droppable(slots.at[newest])) --newest;
  if (newest < 0) return {};
  const Events dropped = Only(slots.at[newest]);
  Lose(slots, newest);
  slots.Append(event);
  return {.kept = true, .dropped = dropped};
}

// The ForceReload stands in the last place that was lost.
void BufferModel::Lose(Slots& slots, int where) const {
  const int before = slots.Find(Slots::kLoss);
  switch (fault_) {
    case Fault::kLossNotSaid:
      return slots.Erase(where);
    case Fault::kLossSaidTwice:
      slots.at[where] = Slots::kLoss;
      return;
    case Fault::kLossSaidInFront:
      slots.Erase(where);
      if (before < 0) slots.Insert(0, Slots::kLoss);
      return;
    default:
      break;
  }
  if (before > where) return slots.Erase(where);
  slots.at[where] = Slots::kLoss;
  if (before >= 0) slots.Erase(before);
}

int BufferModel::OlderThan(const Slots& slots, int end, int event) const {
  for (int i = end - 1; i >= 0; --i) {
    if (IsBarrier(slots.at[i]) && fault_ != Fault::kMergesAcrossForceReload) return -1;
    if (!IsBarrier(slots.at[i]) && kinds_[slots.at[i]].key == kinds_[event].key) return i;
  }
  return -1;
}

Events BufferModel::MergeInto(Slots& slots, int where) const {
  const int event = slots.at[where];
  if (IsBarrier(event)) return 0;
  const int older = OlderThan(slots, where, event);
  if (older < 0) return 0;
  const Events merged = Only(slots.at[older]);
  slots.Erase(older);
  return merged;
}

Offered BufferModel::Merge(BufferState& buffer, int event) const {
  const bool merges = !IsBarrier(event) && OlderThan(buffer.slots, buffer.slots.used, event) >= 0;
  if (full(buffer) && !merges) return {};
  buffer.slots.Append(event);
  return {.kept = true, .merged = MergeInto(buffer.slots, buffer.slots.used - 1)};
}

void BufferModel::TakeAll(BufferState& buffer, Slots& batch) const {
  batch = buffer.slots;
  if (fault_ == Fault::kTakesWithoutEmptying) return;
  buffer = BufferState();
}

}  // namespace lookout::queue_model
