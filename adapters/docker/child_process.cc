#include "lookout/adapters/docker/child_process.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lookout::docker_internal {
namespace {

// How long a process may take to end by itself once it is asked to.
constexpr int kGraceMilliseconds = 100;

// glibc names these later than the kernel has them (5.1, 5.3).
int OpenPidFd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

absl::Status StartError(int error, const std::string& program) {
  if (error == ENOENT) {
    return absl::FailedPreconditionError(absl::StrCat(
        "there is no program \"", program, "\" on PATH: install it (OpenSSH's client for ssh://)"));
  }
  const std::string text = absl::StrCat("cannot start ", program, ": ", std::strerror(error));
  return error == EACCES ? absl::FailedPreconditionError(text) : absl::ResourceExhaustedError(text);
}

void SetFiles(posix_spawn_file_actions_t& files, int input_output, int error_output) {
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, input_output, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, input_output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, error_output, STDERR_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
  // All of lookout's descriptors close by themselves; those of the program around it may not.
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
#endif
}

// Signals as a new program expects them, whatever this process ignores or blocks.
void SetSignals(posix_spawnattr_t& attributes) {
  ::posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const std::vector<std::string>& words,
                                                                  int input_output, int error_output) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SetFiles(files, input_output, error_output);
  SetSignals(attributes);
  const absl::Cleanup free = [&] {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  };
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
  if (error != 0) return StartError(error, words[0]);
  const int pid_fd = OpenPidFd(pid);
  if (pid_fd < 0) {
    const int why = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return absl::ResourceExhaustedError(absl::StrCat("cannot watch over ", words[0], ": ", std::strerror(why),
                                                     " (Linux 5.3 or newer is needed)"));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, pid_fd));
}

ChildProcess::~ChildProcess() {
  if (pid_ >= 0 && !IsOverWithin(0)) {
    ::kill(pid_, SIGTERM);
    if (!IsOverWithin(kGraceMilliseconds)) ::kill(pid_, SIGKILL);
  }
  Reap();
  ::close(pid_fd_);
}

bool ChildProcess::IsOverWithin(int milliseconds) const {
  // In the kernel's time: how long a process takes to die is nothing that the injected clock knows.
  pollfd over = {.fd = pid_fd_, .events = POLLIN, .revents = 0};
  return ::poll(&over, 1, milliseconds) > 0;
}

std::optional<int> ChildProcess::Reap() {
  if (pid_ < 0) return status_;
  int status = 0;
  pid_t reaped;
  do {
    reaped = ::waitpid(pid_, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == pid_) status_ = status;
  pid_ = -1;
  return status_;
}

}  // namespace lookout::docker_internal
