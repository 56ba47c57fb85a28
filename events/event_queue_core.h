// The inside of an EventQueue: all its state, shared by the queue, its flushing thread and the senders that
// wait in it, so that the queue itself can be destroyed at any time, even from one of its callbacks.
//
// One mutex guards the state. Callbacks run without it. The flushing thread sleeps on a Wakeup, and is
// signalled only when it sleeps and there is something for it to do.
#ifndef LOOKOUT_EVENTS_EVENT_QUEUE_CORE_H_
#define LOOKOUT_EVENTS_EVENT_QUEUE_CORE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/error_teller.h"
#include "lookout/events/event.h"
#include "lookout/events/event_buffer.h"
#include "lookout/events/event_queue_options.h"
#include "lookout/events/wakeup.h"

namespace lookout::events_internal {

class EventQueueCore : public std::enable_shared_from_this<EventQueueCore> {
 public:
  using FlushCallback = absl::AnyInvocable<void(absl::Span<Event> batch)>;
  using ErrorCallback = ErrorTeller::OnError;

  EventQueueCore(absl::string_view name, absl::Clock& clock, const EventQueueOptions& options,
                 FlushCallback on_flush, ErrorCallback on_error);

  // As the functions of EventQueue of the same names.
  absl::Status Start() ABSL_LOCKS_EXCLUDED(mu_);
  bool PushAll(absl::Span<Event> events) ABSL_LOCKS_EXCLUDED(mu_);
  bool Flush() ABSL_LOCKS_EXCLUDED(mu_);
  void ReportError(absl::Status error) { errors_.Tell(std::move(error)); }
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);
  void Close() ABSL_LOCKS_EXCLUDED(mu_);
  EventQueueCounters counters() const ABSL_LOCKS_EXCLUDED(mu_);
  absl::string_view name() const { return name_; }

  // The queue is being destroyed: stops, and waits until no callback runs or will run; a callback that this
  // is called from is the last.
  void Retire() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // A sender that waits for room, on its own thread's stack.
  struct Sender {
    Event& event;
    bool done = false;
    bool taken = false;
  };

