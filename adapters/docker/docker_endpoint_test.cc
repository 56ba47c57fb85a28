#include "lookout/adapters/docker/docker_endpoint.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Good {
  std::string text;
  DockerEndpoint endpoint;
  std::string canonical;
};

using Kind = DockerEndpoint::Kind;

TEST(DockerEndpointTest, UnderstandsEveryForm) {
  const Good table[] = {
      {"unix:///run/d.sock", {.socket_path = "/run/d.sock"}, "unix:///run/d.sock"},
      {"unix://", {.socket_path = "/var/run/docker.sock"}, "unix:///var/run/docker.sock"},
      {"tcp://h", {.kind = Kind::kTcp, .host = "h", .port = 2375}, "tcp://h:2375"},
      {"tcp://h/", {.kind = Kind::kTcp, .host = "h", .port = 2375}, "tcp://h:2375"},
      {"tcp://10.0.0.7:4243", {.kind = Kind::kTcp, .host = "10.0.0.7", .port = 4243}, "tcp://10.0.0.7:4243"},
      {"tcp://[::1]", {.kind = Kind::kTcp, .host = "::1", .port = 2375}, "tcp://[::1]:2375"},
      {"tcp://[fe80::1%eth0]:65535",
       {.kind = Kind::kTcp, .host = "fe80::1%eth0", .port = 65535},
       "tcp://[fe80::1%eth0]:65535"},
      {"ssh://h", {.kind = Kind::kSsh, .host = "h"}, "ssh://h"},
      {"ssh://h/", {.kind = Kind::kSsh, .host = "h"}, "ssh://h"},
      {"ssh://me@h:2222", {.kind = Kind::kSsh, .host = "h", .port = 2222, .user = "me"}, "ssh://me@h:2222"},
      {"ssh://me@corp.example@h",
       {.kind = Kind::kSsh, .host = "h", .user = "me@corp.example"},
       "ssh://me@corp.example@h"},
      {"ssh://me@[::1]:22/run/my d.sock",
       {.kind = Kind::kSsh, .socket_path = "/run/my d.sock", .host = "::1", .port = 22, .user = "me"},
       "ssh://me@[::1]:22/run/my d.sock"},
  };
  for (const Good& row : table) {
    const absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint(row.text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(*endpoint, row.endpoint) << row.text;
    EXPECT_EQ(ToString(*endpoint), row.canonical);
    EXPECT_EQ(*ParseDockerEndpoint(row.canonical), row.endpoint);
  }
}

TEST(DockerEndpointTest, TlsIsOfTcpAndHasAPortOfItsOwn) {
  const DockerTls tls{.ca_file = "/c/ca.pem", .certificate_file = "/c/cert.pem", .key_file = "/c/key.pem"};
  const absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint({.host = "tcp://h", .tls = tls});
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(*endpoint, (DockerEndpoint{.kind = Kind::kTcp, .host = "h", .port = 2376, .tls = tls}));
  EXPECT_EQ(*ParseDockerEndpoint({.host = ToString(*endpoint), .tls = tls}), *endpoint);
  EXPECT_EQ(ParseDockerEndpoint({.host = "tcp://h:2375", .tls = tls})->port, 2375);
  // As the docker command does: these need none.
  EXPECT_EQ(ParseDockerEndpoint({.host = "unix:///s", .tls = tls})->tls, std::nullopt);
  EXPECT_EQ(ParseDockerEndpoint({.host = "ssh://h", .tls = tls})->tls, std::nullopt);
}

TEST(DockerEndpointTest, RefusesAndQuotesTheRest) {
  const struct {
    std::string text;
    std::string why;
  } table[] = {
      {"", "is empty"},
      {"h:2375", "has no scheme"},
      {"/run/d.sock", "has no scheme"},
      {"http://h", "it begins with tcp://"},
      {"https://h", "it begins with tcp://"},
      {"fd://", "for an engine to listen on"},
      {"npipe:////./pipe/docker_engine", "a pipe of Windows"},
      {"ftp://h", "not understood"},
      {"unix://run/d.sock", "relative"},
      {std::string("unix:///a\0b", 10), "a NUL byte"},
      {"tcp://", "names no host"},
      {"tcp://:1", "names no host"},
      {"tcp://h:", "has the port"},
      {"tcp://h:0", "has the port"},
      {"tcp://h:65536", "has the port"},
      {"tcp://h:http", "has the port"},
      {"tcp://h:1/x", "more than a host and a port"},
      {"tcp://h?x", "more than a host and a port"},
      {"tcp://u@h", "more than a host and a port"},
      {"tcp://[::1", "lacks a ]"},
      {"tcp://[::1]x:1", "between ] and the port"},
      {"tcp://h h", "no host name has"},
      {"tcp://h\n", "no host name has"},
      {"ssh://", "names no host"},
      {"ssh://me@", "names no host"},
      {"ssh://@h", "an empty user"},
      {"ssh://h:ssh", "has the port"},
      {"ssh://h?x", "a query"},
      {"ssh://h#x", "a fragment"},
      {"ssh://-oProxyCommand=id", "begins with '-'"},
      {"ssh://-x@h", "begins with '-'"},
      {"ssh://h;id", "not safe"},
      {"ssh://$(id)@h", "not safe"},
      {"ssh://`id`", "not safe"},
      {"ssh://h h", "no host name has"},
      {"ssh://h/a%20b", "in its path"},
      {"ssh://h/a\nb", "in its path"},
  };
  for (const auto& row : table) {
    const absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint(row.text);
    EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument) << row.text;
    EXPECT_THAT(std::string(endpoint.status().message()), HasSubstr(row.why)) << row.text;
    EXPECT_THAT(std::string(endpoint.status().message()), HasSubstr("unix:///path/to/docker.sock"))
        << row.text;
  }
  EXPECT_THAT(std::string(ParseDockerEndpoint("tcp://h:0").status().message()), HasSubstr("\"tcp://h:0\""));
}

TEST(DockerEndpointTest, APasswordIsRefusedAndNotRepeated) {
  const absl::Status refused = ParseDockerEndpoint("ssh://me:hunter2@h").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("hunter2")));
}

TEST(DockerEndpointTest, ASocketPathThatNoSocketCanHaveIsRefused) {
  EXPECT_TRUE(ParseDockerEndpoint("unix:///" + std::string(106, 's')).ok());
  EXPECT_THAT(std::string(ParseDockerEndpoint("unix:///" + std::string(107, 's')).status().message()),
              HasSubstr("longer than 107 bytes"));
}

}  // namespace
}  // namespace lookout
