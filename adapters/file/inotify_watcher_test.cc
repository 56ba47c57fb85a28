// What the kernel may do and a real tree does not on demand: failures, overflows, halves of renames that come
// apart. The kernel is played.
#include <sys/inotify.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/inotify_watcher_harness.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(InotifyWatcherTest, HalvesOfARenameInTwoReadsAreOneEvent) {
  kernel_.tree = {{"r", {"a"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "a", 5), kernel_.Record("r", IN_MOVED_TO, "b", 5)};
  Step();
  EXPECT_EQ(watcher_.Timeout(), kRenameWait);
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileRenamed, "r/b")));
  EXPECT_EQ(watcher_.Timeout(), absl::InfiniteDuration());
}

TEST_F(InotifyWatcherTest, AHalfWithoutItsOtherIsADeletionAfterTheWait) {
  kernel_.tree = {{"r", {"a"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "a", 5)};
  Step();
  clock_.Advance(kRenameWait - absl::Nanoseconds(1));
  Step();
  EXPECT_THAT(receiver_.events(), IsEmpty());
  clock_.Advance(absl::Nanoseconds(1));
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileDeleted, "r/a")));
}

TEST_F(InotifyWatcherTest, SettingTheWallClockNeitherStretchesNorCutsTheWait) {
  kernel_.tree = {{"r", {"a", "b"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "a", 5)};
  Step();
  clock_.StepWallClock(-absl::Hours(1));
  EXPECT_EQ(watcher_.Timeout(), kRenameWait);
  clock_.Advance(kRenameWait);
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileDeleted, "r/a")));
  receiver_.Clear();
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "b", 6)};
  Step();
  clock_.StepWallClock(absl::Hours(1));
  Step();
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

TEST_F(InotifyWatcherTest, MovedOutDirectoriesGiveTheirWatchesBack) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"e"}}, {"r/d/e", {}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5)};
  Step();
  clock_.Advance(kRenameWait);
  Step();
  EXPECT_THAT(kernel_.removed, ::testing::UnorderedElementsAre(kernel_.wds["r/d"], kernel_.wds["r/d/e"]));
}

TEST_F(InotifyWatcherTest, WhatIsSaidBetweenTheHalvesOfARenameIsOfTheNewPath) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {
      kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5) + kernel_.Record("r/d", IN_CREATE, "f"),
      kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "e", 5)};
  Step();
  EXPECT_THAT(receiver_.events(), IsEmpty());
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/e"), IsEvent(Action::kFileCreated, "r/e/f")));
}

TEST_F(InotifyWatcherTest, ABusyTreeThatLeftIsGivenUpAlone) {
  kernel_.tree = {{"r", {"d", "e"}}, {"r/d", {}}, {"r/e", {}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5) +
                   kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "e", 6)};
  for (int i = 0; i < 10'001; ++i) kernel_.reads.push_back(kernel_.Record("r/d", IN_MODIFY, "f"));
  while (!kernel_.reads.empty()) Step();
  kernel_.reads = {kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "new", 6)};
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileDeleted, "r/d"), IsEvent(Action::kFileRenamed, "r/new")));
}

TEST_F(InotifyWatcherTest, ATreeThatLeftAndIsBusyIsGivenUpBeforeTheWait) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5)};
  for (int i = 0; i < 10'001; ++i) kernel_.reads.push_back(kernel_.Record("r/d", IN_MODIFY, "f"));
  while (!kernel_.reads.empty()) Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileDeleted, "r/d")));
  EXPECT_THAT(kernel_.removed, ElementsAre(kernel_.wds["r/d"]));
}

TEST_F(InotifyWatcherTest, WhatLeftIsToldBeforeWhatTakesItsPlace) {
  kernel_.tree = {{"r", {"a"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "a", 5) + kernel_.Record("r", IN_CREATE, "a")};
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileDeleted, "r/a"), IsEvent(Action::kFileCreated, "r/a")));
}

