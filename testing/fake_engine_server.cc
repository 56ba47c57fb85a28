#include "lookout/testing/fake_engine_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "lookout/events/wait.h"

namespace lookout::testing_internal {
namespace {

constexpr std::size_t kMaxHead = 64 << 10;

absl::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

}  // namespace

WakeFd::WakeFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { PCHECK(fd_ >= 0) << "eventfd"; }
WakeFd::~WakeFd() { ::close(fd_); }

void WakeFd::Set() {
  const std::uint64_t one = 1;
  PCHECK(::write(fd_, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN);
}

void WakeFd::Clear() {
  std::uint64_t count;
  PCHECK(::read(fd_, &count, sizeof(count)) == sizeof(count) || errno == EAGAIN);
}

FakeServerConnection::~FakeServerConnection() {
  if (thread_.joinable()) thread_.join();
}

bool FakeServerConnection::PollFor(short events, absl::Duration timeout) {
  if (closing_) return false;
  // While frozen only waking up counts, and the connection's end.
  pollfd fds[] = {{.fd = fd_, .events = server_.frozen_ ? short{0} : events, .revents = 0},
                  {.fd = wake_.fd(), .events = POLLIN, .revents = 0}};
  const int ready = timeout == absl::InfiniteDuration()
                        ? ::poll(fds, 2, -1)
                        : ::lookout::PollFor(server_.clock_, absl::MakeSpan(fds), timeout);
  PCHECK(ready >= 0 || errno == EINTR) << "poll";
  if (ready > 0 && fds[1].revents != 0) wake_.Clear();
  const bool hung_up = ready > 0 && (fds[0].revents & (POLLERR | POLLHUP | POLLRDHUP)) != 0;
  return !closing_ && !hung_up;
}

bool FakeServerConnection::Wait(absl::Duration timeout) { return PollFor(POLLRDHUP, timeout); }

bool FakeServerConnection::Send(absl::string_view bytes) {
  std::string with_head;
  if (!held_back_.empty()) {
    with_head = absl::StrCat(std::exchange(held_back_, ""), bytes);
    bytes = with_head;
  }
  while (!bytes.empty()) {
    if (closing_) return false;
    const ssize_t n =
        server_.frozen_ ? -1 : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (!server_.frozen_ && errno != EAGAIN && errno != EINTR) return false;
    if (!PollFor(POLLOUT, absl::InfiniteDuration())) return false;
  }
  return true;
}

bool FakeServerConnection::SendReply(int status, absl::string_view headers, absl::string_view body) {
  return Send(absl::StrCat("HTTP/1.1 ", status, " ", Reason(status), "\r\n", headers,
                           "Content-Length: ", body.size(), "\r\n\r\n", body));
}

std::string FakeServerConnection::ReadHead() {
  while (true) {
    if (!server_.frozen_) {
      if (const std::size_t end = received_.find("\r\n\r\n"); end != std::string::npos) {
        std::string head = received_.substr(0, end + 4);
        received_.erase(0, end + 4);
        return head;
      }
      char bytes[4096];
      const ssize_t n = ::recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
      if (n > 0 && received_.size() < kMaxHead) {
        received_.append(bytes, static_cast<std::size_t>(n));
        continue;
      }
      if (n >= 0 || (errno != EAGAIN && errno != EINTR)) return "";
    }
    if (!PollFor(POLLIN, absl::InfiniteDuration())) return "";
  }
}

FakeEngineServer::FakeEngineServer(bool tcp, absl::Clock& clock, Handler handler)
    : tcp_(tcp), clock_(clock), handler_(std::move(handler)) {
  if (!tcp) {
    directory_ = "/tmp/lookout-XXXXXX";
    PCHECK(::mkdtemp(directory_.data()) != nullptr) << directory_;
    socket_path_ = absl::StrCat(directory_, "/d.sock");
    host_ = absl::StrCat("unix://", socket_path_);
  }
  thread_ = std::thread([this] { AcceptLoop(); });
  Listen();
  if (tcp) host_ = absl::StrCat("tcp://127.0.0.1:", port_);
}

FakeEngineServer::~FakeEngineServer() {
  StopListening();
  {
    absl::MutexLock lock(mu_);
    ending_ = true;
  }
  wake_.Set();
  thread_.join();
  Close(/*streams_only=*/false, /*reset=*/false);
  {
    absl::MutexLock lock(mu_);
    connections_.clear();
  }
  if (directory_.empty()) return;
  ::unlink(socket_path_.c_str());
  ::rmdir(directory_.c_str());
}

int FakeEngineServer::MakeListener() {
  const int fd = ::socket(tcp_ ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  PCHECK(fd >= 0) << "socket";
  if (tcp_) {
    const int on = 1;
    PCHECK(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    PCHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) << "bind, loopback";
    socklen_t size = sizeof(address);
    PCHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) << "getsockname";
    port_ = ntohs(address.sin_port);
  } else {
    ::unlink(socket_path_.c_str());
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    CHECK_LT(socket_path_.size(), sizeof(address.sun_path)) << socket_path_;
    socket_path_.copy(address.sun_path, socket_path_.size());
    PCHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) << socket_path_;
  }
  PCHECK(::listen(fd, 128) == 0) << "listen";
  return fd;
}

void FakeEngineServer::Listen() { SwapListener(MakeListener()); }
void FakeEngineServer::StopListening() { SwapListener(-1); }

// The thread that polls a descriptor is the one that closes it.
void FakeEngineServer::SwapListener(int fd) {
  absl::MutexLock lock(mu_);
  next_listener_ = fd;
  swap_pending_ = true;
  wake_.Set();
  const auto swapped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !swap_pending_; };
  mu_.Await(absl::Condition(&swapped));
}

