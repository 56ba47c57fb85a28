// The Docker source's cases: going on after a break, without a loss or with one that is said.
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_case.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DockerCasesResumeTest : public DockerCase {};

TEST_F(DockerCasesResumeTest, ReplayIncludesTheLastEvent) {
  Start();
  engine().Run("web");
  AwaitTold(2);
  Cut();
  Settle();
  EXPECT_THAT(Told(), ElementsAre("create web", "start web"));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesResumeTest, LateLowerTimesAroundADisconnect) {
  Start();
  const absl::Time now = engine().Now();
  // Each is earlier than the one before it.
  engine().SetEventTimes({now - absl::Seconds(1), now - absl::Seconds(2)});
  engine().Run("web");
  AwaitTold(2);
  Cut([&] {
    engine().SetEventTimes({now - absl::Seconds(3), now - absl::Seconds(4)});
    engine().Pause("web");
    engine().Unpause("web");
  });
  engine().Die("web");
  EXPECT_THAT(AwaitTold(5), ElementsAre("create web", "start web", "pause web", "unpause web", "die web"));
  Settle();
  EXPECT_THAT(Told(), SizeIs(5));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesResumeTest, MoreInTheGapThanTheEngineRemembers) {
  engine().Run("old");
  Start();
  engine().Run("web");
  engine().Run("db");
  AwaitTold(4);
  Cut([&] {
    engine().Die("web");
    engine().Destroy("web");
    engine().Die("db");
    engine().Run("new");
    engine().OtherEvents(300);
  });
  // What went, what changed, what came, and then that something was lost.
  EXPECT_THAT(AwaitTold(10),
              ElementsAre("create web", "start web", "create db", "start db", "die web*", "destroy web*",
                          "die db*", "create new*", "start new*", "ForceReload"));
  EXPECT_THAT(Reason(), HasSubstr("does not remember"));
  Settle();
  EXPECT_THAT(Told(), SizeIs(10));
  EXPECT_EQ(counters().losses, 1u);

  // And that is the end of it.
  Cut([&] { engine().Die("new"); });
  AwaitTold(11);
  Settle();
  EXPECT_THAT(Told(), SizeIs(11));
  EXPECT_EQ(counters().losses, 1u);
}

TEST_F(DockerCasesResumeTest, WhatIsStillRememberedOfALongGapIsToldAsItCame) {
  Start();
  engine().Run("web");
  AwaitTold(2);
  Cut([&] {
    engine().Die("web");
    engine().OtherEvents(300);
    engine().Start("web");
  });
  EXPECT_THAT(AwaitTold(5), ElementsAre("create web", "start web", "die web*", "start web", "ForceReload"));
}

TEST_F(DockerCasesResumeTest, EventsBetweenTheAnswerAndTheSubscriptionAreNotLost) {
  Start();
  for (int i = 0; i < 5; ++i) {
    Cut([&] { engine().RunOnce(absl::StrCat("web", i)); });
  }
  EXPECT_THAT(AwaitTold(20), SizeIs(20));
  Settle();
  EXPECT_THAT(Told(), SizeIs(20));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesResumeTest, ListShowsRunningAndTheStartIsInTheStream) {
  engine().Create("web");
  // The container runs before its start is logged, and the list shows it.
  engine().HoldEvents();
  engine().Start("web");
  Start({.initial = true});
  EXPECT_THAT(AwaitTold(1), ElementsAre("start web*"));
  engine().ReleaseEvents();
  engine().Die("web");
  EXPECT_THAT(AwaitTold(2), ElementsAre("start web*", "die web"));
}

TEST_F(DockerCasesResumeTest, WhatHappensWhileItIsListedIsToldOrKnown) {
  engine().Run("web");
  bool once = true;
  engine().SetAfterLook([&] {
    if (std::exchange(once, false)) engine().Die("web");  // the answer says that it runs
  });
  Start({.initial = true});
  Settle();
  EXPECT_THAT(Told(), IsEmpty()) << "it runs no more";
  engine().Start("web");
  EXPECT_THAT(AwaitTold(1), ElementsAre("start web"));
}

TEST_F(DockerCasesResumeTest, ListForbidden) {
  engine().Run("old");
  engine().ForbidLists(true);
  Start();
  ASSERT_THAT(receiver_.WaitForErrors(1), SizeIs(1));
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr("403"));
  engine().Run("web");
  AwaitTold(2);
  for (std::uint64_t loss = 1; loss <= 3; ++loss) {
    Cut([&] { engine().OtherEvents(300); });
    AwaitTold(2 + loss);
  }
  Cut([&] {
    engine().OtherEvents(300);
    engine().Die("old");
  });
  AwaitTold(7);
  engine().Die("web");
  EXPECT_THAT(AwaitTold(8), ElementsAre("create web", "start web", "ForceReload", "ForceReload",
                                        "ForceReload", "die old", "ForceReload", "die web"))
      << "nothing is made up of what cannot be known";
  EXPECT_THAT(receiver_.errors(), SizeIs(1)) << "said once";
}

TEST_F(DockerCasesResumeTest, EngineRestartWithDeathsWhileItWasDown) {
  StartRestarting();
  engine().Run("web");
  engine().Run("db");
  engine().Run("gone");
  AwaitTold(6);
  engine().Down();
  receiver_.WaitForErrors(1);
  engine().DieSilently("web");
  engine().DieSilently("gone");
  engine().DestroySilently("gone");
  engine().Up();
  Retry();
  AwaitTold(10);
  Settle();
  const std::vector<std::string> told = Told();
  EXPECT_EQ(Count(told, "die web*"), 1);
  EXPECT_EQ(Count(told, "die gone*"), 1);
  EXPECT_EQ(Count(told, "destroy gone*"), 1);
  EXPECT_EQ(Count(told, "ForceReload"), 1);
  EXPECT_THAT(told, SizeIs(10));
  EXPECT_EQ(told.back(), "ForceReload") << "after the stream is live, and after what was mended";
}

