#include "lookout/watchers/backoff.h"

#include <algorithm>
#include <cmath>

#include "absl/random/distributions.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lookout {

bool IsPermanent(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kFailedPrecondition:
      return true;
    default:
      return false;
  }
}

absl::Duration Backoff::PauseAfter(int failures) {
  // Nothing stays nothing, also where the power below is infinite.
  if (options_.first_delay == absl::ZeroDuration()) return absl::ZeroDuration();
  // Durations saturate, so that no number of failures overflows.
  const absl::Duration grown = options_.first_delay * std::pow(options_.factor, failures - 1);
  return std::min(grown, options_.max_delay) * (1 - options_.jitter * absl::Uniform(random_, 0.0, 1.0));
}

}  // namespace lookout
