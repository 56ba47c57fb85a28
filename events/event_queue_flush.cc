// The flushing side of EventQueueCore: when a flush is due, and the thread that does it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/log/log.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/current_exception.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue_core.h"
#include "lookout/events/queue_observer.h"
#include "lookout/events/wait.h"

namespace lookout::events_internal {
namespace {

// Between two looks whether events come again: their senders allocate then, and who frees gets in their way.
constexpr std::size_t kFreedAtOnce = 64;

}  // namespace

void EventQueueCore::Arm() {
  if (options_.observer != nullptr) filling_since_ = TimePassed(clock_);
  if (!started_) return;
  const absl::Duration interval = options_.flush_interval;
  if (interval > absl::ZeroDuration()) {
    const absl::Duration now = TimePassed(clock_);
    if (next_due_ <= now) {
      // The first point after now, not at it: what is pushed at one and the same time comes in one batch.
      absl::Duration rest;
      next_due_ += interval * (absl::IDivDuration(now - next_due_, interval, &rest) + 1);
    } else if (next_due_ - now > interval) {
      next_due_ = now + interval;  // the clock was set back
    }
    due_ = next_due_;
  }
  WakeThread();
}

void EventQueueCore::AskForFlush() {
  asked_ = true;
  WakeThread();
}

void EventQueueCore::AskForEarlyFlush() {
  if (early_) return;
  early_ = true;
  AskForFlush();
}

void EventQueueCore::WakeThread() {
  if (!asleep_) return;
  asleep_ = false;
  wakeup_.Signal();
}

bool EventQueueCore::IsDue() {
  if (buffer_.empty() || sender_flushes_) return false;
  return stopping_ || asked_ || is_due_ || options_.flush_interval == absl::ZeroDuration();
}

void EventQueueCore::WaitForWork() {
  const ClockReading now = ReadClock(clock_);
  absl::Duration wait = absl::InfiniteDuration();
  if (!buffer_.empty() && !sender_flushes_) {
    // Never longer than one interval, also where a clock that knows the wall's time alone was set back.
    wait = std::min(due_ - now.passed, options_.flush_interval);
    if (wait <= absl::ZeroDuration()) {
      is_due_ = true;
      return;
    }
  }
  asleep_ = true;
  mu_.unlock();
  const bool signalled = wakeup_.Wait(clock_, wait, now.now);
  mu_.lock();
  asleep_ = false;
  // The wait's end is the flush's time. Asking the clock again could deny that.
  if (!signalled && !buffer_.empty()) is_due_ = true;
}

void EventQueueCore::Run() {
  while (TakeBatch()) {
    HandOver(batch_.events(), batch_.force_reload);
    FreeDeadIfQuiet();
  }
}

void EventQueueCore::FreeDeadIfQuiet() {
  if (!FreeWhileQuiet(batch_.storage)) return;
  {
    absl::MutexLock lock(mu_);
    buffer_.TakeDead(batch_.storage);
  }
  FreeWhileQuiet(batch_.storage);
}

bool EventQueueCore::FreeWhileQuiet(EventBuffer::Slots& dead) {
  while (IsQuiet()) {
    if (dead.empty()) return true;
    dead.resize(dead.size() - std::min(dead.size(), kFreedAtOnce));
  }
  return false;
}

bool EventQueueCore::IsQuiet() const {
  absl::MutexLock lock(mu_);
  return buffer_.empty();
}

void EventQueueCore::FlushOnSender(absl::Span<Event> events) {
  sender_flushes_ = true;
  sender_id_ = std::this_thread::get_id();
  ++taken_batches_;
  batch_since_ = absl::InfiniteDuration();
  in_hand_ = events.size();
  counted_.received += events.size();
  mu_.unlock();
  HandOver(events, std::nullopt);
  mu_.lock();
  sender_flushes_ = false;
  if (thread_done_) {
    finished_ = true;
  } else if (stopping_ || !buffer_.empty()) {
    WakeThread();
  }
}

bool EventQueueCore::TakeBatch() {
  absl::MutexLock lock(mu_);
  while (!gave_up_ && !IsDue()) {
    if (stopping_ && !sender_flushes_) break;
    WaitForWork();
  }
  if (gave_up_ || buffer_.empty()) {
    gave_up_ = true;  // drained: nothing is left to give up, and nothing comes any more
    thread_done_ = true;
    finished_ = !sender_flushes_;
    return false;
  }
  ++taken_batches_;
  in_hand_ = buffer_.size();
  const ClockReading now = ReadClock(clock_);
  if (early_) {
    next_due_ = now.passed + options_.flush_interval;
  } else if (is_due_) {
    next_due_ = due_ + options_.flush_interval;
  }
  is_due_ = asked_ = early_ = false;
  bytes_ = 0;
  batch_since_ = std::exchange(filling_since_, absl::InfiniteDuration());
  buffer_.TakeAll(batch_, now.now);
  AdmitWaitingSenders();
  return true;
}

void EventQueueCore::HandOver(absl::Span<Event> events, std::optional<std::size_t> force_reload) {
  std::size_t done = 0;
  while (done < events.size()) {
    const absl::Span<Event> part = events.subspan(done, PartOf(events.subspan(done)));
    const bool has_force_reload =
        force_reload.has_value() && *force_reload >= done && *force_reload < done + part.size();
    if (!BeginCall(part, has_force_reload)) return;
    Call(part, has_force_reload);
    done += part.size();
  }
  absl::MutexLock lock(mu_);
  ++done_batches_;
}

std::size_t EventQueueCore::PartOf(absl::Span<const Event> events) const {
  const std::size_t most =
      options_.max_batch == 0 ? events.size() : std::min(options_.max_batch, events.size());
  if (options_.max_batch_bytes == 0) return most;
  std::size_t part = 1;
  for (std::size_t bytes = ByteSize(events[0]); part < most; ++part) {
    bytes += ByteSize(events[part]);
    if (bytes > options_.max_batch_bytes) break;
  }
  return part;
}

bool EventQueueCore::BeginCall(absl::Span<Event> events, bool has_force_reload) {
  absl::MutexLock lock(mu_);
  if (gave_up_) return false;
  const std::uint64_t pushed = events.size() - (has_force_reload ? 1 : 0);
  in_hand_ -= pushed;
  counted_.flushed += pushed;
  counted_.force_reloads += has_force_reload ? 1 : 0;
  return true;
}

void EventQueueCore::Call(absl::Span<Event> events, bool has_force_reload) {
  BatchReport report{.events = events.size(), .force_reload = has_force_reload};
  const absl::Duration begin = TimePassed(clock_);
  bool failed = false;
  std::string failure;
  try {
    on_flush_(events);
  } catch (...) {
    failed = true;
    failure = DescribeCurrentException();
  }
  {
    absl::MutexLock lock(mu_);
    ++counted_.flushes;
    counted_.flush_exceptions += failed ? 1 : 0;
    if (retired_) return;
    // Zero where a clock that knows the wall's time alone was set back meanwhile.
    counted_.last_flush = std::max(TimePassed(clock_) - begin, absl::ZeroDuration());
    counted_.longest_flush = std::max(counted_.longest_flush, counted_.last_flush);
    report.waited = std::max(begin - batch_since_, absl::ZeroDuration());
    report.took = counted_.last_flush;
    report.threw = failed;
  }
  if (options_.observer != nullptr) options_.observer->OnBatch(report, counters());
  if (failed) ReportException(failure);
}

void EventQueueCore::ReportException(absl::string_view what) {
  const std::string text = absl::StrCat("queue '", name_, "': on_flush threw ", what);
  ReportError(absl::InternalError(text));
  if (!options_.debug) return;
  // Another thread may be telling it, or be about to: inside on_error, and wait there for room, or for the
  // queue's end, which this thread would have to make.
  Close();
  errors_.AwaitQuiet(clock_, options_.drain_timeout);
  LOG(FATAL) << text;
}

}  // namespace lookout::events_internal
