// A session with an engine that the test scripts; what engines do at random is in
// engine_session_model_test.cc.
#include "lookout/adapters/docker/engine_session.h"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/continuity.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/engine_api.h"
#include "lookout/adapters/docker/engine_counters.h"
#include "lookout/events/event.h"
#include "lookout/events/wait.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"

namespace lookout::docker_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Line(absl::string_view action, absl::string_view name, int nano = 7) {
  return absl::StrCat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":"id-)", name,
                      R"(","Attributes":{"name":")", name, R"("}},"timeNano":)", nano, "}\n");
}

// What is scripted is taken in turn; where the script is at its end, the stream is quiet, the engine
// remembers `remembered`, and it lists `listed`. Each wait takes its time. Silent for long enough, it is
// over.
class ScriptedEngine final : public EngineApi {
 public:
  explicit ScriptedEngine(FakeClock& clock) : clock_(clock) {}

  absl::Status Connect() override { return absl::OkStatus(); }
  DockerDialect dialect() const override { return spoken; }
  absl::Time engine_time() const override { return absl::FromUnixSeconds(1000); }
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
    if (!ping.ok()) clock_.Advance(timeout);
    return ping;
  }

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

class EngineSessionTest : public ::testing::Test {
 protected:
  absl::Status Run() {
    if (!continuity_.has_value()) continuity_.emplace(continuity_options_, counters_);
    EngineSession session(options_, *continuity_, engine_, clock_, receiver_, counters_, ready_);
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
  EngineCounters counters_;
  ScriptedEngine engine_{clock_};
  SessionOptions options_ = {
      .name = "docker test", .host = "unix:///test", .liveness = absl::InfiniteDuration()};
  ContinuityOptions continuity_options_;
  std::optional<Continuity> continuity_;
  bool ready_ = false;
  absl::Duration lived_;
};

TEST_F(EngineSessionTest, WhatHappenedBeforeItWasReadyIsNotTold) {
  engine_.remembered = Line("create", "old");
  engine_.stream = {Line("create", "old"), Line("start", "new", 8)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(receiver_.ready_count(), 1);
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerStart, "new")));
  EXPECT_EQ(engine_.subscribed_since, absl::UnixEpoch());
}

TEST_F(EngineSessionTest, WhatFollowsTheMarkInTheSamePieceIsTold) {
  engine_.remembered = Line("create", "old");
  engine_.stream = {Line("create", "old") + Line("start", "new", 8)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerStart, "new")));
}

TEST_F(EngineSessionTest, WhatRunsIsToldOnDemandAndNotTwice) {
  options_.initial = true;
  engine_.listed.containers = {Container("web", Phase::kRunning), Container("done", Phase::kExited)};
  engine_.stream = {Line("start", "web")};  // noted before it was listed, logged after
  EXPECT_TRUE(absl::IsCancelled(Run()));
  ASSERT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerStart, "web")));
  EXPECT_EQ(receiver_.events()[0].attributes.Get(kSynthesized), "true");
  EXPECT_EQ(counters_.duplicates, 1u);
}

TEST_F(EngineSessionTest, AReplayThatBeginsWithWhatWasSeenIsContinued) {
  RunOnce(Line("start", "web"));
  engine_.remembered = Line("start", "web") + Line("die", "web", 6);  // a time that steps back
  engine_.stream = {Line("start", "web") + Line("die", "web", 6), Line("destroy", "web", 5)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsEvent(Action::kContainerDestroy, "web")));
  EXPECT_EQ(engine_.lists, 1) << "that of the beginning";
  EXPECT_EQ(receiver_.ready_count(), 1);
}

TEST_F(EngineSessionTest, AReplayWithoutWhatWasSeenIsMendedAndSaidOnce) {
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  RunOnce(Line("kill", "web"));
  engine_.listed.containers = {Container("web", Phase::kExited), Container("new", Phase::kRunning)};
  engine_.remembered = Line("start", "new", 9);
  engine_.stream = {Line("start", "new", 9)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerCreate, "new"), IsEvent(Action::kContainerStart, "new"),
                          IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")));
  EXPECT_THAT(Reason(), HasSubstr("does not remember"));
  EXPECT_EQ(counters_.losses, 1u);

  // Which is over with that.
  receiver_.Clear();
  engine_.stream = {Line("start", "new", 9)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

TEST_F(EngineSessionTest, AnEngineThatForgotAllIsMendedAndFollowedFromThereOn) {
  RunOnce(Line("start", "web"));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsEvent(Action::kContainerDestroy, "web"),
                          IsForceReload("unix:///test")));
  receiver_.Clear();
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(), IsEmpty()) << "nothing is known to be lost again";
}