  // --- Sending (event_queue_core.cc).
  // `keep` is set if it waits.
  bool Take(Event& event, std::shared_ptr<EventQueueCore>& keep) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Offer(Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayOvertake(const Event& event) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool WaitForRoom(Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AdmitWaitingSenders() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // As far as anybody counts them.
  std::size_t BytesOf(const Event& event) const {
    return options_.max_batch_bytes == 0 ? 0 : ByteSize(event);
  }
  // After an event of so many bytes came into the buffer.
  void Took(bool was_empty, std::size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool OnFlushingThread() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool InsideCallback() const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  // --- When to flush (event_queue_flush.cc).
  // The buffer is no longer empty: settles when it is due, and wakes the thread.
  void Arm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AskForFlush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The same, and the interval starts anew.
  void AskForEarlyFlush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WakeThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WaitForWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // --- Flushing (event_queue_flush.cc), all on the flushing thread, or on a sender's that took its place.
  bool MayFlushOnSender() const ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return options_.flush_on_sender && options_.flush_interval == absl::ZeroDuration() && started_ &&
           !stopping_ && !sender_flushes_ && buffer_.empty() && taken_batches_ == done_batches_;
  }
  // Begins with mu_ held and returns with it held, but hands over without it.
  void FlushOnSender(absl::Span<Event> events) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // Frees what the last batches left behind, unless the next events are there already.
  void FreeDeadIfQuiet() ABSL_LOCKS_EXCLUDED(mu_);
  // False: events came, and some of `dead` are left.
  bool FreeWhileQuiet(EventBuffer::Slots& dead) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsQuiet() const ABSL_LOCKS_EXCLUDED(mu_);
  // Blocks until the buffer must be flushed, and takes it. False: the queue has stopped.
  bool TakeBatch() ABSL_LOCKS_EXCLUDED(mu_);
  // Hands over the events, in calls of at most max_batch; one of them may be a ForceReload of the queue's
  // own.
  void HandOver(absl::Span<Event> events, std::optional<std::size_t> force_reload) ABSL_LOCKS_EXCLUDED(mu_);
  // Counts `events` as handed over; false if they must not be, because the queue gave them up meanwhile.
  bool BeginCall(absl::Span<Event> events, bool has_force_reload) ABSL_LOCKS_EXCLUDED(mu_);
  void Call(absl::Span<Event> events, bool has_force_reload) ABSL_LOCKS_EXCLUDED(mu_);
  // How many of the events, from the first on, go into one call.
  std::size_t PartOf(absl::Span<const Event> events) const;
  void ReportException(absl::string_view what) ABSL_LOCKS_EXCLUDED(mu_);

  // --- Stopping (event_queue_core.cc).
  void BeginStop() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Counts all that is not handed over as discarded; it moves to `discarded`, for its memory to be freed
  // without the mutex. No callback begins afterwards.
  void GiveUp(EventBuffer::Batch& discarded) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void StopAndWait(EventBuffer::Batch& discarded) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string name_;
  absl::Clock& clock_;
  const EventQueueOptions options_;
  const absl::Status options_status_;
  FlushCallback on_flush_;    // used by who flushes, only
  EventBuffer::Batch batch_;  // used by the flushing thread, only
  ErrorTeller errors_;
  Wakeup wakeup_;

  mutable absl::Mutex mu_;
  EventBuffer buffer_ ABSL_GUARDED_BY(mu_);
  std::deque<Sender*> line_ ABSL_GUARDED_BY(mu_);  // those who wait for room, first come first

  // Of the thread's life.
  std::thread thread_ ABSL_GUARDED_BY(mu_);
  std::thread::id thread_id_ ABSL_GUARDED_BY(mu_);
  bool started_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool gave_up_ ABSL_GUARDED_BY(mu_) = false;      // stopping, and nothing more is handed over
  bool thread_done_ ABSL_GUARDED_BY(mu_) = false;  // it flushes no more
  bool finished_ ABSL_GUARDED_BY(mu_) = false;     // nobody flushes, or ever will
  bool retired_ ABSL_GUARDED_BY(mu_) = false;  // the queue was destroyed by the thread; its clock may be gone

  // A sender flushes in the thread's place; which then waits.
  bool sender_flushes_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id sender_id_ ABSL_GUARDED_BY(mu_);

  // Of the next flush, on the scale of TimePassed(). Flushes fall on a grid of intervals, which an early one
  // lays anew, and so does a clock that knows the wall's time alone and was set back.
  absl::Duration next_due_ ABSL_GUARDED_BY(mu_);  // the first point of the grid that is not yet served
  absl::Duration due_ ABSL_GUARDED_BY(mu_);       // the point at which what is buffered is flushed
  bool is_due_ ABSL_GUARDED_BY(mu_) = false;      // it has come
  bool asked_ ABSL_GUARDED_BY(mu_) = false;       // flush without waiting for it
  bool early_ ABSL_GUARDED_BY(mu_) = false;       // and lay the grid anew from there
  std::size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;    // that came into the buffer, with max_batch_bytes
  bool asleep_ ABSL_GUARDED_BY(mu_) = false;      // the thread waits, or is about to

  // Batches taken from the buffer, and those of them that were handed over whole.
  std::uint64_t taken_batches_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t done_batches_ ABSL_GUARDED_BY(mu_) = 0;
  // When the buffer began to fill, and the same of the batch in hand; with an observer.
  absl::Duration filling_since_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();
  absl::Duration batch_since_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();
  std::uint64_t in_hand_ ABSL_GUARDED_BY(mu_) = 0;   // events of batch_ not yet handed over
  EventQueueCounters counted_ ABSL_GUARDED_BY(mu_);  // but for what buffer_ and errors_ count
};

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_EVENT_QUEUE_CORE_H_
