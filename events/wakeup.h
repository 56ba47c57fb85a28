// One thread waits, others wake it: an event object whose waits are on an injected clock.
//
// A thread's sleep has a mutex of its own here, so that those who change what it works on do not evaluate
// its condition at each unlock (as absl::Mutex does for its waiters), but wake it once when there is need.
#ifndef LOOKOUT_EVENTS_WAKEUP_H_
#define LOOKOUT_EVENTS_WAKEUP_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/events/wait.h"

namespace lookout::events_internal {

class Wakeup {
 public:
  // Ends the present Wait(), or the next one. Any thread.
  void Signal() {
    absl::MutexLock lock(mu_);
    signalled_ = true;
  }

  // Waits for Signal(), no longer than `timeout` from `now`, a reading of `clock`. True if it came. One
  // thread.
  bool Wait(absl::Clock& clock, absl::Duration timeout, absl::Time now) {
    absl::MutexLock lock(mu_);
    const bool signalled = AwaitFor(clock, mu_, absl::Condition(&signalled_), timeout, now);
    signalled_ = false;
    return signalled;
  }

 private:
  absl::Mutex mu_;
  bool signalled_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_WAKEUP_H_
