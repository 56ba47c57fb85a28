#include "lookout/testing/recording_receiver.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "lookout/events/event.h"

namespace lookout {

void RecordingReceiver::RefuseAfter(std::size_t n) {
  absl::MutexLock lock(mu_);
  accepts_ = n;
}

std::vector<Event> RecordingReceiver::WaitForCount(std::size_t n) {
  return WaitUntil([n](const std::vector<Event>& events) { return events.size() >= n; });
}

std::vector<Event> RecordingReceiver::WaitUntil(absl::FunctionRef<bool(const std::vector<Event>&)> done) {
  const auto enough = [this, done]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return done(events_); };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
  return events_;
}

std::vector<absl::Status> RecordingReceiver::WaitForErrors(std::size_t n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return errors_.size() >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
  return errors_;
}

void RecordingReceiver::WaitForReady(int n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return ready_count_ >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
}

std::vector<Event> RecordingReceiver::events() const {
  absl::MutexLock lock(mu_);
  return events_;
}

std::vector<absl::Status> RecordingReceiver::errors() const {
  absl::MutexLock lock(mu_);
  return errors_;
}

int RecordingReceiver::ready_count() const {
  absl::MutexLock lock(mu_);
  return ready_count_;
}

std::size_t RecordingReceiver::events_before_ready() const {
  absl::MutexLock lock(mu_);
  return events_before_ready_;
}

int RecordingReceiver::refused() const {
  absl::MutexLock lock(mu_);
  return refused_;
}

void RecordingReceiver::Clear() {
  absl::MutexLock lock(mu_);
  events_.clear();
  errors_.clear();
}

void RecordingReceiver::OnReady() {
  absl::MutexLock lock(mu_);
  ++ready_count_;
}

bool RecordingReceiver::OnEvent(Event event) {
  absl::MutexLock lock(mu_);
  if (ready_count_ == 0) ++events_before_ready_;
  if (accepts_ == 0) {
    ++refused_;
    return false;
  }
  --accepts_;
  events_.push_back(std::move(event));
  return true;
}

void RecordingReceiver::OnError(absl::Status error) {
  absl::MutexLock lock(mu_);
  errors_.push_back(std::move(error));
}

}  // namespace lookout
