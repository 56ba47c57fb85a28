#include "lookout/adapters/file/mount_table.h"

#include <sys/sysmacros.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// As Linux 6.18 has it, but for the names.
constexpr absl::string_view kTable =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "27 1 254:0 / / rw,relatime shared:1 master:7 - ext4 /dev/vda rw,discard\n"
    "30 27 0:27 / /home/my\\040files\\134x rw - nfs4 server:/export rw,vers=4.2\n"
    "31 27 254:0 /srv/web /www rw - ext4 /dev/vda rw\n"
    "33 27 0:40 / /mnt rw - fuse.sshfs me@there: rw\n";

TEST(MountTableTest, AMountHasItsPlaceFileSystemDeviceAndNumber) {
  const MountTable table = MountTable::Parse(kTable);
  EXPECT_EQ(table.malformed(), 0u);
  ASSERT_THAT(table.entries(), SizeIs(5));
  EXPECT_EQ(
      table.entries()[0],
      (MountEntry{
          .id = 22, .parent = 27, .device = makedev(0, 21), .root = "/", .point = "/proc", .type = "proc"}));
  EXPECT_EQ(table.entries()[1], (MountEntry{.id = 27,
                                            .parent = kNoMount,
                                            .device = makedev(254, 0),
                                            .root = "/",
                                            .point = "/",
                                            .type = "ext4"}));
  EXPECT_EQ(table.entries()[3].root, "/srv/web");
  EXPECT_EQ(table.entries()[4].type, "fuse.sshfs");
}

TEST(MountTableTest, WhatIsEscapedIsAnyByte) {
  struct Case {
    absl::string_view field;
    std::string point;
  };
  const Case cases[] = {
      {"/a\\040b", "/a b"},       {"/a\\011\\012\\134", "/a\t\n\\"},
      {"/a\\043", "/a#"},         {"/\\377\\001", "/\xff\x01"},
      {"/a\\04", "/a\\04"},       {"/a\\", "/a\\"},
      {"/a\\089", "/a\\089"},     {"/\\0401", "/ 1"},
      {"/\xff\x80", "/\xff\x80"},
  };
  for (const Case& c : cases) {
    const MountTable table = MountTable::Parse(absl::StrCat("1 0 0:1 / ", c.field, " rw - tmpfs x rw\n"));
    ASSERT_THAT(table.entries(), SizeIs(1)) << c.field;
    EXPECT_EQ(table.entries()[0].point, c.point);
  }
}

TEST(MountTableTest, LinesThatMakeNoSenseArePassedOverAndCounted) {
  constexpr absl::string_view kBad[] = {
      "",
      "\n",
      "1\n",
      "1 0 0:1 / /a rw\n",                // no end of the optional fields
      "1 0 0:1 / /a rw shared:1\n",       //
      "1 0 0:1 / /a rw -\n",              // and none of it after that
      "1 0 0:1 / /a rw - \n",             //
      "x 0 0:1 / /a rw - tmpfs x rw\n",   //
      "-1 0 0:1 / /a rw - tmpfs x rw\n",  //
      "1 y 0:1 / /a rw - tmpfs x rw\n",   //
      "1 0 0 / /a rw - tmpfs x rw\n",     //
      "1 0 0: / /a rw - tmpfs x rw\n",    //
      "1 0 0:-1 / /a rw - tmpfs x rw\n",  //
      "1 0 0:1 / a rw - tmpfs x rw\n",    // a relative place
      "1 0 0:1 /  rw - tmpfs x rw\n",     // none
      "1 0 0:1 / /a rw - tmpfs x rw",     // not all of it
      "99999999999999999999 0 0:1 / /a rw - tmpfs x rw\n",
  };
  for (const absl::string_view bad : kBad) {
    const MountTable table = MountTable::Parse(absl::StrCat("5 0 0:9 / / rw - ext4 x rw\n", bad));
    EXPECT_THAT(table.entries(), SizeIs(1)) << bad;
    EXPECT_EQ(table.malformed(), bad.empty() ? 0u : 1u) << bad;
  }
}

TEST(MountTableTest, OfATableThatIsCutOffTheWholeLinesAreLeft) {
  const std::vector<MountEntry> whole = MountTable::Parse(kTable).entries();
  for (std::size_t size = 0; size <= kTable.size(); ++size) {
    const absl::string_view text = kTable.substr(0, size);
    const MountTable table = MountTable::Parse(text);
    std::size_t lines = 0;
    for (const char c : text) lines += c == '\n';
    EXPECT_THAT(table.entries(), SizeIs(lines));
    EXPECT_EQ(table.malformed(), text.empty() || text.back() == '\n' ? 0u : 1u);
    for (std::size_t i = 0; i < lines; ++i) EXPECT_EQ(table.entries()[i].point, whole[i].point);
  }
}

TEST(MountTableTest, APathIsInTheInnermostMountAboveIt) {
  const MountTable table = MountTable::Parse(kTable);
  EXPECT_EQ(table.At("/")->type, "ext4");
  EXPECT_EQ(table.At("/proc/self")->type, "proc");
  EXPECT_EQ(table.At("/process")->type, "ext4");
  EXPECT_EQ(table.At("/home/my files\\x")->type, "nfs4");
  EXPECT_EQ(table.On("/proc")->id, 22);
  EXPECT_EQ(table.On("/proc/self"), nullptr);
  EXPECT_EQ(MountTable().At("/a"), nullptr);
  EXPECT_THAT(MountTable().Below("/"), IsEmpty());
}

