#include "lookout/adapters/docker/stoppable_wait.h"

#include <poll.h>

#include <cerrno>

#include "absl/types/span.h"

namespace lookout::docker_internal {

absl::Status StoppableWait::Check() const {
  return stop_.stop_requested() ? absl::CancelledError("stopped") : absl::OkStatus();
}

absl::Status StoppableWait::For(int fd, short events, absl::Duration deadline) {
  pollfd wanted = {.fd = fd, .events = events, .revents = 0};
  pollfd none = {.fd = -1, .events = 0, .revents = 0};  // poll(2) passes over it
  return ForEither(wanted, none, deadline);
}

absl::Status StoppableWait::ForEither(pollfd& one, pollfd& other, absl::Duration deadline) {
  if (!stop_fd_.ok()) {
    return absl::ResourceExhaustedError("no file descriptor left: raise the limit (ulimit -n)");
  }
  while (true) {
    if (absl::Status stopped = Check(); !stopped.ok()) return stopped;
    const absl::Duration left = deadline - TimePassed(clock_);
    if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("no answer in time");
    pollfd fds[] = {one, other, stop_fd_.entry()};
    const int ready = PollFor(clock_, absl::MakeSpan(fds), left);
    if (ready < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
    if (ready <= 0 || fds[2].revents != 0) continue;
    one.revents = fds[0].revents;
    other.revents = fds[1].revents;
    if (one.revents != 0 || other.revents != 0) return absl::OkStatus();
  }
}

}  // namespace lookout::docker_internal
