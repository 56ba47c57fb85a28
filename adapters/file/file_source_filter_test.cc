// What a file source leaves out, on real trees: by inotify, and by looking from time to time.
#include <fcntl.h>
#include <stdio.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/file_source_filter_harness.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_P(FileSourceFilterTest, NoWatchIsSpentOnWhatIsExcluded) {
  for (int i = 0; i < 20; ++i) dir_.WriteFile(absl::StrCat("node_modules/", i, "/a/b/c"));
  dir_.WriteFile("src/node_modules/x/y");
  Watch({.exclude = {"node_modules/"}});
  EXPECT_THAT(Attended(), AttendedIs(2));
  dir_.WriteFile("node_modules/0/a/new");
  dir_.MakeDirs("node_modules/deep/er");
  dir_.Remove("node_modules/1");
  dir_.MakeDirs("lib/node_modules/x");
  EXPECT_THAT(Told(), ElementsAre("created lib/"));
  EXPECT_THAT(Attended(), AttendedIs(3));
  dir_.Remove("node_modules");
  dir_.WriteFile("node_modules");  // a file, which the pattern does not say
  EXPECT_THAT(Told(), ElementsAre("created node_modules"));
}

TEST_P(FileSourceFilterTest, AnExcludedDirectoryThatMayNotBeReadIsNoError) {
  dir_.MakeDirs("node_modules/x");
  Watch({.exclude = {"node_modules"}}, dir_.Path("node_modules"));
  dir_.WriteFile("a");
  EXPECT_THAT(Told(), ElementsAre("created a"));  // and no error
  EXPECT_THAT(Attended(), AttendedIs(1));
}

TEST_P(FileSourceFilterTest, OnlyWhatIsIncludedIsTold) {
  dir_.MakeDirs("doc/src");
  dir_.MakeDirs("src/a");
  Watch({.include = {"src/**", "*.md"}, .exclude = {"*.o"}});
  EXPECT_THAT(Attended(), AttendedIs(5)) << "*.md may be anywhere";
  for (const absl::string_view name :
       {"a", "b.md", "doc/c", "doc/d.md", "src/e", "src/a/f", "src/a/g.o", "doc/src/h"}) {
    dir_.WriteFile(name);
  }
  EXPECT_THAT(Told(),
              UnorderedElementsAre("created b.md", "created doc/d.md", "created src/e", "created src/a/f"));
  dir_.AppendFile("a", "x");
  dir_.AppendFile("src/a/g.o", "x");
  dir_.AppendFile("src/e", "x");
  dir_.Remove("doc/c");
  EXPECT_THAT(Told(), ElementsAre("written src/e"));
}

TEST_P(FileSourceFilterTest, ADirectoryBelowWhichNothingIsIncludedIsNotEntered) {
  dir_.MakeDirs("doc/src");
  dir_.MakeDirs("src/a/b");
  Watch({.include = {"src/**/*.cc"}});
  EXPECT_THAT(Attended(), AttendedIs(4));
  dir_.MakeDirs("lib/src");
  dir_.MakeDirs("src/c");
  EXPECT_THAT(Told(), ElementsAre("created src/c/"));
}

TEST_P(FileSourceFilterTest, ARenameFromAHiddenNameIsACreationOfAll) {
  dir_.WriteFile("build/x/y");
  dir_.WriteFile("a.tmp", "1");
  Watch({.exclude = {"build", "*.tmp"}});
  dir_.Rename("build", "out");
  dir_.Rename("a.tmp", "a");
  EXPECT_THAT(Told(), UnorderedElementsAre("created out/", "created out/x/", "created out/x/y", "created a"));
  EXPECT_THAT(Attended(), AttendedIs(3));
  dir_.WriteFile("out/x/z");
  EXPECT_THAT(Told(), ElementsAre("created out/x/z"));
}

