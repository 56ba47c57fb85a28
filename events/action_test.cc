// The reference's contract of actions, row by row.
#include "lookout/events/action.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

using ::testing::HasSubstr;

struct Row {
  Action action;
  int bit;
  absl::string_view name;
  bool is_start;
  bool is_stop;
  bool is_pause;
};

constexpr Row kRows[] = {
    {Action::kContainerCreate, 0, "create", true, false, false},
    {Action::kContainerStart, 1, "start", true, false, false},
    {Action::kContainerUnpause, 2, "unpause", true, false, false},
    {Action::kContainerKill, 3, "kill", false, true, false},
    {Action::kContainerStop, 4, "stop", false, true, false},
    {Action::kContainerPause, 5, "pause", false, false, true},
    {Action::kContainerDie, 6, "die", false, true, false},
    {Action::kContainerDestroy, 7, "destroy", false, false, false},
    {Action::kContainerRename, 8, "rename", false, false, false},
    {Action::kContainerHealthy, 9, "healthy", false, false, false},
    {Action::kContainerUnhealthy, 11, "unhealthy", false, false, false},
    {Action::kForceReload, 10, "force_reload", false, false, false},
    {Action::kFileWritten, 12, "written", false, false, false},
    {Action::kFileCreated, 13, "created", false, false, false},
    {Action::kFileDeleted, 14, "deleted", false, false, false},
    {Action::kFileRenamed, 15, "renamed", false, false, false},
};

class ActionTest : public ::testing::TestWithParam<Row> {};

TEST_P(ActionTest, HasItsBit) {
  EXPECT_EQ(static_cast<std::uint16_t>(GetParam().action), 1 << GetParam().bit);
}

TEST_P(ActionTest, HasItsNameWhichParsesBack) {
  EXPECT_EQ(ActionName(GetParam().action), GetParam().name);
  EXPECT_EQ(absl::StrCat(GetParam().action), GetParam().name);
  const absl::StatusOr<Action> parsed = ParseAction(GetParam().name);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, GetParam().action);
}

TEST_P(ActionTest, IsInItsGroupsAndNoOther) {
  EXPECT_EQ(IsContainerStart(GetParam().action), GetParam().is_start);
  EXPECT_EQ(IsContainerStop(GetParam().action), GetParam().is_stop);
  EXPECT_EQ(IsContainerPause(GetParam().action), GetParam().is_pause);
}

INSTANTIATE_TEST_SUITE_P(Reference, ActionTest, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return std::string(test.param.name); });

constexpr Action kContainerBits = static_cast<Action>(0x0BFF);
constexpr Action kFileBits = static_cast<Action>(0xF000);

TEST(ActionMaskTest, NoMaskCrossesTypes) {
  for (Action mask : {kContainerStartMask, kContainerStopMask, kContainerPauseMask}) {
    EXPECT_EQ(mask & kContainerBits, mask);
    EXPECT_FALSE(HasAny(mask, kFileBits));
    EXPECT_FALSE(HasAny(mask, Action::kForceReload));
  }
  for (const Row& row : kRows) {
    const int types = HasAny(row.action, kContainerBits) + HasAny(row.action, kFileBits) +
                      HasAny(row.action, Action::kForceReload);
    EXPECT_EQ(types, 1) << row.name;
  }
}

TEST(ActionMaskTest, TheThreeGroupsDoNotOverlap) {
  EXPECT_FALSE(HasAny(kContainerStartMask, kContainerStopMask));
  EXPECT_FALSE(HasAny(kContainerStartMask, kContainerPauseMask));
  EXPECT_FALSE(HasAny(kContainerStopMask, kContainerPauseMask));
}

TEST(ActionMaskTest, NoneIsInNoGroup) {
  EXPECT_FALSE(IsContainerStart(Action::kNone));
  EXPECT_FALSE(IsContainerStop(Action::kNone));
  EXPECT_FALSE(IsContainerPause(Action::kNone));
  EXPECT_FALSE(HasAny(Action::kNone, Action::kNone));
}

TEST(ActionNameTest, SeveralBitsAreJoinedInOrderOfTheBits) {
  EXPECT_EQ(ActionName(kContainerStopMask), "kill|stop|die");
  EXPECT_EQ(ActionName(Action::kFileRenamed | Action::kContainerCreate), "create|renamed");
  EXPECT_EQ(ActionName(Action::kNone), "none");
  EXPECT_EQ(ActionName(Action::kContainerUnhealthy | Action::kContainerRename), "rename|unhealthy");
}

TEST(ActionNameTest, EveryValueParsesBack) {
  for (int bits = 0; bits <= 0xFFFF; ++bits) {
    const Action action = static_cast<Action>(bits);
    const absl::StatusOr<Action> parsed = ParseAction(ActionName(action));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_EQ(*parsed, action);
  }
}

TEST(ParseActionTest, AnythingElseIsInvalidAndTheWordIsNamed) {
  struct {
    absl::string_view text;
    absl::string_view word;
  } const kCases[] = {
      {"", "''"},           {"restart", "'restart'"},  {"Start", "'Start'"},   {" start", "' start'"},
      {"start|", "''"},     {"none|start", "'none'"},  {"start|x", "'x'"},     {"start|start", "'start'"},
      {"die|kill", "kill"}, {"0x1", "'0x1'"},          {"0x400", "'0x400'"},   {"start,stop", "'start,stop'"},
      {"0x100", "'0x100'"}, {"renamed|create", "cre"}, {"start|none", "none"},
  };
  for (const auto& test : kCases) {
    const absl::StatusOr<Action> parsed = ParseAction(test.text);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << test.text;
    EXPECT_THAT(parsed.status().message(), HasSubstr(test.word));
  }
}

}  // namespace
}  // namespace lookout
