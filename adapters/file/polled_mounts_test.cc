#include "lookout/adapters/file/polled_mounts.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/mount_table.h"

namespace lookout::file_internal {
namespace {

constexpr absl::string_view kRoot = "5 0 8:1 / / rw - ext4 x rw\n";

// Of the tree "tree" which is /real: "" of what is watched, else what it is mounted as.
std::string PolledAs(const std::string& mounts, absl::string_view path) {
  const MountTable table = MountTable::Parse(std::string(kRoot) + mounts);
  const PolledMounts polled(table, "/real", "tree");
  const PolledMount* mount = polled.At(path);
  return mount == nullptr ? "" : mount->type + " on " + mount->path;
}

TEST(PolledMountsTest, WithoutMountsEverythingIsWatched) {
  EXPECT_EQ(PolledAs("", "tree/a"), "");
  EXPECT_FALSE(PolledMounts(MountTable::Parse(kRoot), "/real", "tree").has_mounts_below());
  EXPECT_EQ(PolledMounts(MountTable(), "/real", "tree").At("tree"), nullptr);
}

TEST(PolledMountsTest, AMountBelowIsPolledUnderThePathAsItWasGiven) {
  const std::string mounts = "6 5 0:6 / /real/a/b rw - nfs4 x rw\n";
  EXPECT_EQ(PolledAs(mounts, "tree/a/b"), "nfs4 on tree/a/b");
  EXPECT_EQ(PolledAs(mounts, "tree/a/b/c"), "nfs4 on tree/a/b");
  EXPECT_EQ(PolledAs(mounts, "tree/a"), "");
  EXPECT_EQ(PolledAs(mounts, "tree/a/bc"), "");
}

TEST(PolledMountsTest, ATreeInSuchAMountIsPolled) {
  EXPECT_EQ(PolledAs("6 5 0:6 / /real rw - 9p x rw\n", "tree"), "9p on tree");
  const MountTable table = MountTable::Parse("5 0 0:1 / / rw - proc x rw\n");
  EXPECT_EQ(PolledMounts(table, "/self/net", "/").At("/dev")->reason.how, Polling::kNames);
  EXPECT_EQ(PolledMounts(table, "/", "/").At("/dev")->path, "/");
}

TEST(PolledMountsTest, WhatIsMountedInAPolledMountIsWatched) {
  const std::string mounts =
      "6 5 0:6 / /real/a rw - nfs4 x rw\n"
      "7 6 0:7 / /real/a/b rw - tmpfs x rw\n"
      "8 7 0:8 / /real/a/b/c rw - fuse.x x rw\n";
  EXPECT_EQ(PolledAs(mounts, "tree/a"), "nfs4 on tree/a");
  EXPECT_EQ(PolledAs(mounts, "tree/a/b/d"), "");
  EXPECT_EQ(PolledAs(mounts, "tree/a/b/c/d"), "fuse.x on tree/a/b/c");
}

TEST(PolledMountsTest, WhatTheTreeHasTwiceIsPolledWhereItWasMounted) {
  EXPECT_EQ(PolledAs("6 5 8:1 /real/a /real/b rw - ext4 x rw\n", "tree/b/c"), "ext4 on tree/b");
  // All of the file system, the tree in it again.
  EXPECT_EQ(PolledAs("6 5 8:1 / /real/b rw - ext4 x rw\n", "tree/b"), "ext4 on tree/b");
  // Two of the same from outside.
  const std::string two =
      "6 5 8:2 /x /real/b rw - ext4 x rw\n"
      "7 5 8:2 /x/y /real/c rw - ext4 x rw\n";
  EXPECT_EQ(PolledAs(two, "tree/b"), "");
  EXPECT_EQ(PolledAs(two, "tree/c"), "ext4 on tree/c");
}

TEST(PolledMountsTest, WhatTheTreeHasOnceIsWatchedThoughItIsABindMount) {
  EXPECT_EQ(PolledAs("6 5 8:1 /elsewhere /real/b rw - ext4 x rw\n", "tree/b"), "");
  // Over itself, as for a change of options.
  EXPECT_EQ(PolledAs("6 5 8:1 /real/b /real/b rw - ext4 x rw\n", "tree/b"), "");
  // Of what another mount covers.
  EXPECT_EQ(
      PolledAs("6 5 8:1 /real/a/x /real/b rw - ext4 x rw\n7 5 0:7 / /real/a rw - tmpfs x rw\n", "tree/b"),
      "");
}

TEST(PolledMountsTest, APathIsCalledByAnotherName) {
  EXPECT_EQ(Rebase("/a/b/c", "/a", "x"), "x/b/c");
  EXPECT_EQ(Rebase("/a", "/a", "x"), "x");
  EXPECT_EQ(Rebase("/a", "/", "/"), "/a");
  EXPECT_EQ(Rebase("/a", "/", "x"), "x/a");
  EXPECT_EQ(Rebase("/a/b", "/a", "/"), "/b");
}

}  // namespace
}  // namespace lookout::file_internal
