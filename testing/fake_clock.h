// A clock that stands still until the test moves it, and knows who waits on it.
//
//   FakeClock clock;
//   EventQueue queue("q", clock, {.flush_interval = absl::Seconds(1)}, …);
//   ASSERT_TRUE(queue.Start().ok());
//   queue.Push(event);
//   clock.AwaitTimers(1);               // the queue's thread now waits for its interval
//   clock.Advance(absl::Seconds(1));    // and is woken
//
// Built on absl::SimulatedClock; adds the barrier, waits in poll(2) (events/wait.h), and a wall clock that
// can be set without time passing.
//
// Thread-safe. Must outlive whoever waits on it.
#ifndef LOOKOUT_TESTING_FAKE_CLOCK_H_
#define LOOKOUT_TESTING_FAKE_CLOCK_H_

#include <poll.h>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/simulated_clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/wait.h"

namespace lookout {

class FakeClock final : public PollableClock {
 public:
  // A Thursday noon, so that a test that forgets to set a time is not at an epoch.
  static absl::Time DefaultStart() { return absl::FromUnixSeconds(1767268800); }

  explicit FakeClock(absl::Time start = DefaultStart());

  // Lets `d` (not negative) pass, and wakes who waited for no longer than that. When it returns, those are
  // no longer counted as waiters.
  void Advance(absl::Duration d);

  // Sets the wall clock ahead or back, as an administrator would. No time passes: nobody is woken, and who
  // waits goes on waiting for the rest of its duration.
  void StepWallClock(absl::Duration d);

  // Blocks until at least `n` threads wait on this clock, in a condition or in a poll, with a time-out or
  // without. A thread whose condition has come true but that has not run yet still counts: let the
  // test's own effects arrive (RecordingSink::WaitForCount) before it counts waiters.
  void AwaitWaiters(int n);
  int waiters() const;

  // The same for threads whose wait ends by time: who waits for nothing but a condition is not counted.
  void AwaitTimers(int n);
  int timers() const;

  // absl::Clock. Deadlines are understood as durations from TimeNow().
  absl::Time TimeNow() override;
  void Sleep(absl::Duration d) override;
  void SleepUntil(absl::Time wakeup_time) override;
  bool AwaitWithDeadline(absl::Mutex* mu, const absl::Condition& condition, absl::Time deadline) override
      ABSL_SHARED_LOCKS_REQUIRED(mu);

  // PollableClock.
  int Poll(absl::Span<pollfd> fds, absl::Duration timeout) override;
  ClockReading Read() override;

 private:
  struct Waiter {
    absl::Time end;    // of its wait, by now_
    int wake_fd = -1;  // of a wait in poll(2): what Advance() makes readable
  };

  // Counts the waiter, until its end; false if that is now.
  bool Enlist(Waiter& waiter) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Dismiss(Waiter& waiter) ABSL_LOCKS_EXCLUDED(mu_);
  int CountWaiters() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  int CountTimers() const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  // Time that passes, moved by Advance() alone. Kept twice: waits end by `passing_`, and are counted by
  // `now_`, which changes together with the list of waiters.
  absl::SimulatedClock passing_;
  // May be taken while a waiter's own mutex is held, never the other way round.
  mutable absl::Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_);
  absl::Duration wall_offset_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<Waiter*> waiters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_FAKE_CLOCK_H_
