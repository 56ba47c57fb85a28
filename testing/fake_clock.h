// A clock that stands still until the test moves it, and knows who waits on it.
//
//   FakeClock clock;
//   EventQueue queue("q", clock, {.flush_interval = absl::Seconds(1)}, …);
//   ASSERT_TRUE(queue.Start().ok());
//   queue.Push(event);
//   clock.AwaitWaiters(1);              // the queue's thread now waits for its interval
//   clock.Advance(absl::Seconds(1));    // and is woken
//
// Built on absl::SimulatedClock; adds the barrier, waits in poll(2) (events/wait.h), and a wall clock that
// can be set without time passing.
//
// Thread-safe. Must outlive whoever waits on it.
#ifndef LOOKOUT_TESTING_FAKE_CLOCK_H_
#define LOOKOUT_TESTING_FAKE_CLOCK_H_

#include <poll.h>

#include <set>

#include "absl/base/thread_annotations.h"
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

  // absl::Clock. Deadlines are understood as durations from TimeNow().
  absl::Time TimeNow() override;
  void Sleep(absl::Duration d) override;
  void SleepUntil(absl::Time wakeup_time) override;
  bool AwaitWithDeadline(absl::Mutex* mu, const absl::Condition& condition, absl::Time deadline) override
      ABSL_SHARED_LOCKS_REQUIRED(mu);

  // PollableClock.
  int Poll(absl::Span<pollfd> fds, absl::Duration timeout) override;

 private:
  struct Waiter;

  absl::SimulatedClock passing_;  // moved by Advance() alone
  mutable absl::Mutex mu_;
  absl::Duration wall_offset_ ABSL_GUARDED_BY(mu_);
  std::multiset<Waiter*> waiters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_FAKE_CLOCK_H_
