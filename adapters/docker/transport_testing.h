// What the tests of connections share: stopping an operation while it waits, and what a process holds.
#ifndef LOOKOUT_ADAPTERS_DOCKER_TRANSPORT_TESTING_H_
#define LOOKOUT_ADAPTERS_DOCKER_TRANSPORT_TESTING_H_

#include <cstddef>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/docker/connection.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::docker_internal {

// Runs `operation` in a thread, requests a stop once it waits on the clock, and returns what it returned, or
// Internal if that took longer than 250 ms (a second under a sanitizer). The clock stands still.
absl::Status StoppedWhileWaiting(FakeClock& clock, std::function<absl::Status(StoppableWait&)> operation);

// Reads until there are `size` bytes, or the end.
absl::StatusOr<std::string> ReadBytes(EngineConnection& connection, std::size_t size);

// A port of the loopback, or a unix socket, that takes connections as the kernel does, and says nothing.
class SilentPeer {
 public:
  SilentPeer();                                  // of the loopback
  explicit SilentPeer(const std::string& path);  // a unix socket
  ~SilentPeer();

  int port() const { return port_; }
  int fd() const { return fd_; }

  // From now on there is no room for another connection.
  void FillQueue();

 private:
  int fd_;
  int port_ = 0;
  int queued_[8];
  std::size_t queued_count_ = 0;
};

// A port of the loopback that takes one connection, waits for its first bytes, answers with `answer`, or
// hangs up if that is empty, and keeps what comes until the other end hangs up.
class RawPeer {
 public:
  explicit RawPeer(absl::string_view answer);
  ~RawPeer();

  int port() const { return peer_.port(); }
  // Blocks until the other end has hung up.
  std::string Received();

 private:
  SilentPeer peer_;
  std::string received_;
  std::thread thread_;
};

// A program called ssh, found first on PATH while this lives: a script for /bin/sh.
class FakeSsh {
 public:
  explicit FakeSsh(absl::string_view script);
  ~FakeSsh();

 private:
  const ScopedTempDir dir_;
  const std::string path_before_;
};

// How many there are in this process at this moment.
std::size_t OpenDescriptors();
// A thread that was joined may be counted for a moment longer: looks again, for a bounded number of times,
// until there are no more than `expected`.
std::size_t ThreadsOnceSettled(std::size_t expected);
bool HasChildren();

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_TRANSPORT_TESTING_H_