// There may be nothing to remember, or nothing that was seen, and containers all the same.
TEST_F(EngineSessionTest, WhereNothingWasSeenTheListShowsWhatWasMissed) {
  engine_.listed.containers = {Container("web", Phase::kRunning), Container("db", Phase::kRunning)};
  engine_.stream = {"cut"};
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(), IsEmpty()) << "all are as they were";

  engine_.listed.containers = {Container("web", Phase::kExited), Container("db", Phase::kRunning)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")));
}

// A list that is refused does not show whether one that is not known is new.
TEST_F(EngineSessionTest, NothingIsMadeUpWhereListsAreRefused) {
  engine_.refusal = absl::PermissionDeniedError("no lists here");
  RunOnce(Line("start", "web"));
  engine_.remembered = Line("die", "old");
  engine_.stream = {Line("die", "old")};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "old"), IsForceReload("unix:///test")));
}

TEST_F(EngineSessionTest, ALossThatCouldNotBeMendedIsSaidByTheNextSession) {
  RunOnce(Line("start", "web"));
  engine_.refusal = absl::UnavailableError("away");
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_THAT(receiver_.events(), IsEmpty());
  engine_.refusal = absl::OkStatus();
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsEvent(Action::kContainerDestroy, "web"),
                          IsForceReload("unix:///test")));
}

TEST_F(EngineSessionTest, WhereListsAreRefusedTheLossIsSaidAloneAndTheRefusalOnce) {
  engine_.refusal = absl::PermissionDeniedError("no lists here");
  engine_.stream = {Line("start", "web"), "cut"};
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerStart, "web"), IsForceReload("unix:///test")));
  ASSERT_EQ(receiver_.errors().size(), 1u);
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr("no lists here"));
}

TEST_F(EngineSessionTest, GarbageIsOneLossAndCostsNoGoodEvent) {
  engine_.stream = {Line("create", "web") + "garbage\nmore\n{\"a\":\n" + Line("start", "web", 8),
                    Line("die", "web", 9)};
  engine_.listed.containers = {Container("web", Phase::kExited)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerCreate, "web"), IsEvent(Action::kContainerStart, "web"),
                          IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")));
  EXPECT_EQ(counters_.malformed, 3u);
  EXPECT_EQ(receiver_.errors().size(), 2u) << "the first and the second of three";
}

TEST_F(EngineSessionTest, GarbageInWhatIsReplayedIsSaidAtOnceAlthoughTheStreamIsQuiet) {
  RunOnce(Line("start", "web"));
  engine_.remembered = Line("start", "web") + Line("die", "web", 8);
  engine_.stream = {Line("start", "web") + "garbage\n" + Line("die", "web", 8)};
  engine_.listed.containers = {Container("web", Phase::kExited)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")));
}

TEST_F(EngineSessionTest, AStreamOfGarbageIsNotMendedMoreThanOnceASecond) {
  for (int i = 0; i < 100; ++i) engine_.stream.push_back("garbage\n" + Line("kill", "web", i));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.lists, 2) << "at the beginning, and at the first piece";
  EXPECT_EQ(counters_.losses, 100u);
}

TEST_F(EngineSessionTest, AnAuditFindsWhatTheStreamDidNotShow) {
  options_.audit_interval = absl::Minutes(25);
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  engine_.stream = {Line("kill", "web")};
  // By the first audit it has died without a word.
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(counters_.audits, 3u) << "in an hour and a quarter";
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerKill, "web")));

  receiver_.Clear();
  engine_.remembered = Line("kill", "web");
  engine_.stream = {Line("kill", "web")};
  engine_.listed.containers = {Container("web", Phase::kExited)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")));
  EXPECT_THAT(Reason(), HasSubstr("audit"));
}

