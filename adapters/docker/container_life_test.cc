#include "lookout/adapters/docker/container_life.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"

namespace lookout::docker_internal {
namespace {

using ::testing::ElementsAreArray;
using enum Phase;

constexpr Action kStart = Action::kContainerStart;
constexpr Action kPause = Action::kContainerPause;
constexpr Action kUnpause = Action::kContainerUnpause;
constexpr Action kDie = Action::kContainerDie;

TEST(ContainerLifeTest, BetweenTwoPhases) {
  const struct {
    Phase from, to;
    std::vector<Action> actions;
  } table[] = {
      {kCreated, kCreated, {}},
      {kCreated, kRunning, {kStart}},
      {kCreated, kPaused, {kStart, kPause}},
      {kCreated, kExited, {kStart, kDie}},
      {kCreated, kRemoving, {}},
      {kCreated, kUnknown, {}},
      {kRunning, kCreated, {kDie}},
      {kRunning, kRunning, {}},
      {kRunning, kPaused, {kPause}},
      {kRunning, kExited, {kDie}},
      {kRunning, kRemoving, {kDie}},
      {kRunning, kUnknown, {}},
      {kPaused, kCreated, {kDie}},
      {kPaused, kRunning, {kUnpause}},
      {kPaused, kPaused, {}},
      {kPaused, kExited, {kDie}},
      {kPaused, kRemoving, {kDie}},
      {kPaused, kUnknown, {}},
      {kExited, kCreated, {}},
      {kExited, kRunning, {kStart}},
      {kExited, kPaused, {kStart, kPause}},
      {kExited, kExited, {}},
      {kExited, kRemoving, {}},
      {kExited, kUnknown, {}},
      {kRemoving, kExited, {}},
      {kRemoving, kRunning, {kStart}},
      {kUnknown, kCreated, {}},
      {kUnknown, kRunning, {kStart}},
      {kUnknown, kPaused, {kStart, kPause}},
      {kUnknown, kExited, {}},
  };
  for (const auto& [from, to, actions] : table) {
    EXPECT_THAT(ActionsBetween(from, to), ElementsAreArray(actions))
        << PhaseName(from) << " to " << PhaseName(to);
  }
}

TEST(ContainerLifeTest, BeforeAnAction) {
  const struct {
    Phase from;
    Action action;
    std::vector<Action> actions;
  } table[] = {
      {kCreated, kStart, {}},
      {kExited, kStart, {}},
      {kRunning, kStart, {kDie}},
      {kPaused, kStart, {kDie}},
      {kCreated, kDie, {kStart}},
      {kExited, kDie, {kStart}},
      {kRunning, kDie, {}},
      {kPaused, kDie, {}},
      {kExited, Action::kContainerKill, {kStart}},
      {kRunning, Action::kContainerKill, {}},
      {kPaused, Action::kContainerKill, {}},
      {kExited, Action::kContainerStop, {}},
      {kRunning, Action::kContainerStop, {}},
      {kCreated, kPause, {kStart}},
      {kRunning, kPause, {}},
      {kPaused, kPause, {kUnpause}},
      {kExited, kUnpause, {kStart, kPause}},
      {kRunning, kUnpause, {kPause}},
      {kPaused, kUnpause, {}},
      {kCreated, Action::kContainerDestroy, {}},
      {kExited, Action::kContainerDestroy, {}},
      {kRunning, Action::kContainerDestroy, {kDie}},
      {kPaused, Action::kContainerDestroy, {kDie}},
      {kRunning, Action::kContainerCreate, {}},
      {kCreated, Action::kContainerRename, {}},
  };
  for (const auto& [from, action, actions] : table) {
    EXPECT_THAT(ActionsBefore(from, action), ElementsAreArray(actions))
        << PhaseName(from) << ", " << ActionName(action);
  }
}

TEST(ContainerLifeTest, WhatIsLearntKeepsWhatIsNotSaid) {
  const struct {
    Phase from, to, learnt;
  } table[] = {{kRunning, kUnknown, kRunning}, {kExited, kCreated, kExited},    {kRunning, kCreated, kExited},
               {kCreated, kCreated, kCreated}, {kRunning, kPaused, kPaused},    {kCreated, kExited, kExited},
               {kUnknown, kCreated, kCreated}, {kCreated, kRemoving, kRemoving}};
  for (const auto& [from, to, learnt] : table) {
    EXPECT_EQ(PhaseName(Learnt(from, to)), PhaseName(learnt)) << PhaseName(from) << " to " << PhaseName(to);
  }
}

// The three functions agree: what is told between two phases leads from the one to the other.
TEST(ContainerLifeTest, TheActionsBetweenLeadThere) {
  for (Phase from : {kCreated, kRunning, kPaused, kExited, kRemoving}) {
    for (Phase to : {kCreated, kRunning, kPaused, kExited, kRemoving, kUnknown}) {
      SCOPED_TRACE(absl::StrCat(PhaseName(from), " to ", PhaseName(to)));
      Phase phase = from;
      for (Action action : ActionsBetween(from, to)) {
        EXPECT_THAT(ActionsBefore(phase, action), ::testing::IsEmpty());
        EXPECT_TRUE(ChangesPhase(action));
        phase = PhaseAfter(phase, action);
      }
      EXPECT_EQ(Runs(phase), Runs(Learnt(from, to)));
      if (Runs(phase)) {
        EXPECT_EQ(phase, Learnt(from, to));
      }
    }
  }
}

}  // namespace
}  // namespace lookout::docker_internal
