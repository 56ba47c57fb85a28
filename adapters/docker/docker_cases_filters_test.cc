// The Docker source's cases: which containers are told of, and which engine they are of.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_case.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_container_engine.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class DockerCasesFiltersTest : public DockerCase {
 protected:
  // Of a container that passes all filters here: comes last.
  void Mark() { engine().Create(absl::StrCat("web-mark", ++marks_), "nginx:1", {{"watch", "yes"}}); }
  std::vector<std::string> ToldBeforeMark() {
    Mark();
    const std::string mark = absl::StrCat("create web-mark", marks_);
    std::vector<std::string> told = Words(receiver_.WaitUntil(
        [&](const std::vector<Event>& events) { return !events.empty() && Words(events.back()) == mark; }));
    std::erase_if(told, [](const std::string& word) { return word.find("mark") != std::string::npos; });
    return told;
  }

  // Settles before and after.
  void Audit() {
    Settle();
    clock_.Advance(absl::Seconds(10));
    engine().AwaitRequests("until=", asked_ += 2);
    Settle();
  }
  const std::vector<std::string> web_and_settling_ = {"web", "settle-1", "settle-2", "settle-3", "settle-4"};

 private:
  int marks_ = 0;
  int asked_ = 4;  // at the beginning, where nothing is remembered, each mark is asked for twice
};

TEST_F(DockerCasesFiltersTest, ByLabel) {
  Start({.filters = {.labels = {"watch=yes"}}});
  engine().Create("a", "nginx:1", {{"watch", "yes"}});
  engine().Create("b", "nginx:1", {{"watch", "no"}});
  engine().Create("c");
  engine().Start("a");
  engine().Start("b");
  EXPECT_THAT(ToldBeforeMark(), ElementsAre("create a", "start a"));
  EXPECT_EQ(counters().filtered, 0u) << "the engine does not send them";
  EXPECT_THAT(engine().requests(), Contains(HasSubstr("label")));
}

TEST_F(DockerCasesFiltersTest, ServerIgnoresFilters) {
  engine().IgnoreFilters(true);
  engine().Create("old", "nginx:1");
  engine().Start("old");
  engine().Create("kept", "nginx:1", {{"watch", "yes"}});
  engine().Start("kept");
  Start({.filters = {.labels = {"watch=yes"}}, .initial = true});
  engine().Create("a", "nginx:1", {{"watch", "yes"}});
  engine().Create("b", "nginx:1", {{"watch", "no"}});
  engine().OtherEvents(10);
  engine().Die("old");
  EXPECT_THAT(ToldBeforeMark(), ElementsAre("start kept*", "create a"));
  EXPECT_GE(counters().filtered, 2u);
  EXPECT_GE(counters().other_types, 5u);
}

TEST_F(DockerCasesFiltersTest, ByImage) {
  Start({.filters = {.images = {"nginx"}}});
  engine().Create("a", "nginx:1");
  engine().Create("b", "nginx:2");
  engine().Create("c", "nginx-proxy:1");
  engine().Create("d", "redis:7");
  EXPECT_THAT(ToldBeforeMark(), ElementsAre("create a", "create b"));
}

TEST_F(DockerCasesFiltersTest, ByNameWithRenames) {
  Start({.filters = {.names = {"web", "web-mark1", "web-mark2"}}, .renames = true});
  engine().Run("web");
  engine().Run("webby");
  engine().Rename("web", "old-web");  // told of no more
  engine().Die("old-web");
  engine().Rename("webby", "web");  // told of from here on
  engine().Die("web");
  EXPECT_THAT(ToldBeforeMark(), ElementsAre("create web", "start web", "rename web", "die web"));
}

// A container is known by its ID, whatever it is called by the time of a list.
TEST_F(DockerCasesFiltersTest, OneThatWasRenamedIsStillThere) {
  Start({.filters = {.names = {"web", "settle-1", "settle-2"}}});
  engine().Run("web");
  Cut([&] {
    engine().Rename("web", "old-web");
    engine().OtherEvents(300);
  });
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "ForceReload"));
  Settle();
  EXPECT_THAT(Told(), SizeIs(3)) << "and no death of web";
}

// What it does under another name is not told, and no audit takes that for a loss.
TEST_F(DockerCasesFiltersTest, AnAuditPassesOverOneThatWasRenamedAway) {
  Start({.filters = {.names = web_and_settling_}, .audit_interval = absl::Seconds(10)});
  engine().Run("web");
  engine().Rename("web", "old");
  engine().Die("old");
  Audit();
  EXPECT_THAT(Told(), ElementsAre("create web", "start web"));
  engine().Start("old");
  engine().Rename("old", "web");
  engine().Die("web");
  Audit();
  EXPECT_THAT(Told(), ElementsAre("create web", "start web", "die web"));
  EXPECT_EQ(counters().losses + counters().synthesized, 0u);
}

