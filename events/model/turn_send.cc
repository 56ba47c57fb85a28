// The sending side: event_queue_core.cc, from PushAll() to AdmitWaitingSenders(), and FlushOnSender().
#include <cstdint>

#include "lookout/events/event_buffer.h"
#include "lookout/events/model/buffer_model.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/turn.h"

namespace lookout::queue_model {

void Turn::PushAll(int first, int events) {
  if (MayFlushOnSender()) return FlushOnSender(first, events);
  PushFrom(first, events);
}

void Turn::PushFrom(int first, int events) {
  what_ = "Push(): taken";
  for (int i = 0; i < events; ++i) {
    const Taken taken = Take(first + i, events - i - 1);
    if (taken == Taken::kKept) continue;
    if (taken == Taken::kRefused) {
      ++s_.refused;
      Refuse(first + i, events - i - 1);
    }
    return;
  }
}

// Push() returns false, the event is counted as refused.
void Turn::Refuse(int event, int rest) {
  what_ = "Push(): false";
  s_.refused = static_cast<std::uint8_t>(s_.refused + rest);
  if (!s_.stopping) Wrong("a push is refused before any stop");
  for (int i = event; i <= event + rest; ++i) {
    s_.was_refused |= Only(i);
    if (Has(s_.was_taken, i)) Wrong("an event that Push() refuses was taken");
  }
}

Turn::Taken Turn::Take(int event, int rest) {
  if (s_.stopping) {
    if (Is(Fault::kRefusedKept) && !s_.gave_up) Force(event);
    return Taken::kRefused;
  }
  const bool others_wait = s_.line_size > 0;
  if ((!others_wait || MayOvertake(event) || Is(Fault::kLineOvertaken)) && Offer(event)) {
    if (others_wait && !MayOvertake(event)) Wrong("an event overtakes those who wait for room");
    return Taken::kKept;
  }
  if (OnFlushingThread() && !Is(Fault::kPushWaitsInCallback)) {
    Force(event);
    return Taken::kKept;
  }
  WaitForRoom(event, rest);
  return Taken::kWaits;
}

bool Turn::Offer(int event) {
  const bool was_empty = s_.buffer.slots.events() == 0;
  const Offered offered = r_.buffer.Offer(s_.buffer, event);
  // The index is built whether the event is kept or not.
  if (!offered.kept) {
    s_.merged = static_cast<std::uint8_t>(s_.merged + __builtin_popcount(offered.merged));
    SeeLosses(offered);
    return false;
  }
  Took(event, offered, was_empty);
  return true;
}

void Turn::Force(int event) {
  if (r_.setting.when_full == WhenFull::kFlushEarly) AskForEarlyFlush();
  const bool was_empty = s_.buffer.slots.events() == 0;
  const Offered offered = r_.buffer.Force(s_.buffer, event);
  ++s_.forced;
  Took(event, offered, was_empty);
}

void Turn::Took(int event, const Offered& offered, bool was_empty) {
  if (Has(s_.was_taken, event)) Wrong("an event is taken twice");
  if (s_.stopping) Wrong("an event is taken after the stop");
  s_.was_taken |= Only(event);
  s_.arrived.Append(event);
  SeeLosses(offered);

  ++s_.received;
  s_.dropped += offered.dropped != 0 ? 1 : 0;
  if (!Is(Fault::kMergedNotCounted)) {
    s_.merged = static_cast<std::uint8_t>(s_.merged + __builtin_popcount(offered.merged));
  }
  if (was_empty) Arm();
  const int max_batch = r_.setting.max_batch;
  if (max_batch != 0 && s_.buffer.slots.events() >= max_batch) AskForEarlyFlush();
}

// What gives way is the oldest, or the newest, that is no ForceReload; what merges does so into a newer one
// of its key, and not across a ForceReload.
void Turn::SeeLosses(const Offered& offered) {
  const Slots& arrived = s_.arrived;
  const bool oldest = r_.setting.when_full == WhenFull::kDropOldest;
  int droppable = -1;
  for (int i = 0; i < arrived.used; ++i) {
    const int event = arrived.at[i];
    if (!r_.events[event].is_force_reload && !Has(s_.was_dropped, event) && (!oldest || droppable < 0)) {
      droppable = event;
    }
    if (!Has(offered.merged, event)) continue;
    int newer = i + 1;
    while (newer < arrived.used && !r_.events[arrived.at[newer]].is_force_reload &&
           r_.events[arrived.at[newer]].key != r_.events[event].key) {
      ++newer;
    }
    if (newer == arrived.used || r_.events[arrived.at[newer]].is_force_reload) {
      Wrong("an event merges into none, or across a ForceReload");
    }
  }
  if (offered.dropped != 0 && offered.dropped != (droppable < 0 ? 0 : Only(droppable))) {
    Wrong("what is dropped is not the oldest, or not the newest, or is a ForceReload");
  }
  s_.was_dropped |= offered.dropped;
  s_.was_merged |= offered.merged;
}

bool Turn::MayOvertake(int event) const {
  const bool drops =
      r_.setting.when_full == WhenFull::kDropOldest || r_.setting.when_full == WhenFull::kDropNewest;
  return drops && !r_.events[event].is_force_reload;
}

void Turn::WaitForRoom(int event, int rest) {
  what_ = "Push(): no room, waits";
  if (r_.setting.when_full == WhenFull::kFlushEarly && !Is(Fault::kWaitingAsksForNoFlush)) AskForEarlyFlush();
  thread_.sender_done = thread_.sender_taken = false;
  s_.line[s_.line_size++] = static_cast<std::uint8_t>(me_);
  Enter(Place::kInLine, event, rest);
  Sleep(Channel::kRoom);
}

// Woken in WaitForRoom().
void Turn::InLine() {
  what_ = "Push(): woken, waits on";
  if (!thread_.sender_done) return Sleep(Channel::kRoom);
  const int event = top().a;
  const int rest = top().b;
  const bool taken = thread_.sender_taken;
  thread_.sender_done = thread_.sender_taken = false;
  Leave();
  if (!taken) return Refuse(event, rest);
  if (!Has(s_.was_taken, event)) Wrong("Push() says true of an event that was not taken");
  PushFrom(event + 1, rest);
}

void Turn::AdmitWaitingSenders() {
  bool first = true;
  while (s_.line_size > 0) {
    const int next = Is(Fault::kLatestFirst) ? s_.line_size - 1 : 0;
    ThreadState& sender = s_.threads[s_.line[next]];
    const int event = sender.frames[sender.depth - 1].a;
    if (!Offer(event)) break;
    if (next != 0) Wrong("senders that wait are not let in by order of arrival");
    sender.sender_taken = sender.sender_done = true;
    const bool told = !Is(Fault::kAdmittedNotNotified) && (first || !Is(Fault::kAdmittedNotifiesOne));
    if (told) sender.asleep = Channel::kAwake;
    first = false;
    for (int i = next; i + 1 < s_.line_size; ++i) s_.line[i] = s_.line[i + 1];
    s_.line[--s_.line_size] = 0;
  }
  if (s_.line_size > 0 && r_.setting.when_full == WhenFull::kFlushEarly &&
      !Is(Fault::kLeftWaitingAsksForNoFlush)) {
    AskForEarlyFlush();
  }
}

bool Turn::MayFlushOnSender() const {
  return r_.setting.flush_on_sender && !r_.setting.interval && s_.started && !s_.stopping &&
         !s_.sender_flushes && (s_.buffer.slots.events() == 0 || Is(Fault::kSenderIgnoresBuffer)) &&
         (s_.taken_batches == s_.done_batches || Is(Fault::kSenderIgnoresBatch));
}

void Turn::FlushOnSender(int first, int events) {
  what_ = "Push(): finds the queue idle, and flushes";
  const Events on_the_way =
      s_.was_taken & ~(s_.was_handed | s_.was_dropped | s_.was_merged | s_.was_discarded);
  if (on_the_way != 0) Wrong("a sender that flushes overtakes what was pushed before");
  s_.sender_flushes = true;
  s_.sender_id = static_cast<std::uint8_t>(me_);
  ++s_.taken_batches;
  s_.in_hand = static_cast<std::uint8_t>(events);
  s_.received = static_cast<std::uint8_t>(s_.received + events);
  for (int i = first; i < first + events; ++i) s_.was_taken |= Only(i);
  Enter(Place::kSenderFlush, first, events);
  Enter(Place::kHandOver);
}

// FlushOnSender(), when all is handed over.
void Turn::SenderFlushed() {
  what_ = "Push(): has flushed, true";
  Leave();
  s_.sender_flushes = false;
  s_.sender_id = 0;
  if (s_.thread_done) {
    if (!Is(Fault::kSenderForgetsFinished)) Finish();
  } else if (s_.stopping || s_.buffer.slots.events() > 0) {
    if (!Is(Fault::kSenderWakesNobody)) WakeThread();
  }
}

}  // namespace lookout::queue_model
