#include "lookout/events/model/queue_model.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/model/buffer_model.h"
#include "lookout/events/model/explore.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/turn.h"

namespace lookout::queue_model {
namespace {

int Count(Events events) { return __builtin_popcount(events); }

absl::string_view PlaceName(Place place) {
  switch (place) {
    case Place::kNowhere:
      return "nowhere";
    case Place::kScript:
      return "between calls";
    case Place::kInLine:
      return "in Push(), for room";
    case Place::kSenderFlush:
      return "in Push(), flushing";
    case Place::kFlushWaits:
      return "in Flush()";
    case Place::kStop:
      return "in Stop()";
    case Place::kAwaitDrained:
    case Place::kAwaitFinished:
      return "in StopAndWait()";
    case Place::kRetire:
      return "in the destructor";
    case Place::kRetireJoins:
      return "in the destructor, for the thread";
    case Place::kRetireQuiet:
    case Place::kRetireSilence:
      return "in the destructor, for on_error";
    case Place::kTell:
    case Place::kNext:
    case Place::kLateQuiet:
      return "telling";
    case Place::kOnError:
      return "in on_error";
    case Place::kTake:
      return "before TakeBatch()";
    case Place::kLateAsleep:
    case Place::kWait:
      return "in WaitForWork()";
    case Place::kWoken:
      return "after WaitForWork()";
    case Place::kExits:
      return "at its end";
    case Place::kLateCount:
    case Place::kHandOver:
      return "in HandOver()";
    case Place::kOnFlush:
      return "in on_flush";
  }
  return "";
}

}  // namespace

QueueState QueueModel::Initial() const {
  QueueState state;
  state.started = !rules_.starts_late;
  for (std::size_t t = 0; t < rules_.scripts.size(); ++t) {
    state.threads[t].depth = 1;
    state.threads[t].frames[0].place = t == Rules::kFlushThread ? Place::kTake : Place::kScript;
  }
  return state;
}

void QueueModel::ForEachStep(const State& state, StepVisitor<State> visit) const {
  State next = state;
  for (int t = 0; t < static_cast<int>(rules_.scripts.size()); ++t) {
    const int choices = Turn(rules_, next, t).Choices();
    for (int choice = 0; choice < choices; ++choice) {
      Turn turn(rules_, next, t);
      turn.Step(choice);
      const char* const wrong = turn.wrong() != nullptr ? turn.wrong() : Wrong(next);
      visit(next, {.thread = t, .what = turn.what(), .wrong = wrong});
      next = state;
    }
  }
}

const char* QueueModel::Wrong(const State& s) const {
  const int size = s.buffer.slots.events();
  if (const char* const wrong = WrongCounters(s, size); wrong != nullptr) return wrong;
  if (const char* const wrong = WrongSleep(s, size); wrong != nullptr) return wrong;
  if (size > rules_.setting.capacity + s.forced) return "more is buffered than the capacity";
  if (s.pending > rules_.setting.max_pending) return "more errors wait to be told than their bound";
  if (s.line_size == 0) return nullptr;
  if (s.stopping) return "a sender still waits for room after the stop";
  if (size < rules_.setting.capacity) return "a sender waits for room, and there is some";
  if (rules_.setting.when_full == WhenFull::kFlushEarly && !s.early) {
    return "a sender waits under kFlushEarly, and no early flush is asked for";
  }
  return nullptr;
}

const char* QueueModel::WrongCounters(const State& s, int size) const {
  if (s.received != s.flushed + s.dropped + s.merged + s.discarded + size + s.in_hand) {
    return "received is not flushed + dropped + merged + discarded + depth";
  }
  if (s.received != Count(s.was_taken)) return "received is not what was taken";
  if (s.flushed != Count(s.was_handed)) return "flushed is not what was handed over";
  if (s.dropped != Count(s.was_dropped)) return "dropped is not what was dropped";
  if (s.merged != Count(s.was_merged)) return "merged is not what was merged";
  if (s.discarded != Count(s.was_discarded)) return "discarded is not what was discarded";
  return nullptr;
}

// The queue's own thread sleeps only where there is nothing to do, or it will be woken by the time.
const char* QueueModel::WrongSleep(const State& s, int size) const {
  const ThreadState& thread = s.threads[Rules::kFlushThread];
  if (thread.depth != 1 || thread.frames[0].place != Place::kWait || s.signalled) return nullptr;
  if (s.gave_up || (s.stopping && !s.sender_flushes)) return "lost wake-up: the thread sleeps over the stop";
  if (size == 0 || s.sender_flushes) return nullptr;
  if (s.asked || !rules_.setting.interval) return "lost wake-up: the thread sleeps over a flush";
  const bool timer = thread.frames[0].a != 0;
  return timer ? nullptr : "lost wake-up: the thread sleeps over what is buffered, without a timer";
}

// Who waits for ever.
std::string QueueModel::Stuck(const State& s) const {
  std::vector<std::string> stuck;
  for (int t = 1; t < static_cast<int>(rules_.scripts.size()); ++t) {
    const ThreadState& thread = s.threads[t];
    if (thread.depth <= 1) continue;
    stuck.push_back(absl::StrCat(ThreadName(t), " ", PlaceName(thread.frames[thread.depth - 1].place)));
  }
  const ThreadState& own = s.threads[Rules::kFlushThread];
  if (s.started && own.depth > 0 && (own.depth > 1 || s.stopping)) {
    stuck.push_back(absl::StrCat(ThreadName(0), " ", PlaceName(own.frames[own.depth - 1].place)));
  }
  if (!stuck.empty()) return absl::StrCat("deadlock: ", absl::StrJoin(stuck, ", "));
  for (int t = 1; t < static_cast<int>(rules_.scripts.size()); ++t) {
    if (!s.closing && s.threads[t].frames[0].a < rules_.scripts[t].size()) {
      return absl::StrCat("deadlock: ", ThreadName(t), " cannot begin its next call");
    }
  }
  return "";
}

std::string QueueModel::WrongAtEnd(const State& s) const {
  if (std::string stuck = Stuck(s); !stuck.empty()) return stuck;
  const int depth = s.buffer.slots.events() + s.in_hand;
  if (depth > 0 && (s.started || s.stopping))
    return "at the end something is buffered that nobody will flush";
  if (s.in_flush > 0 || s.in_error > 0) return "at the end a callback runs";
  if (s.started && s.stopping && !s.finished) return "at the end the stop is not done";
  if (s.refused != Count(s.was_refused)) return "refused is not what was refused";
  if (s.telling || s.pending > 0) return "at the end an error was reported that nobody will tell";
  if (!s.silent && s.reported != s.told + s.errors_dropped)
    return "an error is neither told nor counted as dropped";
  if ((s.was_dropped & ~s.was_said) != 0 && !s.gave_way && s.started)
    return "a loss that no ForceReload says";
  const bool destroys_inside =
      absl::StrCat(rules_.setting.in_flush, rules_.setting.in_error).find('D') != std::string::npos;
  const bool drains = rules_.setting.on_stop == OnStop::kDrain && !rules_.setting.deadline && s.started;
  if (drains && !destroys_inside && s.discarded > 0) return "a drain without an end to its time discards";
  return "";
}

std::string QueueModel::ThreadName(int thread) const {
  if (thread == Rules::kFlushThread) return "queue's thread";
  return absl::StrCat("thread ", thread, " (", rules_.setting.threads[thread - 1], ")");
}

std::string QueueModel::EventName(int event) const {
  if (event == Slots::kLoss) return "!";
  return absl::StrCat(event, std::string(1, rules_.events[event].key));
}

std::string QueueModel::Names(const Slots& slots) const {
  std::vector<std::string> names;
  for (int i = 0; i < slots.used; ++i) names.push_back(EventName(slots.at[i]));
  return absl::StrCat("[", absl::StrJoin(names, " "), "]");
}

std::string QueueModel::ToString(const State& s) const {
  std::string text = absl::StrCat("buffer ", Names(s.buffer.slots), ", batch ", Names(s.batch));
  if (s.line_size > 0) absl::StrAppend(&text, ", ", s.line_size, " in line");
  if (s.in_hand > 0) absl::StrAppend(&text, ", ", s.in_hand, " in hand");
  absl::StrAppend(&text, ", batches ", s.done_batches, "/", s.taken_batches);
  const auto flag = [&text](bool is, absl::string_view name) {
    if (is) absl::StrAppend(&text, ", ", name);
  };
  flag(!s.started, "not started");
  flag(s.stopping, "stopping");
  flag(s.gave_up, "gave_up");
  flag(s.thread_done, "thread_done");
  flag(s.finished, "finished");
  flag(s.retired, "retired");
  flag(s.sender_flushes, "sender_flushes");
  flag(s.asleep, "asleep");
  flag(s.signalled, "signalled");
  flag(s.is_due, "is_due");
  flag(s.asked, "asked");
  flag(s.early, "early");
  flag(s.telling, "telling");
  flag(s.silent, "silent");
  flag(s.destroyed, "destroyed");
  return text;
}

}  // namespace lookout::queue_model
