#include "lookout/tools/lookout/lookout_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <regex>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace lookout {
namespace {

// Below the working directory of a test, as Bazel lays it out.
std::string Binary() {
  char* path = realpath("tools/lookout/lookout", nullptr);
  PCHECK(path != nullptr) << "tools/lookout/lookout is not among the test's data";
  std::string binary = path;
  free(path);
  return binary;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::vector<std::string>& more) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const absl::string_view variable = *entry;
    if (absl::StartsWith(variable, "DOCKER_HOST=")) continue;
    if (absl::StartsWith(variable, "BUILD_WORKING_DIRECTORY=")) continue;
    environment.emplace_back(variable);
  }
  environment.insert(environment.end(), more.begin(), more.end());
  return environment;
}

std::string WithoutTimes(const std::string& text) {
  static const std::regex kMilliseconds(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  static const std::regex kNanoseconds(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)");
  return std::regex_replace(std::regex_replace(text, kMilliseconds, "<ms>"), kNanoseconds, "<ns>");
}

// False at the end.
bool ReadByte(int fd, char& c) {
  ssize_t got = 0;
  do {
    got = read(fd, &c, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1;
}

std::string ReadLineOf(int fd) {
  std::string line;
  for (char c = 0; ReadByte(fd, c) && c != '\n';) line += c;
  return line;
}

std::string ReadAllOf(int fd) {
  std::string all;
  for (char c = 0; ReadByte(fd, c);) all += c;
  return all;
}

void Fill(int fd) {
  PCHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
  const std::string page(4096, '-');
  while (write(fd, page.data(), page.size()) > 0) {
  }
  while (write(fd, page.data(), 1) > 0) {
  }
  PCHECK(fcntl(fd, F_SETFL, 0) == 0);
}

}  // namespace

LookoutProcess::LookoutProcess(std::vector<std::string> args, LookoutProcessOptions options) {
  const std::string binary = Binary();
  args.insert(args.begin(), "lookout");
  std::vector<std::string> environment = Environment(options.environment);

  int out[2];
  int err[2];
  PCHECK(pipe2(out, O_CLOEXEC) == 0);
  PCHECK(pipe2(err, O_CLOEXEC) == 0);
  if (options.fill_stdout) Fill(out[1]);

  posix_spawn_file_actions_t actions;
  CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
  CHECK_EQ(posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str()), 0);
  if (options.close_stdout) {
    CHECK_EQ(posix_spawn_file_actions_addclose(&actions, STDOUT_FILENO), 0);
  } else {
    CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO), 0);
  }
  CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO), 0);
  const int failed = posix_spawn(&pid_, binary.c_str(), &actions, nullptr, Pointers(args).data(),
                                 Pointers(environment).data());
  CHECK_EQ(failed, 0) << "cannot start " << binary;
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

LookoutProcess::~LookoutProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    Wait();
  }
  CloseStdout();
  close(err_);
}

std::string LookoutProcess::ReadLine() { return WithoutTimes(ReadLineOf(out_)); }

std::vector<std::string> LookoutProcess::ReadLines(int n) {
  std::vector<std::string> lines;
  for (int i = 0; i < n; ++i) lines.push_back(ReadLine());
  return lines;
}

std::string LookoutProcess::ReadErrorLine() { return ReadLineOf(err_); }

std::string LookoutProcess::AwaitStats(absl::string_view what) {
  const std::string wanted = absl::StrCat(" ", what, " ");
  while (true) {
    Signal(SIGUSR1);
    std::string line = ReadErrorLine();
    while (!line.empty() && !absl::StartsWith(line, "lookout: stats ")) line = ReadErrorLine();
    if (line.empty() || absl::StrContains(absl::StrCat(line, " "), wanted)) return line;
  }
}

std::string LookoutProcess::ReadAll() { return WithoutTimes(ReadAllOf(out_)); }
std::string LookoutProcess::ReadAllErrors() { return ReadAllOf(err_); }

void LookoutProcess::CloseStdout() {
  if (out_ >= 0) close(std::exchange(out_, -1));
}

LookoutProcess& LookoutProcess::Signal(int signal) {
  PCHECK(kill(pid_, signal) == 0);
  return *this;
}

int LookoutProcess::Wait() {
  int status = 0;
  pid_t ended = 0;
  do {
    ended = waitpid(pid_, &status, 0);
  } while (ended < 0 && errno == EINTR);
  PCHECK(ended == pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace lookout
