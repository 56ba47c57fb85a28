#include "lookout/testing/recording_sink.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"

namespace lookout {

void RecordingSink::FailNext(absl::Status status) {
  absl::MutexLock lock(mu_);
  failures_to_come_.push_back(std::move(status));
}

void RecordingSink::Hold() {
  absl::MutexLock lock(mu_);
  open_ = false;
}

void RecordingSink::Release() {
  absl::MutexLock lock(mu_);
  open_ = true;
}

std::size_t RecordingSink::Count() const {
  std::size_t count = 0;
  for (const std::vector<Event>& batch : batches_) count += batch.size();
  return count;
}

std::vector<Event> RecordingSink::Events() const {
  std::vector<Event> events;
  for (const std::vector<Event>& batch : batches_) events.insert(events.end(), batch.begin(), batch.end());
  return events;
}

std::vector<Event> RecordingSink::WaitForCount(std::size_t n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return Count() >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
  return Events();
}

std::vector<std::vector<Event>> RecordingSink::WaitForBatches(std::size_t n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return batches_.size() >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
  return batches_;
}

void RecordingSink::WaitForFailures(int n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return failures_ >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
}

std::vector<Event> RecordingSink::events() const {
  absl::MutexLock lock(mu_);
  return Events();
}

std::vector<std::vector<Event>> RecordingSink::batches() const {
  absl::MutexLock lock(mu_);
  return batches_;
}

int RecordingSink::failures() const {
  absl::MutexLock lock(mu_);
  return failures_;
}

absl::Status RecordingSink::Write(absl::Span<const Event> batch) {
  absl::MutexLock lock(mu_);
  if (!failures_to_come_.empty()) {
    absl::Status failure = std::move(failures_to_come_.front());
    failures_to_come_.pop_front();
    ++failures_;
    return failure;
  }
  batches_.emplace_back(batch.begin(), batch.end());
  mu_.Await(absl::Condition(&open_));
  return absl::OkStatus();
}

}  // namespace lookout
