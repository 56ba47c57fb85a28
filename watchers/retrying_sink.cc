#include "lookout/watchers/retrying_sink.h"

#include <cmath>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/events/wait.h"
#include "lookout/watchers/backoff.h"
#include "lookout/watchers/contain.h"

namespace lookout {
namespace {

absl::Status Invalid(absl::string_view option, absl::string_view rule, absl::string_view value) {
  return absl::InvalidArgumentError(
      absl::StrCat("RetryingSinkOptions: ", option, " must be ", rule, ", not ", value));
}

bool IsZeroOrMoreAndFinite(absl::Duration delay) {
  return delay >= absl::ZeroDuration() && delay < absl::InfiniteDuration();
}

// Comparisons are such that they do not hold of a NaN.
absl::Status CheckOptions(const RetryingSinkOptions& options) {
  if (!IsZeroOrMoreAndFinite(options.first_delay))
    return Invalid("first_delay", "zero or more and finite", absl::FormatDuration(options.first_delay));
  if (!IsZeroOrMoreAndFinite(options.max_delay))
    return Invalid("max_delay", "zero or more and finite", absl::FormatDuration(options.max_delay));
  if (!(options.factor >= 1 && std::isfinite(options.factor)))
    return Invalid("factor", "at least 1 and finite", absl::StrCat(options.factor));
  if (!(options.jitter >= 0 && options.jitter <= 1))
    return Invalid("jitter", "0 to 1", absl::StrCat(options.jitter));
  if (options.max_tries < 1) return Invalid("max_tries", "at least 1", absl::StrCat(options.max_tries));
  return absl::OkStatus();
}

absl::Status GivenUp(const absl::Status& failure, int tries, absl::string_view because) {
  return absl::Status(failure.code(), absl::StrCat(failure.message(), " (given up after ", tries,
                                                   tries == 1 ? " try" : " tries", because, ")"));
}

}  // namespace

RetryingSink::RetryingSink(std::unique_ptr<Sink> inner, absl::Clock& clock, RetryingSinkOptions options)
    : inner_(std::move(inner)),
      clock_(clock),
      options_(std::move(options)),
      options_status_(CheckOptions(options_)),
      backoff_({.first_delay = options_.first_delay,
                .max_delay = options_.max_delay,
                .factor = options_.factor,
                .jitter = options_.jitter}) {}

absl::Status RetryingSink::Write(absl::Span<const Event> batch) {
  if (!options_status_.ok()) return ToDeadLetters(batch, options_status_);
  for (int tries = 1;; ++tries) {
    const absl::Status failure = watchers_internal::Contain([&] { return inner_->Write(batch); });
    if (failure.ok()) {
      if (tries > 1) CountRecovered(batch);
      return absl::OkStatus();
    }
    if (IsPermanent(failure))
      return ToDeadLetters(batch, GivenUp(failure, tries, ": it will not go away by itself"));
    if (tries == options_.max_tries) return ToDeadLetters(batch, GivenUp(failure, tries, ""));
    if (!PauseBeforeRetry(tries))
      return ToDeadLetters(batch, GivenUp(failure, tries, ": nobody waits for it any more"));
  }
}

bool RetryingSink::PauseBeforeRetry(int failures) {
  const absl::Duration pause = backoff_.PauseAfter(failures);
  absl::MutexLock lock(mu_);
  if (AwaitFor(clock_, mu_, absl::Condition(&gave_up_), pause)) return false;
  ++counters_.retries;
  return true;
}

void RetryingSink::CountRecovered(absl::Span<const Event> batch) {
  absl::MutexLock lock(mu_);
  ++counters_.recovered_batches;
  counters_.recovered_events += batch.size();
}

absl::Status RetryingSink::ToDeadLetters(absl::Span<const Event> batch, absl::Status why) {
  {
    absl::MutexLock lock(mu_);
    ++counters_.given_up_batches;
    counters_.given_up_events += batch.size();
  }
  if (!options_.on_dead_letters) return why;
  const absl::Status told = watchers_internal::Contain([&] {
    options_.on_dead_letters(batch, why);
    return absl::OkStatus();
  });
  if (told.ok()) return why;
  return absl::Status(why.code(), absl::StrCat(why.message(), "; on_dead_letters ", told.message()));
}

void RetryingSink::GiveUp() {
  {
    absl::MutexLock lock(mu_);
    gave_up_ = true;
  }
  watchers_internal::Contain([&] {
    inner_->GiveUp();
    return absl::OkStatus();
  }).IgnoreError();
}

RetryingSinkCounters RetryingSink::counters() const {
  absl::MutexLock lock(mu_);
  return counters_;
}

}  // namespace lookout
