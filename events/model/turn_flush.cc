// The flushing side: event_queue_flush.cc, Wakeup, and Flush().
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lookout/events/model/buffer_model.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/turn.h"

namespace lookout::queue_model {

void Turn::Arm() {
  if (s_.started && !Is(Fault::kArmWakesNobody)) WakeThread();
}

void Turn::AskForFlush() {
  s_.asked = true;
  if (!Is(Fault::kAskWakesNobody)) WakeThread();
}

void Turn::AskForEarlyFlush() {
  if (s_.early) return;
  s_.early = true;
  AskForFlush();
}

void Turn::WakeThread() {
  if (!s_.asleep) return;
  s_.asleep = false;
  s_.signalled = true;
}

bool Turn::IsDue() const {
  if (s_.buffer.slots.events() == 0) return false;
  if (s_.sender_flushes && !Is(Fault::kThreadIgnoresSender)) return false;
  return s_.stopping || s_.asked || s_.is_due || !r_.setting.interval;
}

bool Turn::HasTimer() const {
  return s_.buffer.slots.events() > 0 && !s_.sender_flushes && !Is(Fault::kSleepsWithoutTimer);
}

// choice 1: where it would set a timer, the time has come already.
void Turn::TakeBatch(int choice) {
  const bool drained = Is(Fault::kStopIgnoresBuffer) && s_.stopping;
  if (!s_.gave_up && !IsDue() && !(s_.stopping && !s_.sender_flushes)) {
    if (choice == 0) return WaitForWork();
    s_.is_due = true;
  }
  if (s_.gave_up || s_.buffer.slots.events() == 0 || drained) {
    what_ = "TakeBatch(): nothing will come any more";
    s_.gave_up = true;
    s_.thread_done = true;
    if (!s_.sender_flushes || Is(Fault::kFinishedIgnoresSender)) Finish();
    top() = {Place::kExits};
    return;
  }
  TakeWhatIsThere();
}

void Turn::TakeWhatIsThere() {
  what_ = "TakeBatch(): takes the buffer";
  if (s_.destroyed) Wrong("the clock is asked after the destruction");
  if (!Is(Fault::kTakenCountedLate)) ++s_.taken_batches;
  s_.in_hand = static_cast<std::uint8_t>(s_.buffer.slots.events());
  s_.is_due = s_.asked = s_.early = false;
  r_.buffer.TakeAll(s_.buffer, s_.batch);
  SeeBatch();
  AdmitWaitingSenders();
  top().place = Place::kTake;
  top().a = 0;
  Enter(Place::kHandOver);
  if (Is(Fault::kTakenCountedLate)) Enter(Place::kLateCount);
}

// The batch must be what arrived since the last, in its order, but for what gave way; and with one
// ForceReload in the place of the last event that was dropped.
void Turn::SeeBatch() {
  Slots expected;
  for (int i = 0; i < s_.arrived.used; ++i) {
    const int event = s_.arrived.at[i];
    if (Has(s_.was_dropped, event)) {
      s_.to_say |= Only(event);
      if (const int before = expected.Find(Slots::kLoss); before >= 0) expected.Erase(before);
      expected.Append(Slots::kLoss);
    } else if (!Has(s_.was_merged, event)) {
      expected.Append(event);
    }
  }
  const bool equal =
      expected.used == s_.batch.used && std::equal(expected.at, expected.at + expected.used, s_.batch.at);
  if (!equal) Wrong("a batch is not what arrived, in order, with one ForceReload in the place of the loss");
  s_.arrived = {};
  s_.forced = 0;
}

void Turn::WaitForWork() {
  what_ = HasTimer() ? "WaitForWork(): sleeps until the interval is over" : "WaitForWork(): sleeps";
  if (s_.destroyed) Wrong("the clock is asked after the destruction");
  if (Is(Fault::kAsleepSetAfterUnlock)) {
    top() = {Place::kLateAsleep, static_cast<std::uint8_t>(HasTimer())};
    return;
  }
  s_.asleep = true;
  const bool in_two = Is(Fault::kSignalForgottenByWait);
  top() = {in_two ? Place::kLateAsleep : Place::kWait, static_cast<std::uint8_t>(HasTimer())};
}

// Wakeup::Wait(): signalled, or the time is over. In either case it holds Wakeup's mutex alone.
void Turn::Wait() {
  if (top().place == Place::kLateAsleep) {
    what_ = "WaitForWork(): sleeps, after it let go of the mutex";
    if (Is(Fault::kSignalForgottenByWait)) s_.signalled = false;
    if (Is(Fault::kAsleepSetAfterUnlock)) s_.asleep = true;
    top().place = Place::kWait;
    return;
  }
  what_ = s_.signalled ? "WaitForWork(): signalled" : "WaitForWork(): the interval is over";
  top() = {Place::kWoken, static_cast<std::uint8_t>(s_.signalled)};
  s_.signalled = false;
}

void Turn::Woken(int choice) {
  const bool signalled = top().a != 0;
  s_.asleep = false;
  if (!signalled && s_.buffer.slots.events() > 0 && !Is(Fault::kTimeForgotten)) s_.is_due = true;
  top() = {Place::kTake};
  TakeBatch(Choices() > choice ? choice : 0);
}

int Turn::HandedSize() const {
  const Frame& below = thread_.frames[thread_.depth - 2];
  return below.place == Place::kSenderFlush ? below.b : s_.batch.used;
}

// Of HandOver()'s events; its frame is the top one.
int Turn::HandedAt(int i) const {
  const Frame& below = thread_.frames[thread_.depth - 2];
  return below.place == Place::kSenderFlush ? below.a + i : s_.batch.at[i];
}

void Turn::HandOver() {
  if (top().place == Place::kLateCount) {
    what_ = "TakeBatch(): counts what it took, after it let go of the mutex";
    ++s_.taken_batches;
    return Leave();
  }
  const int done = top().a;
  if (done < HandedSize()) return BeginCall(done);
  what_ = "HandOver(): all is handed over";
  if (!Is(Fault::kDoneCountedEarly)) ++s_.done_batches;
  if (!Is(Fault::kDoneNotNotified)) Wake(Channel::kFlushed);
  LeaveHandOver();
}

void Turn::LeaveHandOver() {
  Leave();
  if (top().place == Place::kTake) s_.batch = {};  // nobody looks at it any more
}

void Turn::BeginCall(int done) {
  if (s_.gave_up && !Is(Fault::kGivenUpHandedOver)) {
    what_ = "BeginCall(): what is in hand was given up";
    return LeaveHandOver();
  }
  what_ = "on_flush begins";
  const int rest = HandedSize() - done;
  const int max_batch = r_.setting.max_batch;
  const int part = max_batch == 0 || Is(Fault::kMaxBatchIgnored) ? rest : std::min(max_batch, rest);
  if (max_batch != 0 && part > max_batch) Wrong("on_flush gets more than max_batch");
  if (Is(Fault::kDoneCountedEarly) && part == rest) {
    ++s_.done_batches;
    Wake(Channel::kFlushed);
  }
  int pushed = 0;
  for (int i = done; i < done + part; ++i) {
    const int event = HandedAt(i);
    if (event == Slots::kLoss) {
      if (s_.to_say == 0) Wrong("a ForceReload of the queue's own, and nothing was lost");
      continue;
    }
    ++pushed;
    if (!Has(s_.was_taken, event)) Wrong("an event is handed over that was never taken");
    if (Has(s_.was_handed, event)) Wrong("an event is handed over twice");
    if (Has(s_.was_dropped | s_.was_merged | s_.was_discarded, event)) {
      Wrong("an event is handed over that counts as lost");
    }
    if ((s_.was_handed & r_.later[event]) != 0) Wrong("a sender's events are handed over out of order");
    s_.was_handed |= Only(event);
  }
  if (!Is(Fault::kFlushedCountedLate)) {
    s_.in_hand = static_cast<std::uint8_t>(s_.in_hand - pushed);
    s_.flushed = static_cast<std::uint8_t>(s_.flushed + pushed);
  }
  if (s_.destroyed) Wrong("on_flush is called after the destruction");
  if (s_.no_more) Wrong("on_flush is called after Stop() has returned");
  if (++s_.in_flush > 1) Wrong("two calls of on_flush at once");
  top().b = static_cast<std::uint8_t>(part);
  Enter(Place::kOnFlush);
}

// on_flush returns or throws, and Call() counts it.
void Turn::EndCall(bool threw) {
  what_ = threw ? "on_flush throws" : "on_flush returns";
  Leave();
  --s_.in_flush;
  const int done = top().a;
  const int part = top().b;
  for (int i = done; i < done + part; ++i) {
    const int event = HandedAt(i);
    if (event == Slots::kLoss) {
      s_.was_said |= s_.to_say;
      s_.to_say = 0;
      continue;
    }
    s_.was_returned |= Only(event);
    if (!Is(Fault::kFlushedCountedLate)) continue;
    s_.in_hand -= s_.in_hand > 0 ? 1 : 0;
    ++s_.flushed;
  }
  top().a = static_cast<std::uint8_t>(done + part);
  top().b = 0;
  if (s_.retired && !Is(Fault::kClockAskedAfterDestruction)) return;
  if (s_.destroyed) Wrong("the clock is asked after the destruction");
  if (!threw) return;
  ++s_.reported;
  if (!Is(Fault::kFlushThrowUntold)) Enter(Place::kTell);
}

bool Turn::OnFlushingThread() const {
  if (me_ == Rules::kFlushThread) return true;
  return s_.sender_flushes && s_.sender_id == me_ && !Is(Fault::kSenderWaitsInItsOwnFlush);
}

bool Turn::InsideCallback() const { return OnFlushingThread() || (s_.telling && s_.teller == me_); }

void Turn::Flush() {
  what_ = "Flush(): false";
  if (s_.stopping) return;
  const bool empty = s_.buffer.slots.events() == 0;
  if (!empty) AskForFlush();
  if (InsideCallback() && !Is(Fault::kFlushWaitsInCallback)) return;
  thread_.wanted = static_cast<std::uint8_t>(s_.taken_batches + (empty ? 0 : 1));
  thread_.before = s_.was_taken;
  Enter(Place::kFlushWaits);
  FlushWaits();
}

void Turn::FlushWaits() {
  what_ = "Flush(): waits";
  const bool over = s_.done_batches >= thread_.wanted;
  if (!over && !s_.finished) return Sleep(Channel::kFlushed);
  what_ = over ? "Flush(): true" : "Flush(): false";
  if (!over && !s_.stopping) Wrong("Flush() returns false, and nobody has stopped the queue");
  for (std::size_t event = 0; over && event < r_.events.size(); ++event) {
    const int e = static_cast<int>(event);
    if (!Has(thread_.before, e) || Has(s_.was_returned | s_.was_said, e)) continue;
    // Another of its key has come in its stead.
    bool replaced = false;
    for (std::size_t other = 0; Has(s_.was_merged, e) && other < r_.events.size(); ++other) {
      const bool same = other != event && r_.events[other].key == r_.events[event].key;
      replaced |= same && Has(s_.was_returned, static_cast<int>(other));
    }
    if (!replaced) Wrong("Flush() returns true, and an event pushed before it has not been flushed");
  }
  thread_.wanted = 0;
  thread_.before = 0;
  Leave();
}

}  // namespace lookout::queue_model