TEST_P(FileSourceFilterTest, ARenameToAHiddenNameIsADeletion) {
  dir_.WriteFile("out/x/y");
  dir_.WriteFile("a");
  dir_.MakeDirs("build");
  Watch({.exclude = {"build", "*.tmp"}});
  dir_.Rename("out/x", "build/x");
  dir_.Rename("a", "a.tmp");
  EXPECT_THAT(Told(), UnorderedElementsAre("deleted out/x/", "deleted a"));
  EXPECT_THAT(Attended(), AttendedIs(2));
  dir_.WriteFile("build/x/z");
  dir_.Rename("a.tmp", "b.tmp");
  dir_.Rename("build", "nested.tmp");
  EXPECT_THAT(Told(), IsEmpty());
  dir_.Rename("out", "out.tmp");
  EXPECT_THAT(Told(), ElementsAre("deleted out/"));
  EXPECT_THAT(Attended(), AttendedIs(1));
}

TEST_P(FileSourceFilterTest, AFileThatIsSavedByWayOfAHiddenNameIsWritten) {
  dir_.WriteFile("a", "1");
  Watch({.exclude = {"*.tmp"}});
  dir_.WriteFile("a.tmp", "22");
  dir_.Rename("a.tmp", "a");
  // fanotify does not say whether there was one.
  EXPECT_THAT(Told(), ElementsAre(GetParam() == FileBackend::kFanotify ? "created a" : "written a"));
}

TEST_P(FileSourceFilterTest, OneThatChangesPlacesWithAHiddenOneIsReplaced) {
  dir_.WriteFile("a", "1");
  dir_.WriteFile("a.tmp", "22");
  dir_.WriteFile("b", "1");
  dir_.WriteFile("b.tmp/x");
  Watch({.exclude = {"*.tmp"}});
  for (const absl::string_view name : {"a", "b"}) {
    const std::string path = dir_.Path(name), hidden = absl::StrCat(path, ".tmp");
    ASSERT_EQ(renameat2(AT_FDCWD, hidden.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE), 0);
  }
  const std::vector<std::string> told = Told();
  EXPECT_THAT(told, IsSupersetOf({"deleted b", "created b/", "created b/x"}));
  EXPECT_THAT(told, Contains(GetParam() == FileBackend::kPoll ? "written a" : "created a"));
  dir_.AppendFile("a", "x");
  dir_.AppendFile("b/x", "x");
  dir_.AppendFile("a.tmp", "x");
  EXPECT_THAT(Told(), UnorderedElementsAre("written a", "written b/x"));
}

TEST_P(FileSourceFilterTest, ThePathItselfIsNeverLeftOut) {
  Watch({.exclude = {std::string(dir_.path().substr(dir_.path().rfind('/') + 1)), "x"}});
  dir_.WriteFile("a");
  EXPECT_THAT(Told(), ElementsAre("created a"));
}

TEST_P(FileSourceFilterTest, FollowsGitignoreFilesNestedAndNegated) {
  dir_.WriteFile(".gitignore", "*.o\nbuild/\n!keep.o\n");
  dir_.WriteFile("src/.gitignore", "!a.o\n/gen\n");
  dir_.MakeDirs(".git/objects");
  dir_.MakeDirs("src/gen");
  dir_.MakeDirs("src/sub");
  dir_.MakeDirs("build/deep");
  Watch({.gitignore = true});
  EXPECT_THAT(Attended(), AttendedIs(3));
  for (const absl::string_view name :
       {"a.o", "b.o", "keep.o", "src/a.o", "src/b.o", "src/gen/x", "src/sub/gen", "src/sub/a.o",
        "src/sub/b.o", "build/x", "src/build", ".git/index"}) {
    dir_.WriteFile(name);
  }
  EXPECT_THAT(Told(), UnorderedElementsAre("created keep.o", "created src/a.o", "created src/sub/gen",
                                           "created src/sub/a.o", "created src/build"));
  // In a directory that appears with it.
  outside_.WriteFile("new/.gitignore", "secret*\n");
  outside_.WriteFile("new/secret/x");
  outside_.WriteFile("new/b.o");
  outside_.WriteFile("new/a");
  outside_.Rename("new", absl::StrCat("../", dir_.path().substr(dir_.path().rfind('/') + 1), "/new"));
  EXPECT_THAT(Told(), UnorderedElementsAre("created new/", "created new/.gitignore", "created new/a"));
}

