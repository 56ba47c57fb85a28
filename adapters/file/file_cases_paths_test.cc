// Black-box cases of the path that leads to what is watched: it need not exist, goes, comes back, and may
// lead over links.
#include <sched.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::file_internal {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class FileCasesPathsTest : public FileCasesTest {
 protected:
  // Without the writes to what was just created: whether they are told apart is a matter of who was faster.
  static Lines WithoutWrites(Lines lines) {
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("written "); });
    return lines;
  }
};

// 27
TEST_P(FileCasesPathsTest, APathOfWhichNothingExistsIsWatchedFor) {
  Watch(dir_.Path("x/y/z/f"));
  EXPECT_THAT(tree_->TakeErrors(), ElementsAre(HasSubstr("does not exist yet")));
  for (int round = 0; round < 20; ++round) {
    dir_.WriteFile("x/y/z/f", "1");
    EXPECT_THAT(WithoutWrites(Told()), ElementsAre("created x/y/z/f"));
    dir_.AppendFile("x/y/z/f", "2");
    EXPECT_THAT(Told(), ElementsAre("written x/y/z/f"));
    dir_.Remove("x");
    ASSERT_THAT(Told(), ElementsAre("deleted x/y/z/f")) << "round " << round;
  }
}

// 27: step by step, with news of what does not matter.
TEST_P(FileCasesPathsTest, APathThatComesToBeStepByStepIsToldAtItsEnd) {
  Watch(dir_.Path("x/y/d"));
  EXPECT_THAT(tree_->TakeErrors(), ElementsAre(HasSubstr("does not exist yet")));
  for (const char* step : {"x", "x/other", "x/y", "x/y/other"}) {
    dir_.MakeDirs(step);
    EXPECT_THAT(Told(), IsEmpty()) << step;
  }
  dir_.WriteFile("x/y/d/e/f");
  EXPECT_THAT(Told(), ElementsAre("created x/y/d/", "created x/y/d/e/", "created x/y/d/e/f"));
  dir_.Rename("x", "away");
  EXPECT_THAT(Told(), ElementsAre("deleted x/y/d/"));
  dir_.Rename("away", "x");
  EXPECT_THAT(Told(), ElementsAre("created x/y/d/", "created x/y/d/e/", "created x/y/d/e/f"));
}

// 30
TEST_P(FileCasesPathsTest, ARootThatIsRemovedAndMadeAgainIsWatched) {
  dir_.WriteFile("w/old", "1");
  Watch(dir_.Path("w"));
  for (int round = 0; round < 50; ++round) {
    dir_.Remove("w");
    for (int gap = 0; gap < round % 10 * 10; ++gap) sched_yield();
    dir_.MakeDirs("w");
    for (int gap = 0; gap < round / 10 * 10; ++gap) sched_yield();
    dir_.WriteFile("w/f", "1");
    const Lines told = WithoutWrites(Told());
    ASSERT_GE(told.size(), 3u);
    EXPECT_THAT(Lines(told.end() - 3, told.end()), ElementsAre("deleted w/", "created w/", "created w/f"));
    dir_.AppendFile("w/f", "2");
    ASSERT_THAT(Told(), ElementsAre("written w/f")) << "round " << round;
  }
}

// 30: with gaps in which all is told.
TEST_P(FileCasesPathsTest, ARootIsToldAsGoneBeforeItComesBack) {
  dir_.WriteFile("w/f", "1");
  Watch(dir_.Path("w"));
  for (int round = 0; round < 3; ++round) {
    dir_.Remove("w");
    const Lines told = Told();
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.back(), "deleted w/");
    dir_.MakeDirs("w");
    EXPECT_THAT(Told(), ElementsAre("created w/"));
    dir_.WriteFile("w/f");
    EXPECT_THAT(Told(), ElementsAre("created w/f"));
  }
}

