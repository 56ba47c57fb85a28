#include "lookout/adapters/file/path_mounts.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_mounts_kernel.h"
#include "lookout/adapters/file/polled_mounts.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class PathMountsTest : public ::testing::Test {
 protected:
  MountNews After(const std::string& table) {
    kernel_.table = table;
    return mounts_.Step();
  }

  FakeMountsKernel kernel_{kRoot, {{"tree", "/real/tree"}}};
  PathMounts mounts_{"tree", kernel_};
};

TEST_F(PathMountsTest, NothingIsNoNews) { EXPECT_FALSE(After(kRoot).any); }

TEST_F(PathMountsTest, OnThePathAndAboveIsToldFromBelowAndElsewhere) {
  EXPECT_TRUE(After(kRoot + Tmpfs(6, "/real/tree")).above);
  EXPECT_TRUE(After(kRoot + Tmpfs(6, "/real/tree") + Tmpfs(7, "/real")).above);
  const MountNews elsewhere = After(kRoot + Tmpfs(6, "/real/tree2"));
  EXPECT_TRUE(elsewhere.any);
}

TEST_F(PathMountsTest, BelowIsByThePathAsItWasGivenAndTheOutermostAlone) {
  const MountNews news = After(kRoot + Tmpfs(6, "/real/tree/a") + Tmpfs(7, "/real/tree/a-b") +
                               "8 6 0:8 / /real/tree/a/c rw - tmpfs x rw\n" + Tmpfs(9, "/real/tree2"));
  EXPECT_FALSE(news.above);
  EXPECT_THAT(news.below, ElementsAre("tree/a", "tree/a-b"));
}

TEST_F(PathMountsTest, WhatHasToBePolledIsKnownAnew) {
  EXPECT_EQ(mounts_.polled().At("tree/a"), nullptr);
  const PolledMounts& polled = mounts_.polled();
  After(std::string(kRoot) + "6 5 0:6 / /real/tree/a rw - nfs x rw\n");
  ASSERT_NE(polled.At("tree/a/b"), nullptr);
  EXPECT_EQ(mounts_.polled_path(), nullptr);
  After(std::string(kRoot) + "6 5 0:6 / /real rw - nfs x rw\n");
  EXPECT_NE(mounts_.polled_path(), nullptr);
  After(kRoot);
  EXPECT_EQ(polled.At("tree/a"), nullptr);
}

TEST(PathMountsWithoutThePathTest, WhatThereIsOfThePathCounts) {
  FakeMountsKernel kernel(std::string(kRoot) + "6 5 0:6 / /net rw - nfs x rw\n", {{"/link", "/net/x"}});
  EXPECT_NE(PathMounts("/link/not/yet", kernel).polled_path(), nullptr);
  EXPECT_EQ(PathMounts("not/yet", kernel).polled_path(), nullptr);
}

TEST(PathMountsWithoutThePathTest, WhereNothingIsKnownOfThePathThereIsNewsAllTheSame) {
  FakeMountsKernel kernel(kRoot);
  PathMounts mounts("tree", kernel);
  kernel.table = kRoot + Tmpfs(6, "/a");
  const MountNews news = mounts.Step();
  EXPECT_TRUE(news.any);
  EXPECT_THAT(news.below, IsEmpty());
}

}  // namespace
}  // namespace lookout::file_internal
