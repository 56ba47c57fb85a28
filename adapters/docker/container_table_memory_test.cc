// What ContainerTable remembers for a while (what it has told itself), and what it does not (beyond its
// bounds).
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/container_table.h"
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
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum Phase;

constexpr Action kStart = Action::kContainerStart;
constexpr Action kPause = Action::kContainerPause;
constexpr Action kUnpause = Action::kContainerUnpause;
constexpr Action kDie = Action::kContainerDie;
constexpr Action kDestroy = Action::kContainerDestroy;

TEST(ContainerTableMemoryTest, WhatMendHasToldLastIsKnownWhenItComes) {
  ContainerTable table = WithWeb(kExited);
  EXPECT_THAT(Mend(table, {Listed("web", kPaused)}), ElementsAre("start web", "pause web"));
  const Event pause = ContainerEvent(kPause, "web");
  EXPECT_TRUE(table.Restates(pause));
  EXPECT_THAT(table.Implied(pause, kTime), IsEmpty());
  table.Apply(pause);
  EXPECT_EQ(PhaseOf(table, "web"), "paused");
  EXPECT_FALSE(table.Restates(pause)) << "once";
}

// A list says that it runs, not how that came.
TEST(ContainerTableMemoryTest, WhatIsToldToRunMayHaveBeenStartedOrUnpaused) {
  for (Phase before : {kCreated, kPaused, kExited}) {
    for (Action own : {kStart, kUnpause}) {
      ContainerTable table = WithWeb(before);
      EXPECT_THAT(Mend(table, {Listed("web", kRunning)}), SizeIs(1));
      EXPECT_TRUE(table.Restates(ContainerEvent(own, "web"))) << ActionName(own);
      table.Apply(ContainerEvent(own, "web"));
      EXPECT_EQ(PhaseOf(table, "web"), "running");
      table.Apply(ContainerEvent(kPause, "web"));
      EXPECT_FALSE(table.Restates(ContainerEvent(kUnpause, "web"))) << "that is another";
    }
  }
  ContainerTable table;
  EXPECT_THAT(Mend(table, {Listed("web", kRunning)}), ElementsAre("create web", "start web"));
  EXPECT_TRUE(table.Restates(ContainerEvent(kUnpause, "web")));
  table.Adopt({Listed("web", kRunning)}, {});
  table.InitialStarts(kTime);
  EXPECT_TRUE(table.Restates(ContainerEvent(kUnpause, "web")));
}

// What led away from there and was lost need not be known, for what led back not to be told alone.
TEST(ContainerTableMemoryTest, WhatLedBackInAGapIsKnownWhenItComes) {
  const std::vector<std::pair<Phase, Action>> rows = {
      {kRunning, kStart}, {kRunning, kUnpause}, {kPaused, kPause}, {kExited, kDie}};
  for (const auto& [phase, own] : rows) {
    ContainerTable table = WithWeb(phase);
    table.BeginGap();
    EXPECT_FALSE(table.Restates(ContainerEvent(own, "web"))) << "before the list";
    EXPECT_THAT(Mend(table, {Listed("web", phase)}), IsEmpty());
    EXPECT_TRUE(table.Restates(ContainerEvent(own, "web"))) << ActionName(own);
    EXPECT_THAT(Mend(table, {Listed("web", phase)}), IsEmpty());
    EXPECT_FALSE(table.Restates(ContainerEvent(own, "web"))) << "that gap is over";
  }
}

TEST(ContainerTableMemoryTest, WhatHappensNextIsNews) {
  ContainerTable table = WithWeb(kRunning);
  EXPECT_THAT(Mend(table, {Listed("web", kExited)}), ElementsAre("die web"));
  table.Apply(ContainerEvent(Action::kContainerStop, "web"));
  EXPECT_TRUE(table.Restates(ContainerEvent(kDie, "web"))) << "whatever is told beside it";
  EXPECT_FALSE(table.Restates(ContainerEvent(kStart, "web")));
  table.Apply(ContainerEvent(kStart, "web"));
  EXPECT_FALSE(table.Restates(ContainerEvent(kDie, "web"))) << "of another life";

  // The start that is told here is not the one that comes.
  table = ContainerTable();
  EXPECT_THAT(Mend(table, {Listed("web", kExited)}), ElementsAre("create web", "start web", "die web"));
  EXPECT_FALSE(table.Restates(ContainerEvent(kStart, "web")));
}

TEST(ContainerTableMemoryTest, WhoWasToldGoneStaysGone) {
  ContainerTable table = WithWeb(kRunning);
  Mend(table, {});
  for (Action action : {kDie, kDestroy}) {
    EXPECT_TRUE(table.Restates(ContainerEvent(action, "web"))) << ActionName(action);
    EXPECT_THAT(Implied(table, action, "web"), IsEmpty());
    table.Apply(ContainerEvent(action, "web"));
    EXPECT_EQ(table.size(), 0u);
  }
  EXPECT_FALSE(table.Restates(ContainerEvent(Action::kContainerStop, "web")));
}

