#include "lookout/adapters/docker/docker_dialect.h"

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"

namespace lookout::docker_internal {
namespace {

struct Row {
  absl::string_view verb;
  absl::string_view health;
  Action docker;
  Action podman;
};

constexpr Row kTable[] = {
    {"create", "", Action::kContainerCreate, Action::kContainerCreate},
    {"start", "", Action::kContainerStart, Action::kContainerStart},
    {"unpause", "", Action::kContainerUnpause, Action::kContainerUnpause},
    {"kill", "", Action::kContainerKill, Action::kContainerKill},
    {"stop", "", Action::kContainerStop, Action::kContainerStop},
    {"pause", "", Action::kContainerPause, Action::kContainerPause},
    {"die", "", Action::kContainerDie, Action::kContainerDie},
    {"destroy", "", Action::kContainerDestroy, Action::kContainerDestroy},
    {"rename", "", Action::kContainerRename, Action::kContainerRename},
    {"remove", "", Action::kNone, Action::kContainerDestroy},
    {"died", "", Action::kNone, Action::kContainerDie},
    {"health_status: healthy", "", Action::kContainerHealthy, Action::kContainerHealthy},
    {"health_status: unhealthy", "", Action::kContainerUnhealthy, Action::kContainerUnhealthy},
    {"health_status: starting", "", Action::kNone, Action::kNone},
    {"health_status", "", Action::kNone, Action::kNone},
    {"health_status", "healthy", Action::kNone, Action::kContainerHealthy},
    {"health_status", "unhealthy", Action::kNone, Action::kContainerUnhealthy},
    {"health_status", "starting", Action::kNone, Action::kNone},
    {"restart", "healthy", Action::kNone, Action::kNone},
    {"init", "", Action::kNone, Action::kNone},
    {"cleanup", "", Action::kNone, Action::kNone},
    {"exec_died", "", Action::kNone, Action::kNone},
    {"prune", "", Action::kNone, Action::kNone},
    {"Remove", "", Action::kNone, Action::kNone},
    {"", "", Action::kNone, Action::kNone},
};

TEST(DockerDialectTest, EachVerbHasItsMeaning) {
  for (const Row& row : kTable) {
    EXPECT_EQ(ActionInDialect(DockerDialect::kDocker, row.verb, row.health), row.docker) << row.verb;
    EXPECT_EQ(ActionInDialect(DockerDialect::kPodman, row.verb, row.health), row.podman) << row.verb;
  }
}

}  // namespace
}  // namespace lookout::docker_internal