TEST_F(DockerCasesFiltersTest, AnAuditKnowsOneThatWasRenamedToWhatIsAskedFor) {
  Start({.filters = {.names = web_and_settling_}, .audit_interval = absl::Seconds(10)});
  engine().Run("webby");
  engine().Rename("webby", "web");
  Audit();
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(counters().losses + counters().synthesized, 0u);
  engine().DieSilently("web");  // it is known to run by now
  Audit();
  EXPECT_THAT(AwaitTold(2), ElementsAre("die web*", "ForceReload"));
}

// It is not new either where something else was lost.
TEST_F(DockerCasesFiltersTest, OneThatWasRenamedInAGapIsNotNew) {
  Start({.filters = {.names = web_and_settling_}, .renames = true});
  engine().Run("webby");
  Cut([&] {
    engine().OtherEvents(300);
    engine().Rename("webby", "web");
  });
  EXPECT_THAT(AwaitTold(2), ElementsAre("rename web", "ForceReload"));
  engine().Die("web");
  EXPECT_THAT(AwaitTold(3), ElementsAre("rename web", "ForceReload", "die web"));
}

TEST_F(DockerCasesFiltersTest, LaterEventsHaveTheNewName) {
  Start();
  engine().Run("web");
  engine().Rename("web", "db");
  engine().Die("db");
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "die db"));
  EXPECT_EQ(counters().unknown_actions, 1u);
  Cut([&] {
    engine().Destroy("db");
    engine().OtherEvents(300);
  });
  EXPECT_THAT(AwaitTold(5), ElementsAre("create web", "start web", "die db", "destroy db*", "ForceReload"));
}

TEST_F(DockerCasesFiltersTest, RenamesAreToldOnDemandAndMadeUpForTheLost) {
  Start({.renames = true});
  engine().Run("web");
  engine().Rename("web", "db");
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "rename db"));
  Cut([&] {
    engine().Rename("db", "db2");
    engine().OtherEvents(300);
  });
  EXPECT_THAT(AwaitTold(5),
              ElementsAre("create web", "start web", "rename db", "rename db2*", "ForceReload"));
}

TEST_F(DockerCasesFiltersTest, HealthIsToldOnDemand) {
  Start({.health = true});
  engine().Run("web");
  engine().Health("web", true);
  engine().Health("web", false);
  EXPECT_THAT(AwaitTold(4), ElementsAre("create web", "start web", "healthy web", "unhealthy web"));
}

TEST_F(DockerCasesFiltersTest, SeveralEnginesEachSayWhichTheyAre) {
  FakeContainerEngine other(clock_);
  other.Run("old");
  auto source = DockerSource::Create({.host = other.host(), .initial = true, .tell_host = true}, clock_);
  ASSERT_TRUE(source.ok()) << source.status();
  SourceRun run(**source, receiver_);
  receiver_.WaitForReady();
  Start({.tell_host = true});
  engine().Create("web");
  other.Create("web");
  AwaitTold(3);
  Cut([&] { engine().OtherEvents(300); });
  AwaitTold(4);
  std::vector<std::string> told;
  for (const Event& event : receiver_.events()) {
    if (!event.actor_name.starts_with("settle"))
      told.push_back(absl::StrCat(Words(event), " ", event.attributes.Get(kHost)));
  }
  EXPECT_THAT(told, UnorderedElementsAre("start old* " + other.host(), "create web " + other.host(),
                                         "create web " + engine().host(), "ForceReload " + engine().host()));
}

TEST_F(DockerCasesFiltersTest, OneEngineDoesNotSay) {
  Start();
  engine().Create("web");
  AwaitTold(1);
  EXPECT_THAT(receiver_.events()[0], LacksAttribute(kHost));
}

TEST_F(DockerCasesFiltersTest, AnEventHasAllThatTheEngineSays) {
  Start();
  const std::string id = engine().Create("web", "nginx:1", {{"com.example", "a b"}});
  engine().Start("web");
  engine().Die("web", 137);
  AwaitTold(3);
  const std::vector<Event> events = receiver_.events();
  for (const Event& event : events) {
    EXPECT_THAT(event,
                AllOf(HasActorId(id), HasAttribute("com.example", "a b"), HasAttribute("image", "nginx:1"),
                      LacksAttribute(kSynthesized), HasType(EventType::kDocker)));
  }
  EXPECT_THAT(events[2], HasAttribute("exitCode", "137"));
}

}  // namespace
}  // namespace lookout