TEST(ContainerTableMemoryTest, TheNextMendOrAGapEndsIt) {
  ContainerTable table = WithWeb(kExited);
  Mend(table, {Listed("web", kRunning)});
  table.BeginGap();
  EXPECT_FALSE(table.Restates(ContainerEvent(kStart, "web")));

  table = WithWeb(kExited);
  Mend(table, {Listed("web", kRunning)});
  Mend(table, {Listed("web", kRunning)});
  EXPECT_FALSE(table.Restates(ContainerEvent(kStart, "web")));
}

TEST(ContainerTableMemoryTest, WhatIsAdoptedWasToldByNobody) {
  ContainerTable table = WithWeb(kRunning);
  EXPECT_FALSE(table.Restates(ContainerEvent(kStart, "web")));
  table.Adopt({}, {});
  EXPECT_EQ(table.size(), 0u);
  EXPECT_FALSE(table.Restates(ContainerEvent(kDestroy, "web")));
}

TEST(ContainerTableMemoryTest, InitialStartsAreOfWhatRuns) {
  ContainerTable table;
  table.Adopt({Listed("d", kPaused), Listed("a", kExited), Listed("c", kRunning), Listed("b", kCreated)}, {});
  const std::vector<Event> told = table.InitialStarts(kTime);
  EXPECT_THAT(Words(told), ElementsAre("start c", "start d", "pause d"));
  EXPECT_THAT(told, Each(AllOf(HasAttribute(kSynthesized, "true"), HasAttribute("tier", "web"))));
  EXPECT_TRUE(table.Restates(ContainerEvent(kStart, "c"))) << "one start, if its own is still to come";
  EXPECT_THAT(
      Mend(table, {Listed("d", kPaused), Listed("a", kExited), Listed("c", kRunning), Listed("b", kCreated)}),
      IsEmpty());
}

TEST(ContainerTableMemoryTest, BeyondTheCapNobodyIsRemembered) {
  ContainerTable table({.max_containers = 2});
  for (absl::string_view name : {"a", "b", "c"}) table.Apply(ContainerEvent(kStart, name));
  EXPECT_EQ(table.size(), 2u);
  EXPECT_FALSE(table.complete());
  EXPECT_EQ(table.refused(), 1u);
  EXPECT_THAT(Implied(table, kDie, "c"), IsEmpty()) << "its start may have been told";
  EXPECT_THAT(Implied(table, kStart, "a"), ElementsAre("die a")) << "what is known is known";

  const std::vector<ListedContainer> all = {Listed("a", kRunning), Listed("b", kRunning),
                                            Listed("c", kRunning)};
  EXPECT_THAT(Mend(table, all), IsEmpty()) << "again and again otherwise";
  EXPECT_FALSE(table.complete());
  EXPECT_EQ(table.refused(), 2u);

  // With room again it is taken over, in silence: its events were told.
  EXPECT_THAT(Mend(table, {Listed("b", kRunning), Listed("c", kRunning)}), ElementsAre("die a", "destroy a"));
  EXPECT_TRUE(table.complete());
  EXPECT_THAT(Mend(table, {Listed("b", kRunning)}), ElementsAre("die c", "destroy c"));
}

TEST(ContainerTableMemoryTest, AListBeyondTheCapTellsOfThoseThatFit) {
  ContainerTable table({.max_containers = 2});
  EXPECT_THAT(Mend(table, {Listed("a", kCreated), Listed("b", kCreated), Listed("c", kCreated)}),
              ElementsAre("create a", "create b"));
  EXPECT_FALSE(table.complete());
}

TEST(ContainerTableMemoryTest, TheTextThatIsKeptIsBounded) {
  ContainerTable table({.max_bytes = 1000});
  table.Apply(EventBuilder(ContainerEvent(kStart, "large")).Attribute("x", std::string(1000, 'x')).Build());
  EXPECT_EQ(table.size(), 0u);
  EXPECT_FALSE(table.complete());
  // What goes gives its room back.
  for (int i = 0; i < 10; ++i) {
    table.Apply(EventBuilder(ContainerEvent(kStart, "web")).Attribute("x", std::string(900, 'x')).Build());
    table.Apply(
        EventBuilder(ContainerEvent(Action::kContainerRename, std::string(20, 'n'))).Id("id-of-web").Build());
    EXPECT_EQ(PhaseOf(table, "web"), "running") << i;
    table.Apply(ContainerEvent(kDestroy, "web"));
  }
  EXPECT_EQ(table.refused(), 1u);
}

}  // namespace
}  // namespace lookout::docker_internal
