#include "lookout/events/docker_actions.h"

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lookout/events/action.h"

namespace lookout {
namespace {

struct Verb {
  absl::string_view name;
  Action action;
};

constexpr Verb kLifecycleVerbs[] = {
    {"create", Action::kContainerCreate},   {"start", Action::kContainerStart},
    {"unpause", Action::kContainerUnpause}, {"kill", Action::kContainerKill},
    {"stop", Action::kContainerStop},       {"pause", Action::kContainerPause},
    {"die", Action::kContainerDie},         {"destroy", Action::kContainerDestroy},
};

constexpr Verb kOptionalVerbs[] = {
    {"rename", Action::kContainerRename},
    {"health_status: healthy", Action::kContainerHealthy},
    {"health_status: unhealthy", Action::kContainerUnhealthy},
};

Action Find(absl::Span<const Verb> verbs, absl::string_view name) {
  for (const Verb& verb : verbs) {
    if (verb.name == name) return verb.action;
  }
  return Action::kNone;
}

}  // namespace

Action ActionFromDocker(absl::string_view verb, DockerVerbs verbs) {
  const Action action = Find(kLifecycleVerbs, verb);
  if (action != Action::kNone || verbs == DockerVerbs::kLifecycle) return action;
  return Find(kOptionalVerbs, verb);
}

}  // namespace lookout
