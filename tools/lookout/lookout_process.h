// The real command as a child process, for lookout_test.
//
//   LookoutProcess lookout({"-r", "conf"}, {.directory = dir.path()});
//   EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
//   …
//   EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
//
// Reads block until there is something, or the child has closed its end. Used by one thread.
#ifndef LOOKOUT_TOOLS_LOOKOUT_LOOKOUT_PROCESS_H_
#define LOOKOUT_TOOLS_LOOKOUT_LOOKOUT_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace lookout {

struct LookoutProcessOptions {
  // Where it is started.
  std::string directory;
  // "NAME=value", besides the test's own environment without DOCKER_HOST and BUILD_WORKING_DIRECTORY.
  std::vector<std::string> environment = {};
  // Its standard output: closed from the start, or a pipe that is full already.
  bool close_stdout = false;
  bool fill_stdout = false;
};

class LookoutProcess {
 public:
  LookoutProcess(std::vector<std::string> args, LookoutProcessOptions options);
  // Kills it, if it was not waited for.
  ~LookoutProcess();
  LookoutProcess(const LookoutProcess&) = delete;
  LookoutProcess& operator=(const LookoutProcess&) = delete;

  // A line without its break, with each time as <ms> or <ns> by its digits; "" at the end.
  std::string ReadLine();
  std::vector<std::string> ReadLines(int n);
  std::string ReadErrorLine();
  // Asks for the statistics, by SIGUSR1, until they hold "<what> ", and returns that line. So it is known
  // that so many events have come as far as the queue, though none is printed: AwaitStats("events=3"). With
  // one source of files, which is ready; what else it says on standard error meanwhile is passed over.
  std::string AwaitStats(absl::string_view what);
  // Until its end: what is left.
  std::string ReadAll();
  std::string ReadAllErrors();

  void CloseStdout();
  LookoutProcess& Signal(int signal);
  // Its exit code, or minus the signal that killed it.
  int Wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_LOOKOUT_PROCESS_H_