// 31
TEST_P(FileCasesPathsTest, ARootThatIsMovedAwayIsLeftAlone) {
  dir_.WriteFile("w/d/f", "1");
  Watch(dir_.Path("w"));
  dir_.Rename("w", "away");
  dir_.WriteFile("w/d/f", "1");
  EXPECT_THAT(WithoutWrites(Told()),
              ElementsAre("deleted w/", "created w/", "created w/d/", "created w/d/f"));
  dir_.AppendFile("away/d/f", "2");
  dir_.WriteFile("away/d/g");
  EXPECT_THAT(Told(), IsEmpty());
  dir_.AppendFile("w/d/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written w/d/f"));
}

// 32
TEST_P(FileCasesPathsTest, ARootMayBecomeAFileAndADirectoryAgain) {
  dir_.MakeDirs("w");
  Watch(dir_.Path("w"));
  for (int round = 0; round < 10; ++round) {
    dir_.Remove("w");
    dir_.WriteFile("w");
    EXPECT_THAT(WithoutWrites(Told()), ElementsAre("deleted w/", "created w")) << "round " << round;
    dir_.AppendFile("w", "x");
    EXPECT_THAT(Told(), ElementsAre("written w"));
    dir_.Remove("w");
    dir_.MakeDirs("w");
    EXPECT_THAT(Told(), ElementsAre("deleted w", "created w/"));
    dir_.WriteFile("w/f");
    ASSERT_THAT(Told(), ElementsAre("created w/f"));
    dir_.Remove("w/f");
    EXPECT_THAT(Told(), ElementsAre("deleted w/f"));
  }
}

// 50
TEST_P(FileCasesPathsTest, LinksThatLeadInCirclesAreFollowedToAnEnd) {
  dir_.MakeDirs("a/b");
  dir_.Symlink(".", "a/self");
  dir_.Symlink("..", "a/b/up");
  dir_.Symlink(dir_.path(), "a/b/top");
  dir_.Symlink("loop", "loop");
  const absl::Status started = Watch({.path = dir_.path(), .follow = true});
  if (GetParam() == FileBackend::kFanotify && !started.ok()) {
    EXPECT_EQ(started.code(), absl::StatusCode::kUnimplemented) << "one mark follows no links";
    return;
  }
  ASSERT_EQ(started, absl::OkStatus());
  EXPECT_LE(tree_->source().counters().directories, 3u) << "each directory once";
  dir_.WriteFile("a/b/f");
  EXPECT_THAT(Told(), ElementsAre("created a/b/f"));
  dir_.Symlink("../a", "a/b/late");
  EXPECT_THAT(WithoutWrites(Told()), ElementsAre(StartsWith("created a/b/late")));
  EXPECT_LE(tree_->source().counters().directories, 3u);
}

// 52
TEST_P(FileCasesPathsTest, NeighbouringSourcesDoNotMindEachOther) {
  dir_.WriteFile("a/b/f", "1");
  dir_.WriteFile("ab/f", "1");
  const std::unique_ptr<WatchedTree> a = NewTree(dir_.Path("a"));
  const std::unique_ptr<WatchedTree> ab = NewTree(dir_.Path("ab"));
  const std::unique_ptr<WatchedTree> a_b = NewTree(dir_.Path("a/b"));
  for (const auto& tree : {&a, &ab, &a_b}) ASSERT_EQ((*tree)->Start(), absl::OkStatus());
  dir_.AppendFile("a/b/f", "2");
  EXPECT_THAT(a->Told(), ElementsAre("written a/b/f"));
  EXPECT_THAT(a_b->Told(), ElementsAre("written a/b/f"));
  EXPECT_THAT(ab->Told(), IsEmpty());
  dir_.Remove("a");
  EXPECT_THAT(a->Told(), Contains("deleted a/"));
  EXPECT_THAT(a_b->Told(), Contains("deleted a/b/"));
  dir_.AppendFile("ab/f", "2");
  EXPECT_THAT(ab->Told(), ElementsAre("written ab/f"));
  dir_.WriteFile("a/b/f");
  EXPECT_THAT(a->Told(), ElementsAre("created a/", "created a/b/", "created a/b/f"));
  EXPECT_THAT(a_b->Told(), ElementsAre("created a/b/", "created a/b/f"));
  // And one that is not watched any more.
  EXPECT_EQ(a->Stop(), absl::OkStatus());
  dir_.AppendFile("a/b/f", "2");
  EXPECT_THAT(a_b->Told(), ElementsAre("written a/b/f"));
  EXPECT_THAT(ab->Told(), IsEmpty());
}

