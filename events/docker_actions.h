// Docker's container verbs and their actions.
//
// Source of the verbs: the engine's events API (moby, api/types/events; daemon/health.go). Only the eight
// that change what runs are mapped; everything else ("restart", "exec_start: sh -c …", …) is kNone, which
// callers count and pass over. Three more are mapped for who asks: "rename", "health_status: healthy" and
// "health_status: unhealthy". Any other health ("health_status: starting", "health_status" alone) is none.
#ifndef LOOKOUT_EVENTS_DOCKER_ACTIONS_H_
#define LOOKOUT_EVENTS_DOCKER_ACTIONS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "lookout/events/action.h"

namespace lookout {

enum class DockerVerbs : std::uint8_t {
  kLifecycle,  // the eight
  kAll,        // and renames and health
};

// "start" -> kContainerStart; kNone for a verb that is not one of `verbs`. Exact, case-sensitive.
Action ActionFromDocker(absl::string_view verb, DockerVerbs verbs = DockerVerbs::kLifecycle);

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_DOCKER_ACTIONS_H_