TEST(MountTableTest, WhatIsMountedLastAtAPlaceIsSeenThereAndCoversWhatIsBelow) {
  const MountTable table = MountTable::Parse(
      "5 0 8:1 / / rw - ext4 x rw\n"
      "8 6 0:8 / /a/b rw - nfs x rw\n"  // on the lower of the two at /a
      "6 5 0:6 / /a rw - tmpfs x rw\n"
      "7 6 0:7 / /a rw - ramfs x rw\n"
      "9 7 0:9 / /a/c rw - proc x rw\n");
  EXPECT_EQ(table.At("/a")->id, 7);
  EXPECT_EQ(table.At("/a/b/c")->id, 7);
  EXPECT_EQ(table.On("/a/b"), nullptr);
  EXPECT_THAT(table.Below("/"), ElementsAre(table.On("/a"), table.On("/a/c")));
  EXPECT_THAT(table.Below("/a"), ElementsAre(table.On("/a/c")));
  EXPECT_THAT(table.Below("/a/c"), IsEmpty());
}

TEST(MountTableTest, WhereTheRootIsNoMountPointTheRestIsKnown) {
  const MountTable table = MountTable::Parse("8 5 0:8 / /a rw - nfs x rw\n");  // chroot(2)
  EXPECT_EQ(table.At("/a/b")->id, 8);
  EXPECT_EQ(table.At("/b"), nullptr);
}

TEST(MountTableTest, ACircleOfMountsEnds) {
  const MountTable table = MountTable::Parse(
      "8 9 0:8 / /a rw - nfs x rw\n"
      "9 8 0:9 / /a rw - nfs x rw\n"
      "7 7 0:7 / / rw - rootfs x rw\n");
  EXPECT_EQ(table.At("/a")->id, 7);
}

TEST(MountTableTest, TheDifferenceIsWhereSomethingElseIsSeen) {
  constexpr absl::string_view kRoot = "5 0 8:1 / / rw - ext4 x rw\n";
  constexpr absl::string_view kA = "6 5 0:6 / /a rw - tmpfs x rw\n";
  struct Case {
    const char* what;
    std::string before, after;
    std::vector<std::string> changed;
  };
  const Case cases[] = {
      {"nothing", absl::StrCat(kRoot, kA), absl::StrCat(kA, kRoot), {}},
      {"came", std::string(kRoot), absl::StrCat(kRoot, kA), {"/a"}},
      {"went", absl::StrCat(kRoot, kA), std::string(kRoot), {"/a"}},
      {"options alone", absl::StrCat(kRoot, kA), absl::StrCat(kRoot, "6 5 0:6 / /a ro - tmpfs x rw\n"), {}},
      {"another device",
       absl::StrCat(kRoot, kA),
       absl::StrCat(kRoot, "6 5 0:7 / /a rw - tmpfs x rw\n"),
       {"/a"}},
      {"another part",
       absl::StrCat(kRoot, kA),
       absl::StrCat(kRoot, "6 5 0:6 /b /a rw - tmpfs x rw\n"),
       {"/a"}},
      {"another mount",
       absl::StrCat(kRoot, kA),
       absl::StrCat(kRoot, "7 5 0:6 / /a rw - tmpfs x rw\n"),
       {"/a"}},
      {"on top", absl::StrCat(kRoot, kA), absl::StrCat(kRoot, kA, "7 6 0:7 / /a rw - tmpfs x rw\n"), {"/a"}},
      {"what is covered",
       absl::StrCat(kRoot, kA),
       absl::StrCat(kRoot, kA, "7 5 0:7 / /a/b rw - tmpfs x rw\n"),
       {}},
      {"all", std::string(kRoot), "", {"/"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ChangedMountPoints(MountTable::Parse(c.before), MountTable::Parse(c.after)), c.changed)
        << c.what;
  }
}

TEST(MountTableTest, WhatCannotBeWatchedIsKnownByItsType) {
  for (const char* type : {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "lustre", "fuse", "fuse.sshfs",
                           "fuse.", "virtiofs", "vboxsf"}) {
    EXPECT_EQ(MustPoll(type).how, Polling::kStates) << type;
    EXPECT_FALSE(MustPoll(type).why.empty()) << type;
  }
  for (const char* type : {"proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs"}) {
    EXPECT_EQ(MustPoll(type).how, Polling::kNames) << type;
  }
  for (const char* type : {"", "ext4", "xfs", "btrfs", "tmpfs", "ramfs", "overlay", "fuseblk", "fuseblk.ntfs",
                           "devtmpfs", "devpts", "nfs5"}) {
    EXPECT_EQ(MustPoll(type).how, Polling::kNo) << type;
  }
}

TEST(MountTableTest, BelowIsByWholeNames) {
  EXPECT_TRUE(IsAtOrBelow("/a", "/"));
  EXPECT_TRUE(IsAtOrBelow("/a", "/a"));
  EXPECT_TRUE(IsAtOrBelow("/a/b", "/a"));
  EXPECT_FALSE(IsAtOrBelow("/ab", "/a"));
  EXPECT_FALSE(IsAtOrBelow("/", "/a"));
}

}  // namespace
}  // namespace lookout::file_internal
