// The real binary on a real tree while a shell works in it at full speed: what it prints, folded over the
// tree as it was, is the tree as it is. With each back end.
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/tools/lookout/lookout_process.h"

namespace lookout {
namespace {

// As lookout prints them: below "tree", a directory with '/' at its end.
using Tree = std::set<std::string>;

Tree OnDisk(const ScopedTempDir& dir) {
  Tree tree;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.Path("tree"))) {
    const std::string path = entry.path().string().substr(dir.path().size() + 1);
    tree.insert(entry.is_directory() ? path + "/" : path);
  }
  return tree;
}

// Takes `path`, and all below it if it is a directory, out of the tree.
std::vector<std::string> Take(Tree& tree, absl::string_view path) {
  std::vector<std::string> taken;
  std::erase_if(tree, [&](const std::string& other) {
    if (other != path && !(absl::EndsWith(path, "/") && absl::StartsWith(other, path))) return false;
    taken.push_back(other);
    return true;
  });
  return taken;
}

// "<ms> file ACTION PATH" or "<ms> file renamed PATH <- OLD", no path with a space in it.
void Fold(const std::string& line, Tree& tree) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  ASSERT_GE(words.size(), 4u) << line;
  const std::string &action = words[2], &path = words[3];
  if (action == "created") {
    EXPECT_TRUE(tree.insert(path).second) << "again: " << line;
  } else if (action == "written") {
    EXPECT_TRUE(tree.contains(path)) << line;
  } else if (action == "deleted") {
    EXPECT_FALSE(Take(tree, path).empty()) << line;
  } else {
    ASSERT_EQ(action, "renamed") << line;
    ASSERT_EQ(words.size(), 6u) << line;
    const std::vector<std::string> moved = Take(tree, words[5]);
    EXPECT_FALSE(moved.empty()) << line;
    Take(tree, path);
    for (const std::string& old : moved) tree.insert(absl::StrCat(path, old.substr(words[5].size())));
  }
}

constexpr char kWork[] = R"(
set -e
cd tree
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  mkdir -p deep$i/a/b/c/d
  echo x > deep$i/a/b/c/d/f
  mv deep$i moved$i
  echo y >> moved$i/a/b/c/d/f
  mkdir deep$i
  echo z > deep$i/g
  mv moved$i/a/b deep$i/b
  rm -r moved$i
  ln -s nowhere deep$i/link
  rm -rf again && mkdir -p again/s && echo x > again/s/f
  echo new > save.tmp
  mv save.tmp save
done
touch done
)";

class LookoutTreeTest : public ::testing::TestWithParam<std::string> {
 protected:
  // Folds what is printed until the creation of this file.
  void FoldUntilCreated(absl::string_view path) {
    for (std::string line; !absl::EndsWith(line, absl::StrCat(" created ", path));) {
      line = lookout_->ReadLine();
      ASSERT_NE(line, "") << "it ended: " << lookout_->ReadAllErrors();
      Fold(line, tree_);
    }
  }

  ScopedTempDir dir_;
  Tree tree_;
  std::optional<LookoutProcess> lookout_;
};

TEST_P(LookoutTreeTest, WhatIsPrintedOfAShellsWorkGivesTheTree) {
  if (GetParam() == "fanotify" && !file_internal::HasOwnFileSystem()) {
    GTEST_SKIP() << "fanotify asks for a file system of one's own";
  }
  dir_.WriteFile("tree/before/f", "x");
  tree_ = OnDisk(dir_);
  lookout_.emplace(std::vector<std::string>{"-r", "tree", "--interval=10ms", "--poll-interval=10ms",
                                            absl::StrCat("--backend=", GetParam())},
                   LookoutProcessOptions{.directory = dir_.path()});
  ASSERT_EQ(lookout_->ReadErrorLine(), "lookout: ready");

  const std::string command = absl::StrCat("cd '", dir_.path(), "'\n", kWork);
  const int status = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;

  ASSERT_NO_FATAL_FAILURE(FoldUntilCreated("tree/done"));
  // A look at the whole tree takes time, and comes to directories in any order. The one that finds the second
  // file begins after all work is done; the one that finds the third, after that one's end.
  dir_.WriteFile("tree/done_twice");
  ASSERT_NO_FATAL_FAILURE(FoldUntilCreated("tree/done_twice"));
  dir_.WriteFile("tree/done_thrice");
  ASSERT_NO_FATAL_FAILURE(FoldUntilCreated("tree/done_thrice"));
  EXPECT_THAT(tree_, ::testing::ContainerEq(OnDisk(dir_)));
  EXPECT_EQ(lookout_->Signal(SIGTERM).Wait(), 0);
  EXPECT_EQ(lookout_->ReadAll(), "");
  EXPECT_EQ(lookout_->ReadAllErrors(), "");
}

INSTANTIATE_TEST_SUITE_P(AllBackends, LookoutTreeTest,
                         ::testing::Values("auto", "fanotify", "inotify", "poll"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  lookout::file_internal::EnterOwnFileSystem();
  return RUN_ALL_TESTS();
}
