#include "lookout/adapters/docker/container_table.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/container_table_harness.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::docker_internal {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum Phase;

constexpr Action kCreate = Action::kContainerCreate;
constexpr Action kStart = Action::kContainerStart;
constexpr Action kPause = Action::kContainerPause;
constexpr Action kUnpause = Action::kContainerUnpause;
constexpr Action kDie = Action::kContainerDie;
constexpr Action kDestroy = Action::kContainerDestroy;

Event Renamed(absl::string_view id_of, absl::string_view from, absl::string_view to) {
  return EventBuilder(ContainerEvent(Action::kContainerRename, to))
      .Id(absl::StrCat("id-of-", id_of))
      .Attribute("name", std::string(to))
      .Attribute("oldName", absl::StrCat("/", from))
      .Build();
}

TEST(ContainerTableTest, EventsAreTakenOver) {
  ContainerTable table;
  const struct {
    Action action;
    absl::string_view phase;
  } life[] = {{kCreate, "created"}, {kStart, "running"},   {Action::kContainerKill, "running"},
              {kPause, "paused"},   {kUnpause, "running"}, {Action::kContainerStop, "running"},
              {kDie, "exited"},     {kStart, "running"},   {kDie, "exited"},
              {kDestroy, ""}};
  for (const auto& [action, phase] : life) {
    const Event event = ContainerEvent(action, "web");
    EXPECT_THAT(table.Implied(event, kTime), IsEmpty()) << event.ToString();
    EXPECT_FALSE(table.Restates(event));
    table.Apply(event);
    EXPECT_EQ(PhaseOf(table, "web"), phase) << event.ToString();
  }
  EXPECT_EQ(table.size(), 0u);
}

TEST(ContainerTableTest, WhatIsNotKnownIsKnownFromItsFirstEvent) {
  for (const auto& [action, phase] :
       {std::pair(kCreate, "created"), std::pair(kStart, "running"), std::pair(kPause, "paused"),
        std::pair(kUnpause, "running"), std::pair(kDie, "exited"), std::pair(kDestroy, ""),
        std::pair(Action::kContainerKill, ""), std::pair(Action::kContainerRename, "")}) {
    ContainerTable table;
    table.Apply(ContainerEvent(action, "web"));
    EXPECT_EQ(PhaseOf(table, "web"), phase) << ActionName(action);
  }
}

TEST(ContainerTableTest, AnEventWithoutAnIdIsOfNobody) {
  ContainerTable table;
  const Event event = EventBuilder(ContainerEvent(kStart, "")).Id("").Build();
  EXPECT_THAT(table.Implied(event, kTime), IsEmpty());
  table.Apply(event);
  EXPECT_EQ(table.size(), 0u);
}

TEST(ContainerTableTest, MendTellsTheDifference) {
  const struct {
    Phase known, listed;
    std::vector<std::string> told;
  } table[] = {
      {kCreated, kRunning, {"start web"}},
      {kCreated, kPaused, {"start web", "pause web"}},
      {kCreated, kExited, {"start web", "die web"}},
      {kRunning, kRunning, {}},
      {kRunning, kExited, {"die web"}},
      {kRunning, kPaused, {"pause web"}},
      {kPaused, kRunning, {"unpause web"}},
      {kPaused, kExited, {"die web"}},
      {kExited, kRunning, {"start web"}},
      {kExited, kPaused, {"start web", "pause web"}},
      {kExited, kExited, {}},
      {kRunning, kRemoving, {"die web"}},
      {kRunning, kUnknown, {}},
  };
  for (const auto& [known, listed, told] : table) {
    ContainerTable containers = WithWeb(known);
    EXPECT_THAT(Mend(containers, {Listed("web", listed)}), ElementsAreArray(told))
        << PhaseName(known) << " to " << PhaseName(listed);
    EXPECT_THAT(Mend(containers, {Listed("web", listed)}), IsEmpty()) << "it is known now";
  }
}

TEST(ContainerTableTest, WhoIsNotInTheListIsGone) {
  const struct {
    Phase known;
    std::vector<std::string> told;
  } table[] = {{kCreated, {"destroy web"}},
               {kRunning, {"die web", "destroy web"}},
               {kPaused, {"die web", "destroy web"}},
               {kExited, {"destroy web"}},
               {kRemoving, {"destroy web"}}};
  for (const auto& [known, told] : table) {
    ContainerTable containers = WithWeb(known);
    EXPECT_THAT(Mend(containers, {}), ElementsAreArray(told)) << PhaseName(known);
    EXPECT_EQ(containers.size(), 0u);
  }
}

