#include "lookout/adapters/docker/engine_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/socket_connection.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/adapters/docker/transport_testing.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::docker_internal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRequest[] = "GET /_ping HTTP/1.1\r\n\r\n";

class EngineConnectionTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<EngineConnection>> Open(const DockerEndpoint& endpoint,
                                                         StoppableWait& wait) {
    return OpenEngineConnection(endpoint, resolver_, wait, absl::InfiniteDuration());
  }

  static DockerEndpoint Tcp(int port, std::optional<DockerTls> tls = std::nullopt) {
    return {.kind = DockerEndpoint::Kind::kTcp, .host = "127.0.0.1", .port = port, .tls = std::move(tls)};
  }

  // What opening, or else reading from what was opened, ends with when it is stopped.
  absl::Status Stopped(const DockerEndpoint& endpoint) {
    return StoppedWhileWaiting(clock_, [&](StoppableWait& wait) {
      auto connection = Open(endpoint, wait);
      if (!connection.ok()) return connection.status();
      return ReadBytes(**connection, 1).status();
    });
  }

  FakeClock clock_;
  StoppableWait wait_{clock_, {}};
  HostResolver resolver_;
};

TEST_F(EngineConnectionTest, CarriesBytesOverEitherSocket) {
  for (const auto transport : {FakeDockerEngine::Transport::kUnix, FakeDockerEngine::Transport::kTcp}) {
    FakeDockerEngine engine(transport);
    auto connection = Open(*ParseDockerEndpoint(engine.host()), wait_);
    ASSERT_TRUE(connection.ok()) << connection.status();
    FakeEngineConnection peer = engine.Accept();
    ASSERT_EQ((*connection)->Write(kRequest), absl::OkStatus());
    EXPECT_EQ(peer.ReadRequest(), kRequest);
    peer.Send("answer");
    peer.Close();
    EXPECT_EQ(ReadBytes(**connection, 100).value_or("failed"), "answer");
  }
}

TEST_F(EngineConnectionTest, AnEngineThatWantsTlsIsToldApart) {
  const std::string alert("\x15\x03\x01\x00\x02\x02\x46", 7);
  const std::string go = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
  for (const std::string& answer : {alert, go}) {
    RawPeer peer(answer);
    auto connection = Open(Tcp(peer.port()), wait_);
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_EQ((*connection)->Write(kRequest), absl::OkStatus());
    const absl::Status failure = ReadBytes(**connection, 1).status();
    EXPECT_EQ(failure.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(failure.message()), HasSubstr("set DOCKER_TLS_VERIFY=1"));
  }
}

TEST_F(EngineConnectionTest, NobodyThereIsUnavailable) {
  const ScopedTempDir dir;
  EXPECT_EQ(Open({.socket_path = "/nonexistent/d.sock"}, wait_).status().code(),
            absl::StatusCode::kUnavailable);
  int port = 0;
  {
    const SilentPeer gone;
    port = gone.port();
  }
  EXPECT_EQ(Open(Tcp(port), wait_).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(EngineConnectionTest, WhoMayNotOpenASocketIsToldTheCureAndANetworkMayThinkBetterOfIt) {
  for (const int error : {EACCES, EPERM}) {
    const absl::Status refused = SocketError(error, "connect", AF_UNIX);
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("group \"docker\""));
    for (const int family : {AF_INET, AF_INET6}) {
      const absl::Status prohibited = SocketError(error, "connect", family);
      EXPECT_EQ(prohibited.code(), absl::StatusCode::kUnavailable);
      EXPECT_THAT(std::string(prohibited.message()), Not(HasSubstr("docker")));
    }
  }
}

TEST_F(EngineConnectionTest, TheNextAddressIsTriedWhenOneDoesNotAnswerInItsShareOfTheTime) {
  SilentPeer full;
  full.FillQueue();
  const SilentPeer open;
  std::vector<SocketAddress> addresses;
  for (const int port : {full.port(), open.port()}) {
    addresses.push_back(SystemLookup("127.0.0.1", port, true)->front());
  }
  std::jthread hand([&] {
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Seconds(5));  // half of it
  });
  const auto connection = ConnectAny(addresses, wait_, wait_.DeadlineIn(absl::Seconds(10)));
  EXPECT_TRUE(connection.ok()) << connection.status();
}

