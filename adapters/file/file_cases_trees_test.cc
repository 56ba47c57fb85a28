// Black-box cases of trees: made, copied, removed, moved.
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <thread>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_source.h"

namespace lookout::file_internal {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

class FileCasesTreesTest : public FileCasesTest {};

// 1
TEST_P(FileCasesTreesTest, TenLevelsMadeAtOnceAreEachToldParentsFirst) {
  Watch(dir_.path());
  for (int round = 0; round < 20; ++round) {
    Lines expected;
    std::string path = absl::StrCat("d", round);
    for (int level = 1; level <= 10; ++level) {
      expected.push_back(absl::StrCat("created ", path, "/"));
      if (level < 10) absl::StrAppend(&path, "/", level);
    }
    dir_.MakeDirs(path);
    ASSERT_EQ(Told(), expected);
  }
}

// 2
TEST_P(FileCasesTreesTest, ACopiedTreeIsToldFileByFile) {
  std::set<std::string> expected = {"created copy/"};
  for (int d = 0; d < 50; ++d) {
    expected.insert(absl::StrCat("created copy/d", d, "/"));
    for (int f = 0; f < 20; ++f) {
      outside_.WriteFile(absl::StrCat("t/d", d, "/f", f), "x");
      expected.insert(absl::StrCat("created copy/d", d, "/f", f));
    }
  }
  Watch(dir_.path());
  fs::copy(outside_.Path("t"), dir_.Path("copy"), fs::copy_options::recursive);
  const Lines created = Only("created", Told());
  EXPECT_EQ(created.size(), expected.size()) << "each once";
  EXPECT_EQ(std::set<std::string>(created.begin(), created.end()), expected);
}

// 3
TEST_P(FileCasesTreesTest, WhatIsMadeAndRemovedAtOnceIsToldInBalanceOrNotAtAll) {
  Watch(dir_.path());
  for (int i = 0; i < 1000; ++i) {
    dir_.WriteFile("a/f");
    dir_.Remove("a");
  }
  const Lines told = Told();
  EXPECT_EQ(std::count(told.begin(), told.end(), "created a/"),
            std::count(told.begin(), told.end(), "deleted a/"));
  dir_.WriteFile("a/f");
  EXPECT_THAT(Told(), ElementsAre("created a/", "created a/f")) << "and it goes on";
}

// 4
TEST_P(FileCasesTreesTest, ATreeRemadeWithoutAGapIsWatched) {
  Watch(dir_.path());
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 50; ++i) {
      if (dir_.Exists("d")) dir_.Remove("d");
      dir_.WriteFile("d/s/f");
    }
    Told();
    dir_.AppendFile("d/s/f", "x");
    ASSERT_THAT(Told(), ElementsAre("written d/s/f")) << "round " << round;
  }
}

// 5
TEST_P(FileCasesTreesTest, ATreeMovedInIsToldWithEveryDescendantAndWatched) {
  outside_.WriteFile("t/u/f", "1");
  outside_.WriteFile("t/g", "1");
  Watch(dir_.path());
  MoveIn("t", "t");
  EXPECT_THAT(Told(), UnorderedElementsAre("created t/", "created t/u/", "created t/u/f", "created t/g"));
  dir_.AppendFile("t/u/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written t/u/f"));
}

// 6
TEST_P(FileCasesTreesTest, ATreeMovedOutIsDeletedAndNotWatchedAnyMore) {
  Watch(dir_.path());
  const int before = InotifyWatches();
  dir_.WriteFile("t/u/v/f", "1");
  Told();
  MoveOut("t", "t");
  EXPECT_THAT(Told(), ElementsAre("deleted t/"));
  outside_.AppendFile("t/u/v/f", "2");
  outside_.WriteFile("t/u/v/g", "2");
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(InotifyWatches(), before);
}

// 7
TEST_P(FileCasesTreesTest, ARenamedTreeIsOneEventAndItsFilesHaveTheNewPath) {
  dir_.WriteFile("a/x/f", "1");
  Watch(dir_.path());
  dir_.Rename("a", "b");
  dir_.AppendFile("b/x/f", "2");
  if (polls()) {
    EXPECT_THAT(Told(), UnorderedElementsAre("deleted a/", "created b/", "created b/x/", "created b/x/f"));
  } else {
    EXPECT_THAT(Told(), ElementsAre("renamed b/ < a", "written b/x/f"));
  }
  dir_.AppendFile("b/x/f", "3");
  EXPECT_THAT(Told(), ElementsAre("written b/x/f"));
}

