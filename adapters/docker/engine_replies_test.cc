// What engines answer, and, on a socket, what is made of it.
#include "lookout/adapters/docker/engine_replies.h"

#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"

namespace lookout::docker_internal {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(EngineRepliesTest, TheLowerVersionIsAgreedOn) {
  const std::pair<absl::string_view, absl::string_view> table[] = {
      {"1.41", "/v1.41"}, {"1.51", "/v1.51"}, {"9.99", "/v1.51"}, {"1.100", "/v1.51"},  {"2.0", "/v1.51"},
      {"1.9", "/v1.9"},   {"", ""},           {"1", ""},          {"1.2.3", ""},        {"x.y", ""},
      {"-1.41", ""},      {"0.9", ""},        {"1.-5", ""},       {"99999999999.1", ""}};
  for (const auto& [engine, prefix] : table) EXPECT_EQ(VersionPrefix(engine), prefix) << engine;
}

TEST(EngineRepliesTest, PodmanIsKnownByItsHeaders) {
  EXPECT_EQ(DialectOf({.server = "Docker/28.5.1 (linux)"}), DockerDialect::kDocker);
  EXPECT_EQ(DialectOf({}), DockerDialect::kDocker);
  EXPECT_EQ(DialectOf({.server = "Libpod/5.4.2 (linux)"}), DockerDialect::kPodman);
  EXPECT_EQ(DialectOf({.server = "a proxy", .libpod_version = "5.4.2"}), DockerDialect::kPodman);
  EXPECT_EQ(DialectOf({.server = "NotLibpod/1"}), DockerDialect::kDocker);
}

TEST(EngineRepliesTest, ARefusalSaysWhetherTryingAgainMayHelp) {
  const std::pair<int, absl::StatusCode> table[] = {
      {204, absl::StatusCode::kUnavailable},      {301, absl::StatusCode::kUnavailable},
      {400, absl::StatusCode::kUnavailable},      {401, absl::StatusCode::kPermissionDenied},
      {403, absl::StatusCode::kPermissionDenied}, {404, absl::StatusCode::kFailedPrecondition},
      {405, absl::StatusCode::kUnavailable},      {407, absl::StatusCode::kPermissionDenied},
      {429, absl::StatusCode::kUnavailable},      {500, absl::StatusCode::kUnavailable},
      {502, absl::StatusCode::kUnavailable},      {503, absl::StatusCode::kUnavailable}};
  for (const auto& [status, code] : table) {
    const absl::Status error = ReplyError("unix:///d.sock", "events", {.status = status});
    EXPECT_EQ(error.code(), code) << status;
    EXPECT_THAT(
        std::string(error.message()),
        HasSubstr(absl::StrCat("unix:///d.sock: events: the engine answers ", status, " without a message")));
  }
}

TEST(EngineRepliesTest, AVersionThatIsTooNewPassesAndOneTooOldDoesNot) {
  const absl::Status fresh = ReplyError(
      "e", "events",
      {.status = 400,
       .body = R"({"message":"client version 1.51 is too new. Maximum supported API version is 1.41"})"});
  EXPECT_EQ(fresh.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(fresh.message()), HasSubstr("Maximum supported API version is 1.41"));
  const absl::Status old = ReplyError(
      "e", "events",
      {.status = 400, .body = "client version 1.51 is too old. Minimum supported API version is 1.60"});
  EXPECT_EQ(old.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(old.message()), HasSubstr("use a newer lookout"));
}

TEST(EngineRepliesTest, ARedirectIsNamedAndNotFollowed) {
  const absl::Status error = ReplyError("e", "ping", {.status = 307, .location = "https://x/\x1b"});
  EXPECT_THAT(std::string(error.message()),
              HasSubstr("redirects to \"https://x/\\x1b\", which is not followed"));
}

TEST(EngineRepliesTest, AnyBodyIsShownShortAndEscaped) {
  const auto shown = [](std::string body) {
    return std::string(ReplyError("e", "ping", {.status = 502, .body = std::move(body)}).message());
  };
  EXPECT_THAT(shown(R"({"message":"no \"way\""})"), EndsWith(R"(502 "no \"way\"")"));
  EXPECT_THAT(shown("<html>\r\n  <h1>Bad\tGateway</h1>\n</html>\n"),
              EndsWith("502 \"<html> <h1>Bad Gateway</h1> </html>\""));
  EXPECT_THAT(shown("für \x1b[31m"), EndsWith("502 \"für \\x1b[31m\""));
  EXPECT_THAT(shown(std::string(199, 'x') + "ü"), EndsWith(std::string(199, 'x') + "…\""));
  EXPECT_THAT(shown("\x1b[31m\xff"), EndsWith("502 \"\\x1b[31m\\xff\""));
  EXPECT_THAT(shown(std::string(100'000, 'x')), EndsWith(std::string(200, 'x') + "…\""));
  EXPECT_THAT(shown(" \n"), EndsWith("502 without a message"));
  EXPECT_THAT(shown(R"({"message":7})"), EndsWith(R"(502 "{\"message\":7}")"));
}

class GreetTest : public ::testing::Test {
 protected:
  // Greets an engine that answers with these bytes.
  absl::StatusOr<EngineGreeting> GreetWith(absl::string_view answer) {
    std::jthread engine([this, answer = std::string(answer)] {
      FakeEngineConnection connection = engine_.Accept();
      request_ = connection.ReadRequest();
      connection.Send(answer);
      connection.Close();
    });
    StoppableWait wait(clock_, {});
    EngineClient client(*ParseDockerEndpoint(engine_.host()), absl::Seconds(10), resolver_);
    return Greet(client, wait);
  }

  FakeClock clock_;
  HostResolver resolver_;
  FakeDockerEngine engine_;
  std::string request_;
};

TEST_F(GreetTest, AsksWithGetOutsideOfAnyVersion) {
  const auto docker = GreetWith(
      "HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nServer: Docker/28.5.1 (linux)\r\nOstype: linux\r\n"
      "Date: Thu, 01 Jan 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\nOK");
  ASSERT_TRUE(docker.ok()) << docker.status();
  EXPECT_THAT(request_, ::testing::StartsWith("GET /_ping HTTP/1.1\r\n"));
  EXPECT_EQ(*docker, (EngineGreeting{.dialect = DockerDialect::kDocker,
                                     .prefix = "/v1.51",
                                     .server = "Docker/28.5.1 (linux)",
                                     .date = absl::FromUnixSeconds(1767268800)}));
}

TEST_F(GreetTest, PodmansCompatibleApiIsKnown) {
  const auto podman = GreetWith(
      "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nBuilder-Version: 1\r\nLibpod-Api-Version: 5.4.2\r\n"
      "Libpod-Buildah-Version: 1.39.3\r\nServer: Libpod/5.4.2 (linux)\r\nContent-Length: 2\r\n\r\nOK");
  ASSERT_TRUE(podman.ok()) << podman.status();
  EXPECT_EQ(podman->dialect, DockerDialect::kPodman);
  EXPECT_EQ(podman->prefix, "/v1.41");
}

TEST_F(GreetTest, AnEngineThatSaysNothingOfItselfIsDockerWithoutAPrefix) {
  const auto engine = GreetWith("HTTP/1.0 200 OK\r\n\r\nOK");
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ(*engine, EngineGreeting());
}

TEST_F(GreetTest, ARefusedPingFailsAsItsAnswerSays) {
  EXPECT_EQ(GreetWith("HTTP/1.1 405 Method Not Allowed\r\n\r\n").status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(GreetWith("HTTP/1.1 403 Forbidden\r\n\r\n<html>no</html>").status(),
            absl::PermissionDeniedError(
                absl::StrCat(engine_.host(), ": ping: the engine answers 403 \"<html>no</html>\"")));
  EXPECT_THAT(std::string(GreetWith("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS "
                                    "server.\n")
                              .status()
                              .message()),
              HasSubstr("400 \"Client sent an HTTP request to an HTTPS server.\""));
}

// An engine that was replaced by an older one refuses once, in a way that is tried again; then it is agreed
// anew.
TEST_F(GreetTest, AVersionIsAgreedAnewAfterARefusal) {
  EXPECT_EQ(GreetWith("HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\n\r\nOK")->prefix, "/v1.51");
  {
    std::jthread older([this] {
      FakeEngineConnection connection = engine_.Accept();
      EXPECT_THAT(connection.ReadRequest(), ::testing::StartsWith("GET /v1.51/events HTTP/1.1\r\n"));
      connection.SendReply(
          "400 Bad Request", "",
          R"({"message":"client version 1.51 is too new. Maximum supported API version is 1.41"})");
    });
    StoppableWait wait(clock_, {});
    EngineClient client(*ParseDockerEndpoint(engine_.host()), absl::Seconds(10), resolver_);
    const auto reply = client.Stream("/v1.51/events", wait,
                                     {.on_sent = [] { return true; },
                                      .on_head = [] { return false; },
                                      .on_data = [](absl::string_view) { return false; }});
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(ReplyError("e", "events", *reply).code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(GreetWith("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\n\r\nOK")->prefix, "/v1.41");
}

}  // namespace
}  // namespace lookout::docker_internal
