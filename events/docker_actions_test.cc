#include "lookout/events/docker_actions.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"

namespace lookout {
namespace {

struct Verb {
  absl::string_view verb;
  Action action;
};

class DockerVerbTest : public ::testing::TestWithParam<Verb> {};

TEST_P(DockerVerbTest, MapsToItsActionAndIsItsName) {
  EXPECT_EQ(ActionFromDocker(GetParam().verb), GetParam().action);
  EXPECT_EQ(ActionFromDocker(GetParam().verb, DockerVerbs::kAll), GetParam().action);
  EXPECT_EQ(ActionName(GetParam().action), GetParam().verb);
}

INSTANTIATE_TEST_SUITE_P(
    Reference, DockerVerbTest,
    ::testing::Values(Verb{"create", Action::kContainerCreate}, Verb{"start", Action::kContainerStart},
                      Verb{"unpause", Action::kContainerUnpause}, Verb{"kill", Action::kContainerKill},
                      Verb{"stop", Action::kContainerStop}, Verb{"pause", Action::kContainerPause},
                      Verb{"die", Action::kContainerDie}, Verb{"destroy", Action::kContainerDestroy}),
    [](const auto& test) { return std::string(test.param.verb); });

TEST(DockerOptionalVerbTest, RenamesAndHealthAreForWhoAsks) {
  const Verb table[] = {{"rename", Action::kContainerRename},
                        {"health_status: healthy", Action::kContainerHealthy},
                        {"health_status: unhealthy", Action::kContainerUnhealthy}};
  for (const Verb& row : table) {
    EXPECT_EQ(ActionFromDocker(row.verb), Action::kNone) << row.verb;
    EXPECT_EQ(ActionFromDocker(row.verb, DockerVerbs::kAll), row.action) << row.verb;
  }
}

TEST(DockerOtherVerbTest, EveryOtherVerbIsNone) {
  for (absl::string_view verb :
       {"attach", "commit", "copy", "detach", "exec_create", "exec_create: sh -c true", "exec_detach",
        "exec_die", "exec_start", "exec_start: sh", "export", "health_status", "health_status: starting",
        "health_status: none", "health_status: ", "health_status:healthy", "oom", "resize", "restart", "top",
        "update", "prune",
        // nor what only resembles one of the eight,
        "", "Start", "START", " start", "start ", "starts", "star", "start|stop", "die\n",
        // nor lookout's own names.
        "written", "created", "deleted", "renamed", "force_reload", "healthy", "unhealthy", "none"}) {
    EXPECT_EQ(ActionFromDocker(verb), Action::kNone) << verb;
    EXPECT_EQ(ActionFromDocker(verb, DockerVerbs::kAll), Action::kNone) << verb;
  }
  EXPECT_EQ(ActionFromDocker(absl::string_view("start\0", 6)), Action::kNone);
}

}  // namespace
}  // namespace lookout
