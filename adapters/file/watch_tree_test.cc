#include "lookout/adapters/file/watch_tree.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::file_internal {
namespace {

using ::testing::UnorderedElementsAre;

TEST(WatchTreeTest, BuildsPathsBelowTheRootAsGiven) {
  WatchTree tree("conf");
  WatchNode& a = tree.AddChild(tree.root(), "a");
  WatchNode& b = tree.AddChild(a, "b");
  EXPECT_EQ(WatchTree::Path(tree.root()), "conf");
  EXPECT_EQ(WatchTree::Path(b), "conf/a/b");
  EXPECT_EQ(WatchTree::Path(b, "f"), "conf/a/b/f");
  WatchTree slash("/");
  EXPECT_EQ(WatchTree::Path(slash.AddChild(slash.root(), "etc"), "f"), "/etc/f");
}

TEST(WatchTreeTest, ARenamedDirectoryKeepsItsChildrensPathsRight) {
  WatchTree tree("r");
  WatchNode& b = tree.AddChild(tree.AddChild(tree.root(), "a"), "b");
  tree.SetWatch(b, 7);
  auto moved = tree.Detach(tree.root(), "a");
  EXPECT_EQ(WatchTree::Path(b), "r/a/b");  // until it arrives
  tree.Attach(std::move(moved), tree.root(), "z");
  EXPECT_EQ(WatchTree::Path(*tree.Find(7)), "r/z/b");
  EXPECT_EQ(tree.Child(tree.root(), "a"), nullptr);
}

TEST(WatchTreeTest, ADescriptorBelongsToOneDirectory) {
  WatchTree tree("r");
  WatchNode& a = tree.AddChild(tree.root(), "a");
  WatchNode& b = tree.AddChild(tree.root(), "b");
  tree.SetWatch(a, 1);
  tree.SetWatch(b, 1);
  EXPECT_EQ(tree.Find(1), &b);
  EXPECT_EQ(a.wd, -1);
  EXPECT_EQ(tree.watches(), 1u);
}

TEST(WatchTreeTest, DroppingASubtreeTellsItsDescriptors) {
  WatchTree tree("r");
  WatchNode& a = tree.AddChild(tree.root(), "a");
  tree.SetWatch(a, 1);
  tree.SetWatch(tree.AddChild(a, "b"), 2);
  tree.SetWatch(tree.AddChild(tree.root(), "c"), 3);
  std::vector<int> ended;
  tree.Drop(tree.Detach(tree.root(), "a"), [&ended](int wd) { ended.push_back(wd); });
  EXPECT_THAT(ended, UnorderedElementsAre(1, 2));
  EXPECT_EQ(tree.watches(), 1u);
}

}  // namespace
}  // namespace lookout::file_internal