TEST_F(EngineSessionTest, ASilentEngineIsAskedAndOneThatDoesNotAnswerIsGivenUp) {
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(counters_.pings + counters_.audits, 0u) << "of one that is trusted nothing is asked";

  options_.liveness = absl::Seconds(30);
  engine_.ping = absl::DeadlineExceededError("no answer in time");
  EXPECT_TRUE(absl::IsDeadlineExceeded(Run()));
  EXPECT_EQ(counters_.pings, 1u);
  EXPECT_EQ(engine_.asked_after, absl::Seconds(20));
  EXPECT_EQ(engine_.quiet_for(), absl::Seconds(30));
  EXPECT_EQ(lived_, absl::ZeroDuration()) << "and that is no cut that may be passed over";

  engine_.ping = absl::OkStatus();
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(counters_.pings, 1u + 181u) << "every 20 s until it is silent for more than an hour";
}

TEST_F(EngineSessionTest, RenamesAndHealthAreToldOnDemand) {
  const std::deque<std::string> stream = {Line("rename", "web"), Line("health_status: healthy", "web"),
                                          Line("health_status: unhealthy", "web", 8)};
  engine_.stream = stream;
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(), IsEmpty());
  EXPECT_EQ(counters_.unknown_actions, 3u);

  continuity_options_ = {.renames = true, .health = true};
  continuity_.reset();
  engine_.stream = stream;
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerRename, "web"), IsEvent(Action::kContainerHealthy, "web"),
                          IsEvent(Action::kContainerUnhealthy, "web")));
}

TEST_F(EngineSessionTest, EachEventSaysWhichEngineOnDemand) {
  options_.tell_host = true;
  RunOnce(Line("start", "web"));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  ASSERT_EQ(receiver_.events().size(), 3u) << "die, destroy, ForceReload";
  for (const Event& event : receiver_.events()) EXPECT_EQ(event.attributes.Get(kHost), "unix:///test");
}

TEST_F(EngineSessionTest, WhatNoFilterLetsPassIsNotTold) {
  continuity_options_.filters.names = {"web"};
  engine_.stream = {Line("start", "other"), Line("start", "web")};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerStart, "web")));
  EXPECT_EQ(counters_.filtered, 1u);
}

TEST_F(EngineSessionTest, PodmanIsNeverAskedForAllThatItRemembers) {
  engine_.spoken = DockerDialect::kPodman;
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.subscribed_since, absl::FromUnixSeconds(999)) << "a second before it was first met";
  engine_.stream = {R"({"Type":"container","Action":"start","Actor":{"ID":"i"},"timeNano":2000000000000})"
                    "\n"};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.subscribed_since, absl::FromUnixSeconds(1999)) << "a second before the last event";
}

TEST_F(EngineSessionTest, AReceiverThatTakesNoMoreEndsIt) {
  receiver_.RefuseAfter(0);
  engine_.stream = {Line("start", "a") + Line("start", "b")};
  EXPECT_EQ(Run(), absl::OkStatus());
  EXPECT_EQ(receiver_.refused(), 1);
}

TEST_F(EngineSessionTest, AMarkThatDoesNotComeIsAskedForOnceMoreOnANewStream) {
  engine_.remembered = Line("start", "web");
  const absl::Status missed = Run();
  EXPECT_TRUE(absl::IsUnavailable(missed)) << missed;
  EXPECT_THAT(std::string(missed.message()), HasSubstr("does not show what the engine remembers"));
  EXPECT_EQ(receiver_.ready_count(), 0);
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(receiver_.ready_count(), 1) << "something in between does not replay, and never will";
}

TEST_F(EngineSessionTest, AMarkIsNotWaitedForInAStreamThatNeverPauses) {
  engine_.remembered = Line("start", "web");
  for (int i = 0; i < 100; ++i) engine_.stream.insert(engine_.stream.end(), {Line("kill", "a", i), "pause"});
  EXPECT_TRUE(absl::IsUnavailable(Run()));
}

TEST_F(EngineSessionTest, AnEngineThatForgetsWhileItIsListedIsAskedAnew) {
  engine_.remembered = Line("start", "web");
  engine_.stream = {Line("start", "web")};
  engine_.on_list = [this] { engine_.remembered = ""; };
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_EQ(receiver_.ready_count(), 0);
}

TEST_F(EngineSessionTest, HowLongAStreamLivedIsKnownWhenItIsCut) {
  engine_.stream = {"pause", "cut"};
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_EQ(lived_, absl::Seconds(2));
}

}  // namespace
}  // namespace lookout::docker_internal
