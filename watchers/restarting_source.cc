#include "lookout/watchers/restarting_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "lookout/events/wait.h"
#include "lookout/watchers/backoff.h"

namespace lookout {

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
  bool OnEvents(absl::Span<Event> events) override {
    const bool taken = receiver_.OnEvents(events);
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
    : inner_(std::move(inner)),
      clock_(clock),
      options_(std::move(options)),
      backoff_({.first_delay = options_.initial_delay,
                .max_delay = options_.max_delay,
                .factor = options_.multiplier,
                .jitter = options_.jitter}) {}

absl::Status RestartingSource::Run(std::stop_token stop, Receiver& receiver) {
  bool told_ready = false;
  failures_in_a_row_ = 0;
  while (true) {
    Attempt attempt(*this, receiver, told_ready);
    absl::Status end = inner_->Run(stop, attempt);
    if (stop.stop_requested() || attempt.refused() || end.ok()) return absl::OkStatus();
    if (options_.is_permanent(end)) return end;

    ++failures_in_a_row_;
    const absl::Duration delay = backoff_.PauseAfter(failures_in_a_row_);
    receiver.OnError(absl::Status(
        end.code(), absl::StrCat(inner_->name(), ": ", end.message(), " (failure ", failures_in_a_row_,
                                 " in a row; next try in ", absl::FormatDuration(delay), ")")));
    if (!SleepUnlessStopped(clock_, stop, delay)) return absl::OkStatus();
  }
}

}  // namespace lookout