TEST_F(EngineConnectionTest, StopsInALookUp) {
  auto answer = std::make_shared<absl::Notification>();
  auto answered = std::make_shared<absl::Notification>();
  HostResolver slow([=](const std::string&, int) -> absl::StatusOr<std::vector<SocketAddress>> {
    answer->WaitForNotification();
    answered->Notify();
    return absl::UnavailableError("too late");
  });
  const DockerEndpoint endpoint{.kind = DockerEndpoint::Kind::kTcp, .host = "engine.test", .port = 1};
  const absl::Status stopped = StoppedWhileWaiting(clock_, [&](StoppableWait& wait) {
    return OpenEngineConnection(endpoint, slow, wait, absl::InfiniteDuration()).status();
  });
  EXPECT_EQ(stopped.code(), absl::StatusCode::kCancelled) << stopped;
  answer->Notify();
  answered->WaitForNotification();
}

TEST_F(EngineConnectionTest, StopsWhileItConnects) {
  SilentPeer tcp;
  tcp.FillQueue();
  EXPECT_EQ(Stopped(Tcp(tcp.port())).code(), absl::StatusCode::kCancelled);

  FakeDockerEngine place;  // for a path that is short enough
  const std::string path = place.socket_path() + "2";
  SilentPeer unix_socket(path);
  unix_socket.FillQueue();
  EXPECT_EQ(Stopped({.socket_path = path}).code(), absl::StatusCode::kCancelled);
  ::unlink(path.c_str());
}

TEST_F(EngineConnectionTest, WaitsForRoomInAFullUnixSocketWithinTheDeadline) {
  FakeDockerEngine place;
  const std::string path = place.socket_path() + "2";
  SilentPeer peer(path);
  peer.FillQueue();
  std::jthread hand([&] {
    for (int i = 0; i < 5; ++i) {  // 20 ms each
      clock_.AwaitTimers(1);
      clock_.Advance(absl::Milliseconds(20));
    }
  });
  EXPECT_EQ(
      OpenEngineConnection({.socket_path = path}, resolver_, wait_, wait_.DeadlineIn(absl::Milliseconds(100)))
          .status()
          .code(),
      absl::StatusCode::kDeadlineExceeded);
  ::unlink(path.c_str());
}

TEST_F(EngineConnectionTest, StopsInAnIdleRead) {
  const SilentPeer tcp;
  FakeDockerEngine unix_socket;
  EXPECT_EQ(Stopped(Tcp(tcp.port())).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(Stopped({.socket_path = unix_socket.socket_path()}).code(), absl::StatusCode::kCancelled);
}

TEST_F(EngineConnectionTest, StoppedBeforeItBeginsItOpensNothing) {
  std::stop_source stop;
  stop.request_stop();
  StoppableWait wait(clock_, stop.get_token());
  EXPECT_EQ(Open({.socket_path = "/nonexistent"}, wait).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(EngineConnectionTest, AThousandOfEveryKindLeaveNothingBehind) {
  const FakeSsh ssh("exec sleep 1000");
  FakeDockerEngine unix_socket;
  SilentPeer full;
  full.FillQueue();
  // More room than the kernel gives a SilentPeer; what hangs up is taken out of the queue here.
  FakeDockerEngine idle(FakeDockerEngine::Transport::kTcp);
  const DockerEndpoint idle_endpoint = *ParseDockerEndpoint(idle.host());
  const DockerEndpoint kinds[] = {
      {.socket_path = unix_socket.socket_path()},
      idle_endpoint,
      Tcp(full.port()),
      Tcp(idle_endpoint.port, DockerTls{.verify = false}),
      *ParseDockerEndpoint("ssh://h"),
  };
  const auto round = [&](std::size_t i) {
    const DockerEndpoint& endpoint = kinds[i % std::size(kinds)];
    ASSERT_EQ(Stopped(endpoint).code(), absl::StatusCode::kCancelled) << ToString(endpoint);
    if (endpoint.is_unix()) unix_socket.Accept().AwaitHangUp();
    if (endpoint.port == idle_endpoint.port) idle.Accept().AwaitHangUp();
  };
  for (std::size_t i = 0; i < std::size(kinds); ++i) round(i);  // what libraries keep is there by now
  const std::size_t descriptors = OpenDescriptors();
  const std::size_t threads = ThreadsOnceSettled(1);  // a sanitizer has one of its own
  for (std::size_t i = 0; i < 1000 && !HasFailure(); ++i) round(i);
  EXPECT_EQ(OpenDescriptors(), descriptors);
  EXPECT_EQ(ThreadsOnceSettled(threads), threads);
  EXPECT_FALSE(HasChildren());
}

}  // namespace
}  // namespace lookout::docker_internal
