#include "lookout/events/error_teller.h"

#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/events/wait.h"

namespace lookout::events_internal {

ErrorTeller::ErrorTeller(OnError on_error) : on_error_(std::move(on_error)) {}

bool ErrorTeller::TellsHere() const { return telling_ && teller_ == std::this_thread::get_id(); }

bool ErrorTeller::IsTelling() const {
  absl::MutexLock lock(mu_);
  return TellsHere();
}

ErrorTeller::Counters ErrorTeller::counters() const {
  absl::MutexLock lock(mu_);
  return counters_;
}

void ErrorTeller::Tell(absl::Status error) {
  {
    absl::MutexLock lock(mu_);
    if (silent_) return;
    if (pending_.size() >= kMaxPending) {
      ++counters_.dropped;
      return;
    }
    pending_.push_back(std::move(error));
    if (telling_) return;  // whoever is telling comes to it next
    telling_ = true;
    teller_ = std::this_thread::get_id();
  }
  absl::Status next;
  while (Next(next)) {
    try {
      on_error_(std::move(next));
    } catch (...) {
      absl::MutexLock lock(mu_);
      ++counters_.exceptions;
    }
  }
}

bool ErrorTeller::Next(absl::Status& error) {
  absl::MutexLock lock(mu_);
  if (silent_ || pending_.empty()) {
    pending_.clear();
    telling_ = false;
    return false;
  }
  error = std::move(pending_.front());
  pending_.pop_front();
  ++counters_.told;
  return true;
}

void ErrorTeller::AwaitQuiet(absl::Clock& clock, absl::Duration timeout) {
  absl::MutexLock lock(mu_);
  if (TellsHere()) return;
  const auto quiet = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !telling_; };
  AwaitFor(clock, mu_, absl::Condition(&quiet), timeout);
}

void ErrorTeller::Silence() {
  absl::MutexLock lock(mu_);
  silent_ = true;
  if (TellsHere()) return;
  const auto quiet = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !telling_; };
  mu_.Await(absl::Condition(&quiet));
}

}  // namespace lookout::events_internal
