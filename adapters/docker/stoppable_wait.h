// How the docker room waits for a descriptor: not longer than told, by the injected clock, and never after
// stop was requested.
//
//   StoppableWait wait(clock, stop);
//   const absl::Duration deadline = wait.DeadlineIn(absl::Seconds(10));
//   if (absl::Status ready = wait.For(fd, POLLIN, deadline); !ready.ok()) return ready;
#ifndef LOOKOUT_ADAPTERS_DOCKER_STOPPABLE_WAIT_H_
#define LOOKOUT_ADAPTERS_DOCKER_STOPPABLE_WAIT_H_

#include <poll.h>

#include <stop_token>

#include "absl/status/status.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/wait.h"

namespace lookout::docker_internal {

// Deadlines are readings of TimePassed(clock), never of the wall clock: setting the machine's clock ahead or
// back neither cuts nor stretches a wait. absl::InfiniteDuration() is no deadline.
//
// One thread waits at a time; a thread that waits beside it has a StoppableWait of its own.
class StoppableWait {
 public:
  // `clock` must outlive it.
  StoppableWait(absl::Clock& clock, std::stop_token stop) : clock_(clock), stop_fd_(stop), stop_(stop) {}

  // The deadline that is `timeout` from now.
  absl::Duration DeadlineIn(absl::Duration timeout) const { return TimePassed(clock_) + timeout; }

  // OK when `fd` has one of `events` (poll(2)), an error or a hang-up; Cancelled when stop is requested;
  // DeadlineExceeded at `deadline`; ResourceExhausted if the process has no descriptor left. With the
  // descriptor -1: sleeps.
  absl::Status For(int fd, short events, absl::Duration deadline);

  // The same for any of two, whose `revents` are set.
  absl::Status ForEither(pollfd& one, pollfd& other, absl::Duration deadline);

  // OK, or Cancelled.
  absl::Status Check() const;

  absl::Clock& clock() const { return clock_; }

 private:
  absl::Clock& clock_;
  StopFd stop_fd_;
  std::stop_token stop_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_STOPPABLE_WAIT_H_
