#include "lookout/events/wait.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <stop_token>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lookout {

namespace {

bool IsReal(const absl::Clock& clock) { return &clock == &absl::Clock::GetRealClock(); }

absl::Duration MonotonicTime() {
  std::timespec passed;
  ::clock_gettime(CLOCK_MONOTONIC, &passed);  // cannot fail: Linux always has this clock
  return absl::DurationFromTimespec(passed);
}

}  // namespace

absl::Duration TimePassed(absl::Clock& clock) {
  return IsReal(clock) ? MonotonicTime() : ReadClock(clock).passed;
}

ClockReading ReadClock(absl::Clock& clock) {
  if (auto* pollable = dynamic_cast<PollableClock*>(&clock)) return pollable->Read();
  const absl::Time now = clock.TimeNow();
  return {.now = now, .passed = IsReal(clock) ? MonotonicTime() : now - absl::UnixEpoch()};
}

bool AwaitFor(absl::Clock& clock, absl::Mutex& mu, const absl::Condition& condition, absl::Duration timeout) {
  return AwaitFor(clock, mu, condition, timeout, clock.TimeNow());
}

bool AwaitFor(absl::Clock& clock, absl::Mutex& mu, const absl::Condition& condition, absl::Duration timeout,
              absl::Time now) {
  // The real clock's own wait would take a point in wall time, and setting that clock would move it.
  if (IsReal(clock)) return mu.AwaitWithTimeout(condition, timeout);
  return clock.AwaitWithDeadline(&mu, condition, now + timeout);
}

int PollFor(absl::Clock& clock, absl::Span<pollfd> fds, absl::Duration timeout) {
  if (auto* pollable = dynamic_cast<PollableClock*>(&clock)) return pollable->Poll(fds, timeout);
  if (timeout == absl::InfiniteDuration()) return ::ppoll(fds.data(), fds.size(), nullptr, nullptr);
  // Rounded up, or a loop that waits for the last fraction of a nanosecond spins. ppoll takes any number of
  // seconds, where poll ends at the 25 days that its int of milliseconds holds.
  const absl::Duration rounded = absl::Ceil(std::max(timeout, absl::ZeroDuration()), absl::Nanoseconds(1));
  const std::timespec spec = absl::ToTimespec(rounded);
  return ::ppoll(fds.data(), fds.size(), &spec, nullptr);
}

bool SleepUnlessStopped(absl::Clock& clock, std::stop_token stop, absl::Duration duration) {
  absl::Mutex mu;
  bool stopped = false;
  const std::stop_callback on_stop(std::move(stop), [&] {
    absl::MutexLock lock(mu);
    stopped = true;
  });
  absl::MutexLock lock(mu);
  return !AwaitFor(clock, mu, absl::Condition(&stopped), duration);
}

StopFd::Descriptor::Descriptor() : fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

StopFd::Descriptor::~Descriptor() {
  if (fd >= 0) ::close(fd);
}

void StopFd::Signal::operator()() const {
  if (fd < 0) return;
  // Cannot fail: it is the only write that this counter ever sees.
  [[maybe_unused]] const int result = ::eventfd_write(fd, 1);
}

StopFd::StopFd(std::stop_token stop) : callback_(std::move(stop), Signal{descriptor_.fd}) {}

}  // namespace lookout
