#include "lookout/adapters/docker/docker_dialect.h"

#include "lookout/events/docker_actions.h"

namespace lookout::docker_internal {
namespace {

Action PodmanHealth(absl::string_view health) {
  if (health == "healthy") return Action::kContainerHealthy;
  if (health == "unhealthy") return Action::kContainerUnhealthy;
  return Action::kNone;
}

}  // namespace

Action ActionInDialect(DockerDialect dialect, absl::string_view verb, absl::string_view health) {
  if (dialect == DockerDialect::kPodman) {
    if (verb == "remove") return Action::kContainerDestroy;
    if (verb == "died") return Action::kContainerDie;
    if (verb == "health_status") return PodmanHealth(health);
  }
  return ActionFromDocker(verb, DockerVerbs::kAll);
}

}  // namespace lookout::docker_internal
