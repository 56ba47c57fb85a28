#include "lookout/adapters/docker/ssh_command.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_endpoint.h"

namespace lookout::docker_internal {
namespace {

using ::testing::ElementsAre;

TEST(SshCommandTest, SaysWhatTheDockerCommandSaysAndAsksNothing) {
  EXPECT_THAT(SshCommand(*ParseDockerEndpoint("ssh://h")),
              ElementsAre("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-T", "--", "h",
                          "docker system dial-stdio"));
  EXPECT_THAT(SshCommand(*ParseDockerEndpoint("ssh://me@h:2222/run/d.sock")),
              ElementsAre("ssh", "-l", "me", "-p", "2222", "-o", "BatchMode=yes", "-o", "ConnectTimeout=30",
                          "-T", "--", "h", "docker --host=unix:///run/d.sock system dial-stdio"));
}

TEST(SshCommandTest, APathIsNothingToTheFarShell) {
  EXPECT_EQ(SshCommand(*ParseDockerEndpoint("ssh://h/a b;$(id)'`")).back(),
            R"(docker '--host=unix:///a b;$(id)'\''`' system dial-stdio)");
}

}  // namespace
}  // namespace lookout::docker_internal
