#include "lookout/testing/scoped_temp_dir.h"

#include <sys/stat.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout {
namespace {

using ::testing::StartsWith;

bool OnDisk(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0;
}

TEST(ScopedTempDirTest, IsAnEmptyDirectoryOfItsOwnGoneWithItsContents) {
  std::string path;
  {
    const ScopedTempDir dir;
    const ScopedTempDir other;
    path = dir.path();
    EXPECT_NE(path, other.path());
    EXPECT_THAT(path, StartsWith("/"));
    EXPECT_TRUE(OnDisk(path));
    dir.WriteFile("a/b/c", "x");
    dir.Symlink("nowhere", "a/link");
  }
  EXPECT_FALSE(OnDisk(path));
}

TEST(ScopedTempDirTest, FilesAreWrittenAppendedToAndRead) {
  const ScopedTempDir dir;
  dir.WriteFile("f", "one");
  dir.AppendFile("f", " two");
  EXPECT_EQ(dir.ReadFile("f"), "one two");
  dir.WriteFile("f", "anew");
  EXPECT_EQ(dir.ReadFile("f"), "anew");
  dir.WriteFile("empty");
  EXPECT_EQ(dir.ReadFile("empty"), "");
}

TEST(ScopedTempDirTest, NamesMayBeAnyBytes) {
  const ScopedTempDir dir;
  dir.WriteFile("\xFF\xC3 \n", "x");
  EXPECT_EQ(dir.ReadFile("\xFF\xC3 \n"), "x");
}

TEST(ScopedTempDirTest, RenamesReplacesAndRemoves) {
  const ScopedTempDir dir;
  dir.WriteFile("a", "1");
  dir.WriteFile("b", "2");
  dir.Rename("a", "b");
  EXPECT_FALSE(dir.Exists("a"));
  EXPECT_EQ(dir.ReadFile("b"), "1");
  dir.MakeDirs("d/e/f");
  dir.Rename("d", "g");
  EXPECT_TRUE(dir.Exists("g/e/f"));
  dir.Remove("g");
  EXPECT_FALSE(dir.Exists("g"));
  dir.Remove("b");
  EXPECT_FALSE(dir.Exists("b"));
}

TEST(ScopedTempDirTest, MakesLinks) {
  const ScopedTempDir dir;
  dir.WriteFile("file", "x");
  dir.Symlink("file", "soft");
  dir.Symlink("nowhere", "dangling");
  dir.HardLink("file", "hard");
  EXPECT_EQ(dir.ReadFile("soft"), "x");
  EXPECT_TRUE(dir.Exists("dangling"));
  dir.AppendFile("hard", "y");
  EXPECT_EQ(dir.ReadFile("file"), "xy");
}

TEST(ScopedTempDirTest, SetsPermissions) {
  const ScopedTempDir dir;
  dir.WriteFile("file");
  dir.Chmod("file", 0600);
  struct stat info;
  ASSERT_EQ(::stat(dir.Path("file").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

using ScopedTempDirDeathTest = ::testing::Test;

TEST_F(ScopedTempDirDeathTest, WhatFailsEndsTheTestWithThePath) {
  const ScopedTempDir dir;
  EXPECT_DEATH(dir.Rename("absent", "x"), "absent.*No such file");
  EXPECT_DEATH(dir.Remove("absent"), "nothing to remove.*absent");
  EXPECT_DEATH(dir.AppendFile("absent", "x"), "absent.*No such file");
}

}  // namespace
}  // namespace lookout
