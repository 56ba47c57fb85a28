#include "lookout/events/event_queue_core.h"

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/event_queue_options.h"
#include "lookout/events/patient_lock.h"
#include "lookout/events/wait.h"

namespace lookout::events_internal {
namespace {

absl::Status CheckOptions(absl::string_view name, const EventQueueOptions& options, bool has_callbacks) {
  const auto invalid = [name](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("queue '", name, "': ", what));
  };
  if (options.flush_interval < absl::ZeroDuration() || options.flush_interval == absl::InfiniteDuration()) {
    return invalid(absl::StrCat("flush_interval must be zero or more and finite, not ",
                                absl::FormatDuration(options.flush_interval)));
  }
  if (options.capacity == 0) return invalid("capacity must be at least 1");
  if (options.drain_timeout < absl::ZeroDuration()) {
    return invalid(absl::StrCat("drain_timeout must not be negative, but is ",
                                absl::FormatDuration(options.drain_timeout)));
  }
  if (!has_callbacks) return invalid("on_flush and on_error must be given");
  return absl::OkStatus();
}

}  // namespace

EventQueueCore::EventQueueCore(absl::string_view name, absl::Clock& clock, const EventQueueOptions& options,
                               FlushCallback on_flush, ErrorCallback on_error)
    : name_(name),
      clock_(clock),
      options_(options),
      options_status_(CheckOptions(name, options, on_flush != nullptr && on_error != nullptr)),
      on_flush_(std::move(on_flush)),
      errors_(std::move(on_error)),
      buffer_({.name = name_, .capacity = options.capacity, .when_full = options.when_full}) {
  if (!options_status_.ok()) {
    // It can never flush, so it takes nothing.
    absl::MutexLock lock(mu_);
    stopping_ = gave_up_ = finished_ = true;
  }
}

absl::Status EventQueueCore::Start() {
  if (!options_status_.ok()) return options_status_;
  absl::MutexLock lock(mu_);
  if (started_ || stopping_) {
    return absl::FailedPreconditionError(
        absl::StrCat("queue '", name_, "' was ", started_ ? "started" : "stopped", " before"));
  }
  try {
    thread_ = std::thread([core = shared_from_this()] { core->Run(); });
  } catch (const std::system_error& e) {
    return absl::ResourceExhaustedError(absl::StrCat("queue '", name_, "': no thread: ", e.what()));
  }
  thread_id_ = thread_.get_id();
  started_ = true;
  next_due_ = TimePassed(clock_) + options_.flush_interval;
  if (!buffer_.empty()) Arm();
  return absl::OkStatus();
}

bool EventQueueCore::OnFlushingThread() const {
  const std::thread::id me = std::this_thread::get_id();
  return me == thread_id_ || (sender_flushes_ && me == sender_id_);
}

bool EventQueueCore::InsideCallback() const { return OnFlushingThread() || errors_.IsTelling(); }

bool EventQueueCore::PushAll(absl::Span<Event> events) {
  if (events.empty()) return true;
  // If the queue is destroyed while this waits, or flushes, this is the last to leave.
  std::shared_ptr<EventQueueCore> keep;
  PatientLock lock(mu_);
  if (MayFlushOnSender()) {
    keep = shared_from_this();
    FlushOnSender(events);
    return true;
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (Take(events[i], keep)) continue;
    // Of those that were refused at the stop, WaitForRoom() or Take() has counted the first.
    counted_.refused += events.size() - i - 1;
    return false;
  }
  return true;
}

bool EventQueueCore::Take(Event& event, std::shared_ptr<EventQueueCore>& keep) {
  if (stopping_) {
    ++counted_.refused;
    return false;
  }
  if ((line_.empty() || MayOvertake(event)) && Offer(event)) return true;
  if (OnFlushingThread()) {
    // It cannot wait for room, but the buffer is full all the same.
    if (options_.when_full == WhenFull::kFlushEarly) AskForEarlyFlush();
    const bool was_empty = buffer_.empty();
    const std::size_t bytes = BytesOf(event);
    buffer_.Force(std::move(event));
    Took(was_empty, bytes);
    return true;
  }
  keep = shared_from_this();
  return WaitForRoom(event);
}

bool EventQueueCore::Offer(Event& event) {
  const bool was_empty = buffer_.empty();
  const std::size_t bytes = BytesOf(event);
  if (!buffer_.Offer(event)) return false;
  Took(was_empty, bytes);
  return true;
}

void EventQueueCore::Took(bool was_empty, std::size_t bytes) {
  ++counted_.received;
  bytes_ += bytes;
  if (was_empty) Arm();
  const bool full_batch = (options_.max_batch != 0 && buffer_.size() >= options_.max_batch) ||
                          (options_.max_batch_bytes != 0 && bytes_ >= options_.max_batch_bytes);
  if (full_batch) AskForEarlyFlush();
}

