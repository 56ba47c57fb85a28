// Black-box cases of symbolic links below the path that are followed: they go, move and lead elsewhere. They
// are made after the watching has begun, as the model of the tree knows but what it was told of them.
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"

namespace lookout::file_internal {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// What is watched is a/t.
class FileCasesLinksTest : public FileCasesTest {
 protected:
  void Follow() {
    dir_.MakeDirs("a/t/s");
    ASSERT_EQ(Watch({.path = dir_.Path("a/t"), .follow = true}), absl::OkStatus());
    watches_ = InotifyWatches();
  }
  // What is behind a link is on disk elsewhere.
  Lines ToldBehindLinks() {
    tree_->CatchUp();
    return tree_->ToldSoFar();
  }
  // More than before there were links.
  int MoreWatches() {
    tree_->CatchUp();  // those that were given up are given back with the next look
    return InotifyWatches() - watches_;
  }

 private:
  int watches_ = 0;
};

TEST_P(FileCasesLinksTest, ALinkWhoseTargetIsMovedAwayIsALinkAgain) {
  dir_.WriteFile("x/sub/f", "1");
  Follow();
  dir_.Symlink("../../x", "a/t/l");
  EXPECT_THAT(ToldBehindLinks(), ElementsAre("created a/t/l/", "created a/t/l/sub/", "created a/t/l/sub/f"));
  EXPECT_EQ(MoreWatches(), polls() ? 0 : 2);
  dir_.Rename("x", "y");
  EXPECT_THAT(Told(), ElementsAre("deleted a/t/l/", "created a/t/l"));
  dir_.WriteFile("y/sub/g");
  dir_.AppendFile("y/sub/f", "2");
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(MoreWatches(), 0);
}

TEST_P(FileCasesLinksTest, ALinkWhoseTargetIsRemovedIsALinkAgain) {
  dir_.WriteFile("x/f", "1");
  Follow();
  dir_.Symlink("../../x", "a/t/l");
  EXPECT_THAT(ToldBehindLinks(), ElementsAre("created a/t/l/", "created a/t/l/f"));
  dir_.Remove("x");
  EXPECT_THAT(Told(), AllOf(Contains("deleted a/t/l/"), Contains("created a/t/l")));
  EXPECT_EQ(MoreWatches(), 0);
}

TEST_P(FileCasesLinksTest, ALinkThatIsMovedLeadsWhereItLeadsFromThere) {
  dir_.WriteFile("a/x/f", "1");
  dir_.WriteFile("x/g", "1");
  Follow();
  dir_.Symlink("../../x", "a/t/s/l");
  EXPECT_THAT(ToldBehindLinks(), ElementsAre("created a/t/s/l/", "created a/t/s/l/f"));
  dir_.Rename("a/t/s/l", "a/t/l");
  if (polls()) {
    EXPECT_THAT(ToldBehindLinks(),
                UnorderedElementsAre("deleted a/t/s/l/", "created a/t/l/", "created a/t/l/g"));
  } else {
    EXPECT_THAT(ToldBehindLinks(),
                ElementsAre("renamed a/t/l/ < a/t/s/l", "deleted a/t/l/f", "created a/t/l/g"));
    EXPECT_EQ(MoreWatches(), 1);
  }
  dir_.AppendFile("x/g", "2");
  dir_.WriteFile("a/x/more");
  EXPECT_THAT(ToldBehindLinks(), ElementsAre("written a/t/l/g"));
}

TEST_P(FileCasesLinksTest, ALinkThatMovesWithItsDirectoryToWhereItLeadsNowhereIsALinkAgain) {
  dir_.WriteFile("a/x/f", "1");
  Follow();
  dir_.MakeDirs("a/t/s/e");
  dir_.Symlink("../../../x", "a/t/s/e/l");
  EXPECT_THAT(ToldBehindLinks(),
              ElementsAre("created a/t/s/e/", "created a/t/s/e/l/", "created a/t/s/e/l/f"));
  dir_.Rename("a/t/s/e", "a/t/e");
  EXPECT_THAT(Told(), AllOf(Contains(polls() ? "created a/t/e/" : "renamed a/t/e/ < a/t/s/e"),
                            Contains("created a/t/e/l")));
  dir_.WriteFile("a/x/more");
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(MoreWatches(), polls() ? 0 : 1) << "of the directory";
}

TEST_P(FileCasesLinksTest, WhenALinkIsRemovedASecondOneToTheSameIsFollowed) {
  dir_.WriteFile("x/sub/f", "1");
  Follow();
  dir_.Symlink("../../x", "a/t/l1");
  ToldBehindLinks();
  dir_.Symlink("../../x", "a/t/l2");
  EXPECT_THAT(ToldBehindLinks(), Contains("created a/t/l2/"));
  dir_.Remove("a/t/l1");
  dir_.WriteFile("x/sub/g");
  EXPECT_THAT(ToldBehindLinks(), AllOf(Contains("deleted a/t/l1/"), Contains("created a/t/l2/sub/g")));
  dir_.AppendFile("x/sub/f", "2");
  EXPECT_THAT(ToldBehindLinks(), ElementsAre("written a/t/l2/sub/f"));
  EXPECT_EQ(MoreWatches(), polls() ? 0 : 2);
}

TEST_P(FileCasesLinksTest, WhenWhatALinkIsInIsMovedOutASecondOneToTheSameIsFollowed) {
  dir_.WriteFile("x/f", "1");
  Follow();
  dir_.Symlink(dir_.Path("x"), "a/t/s/l1");
  ToldBehindLinks();
  dir_.Symlink("../../x", "a/t/l2");
  ToldBehindLinks();
  MoveOut("a/t/s", "s");
  ToldBehindLinks();
  dir_.WriteFile("x/g");
  EXPECT_THAT(ToldBehindLinks(), ElementsAre("created a/t/l2/g"));
}

INSTANTIATE_TEST_SUITE_P(Backends, FileCasesLinksTest,
                         ::testing::Values(FileBackend::kInotify, FileBackend::kPoll),
                         [](const auto& test) { return std::string(FileBackendName(test.param)); });

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
