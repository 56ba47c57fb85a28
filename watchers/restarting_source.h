// Runs a Source again when it fails, with a growing pause in between.
//
//   auto engine = DockerSource::Create({.host = host}, clock);
//   RestartingSource source(*std::move(engine), clock);
//   source.Run(stop, queue);   // comes back until `stop`, or until the failure is one that stays
//
// Every failure is told to Receiver::OnError with its attempt and the pause that follows. OnReady() is told
// once per Run(), for the first time that the inner source is live; what was missed between two lives the
// inner source says itself, with a ForceReload (see Source::Run).
#ifndef LOOKOUT_WATCHERS_RESTARTING_SOURCE_H_
#define LOOKOUT_WATCHERS_RESTARTING_SOURCE_H_

#include <memory>
#include <stop_token>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/events/source.h"
#include "lookout/watchers/backoff.h"  // IWYU pragma: export

namespace lookout {

struct RestartingSourceOptions {
  // The pause after the first failure; each further one in a row is `multiplier` times the last, up to
  // `max_delay`. A run that was ready begins anew.
  absl::Duration initial_delay = absl::Milliseconds(100);
  absl::Duration max_delay = absl::Seconds(30);
  double multiplier = 2;
  // A pause is shortened by a random part of itself up to this, so that many watchers of one engine do not
  // come back as one. 0 to 1.
  double jitter = 0.2;
  // Failures that another attempt will not mend: Run() returns them.
  absl::AnyInvocable<bool(const absl::Status&)> is_permanent = IsPermanent;
  // Called, from the thread that runs, when the inner source is live again after a failure.
  absl::AnyInvocable<void()> on_reconnect = nullptr;
};

// Run() is called by one thread at a time, as any Source's.
class RestartingSource final : public Source {
 public:
  // `clock` must outlive the source.
  RestartingSource(std::unique_ptr<Source> inner, absl::Clock& clock, RestartingSourceOptions options = {});

  absl::string_view name() const override { return inner_->name(); }

  // OK when stopped, or when the inner source ends by itself with OK.
  absl::Status Run(std::stop_token stop, Receiver& receiver) override;

 private:
  class Attempt;

  const std::unique_ptr<Source> inner_;
  absl::Clock& clock_;
  RestartingSourceOptions options_;
  Backoff backoff_;
  int failures_in_a_row_ = 0;
};

}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_RESTARTING_SOURCE_H_