// Where events are dropped none waits, but for a ForceReload; the others need not queue up behind that.
bool EventQueueCore::MayOvertake(const Event& event) const {
  const bool drops =
      options_.when_full == WhenFull::kDropOldest || options_.when_full == WhenFull::kDropNewest;
  return drops && !HasAny(event.action, Action::kForceReload);
}

bool EventQueueCore::WaitForRoom(Event& event) {
  if (options_.when_full == WhenFull::kFlushEarly) AskForEarlyFlush();
  Sender sender{.event = event};
  line_.push_back(&sender);
  AwaitFor(clock_, mu_, absl::Condition(&sender.done), absl::InfiniteDuration());
  return sender.taken;
}

void EventQueueCore::AdmitWaitingSenders() {
  while (!line_.empty() && Offer(line_.front()->event)) {
    line_.front()->taken = true;
    line_.front()->done = true;
    line_.pop_front();
  }
  // More of them wait than there is room for: that is a full buffer again.
  if (!line_.empty() && options_.when_full == WhenFull::kFlushEarly) AskForEarlyFlush();
}

bool EventQueueCore::Flush() {
  const std::shared_ptr<EventQueueCore> keep = shared_from_this();
  absl::MutexLock lock(mu_);
  if (stopping_) return false;
  if (!buffer_.empty()) AskForFlush();
  if (InsideCallback()) return false;
  const std::uint64_t wanted = taken_batches_ + (buffer_.empty() ? 0 : 1);
  const auto over = [this, wanted]()
                        ABSL_SHARED_LOCKS_REQUIRED(mu_) { return done_batches_ >= wanted || finished_; };
  AwaitFor(clock_, mu_, absl::Condition(&over), absl::InfiniteDuration());
  return done_batches_ >= wanted;
}

void EventQueueCore::BeginStop() {
  if (stopping_) return;
  stopping_ = true;
  for (Sender* sender : line_) sender->done = true;
  counted_.refused += line_.size();
  line_.clear();
  if (!started_) finished_ = true;
  WakeThread();
}

void EventQueueCore::GiveUp(EventBuffer::Batch& discarded) {
  if (gave_up_) return;
  gave_up_ = true;
  counted_.discarded += buffer_.size() + in_hand_;
  in_hand_ = 0;
  buffer_.TakeAll(discarded, absl::InfinitePast());
  WakeThread();
}

void EventQueueCore::Close() {
  EventBuffer::Batch discarded;
  absl::MutexLock lock(mu_);
  BeginStop();
  if (finished_ || options_.on_stop == OnStop::kDiscard) GiveUp(discarded);
}

void EventQueueCore::StopAndWait(EventBuffer::Batch& discarded) {
  const absl::Condition finished(&finished_);
  if (!gave_up_ && !AwaitFor(clock_, mu_, finished, options_.drain_timeout)) {
    GiveUp(discarded);
    return;
  }
  AwaitFor(clock_, mu_, finished, absl::InfiniteDuration());
}

void EventQueueCore::Stop() {
  Close();
  EventBuffer::Batch discarded;
  const std::shared_ptr<EventQueueCore> keep = shared_from_this();
  absl::MutexLock lock(mu_);
  if (!InsideCallback()) StopAndWait(discarded);
}

void EventQueueCore::Retire() {
  Close();
  EventBuffer::Batch discarded;
  std::thread thread;
  bool inside_flush = false, on_own_thread = false;
  {
    absl::MutexLock lock(mu_);
    inside_flush = OnFlushingThread();
    if (inside_flush) {
      GiveUp(discarded);
    } else if (!finished_) {
      StopAndWait(discarded);
      // What is left behind when the drain's time is over may be a sender's flush, which no join() waits for.
      AwaitFor(clock_, mu_, absl::Condition(&finished_), absl::InfiniteDuration());
    }
    retired_ = inside_flush;
    on_own_thread = std::this_thread::get_id() == thread_id_;
    thread = std::move(thread_);
  }
  if (thread.joinable()) {
    if (on_own_thread) {
      thread.detach();
    } else {
      thread.join();
    }
  }
  errors_.AwaitQuiet(clock_, absl::InfiniteDuration());
  errors_.Silence();
}

EventQueueCounters EventQueueCore::counters() const {
  absl::MutexLock lock(mu_);
  EventQueueCounters all = counted_;
  all.dropped_oldest = buffer_.tally().dropped_oldest;
  all.dropped_newest = buffer_.tally().dropped_newest;
  all.merged = buffer_.tally().merged;
  all.depth = buffer_.size() + in_hand_;
  all.waiting = line_.size();
  const ErrorTeller::Counters errors = errors_.counters();
  all.errors = errors.told;
  all.errors_dropped = errors.dropped;
  all.error_exceptions = errors.exceptions;
  return all;
}

}  // namespace lookout::events_internal
