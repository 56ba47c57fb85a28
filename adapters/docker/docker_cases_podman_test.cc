// The Docker source's cases: Podman's compatible API.
#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_case.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/testing/fake_container_engine.h"

namespace lookout {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class DockerCasesPodmanTest : public DockerCase {
 protected:
  DockerCasesPodmanTest() : DockerCase({.podman = true, .api_version = "1.41"}) {}
};

TEST_F(DockerCasesPodmanTest, RemoveIsDestroy) {
  Start();
  engine().RunOnce("web");
  EXPECT_THAT(AwaitTold(4), ElementsAre("create web", "start web", "die web", "destroy web"));
  Settle();
  EXPECT_THAT(Told(), SizeIs(4)) << "and init, cleanup are passed over";
}

TEST_F(DockerCasesPodmanTest, IsNeverAskedForAllThatItRemembers) {
  engine().RunOnce("old", 200);
  clock_.Advance(absl::Hours(1));
  Start();
  engine().Run("web");
  AwaitTold(2);
  Cut();
  Settle();
  EXPECT_THAT(engine().requests(), Each(Not(HasSubstr("since=0"))));
  EXPECT_THAT(engine().requests(), Contains(HasSubstr("since=")));
  EXPECT_THAT(Told(), ElementsAre("create web", "start web"));
}

// Its bounds are exclusive: asked for what came after the last event, it must not be asked for too little.
TEST_F(DockerCasesPodmanTest, SinceIsExclusive) {
  Start();
  const absl::Time now = engine().Now();
  engine().SetEventTimes({now, now, now, now, now, now});
  engine().Run("web");  // create, init, start
  AwaitTold(2);
  Cut([&] {
    engine().SetEventTimes({now, now, now, now});
    engine().Die("web");  // die, cleanup; at the same time
    engine().Destroy("web");
  });
  EXPECT_THAT(AwaitTold(4), ElementsAre("create web", "start web", "die web", "destroy web"));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesPodmanTest, ServiceRestartWithoutLoss) {
  StartRestarting();
  engine().Run("web");
  engine().Run("db");
  AwaitTold(4);
  engine().Down();
  receiver_.WaitForErrors(1);
  // Containers live on without the service, and the history is written by whoever works on them.
  engine().Die("web");
  engine().RunOnce("job", 100);
  engine().Up();
  Retry();
  AwaitTold(4 + 1 + 400);
  Settle();
  const std::vector<std::string> told = Told();
  EXPECT_THAT(told, SizeIs(4 + 1 + 400));
  EXPECT_EQ(told[4], "die web");
  EXPECT_EQ(counters().losses, 0u);
  EXPECT_EQ(counters().synthesized, 0u);
}

TEST_F(DockerCasesPodmanTest, AGapOfAnyLengthIsReplayed) {
  Start();
  engine().Run("web");
  AwaitTold(2);
  Cut([&] {
    engine().OtherEvents(500);
    engine().Die("web");
  });
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "die web"));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesPodmanTest, LateLowerTimesAroundADisconnect) {
  Start();
  const absl::Time now = engine().Now();
  engine().SetEventTimes(
      {now - absl::Milliseconds(100), now - absl::Milliseconds(200), now - absl::Milliseconds(300)});
  engine().Run("web");
  AwaitTold(2);
  Cut([&] {
    engine().SetEventTimes({now - absl::Milliseconds(400)});
    engine().Pause("web");
  });
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "pause web"));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesPodmanTest, AClockThatIsSetBackMakesItNotDeaf) {
  StartRestarting();
  engine().Run("web");
  AwaitTold(2);
  const absl::Time then = engine().Now() - absl::Hours(1);
  Fail([&] {
    engine().SetClockOffset(-absl::Hours(1));
    engine().SetEventTimes({then, then});
    engine().Die("web");
  });
  engine().SetEventTimes({then + absl::Seconds(2), then + absl::Seconds(2)});
  engine().Start("web");
  EXPECT_THAT(AwaitTold(4), ElementsAre("create web", "start web", "die web", "start web"));
  EXPECT_EQ(counters().losses, 0u);
}

// More than can be told apart, all of them in the last second.
TEST_F(DockerCasesPodmanTest, NothingIsToldTwiceHoweverMuchIsReplayed) {
  Start();
  for (std::size_t told = 400; told <= 1600; told += 400) {
    engine().RunOnce(absl::StrCat("job", told, "-"), 100);
    AwaitTold(told);  // more at once may be more than the engine keeps for who reads
  }
  Cut([&] { engine().Create("web"); });
  AwaitTold(1601);
  Settle();
  EXPECT_THAT(Told(), SizeIs(1601));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesPodmanTest, HealthIsToldOnDemand) {
  Start({.renames = true, .health = true});
  engine().Run("web");
  engine().Health("web", true);
  engine().Health("web", false);
  engine().Rename("web", "db");
  EXPECT_THAT(AwaitTold(5),
              ElementsAre("create web", "start web", "healthy web", "unhealthy web", "rename db"));
}

TEST_F(DockerCasesPodmanTest, FiltersThatItDoesNotKnowAreNotAsked) {
  Start({.filters = {.labels = {"watch"}, .names = {"web"}, .images = {"busybox"}}});
  engine().Create("web", "busybox:test", {{"watch", "yes"}});
  engine().Create("other", "busybox:test", {{"watch", "yes"}});
  engine().Create("more", "busybox:test");
  engine().Start("web");
  EXPECT_THAT(AwaitTold(2), ElementsAre("create web", "start web"));
  EXPECT_THAT(receiver_.errors(), IsEmpty());
}

TEST_F(DockerCasesPodmanTest, InitialTellsWhatRuns) {
  engine().Run("web");
  engine().Run("paused");
  engine().Pause("paused");
  engine().Create("made");
  Start({.initial = true});
  AwaitTold(3);
  Settle();
  EXPECT_THAT(Told(), ::testing::UnorderedElementsAre("start web*", "start paused*", "pause paused*"));
}

}  // namespace
}  // namespace lookout
