// An authority that signs certificates, and a server that speaks TLS with them, for tests.
//
//   const TestAuthority authority("test CA", FakeClock::DefaultStart());
//   TlsTestServer server({.identity = authority.Issue({.names = "IP:127.0.0.1"})});
//   // server.port() shakes hands, and sends back what it gets
#ifndef LOOKOUT_ADAPTERS_DOCKER_TLS_TEST_PEER_H_
#define LOOKOUT_ADAPTERS_DOCKER_TLS_TEST_PEER_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lookout::docker_internal {

// PEM.
struct TestIdentity {
  std::string certificate;
  std::string key;
};

struct TestCertificate {
  std::string names = {};  // alternative names, "DNS:engine.test,IP:127.0.0.1"; "": none
  std::string subject = "test";
  absl::Duration from = -absl::Hours(24 * 3650);  // counted from the authority's time
  absl::Duration to = absl::Hours(24 * 36500);
};

class TestAuthority {
 public:
  TestAuthority(const std::string& name, absl::Time now);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& certificate() const { return certificate_; }
  TestIdentity Issue(const TestCertificate& wanted) const;

 private:
  struct Signer;
  const absl::Time now_;
  const std::unique_ptr<Signer> signer_;
  std::string certificate_;
};

struct TlsTestServerOptions {
  TestIdentity identity;
  std::string client_authority = {};  // a certificate of this one is demanded of clients
  bool tls_1_2 = false;               // and nothing newer
};

// On a free port of the loopback. One connection after the other: sends back what it gets, but for "bye"
// (ends TLS) and "cut" (hangs up without a word).
class TlsTestServer {
 public:
  explicit TlsTestServer(TlsTestServerOptions options);
  ~TlsTestServer();
  TlsTestServer(const TlsTestServer&) = delete;
  TlsTestServer& operator=(const TlsTestServer&) = delete;

  int port() const { return port_; }
  // The name that the last client asked for, or "".
  std::string asked_name() const;

 private:
  void Serve();
  void Talk(int fd);

  const TlsTestServerOptions options_;
  const int listening_;
  int port_ = 0;
  mutable absl::Mutex mu_;
  int talking_ ABSL_GUARDED_BY(mu_) = -1;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::string asked_name_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_TLS_TEST_PEER_H_
