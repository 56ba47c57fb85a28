// A session with an engine that the test scripts; bad input and what does not come is in
// engine_session_faults_test.cc, what engines do at random in engine_session_model_test.cc.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/engine_session_harness.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::docker_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EngineSessionTest : public EngineSessionHarness {};

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

// An engine passes over a reader for whom it has no room, and goes on with what comes after.

TEST_F(EngineSessionTest, WhatTheStreamLeftOutIsALossAndNotToldLate) {
  const std::string start = Line("start", "web", 7), die = Line("die", "web", 8);
  const std::string again = Line("start", "web", 9);
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  for (const std::string& memory : {start + die + again, die + again}) {
    continuity_.reset();
    RunOnce(start + again);
    engine_.stream = {engine_.remembered = memory, "cut"};
    EXPECT_TRUE(absl::IsUnavailable(Run()));
    EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("unix:///test"))) << memory;

    receiver_.Clear();
    engine_.stream = {memory};
    EXPECT_TRUE(absl::IsCancelled(Run()));
    EXPECT_THAT(receiver_.events(), IsEmpty()) << "that is said once";
    engine_.remembered = "";
  }
}

TEST_F(EngineSessionTest, WhatTheStreamLeftOutIsFoundByAnAudit) {
  options_.audit_interval = absl::Minutes(25);
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  engine_.stream = {Line("start", "web", 7) + Line("start", "web", 9)};
  busy_.meanwhile = [this] {
    engine_.remembered = Line("start", "web", 7) + Line("die", "web", 8) + Line("start", "web", 9);
  };
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_GE(counters_.audits, 2u) << "and it is said once";
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerStart, "web"), IsEvent(Action::kContainerStart, "web"),
                          IsForceReload("unix:///test")));
}

// Two that happen at once may be remembered in one order and sent in the other.
TEST_F(EngineSessionTest, WhatIsOnlyLateIsToldAndNoLoss) {
  engine_.listed.containers = {Container("web", Phase::kRunning), Container("db", Phase::kRunning)};
  RunOnce(Line("kill", "web", 7) + Line("die", "web", 9));
  engine_.remembered = Line("kill", "web", 7) + Line("die", "db", 8) + Line("die", "web", 9);
  engine_.stream = {engine_.remembered};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerDie, "db")));
}

// What was before the source was ready is nobody's business, if the stream does not replay it either.
TEST_F(EngineSessionTest, WhatIsOldIsNotLeftOut) {
  options_.audit_interval = absl::Minutes(25);
  engine_.listed.containers = {Container("web", Phase::kCreated)};
  engine_.remembered = Line("create", "web", 7);
  EXPECT_TRUE(absl::IsUnavailable(Run())) << "once more, without marks";
  engine_.stream = {"pause", "pause", "pause", "pause", Line("start", "web", 8)};
  busy_.meanwhile = [this] {
    engine_.remembered = Line("create", "web", 7) + Line("start", "web", 8);
    engine_.listed.containers = {Container("web", Phase::kRunning)};
  };
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_GE(counters_.audits, 1u);
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerStart, "web")));
}

// Nor what was seen so long ago that it is not kept in mind, of an engine that remembers more.
TEST_F(EngineSessionTest, WhatIsForgottenHereIsNotLeftOut) {
  options_.audit_interval = absl::Minutes(25);
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  std::string all;
  for (int i = 1; i <= 1500; ++i) absl::StrAppend(&all, Line("kill", "web", i));
  engine_.stream = {all};
  busy_.meanwhile = [&] { engine_.remembered = all; };
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_GE(counters_.audits, 1u);
  EXPECT_THAT(receiver_.events(), SizeIs(1500));
}