void FakeEngineServer::AcceptLoop() {
  int listener = -1;
  while (true) {
    pollfd fds[] = {{.fd = frozen_ ? -1 : listener, .events = POLLIN, .revents = 0},
                    {.fd = wake_.fd(), .events = POLLIN, .revents = 0}};
    PCHECK(::poll(fds, 2, -1) >= 0 || errno == EINTR) << "poll";
    wake_.Clear();
    {
      absl::MutexLock lock(mu_);
      if (std::exchange(swap_pending_, false)) {
        if (listener >= 0) ::close(listener);
        listener = next_listener_;
      }
      if (ending_) break;
      ReapDone();
    }
    if (listener < 0 || frozen_) continue;
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) Adopt(fd);
  }
  if (listener >= 0) ::close(listener);
}

void FakeEngineServer::Adopt(int fd) {
  auto connection = std::make_unique<FakeServerConnection>(fd, *this);
  FakeServerConnection& served = *connection;
  absl::MutexLock lock(mu_);
  connections_.push_back(std::move(connection));
  served.thread_ = std::thread([this, &served] { Serve(served); });
}

void FakeEngineServer::Serve(FakeServerConnection& connection) {
  while (true) {
    const std::string head = connection.ReadHead();
    const std::size_t space = head.find(' ');
    if (head.empty() || space == std::string::npos) break;
    const std::string target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    if (!handler_(target, connection)) break;
    if (absl::StrContainsIgnoreCase(head, "\r\nConnection: close\r\n")) break;
  }
  if (connection.reset_) {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(connection.fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  ::close(connection.fd_);
  absl::MutexLock lock(mu_);  // so that who waits for it looks again
  connection.done_ = true;
}

void FakeEngineServer::ReapDone() {
  connections_.remove_if([](const auto& connection) { return connection->done_.load(); });
}

void FakeEngineServer::Close(bool streams_only, bool reset) {
  absl::MutexLock lock(mu_);
  for (const auto& connection : connections_) {
    if (streams_only && !connection->is_stream_) continue;
    connection->reset_ = reset;
    connection->closing_ = true;
    connection->Wake();
  }
  const auto closed = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    for (const auto& connection : connections_) {
      if (connection->closing_ && !connection->done_) return false;
    }
    return true;
  };
  mu_.Await(absl::Condition(&closed));
}

void FakeEngineServer::SetFrozen(bool frozen) {
  frozen_ = frozen;
  absl::MutexLock lock(mu_);
  wake_.Set();
  for (const auto& connection : connections_) connection->Wake();
}

}  // namespace lookout::testing_internal
