// Looks at the disk that are ahead of the records: a directory is taken for another, and what is said of it
// meanwhile has to be told all the same. Each was found by the law (file_source_model_test). The kernel is
// played.
#include <sys/inotify.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/inotify_watcher_harness.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::file_internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr int kAnother = 90;  // a directory that comes by

class InotifyWatcherPlacesTest : public InotifyWatcherTest {};

TEST_F(InotifyWatcherPlacesTest, AWriteThatIsSaidWhileAnotherIsTakenForTheDirectoryIsTold) {
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"f", "same"}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  const int moved = kernel_.wds["r/d"];
  kernel_.tree = {{"r", {"e"}}, {"r/e", {"f", "same"}}};
  kernel_.wds["r/e"] = moved;
  // Where it went another is for a moment: until after it is bound, but not listed.
  kernel_.passing_wds["r/e"] = {kAnother, kAnother};
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "e", 5) +
                   FakeInotifyKernel::RecordOf(moved, IN_MODIFY, "f")};
  receiver_.Clear();
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/e"), IsEvent(Action::kFileWritten, "r/e/f")));
}

TEST_F(InotifyWatcherPlacesTest, OfMoreThanIsKeptWhileAnotherIsTakenForTheDirectoryEveryFileIsWritten) {
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"f"}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  kernel_.tree = {{"r", {"e"}}, {"r/e", {"f"}}};
  kernel_.wds["r/e"] = kernel_.wds["r/d"];
  kernel_.passing_wds["r/e"] = {kAnother, kAnother};
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "e", 5)};
  for (int i = 0; i <= 10'000; ++i) {
    kernel_.reads.push_back(
        FakeInotifyKernel::RecordOf(kernel_.wds["r/d"], IN_MODIFY, absl::StrCat("gone", i)));
  }
  receiver_.Clear();
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/e"), IsEvent(Action::kFileWritten, "r/e/f")));
}

TEST_F(InotifyWatcherPlacesTest, AFileThatAnotherToldOfIsWrittenWhenTheDirectoryIsItself) {
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"f"}}};
  kernel_.passing_wds["r/d"] = {kAnother};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d") +
                   FakeInotifyKernel::RecordOf(kAnother, IN_CREATE, "f")};
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileCreated, "r/d"), IsEvent(Action::kFileCreated, "r/d/f"),
                          IsEvent(Action::kFileWritten, "r/d/f")));
}

TEST_F(InotifyWatcherPlacesTest, BelowADirectoryThatIsAnotherEverythingIsAnother) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"x"}}, {"r/d/x", {"y"}}, {"r/d/x/y", {"g"}}};
  ASSERT_TRUE(Open().ok());
  Step();
  kernel_.tree["r/d/x/y"] = {"h"};
  kernel_.wds["r/d"] = kAnother;
  kernel_.wds["r/d/x"] = kAnother + 1;
  kernel_.wds["r/d/x/y"] = kAnother + 2;
  kernel_.reads = {kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "d", 5)};
  StepAll();
  kernel_.reads = {kernel_.Record("r/d/x/y", IN_MODIFY, "h")};
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileDeleted, "r/d/x/y/g"),
                                              IsEvent(Action::kFileCreated, "r/d/x/y/h"),
                                              IsEvent(Action::kFileWritten, "r/d/x/y/h")));
}

TEST_F(InotifyWatcherPlacesTest, OfTwoThatChangedPlacesTheOneThatWasNotKnownIsFound) {
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"x", "y"}}, {"r/x", {"n"}}, {"r/y", {"f"}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "x") +
                   kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "x", 5) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "y", 5) +
                   kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "y", 6) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "x", 6)};
  StepAll();
  EXPECT_THAT(receiver_.events(),
              IsSupersetOf({IsEvent(Action::kFileCreated, "r/y"), IsEvent(Action::kFileCreated, "r/y/f")}));
}

TEST_F(InotifyWatcherPlacesTest, OfTwoFilesThatChangedPlacesTheOneThatWasNotKnownIsFound) {
  ASSERT_TRUE(Open().ok());
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"f"}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  kernel_.tree["r/d"] = {"f", "g"};
  kernel_.reads = {kernel_.Record("r/d", IN_MOVED_FROM, "f", 5) + kernel_.Record("r/d", IN_MOVED_TO, "g", 5) +
                   kernel_.Record("r/d", IN_MOVED_FROM, "g", 6) + kernel_.Record("r/d", IN_MOVED_TO, "f", 6)};
  receiver_.Clear();
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/d/g"), IsEvent(Action::kFileRenamed, "r/d/f"),
                          IsEvent(Action::kFileWritten, "r/d/f"), IsEvent(Action::kFileCreated, "r/d/g")));
}

