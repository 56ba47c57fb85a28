#include "lookout/testing/fake_clock.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/log/check.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lookout {

FakeClock::FakeClock(absl::Time start) : passing_(start), now_(start) {}

void FakeClock::Advance(absl::Duration d) {
  CHECK_GE(d, absl::ZeroDuration()) << "time does not run backwards: see StepWallClock()";
  {
    absl::MutexLock lock(mu_);
    now_ += d;
    absl::erase_if(waiters_, [now = now_](const Waiter* waiter) {
      if (waiter->end > now) return false;
      if (waiter->wake_fd >= 0) CHECK_EQ(::eventfd_write(waiter->wake_fd, 1), 0);
      return true;
    });
  }
  // Without mu_, because this takes the mutexes of those who wait.
  passing_.AdvanceTime(d);
}

void FakeClock::StepWallClock(absl::Duration d) {
  absl::MutexLock lock(mu_);
  wall_offset_ += d;
}

int FakeClock::CountWaiters() const { return static_cast<int>(waiters_.size()); }

int FakeClock::CountTimers() const {
  return static_cast<int>(
      absl::c_count_if(waiters_, [](const Waiter* waiter) { return waiter->end != absl::InfiniteFuture(); }));
}

void FakeClock::AwaitWaiters(int n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return CountWaiters() >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
}

int FakeClock::waiters() const {
  absl::MutexLock lock(mu_);
  return CountWaiters();
}

void FakeClock::AwaitTimers(int n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return CountTimers() >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
}

int FakeClock::timers() const {
  absl::MutexLock lock(mu_);
  return CountTimers();
}

bool FakeClock::Enlist(Waiter& waiter) {
  if (waiter.end <= now_) return false;
  waiters_.insert(&waiter);
  return true;
}

void FakeClock::Dismiss(Waiter& waiter) {
  absl::MutexLock lock(mu_);
  waiters_.erase(&waiter);
}

absl::Time FakeClock::TimeNow() {
  absl::MutexLock lock(mu_);
  return now_ + wall_offset_;
}

ClockReading FakeClock::Read() {
  absl::MutexLock lock(mu_);
  return {.now = now_ + wall_offset_, .passed = now_ - absl::UnixEpoch()};
}

void FakeClock::Sleep(absl::Duration d) { SleepUntil(TimeNow() + d); }

void FakeClock::SleepUntil(absl::Time wakeup_time) {
  absl::Mutex mu;
  absl::MutexLock lock(mu);
  const bool never = false;
  AwaitWithDeadline(&mu, absl::Condition(&never), wakeup_time);
}

bool FakeClock::AwaitWithDeadline(absl::Mutex* mu, const absl::Condition& condition, absl::Time deadline) {
  if (condition.Eval()) return true;
  Waiter waiter;
  {
    absl::MutexLock lock(mu_);
    waiter.end = deadline - wall_offset_;
    if (!Enlist(waiter)) return false;
  }
  bool holds = true;
  if (waiter.end == absl::InfiniteFuture()) {
    mu->Await(condition);
  } else {
    holds = passing_.AwaitWithDeadline(mu, condition, waiter.end);
  }
  Dismiss(waiter);
  return holds;
}

int FakeClock::Poll(absl::Span<pollfd> fds, absl::Duration timeout) {
  const int ready_now = ::poll(fds.data(), fds.size(), 0);
  if (ready_now != 0) return ready_now;
  Waiter waiter;
  waiter.wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (waiter.wake_fd < 0) return -1;
  {
    absl::MutexLock lock(mu_);
    waiter.end = now_ + timeout;
    if (!Enlist(waiter)) {
      ::close(waiter.wake_fd);
      return 0;
    }
  }
  std::vector<pollfd> all(fds.begin(), fds.end());
  all.push_back({.fd = waiter.wake_fd, .events = POLLIN, .revents = 0});
  int ready = ::poll(all.data(), all.size(), -1);
  const int error = errno;
  Dismiss(waiter);
  ::close(waiter.wake_fd);
  if (ready > 0) {
    for (std::size_t i = 0; i < fds.size(); ++i) fds[i].revents = all[i].revents;
    if (all.back().revents != 0) --ready;
  }
  errno = error;
  return ready;
}

}  // namespace lookout
