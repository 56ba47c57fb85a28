#include "lookout/watchers/restarting_source.h"

#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "lookout/events/wait.h"

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

// What one run of the inner source tells: passed on, but for readiness, which is told once per outer run.
class RestartingSource::Attempt final : public Receiver {
 public:
  Attempt(RestartingSource& owner, Receiver& receiver, bool& told)
      : owner_(owner), receiver_(receiver), told_(told) {}

  void OnReady() override {
    if (owner_.failures_in_a_row_ > 0 && told_ && owner_.options_.on_reconnect)
      owner_.options_.on_reconnect();
    owner_.failures_in_a_row_ = 0;
    if (!std::exchange(told_, true)) receiver_.OnReady();
  }
  bool OnEvent(Event event) override {
    const bool taken = receiver_.OnEvent(std::move(event));
    if (!taken) refused_ = true;
    return taken;
  }
  void OnError(absl::Status error) override { receiver_.OnError(std::move(error)); }

  bool refused() const { return refused_; }

 private:
  RestartingSource& owner_;
  Receiver& receiver_;
  bool& told_;
  bool refused_ = false;
};

RestartingSource::RestartingSource(std::unique_ptr<Source> inner, absl::Clock& clock,
                                   RestartingSourceOptions options)
    : inner_(std::move(inner)), clock_(clock), options_(std::move(options)) {}

absl::Duration RestartingSource::NextDelay() {
  absl::Duration delay = options_.initial_delay;
  // Stops multiplying at the cap, so that no number of failures overflows.
  for (int i = 1; i < failures_in_a_row_ && delay < options_.max_delay; ++i) delay *= options_.multiplier;
  delay = std::min(delay, options_.max_delay);
  return delay * (1 - options_.jitter * absl::Uniform(random_, 0.0, 1.0));
}

absl::Status RestartingSource::Run(std::stop_token stop, Receiver& receiver) {
  bool told_ready = false;
  failures_in_a_row_ = 0;
  while (true) {
    Attempt attempt(*this, receiver, told_ready);
    absl::Status end = inner_->Run(stop, attempt);
    if (stop.stop_requested() || attempt.refused() || end.ok()) return absl::OkStatus();
    if (options_.is_permanent(end)) return end;

    ++failures_in_a_row_;
    const absl::Duration delay = NextDelay();
    receiver.OnError(absl::Status(
        end.code(), absl::StrCat(inner_->name(), ": ", end.message(), " (failure ", failures_in_a_row_,
                                 " in a row; next try in ", absl::FormatDuration(delay), ")")));
    if (!SleepUnlessStopped(clock_, stop, delay)) return absl::OkStatus();
  }
}

}  // namespace lookout
