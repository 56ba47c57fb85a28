#include "lookout/adapters/file/session_control.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "lookout/events/wait.h"

namespace lookout::file_internal {

SessionControl::SessionControl() : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

SessionControl::~SessionControl() {
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

absl::Status SessionControl::Sync(absl::Clock& clock, absl::Duration timeout) {
  const absl::MutexLock lock(mu_);
  if (!running_) return absl::FailedPreconditionError("the source is not running");
  const std::uint64_t mine = ++asked_;
  if (wake_fd_ >= 0) ::eventfd_write(wake_fd_, 1);
  const auto done = [this, mine]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return answered_ >= mine || !running_; };
  AwaitFor(clock, mu_, absl::Condition(&done), timeout);
  if (answered_ >= mine) return absl::OkStatus();
  if (!running_) return absl::FailedPreconditionError("the source has stopped");
  return absl::DeadlineExceededError(absl::StrCat("not caught up after ", absl::FormatDuration(timeout)));
}

FileSourceCounters SessionControl::counters() const {
  const absl::MutexLock lock(mu_);
  return counters_;
}

void SessionControl::Begin() {
  const absl::MutexLock lock(mu_);
  running_ = true;
  answered_ = asked_;
  Rest();  // of who asked the run before and was not answered
}

void SessionControl::End() {
  const absl::MutexLock lock(mu_);
  running_ = false;
}

std::uint64_t SessionControl::Asked() {
  const absl::MutexLock lock(mu_);
  if (asked_ != answered_) Rest();
  return asked_;
}

void SessionControl::Rest() {
  eventfd_t ignored;
  if (wake_fd_ >= 0) ::eventfd_read(wake_fd_, &ignored);
}

void SessionControl::Answer(std::uint64_t asked) {
  const absl::MutexLock lock(mu_);
  answered_ = asked;
}

void SessionControl::Publish(const FileSourceCounters& counters) {
  const absl::MutexLock lock(mu_);
  counters_ = counters;
}

}  // namespace lookout::file_internal
