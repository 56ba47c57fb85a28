// What comes from where nothing is watched: what it costs, and what of it is told. The kernel is played.
#include <sys/fanotify.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_fanotify_kernel.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/fanotify_watcher_harness.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::file_internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr std::uint64_t kA = 10, kB = 11;  // files

class FanotifyWatcherArrivalsTest : public FanotifyWatcherHarness {
 protected:
  void SetUp() override { ASSERT_EQ(Open(), absl::OkStatus()); }
};

// Each is looked for in what is still to be said of its directory.
TEST_F(FanotifyWatcherArrivalsTest, FilesMovedInCostNoMoreInOneDirectoryThanInMany) {
  constexpr std::uint64_t kFiles = 10'000, kFirstDirectory = 1000;
  std::uint64_t next_file = 10'000;
  const auto cost = [&](std::uint64_t directories) {
    std::string records;
    for (std::uint64_t i = 0; i < kFiles; ++i) {
      const std::string name = absl::StrCat("f", next_file);
      records += Rename(kO, name, kFirstDirectory + i % directories, name, next_file++);
      if (records.size() > 60'000 || i + 1 == kFiles) kernel_.Tell(std::exchange(records, {}));
    }
    receiver_.Clear();
    const std::clock_t before = std::clock();
    StepAll();
    EXPECT_EQ(receiver_.events().size(), kFiles);
    return std::clock() - before;
  };
  for (std::uint64_t i = 0; i < 100; ++i) kernel_.AddDirectory(kFirstDirectory + i, kR, absl::StrCat("d", i));
  // Another process may have the processor's caches for a while, but not each time.
  bool costs_more = true;
  for (int tries = 0; tries < 5 && costs_more; ++tries) {
    const std::clock_t many = cost(100), one = cost(1);
    costs_more = 10 * one >= 17 * many;
  }
  EXPECT_FALSE(costs_more);
}

// It is not known what is there: only the other's record, which comes a moment later, says it.
TEST_F(FanotifyWatcherArrivalsTest, WhatChangesPlacesWithOneOutsideIsToldAsDeleted) {
  kernel_.AddDirectory(20, kR, "d");
  kernel_.Tell(Rename(kO, "x", kR, "d", 20, FAN_ONDIR));
  files_.on_await = [this] { kernel_.Tell(Rename(kR, "d", kO, "x", kD, FAN_ONDIR)); };
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("deleted r/d/", "created r/d/"));
}

// "d" is hidden as a file, and shown as a directory.
TEST_F(FanotifyWatcherArrivalsTest, ADirectoryThatChangesPlacesWithAFileThatIsHiddenThenIsToldToLeave) {
  const auto filter = PathFilter::Create({.include = {"f*", "d/**"}});
  ASSERT_TRUE(filter.ok());
  watcher_ = std::make_unique<FanotifyWatcher>(
      TreeOptions{.directory = "r", .recursive = true, .filter = filter->get()}, /*unlimited=*/false, kernel_,
      files_, clock_, receiver_);
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Tell(Record(FAN_CREATE | FAN_ONDIR, kR, "d", kD) + Record(FAN_CREATE, kR, "f", kA));
  StepAll();
  kernel_.Tell(Rename(kR, "f", kR, "d", kA) + Rename(kR, "d", kR, "f", kD, FAN_ONDIR));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/d/", "created r/f", "deleted r/f", "deleted r/d/",
                                  "created r/f/", "created r/f/e/"));
}

// The handle that a name has is that of what is mounted there.
TEST_F(FanotifyWatcherArrivalsTest, WhatIsMountedInATreeMovedInIsNotTold) {
  kernel_.AddDirectory(20, kR, "in");
  kernel_.AddDirectory(21, 20, "loop");
  kernel_.AddDirectory(22, 20, "more");
  kernel_.AddFile(kA, 22, "f");
  kernel_.AddFile(kB, kO, "foreign");
  kernel_.Mount(kO, 21);
  kernel_.Tell(Rename(kO, "in", kR, "in", 20, FAN_ONDIR));
  StepAll();
  EXPECT_THAT(Told(), UnorderedElementsAre("created r/in/", "created r/in/loop/", "created r/in/more/",
                                           "created r/in/more/f"));
}

TEST_F(FanotifyWatcherArrivalsTest, ADirectoryInATreeMovedInThatCannotBeHadIsALossUnlessItIsGone) {
  kernel_.AddDirectory(20, kR, "in");
  kernel_.AddDirectory(21, 20, "sub");
  kernel_.Fail(FanotifyCall::kHandleOf, 21, ENOENT, 1);
  kernel_.Tell(Rename(kO, "in", kR, "in", 20, FAN_ONDIR));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/in/", "created r/in/sub/"));
  kernel_.AddDirectory(22, kR, "more");
  kernel_.AddDirectory(23, 22, "sub");
  kernel_.Fail(FanotifyCall::kHandleOf, 23, ENOMEM, 1);
  kernel_.Tell(Rename(kO, "more", kR, "more", 22, FAN_ONDIR));
  StepAll();
  EXPECT_THAT(receiver_.events(), Contains(IsForceReload("r")));
}

}  // namespace
}  // namespace lookout::file_internal
