// Asks an engine that has fallen silent whether it is still there: a stream that says nothing may be one of
// an engine that is no more.
//
// Used by one thread.
#ifndef LOOKOUT_ADAPTERS_DOCKER_LIVENESS_CHECK_H_
#define LOOKOUT_ADAPTERS_DOCKER_LIVENESS_CHECK_H_

#include "absl/status/status.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/engine_api.h"
#include "lookout/adapters/docker/engine_counters.h"

namespace lookout::docker_internal {

class LivenessCheck {
 public:
  // An engine has `timeout` to answer, and is given up after `liveness` without a word. The others must
  // outlive it.
  LivenessCheck(absl::Duration timeout, absl::Duration liveness, EngineApi& engine, absl::Clock& clock,
                EngineCounters& counters);

  // Counts from now.
  void Begin();

  // How long until it is due; not positive: it is.
  absl::Duration DueIn() const;

  // Asks, if it is due. Why there was no answer, if it was silent for too long.
  absl::Status Check();

 private:
  const absl::Duration liveness_;
  const absl::Duration answer_time_;
  EngineApi& engine_;
  absl::Clock& clock_;
  EngineCounters& counters_;
  absl::Duration checked_;  // when, on the scale of TimePassed()
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_LIVENESS_CHECK_H_
