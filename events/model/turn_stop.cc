// Stopping and destruction: event_queue_core.cc, from BeginStop() on; and ErrorTeller.
#include <cstdint>

#include "lookout/events/event_queue.h"
#include "lookout/events/model/buffer_model.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/turn.h"

namespace lookout::queue_model {

void Turn::Close() {
  BeginStop();
  if (s_.finished || r_.setting.on_stop == OnStop::kDiscard) GiveUp();
}

void Turn::BeginStop() {
  if (s_.stopping) return;
  s_.stopping = true;
  if (!Is(Fault::kStopReleasesNobody)) {
    for (int i = 0; i < s_.line_size; ++i) {
      ThreadState& sender = s_.threads[s_.line[i]];
      sender.sender_done = true;
      sender.sender_taken = Is(Fault::kReleasedAsTaken);
      if (!Is(Fault::kReleasedNotNotified)) sender.asleep = Channel::kAwake;
      s_.line[i] = 0;
    }
    s_.refused = static_cast<std::uint8_t>(s_.refused + s_.line_size);
    s_.line_size = 0;
  }
  if (!s_.started) Finish();
  if (!Is(Fault::kStopWakesNobody)) WakeThread();
}

void Turn::Finish() {
  s_.finished = true;
  if (Is(Fault::kFinishedNotNotified)) return;
  Wake(Channel::kFinished);
  Wake(Channel::kFlushed);
}

void Turn::GiveUp() {
  if (s_.gave_up) return;
  s_.gave_up = true;
  const int in_hand = Is(Fault::kInHandForgotten) ? 0 : s_.in_hand;
  s_.discarded = static_cast<std::uint8_t>(s_.discarded + s_.buffer.slots.events() + in_hand);
  s_.in_hand = 0;
  s_.buffer = {};
  if (!Is(Fault::kStopWakesNobody)) WakeThread();

  s_.was_discarded |= static_cast<Events>(s_.was_taken & ~(s_.was_handed | s_.was_dropped | s_.was_merged));
  s_.arrived = {};
  s_.forced = 0;
  s_.gave_way = true;
}

// The rest of Stop() and of Retire().
void Turn::AfterClose() {
  const bool retire = top().place == Place::kRetire;
  what_ = retire ? "the destructor goes on" : "Stop() goes on";
  if (!retire && InsideCallback() && !Is(Fault::kStopWaitsInCallback)) {
    what_ = "Stop() returns, inside a callback";
    return Leave();
  }
  if (retire && OnFlushingThread()) {
    GiveUp();
    return Retire();
  }
  if (retire && s_.finished) return Retire();
  if (s_.gave_up) {
    top() = {Place::kAwaitFinished, static_cast<std::uint8_t>(retire)};
    return AwaitFinished();
  }
  top() = {Place::kAwaitDrained, static_cast<std::uint8_t>(retire)};
  AwaitDrained(false);
}

void Turn::AwaitDrained(bool over) {
  what_ = "waits for the drain";
  if (!s_.finished && !over) return Sleep(Channel::kFinished);
  if (s_.finished) return Stopped(true);
  what_ = "drain_timeout is over";
  if (!Is(Fault::kDeadlineGivesNothingUp)) GiveUp();
  Stopped(false);
}

void Turn::AwaitFinished() {
  what_ = "waits for the stop";
  if (!s_.finished) return Sleep(Channel::kFinished);
  Stopped(true);
}

// StopAndWait() returns.
void Turn::Stopped(bool drained) {
  if (top().a != 0) {
    if (drained || Is(Fault::kDestructorIgnoresSender)) return Retire();
    top() = {Place::kAwaitFinished, 1};
    return AwaitFinished();
  }
  if (drained) what_ = "Stop() returns";
  if (drained && s_.in_flush > 0) Wrong("Stop() returns while on_flush runs");
  s_.no_more = true;
  Leave();
}

// Retire(), where it has stopped: lets go of the mutex.
void Turn::Retire() {
  s_.retired = OnFlushingThread();
  const bool own = me_ == Rules::kFlushThread && !Is(Fault::kDestructorJoinsItself);
  if (s_.started && !own && !Is(Fault::kDestructorDoesNotJoin)) {
    top() = {Place::kRetireJoins};
  } else {
    top() = {Is(Fault::kDestructorTellsOn) ? Place::kRetireSilence : Place::kRetireQuiet};
  }
}

void Turn::Join() {
  what_ = "the destructor joins the thread";
  if (s_.threads[Rules::kFlushThread].depth > 0) return Sleep(Channel::kExit);
  top() = {Is(Fault::kDestructorTellsOn) ? Place::kRetireSilence : Place::kRetireQuiet};
}

void Turn::RetireQuiet(bool silence) {
  what_ = "the destructor waits for on_error";
  if (Is(Fault::kDestructorTellsOn)) return Destroyed();
  s_.silent |= silence;
  if (s_.telling && s_.teller != me_) return Sleep(Channel::kQuiet);
  if (silence) return Destroyed();
  top() = {Place::kRetireSilence};
}

void Turn::Destroyed() {
  what_ = "the destructor returns";
  Leave();
  s_.destroyed = true;
  int flushes = 0;
  int errors = 0;  // that this is called from
  for (const Frame& frame : thread_.frames) {
    flushes += frame.place == Place::kOnFlush ? 1 : 0;
    errors += frame.place == Place::kOnError ? 1 : 0;
  }
  const bool own = me_ == Rules::kFlushThread;
  if (!own && s_.started && s_.threads[Rules::kFlushThread].depth > 0) {
    Wrong("the queue's thread runs when the destructor has returned");
  }
  if (s_.in_flush > flushes) Wrong("on_flush runs when the destructor has returned");
  if (s_.in_error > errors) Wrong("on_error runs when the destructor has returned");
}

void Turn::Tell() {
  what_ = "ReportError(): to be told by who is telling";
  if (s_.silent) return;
  if (s_.pending >= r_.setting.max_pending && !Is(Fault::kPendingUnbounded)) {
    what_ = "ReportError(): too many";
    ++s_.errors_dropped;
    return;
  }
  ++s_.pending;
  if (s_.telling && !Is(Fault::kTwoTell)) return;
  what_ = "ReportError(): begins to tell";
  s_.telling = true;
  s_.teller = static_cast<std::uint8_t>(me_);
  Enter(Place::kNext);
}

// ErrorTeller::Next(), and on_error begins.
void Turn::Next() {
  const bool late = top().place == Place::kLateQuiet;
  if (!late && !s_.silent && s_.pending > 0) {
    what_ = "on_error begins";
    --s_.pending;
    ++s_.told;
    if (s_.destroyed) Wrong("on_error is called after the destruction");
    if (++s_.in_error > 1) Wrong("two calls of on_error at once");
    return Enter(Place::kOnError);
  }
  if (!late && Is(Fault::kTellerLeavesOne)) {
    what_ = "ErrorTeller: finds nothing more to tell";
    top().place = Place::kLateQuiet;
    return;
  }
  what_ = "ErrorTeller: has told everything";
  if (!late) s_.pending = 0;
  s_.telling = false;
  s_.teller = 0;
  if (!Is(Fault::kQuietNotNotified)) Wake(Channel::kQuiet);
  Leave();
}

}  // namespace lookout::queue_model
