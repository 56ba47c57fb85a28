#include "lookout/adapters/docker/tls_connection.h"

#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/engine_connection.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/adapters/docker/tls_test_peer.h"
#include "lookout/adapters/docker/transport_testing.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::docker_internal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kNames[] = "DNS:engine.test,DNS:*.lab.test,IP:127.0.0.1";

class TlsConnectionTest : public ::testing::Test {
 protected:
  TlsConnectionTest() {
    dir_.WriteFile("ca.pem", authority_.certificate());
    Write("client", authority_.Issue({.subject = "client"}));
    tls_.ca_file = dir_.Path("ca.pem");
  }

  void Write(const std::string& name, const TestIdentity& identity) {
    dir_.WriteFile(name + "-cert.pem", identity.certificate);
    dir_.WriteFile(name + "-key.pem", identity.key);
  }
  void ShowClient(const std::string& name) {
    tls_.certificate_file = dir_.Path(name + "-cert.pem");
    tls_.key_file = dir_.Path(name + "-key.pem");
  }

  absl::StatusOr<std::unique_ptr<EngineConnection>> Open(int port, const std::string& host = "127.0.0.1") {
    const DockerEndpoint endpoint{
        .kind = DockerEndpoint::Kind::kTcp, .host = host, .port = port, .tls = tls_};
    return OpenEngineConnection(endpoint, resolver_, wait_, absl::InfiniteDuration());
  }

  // What "hello" brings back, or the first failure. With TLS 1.3 a server judges a client's certificate when
  // the client is done with the handshake.
  absl::StatusOr<std::string> Hello(int port, const std::string& host = "127.0.0.1") {
    auto connection = Open(port, host);
    if (!connection.ok()) return connection.status();
    if (absl::Status written = (*connection)->Write("hello"); !written.ok()) return written;
    return ReadBytes(**connection, 5);
  }

  // The same with a server of this certificate.
  absl::StatusOr<std::string> HelloTo(const TestCertificate& certificate,
                                      const std::string& host = "127.0.0.1") {
    const TlsTestServer server({.identity = authority_.Issue(certificate)});
    return Hello(server.port(), host);
  }

  static void Expect(const absl::StatusOr<std::string>& result, absl::StatusCode code,
                     const std::string& words) {
    EXPECT_EQ(result.status().code(), code) << result.status();
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(words));
  }

  const ScopedTempDir dir_;
  const TestAuthority authority_{"test CA", FakeClock::DefaultStart()};
  const TestAuthority stranger_{"another CA", FakeClock::DefaultStart()};
  FakeClock clock_;
  StoppableWait wait_{clock_, {}};
  // Every name is this machine's.
  HostResolver resolver_{[](const std::string&, int port) { return SystemLookup("127.0.0.1", port, true); }};
  DockerTls tls_;
};

TEST_F(TlsConnectionTest, CarriesBytesBothWays) {
  const TlsTestServer server({.identity = authority_.Issue({.names = kNames})});
  auto connection = Open(server.port());
  ASSERT_TRUE(connection.ok()) << connection.status();
  const std::string much(300 << 10, 'x');
  for (std::size_t at = 0; at < much.size(); at += 30 << 10) {
    ASSERT_EQ((*connection)->Write(much.substr(at, 30 << 10)), absl::OkStatus());
    EXPECT_EQ(ReadBytes(**connection, 30 << 10).value_or("failed").size(), std::size_t{30 << 10});
  }
}

TEST_F(TlsConnectionTest, TheEndIsToldApartFromACut) {
  const TlsTestServer server({.identity = authority_.Issue({.names = kNames})});
  for (const std::string word : {"bye", "cut"}) {
    auto connection = Open(server.port());
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_EQ((*connection)->Write(word), absl::OkStatus());
    const absl::StatusOr<std::string> rest = ReadBytes(**connection, 1);
    if (word == "bye") {
      EXPECT_EQ(rest.value_or("failed"), "");
    } else {
      Expect(rest, absl::StatusCode::kUnavailable, "without TLS's farewell");
    }
  }
}

TEST_F(TlsConnectionTest, NamesAndAddressesAreProved) {
  const TlsTestServer server({.identity = authority_.Issue({.names = kNames})});
  for (const std::string host : {"engine.test", "engine.test.", "a.lab.test"}) {
    EXPECT_EQ(Hello(server.port(), host).value_or("failed"), "hello") << host;
    EXPECT_EQ(server.asked_name() + (host.back() == '.' ? "." : ""), host);
  }
  EXPECT_EQ(Hello(server.port()).value_or("failed"), "hello");
  EXPECT_EQ(server.asked_name(), "") << "an address is no server name";
  EXPECT_EQ(HelloTo({.names = "IP:::1,IP:127.0.0.1"}).value_or("failed"), "hello");
}