TEST(ContainerTableTest, WhoIsNewInTheListHasCome) {
  const struct {
    Phase listed;
    std::vector<std::string> told;
  } table[] = {{kCreated, {"create web"}},
               {kRunning, {"create web", "start web"}},
               {kPaused, {"create web", "start web", "pause web"}},
               {kExited, {"create web", "start web", "die web"}},
               {kRemoving, {"create web"}},
               {kUnknown, {"create web"}}};
  for (const auto& [listed, told] : table) {
    ContainerTable containers;
    EXPECT_THAT(Mend(containers, {Listed("web", listed)}), ElementsAreArray(told)) << PhaseName(listed);
    EXPECT_THAT(Mend(containers, {Listed("web", listed)}), IsEmpty()) << PhaseName(listed);
  }
}

TEST(ContainerTableTest, SynthesizedEventsAreLikeTheEnginesAndSayWhatTheyAre) {
  ContainerTable table;
  const std::vector<Event> told = table.Mend({Listed("web", kRunning)}, {}, kTime);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[1], (Event{.type = EventType::kDocker,
                            .actor_name = "web",
                            .actor_id = "id-of-web",
                            .attributes = {{"image", "nginx:1.27"},
                                           {"lookout.synthesized", "true"},
                                           {"name", "web"},
                                           {"tier", "web"}},
                            .action = kStart,
                            .time = kTime}));
}

TEST(ContainerTableTest, WhatAnEventSaidOfAContainerIsKept) {
  ContainerTable table;
  table.Apply(EventBuilder(ContainerEvent(kDie, "web"))
                  .Attribute("image", "nginx")
                  .Attribute("tier", "web")
                  .Attribute("exitCode", "137")
                  .Attribute("execDuration", "3")
                  .Build());
  const std::vector<Event> told = table.Mend({}, {}, kTime);
  EXPECT_THAT(told, ElementsAre(AllOf(IsEvent(kDestroy, "web"), HasAttribute("image", "nginx"),
                                      HasAttribute("tier", "web"), HasAttribute(kSynthesized, "true"),
                                      LacksAttribute("exitCode"), LacksAttribute("execDuration"))));
}

TEST(ContainerTableTest, FirstWhoWentThenWhoChangedThenWhoCameEachById) {
  ContainerTable table;
  table.Adopt({Listed("b", kRunning), Listed("a", kRunning), Listed("d", kRunning), Listed("c", kExited)},
              {});
  EXPECT_THAT(Mend(table, {Listed("z", kCreated), Listed("c", kRunning), Listed("d", kExited),
                           Listed("x", kRunning), Listed("e", kCreated)}),
              ElementsAre("die a", "destroy a", "die b", "destroy b", "start c", "die d", "create e",
                          "create x", "start x", "create z"));
}

TEST(ContainerTableTest, TheBusyAreLeftAlone) {
  ContainerTable table;
  table.Adopt({Listed("gone", kRunning), Listed("changed", kRunning)}, {});
  EXPECT_THAT(table.Mend({Listed("changed", kExited), Listed("new", kRunning)},
                         {"id-of-gone", "id-of-changed", "id-of-new"}, kTime),
              IsEmpty());
  EXPECT_EQ(PhaseOf(table, "gone"), "running");
  EXPECT_EQ(PhaseOf(table, "changed"), "running");
  EXPECT_EQ(PhaseOf(table, "new"), "");
}

TEST(ContainerTableTest, AListThatCouldNotBeReadWhollyMakesNobodyGo) {
  ContainerTable table;
  table.Adopt({Listed("a", kRunning), Listed("b", kRunning)}, {});
  EXPECT_THAT(Words(table.Mend({Listed("b", kExited)}, {}, kTime, /*whole=*/false)), ElementsAre("die b"));
  EXPECT_EQ(PhaseOf(table, "a"), "running");
}

