// Offers a batch that a Sink fails to take again, with a growing pause in between, and hands over to a
// callback what it gives up in the end.
//
//   pipeline.AddSink(std::make_unique<RetryingSink>(
//       std::move(http_sink), clock,
//       RetryingSinkOptions{.on_dead_letters = [&spool](absl::Span<const Event> batch,
//                                                       const absl::Status& why) { spool.Keep(batch); }}));
//
// Every batch ends in one of two ways: the inner sink took it, or on_dead_letters got it, once.
//
// Order. A batch that is tried again blocks those behind it: none overtakes. So whoever writes waits, an
// EventQueue goes on buffering meanwhile, and when it is full does what its `when_full` says. By default the
// pauses of one batch are 1.5 s together at most. Other sinks of a FanOutSink wait as well.
//
// Duplicates. A batch is offered again whole: a sink that took a part of it before it failed gets that twice.
#ifndef LOOKOUT_WATCHERS_RETRYING_SINK_H_
#define LOOKOUT_WATCHERS_RETRYING_SINK_H_

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/watchers/backoff.h"

namespace lookout {

struct RetryingSinkOptions {
  // The pause after a batch's first failure; each further one is `factor` times the last, up to `max_delay`.
  // Zero or more, finite; `factor` is at least 1.
  absl::Duration first_delay = absl::Milliseconds(100);
  absl::Duration max_delay = absl::Seconds(10);
  double factor = 2;
  // A pause is shortened by a random part of itself up to this, so that many writers to one service do not
  // come back as one. 0 to 1.
  double jitter = 0.2;
  // How often a batch is offered, the first time included. At least 1.
  int max_tries = 5;
  // Gets what was given up, and the failure that Write() then returns. From the thread that writes, before
  // Write() returns; the events live until the callback does. What it throws is contained, and said in
  // Write()'s result.
  absl::AnyInvocable<void(absl::Span<const Event> batch, const absl::Status& why)> on_dead_letters = nullptr;
};

struct RetryingSinkCounters {
  std::uint64_t retries = 0;  // tries but for each batch's first
  // Taken by the inner sink, though not at the first try.
  std::uint64_t recovered_batches = 0;
  std::uint64_t recovered_events = 0;
  // Handed to on_dead_letters, or lost where there is none.
  std::uint64_t given_up_batches = 0;
  std::uint64_t given_up_events = 0;

  friend bool operator==(const RetryingSinkCounters&, const RetryingSinkCounters&) = default;
};

// Write() is called by one thread at a time, as any Sink's; the rest by any, at any time.
class RetryingSink final : public Sink {
 public:
  // `clock` must outlive the sink. Options that make no sense are said by Write().
  RetryingSink(std::unique_ptr<Sink> inner, absl::Clock& clock, RetryingSinkOptions options = {});

  // Returns when a try has succeeded, with OK, or when the batch was given up, with the last failure's code,
  // and its text with the number of tries and what ended them: that they were `max_tries`, that the failure
  // will not go away by itself (IsPermanent()), or GiveUp(). What the inner sink throws is an Internal
  // failure as another. InvalidArgument, and nothing is tried, for options that make no sense.
  absl::Status Write(absl::Span<const Event> batch) override;

  // Ends a pause at once: the batch is given up with its last failure. Later batches are tried once. Passed
  // on to the inner sink; what that throws is ignored.
  void GiveUp() override;

  // A consistent picture.
  RetryingSinkCounters counters() const;

 private:
  // Waits after so many failures in a row. False: no further try, nobody waits for it.
  bool PauseBeforeRetry(int failures);
  void CountRecovered(absl::Span<const Event> batch);
  // Returns what Write() is to return.
  absl::Status ToDeadLetters(absl::Span<const Event> batch, absl::Status why);

  const std::unique_ptr<Sink> inner_;
  absl::Clock& clock_;
  // Those below are used by the thread that writes.
  RetryingSinkOptions options_;
  const absl::Status options_status_;
  Backoff backoff_;

  // Not held while foreign code runs.
  mutable absl::Mutex mu_;
  bool gave_up_ ABSL_GUARDED_BY(mu_) = false;
  RetryingSinkCounters counters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_RETRYING_SINK_H_
