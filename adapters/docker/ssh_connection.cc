#include "lookout/adapters/docker/ssh_connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/child_process.h"
#include "lookout/adapters/docker/socket_connection.h"
#include "lookout/adapters/docker/ssh_command.h"

namespace lookout::docker_internal {
namespace {

// How long ssh may take to end, and to say why, once it has closed the connection.
constexpr absl::Duration kLastWords = absl::Seconds(1);
constexpr int kCommandNotFound = 127;  // a shell's exit status

// A descriptor that is closed with it.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  ~OwnedFd() { Close(); }
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&&) = delete;

  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

// The same file as `fd` under a number that is none of the standard three: a child's descriptors are laid
// over those, and must not be among them before.
OwnedFd AboveStandard(OwnedFd fd) {
  if (fd.get() < 0 || fd.get() > STDERR_FILENO) return fd;
  return OwnedFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

std::string HowItEnded(std::optional<int> status) {
  if (!status.has_value()) return "ssh ended";
  if (WIFSIGNALED(*status)) return absl::StrCat("ssh was ended by signal ", WTERMSIG(*status));
  return absl::StrCat("ssh ended with exit status ", WEXITSTATUS(*status));
}

class SshConnection final : public EngineConnection {
 public:
  SshConnection(OwnedFd socket, OwnedFd errors, std::unique_ptr<ChildProcess> ssh, StoppableWait& wait,
                absl::Duration deadline)
      : EngineConnection(deadline),
        wait_(wait),
        ssh_(std::move(ssh)),
        errors_(std::move(errors)),
        socket_(std::move(socket)) {}

  absl::StatusOr<std::size_t> Read(absl::Span<char> into) override;
  absl::Status Write(absl::string_view bytes) override;

 private:
  // Waits for the socket, and meanwhile takes what ssh says, so that it is never kept waiting.
  absl::Status Await(short events);
  void TakeWords();
  // OK if ssh ended well.
  absl::Status Ending();

  StoppableWait& wait_;
  // In this order: the socket is closed first, which by itself ends an ssh that is connected.
  const std::unique_ptr<ChildProcess> ssh_;
  OwnedFd errors_;
  const OwnedFd socket_;
  std::string words_;
};

absl::Status SshConnection::Await(short events) {
  pollfd socket = {.fd = socket_.get(), .events = events, .revents = 0};
  while (socket.revents == 0) {
    pollfd errors = {.fd = errors_.get(), .events = POLLIN, .revents = 0};
    if (absl::Status ready = wait_.ForEither(socket, errors, deadline()); !ready.ok()) return ready;
    if (errors.revents != 0) TakeWords();
  }
  return absl::OkStatus();
}

void SshConnection::TakeWords() {
  char buffer[4096];
  const ssize_t n = ::read(errors_.get(), buffer, sizeof(buffer));
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return errors_.Close();
  words_.append(buffer, static_cast<std::size_t>(n));
  if (words_.size() > kMaxSshWords) words_.erase(0, words_.size() - kMaxSshWords);
}

absl::StatusOr<std::size_t> SshConnection::Read(absl::Span<char> into) {
  while (true) {
    if (absl::Status stopped = wait_.Check(); !stopped.ok()) return stopped;
    const ssize_t n = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (n > 0) return static_cast<std::size_t>(n);
    if (n == 0 || errno == ECONNRESET) {
      if (absl::Status ending = Ending(); !ending.ok()) return ending;
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return SocketError(errno, "read from ssh");
    if (absl::Status ready = Await(POLLIN); !ready.ok()) return ready;
  }
}

absl::Status SshConnection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (absl::Status stopped = wait_.Check(); !stopped.ok()) return stopped;
    const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (absl::Status ready = Await(POLLOUT); !ready.ok()) return ready;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      if (absl::Status ending = Ending(); !ending.ok()) return ending;
      return absl::UnavailableError("ssh ended the connection");
    } else if (errno != EINTR) {
      return SocketError(errno, "write to ssh");
    }
  }
  return absl::OkStatus();
}

absl::Status SshConnection::Ending() {
  const absl::Duration deadline = wait_.DeadlineIn(kLastWords);
  while (true) {
    pollfd over = {.fd = ssh_->over_fd(), .events = POLLIN, .revents = 0};
    pollfd errors = {.fd = errors_.get(), .events = POLLIN, .revents = 0};
    const absl::Status ready = wait_.ForEither(over, errors, deadline);
    if (absl::IsDeadlineExceeded(ready)) return absl::UnavailableError("ssh closed the connection");
    if (!ready.ok()) return ready;
    // All that it said is taken before its end is looked at. Not until the descriptor's end: a master that
    // it left behind (ControlPersist) keeps that open.
    if (errors.revents != 0) {
      TakeWords();
    } else {
      break;
    }
  }
  const std::optional<int> status = ssh_->Reap();
  if (status == 0) return absl::OkStatus();
  const std::string said =
      absl::StrReplaceAll(absl::StripAsciiWhitespace(words_), {{"\r", ""}, {"\n", "; "}});
  const std::string text =
      absl::StrCat(HowItEnded(status), said.empty() ? "" : ": ", absl::Utf8SafeCHexEscape(said));
  if (status.has_value() && WIFEXITED(*status) && WEXITSTATUS(*status) == kCommandNotFound) {
    return absl::FailedPreconditionError(
        absl::StrCat(text, " (the far machine needs the docker command, 18.09 or newer, on its PATH)"));
  }
  return absl::UnavailableError(text);
}

}  // namespace

absl::StatusOr<std::unique_ptr<EngineConnection>> StartSsh(const DockerEndpoint& endpoint,
                                                           StoppableWait& wait, absl::Duration deadline) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    return SocketError(errno, "socketpair");
  OwnedFd ours(sockets[0]);
  const OwnedFd its = AboveStandard(OwnedFd(sockets[1]));
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return SocketError(errno, "pipe");
  OwnedFd errors(pipe[0]);
  const OwnedFd its_errors = AboveStandard(OwnedFd(pipe[1]));
  if (its.get() < 0 || its_errors.get() < 0) return SocketError(EMFILE, "descriptor");
  // Of our ends alone: ssh may expect to be kept waiting.
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(errors.get(), F_SETFL, O_NONBLOCK);
  auto ssh = ChildProcess::Start(SshCommand(endpoint), its.get(), its_errors.get());
  if (!ssh.ok()) return ssh.status();
  return std::make_unique<SshConnection>(std::move(ours), std::move(errors), *std::move(ssh), wait, deadline);
}

}  // namespace lookout::docker_internal
