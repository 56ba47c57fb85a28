// A session with an engine that says what cannot be read, falls silent, or does not send what it must.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/engine_session_harness.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::docker_internal {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

class EngineSessionFaultsTest : public EngineSessionHarness {};

TEST_F(EngineSessionFaultsTest, GarbageIsOneLossAndCostsNoGoodEvent) {
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

TEST_F(EngineSessionFaultsTest, GarbageInWhatIsReplayedIsSaidAtOnceAlthoughTheStreamIsQuiet) {
  RunOnce(Line("start", "web"));
  engine_.remembered = Line("start", "web") + Line("die", "web", 8);
  engine_.stream = {Line("start", "web") + "garbage\n" + Line("die", "web", 8)};
  engine_.listed.containers = {Container("web", Phase::kExited)};
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")));
}

// It may have been the creation of who starts next.
TEST_F(EngineSessionFaultsTest, WhatGarbageImpliesDoesNotDependOnHowTheBytesAreCut) {
  const std::string before = Line("create", "old") + "garbage\n", after = Line("start", "new", 8);
  engine_.on_list = [this] {
    if (engine_.lists == 2) {
      engine_.listed.containers = {Container("old", Phase::kCreated), Container("new", Phase::kRunning)};
    }
  };
  for (const bool together : {true, false}) {
    continuity_.reset();
    receiver_.Clear();
    engine_.lists = 0;
    engine_.listed = {};
    engine_.stream = {before, after};
    if (together) engine_.stream = {before + after};
    EXPECT_TRUE(absl::IsCancelled(Run()));
    EXPECT_THAT(
        receiver_.events(),
        ElementsAre(IsEvent(Action::kContainerCreate, "old"), IsEvent(Action::kContainerCreate, "new"),
                    IsEvent(Action::kContainerStart, "new"), IsForceReload("unix:///test")))
        << together;
  }
}

// Which engines replay as anything else that they remember.
TEST_F(EngineSessionFaultsTest, AnObjectThatCannotBeReadIsOneLossHoweverOftenItIsReplayed) {
  const std::string bad = "{\"Type\":\"container\",\"Action\":\"start\"}\n";  // without an ID
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  for (const std::string& memory : {bad + Line("start", "web"), Line("start", "web") + bad,
                                    Line("kill", "web") + bad + Line("start", "web")}) {
    continuity_.reset();
    counters_.malformed = counters_.losses = 0;
    RunOnce(memory);
    EXPECT_EQ(counters_.losses, 1u);
    engine_.remembered = memory;
    engine_.stream = {memory, "cut"};
    EXPECT_TRUE(absl::IsUnavailable(Run()));
    EXPECT_THAT(receiver_.events(), IsEmpty()) << memory;
    EXPECT_THAT(receiver_.errors(), IsEmpty());
    EXPECT_EQ(counters_.malformed, 1u);

    engine_.stream = {memory, bad};  // another, of the same words
    EXPECT_TRUE(absl::IsCancelled(Run()));
    EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("unix:///test"))) << memory;
    EXPECT_EQ(counters_.malformed, 2u);
    receiver_.Clear();
    engine_.remembered = "";
  }
}

TEST_F(EngineSessionFaultsTest, AStreamOfGarbageIsNotMendedMoreThanOnceASecond) {
  for (int i = 0; i < 100; ++i) engine_.stream.push_back("garbage\n" + Line("kill", "web", i));
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(engine_.lists, 3) << "at the beginning, at the first piece, and a second after it";
  EXPECT_EQ(counters_.losses, 2u) << "one for each list, and nothing is said without one";
}

TEST_F(EngineSessionFaultsTest, EachTimeThatTheStreamCannotBeReadIsMendedAndSaid) {
  for (const char* meanwhile : {"pause", "\n", "garbage\n"}) {
    continuity_.reset();
    receiver_.Clear();
    engine_.lists = 0;
    engine_.listed.containers = {Container("web", Phase::kRunning)};
    // What the second piece was to tell is in the third list alone.
    engine_.on_list = [this] {
      if (engine_.lists == 3) engine_.listed.containers = {Container("web", Phase::kExited)};
    };
    engine_.stream = {Line("start", "web"), "garbage\n", meanwhile, "garbage\n"};
    EXPECT_TRUE(absl::IsCancelled(Run()));
    EXPECT_THAT(receiver_.events(),
                ElementsAre(IsEvent(Action::kContainerStart, "web"), IsForceReload("unix:///test"),
                            IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")))
        << meanwhile;
  }
}

// What it was to tell is not in the list, if that was made before.
TEST_F(EngineSessionFaultsTest, WhatCannotBeReadAfterAListTakesAnother) {
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  engine_.stream = {Line("kill", "web"), "garbage\n", "garbage\n" + Line("kill", "web", 8)};
  engine_.remembered = Line("kill", "web");
  engine_.on_list = [this] {
    if (engine_.lists == 2) engine_.remembered = Line("kill", "web", 8);
    if (engine_.lists == 3) engine_.listed.containers = {Container("web", Phase::kExited)};
  };
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerKill, "web"), IsForceReload("unix:///test"),
                          IsEvent(Action::kContainerDie, "web"), IsForceReload("unix:///test")));
}

