// Somebody writes without a pause, and so there is something to read each time: what else is due is done all
// the same. The kernel is played.
#include <sys/inotify.h>

#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/inotify_watcher_harness.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::file_internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

class InotifyWatcherBusyTest : public InotifyWatcherTest {
 protected:
  void StepWhileFIsWritten(absl::Duration apart, int times) {
    for (int i = 0; i < times; ++i) {
      clock_.Advance(apart);
      kernel_.reads = {kernel_.Record("r", IN_MODIFY, "f")};
      Step();
    }
  }
};

TEST_F(InotifyWatcherBusyTest, WhatCannotBeWatchedIsLookedAtInTime) {
  kernel_.tree = {{"r", {"f", "d"}}, {"r/d", {}}};
  kernel_.watch_errors = {{"r/d", ENOSPC}};
  ASSERT_TRUE(Open().ok());
  kernel_.tree["r/d"] = {"new"};
  StepWhileFIsWritten(absl::Seconds(1), 1);
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileWritten, "r/f"), IsEvent(Action::kFileCreated, "r/d/new")));
}

TEST_F(InotifyWatcherBusyTest, WhatWasMadeIsSettled) {
  kernel_.tree = {{"r", {"f"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"f", "d"}}, {"r/d", {}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  EXPECT_FALSE(watcher_.caught_up());
  StepWhileFIsWritten(absl::Milliseconds(10), 10);
  EXPECT_TRUE(watcher_.caught_up());
}

TEST_F(InotifyWatcherBusyTest, ADirectoryThatWasNotWhereItsPathSaidIsLookedForAgain) {
  kernel_.tree = {{"r", {"f"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"f", "d"}}, {"r/d", {"g"}}};
  kernel_.watch_errors = {{"r/d", ENOENT}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  kernel_.watch_errors.clear();
  StepWhileFIsWritten(absl::Milliseconds(10), 30);
  EXPECT_THAT(receiver_.events(), Contains(IsEvent(Action::kFileCreated, "r/d/g")));
  EXPECT_TRUE(watcher_.caught_up());
}

TEST_F(InotifyWatcherBusyTest, WhatIsNowhereAndOfWhichNoRecordComesIsGone) {
  kernel_.tree = {{"r", {"f"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  StepWhileFIsWritten(absl::Milliseconds(10), 30);
  EXPECT_THAT(receiver_.events(), Contains(IsEvent(Action::kFileDeleted, "r/d")));
  EXPECT_TRUE(watcher_.caught_up());
}

// Awaiting who changes a tree costs as much as there is that was made.
TEST_F(InotifyWatcherBusyTest, WhereDirectoriesAreMadeWithoutAPauseThatIsAwaitedNowAndThen) {
  ASSERT_TRUE(Open().ok());
  kernel_.awaits = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string name = absl::StrCat("d", i);
    kernel_.tree["r"].push_back(name);
    kernel_.tree["r/" + name] = {};
    clock_.Advance(absl::Milliseconds(1));
    kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, name)};
    Step();
  }
  EXPECT_GE(kernel_.awaits, 1);
  EXPECT_LE(kernel_.awaits, 20);  // twice in 50 ms
}

TEST_F(InotifyWatcherBusyTest, AWatchThatWasGivenUpIsGivenBack) {
  kernel_.tree = {{"r", {"f", "d"}}, {"r/d", {}}};
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"f"}}};
  kernel_.reads = {kernel_.Record("", IN_Q_OVERFLOW, "")};
  Step();
  StepWhileFIsWritten(absl::Milliseconds(10), 10);
  EXPECT_THAT(kernel_.removed, ElementsAre(kernel_.wds["r/d"]));
}

}  // namespace
}  // namespace lookout::file_internal
