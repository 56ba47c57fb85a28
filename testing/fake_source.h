// A Source that plays a script, for tests of whatever listens to one.
//
//   FakeSource source("fake");
//   source.Emit(ContainerEvent(Action::kContainerStart, "nginx"));
//   source.Fail(absl::UnavailableError("gone"));     // ends this Run()
//   source.Emit(ContainerEvent(Action::kContainerStop, "nginx"));  // played by the next one
//
// A Run() plays on from where the last one ended. When nothing is left it idles until it is stopped, or until
// the test adds to the script. It knows no time.
//
// Thread-safe.
#ifndef LOOKOUT_TESTING_FAKE_SOURCE_H_
#define LOOKOUT_TESTING_FAKE_SOURCE_H_

#include <deque>
#include <stop_token>
#include <string>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"

namespace lookout {

class FakeSource final : public Source {
 public:
  explicit FakeSource(std::string name = "fake");
  ~FakeSource() override;

  // Steps of the script, played in order.
  //
  // Receiver::OnEvent.
  void Emit(Event event);
  // Receiver::OnError; the run goes on.
  void Report(absl::Status error);
  // Run() returns `result`, after OnReady() like every run that began to play.
  void Fail(absl::Status result);
  // The run that begins with this step returns `result` without ever being ready. Anywhere else: as Fail().
  void FailBeforeReady(absl::Status result);

  // Block until Run() has been called `n` times, until a run is past its OnReady() and has nothing left to
  // play, and until no run is under way.
  void AwaitRuns(int n);
  void AwaitIdle();
  void AwaitEnd();
  int runs() const;

  // Source.
  absl::string_view name() const override { return name_; }
  absl::Status Run(std::stop_token stop, Receiver& receiver) override;

 private:
  struct End {
    absl::Status result;
    bool before_ready;
  };
  // A status by itself is an error to report.
  using Step = std::variant<Event, absl::Status, End>;

  void Add(Step step);
  bool FailsBeforeReady() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  // The next step, or the end of the run when it was stopped.
  Step AwaitStep();
  // Plays until the script or the receiver ends the run.
  absl::Status Play(Receiver& receiver);
  absl::Status PlayAsNextRun(Receiver& receiver);

  const std::string name_;
  mutable absl::Mutex mu_;
  std::deque<Step> script_ ABSL_GUARDED_BY(mu_);
  int runs_ ABSL_GUARDED_BY(mu_) = 0;
  bool running_ ABSL_GUARDED_BY(mu_) = false;
  bool idle_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;  // the run under way
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_FAKE_SOURCE_H_