TEST_F(TlsConnectionTest, AnotherNameIsRefusedAndTheRightOnesAreTold) {
  Expect(HelloTo({.names = kNames}, "other.test"), absl::StatusCode::kFailedPrecondition,
         "certificate is not for other.test: it has engine.test, *.lab.test, 127.0.0.1");
  Expect(HelloTo({.names = "DNS:engine.test,IP:127.0.0.2,IP:::1"}), absl::StatusCode::kFailedPrecondition,
         "certificate is not for 127.0.0.1: it has engine.test, 127.0.0.2, ::1");
  Expect(HelloTo({.subject = "engine.test"}, "engine.test"), absl::StatusCode::kFailedPrecondition,
         "it has no name at all");
}

TEST_F(TlsConnectionTest, AnotherAuthorityIsRefused) {
  dir_.WriteFile("ca.pem", stranger_.certificate());
  Expect(HelloTo({.names = kNames}), absl::StatusCode::kFailedPrecondition,
         "the engine's certificate is not signed by the CA in " + dir_.Path("ca.pem"));
  tls_.ca_file = "";
  Expect(HelloTo({.names = kNames}), absl::StatusCode::kFailedPrecondition,
         "is not signed by an authority that this machine trusts");
  tls_.verify = false;
  EXPECT_EQ(HelloTo({.names = "DNS:other"}).value_or("failed"), "hello");
}

TEST_F(TlsConnectionTest, TheEnginesOwnCertificateMayBeTheOneThatIsTrusted) {
  const TestIdentity identity = authority_.Issue({.names = kNames});
  const TlsTestServer server({.identity = identity});
  dir_.WriteFile("ca.pem", identity.certificate);
  EXPECT_EQ(Hello(server.port()).value_or("failed"), "hello");
}

TEST_F(TlsConnectionTest, ACertificateOutOfItsTimeIsRefusedByTheInjectedClock) {
  const TestCertificate certificate{.names = kNames, .from = absl::Hours(1), .to = absl::Hours(2)};
  Expect(HelloTo(certificate), absl::StatusCode::kUnavailable, "is not valid yet");
  clock_.StepWallClock(absl::Minutes(90));
  EXPECT_EQ(HelloTo(certificate).value_or("failed"), "hello");
  clock_.StepWallClock(absl::Hours(1));
  Expect(HelloTo(certificate), absl::StatusCode::kUnavailable, "has expired");
}

TEST_F(TlsConnectionTest, AClientCertificateThatIsDemanded) {
  Write("stranger", stranger_.Issue({.subject = "client"}));
  for (const bool tls_1_2 : {false, true}) {
    tls_.certificate_file = tls_.key_file = "";
    const TlsTestServer server({.identity = authority_.Issue({.names = kNames}),
                                .client_authority = authority_.certificate(),
                                .tls_1_2 = tls_1_2});
    Expect(Hello(server.port()), absl::StatusCode::kFailedPrecondition,
           "the engine wants a client certificate");
    ShowClient("client");
    EXPECT_EQ(Hello(server.port()).value_or("failed"), "hello");
    ShowClient("stranger");
    Expect(Hello(server.port()), absl::StatusCode::kPermissionDenied,
           "the engine refuses the client certificate " + dir_.Path("stranger-cert.pem"));
  }
}

TEST_F(TlsConnectionTest, FilesThatCannotBeUsedAreNamed) {
  Write("other", authority_.Issue({.subject = "client"}));
  dir_.WriteFile("empty.pem");
  dir_.WriteFile("encrypted.pem",
                 "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n");
  const auto path = [&](const std::string& file) { return file.empty() ? "" : dir_.Path(file); };
  const struct {
    std::string ca, certificate, key, words;
  } table[] = {
      {"none.pem", "", "", "cannot read the CA file " + path("none.pem")},
      {"empty.pem", "", "", path("empty.pem") + " holds no certificate"},
      {".", "", "", "is no file"},
      {"ca.pem", "none.pem", "client-key.pem", "cannot read the client certificate " + path("none.pem")},
      {"ca.pem", "empty.pem", "client-key.pem", path("empty.pem") + " holds no certificate"},
      {"ca.pem", "client-cert.pem", "none.pem", "cannot read the client key " + path("none.pem")},
      {"ca.pem", "client-cert.pem", "empty.pem", path("empty.pem") + " holds no private key"},
      {"ca.pem", "client-cert.pem", "encrypted.pem", path("encrypted.pem") + " is encrypted"},
      {"ca.pem", "client-cert.pem", "other-key.pem", path("other-key.pem") + " does not belong to"},
      {"ca.pem", "client-cert.pem", "", "but no key for it"},
      {"ca.pem", "", "client-key.pem", "but no certificate for it"},
  };
  const TlsTestServer server({.identity = authority_.Issue({.names = kNames})});
  for (const auto& row : table) {
    tls_ = {path(row.ca), path(row.certificate), path(row.key)};
    Expect(Hello(server.port()), absl::StatusCode::kFailedPrecondition, row.words);
  }
}

