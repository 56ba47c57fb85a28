// A Source of the application's own, for files that inotify says nothing of (/proc, /sys, network mounts):
// looks once a second and tells `written` when the contents differ.
#ifndef EXAMPLES_JOURNAL_POLLING_SOURCE_H_
#define EXAMPLES_JOURNAL_POLLING_SOURCE_H_

#include <stop_token>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/events/source.h"
#include "lookout/events/wait.h"

namespace journal {

class PollingSource final : public lookout::Source {
 public:
  // `read` gives the contents of `path`. `clock` must outlive the source.
  PollingSource(std::string path, absl::AnyInvocable<std::string()> read, absl::Clock& clock)
      : path_(std::move(path)), read_(std::move(read)), clock_(clock), last_(read_()) {}

  absl::string_view name() const override { return path_; }

  absl::Status Run(std::stop_token stop, lookout::Receiver& receiver) override {
    receiver.OnReady();
    while (lookout::SleepUnlessStopped(clock_, stop, absl::Seconds(1))) {
      if (std::string now = read_(); now == std::exchange(last_, now)) continue;
      if (!receiver.OnEvent({.type = lookout::EventType::kFile,
                             .actor_name = path_,
                             .action = lookout::Action::kFileWritten,
                             .time = clock_.TimeNow()})) {
        break;
      }
    }
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  absl::AnyInvocable<std::string()> read_;
  absl::Clock& clock_;
  std::string last_;  // kept from one Run() to the next, so nothing in between is missed
};

}  // namespace journal

#endif  // EXAMPLES_JOURNAL_POLLING_SOURCE_H_