TEST_F(InotifyWatcherTest, AnOverflowIsOneForceReloadAndThenTheDifference) {
  kernel_.tree = {{"r", {"old", "kept", "f", "gone"}}, {"r/old", {}}, {"r/kept", {"same"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {
      {"r", {"new", "kept", "f", "g"}}, {"r/new", {"deep"}}, {"r/new/deep", {"h"}}, {"r/kept", {"same"}}};
  kernel_.reads = {kernel_.Record("", IN_Q_OVERFLOW, "")};
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsForceReload("r"), IsEvent(Action::kFileDeleted, "r/gone"),
                          IsEvent(Action::kFileDeleted, "r/old"), IsEvent(Action::kFileCreated, "r/new"),
                          IsEvent(Action::kFileCreated, "r/g"), IsEvent(Action::kFileCreated, "r/new/deep"),
                          IsEvent(Action::kFileCreated, "r/new/deep/h")));
  EXPECT_THAT(std::string(receiver_.events()[0].attributes.Get(kReason)), HasSubstr("overflowed"));
  EXPECT_THAT(kernel_.removed, ElementsAre(kernel_.wds["r/old"]));
  receiver_.Clear();
  kernel_.reads = {kernel_.Record("r/new/deep", IN_CREATE, "i")};
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "r/new/deep/i")));
  EXPECT_EQ(watcher_.counters().overflows, 1u);
}

TEST_F(InotifyWatcherTest, AfterAnOverflowWhatWasChangedSinceTheQueueWasEmptyIsWritten) {
  kernel_.tree = {{"r", {"before", "since", "empty", "attributes"}}};
  constexpr std::int64_t kSecond = 1'000'000'000;
  kernel_.versions = {{"r/before", {.modified = 1 * kSecond, .changed = 1 * kSecond, .size = 1}},
                      {"r/since", {.modified = 8 * kSecond, .changed = 8 * kSecond, .size = 1}},
                      // A copy that keeps the time of its original.
                      {"r/attributes", {.modified = 1 * kSecond, .changed = 8 * kSecond, .size = 1}},
                      // Never written, since it was made.
                      {"r/empty", {.modified = 8 * kSecond, .changed = 8 * kSecond, .born = 8 * kSecond}}};
  ASSERT_TRUE(Open().ok());
  kernel_.time = 5 * kSecond;
  Step();
  kernel_.time = 9 * kSecond;
  kernel_.reads = {kernel_.Record("", IN_Q_OVERFLOW, "")};
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("r"), IsEvent(Action::kFileWritten, "r/since"),
                                              IsEvent(Action::kFileWritten, "r/attributes")));
}

TEST_F(InotifyWatcherTest, AnOverflowWhileItIsRecoveredFromDoesNotLookTwiceAtWhatIsStillToBeLookedAt) {
  constexpr int kDirectories = 2000;
  for (int i = 0; i < kDirectories; ++i) {
    kernel_.tree["r"].push_back(absl::StrCat("d", i));
    kernel_.tree[absl::StrCat("r/d", i)] = {};
  }
  ASSERT_TRUE(Open().ok());
  kernel_.lists = 0;
  for (int i = 0; i < 3; ++i) kernel_.reads.push_back(kernel_.Record("", IN_Q_OVERFLOW, ""));
  StepAll();
  // Three whole looks would be 6,000; each begins anew after the 512 of one step.
  EXPECT_LE(kernel_.lists, 3 * 520 + kDirectories);
  EXPECT_GE(kernel_.lists, kDirectories + 1);
  EXPECT_THAT(receiver_.events(), ::testing::Each(IsForceReload("r")));
}

TEST_F(InotifyWatcherTest, ADirectoryThatIsMovedOutWhileAnOverflowIsRecoveredFromGivesItsWatchBack) {
  kernel_.tree = {{"r", {"a"}}, {"r/a", {}}};
  ASSERT_TRUE(Open().ok());
  const int given_up = kernel_.wds["r/a"];
  kernel_.watch_errors = {{"r/a", ENOENT}};  // as the directory was listed just before
  kernel_.reads = {kernel_.Record("", IN_Q_OVERFLOW, ""),
                   kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "a", 5)};
  Step();
  Step();
  clock_.Advance(kRenameWait);
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("r"), IsEvent(Action::kFileDeleted, "r/a")));
  EXPECT_THAT(kernel_.removed, ElementsAre(given_up));
}

