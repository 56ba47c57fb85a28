#include "lookout/adapters/docker/liveness_check.h"

#include <algorithm>

#include "lookout/events/wait.h"

namespace lookout::docker_internal {

// An engine is asked in time for its answer to be missed at the deadline.
LivenessCheck::LivenessCheck(absl::Duration timeout, absl::Duration liveness, EngineApi& engine,
                             absl::Clock& clock, EngineCounters& counters)
    : liveness_(liveness),
      answer_time_(std::min(timeout, liveness / 2)),
      engine_(engine),
      clock_(clock),
      counters_(counters) {}

void LivenessCheck::Begin() { checked_ = TimePassed(clock_); }

absl::Duration LivenessCheck::DueIn() const {
  const absl::Duration quiet = std::min(engine_.quiet_for(), TimePassed(clock_) - checked_);
  return liveness_ - answer_time_ - quiet;
}

absl::Status LivenessCheck::Check() {
  if (DueIn() > absl::ZeroDuration()) return absl::OkStatus();
  ++counters_.pings;
  const absl::Status answer = engine_.Ping(answer_time_);
  checked_ = TimePassed(clock_);
  if (answer.ok()) return answer;
  const absl::Duration quiet = engine_.quiet_for();
  if (quiet >= liveness_) return answer;
  checked_ += answer_time_ - quiet;  // asked again at the deadline
  return absl::OkStatus();
}

}  // namespace lookout::docker_internal