TEST(ContainerTableTest, NamesFollow) {
  ContainerTable table = WithWeb(kRunning);
  table.Apply(Renamed("web", "web", "front"));
  EXPECT_EQ(PhaseOf(table, "web"), "running");
  std::vector<Event> told = table.Mend({}, {}, kTime);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_THAT(told, Each(AllOf(HasAttribute("name", "front"), LacksAttribute("oldName"))));
  EXPECT_EQ(told[0].actor_name, "front");

  // A rename that was missed: by the next event, or by the list.
  table = WithWeb(kRunning);
  table.Apply(EventBuilder(ContainerEvent(Action::kContainerKill, "front")).Id("id-of-web").Build());
  EXPECT_EQ(table.Find("id-of-web")->name, "front");
  ListedContainer again = Listed("web", kExited);
  again.name = "back";
  EXPECT_THAT(Mend(table, {again}), ElementsAre("die back"));
}

TEST(ContainerTableTest, RenamesAreToldIfAskedFor) {
  ContainerTable table({.renames = true});
  table.Adopt({Listed("web", kRunning)}, {});
  ListedContainer front = Listed("web", kPaused);
  front.name = "front";
  const std::vector<Event> told = table.Mend({front}, {}, kTime);
  EXPECT_THAT(told,
              ElementsAre(AllOf(IsEvent(Action::kContainerRename, "front"), HasAttribute("oldName", "/web"),
                                HasAttribute("name", "front"), HasAttribute(kSynthesized, "true")),
                          AllOf(IsEvent(kPause, "front"), LacksAttribute("oldName"))));
  EXPECT_TRUE(table.Restates(Renamed("web", "web", "front")));
  EXPECT_FALSE(table.Restates(Renamed("web", "front", "back"))) << "another one";
  table.Apply(Renamed("web", "web", "front"));
  EXPECT_FALSE(table.Restates(Renamed("web", "web", "front")));
}

TEST(ContainerTableTest, AContainerWithoutANameKeepsTheOneItHad) {
  ContainerTable table = WithWeb(kRunning);
  table.Apply(EventBuilder(ContainerEvent(Action::kContainerKill, "id-of-web")).Id("id-of-web").Build());
  ListedContainer nameless = Listed("web", kExited);
  nameless.name = nameless.id;
  EXPECT_THAT(Mend(table, {nameless}), ElementsAre("die web"));
}

TEST(ContainerTableTest, ImpliedIsWhatMustHaveComeBefore) {
  const struct {
    Phase known;
    Action action;
    std::vector<std::string> implied;
  } table[] = {
      {kRunning, kStart, {"die web"}},
      {kRunning, kDestroy, {"die web"}},
      {kPaused, kDestroy, {"die web"}},
      {kExited, kDie, {"start web"}},
      {kExited, kPause, {"start web"}},
      {kExited, kUnpause, {"start web", "pause web"}},
      {kRunning, kUnpause, {"pause web"}},
      {kPaused, kPause, {"unpause web"}},
      {kRunning, Action::kContainerStop, {}},
      {kExited, Action::kContainerStop, {}},
      {kExited, Action::kContainerKill, {"start web"}},
  };
  for (const auto& [known, action, implied] : table) {
    EXPECT_THAT(Implied(WithWeb(known), action, "web"), ElementsAreArray(implied))
        << PhaseName(known) << ", " << ActionName(action);
  }
}

TEST(ContainerTableTest, ImpliedOfOneThatIsNotKnown) {
  const struct {
    Action action;
    std::vector<std::string> implied;
  } table[] = {
      {kCreate, {}},
      {kStart, {"create web"}},
      {kDie, {"create web", "start web"}},
      {kPause, {"create web", "start web"}},
      {kUnpause, {"create web", "start web", "pause web"}},
      {kDestroy, {"create web"}},
      {Action::kContainerKill, {"create web", "start web"}},
      {Action::kContainerStop, {"create web"}},
  };
  for (const auto& [action, implied] : table) {
    EXPECT_THAT(Implied(ContainerTable(), action, "web"), ElementsAreArray(implied)) << ActionName(action);
  }
  EXPECT_THAT(ContainerTable().Implied(Renamed("web", "web", "front"), kTime),
              ElementsAre(AllOf(IsEvent(kCreate, "web"), HasAttribute("name", "web"), HasActorId("id-of-web"),
                                LacksAttribute("oldName"), HasAttribute(kSynthesized, "true"))));
}

}  // namespace
}  // namespace lookout::docker_internal
