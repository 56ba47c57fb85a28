#include "lookout/adapters/docker/transport_testing.h"

#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

namespace lookout::docker_internal {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kBoundMilliseconds = 1000;
#else
constexpr int kBoundMilliseconds = 250;
#endif

std::size_t CountIn(const char* directory) {
  DIR* const open = ::opendir(directory);
  CHECK(open != nullptr) << directory;
  std::size_t count = 0;
  while (const dirent* entry = ::readdir(open)) count += entry->d_name[0] == '.' ? 0 : 1;
  ::closedir(open);
  return count;
}

}  // namespace

absl::Status StoppedWhileWaiting(FakeClock& clock, std::function<absl::Status(StoppableWait&)> operation) {
  std::stop_source stop;
  absl::Status result = absl::UnknownError("not run");
  const int done = ::eventfd(0, EFD_CLOEXEC);
  std::thread thread([&] {
    {
      StoppableWait wait(clock, stop.get_token());
      result = operation(wait);
    }
    ::eventfd_write(done, 1);
  });
  clock.AwaitWaiters(1);
  stop.request_stop();
  pollfd over = {.fd = done, .events = POLLIN, .revents = 0};
  const bool in_time = ::poll(&over, 1, kBoundMilliseconds) == 1;
  thread.join();
  ::close(done);
  return in_time ? result : absl::InternalError("it took too long to stop");
}

absl::StatusOr<std::string> ReadBytes(EngineConnection& connection, std::size_t size) {
  std::string bytes;
  char buffer[4096];
  while (bytes.size() < size) {
    const absl::StatusOr<std::size_t> n = connection.Read(absl::MakeSpan(buffer));
    if (!n.ok()) return n.status();
    if (*n == 0) break;
    bytes.append(buffer, *n);
  }
  return bytes;
}

SilentPeer::SilentPeer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof(address);
  CHECK_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
  CHECK_EQ(::listen(fd_, 0), 0);
  CHECK_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
}

SilentPeer::SilentPeer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  CHECK_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  CHECK_EQ(::listen(fd_, 0), 0);
}

SilentPeer::~SilentPeer() {
  for (std::size_t i = 0; i < queued_count_; ++i) ::close(queued_[i]);
  ::close(fd_);
}

void SilentPeer::FillQueue() {
  sockaddr_storage address;
  socklen_t size = sizeof(address);
  CHECK_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  for (int& fd : queued_) {
    fd = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ++queued_count_;
    [[maybe_unused]] const int result = ::connect(fd, reinterpret_cast<sockaddr*>(&address), size);
  }
}

RawPeer::RawPeer(absl::string_view answer)
    : thread_([this, answer = std::string(answer)] {
        const int fd = ::accept4(peer_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        char buffer[4096];
        while (true) {
          const ssize_t n = ::recv(fd, buffer, sizeof(buffer), 0);
          if (n <= 0) break;
          if (received_.empty()) {
            ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
            if (answer.empty()) ::shutdown(fd, SHUT_WR);
          }
          received_.append(buffer, static_cast<std::size_t>(n));
        }
        ::close(fd);
      }) {}

RawPeer::~RawPeer() {
  ::shutdown(peer_.fd(), SHUT_RDWR);  // nobody may have connected
  if (thread_.joinable()) thread_.join();
}

std::string RawPeer::Received() {
  thread_.join();
  return received_;
}

FakeSsh::FakeSsh(absl::string_view script)
    : path_before_(std::getenv("PATH") == nullptr ? "" : std::getenv("PATH")) {
  dir_.WriteFile("ssh", absl::StrCat("#!/bin/sh\n", script));
  dir_.Chmod("ssh", 0755);
  ::setenv("PATH", absl::StrCat(dir_.path(), ":", path_before_).c_str(), 1);
}

FakeSsh::~FakeSsh() { ::setenv("PATH", path_before_.c_str(), 1); }

std::size_t OpenDescriptors() { return CountIn("/proc/self/fd"); }

std::size_t ThreadsOnceSettled(std::size_t expected) {
  std::size_t count = 0;
  for (int i = 0; i < 100000; ++i) {
    count = CountIn("/proc/self/task");
    if (count <= expected) break;
    std::this_thread::yield();
  }
  return count;
}

bool HasChildren() { return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }

}  // namespace lookout::docker_internal
