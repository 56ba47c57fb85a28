// Docker's container verbs and their actions, both ways.
//
// Source of the verbs: the engine's events API (moby, api/types/events). Only the eight that change what
// runs are mapped; everything else ("rename", "exec_start: sh -c …", "health_status: healthy", …) is
// kNone, which callers count and pass over.
#ifndef LOOKOUT_EVENTS_DOCKER_ACTIONS_H_
#define LOOKOUT_EVENTS_DOCKER_ACTIONS_H_

#include "absl/strings/string_view.h"
#include "lookout/events/action.h"

namespace lookout {

// "start" -> kContainerStart; kNone for a verb that is not one of the eight. Exact, case-sensitive.
Action ActionFromDocker(absl::string_view verb);

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_DOCKER_ACTIONS_H_
