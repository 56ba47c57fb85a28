#include "lookout/events/model/turn.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"
#include "lookout/events/model/buffer_model.h"
#include "lookout/events/model/fault.h"
#include "lookout/events/model/queue_state.h"
#include "lookout/events/model/setting.h"

namespace lookout::queue_model {
namespace {

// Callbacks' events are in order among themselves, like a sender's.
constexpr int kInFlush = 100;
constexpr int kInError = 101;

std::vector<Call> Parse(absl::string_view script, int thread, std::vector<EventKind>& events) {
  std::vector<Call> calls;
  bool together = false;
  for (const char c : script) {
    if (c == '(') {
      calls.push_back({.first = static_cast<int>(events.size())});
      together = true;
    } else if (c == ')') {
      together = false;
    } else if (c == 'R' || (c >= 'a' && c <= 'z')) {
      if (!together) calls.push_back({.first = static_cast<int>(events.size())});
      ++calls.back().events;
      events.push_back({.thread = thread, .key = c, .is_force_reload = c == 'R'});
    } else {
      CHECK(absl::string_view("FESCDG").find(c) != absl::string_view::npos) << "no such call: " << c;
      calls.push_back({.kind = c});
    }
  }
  return calls;
}

std::vector<EventKind> AllEvents(const Setting& setting, std::vector<std::vector<Call>>& scripts,
                                 std::vector<Call>& in_flush, std::vector<Call>& in_error) {
  std::vector<EventKind> events;
  scripts.emplace_back();
  for (const std::string& script : setting.threads) {
    scripts.push_back(Parse(script, static_cast<int>(scripts.size()), events));
  }
  in_flush = Parse(setting.in_flush, kInFlush, events);
  in_error = Parse(setting.in_error, kInError, events);
  CHECK_LE(events.size(), 16U);
  CHECK_LE(scripts.size(), static_cast<std::size_t>(QueueState::kMostThreads));
  return events;
}

}  // namespace

Rules::Rules(const Setting& s, Fault f)
    : setting(s),
      fault(f),
      events(AllEvents(s, scripts, in_flush, in_error)),
      buffer(s.when_full, s.capacity, events, f) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    Events after = 0;
    for (std::size_t j = i + 1; j < events.size(); ++j) {
      if (events[j].thread == events[i].thread) after |= Only(static_cast<int>(j));
    }
    later.push_back(after);
  }
  for (const std::string& script : s.threads) starts_late |= script.find('G') != std::string::npos;
}

void Turn::Enter(Place place, int a, int b) {
  CHECK_LT(thread_.depth, ThreadState::kMostFrames);
  thread_.frames[thread_.depth++] = {place, static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)};
}

void Turn::Leave() { thread_.frames[--thread_.depth] = {}; }

void Turn::Wake(Channel channel) {
  for (ThreadState& thread : s_.threads) {
    if (thread.asleep != channel) continue;
    thread.asleep = Channel::kAwake;
    if (channel == Channel::kFinished && Is(Fault::kFinishedNotifiesOne)) return;
  }
}

int Turn::Choices() const {
  if (thread_.depth == 0) return 0;
  const Frame& at = top();
  // Who sleeps goes on by itself only when his time is over.
  if (thread_.asleep != Channel::kAwake) {
    return at.place == Place::kAwaitDrained && r_.setting.deadline ? 1 : 0;
  }
  switch (at.place) {
    case Place::kScript: {
      const std::vector<Call>& script = r_.scripts[me_];
      if (s_.closing || at.a >= script.size()) return 0;
      return script[at.a].kind != 'D' || MayDestroy() ? 1 : 0;
    }
    case Place::kTake:
    case Place::kWoken:
      if (!s_.started) return 0;
      // Where it would set a timer, the time may have come already.
      return !s_.gave_up && !IsDue() && !s_.stopping && HasTimer() && !Is(Fault::kTimeForgotten) ? 2 : 1;
    case Place::kWait:
      return s_.signalled || at.a != 0 ? 1 : 0;
    case Place::kOnFlush:
      return ChoicesInside(s_.flush_thrown, r_.setting.flush_throws);
    case Place::kOnError:
      return ChoicesInside(s_.error_thrown, r_.setting.error_throws);
    default:
      return 1;
  }
}

