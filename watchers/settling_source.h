// Turns a burst of changes into its net effect: an editor's save becomes one `written`.
//
//   auto conf = FileSource::Create({.path = "conf", .recursive = true, .tell_replaced = true}, clock);
//   SettlingSource source(*std::move(conf), clock, {.quiet = absl::Milliseconds(200)});
//   source.Run(stop, queue);
//   // mv f f~; create f; write f; rm f~                 ->  written f
//   // create f.tmp; write f.tmp; mv f.tmp f             ->  written f, or created f where there was none
//   // create lock; rm lock                              ->  nothing
//
// A path is told when nothing has happened to it for `quiet`, or when something waits to be told of it for
// `max_wait`, whichever is first. What has to be told before it is told with it, though it may not be quiet:
// the directory that it is in, the other half of a rename, what happened below a directory before that was
// moved or deleted. When `max_pending` paths wait, all are told.
//
// The law: folding the settled events over a tree gives the same tree as folding the inner source's events,
// and each settled event makes sense after those before it. A file whose contents changed has a `created`, if
// it is new, or a `written`. A merged event has the time and the attributes of the last one that went into
// it.
//
// Whether a rename replaced something decides what it amounts to: f.tmp renamed to f is `written f` if there
// was an f. That is known from earlier events, or from the source itself by kReplaced (which is not passed
// on). Where it is not known nothing is guessed: `created f.tmp` and `renamed f <- f.tmp` are both told,
// settled otherwise. A `created` of what is known to be there is a `written`; where that is not known, as by
// a source that tells names and not what was there, it is new, and with its `deleted` nothing.
//
// Only events of files wait. Those of containers are passed on at once, in their order, and so may overtake
// files: a container's start and its death are not a net effect of nothing, as somebody has to act on each. A
// ForceReload of any type is neither held nor overtaken: what is pending is told, and then it. So are file
// events that are not understood. OnReady and OnError are passed on at once.
//
// What is pending when the inner source ends, or is stopped, is told then, before Run() returns. A receiver
// that refuses an event is offered nothing more, and the inner source is told so, and stopped.
//
// It waits by durations: setting the wall clock changes nothing. Nothing pending: no timer.
#ifndef LOOKOUT_WATCHERS_SETTLING_SOURCE_H_
#define LOOKOUT_WATCHERS_SETTLING_SOURCE_H_

#include <memory>
#include <stop_token>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "lookout/events/source.h"
#include "lookout/watchers/settling_buffer.h"

namespace lookout {

// Run() is called by one thread at a time, as any Source's. While it runs it has a thread of its own, that
// tells what became due; the receiver is never called with events by both at once.
class SettlingSource final : public Source {
 public:
  // `clock` must outlive the source. Options (settling_buffer.h) that make no sense are a caller's bug, and
  // end the process.
  SettlingSource(std::unique_ptr<Source> inner, absl::Clock& clock, SettlingOptions options = {});

  absl::string_view name() const override { return inner_->name(); }

  // As the inner source's; OK if the receiver refused.
  absl::Status Run(std::stop_token stop, Receiver& receiver) override;

 private:
  class Session;

  const std::unique_ptr<Source> inner_;
  absl::Clock& clock_;
  const SettlingOptions options_;
};

}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_SETTLING_SOURCE_H_
