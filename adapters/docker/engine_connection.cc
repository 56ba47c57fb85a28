#include "lookout/adapters/docker/engine_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace lookout::docker_internal {
namespace {

absl::Status SocketError(int error, absl::string_view what) {
  const std::string text = absl::StrCat(what, ": ", std::strerror(error));
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(absl::StrCat(text, " (is this user in the group \"docker\"?)"));
  }
  if (error == EMFILE || error == ENFILE) {
    return absl::ResourceExhaustedError(absl::StrCat(text, " (raise the limit, ulimit -n)"));
  }
  return absl::UnavailableError(text);
}

SocketAddress UnixAddress(const std::string& path) {
  SocketAddress address;
  auto* name = reinterpret_cast<sockaddr_un*>(&address.storage);
  name->sun_family = AF_UNIX;
  path.copy(name->sun_path, sizeof(name->sun_path) - 1);
  address.size = sizeof(sockaddr_un);
  return address;
}

// An engine's machine that vanished without a word is noticed after a minute or so.
void KeepAlive(int fd) {
  const int on = 1, idle = 30, interval = 10, count = 3;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

absl::Status Connect(int fd, const SocketAddress& address, StoppableWait& wait, absl::Time deadline) {
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) {
    return absl::OkStatus();
  }
  if (errno != EINPROGRESS && errno != EINTR) return SocketError(errno, "connect");
  if (absl::Status done = wait.For(fd, POLLOUT, deadline); !done.ok()) return done;
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? absl::OkStatus() : SocketError(error, "connect");
}

}  // namespace

EngineConnection::EngineConnection(int fd, StoppableWait& wait, absl::Time deadline)
    : fd_(fd), wait_(wait), deadline_(deadline) {}

EngineConnection::~EngineConnection() { ::close(fd_); }

absl::StatusOr<std::unique_ptr<EngineConnection>> EngineConnection::Open(const DockerEndpoint& endpoint,
                                                                         HostResolver& resolver,
                                                                         StoppableWait& wait,
                                                                         absl::Time deadline) {
  if (absl::Status stopped = wait.Check(); !stopped.ok()) return stopped;
  std::vector<SocketAddress> addresses;
  if (endpoint.is_unix()) {
    addresses.push_back(UnixAddress(endpoint.socket_path));
  } else {
    auto resolved = resolver.Resolve(endpoint.host, endpoint.port, wait, deadline);
    if (!resolved.ok()) return resolved.status();
    addresses = *std::move(resolved);
  }
  absl::Status failure = absl::UnavailableError("the host has no address");
  for (const SocketAddress& address : addresses) {
    const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
      failure = SocketError(errno, "socket");
      continue;
    }
    auto connection = std::unique_ptr<EngineConnection>(new EngineConnection(fd, wait, deadline));
    if (!endpoint.is_unix()) KeepAlive(fd);
    failure = Connect(fd, address, wait, deadline);
    if (failure.ok()) return connection;
    if (absl::IsCancelled(failure) || absl::IsDeadlineExceeded(failure)) break;
  }
  return failure;
}

absl::StatusOr<std::size_t> EngineConnection::Read(absl::Span<char> into) {
  while (true) {
    if (absl::Status stopped = wait_.Check(); !stopped.ok()) return stopped;
    const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return SocketError(errno, "read");
    if (absl::Status ready = wait_.For(fd_, POLLIN, deadline_); !ready.ok()) return ready;
  }
}

absl::Status EngineConnection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (absl::Status stopped = wait_.Check(); !stopped.ok()) return stopped;
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (absl::Status ready = wait_.For(fd_, POLLOUT, deadline_); !ready.ok()) return ready;
    } else if (errno != EINTR) {
      return SocketError(errno, "write");
    }
  }
  return absl::OkStatus();
}

}  // namespace lookout::docker_internal
