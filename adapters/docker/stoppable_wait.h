// How the docker room waits for a descriptor: not longer than told, by the injected clock, and never after
// stop was requested.
#ifndef LOOKOUT_ADAPTERS_DOCKER_STOPPABLE_WAIT_H_
#define LOOKOUT_ADAPTERS_DOCKER_STOPPABLE_WAIT_H_

#include <stop_token>

#include "absl/status/status.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/events/wait.h"

namespace lookout::docker_internal {

class StoppableWait {
 public:
  // `clock` must outlive it.
  StoppableWait(absl::Clock& clock, std::stop_token stop) : clock_(clock), stop_fd_(stop), stop_(stop) {}

  // OK when `fd` has one of `events` (poll(2)), an error or a hang-up; Cancelled when stop is requested;
  // DeadlineExceeded at `deadline`; ResourceExhausted if the process has no descriptor left. Deadlines are
  // of the clock: where it is set ahead, a wait may end early, and the caller tries again.
  absl::Status For(int fd, short events, absl::Time deadline);

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