// One that was started anew, and has nothing to remember, runs containers nevertheless.
TEST_F(DockerCasesResumeTest, DeathsAtAnEngineOfWhichNothingWasSeen) {
  engine().Run("web");
  engine().Down();
  engine().Up();
  StartRestarting();
  engine().Down();
  receiver_.WaitForErrors(1);
  engine().DieSilently("web");
  engine().Up();
  Retry();
  EXPECT_THAT(AwaitTold(2), ElementsAre("die web*", "ForceReload"));
}

// The engine remembers what came last, but not all that came since it was met.
TEST_F(DockerCasesResumeTest, MoreThanIsRememberedOfAnEngineOfWhichNothingWasSeen) {
  StartRestarting();
  Fail([&] {
    engine().Run("web");
    engine().OtherEvents(300);
    engine().Run("db");
  });
  AwaitTold(5);
  Settle();
  const std::vector<std::string> told = Told();
  EXPECT_THAT(told, SizeIs(5));
  for (const std::string word : {"create web*", "start web*", "create db", "start db"})
    EXPECT_EQ(Count(told, word), 1);
  EXPECT_EQ(told.back(), "ForceReload");
}

TEST_F(DockerCasesResumeTest, BreaksOfAnEngineOfWhichNothingWasSeenAreHarmless) {
  engine().Run("web");
  engine().Down();
  engine().Up();
  StartRestarting();
  Fail();
  Fail([&] { engine().Die("web"); });
  EXPECT_THAT(AwaitTold(1), ElementsAre("die web"));
  Settle();
  EXPECT_THAT(Told(), SizeIs(1));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesResumeTest, ManyRestartsInARow) {
  StartRestarting();
  engine().Run("web");
  AwaitTold(2);
  for (int i = 0; i < 5; ++i) {
    const std::size_t errors = receiver_.errors().size();
    engine().Down();
    receiver_.WaitForErrors(errors + 1);
    engine().Up();
    Retry();
    engine().AwaitStreams(1);
  }
  AwaitTold(3);
  Settle();
  EXPECT_THAT(Told(), ElementsAre("create web", "start web", "ForceReload"))
      << "an engine of which nothing was seen since has nothing to forget";
}

TEST_F(DockerCasesResumeTest, SwallowedEventsAreFoundByAnAudit) {
  Start({.audit_interval = absl::Seconds(10)});
  engine().Run("web");
  AwaitTold(2);
  int marks = 4;  // two at the beginning, where nothing is remembered: each is asked for twice
  const auto audit = [&] {
    Settle();
    clock_.Advance(absl::Seconds(10));
    engine().AwaitRequests("until=", marks += 2);
    Settle();
  };
  audit();
  EXPECT_EQ(counters().audits, 1u);
  EXPECT_THAT(Told(), SizeIs(2)) << "nothing to mend";

  engine().SwallowEvents(2);
  engine().Die("web");
  engine().Create("unheard");
  audit();
  EXPECT_THAT(AwaitTold(5),
              ElementsAre("create web", "start web", "die web*", "create unheard*", "ForceReload"));
  EXPECT_THAT(Reason(), HasSubstr("audit"));
  audit();
  EXPECT_THAT(Told(), SizeIs(5));
  EXPECT_EQ(counters().audits, 3u);
}

// What is asked for must not end at the time of asking: then all that is remembered may be younger, and none
// of it is answered.
TEST_F(DockerCasesResumeTest, AMarkIsFoundWhereAllThatIsRememberedHappenedSinceItWasAskedFor) {
  UseEngine({.ring = 5});
  Start({.audit_interval = absl::Seconds(10)});
  Settle();
  std::atomic<int> marks = 0;
  engine().SetBeforeSubscribe([&] {
    clock_.Advance(absl::Seconds(1));
    const int mark = ++marks;
    for (const char* name : {"a", "b", "c"}) engine().Run(absl::StrCat(name, mark));
  });
  clock_.Advance(absl::Seconds(10));
  AwaitTold(12);
  engine().SetBeforeSubscribe(nullptr);
  Settle();
  EXPECT_EQ(counters().audits, 1u);
  EXPECT_EQ(marks, 2);
  EXPECT_THAT(Told(), ElementsAre("create a1", "start a1", "create b1", "start b1", "create c1", "start c1",
                                  "create a2", "start a2", "create b2", "start b2", "create c2", "start c2"));
}

TEST_F(DockerCasesResumeTest, TheNextRunGoesOnFromWhereTheLastStopped) {
  Start();
  engine().Run("web");
  AwaitTold(2);
  EXPECT_EQ(run().Stop(), absl::OkStatus());
  engine().Die("web");
  SourceRun again(source(), receiver_);
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "die web"));
  EXPECT_EQ(receiver_.ready_count(), 2);
}

TEST_F(DockerCasesResumeTest, NothingIsToldOfWhatWasBefore) {
  // All that is remembered is asked for as "until the epoch", which may be taken by its word.
  for (const bool epoch_is_no_bound : {true, false}) {
    UseEngine({.epoch_is_no_bound = epoch_is_no_bound});
    engine().RunOnce("old", 50);
    engine().Run("web");
    Start();
    Settle();
    EXPECT_THAT(Told(), IsEmpty());
    engine().Die("web");
    EXPECT_THAT(AwaitTold(1), ElementsAre("die web"));
    EXPECT_EQ(run().Stop(), absl::OkStatus());
    receiver_.Clear();
  }
}

}  // namespace
}  // namespace lookout