TEST_F(InotifyWatcherPlacesTest, WhatSettledMovesThereAndBackIsNotTakenForTwo) {
  kernel_.tree = {{"r", {"f"}}};
  ASSERT_TRUE(Open().ok());
  Step();
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "f", 5) + kernel_.Record("r", IN_MOVED_TO, "g", 5) +
                   kernel_.Record("r", IN_MOVED_FROM, "g", 6) + kernel_.Record("r", IN_MOVED_TO, "f", 6)};
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/g"), IsEvent(Action::kFileRenamed, "r/f")));
}

TEST_F(InotifyWatcherPlacesTest, OfTwoThatChangePlacesTheQueueMayBeEmptyBetweenTheRecords) {
  kernel_.tree = {{"r", {"a", "b"}}, {"r/a", {"x"}}, {"r/b", {"y"}}};
  ASSERT_TRUE(Open().ok());
  Step();
  std::swap(kernel_.tree["r/a"], kernel_.tree["r/b"]);
  std::swap(kernel_.wds["r/a"], kernel_.wds["r/b"]);
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "a", 5) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "b", 5)};
  kernel_.awaited["r"] = kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "b", 6) +
                         kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "a", 6);
  StepAll();
  EXPECT_THAT(receiver_.events(),
              IsSupersetOf({IsEvent(Action::kFileCreated, "r/b"), IsEvent(Action::kFileCreated, "r/b/x"),
                            IsEvent(Action::kFileCreated, "r/a/y")}));
}

// The other came to x as x went to where no record can be placed.
TEST_F(InotifyWatcherPlacesTest, OfTwoThatChangedPlacesTheOneWhoseOtherIsLostIsFound) {
  kernel_.tree = {{"r", {"d", "x"}}, {"r/d", {"a"}}, {"r/d/a", {"f"}}, {"r/x", {}}};
  ASSERT_TRUE(Open().ok());
  Step();
  kernel_.tree = {{"r", {"d", "x"}}, {"r/d", {}}, {"r/x", {"f"}}};
  kernel_.wds["r/x"] = kernel_.wds["r/d/a"];
  kernel_.reads = {kernel_.Record("r/d", IN_MOVED_FROM | IN_ISDIR, "a", 5) +
                   kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "x", 5) +
                   kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "x", 6) +
                   FakeInotifyKernel::RecordOf(kAnother, IN_MOVED_TO | IN_ISDIR, "a", 6)};
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/x"), IsEvent(Action::kFileDeleted, "r/x"),
                          IsEvent(Action::kFileCreated, "r/x"), IsEvent(Action::kFileCreated, "r/x/f")));
}

TEST_F(InotifyWatcherPlacesTest, WhoWasTakenForADirectoryThatIsElsewhereIsPutRight) {
  kernel_.tree = {{"r", {"b"}}, {"r/b", {"f"}}};
  ASSERT_TRUE(Open().ok());
  Step();
  kernel_.tree = {{"r", {"c"}}, {"r/c", {"f"}}};
  kernel_.wds["r/c"] = kernel_.wds["r/b"];
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "c")};
  StepAll();
  EXPECT_THAT(receiver_.events(),
              IsSupersetOf({IsEvent(Action::kFileCreated, "r/c"), IsEvent(Action::kFileDeleted, "r/b"),
                            IsEvent(Action::kFileCreated, "r/c/f")}));
  receiver_.Clear();
  kernel_.reads = {kernel_.Record("r/c", IN_MODIFY, "f")};
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/c/f")));
}

TEST_F(InotifyWatcherPlacesTest, WhatIsInTheTreeByTwoPathsStaysWhereItWasFoundFirst) {
  kernel_.tree = {{"r", {"b"}}, {"r/b", {"f"}}};
  ASSERT_TRUE(Open().ok());
  Step();
  kernel_.tree = {{"r", {"b", "c"}}, {"r/b", {"f"}}, {"r/c", {"f"}}};
  kernel_.wds["r/c"] = kernel_.wds["r/b"];
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "c")};
  StepAll();
  EXPECT_THAT(receiver_.events(), Not(Contains(IsEvent(Action::kFileDeleted, "r/b"))));
  receiver_.Clear();
  kernel_.reads = {kernel_.Record("r/b", IN_MODIFY, "f")};
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/b/f")));
}

}  // namespace
}  // namespace lookout::file_internal