void Turn::Step(int choice) {
  const bool time_is_over = thread_.asleep != Channel::kAwake;
  thread_.asleep = Channel::kAwake;
  switch (top().place) {
    case Place::kNowhere:
      break;
    case Place::kScript:
      return Begin(r_.scripts[me_][top().a++]);
    case Place::kInLine:
      return InLine();
    case Place::kSenderFlush:
      return SenderFlushed();
    case Place::kFlushWaits:
      return FlushWaits();
    case Place::kStop:
    case Place::kRetire:
      return AfterClose();
    case Place::kAwaitDrained:
      return AwaitDrained(time_is_over);
    case Place::kAwaitFinished:
      return AwaitFinished();
    case Place::kRetireJoins:
      return Join();
    case Place::kRetireQuiet:
      return RetireQuiet(false);
    case Place::kRetireSilence:
      return RetireQuiet(true);
    case Place::kTell:
      Leave();
      return Tell();
    case Place::kNext:
    case Place::kLateQuiet:
      return Next();
    case Place::kOnError:
      return InsideOnError(choice);
    case Place::kTake:
      return TakeBatch(choice);
    case Place::kLateAsleep:
    case Place::kWait:
      return Wait();
    case Place::kExits:
      what_ = "the thread ends";
      Leave();
      if (!Is(Fault::kExitNotNotified)) Wake(Channel::kExit);
      return;
    case Place::kWoken:
      return Woken(choice);
    case Place::kLateCount:
    case Place::kHandOver:
      return HandOver();
    case Place::kOnFlush:
      return InsideOnFlush(choice);
  }
}

void Turn::Begin(const Call& call) {
  switch (call.kind) {
    case 'p':
      return PushAll(call.first, call.events);
    case 'F':
      return Flush();
    case 'E':
      ++s_.reported;
      return Tell();
    case 'C':
      what_ = "Close()";
      return Close();
    case 'S':
      what_ = "Stop() begins";
      Close();
      return Enter(Place::kStop);
    case 'D':
      what_ = "the destructor begins";
      s_.closing = true;
      Close();
      return Enter(Place::kRetire);
    case 'G':
      return Start();
    default:
      break;
  }
}

void Turn::Start() {
  what_ = "Start()";
  if (s_.started || s_.stopping) return;
  s_.started = true;
  if (s_.buffer.slots.events() > 0) Arm();
}

// What event_queue.h asks of who destroys a queue.
bool Turn::MayDestroy() const {
  if (s_.closing) return false;
  for (std::size_t t = 1; t < r_.scripts.size(); ++t) {
    const ThreadState& other = s_.threads[t];
    if (static_cast<int>(t) == me_ || other.depth <= 1) continue;
    const Place in = other.frames[1].place;
    if (in != Place::kInLine && in != Place::kSenderFlush && in != Place::kNext) return false;
  }
  return true;
}

// What the callback that this thread is in may do next; null: nothing.
const Call* Turn::CallInside() const {
  const bool flush = top().place == Place::kOnFlush;
  const std::vector<Call>& script = flush ? r_.in_flush : r_.in_error;
  const std::size_t next = flush ? s_.flush_script : s_.error_script;
  if (top().a != 0 || next >= script.size()) return nullptr;
  return script[next].kind != 'D' || MayDestroy() ? &script[next] : nullptr;
}

// 0: it returns. 1: it makes its call, or throws. 2: it throws.
int Turn::ChoicesInside(int thrown, int may_throw) const {
  return 1 + (CallInside() != nullptr ? 1 : 0) + (thrown < may_throw ? 1 : 0);
}

void Turn::InsideOnFlush(int choice) {
  const Call* const call = CallInside();
  if (choice == 1 && call != nullptr) {
    top().a = 1;
    ++s_.flush_script;
    return Begin(*call);
  }
  s_.flush_thrown += choice > 0 ? 1 : 0;
  EndCall(choice > 0);
}

void Turn::InsideOnError(int choice) {
  const Call* const call = CallInside();
  if (choice == 1 && call != nullptr) {
    top().a = 1;
    ++s_.error_script;
    return Begin(*call);
  }
  what_ = choice > 0 ? "on_error throws" : "on_error returns";
  s_.error_thrown += choice > 0 ? 1 : 0;
  --s_.in_error;
  Leave();
  if (choice > 0 && Is(Fault::kErrorThrowEndsTelling)) Leave();
}

}  // namespace lookout::queue_model