// Nothing of the request leaves this machine where TLS fails.
void ExpectNothingPlain(RawPeer& peer) {
  const std::string received = peer.Received();
  EXPECT_THAT(received, StartsWith("\x16\x03")) << "no handshake of TLS";
  EXPECT_THAT(received, Not(HasSubstr("hello")));
}

TEST_F(TlsConnectionTest, APlainPeerIsToldApartAndHearsNothing) {
  RawPeer plain("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request");
  Expect(Hello(plain.port()), absl::StatusCode::kFailedPrecondition,
         "the engine speaks plain HTTP on this port");
  ExpectNothingPlain(plain);
}

TEST_F(TlsConnectionTest, APeerThatSpeaksNoTlsHearsNothing) {
  RawPeer garbage("SSH-2.0-OpenSSH_9.2\r\n");
  Expect(Hello(garbage.port()), absl::StatusCode::kUnavailable, "the peer does not speak TLS");
  ExpectNothingPlain(garbage);
  RawPeer silent("");
  Expect(Hello(silent.port()), absl::StatusCode::kUnavailable, "hung up when TLS began");
  ExpectNothingPlain(silent);
  RawPeer broken(absl::string_view("\x16\x03\x03\x00\x05garbage", 12));
  EXPECT_EQ(Hello(broken.port()).status().code(), absl::StatusCode::kUnavailable);
  ExpectNothingPlain(broken);
}

TEST_F(TlsConnectionTest, AnAlertOfThePeerIsPutIntoWords) {
  RawPeer refusing(absl::string_view("\x15\x03\x03\x00\x02\x02\x46", 7));  // fatal, protocol_version
  Expect(Hello(refusing.port()), absl::StatusCode::kUnavailable, "(TLS alert: protocol version)");
  ExpectNothingPlain(refusing);
}

TEST_F(TlsConnectionTest, AnEngineThatGoesAwayRaisesNoSignal) {
  auto server =
      std::make_unique<TlsTestServer>(TlsTestServerOptions{.identity = authority_.Issue({.names = kNames})});
  auto connection = Open(server->port());
  ASSERT_TRUE(connection.ok()) << connection.status();
  server.reset();
  absl::Status written;
  while (written.ok()) written = (*connection)->Write("hello");
  EXPECT_EQ(written.code(), absl::StatusCode::kUnavailable) << written;
}

TEST_F(TlsConnectionTest, StopsInTheHandshakeAndInAnIdleRead) {
  const SilentPeer silent;
  const TlsTestServer server({.identity = authority_.Issue({.names = kNames})});
  for (const int port : {silent.port(), server.port()}) {
    const absl::Status stopped = StoppedWhileWaiting(clock_, [&](StoppableWait& wait) {
      const DockerEndpoint endpoint{
          .kind = DockerEndpoint::Kind::kTcp, .host = "127.0.0.1", .port = port, .tls = tls_};
      auto connection = OpenEngineConnection(endpoint, resolver_, wait, absl::InfiniteDuration());
      if (!connection.ok()) return connection.status();
      EXPECT_EQ(port, server.port());
      return ReadBytes(**connection, 1).status();
    });
    EXPECT_EQ(stopped.code(), absl::StatusCode::kCancelled) << stopped;
  }
}

TEST_F(TlsConnectionTest, TheDeadlineHoldsInTheHandshake) {
  const SilentPeer silent;
  const DockerEndpoint endpoint{
      .kind = DockerEndpoint::Kind::kTcp, .host = "127.0.0.1", .port = silent.port(), .tls = tls_};
  std::jthread hand([&] {
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Seconds(10));
  });
  EXPECT_EQ(
      OpenEngineConnection(endpoint, resolver_, wait_, wait_.DeadlineIn(absl::Seconds(10))).status().code(),
      absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace lookout::docker_internal