TEST_P(FileSourceFilterTest, AGitignoreIsReadAgainHoweverItChanges) {
  for (const absl::string_view name : {"d/a", "d/b", "d/deep/a", "d/deep/b"}) dir_.WriteFile(name);
  Watch({.gitignore = true});
  dir_.WriteFile("d/.gitignore", "a\n");
  EXPECT_THAT(Told(), IsSupersetOf({"created d/.gitignore", "deleted d/a", "deleted d/deep/a"}));
  dir_.AppendFile("d/.gitignore", "b\n");
  EXPECT_THAT(Told(), UnorderedElementsAre("written d/.gitignore", "deleted d/b", "deleted d/deep/b"));
  dir_.WriteFile("d/.gitignore", "b\n");  // over what it had
  EXPECT_THAT(Told(), IsSupersetOf({"written d/.gitignore", "created d/a", "created d/deep/a"}));
  dir_.WriteFile("d/new", "a\n");
  dir_.Rename("d/new", "d/.gitignore");
  EXPECT_THAT(Told(), IsSupersetOf({"deleted d/a", "created d/b", "deleted d/deep/a", "created d/deep/b"}));
  dir_.Rename("d/.gitignore", "d/off");
  EXPECT_THAT(Told(), IsSupersetOf({"created d/a", "created d/deep/a"}));
  dir_.Rename("d/off", "d/deep/.gitignore");
  EXPECT_THAT(Told(), IsSupersetOf({"deleted d/deep/a"}));
  dir_.Rename("d/deep/.gitignore", "d/.gitignore");
  EXPECT_THAT(Told(), IsSupersetOf({"deleted d/a"}));
  dir_.Remove("d/.gitignore");
  EXPECT_THAT(Told(), UnorderedElementsAre("deleted d/.gitignore", "created d/a", "created d/deep/a"));
  outside_.WriteFile("rules", "*\n");
  outside_.Rename("rules",
                  absl::StrCat("../", dir_.path().substr(dir_.path().rfind('/') + 1), "/.gitignore"));
  EXPECT_THAT(Told(), IsSupersetOf({"deleted d/"}));
  EXPECT_THAT(Attended(), AttendedIs(1));
}

TEST_P(FileSourceFilterTest, AChangedRuleReleasesWatchesAndTakesThem) {
  for (int i = 0; i < 10; ++i) dir_.WriteFile(absl::StrCat("node_modules/", i, "/x"));
  Watch({.gitignore = true});
  EXPECT_THAT(Attended(), AttendedIs(12));
  dir_.WriteFile(".gitignore", "node_modules\n");
  EXPECT_THAT(Told(), IsSupersetOf({"created .gitignore", "deleted node_modules/"}));
  EXPECT_THAT(Attended(), AttendedIs(1));
  dir_.WriteFile("node_modules/0/y");
  EXPECT_THAT(Told(), IsEmpty());
  dir_.Remove(".gitignore");
  EXPECT_THAT(Told(), SizeIs(1 + 1 + 10 + 10 + 1));
  EXPECT_THAT(Attended(), AttendedIs(12));
  dir_.WriteFile("node_modules/0/z");
  EXPECT_THAT(Told(), ElementsAre("created node_modules/0/z"));
}

TEST_P(FileSourceFilterTest, AGitignoreThatIsHiddenItselfCounts) {
  Watch({.exclude = {".*"}, .gitignore = true});
  dir_.WriteFile(".gitignore", "a\n");
  CatchUp();
  dir_.WriteFile("a");
  dir_.WriteFile("b");
  EXPECT_THAT(Told(), ElementsAre("created b"));
  dir_.WriteFile(".gitignore", "b\n");
  EXPECT_THAT(Told(), UnorderedElementsAre("created a", "deleted b"));
}

TEST_P(FileSourceFilterTest, RulesGoWithTheDirectoryThatHasThem) {
  dir_.WriteFile("d/.gitignore", "*.o\nsub/x\n");
  dir_.WriteFile("d/sub/x");
  dir_.WriteFile("d/sub/a.o");
  dir_.WriteFile("d/sub/b");
  dir_.MakeDirs("other");
  Watch({.gitignore = true});
  dir_.Rename("d", "other/e");
  const std::vector<std::string> told = Told();
  if (GetParam() == FileBackend::kInotify) {
    EXPECT_THAT(told, ElementsAre("renamed other/e/ < d"));
  }
  dir_.WriteFile("other/e/c.o");
  dir_.AppendFile("other/e/sub/x", "x");
  dir_.AppendFile("other/e/sub/b", "x");
  dir_.WriteFile("d/c.o");
  EXPECT_THAT(Told(), UnorderedElementsAre("written other/e/sub/b", "created d/", "created d/c.o"));
  dir_.Remove("other/e/.gitignore");
  EXPECT_THAT(Told(), UnorderedElementsAre("deleted other/e/.gitignore", "created other/e/c.o",
                                           "created other/e/sub/x", "created other/e/sub/a.o"));
}

