// Gathers events from any number of threads and hands them over in ordered batches, one at a time.
//
//   EventQueue queue("routes", clock, {.flush_interval = absl::Milliseconds(500)},
//                    [&](absl::Span<Event> batch) { routes.Apply(batch); },
//                    [&](absl::Status error) { LOG(ERROR) << error; });
//   if (absl::Status s = queue.Start(); !s.ok()) return s;
//   source.Run(stop, queue);   // an EventQueue is a Receiver
//   queue.Stop();
//
// Batches. At each flush interval, counted from Start(), a non-empty buffer is handed over whole, in order
// of arrival, by swapping it out: no event is copied between Push() and on_flush. What finds the buffer empty
// at the very end of an interval goes with the next. An empty buffer is not flushed, and costs no wake-up.
// Interval 0 flushes as soon as there is something. A flush that outlasts its interval is followed at once by
// what gathered meanwhile. Intervals are durations: setting the clock neither delays nor multiplies flushes
// (wait.h says of which clocks that holds).
//
// Full. `capacity` bounds what is buffered; `when_full` says what happens at the bound. Every dropped or
// merged event is counted, and a loss becomes one kForceReload, however many were lost in a row, at the
// place of the loss in the stream. A kForceReload itself is never dropped nor merged: one that finds only
// its like in a full buffer waits as under kBlock.
//
// Threads. Everything may be called from any thread, also from inside on_flush and on_error. One thread,
// made by Start(), calls on_flush (but see flush_on_sender), one call at a time. on_error is called at once
// by the thread that reports, one call at a time: an error reported while another is being told is told right
// after it, by the same thread.
//
// Callbacks may throw. What on_flush throws becomes an Internal status that names the queue and goes to
// on_error; the queue goes on. What on_error throws is contained and counted.
//
// Stopping. A flush under way finishes; what is buffered is discarded and counted, or drained (`on_stop`).
// Waiting senders return false. Destruction stops, and waits for callbacks under way; nothing is called
// after it. It may be done from inside a callback, and while senders wait; no other call may be under way.
//
// Cost. A thread, asleep while there is nothing to flush, and some kilobyte; two buffers that keep the size
// of the largest batch so far, at 136 bytes an event and what its strings take. In a steady state Push()
// takes one lock and allocates nothing. While batches follow one another, events that were handed over stay
// where they are, with what strings on_flush left in them, until others take their places; once the queue is
// quiet they are freed.
#ifndef LOOKOUT_EVENTS_EVENT_QUEUE_H_
#define LOOKOUT_EVENTS_EVENT_QUEUE_H_

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue_options.h"  // IWYU pragma: export
#include "lookout/events/source.h"

namespace lookout {

namespace events_internal {
class EventQueueCore;
}  // namespace events_internal

class EventQueue final : public Receiver {
 public:
  // The events are on_flush's to move from; their memory is the queue's, for the time of the call.
  using FlushCallback = absl::AnyInvocable<void(absl::Span<Event> batch)>;
  using ErrorCallback = absl::AnyInvocable<void(absl::Status error)>;

  // `name` appears in errors. `clock` must outlive the queue and the calls that wait in
  // it. Options are checked by Start(); a queue whose options make no sense takes nothing.
  EventQueue(absl::string_view name, absl::Clock& clock, EventQueueOptions options, FlushCallback on_flush,
             ErrorCallback on_error);
  ~EventQueue() override;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // Begins to flush; events may be pushed before. When `stop` is requested, the queue stops as by Stop(),
  // without anybody having to wait. InvalidArgument for options that make no sense, FailedPrecondition if it
  // was started or stopped before.
  absl::Status Start(std::stop_token stop = {});

  // Takes an event; what happens when the buffer is full is WhenFull's. False: the queue is stopped, the
  // event was not kept.
  //
  // Moved from only if it is kept.
  //
  // A sender that would have to wait inside on_flush would wait for itself; there the buffer exceeds its
  // capacity by what on_flush pushes.
  bool Push(Event&& event);

  // The same for several, in their order, with one lock if there is room for them. The events are moved from,
  // but for those that were not kept.
  bool PushAll(absl::Span<Event> events);

  // Waits until everything that was pushed before this call has been handed to on_flush and that call has
  // returned. False if the queue stopped before. From inside a callback it does not wait: it asks for a
  // flush as soon as the present one is done, and returns false.
  bool Flush();

  // Tells on_error, at once, also while a flush runs.
  void ReportError(absl::Status error);

  // Stops, by `on_stop`, and returns when it is done: no on_flush is running or will run (but see
  // drain_timeout). From inside a callback it returns at once, and the rest happens when that returns. More
  // than one call is fine; each returns when the stop is done.
  void Stop();

  // What the sending side says when it has nothing more to send: Stop() without waiting for it.
  void Close();

  // A consistent picture, at any time, also after Stop().
  EventQueueCounters counters() const;
  absl::string_view name() const;

  // Receiver.
  void OnReady() override {}
  bool OnEvent(Event event) override;
  bool OnEvents(absl::Span<Event> events) override { return PushAll(events); }
  void OnError(absl::Status error) override { ReportError(std::move(error)); }

 private:
  struct Closer {
    events_internal::EventQueueCore* core;
    void operator()() const;
  };

  // Shared with the flushing thread, which may outlive the queue that is destroyed from a callback, and with
  // senders that wait.
  const std::shared_ptr<events_internal::EventQueueCore> core_;
  std::optional<std::stop_callback<Closer>> on_stop_;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_QUEUE_H_