TEST_F(InotifyWatcherTest, WatchesOfWhatIsFoundToBeGoneAreGivenBackThoughNothingHappensAnyMore) {
  kernel_.tree = {{"r", {"a"}}, {"r/a", {"b"}}, {"r/a/b", {}}};
  ASSERT_TRUE(Open().ok());
  kernel_.watch_errors = {{"r/a", ENOENT}};
  kernel_.reads = {kernel_.Record("", IN_Q_OVERFLOW, "")};
  Step();
  kernel_.tree = {{"r", {}}};
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("r"), IsEvent(Action::kFileDeleted, "r/a")));
  EXPECT_THAT(kernel_.removed, ::testing::UnorderedElementsAre(kernel_.wds["r/a"], kernel_.wds["r/a/b"]));
}

TEST_F(InotifyWatcherTest, TwoThatChangePlacesAreToldAsTheyAreNow) {
  kernel_.tree = {{"r", {"a", "b"}}, {"r/a", {"x"}}, {"r/b", {"y"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "a", 5) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "b", 5) +
                   kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "b", 6) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "a", 6)};
  std::swap(kernel_.tree["r/a"], kernel_.tree["r/b"]);
  std::swap(kernel_.wds["r/a"], kernel_.wds["r/b"]);
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/b"), IsEvent(Action::kFileRenamed, "r/a"),
                          IsEvent(Action::kFileCreated, "r/b"), IsEvent(Action::kFileDeleted, "r/a/x"),
                          IsEvent(Action::kFileCreated, "r/a/y"), IsEvent(Action::kFileCreated, "r/b/x")));
  receiver_.Clear();
  kernel_.reads = {kernel_.Record("r/a", IN_MODIFY, "y") + kernel_.Record("r/b", IN_MODIFY, "x")};
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileWritten, "r/a/y"), IsEvent(Action::kFileWritten, "r/b/x")));
}

TEST_F(InotifyWatcherTest, AFileReplacedFromOutsideIsWritten) {
  kernel_.tree = {{"r", {"f"}}};
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_TO, "f", 5)};
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/f")));
}

TEST_F(InotifyWatcherTest, GarbageFromTheKernelIsSaidAsALoss) {
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"f"}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE, "f") + "garbage"};
  Step();
  ASSERT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "r/f"), IsForceReload("r")));
  EXPECT_THAT(std::string(receiver_.events()[1].attributes.Get(kReason)), HasSubstr("makes no sense"));
  EXPECT_THAT(receiver_.errors(), SizeIs(1));
}

TEST_F(InotifyWatcherTest, AnInterruptedReadIsTriedAgain) {
  ASSERT_TRUE(Open().ok());
  kernel_.reads = {"EINTR", kernel_.Record("r", IN_CREATE, "f")};
  Step();
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "r/f")));
}

TEST_F(InotifyWatcherTest, WhatAListingToldTheKernelDoesNotTellAgain) {
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"f", "e"}}, {"r/d/e", {}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  kernel_.reads = {kernel_.Record("r/d", IN_CREATE, "f") + kernel_.Record("r/d", IN_CREATE | IN_ISDIR, "e")};
  Step();
  Step();  // nothing to read
  Step();  // still nothing: what was listed is forgotten
  kernel_.reads = {kernel_.Record("r/d", IN_DELETE, "f") + kernel_.Record("r/d", IN_CREATE, "f")};
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileCreated, "r/d"), IsEvent(Action::kFileCreated, "r/d/f"),
                          IsEvent(Action::kFileCreated, "r/d/e"), IsEvent(Action::kFileDeleted, "r/d/f"),
                          IsEvent(Action::kFileCreated, "r/d/f")));
}

