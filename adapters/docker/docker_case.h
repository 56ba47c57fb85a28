// What the Docker source's case tests have in common: a whole engine in the test's own process, a source on
// it, and the hands of a test.
//
//   class DockerCasesResumeTest : public DockerCase {};
//   TEST_F(DockerCasesResumeTest, …) {
//     Start();
//     engine().Run("web");
//     Cut([&] { engine().Die("web"); });
//     EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "die web"));
//   }
//
// No test waits for time: the clock stands still but where a test moves it.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_CASE_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_CASE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_container_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout {

// "start web"; "start web*" if it was synthesized; "ForceReload".
std::string Words(const Event& event);
std::vector<std::string> Words(const std::vector<Event>& events);

// Passes on what it is told, and can keep a source waiting in OnEvent().
class GateReceiver final : public Receiver {
 public:
  // `to` must outlive it.
  explicit GateReceiver(Receiver& to) : to_(to) {}

  // From the next event on, until Open().
  void Shut();
  // Blocks until a source waits at it.
  void AwaitWaiting();
  void Open();

  void OnReady() override { to_.OnReady(); }
  bool OnEvent(Event event) override;
  void OnError(absl::Status error) override { to_.OnError(std::move(error)); }

 private:
  Receiver& to_;
  absl::Mutex mu_;
  bool shut_ ABSL_GUARDED_BY(mu_) = false;
  bool waiting_ ABSL_GUARDED_BY(mu_) = false;
};

class DockerCase : public ::testing::Test {
 protected:
  explicit DockerCase(FakeEngineOptions options = {}) { UseEngine(std::move(options)); }
  ~DockerCase() override;

  // Before Start().
  void UseEngine(FakeEngineOptions options);
  FakeContainerEngine& engine() { return *engine_; }

  // Runs a source on the engine, or on `options.host` if that is not the default, in a thread. Start() waits
  // until it is ready and listens. Restarting: in a RestartingSource, so that it comes back after failures.
  void Begin(DockerSourceOptions options = {});
  void Start(DockerSourceOptions options = {});
  void BeginRestarting(DockerSourceOptions options = {});
  void StartRestarting(DockerSourceOptions options = {});
  DockerSourceCounters counters() const { return docker_->counters(); }
  Source& source() { return *source_; }
  SourceRun& run() { return *run_; }

  // Blocks until all that happened by now was told, and the source waits for more, by making one container
  // more, which is not in Told(). Not where filters keep it from the source.
  void Settle();
  // Breaks the stream of a source that has been live for a second, so that it comes back at once; blocks
  // until it did. `gap` happens before it listens again.
  void Cut(std::function<void()> gap = nullptr);
  // Breaks the stream of a restarting source at once, which is a failure, lets `gap` happen, and has it come
  // back.
  void Fail(const std::function<void()>& gap = nullptr);
  // Moves the clock so that a restarting source that waits tries again.
  void Retry();

  // What was told, in Words(), but for Settle()'s. AwaitTold() blocks until there is so much.
  std::vector<std::string> Told() const;
  std::vector<std::string> AwaitTold(std::size_t count);
  // Why something was lost; of the last loss told.
  std::string Reason() const;
  static int Count(const std::vector<std::string>& told, const std::string& word);

  FakeClock clock_;
  std::unique_ptr<FakeContainerEngine> engine_;
  RecordingReceiver receiver_;
  GateReceiver gate_{receiver_};

 private:
  void BeginWith(DockerSourceOptions options, bool restarting);

  int settled_ = 0;
  std::unique_ptr<Source> source_;
  DockerSource* docker_ = nullptr;
  std::optional<SourceRun> run_;  // last: it uses the others
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_CASE_H_