// 8
TEST_P(FileCasesTreesTest, ARenamedDirectoryAndItsSuccessorAreToldApart) {
  dir_.WriteFile("a/f", "1");
  Watch(dir_.path());
  dir_.Rename("a", "b");
  dir_.MakeDirs("a");
  dir_.WriteFile("a/f", "2");
  dir_.AppendFile("b/f", "2");
  if (polls()) {
    // "a" is another directory; a look that compares names alone sees that its file was written.
    EXPECT_THAT(Told(), IsSupersetOf({"created b/", "created b/f"}));
  } else {
    // What was written before the new directory could be watched is part of its creation.
    Lines told = Told();
    std::erase(told, "written a/f");
    EXPECT_THAT(told, ElementsAre("renamed b/ < a", "created a/", "created a/f", "written b/f"));
  }
  dir_.AppendFile("a/f", "3");
  EXPECT_THAT(Told(), ElementsAre("written a/f"));
  dir_.AppendFile("b/f", "3");
  EXPECT_THAT(Told(), ElementsAre("written b/f"));
}

// 9
TEST_P(FileCasesTreesTest, ATreeMovedIntoANewDirectoryIsWatchedThere) {
  dir_.WriteFile("t/u/f", "1");
  Watch(dir_.path());
  for (int round = 0; round < 20; ++round) {
    const std::string to = absl::StrCat("n", round);
    dir_.MakeDirs(to);
    dir_.Rename(round == 0 ? "t" : absl::StrCat("n", round - 1, "/t"), to + "/t");
    dir_.AppendFile(to + "/t/u/f", "2");
    // A watch that was set too late has seen no second half of the rename: then it is told as created.
    const std::string file = to + "/t/u/f";
    EXPECT_THAT(Told(), AllOf(Contains(absl::StrCat("created ", to, "/")),
                              Contains(AnyOf("written " + file, "created " + file))));
    dir_.AppendFile(to + "/t/u/f", "3");
    ASSERT_THAT(Told(), ElementsAre(absl::StrCat("written ", to, "/t/u/f")));
  }
}

// 15
TEST_P(FileCasesTreesTest, ATreeRenamedOverAnEmptyDirectoryIsWatchedThere) {
  dir_.WriteFile("a/x/f", "1");
  dir_.MakeDirs("b");
  Watch(dir_.path());
  dir_.Rename("a", "b");
  if (polls()) {
    EXPECT_THAT(Told(), IsSupersetOf({"deleted a/", "created b/x/", "created b/x/f"}));
  } else {
    EXPECT_THAT(Told(), ElementsAre("renamed b/ < a"));
  }
  dir_.AppendFile("b/x/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written b/x/f"));
}

// 36
TEST_P(FileCasesTreesTest, NothingIsKeptOfWhatIsGone) {
  Watch(dir_.path());
  dir_.WriteFile("stays");
  const auto churn = [this] {
    for (int i = 0; i < 5000; ++i) {
      const std::string path = dir_.Path(absl::StrCat("f", i));
      PCHECK(mknod(path.c_str(), S_IFREG | 0644, 0) == 0 && unlink(path.c_str()) == 0);
    }
    for (int i = 0; i < 500; ++i) {
      dir_.MakeDirs(absl::StrCat("d", i, "/e"));
      dir_.Remove(absl::StrCat("d", i));
    }
    Told();
    Told();  // what was told by the first is freed
  };
  churn();
  const std::size_t memory = mallinfo2().uordblks;
  const int watches = InotifyWatches();
  const auto directories = tree_->source().counters().directories;
  for (int round = 0; round < 5; ++round) churn();
  // 30 bytes for each of what came and went would be more.
  EXPECT_LE(mallinfo2().uordblks, memory + 800'000);
  EXPECT_LE(InotifyWatches(), watches);
  EXPECT_LE(tree_->source().counters().directories, directories);
}

// 41
TEST_P(FileCasesTreesTest, DirectoriesThatVanishWhileTheTreeIsReadDoNotMatter) {
  for (int d = 0; d < 20; ++d) dir_.MakeDirs(absl::StrCat("stays", d));
  std::atomic<bool> done = false;
  std::atomic<int> starts = 0;
  // Ends by itself, so that a source that is not ready before the tree rests is found out.
  std::jthread other([&] {
    for (int i = 0; i < 200'000 && starts < 2; ++i) {
      dir_.MakeDirs(absl::StrCat("stays", i % 20, "/goes/deep"));
      const std::string remade = absl::StrCat("stays", (i + 7) % 20);
      dir_.Remove(remade);
      dir_.MakeDirs(remade);
    }
    done = true;
  });
  for (absl::Status started; !done && started.ok(); ++starts) {
    tree_ = nullptr;
    tree_ = NewTree(dir_.path());
    started = tree_->Start();
    EXPECT_EQ(started, absl::OkStatus());
  }
  other.join();
  EXPECT_GE(starts, 2) << "ready while the tree was never at rest";
}

LOOKOUT_FILE_CASES(FileCasesTreesTest);

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