TEST_P(FileSourceFilterTest, WhatADirectoryHoldsIsJudgedByWhereItIsNow) {
  dir_.WriteFile("src/gen/x");
  dir_.WriteFile("src/a");
  dir_.WriteFile("lib/.gitignore", "a\n");
  Watch({.exclude = {"build/gen", "lib/*/gen"}, .gitignore = true});
  EXPECT_THAT(Attended(), AttendedIs(4));
  dir_.Rename("src", "build");
  EXPECT_THAT(Told(),
              IsSupersetOf({GetParam() == FileBackend::kInotify ? "deleted build/gen/" : "created build/a"}));
  EXPECT_THAT(Attended(), AttendedIs(3));
  dir_.Rename("build", "src");
  EXPECT_THAT(Told(), IsSupersetOf({"created src/gen/", "created src/gen/x"}));
  dir_.Rename("src", "lib/src");
  Told();
  EXPECT_THAT(Attended(), AttendedIs(3));
  dir_.AppendFile("lib/src/a", "x");
  dir_.Rename("lib/src", "src");
  EXPECT_THAT(Told(), IsSupersetOf({"created src/gen/", "created src/gen/x", "created src/a"}));
}

TEST_P(FileSourceFilterTest, ABrokenLineIsSaidOnceAndTheOthersCount) {
  dir_.WriteFile(".gitignore", "[a\nb\n");
  Watch({.gitignore = true});
  std::vector<absl::Status> errors = receiver_.WaitForErrors(1);
  EXPECT_THAT(std::string(errors[0].message()), HasSubstr(dir_.Path(".gitignore") + ": line 1 \"[a\""));
  CatchUp();
  receiver_.Clear();
  dir_.WriteFile("b");
  dir_.WriteFile("c");
  EXPECT_THAT(Told(), ElementsAre("created c"));
}

TEST_P(FileSourceFilterTest, AGitignoreThatCannotBeReadIsSaidOnce) {
  dir_.WriteFile(".gitignore", "b\n");
  Watch({.gitignore = true}, dir_.Path(".gitignore"));
  std::vector<absl::Status> errors = receiver_.WaitForErrors(1);
  EXPECT_THAT(std::string(errors[0].message()), HasSubstr("its rules do not count"));
  CatchUp();
  CatchUp();
  EXPECT_THAT(receiver_.errors(), SizeIs(1));
  receiver_.Clear();
  dir_.WriteFile("b");
  EXPECT_THAT(Told(), ElementsAre("created b"));
}

TEST_P(FileSourceFilterTest, ATreeThatTakesAnothersPlaceHasRulesOfItsOwn) {
  dir_.WriteFile("tree/sub/.gitignore", "a\n");
  dir_.MakeDirs("next/sub");
  auto source = FileSource::Create(
      {.path = dir_.Path("tree"), .recursive = true, .backend = GetParam(), .filter = {.gitignore = true}},
      clock_);
  ASSERT_TRUE(source.ok());
  source_ = *std::move(source);
  run_ = std::make_unique<SourceRun>(*source_, receiver_);
  receiver_.WaitForReady();
  dir_.Rename("tree", "last");
  dir_.Rename("next", "tree");
  Told();
  dir_.WriteFile("tree/sub/a");
  EXPECT_THAT(Told(), ElementsAre("created tree/sub/a"));
}

INSTANTIATE_TEST_SUITE_P(Backends, FileSourceFilterTest,
                         ::testing::Values(FileBackend::kInotify, FileBackend::kPoll, FileBackend::kFanotify),
                         [](const auto& test) { return std::string(FileBackendName(test.param)); });

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
