// An absl::MutexLock for threads that come again and again, each for an instant, as senders to a queue do.
//
//   absl::Mutex mu;
//   PatientLock lock(mu);   // as absl::MutexLock lock(mu)
//
// Where two processors ask for one mutex all the time, each turn carries the mutex, and what it guards, from
// one processor's cache to the other's, which takes longer than the turn itself: together they get less done
// than one of them alone, at many times the cost (docs/queue_speed.md). So who finds the mutex held leaves it
// alone for pauses that grow to half a microsecond: a mutex that is held but now and then is free by then.
// Who still finds it held steps aside for a tenth of a millisecond, in which the others get thousands of
// turns done, and does so ten times at most, before it waits as everybody does: nobody waits for ever.
#ifndef LOOKOUT_EVENTS_PATIENT_LOCK_H_
#define LOOKOUT_EVENTS_PATIENT_LOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lookout::events_internal {

class ABSL_SCOPED_LOCKABLE PatientLock {
 public:
  explicit PatientLock(absl::Mutex& mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) {
    if (!mu_.try_lock()) LockPatiently();
  }
  ~PatientLock() ABSL_UNLOCK_FUNCTION() { mu_.unlock(); }
  PatientLock(const PatientLock&) = delete;
  PatientLock& operator=(const PatientLock&) = delete;

 private:
  void LockPatiently() ABSL_NO_THREAD_SAFETY_ANALYSIS;

  absl::Mutex& mu_;
};

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_PATIENT_LOCK_H_
