#include "lookout/adapters/docker/docker_endpoint.h"

#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

using ::testing::HasSubstr;

struct Good {
  std::string text;
  DockerEndpoint endpoint;
  std::string canonical;
};

TEST(DockerEndpointTest, UnderstandsEveryForm) {
  const Good table[] = {
      {"unix:///run/d.sock", {.socket_path = "/run/d.sock"}, "unix:///run/d.sock"},
      {"unix://", {.socket_path = "/var/run/docker.sock"}, "unix:///var/run/docker.sock"},
      {"tcp://h", {.host = "h", .port = 2375}, "tcp://h:2375"},
      {"tcp://h/", {.host = "h", .port = 2375}, "tcp://h:2375"},
      {"tcp://10.0.0.7:4243", {.host = "10.0.0.7", .port = 4243}, "tcp://10.0.0.7:4243"},
      {"tcp://[::1]", {.host = "::1", .port = 2375}, "tcp://[::1]:2375"},
      {"tcp://[fe80::1%eth0]:65535", {.host = "fe80::1%eth0", .port = 65535}, "tcp://[fe80::1%eth0]:65535"},
  };
  for (const Good& row : table) {
    const absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint(row.text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(*endpoint, row.endpoint) << row.text;
    EXPECT_EQ(ToString(*endpoint), row.canonical);
    EXPECT_EQ(*ParseDockerEndpoint(row.canonical), row.endpoint);
  }
}

TEST(DockerEndpointTest, RefusesAndQuotesTheRest) {
  for (const std::string text : {"",
                                 "h:2375",
                                 "/run/d.sock",
                                 "http://h",
                                 "unix://run/d.sock",
                                 "tcp://",
                                 "tcp://:1",
                                 "tcp://h:",
                                 "tcp://h:0",
                                 "tcp://h:65536",
                                 "tcp://h:http",
                                 "tcp://h:1/x",
                                 "tcp://h?x",
                                 "tcp://u@h",
                                 "tcp://[::1",
                                 "tcp://[::1]x:1",
                                 "tcp://h h",
                                 "tcp://h\n",
                                 "ssh://h",
                                 "npipe:////./pipe/docker_engine"}) {
    const absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint(text);
    EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(endpoint.status().message()), HasSubstr("unix:///path/to/docker.sock")) << text;
  }
  EXPECT_THAT(std::string(ParseDockerEndpoint("tcp://h:0").status().message()), HasSubstr("\"tcp://h:0\""));
}

TEST(DockerEndpointTest, ASocketPathThatNoSocketCanHaveIsRefused) {
  EXPECT_TRUE(ParseDockerEndpoint("unix:///" + std::string(106, 's')).ok());
  EXPECT_THAT(std::string(ParseDockerEndpoint("unix:///" + std::string(107, 's')).status().message()),
              HasSubstr("longer than 107 bytes"));
}

TEST(DockerEndpointTest, TheEnvironmentNamesTheHost) {
  unsetenv("DOCKER_HOST");
  EXPECT_EQ(DockerHostFromEnvironment(), "unix:///var/run/docker.sock");
  setenv("DOCKER_HOST", "", 1);
  EXPECT_EQ(DockerHostFromEnvironment(), "unix:///var/run/docker.sock");
  setenv("DOCKER_HOST", "tcp://h", 1);
  EXPECT_EQ(DockerHostFromEnvironment(), "tcp://h");
}

}  // namespace
}  // namespace lookout
