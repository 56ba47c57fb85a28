// Tells errors to a callback: at once, by the thread that reports, one at a time.
//
// An error that is reported while another is being told, by whichever thread or by the callback itself, is
// told right after it, by the thread that is telling. So the callback needs no lock of its own and may
// report. What it throws is contained and counted.
//
// Thread-safe. Calls that tell must have returned before it is destroyed.
#ifndef LOOKOUT_EVENTS_ERROR_TELLER_H_
#define LOOKOUT_EVENTS_ERROR_TELLER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

namespace lookout::events_internal {

class ErrorTeller {
 public:
  using OnError = absl::AnyInvocable<void(absl::Status error)>;

  struct Counters {
    std::uint64_t told = 0;        // handed to the callback
    std::uint64_t dropped = 0;     // reported while kMaxPending others waited
    std::uint64_t exceptions = 0;  // thrown by the callback
  };

  // Errors that wait to be told, at most.
  static constexpr std::size_t kMaxPending = 64;

  explicit ErrorTeller(OnError on_error);

  void Tell(absl::Status error);

  // Waits until all that was reported has been told, or `timeout` is over. Returns at once when called from
  // inside the callback.
  void AwaitQuiet(absl::Clock& clock, absl::Duration timeout);
  // Tells nothing more, except for a callback under way in this very thread; waits for one in another.
  void Silence();

  // Whether the calling thread is inside the callback.
  bool IsTelling() const;
  Counters counters() const;

 private:
  bool TellsHere() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // Takes the next error to tell; false, and nobody is telling any more, if there is none.
  bool Next(absl::Status& error);

  OnError on_error_;  // used by the thread that is telling, only
  mutable absl::Mutex mu_;
  std::deque<absl::Status> pending_ ABSL_GUARDED_BY(mu_);
  bool telling_ ABSL_GUARDED_BY(mu_) = false;
  std::thread::id teller_ ABSL_GUARDED_BY(mu_);  // while telling_
  bool silent_ ABSL_GUARDED_BY(mu_) = false;
  Counters counters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_ERROR_TELLER_H_