// 29, of directories: a link on the way, or at the end.
TEST_P(FileCasesPathsTest, APathOverALinkIsFollowedWhereItLeads) {
  for (const bool at_the_end : {false, true}) {
    outside_.WriteFile("one/conf/f", "1");
    outside_.WriteFile("two/conf/f", "22");
    dir_.Symlink(outside_.Path(at_the_end ? "one/conf" : "one"), "link");
    const std::string root = at_the_end ? "link" : "link/conf";
    Watch(dir_.Path(root));
    outside_.AppendFile("one/conf/f", "x");
    EXPECT_THAT(Told(), ElementsAre(absl::StrCat("written ", root, "/f")));
    dir_.Symlink(outside_.Path(at_the_end ? "two/conf" : "two"), "next");
    dir_.Rename("next", "link");
    // Who polls may find a file of the old name written before it sees that the directory is another.
    EXPECT_THAT(polls() ? WithoutWrites(Told()) : Told(),
                ElementsAre(absl::StrCat("deleted ", root, "/"), absl::StrCat("created ", root, "/"),
                            absl::StrCat("created ", root, "/f")));
    outside_.AppendFile("two/conf/f", "x");
    EXPECT_THAT(Told(), ElementsAre(absl::StrCat("written ", root, "/f")));
    outside_.AppendFile("one/conf/f", "x");
    EXPECT_THAT(Told(), IsEmpty());
    tree_ = nullptr;
    dir_.Remove("link");
  }
}

// As Kubernetes projects a ConfigMap: f -> ..data/f, ..data -> a directory, replaced by a rename.
class Projection {
 public:
  explicit Projection(const ScopedTempDir& dir) : dir_(dir) {
    Put("first");
    dir_.Symlink("..data/f", "conf/f");
  }
  void Put(const std::string& contents) {
    const std::string now = absl::StrCat("..", ++version_);
    dir_.WriteFile(absl::StrCat("conf/", now, "/f"), contents);
    dir_.Symlink(now, "conf/..data_tmp");
    dir_.Rename("conf/..data_tmp", "conf/..data");
    if (version_ > 1) dir_.Remove(absl::StrCat("conf/..", version_ - 1));
  }

 private:
  const ScopedTempDir& dir_;
  int version_ = 0;
};

// 29, 32
TEST_P(FileCasesPathsTest, AProjectedFileIsWrittenWithEachSwapOfItsDirectory) {
  Projection projection(dir_);
  Watch(dir_.Path("conf/f"));
  for (int round = 0; round < 20; ++round) {
    projection.Put(absl::StrCat("contents ", round));
    const Lines told = Told();
    EXPECT_THAT(told, ElementsAre("written conf/f")) << "round " << round;
    ASSERT_EQ(dir_.ReadFile("conf/f"), absl::StrCat("contents ", round));
  }
}

// 29, 32
TEST_P(FileCasesPathsTest, AProjectedDirectoryIsToldAsItIs) {
  Projection projection(dir_);
  Watch(dir_.Path("conf"));
  for (int round = 0; round < 20; ++round) {
    projection.Put("contents");
    const Lines told = Told();
    EXPECT_THAT(told, Contains(AnyOf("written conf/..data", "renamed conf/..data < conf/..data_tmp",
                                     "created conf/..data")))
        << "round " << round;
    ASSERT_FALSE(HasFailure());
  }
}

LOOKOUT_FILE_CASES(FileCasesPathsTest);

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
