#include "lookout/adapters/docker/socket_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/hang_up.h"

namespace lookout::docker_internal {
namespace {

// How long a full queue of a unix socket is left alone: the kernel tells nobody when there is room again.
constexpr absl::Duration kQueueRetry = absl::Milliseconds(20);

class SocketConnection final : public EngineConnection {
 public:
  // Owns `fd`.
  SocketConnection(int fd, StoppableWait& wait, absl::Duration deadline)
      : EngineConnection(deadline), fd_(fd), wait_(wait) {}
  ~SocketConnection() override { ::close(fd_); }

  absl::Status Connect(const SocketAddress& address);

  absl::StatusOr<std::size_t> Read(absl::Span<char> into) override;
  absl::Status Write(absl::string_view bytes) override;

 private:
  const int fd_;
  StoppableWait& wait_;
};

absl::Status SocketConnection::Connect(const SocketAddress& address) {
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  while (::connect(fd_, name, address.size) != 0) {
    if (errno == EAGAIN) {  // only of a unix socket
      const absl::Duration retry = std::min(deadline(), wait_.DeadlineIn(kQueueRetry));
      const absl::Status slept = wait_.For(-1, 0, retry);
      if (!absl::IsDeadlineExceeded(slept) || retry == deadline()) return slept;
      continue;
    }
    if (errno != EINPROGRESS && errno != EINTR)
      return SocketError(errno, "connect", address.storage.ss_family);
    if (absl::Status done = wait_.For(fd_, POLLOUT, deadline()); !done.ok()) return done;
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? absl::OkStatus() : SocketError(error, "connect", address.storage.ss_family);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> SocketConnection::Read(absl::Span<char> into) {
  while (true) {
    if (absl::Status stopped = wait_.Check(); !stopped.ok()) return stopped;
    const ssize_t n = ::recv(fd_, into.data(), into.size(), 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return SocketError(errno, "read");
    if (absl::Status ready = wait_.For(fd_, POLLIN, deadline()); !ready.ok()) return ready;
  }
}

absl::Status SocketConnection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (absl::Status stopped = wait_.Check(); !stopped.ok()) return stopped;
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (absl::Status ready = wait_.For(fd_, POLLOUT, deadline()); !ready.ok()) return ready;
    } else if (errno != EINTR) {
      return SocketError(errno, "write");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<SocketConnection>> NewSocket(const SocketAddress& address, StoppableWait& wait,
                                                            absl::Duration deadline) {
  const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return SocketError(errno, "socket");
  const int on = 1, idle = 30, interval = 10, count = 3;
  if (address.storage.ss_family != AF_UNIX) {
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));  // requests are written whole
  }
  return std::make_unique<SocketConnection>(fd, wait, deadline);
}

absl::StatusOr<std::unique_ptr<EngineConnection>> ConnectTo(const SocketAddress& address, StoppableWait& wait,
                                                            absl::Duration share, absl::Duration deadline) {
  auto socket = NewSocket(address, wait, share);
  if (!socket.ok()) return socket.status();
  if (absl::Status connected = (*socket)->Connect(address); !connected.ok()) return connected;
  (*socket)->set_deadline(deadline);
  return *std::move(socket);
}

}  // namespace

absl::Status SocketError(int error, absl::string_view what, int family) {
  const std::string text = absl::StrCat(what, ": ", std::strerror(error));
  if (family == AF_UNIX && (error == EACCES || error == EPERM)) {
    return absl::PermissionDeniedError(absl::StrCat(text, " (is this user in the group \"docker\"?)"));
  }
  if (error == EMFILE || error == ENFILE) {
    return absl::ResourceExhaustedError(absl::StrCat(text, " (raise the limit, ulimit -n)"));
  }
  return error == ECONNRESET || error == EPIPE ? HangUp(text) : absl::UnavailableError(text);
}

absl::StatusOr<std::unique_ptr<EngineConnection>> ConnectUnix(const std::string& path, StoppableWait& wait,
                                                              absl::Duration deadline) {
  SocketAddress address;
  auto* name = reinterpret_cast<sockaddr_un*>(&address.storage);
  name->sun_family = AF_UNIX;
  path.copy(name->sun_path, sizeof(name->sun_path) - 1);
  address.size = sizeof(sockaddr_un);
  return ConnectTo(address, wait, deadline, deadline);
}

absl::StatusOr<std::unique_ptr<EngineConnection>> ConnectAny(absl::Span<const SocketAddress> addresses,
                                                             StoppableWait& wait, absl::Duration deadline) {
  absl::Status failure = absl::UnavailableError("the host has no address");
  std::size_t left = addresses.size();
  for (const SocketAddress& address : addresses) {
    const absl::Duration now = wait.DeadlineIn(absl::ZeroDuration());
    auto connection = ConnectTo(address, wait, now + (deadline - now) / left, deadline);
    if (connection.ok() || absl::IsCancelled(connection.status())) return connection;
    failure = connection.status();
    --left;
  }
  return failure;
}

absl::StatusOr<std::unique_ptr<EngineConnection>> ConnectTcp(const std::string& host, int port,
                                                             HostResolver& resolver, StoppableWait& wait,
                                                             absl::Duration deadline) {
  const absl::StatusOr<std::vector<SocketAddress>> addresses = resolver.Resolve(host, port, wait, deadline);
  if (!addresses.ok()) return addresses.status();
  return ConnectAny(*addresses, wait, deadline);
}

}  // namespace lookout::docker_internal
