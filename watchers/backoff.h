// When to try again what failed: whether at all, and after which pause.
//
//   Backoff backoff({.first_delay = absl::Milliseconds(100), .max_delay = absl::Seconds(10)});
//   for (int failures = 1; !(result = Try()).ok() && !IsPermanent(result); ++failures)
//     SleepUnlessStopped(clock, stop, backoff.PauseAfter(failures));
#ifndef LOOKOUT_WATCHERS_BACKOFF_H_
#define LOOKOUT_WATCHERS_BACKOFF_H_

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lookout {

// Whether it will not go away by itself: InvalidArgument, PermissionDenied, Unimplemented and
// FailedPrecondition, as Source::Run has it.
bool IsPermanent(const absl::Status& failure);

struct BackoffOptions {
  // The pause after the first failure; each further one in a row is `factor` times the last, up to
  // `max_delay`.
  absl::Duration first_delay;
  absl::Duration max_delay;
  double factor = 2;
  // A pause is shortened by a random part of itself up to this. 0 to 1.
  double jitter = 0.2;
};

// Used by one thread at a time.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) : options_(options) {}

  // After `failures` in a row, of which there may be any number, counted from 1.
  absl::Duration PauseAfter(int failures);

 private:
  const BackoffOptions options_;
  absl::BitGen random_;
};

}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_BACKOFF_H_