// A rename while the list is made is of its name alone.
TEST_F(EngineSessionFaultsTest, ARenameHidesNothingOfWhatCouldNotBeRead) {
  const std::string rename = Line("rename", "db", 9);
  const std::string renamed = absl::StrReplaceAll(rename, {{"id-db", "id-web"}});
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  engine_.stream = {Line("kill", "web"), "garbage\n", renamed};
  engine_.on_list = [&] {
    if (engine_.lists != 2) return;
    engine_.remembered = renamed;
    engine_.listed.containers = {Container("web", Phase::kExited)};  // by the name that it had
  };
  continuity_options_.renames = true;
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerKill, "web"), IsEvent(Action::kContainerRename, "db"),
                          IsEvent(Action::kContainerDie, "db"), IsForceReload("unix:///test")));
}

TEST_F(EngineSessionFaultsTest, ASilentEngineIsAskedAndOneThatDoesNotAnswerIsGivenUp) {
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(counters_.pings + counters_.audits, 0u) << "of one that is trusted nothing is asked";

  options_.liveness = absl::Seconds(30);
  engine_.ping = absl::DeadlineExceededError("no answer in time");
  EXPECT_TRUE(absl::IsDeadlineExceeded(Run()));
  EXPECT_EQ(counters_.pings, 1u);
  EXPECT_EQ(engine_.asked_after, absl::Seconds(20));
  EXPECT_EQ(engine_.quiet_for(), absl::Seconds(30));
  EXPECT_EQ(lived_, absl::ZeroDuration()) << "and that is no cut that may be passed over";

  // One that refuses at once has until the deadline as well, and no longer.
  engine_.ping = absl::UnavailableError("refused");
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_EQ(counters_.pings, 1u + 2u);
  EXPECT_EQ(engine_.quiet_for(), absl::Seconds(30));

  engine_.ping = absl::OkStatus();
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(counters_.pings, 3u + 181u) << "every 20 s until it is silent for more than an hour";
}

TEST_F(EngineSessionFaultsTest, AMarkThatDoesNotComeIsAskedForOnceMoreOnANewStream) {
  engine_.remembered = Line("start", "web");
  const absl::Status missed = Run();
  EXPECT_TRUE(absl::IsUnavailable(missed)) << missed;
  EXPECT_THAT(std::string(missed.message()), HasSubstr("does not show what the engine remembers"));
  EXPECT_EQ(receiver_.ready_count(), 0);
  EXPECT_TRUE(absl::IsCancelled(Run()));
  EXPECT_EQ(receiver_.ready_count(), 1) << "something in between does not replay, and never will";
}

TEST_F(EngineSessionFaultsTest, AMarkIsNotWaitedForInAStreamThatNeverPauses) {
  engine_.remembered = Line("start", "web");
  for (int i = 0; i < 100; ++i) engine_.stream.insert(engine_.stream.end(), {Line("kill", "a", i), "pause"});
  EXPECT_TRUE(absl::IsUnavailable(Run()));
}

TEST_F(EngineSessionFaultsTest, AMarkIsNotWaitedForInAStreamOfBlankLines) {
  engine_.remembered = Line("start", "web");
  for (int i = 0; i < 100; ++i) engine_.stream.push_back("slow");
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_THAT(engine_.stream, SizeIs(AllOf(Gt(90u), Lt(100u)))) << "it was given up in time";
}

TEST_F(EngineSessionFaultsTest, AuditsComeInAStreamOfBlankLines) {
  options_.audit_interval = absl::Seconds(60);
  for (int i = 0; i < 100; ++i) engine_.stream.push_back("slow");
  engine_.stream.push_back("cut");
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_GE(counters_.audits, 12u) << "in 15 minutes";
}

TEST_F(EngineSessionFaultsTest, HowLongAStreamLivedIsKnownWhenItIsCut) {
  engine_.stream = {"pause", "cut"};
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_EQ(lived_, absl::Seconds(2));
}

}  // namespace
}  // namespace lookout::docker_internal
