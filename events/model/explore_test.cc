// The explorer itself, on models that are small enough to count by hand.
#include "lookout/events/model/explore.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::queue_model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Two threads add one to a number: they read it, then write what they read and one more.
struct Counting {
  struct State {
    std::uint8_t number = 0;
    std::uint8_t read[2] = {};
    std::uint8_t at[2] = {};  // 0: before the reading; 1: before the writing; 2: done
  };

  bool atomic = false;

  State Initial() const { return {}; }
  void ForEachStep(const State& state, StepVisitor<State> visit) const {
    for (int t = 0; t < 2; ++t) {
      State next = state;
      if (state.at[t] == 2) continue;
      if (state.at[t] == 0) next.read[t] = state.number;
      if (atomic || state.at[t] == 1) {
        next.number = static_cast<std::uint8_t>(next.read[t] + 1);
        next.at[t] = 2;
      } else {
        next.at[t] = 1;
      }
      visit(next, {.thread = t, .what = next.at[t] == 1 ? "reads" : "writes"});
    }
  }
  std::string WrongAtEnd(const State& state) const { return state.number == 2 ? "" : "an addition is lost"; }
  std::string ToString(const State& state) const { return absl::StrCat(state.number); }
  std::string ThreadName(int thread) const { return absl::StrCat("thread ", thread); }
};

TEST(ExploreTest, FindsTheShortestWayToAWrongEnd) {
  const Exploration all = Explore(Counting(), 100);
  EXPECT_EQ(all.wrong, "an addition is lost");
  EXPECT_THAT(all.trace,
              ElementsAre("  0. 0", HasSubstr("1. thread 0: reads"), HasSubstr("2. thread 1: reads"),
                          HasSubstr("3. thread 0: writes"), HasSubstr("4. thread 1: writes")));
}

TEST(ExploreTest, SeesEveryStateOnce) {
  const Exploration all = Explore(Counting{.atomic = true}, 100);
  EXPECT_EQ(all.wrong, "");
  EXPECT_EQ(all.states, 5u);  // none, either, and both in either order: the second has read a one
  EXPECT_EQ(all.steps, 4u);
  EXPECT_EQ(all.ends, 2u);
}

TEST(ExploreTest, MoreStatesThanTheBoundIsAFailure) {
  EXPECT_THAT(Explore(Counting{.atomic = true}, 4).wrong, HasSubstr("more than 4 states"));
  EXPECT_EQ(Explore(Counting{.atomic = true}, 5).wrong, "");
}

// A thread walks round in a circle, and may leave it until it has passed `last_exit`.
struct Circle {
  struct State {
    std::uint8_t at = 0;
    std::uint8_t gone = 0;
  };

  int last_exit = 3;
  const char* broken_rule = nullptr;  // by the step from 2

  State Initial() const { return {}; }
  void ForEachStep(const State& state, StepVisitor<State> visit) const {
    if (state.gone != 0) return;
    if (state.at <= last_exit) visit({.at = state.at, .gone = 1}, {.what = "leaves"});
    const std::uint8_t next = state.at == 3 ? (last_exit == 3 ? 0 : 2) : state.at + 1;
    visit({.at = next}, {.what = "goes on", .wrong = state.at == 2 ? broken_rule : nullptr});
  }
  std::string WrongAtEnd(const State&) const { return ""; }
  std::string ToString(const State& state) const { return absl::StrCat(state.at); }
  std::string ThreadName(int) const { return "walker"; }
};

TEST(ExploreTest, ACircleThatCanBeLeftIsProgress) { EXPECT_EQ(Explore(Circle(), 100).wrong, ""); }

TEST(ExploreTest, OneThatCannotBeLeftIsNone) {
  const Exploration all = Explore(Circle{.last_exit = 1}, 100);
  EXPECT_THAT(all.wrong, HasSubstr("no progress"));
  EXPECT_THAT(all.trace, SizeIs(3));
}

TEST(ExploreTest, AStepThatBreaksARuleEndsTheTrace) {
  const Exploration all = Explore(Circle{.broken_rule = "not there"}, 100);
  EXPECT_EQ(all.wrong, "not there");
  EXPECT_THAT(all.trace, SizeIs(4));
  EXPECT_THAT(all.trace.back(), HasSubstr("3. walker: goes on"));
}

}  // namespace
}  // namespace lookout::queue_model