TEST_F(EngineSessionTest, WhatNobodyWantsIsNotLeftOut) {
  continuity_options_.filters.names = {"web"};
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  const std::string health = Line("health_status: healthy", "web", 8), other = Line("die", "other", 9);
  RunOnce(Line("kill", "web", 7) + Line("start", "other", 10) + Line("kill", "web", 11));
  engine_.remembered =
      Line("kill", "web", 7) + health + other + Line("start", "other", 10) + Line("kill", "web", 11);
  engine_.stream = {engine_.remembered};
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

// By its image's ID, in a list, when that name is another image's by now.
TEST_F(EngineSessionTest, OneThatIsListedWithoutTheNameOfItsImageIsNotNew) {
  continuity_options_.filters.images = {"app"};
  const auto line = [](absl::string_view action, absl::string_view name, std::int64_t nano) {
    return absl::StrReplaceAll(Line(action, name, nano), {{R"("name":)", R"("image":"app","name":)"}});
  };
  for (const std::string image : {"sha256:c0ffee", "other"}) {
    continuity_.reset();
    engine_.listed.containers = {Container("web", Phase::kRunning)};
    engine_.listed.containers[0].image = image;
    engine_.remembered = "";
    RunOnce(line("create", "db", 7) + line("destroy", "db", 8));
    engine_.listed.containers[0].phase = Phase::kExited;
    engine_.stream = {engine_.remembered = line("die", "web", 9)};
    EXPECT_TRUE(absl::IsCancelled(Run()));
    const std::vector<Event> told = receiver_.events();
    ASSERT_THAT(told, SizeIs(image == "other" ? 4 : 2)) << "the other's must have been made since";
    EXPECT_THAT(told.back(), IsForceReload("unix:///test"));
    EXPECT_THAT(told[told.size() - 2], IsEvent(Action::kContainerDie, "web"));
  }
}

TEST_F(EngineSessionTest, AnObjectThatWasCutOffIsToldOnceItIsReplayed) {
  const std::string start = Line("start", "web", 7), die = Line("die", "web", 8);
  for (std::size_t cut = 1; cut < die.size(); cut += 7) {
    continuity_.reset();
    engine_.remembered = "";
    RunOnce(start + die.substr(0, cut));
    engine_.stream = {engine_.remembered = start + die};
    EXPECT_TRUE(absl::IsCancelled(Run()));
    EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerDie, "web"))) << cut;
    EXPECT_EQ(counters_.malformed, 0u);
  }
}

TEST_F(EngineSessionTest, PodmanIsNeverAskedForAllThatItRemembers) {
  engine_.spoken = DockerDialect::kPodman;
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.subscribed_since, absl::FromUnixSeconds(999)) << "a second before it was first met";
  engine_.stream = {R"({"Type":"container","Action":"start","Actor":{"ID":"i"},"timeNano":2000000000000})"
                    "\n"};
  engine_.now = absl::FromUnixSeconds(2000);
  EXPECT_TRUE(absl::IsCancelled(Run()));
  engine_.now += absl::Hours(2);
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.subscribed_since, absl::FromUnixSeconds(1999)) << "a second before the last event";
}

// More than can be told apart from what is replayed, and nothing of it told.
TEST_F(EngineSessionTest, PodmanIsNotAskedForWhatIsOlderThanTheLastThatWasPassedOver) {
  engine_.spoken = DockerDialect::kPodman;
  engine_.now = absl::FromUnixSeconds(3100);
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::string all = Line("start", "web", 2000 * kSecond);
  for (int i = 1; i <= 1100; ++i) absl::StrAppend(&all, Line("exec", "web", (2000 + i) * kSecond));
  RunOnce(all);
  const std::string last = Line("exec", "web", 3100 * kSecond);
  engine_.remembered = engine_.stream.emplace_back(last + Line("die", "web", 3101 * kSecond));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.subscribed_since, absl::FromUnixSeconds(3099)) << "a second before the last";
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerDie, "web")));
}

// By a clock that is set back all that is new is older than what was seen last.
TEST_F(EngineSessionTest, PodmanIsAskedForWhatCameAfterItsClockWasSetBack) {
  engine_.spoken = DockerDialect::kPodman;
  constexpr std::int64_t kSecond = 1'000'000'000;
  engine_.now = absl::FromUnixSeconds(10'000);
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  // More of them than can be told apart from what is replayed, if that goes back so far.
  std::string all;
  for (int i = 1; i <= 1100; ++i) absl::StrAppend(&all, Line("kill", "web", (8000 + i) * kSecond));
  absl::StrAppend(&all, Line("kill", "web", 9'999 * kSecond));
  RunOnce(all);
  clock_.Advance(absl::Seconds(20));
  engine_.now = absl::FromUnixSeconds(6420);  // not 10,020
  const std::string old = Line("kill", "other", 7000 * kSecond);
  engine_.remembered = engine_.stream.emplace_back(old + all + Line("die", "web", 6410 * kSecond));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.subscribed_since, absl::FromUnixSeconds(6399)) << "a second before it was heard last";
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerDie, "web")));
}

TEST_F(EngineSessionTest, AReceiverThatTakesNoMoreEndsIt) {
  receiver_.RefuseAfter(0);
  engine_.stream = {Line("start", "a") + Line("start", "b")};
  EXPECT_EQ(Run(), absl::OkStatus());
  EXPECT_EQ(receiver_.refused(), 1);
}

TEST_F(EngineSessionTest, AnEngineThatForgetsWhileItIsListedIsAskedAnew) {
  engine_.remembered = Line("start", "web");
  engine_.stream = {Line("start", "web")};
  engine_.on_list = [this] { engine_.remembered = ""; };
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_EQ(receiver_.ready_count(), 0);
}

}  // namespace
}  // namespace lookout::docker_internal
