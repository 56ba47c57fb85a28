// lookout: see help.cc for what it does. Here: the process around it, its working directory, its signals and
// the real clock.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/types/span.h"
#include "lookout/events/source.h"
#include "lookout/tools/lookout/catalogue.h"
#include "lookout/tools/lookout/diagnostics.h"
#include "lookout/tools/lookout/event_format.h"
#include "lookout/tools/lookout/help.h"
#include "lookout/tools/lookout/options.h"
#include "lookout/tools/lookout/progress_line.h"
#include "lookout/tools/lookout/run.h"
#include "lookout/tools/lookout/write_all.h"

namespace lookout {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A standard descriptor that the caller closed would be taken by the next open(2), and be printed into. This
// one can be read only, so that writing to it fails, as it should.
void HoldStandardDescriptors() {
  while (true) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (fd > STDERR_FILENO) {
      close(fd);
      return;
    }
  }
}

// Relative paths count from where the user typed, also under `bazel run`, which says where that was.
absl::Status EnterUsersDirectory() {
  const std::string directory = Environment("BUILD_WORKING_DIRECTORY");
  if (directory.empty() || chdir(directory.c_str()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("BUILD_WORKING_DIRECTORY=", directory));
}

// Turns the first SIGINT or SIGTERM into a stop; the second ends the process at once, for a reader of the
// output that has fallen asleep. SIGUSR1 asks how it stands. Made before any other thread, which then has the
// signals blocked as well.
class Signals {
 public:
  explicit Signals(absl::AnyInvocable<void()> on_usr1) : on_usr1_(std::move(on_usr1)) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::jthread([this](std::stop_token end) { Listen(std::move(end)); });
  }
  ~Signals() {
    thread_.request_stop();
    pthread_kill(thread_.native_handle(), SIGTERM);  // wakes the thread, and goes no further
    thread_.join();
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  void Listen(std::stop_token end) {
    int signal = 0;
    while (sigwait(&signals_, &signal) == 0 && !end.stop_requested()) {
      if (signal == SIGUSR1) {
        on_usr1_();
      } else if (!stop_.request_stop()) {
        _exit(128 + signal);
      }
    }
  }

  absl::AnyInvocable<void()> on_usr1_;
  sigset_t signals_;
  std::stop_source stop_;
  std::jthread thread_;
};

ExitCode Print(absl::string_view text, Diagnostics& diagnostics) {
  const absl::Status written = WriteAll(STDOUT_FILENO, text, "stdout");
  if (written.ok()) return kExitOk;
  diagnostics.Say(written.message());
  return kExitCannotWork;
}

void SayStats(const Catalogue& catalogue, Diagnostics& diagnostics) {
  for (const auto& stats : catalogue.stats) diagnostics.Say(stats());
}

ExitCode Watch(const Options& options, Diagnostics& diagnostics) {
  absl::Clock& clock = absl::Clock::GetRealClock();
  ProgressLine progress(clock, diagnostics);
  absl::StatusOr<Catalogue> catalogue =
      MakeSources(options, clock, diagnostics, isatty(STDERR_FILENO) == 1 ? &progress : nullptr);
  if (!catalogue.ok()) {
    diagnostics.Say(catalogue.status().message());
    return kExitUsage;
  }
  std::vector<std::unique_ptr<Source>> sources = std::move(catalogue->sources);
  const Signals signals([&] { SayStats(*catalogue, diagnostics); });
  const RunOutput output = {.fd = STDOUT_FILENO,
                            .color = WantsColor(options.color, isatty(STDOUT_FILENO) == 1,
                                                Environment("NO_COLOR"), Environment("TERM"))};
  const ExitCode end = RunLookout(options, std::move(sources), clock, output, diagnostics, signals.token());
  if (options.stats) SayStats(*catalogue, diagnostics);
  return end;
}

ExitCode Main(absl::Span<const absl::string_view> args) {
  HoldStandardDescriptors();
  signal(SIGPIPE, SIG_IGN);
  Diagnostics diagnostics(STDERR_FILENO);

  const absl::StatusOr<Options> options = ParseOptions(args);
  if (!options.ok()) {
    diagnostics.Say(options.status().message());
    return kExitUsage;
  }
  if (options->request == Request::kHelp) return Print(HelpText(), diagnostics);
  if (options->request == Request::kVersion)
    return Print(absl::StrCat("lookout ", kLookoutVersion, "\n"), diagnostics);
  if (absl::Status entered = EnterUsersDirectory(); !entered.ok()) {
    diagnostics.Say(entered.message());
    return kExitCannotWork;
  }
  return Watch(*options, diagnostics);
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  return lookout::Main(std::vector<absl::string_view>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
