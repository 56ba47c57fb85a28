#include "lookout/adapters/file/glob.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::file_internal {
namespace {

using ::testing::HasSubstr;

Glob MakeGlob(absl::string_view pattern) {
  absl::StatusOr<Glob> glob = Glob::Parse(pattern);
  EXPECT_TRUE(glob.ok()) << pattern << ": " << glob.status();
  return *std::move(glob);
}

bool Matches(absl::string_view pattern, absl::string_view path, bool is_directory = false) {
  return MakeGlob(pattern).Matches(path, is_directory);
}

std::string Repeat(absl::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) absl::StrAppend(&all, text);
  return all;
}

// What matches what is in the table of path_filter_test, which has been held against Git.

TEST(GlobTest, ASlashAtTheEndAsksForADirectory) {
  EXPECT_TRUE(Matches("a/", "a", /*is_directory=*/true));
  EXPECT_FALSE(Matches("a/", "a", /*is_directory=*/false));
  EXPECT_TRUE(MakeGlob("a/").directories_only());
  EXPECT_FALSE(MakeGlob("a").directories_only());
}

TEST(GlobTest, MatchesBytes) {
  EXPECT_TRUE(Matches("?", "\xff"));
  EXPECT_FALSE(Matches("?", "\xc3\xa9"));
  EXPECT_TRUE(Matches("??", "\xc3\xa9"));
  EXPECT_TRUE(Matches("[\x80-\xff]", "\xfe"));
  EXPECT_TRUE(Matches("[!a]", "\x01"));
  EXPECT_TRUE(Matches("*\xff", "\xfe\xff"));
  EXPECT_TRUE(Matches("a*b", "a\nb"));
  EXPECT_FALSE(Matches("a", "A"));
}

TEST(GlobTest, DoesAsIsDocumentedWhereGitDoesNot) {
  // gitignore(5): "Other consecutive asterisks are considered regular asterisks". Git, in effect, takes these
  // for "d", then any names, since it cuts the part without wildcards off the pattern first.
  EXPECT_FALSE(Matches("d**/a", "d/e/a"));
  EXPECT_TRUE(Matches("d**/a", "dx/a"));
  EXPECT_FALSE(Matches("d/b**/c", "d/bc"));
}

TEST(GlobTest, WhatMayMatchBelowADirectory) {
  EXPECT_TRUE(MakeGlob("*.cc").MayMatchBelow("a/b"));
  EXPECT_TRUE(MakeGlob("**/x").MayMatchBelow("a/b"));
  EXPECT_FALSE(MakeGlob("/a").MayMatchBelow("a"));
  EXPECT_FALSE(MakeGlob("/*").MayMatchBelow("a"));
  EXPECT_TRUE(MakeGlob("src/**").MayMatchBelow("src"));
  EXPECT_TRUE(MakeGlob("src/**").MayMatchBelow("src/a/b"));
  EXPECT_FALSE(MakeGlob("src/**").MayMatchBelow("doc"));
  EXPECT_FALSE(MakeGlob("src/**").MayMatchBelow("doc/src"));
  EXPECT_TRUE(MakeGlob("a/*/c").MayMatchBelow("a"));
  EXPECT_TRUE(MakeGlob("a/*/c").MayMatchBelow("a/b"));
  EXPECT_FALSE(MakeGlob("a/*/c").MayMatchBelow("a/b/c"));
  EXPECT_FALSE(MakeGlob("a/*/c").MayMatchBelow("b"));
  EXPECT_TRUE(MakeGlob("a/**/b/*.c").MayMatchBelow("a/x/y"));
  EXPECT_TRUE(MakeGlob("a/**/b/*.c").MayMatchBelow("a/b/b"));
  EXPECT_TRUE(MakeGlob("**/b/*.c").MayMatchBelow("x"));
  EXPECT_TRUE(MakeGlob("/**").MayMatchBelow("x"));
}

TEST(GlobTest, DependsOnPlaceIfItNamesMoreThanOneLevel) {
  for (const absl::string_view pattern : {"a", "*.o", "a/", "/a", "/a/", "**/a", "/*"}) {
    EXPECT_FALSE(MakeGlob(pattern).depends_on_place()) << pattern;
  }
  for (const absl::string_view pattern : {"a/b", "/a/b", "a/**", "**/a/b", "a/*/"}) {
    EXPECT_TRUE(MakeGlob(pattern).depends_on_place()) << pattern;
  }
}

TEST(GlobTest, APatternThatCanNeverMatchIsRefusedWithWhatToDo) {
  struct Case {
    absl::string_view pattern, why;
  };
  for (const auto& [pattern, why] : {
           Case{"", "write one, as *.o"},
           {"/", "write the name that it belongs to"},
           {"//", "write the name that it belongs to"},
           {"a//b", "two slashes"},
           {"//a", "two slashes"},
           {"a//", "two slashes"},
           {"a\\//b", "two slashes"},
           {"[a", "write \\["},
           {"x/[a/b", "write \\["},
           {"[", "write \\["},
           {"[]", "write \\["},
           {"[!]", "write \\["},
           {"[a-", "write \\["},
           {"[a\\", "write \\["},
           {"[a-\\", "write \\["},
           {"[[:alpha:", "write \\["},
           {"[[:alpha:]", "write \\["},
           {"[[:nope:]]", "no class [:nope:]"},
           {"a\\", "write \\\\"},
           {"a\\/", "write \\\\"},
           {absl::string_view("a\0b", 3), "NUL"},
       }) {
    const absl::Status status = Glob::Parse(pattern).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << pattern;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why)) << pattern;
  }
}

// Each of these would take longer than the universe has, were every star tried at every place.
TEST(GlobTest, ManyStarsTakeNoLongTime) {
  const std::string name(4000, 'a');
  EXPECT_FALSE(Matches(Repeat("*a", 1000) + "*b", name));
  EXPECT_TRUE(Matches(Repeat("*a", 1000), name));
  EXPECT_FALSE(Matches(Repeat("*?*[a]", 500) + "b", name));
  const std::string path = Repeat("a/", 1999) + "a";
  EXPECT_FALSE(Matches(Repeat("**/a/", 200) + "b", path));
  EXPECT_FALSE(Matches(Repeat("**/*a*a*/", 50) + "b", Repeat("aaaa/", 500) + "c"));
  EXPECT_TRUE(Matches(Repeat("**/a/", 200) + "**", path));
  EXPECT_TRUE(MakeGlob(Repeat("**/a/", 200) + "b").MayMatchBelow(path));
  EXPECT_FALSE(MakeGlob(Repeat("*/", 1998) + "b").MayMatchBelow(path));
}

TEST(GlobTest, BracketsAreBounded) {
  EXPECT_FALSE(Glob::Parse(Repeat("[a]", 70'000)).ok());
  EXPECT_TRUE(Matches(Repeat("[ab]", 1000), std::string(1000, 'b')));
}

}  // namespace
}  // namespace lookout::file_internal
