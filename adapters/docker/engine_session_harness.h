// What the tests of EngineSession against an engine that they script share.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_SESSION_HARNESS_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_SESSION_HARNESS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/continuity.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/engine_api.h"
#include "lookout/adapters/docker/engine_counters.h"
#include "lookout/adapters/docker/engine_session.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/events/wait.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"

namespace lookout::docker_internal {

inline std::string Line(absl::string_view action, absl::string_view name, std::int64_t nano = 7) {
  return absl::StrCat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":"id-)", name,
                      R"(","Attributes":{"name":")", name, R"("}},"timeNano":)", nano, "}\n");
}

// What is scripted is taken in turn ("pause" is two seconds of silence, "slow" a blank line after nine);
// where the script is at its end, the stream is quiet, the engine remembers `remembered`, and it lists
// `listed`. Each wait takes its time. Silent for long enough, it is over.
class ScriptedEngine final : public EngineApi {
 public:
  explicit ScriptedEngine(FakeClock& clock) : clock_(clock) {}

  absl::Status Connect() override { return absl::OkStatus(); }
  DockerDialect dialect() const override { return spoken; }
  absl::Time engine_time() const override { return now; }
  absl::Status Subscribe(absl::Time since) override {
    subscribed_since = since;
    heard_ = TimePassed(clock_);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Next(absl::Duration timeout, std::string /*spare*/) override {
    if (!stream.empty()) {
      std::string bytes = std::move(stream.front());
      stream.pop_front();
      if (bytes == "cut") return absl::UnavailableError("cut");
      if (bytes == "slow") {
        clock_.Advance(absl::Seconds(9));
        bytes = "\n";
      }
      if (bytes == "pause") {
        clock_.Advance(absl::Seconds(2));
        return "";
      }
      heard_ = TimePassed(clock_);
      return bytes;
    }
    if (timeout == absl::InfiniteDuration() || TimePassed(clock_) - heard_ > absl::Hours(1)) {
      return absl::CancelledError("over");
    }
    clock_.Advance(timeout);
    return "";
  }
  absl::Duration quiet_for() const override { return TimePassed(clock_) - heard_; }
  absl::StatusOr<std::string> Replay(absl::Time) override { return remembered; }
  absl::StatusOr<ContainerList> List() override {
    ++lists;
    if (on_list) on_list();
    if (!refusal.ok()) return refusal;
    return listed;
  }
  absl::Status Ping(absl::Duration timeout) override {
    asked_after = quiet_for();
    if (!ping.ok() && !absl::IsUnavailable(ping)) clock_.Advance(timeout);
    return ping;
  }

  absl::Time now = absl::FromUnixSeconds(1000);
  DockerDialect spoken = DockerDialect::kDocker;
  std::deque<std::string> stream;
  std::string remembered;
  ContainerList listed;
  absl::Status refusal;
  absl::Status ping;
  absl::Time subscribed_since;
  absl::Duration asked_after;
  int lists = 0;
  std::function<void()> on_list;

 private:
  FakeClock& clock_;
  absl::Duration heard_;
};

// Passes on what it is told, once a test has let happen what happens meanwhile.
class BusyReceiver final : public Receiver {
 public:
  // `to` must outlive it.
  explicit BusyReceiver(Receiver& to) : to_(to) {}

  void OnReady() override { to_.OnReady(); }
  bool OnEvent(Event event) override { return to_.OnEvent(std::move(event)); }
  bool OnEvents(absl::Span<Event> events) override {
    if (meanwhile) meanwhile();
    return to_.OnEvents(events);
  }
  void OnError(absl::Status error) override { to_.OnError(std::move(error)); }

  std::function<void()> meanwhile;

 private:
  Receiver& to_;
};

class EngineSessionHarness : public ::testing::Test {
 protected:
  absl::Status Run() {
    if (!continuity_.has_value()) continuity_.emplace(continuity_options_, counters_);
    EngineSession session(options_, *continuity_, engine_, clock_, busy_, counters_, ready_);
    const absl::Status end = session.Run();
    ready_ = session.ready();
    lived_ = session.lived();
    return end;
  }
  // From here on, after a first session that saw `line`.
  void RunOnce(const std::string& line) {
    engine_.stream = {line, "cut"};
    EXPECT_TRUE(absl::IsUnavailable(Run()));
    receiver_.Clear();
  }
  static ListedContainer Container(absl::string_view name, Phase phase) {
    return {.id = absl::StrCat("id-", name), .name = std::string(name), .image = "i", .phase = phase};
  }
  std::string Reason() { return std::string(receiver_.events().back().attributes.Get(kReason)); }

  FakeClock clock_;
  RecordingReceiver receiver_;
  BusyReceiver busy_{receiver_};
  EngineCounters counters_;
  ScriptedEngine engine_{clock_};
  SessionOptions options_ = {
      .name = "docker test", .host = "unix:///test", .liveness = absl::InfiniteDuration()};
  ContinuityOptions continuity_options_;
  std::optional<Continuity> continuity_;
  bool ready_ = false;
  absl::Duration lived_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_SESSION_HARNESS_H_
