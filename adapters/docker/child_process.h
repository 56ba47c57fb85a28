// A process of this one's making: started without anything that it need not have, ended and reaped for sure.
#ifndef LOOKOUT_ADAPTERS_DOCKER_CHILD_PROCESS_H_
#define LOOKOUT_ADAPTERS_DOCKER_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lookout::docker_internal {

// Used by one thread at a time.
class ChildProcess {
 public:
  // Runs words[0], looked for on PATH, with `input_output` as its standard input and output, `error_output`
  // as its standard error, this process's environment, and no other descriptor; in a session of its own, so
  // that it neither asks at this process's terminal nor hears its keyboard's signals. Both descriptors stay
  // the caller's. FailedPrecondition if there is no such program.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& words,
                                                             int input_output, int error_output);

  // Ends it, if it is not over, with SIGTERM and, 100 ms later, SIGKILL; reaps it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Readable (poll(2)) once it is over.
  int over_fd() const { return pid_fd_; }

  // How it ended: waitpid(2)'s status; nothing if somebody else in this process reaped it. To be called once
  // it is over, else it blocks until then.
  std::optional<int> Reap();

 private:
  ChildProcess(pid_t pid, int pid_fd) : pid_(pid), pid_fd_(pid_fd) {}

  bool IsOverWithin(int milliseconds) const;

  pid_t pid_;  // -1 once reaped
  const int pid_fd_;
  std::optional<int> status_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_CHILD_PROCESS_H_