TEST_F(InotifyWatcherTest, OutOfWatchesIsSaidOnceWithCountsAndTheRestIsLookedAt) {
  kernel_.tree = {{"r", {"a", "b", "c"}}, {"r/a", {"f"}}, {"r/b", {}}, {"r/c", {}}};
  kernel_.watch_errors = {{"r/a", ENOSPC}, {"r/b", ENOSPC}, {"r/c", ENOSPC}};
  ASSERT_TRUE(Open().ok());
  ASSERT_THAT(receiver_.errors(), SizeIs(1));
  EXPECT_EQ(receiver_.errors()[0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(receiver_.errors()[0].message()),
              ::testing::AllOf(HasSubstr("after 1 directories; 3 others are looked at every 1s"),
                               HasSubstr("fs.inotify.max_user_watches")));
  EXPECT_EQ(watcher_.Timeout(), absl::Seconds(1));

  kernel_.tree["r/b"] = {"new", "d"};
  kernel_.tree["r/b/d"] = {"deep"};
  kernel_.versions["r/a/f"].modified = 7;
  clock_.Advance(absl::Seconds(1));
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ::testing::UnorderedElementsAre(
                  IsEvent(Action::kFileWritten, "r/a/f"), IsEvent(Action::kFileCreated, "r/b/new"),
                  IsEvent(Action::kFileCreated, "r/b/d"), IsEvent(Action::kFileCreated, "r/b/d/deep")));
}

TEST_F(InotifyWatcherTest, WhenWatchesAreToBeHadAgainEverythingIsWatched) {
  kernel_.tree = {{"r", {"a", "b"}}, {"r/a", {"f"}}, {"r/b", {}}};
  kernel_.watch_errors = {{"r/a", ENOSPC}, {"r/b", ENOSPC}};
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(watcher_.counters().polled, 2u);
  kernel_.watch_errors.clear();
  kernel_.versions["r/a/f"].modified = 7;  // between the last look and the watch
  clock_.Advance(absl::Seconds(1));
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/a/f")));
  EXPECT_EQ(watcher_.counters().polled, 0u);
  EXPECT_EQ(watcher_.counters().watched, 3u);
  EXPECT_EQ(watcher_.Timeout(), absl::InfiniteDuration());
}

TEST_F(InotifyWatcherTest, OutOfInstancesNamesTheSysctl) {
  kernel_.init = -EMFILE;
  const absl::Status status = Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("fs.inotify.max_user_instances"));
}

TEST_F(InotifyWatcherTest, ADirectoryThatMayNotBeReadOrVanishesDoesNotStopTheRest) {
  kernel_.tree = {{"r", {"secret", "gone", "ok"}}, {"r/secret", {}}, {"r/gone", {}}, {"r/ok", {"f"}}};
  kernel_.watch_errors = {{"r/secret", EACCES}, {"r/gone", ENOENT}};
  kernel_.list_errors = {{"r/secret", EACCES}};
  ASSERT_TRUE(Open().ok());
  ASSERT_THAT(receiver_.errors(), SizeIs(1));
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr("r/secret: may not be read"));
  kernel_.reads = {kernel_.Record("r/ok", IN_MODIFY, "f")};
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/ok/f")));

  kernel_.watch_errors.clear();
  kernel_.list_errors.clear();
  kernel_.tree["r/secret"] = {"s"};
  clock_.Advance(absl::Seconds(1));
  StepAll();
  EXPECT_THAT(receiver_.events(), ::testing::Contains(IsEvent(Action::kFileCreated, "r/secret/s")));
  EXPECT_THAT(receiver_.errors(), SizeIs(1));
}

TEST_F(InotifyWatcherTest, ARootThatLeavesWhileItIsToldIsDeleted) {
  kernel_.tree = {{"r", {"f"}}};
  kernel_.wds = {{"r", 1}};
  kernel_.reads = {kernel_.Record("r", IN_DELETE_SELF, "")};
  EXPECT_EQ(Open(TreeWatcher::Found::kTold).code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileCreated, "r"), IsEvent(Action::kFileCreated, "r/f"),
                          IsEvent(Action::kFileDeleted, "r")));
}

TEST_F(InotifyWatcherTest, ARootThatLeavesBeforeAnythingIsToldIsNotDeleted) {
  kernel_.wds = {{"r", 1}};
  kernel_.reads = {kernel_.Record("r", IN_DELETE_SELF, "")};
  EXPECT_EQ(Open().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

TEST_F(InotifyWatcherTest, WhatHappensWhileTheWatchesAreSetIsNotTold) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {}}};
  kernel_.wds = {{"r", 1}, {"r/d", 2}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d") + kernel_.Record("r/d", IN_CREATE, "f")};
  ASSERT_TRUE(Open().ok());
  Step();
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

}  // namespace
}  // namespace lookout::file_internal
