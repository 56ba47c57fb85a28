// The real binary with each option for files: how a tree is watched, and what of it is told.
#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/tools/lookout/lookout_process.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LookoutFilesTest : public ::testing::Test {
 protected:
  LookoutProcessOptions Here() const { return {.directory = dir_.path()}; }

  // Those that work here.
  static std::vector<std::string> Backends() {
    std::vector<std::string> backends = {"inotify", "poll"};
    if (file_internal::HasOwnFileSystem()) backends.emplace_back("fanotify");
    return backends;
  }
  // As most editors do it, so that the file is whole at every moment.
  void Save(const std::string& path) {
    dir_.WriteFile(path + ".tmp", "new");
    dir_.Rename(path + ".tmp", path);
  }
  // As Vim does it: tries whether it can write here, and moves the old file aside.
  void SaveLikeVim(const std::string& path) {
    dir_.WriteFile("conf/4913");
    dir_.Remove("conf/4913");
    dir_.Rename(path, path + "~");
    dir_.WriteFile(path, "new");
    dir_.Remove(path + "~");
  }

  ScopedTempDir dir_;
};

TEST_F(LookoutFilesTest, TheBackEndIsAsAskedFor) {
  for (const std::string& backend : Backends()) {
    dir_.MakeDirs("conf/a");
    LookoutProcess lookout({"-r", "conf", absl::StrCat("--backend=", backend), "--poll-interval=10ms",
                            "--interval=0", "--stats"},
                           Here());
    EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
    dir_.MakeDirs("conf/a/b");
    EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/a/b/");
    dir_.Remove("conf/a/b");
    EXPECT_EQ(lookout.ReadLine(), "<ms> file deleted conf/a/b/");
    EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
    EXPECT_THAT(lookout.ReadAllErrors(),
                StartsWith(absl::StrCat("lookout: stats file conf: backend=", backend, " events=2 ")));
  }
}

TEST_F(LookoutFilesTest, ABackEndThatDoesNotWorkHereIsExitCode1AndOneLine) {
  LookoutProcess lookout({"-r", "/proc/self", "--backend=fanotify"}, Here());
  EXPECT_EQ(lookout.Wait(), 1);
  const std::string errors = lookout.ReadAllErrors();
  EXPECT_THAT(errors, StartsWith("lookout: file /proc/self: /proc/self: fanotify "));
  EXPECT_EQ(errors.find('\n'), errors.size() - 1) << errors;
}

TEST_F(LookoutFilesTest, LinksAreFollowedIfAskedFor) {
  dir_.MakeDirs("elsewhere");
  dir_.MakeDirs("conf");
  dir_.Symlink("../elsewhere", "conf/link");
  LookoutProcess lookout({"-r", "conf", "--follow", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.WriteFile("elsewhere/f");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/link/f");
  EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
}

TEST_F(LookoutFilesTest, WhatIsExcludedIsLeftOutByEachBackEnd) {
  for (const std::string& backend : Backends()) {
    dir_.MakeDirs(backend);
    LookoutProcess lookout({"-r", backend, "--exclude=node_modules/", "--exclude", "*.o", "--interval=0",
                            "--poll-interval=10ms", "--backend", backend},
                           Here());
    EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
    dir_.WriteFile(backend + "/node_modules/x/f");
    dir_.WriteFile(backend + "/a.o");
    dir_.WriteFile(backend + "/b.c");
    EXPECT_EQ(lookout.ReadLine(), "<ms> file created " + backend + "/b.c");
    EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
    EXPECT_EQ(lookout.ReadAll(), "");
  }
}

TEST_F(LookoutFilesTest, WhatIsIncludedIsToldByEachBackEnd) {
  for (const std::string& backend : Backends()) {
    dir_.MakeDirs(backend);
    LookoutProcess lookout({"-r", backend, "--include=*.yml", "--include=docs/", "--interval=0",
                            "--poll-interval=10ms", "--backend", backend},
                           Here());
    EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
    dir_.WriteFile(backend + "/a.c");
    dir_.WriteFile(backend + "/b.yml");
    EXPECT_EQ(lookout.ReadLine(), "<ms> file created " + backend + "/b.yml");
    EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
    EXPECT_EQ(lookout.ReadAll(), "");
  }
}

TEST_F(LookoutFilesTest, WhatGitIgnoresIsLeftOutByEachBackEnd) {
  for (const std::string& backend : Backends()) {
    dir_.WriteFile(backend + "/.gitignore", "*.o\n!keep.o\n");
    dir_.MakeDirs(backend + "/.git");
    LookoutProcess lookout(
        {"-r", backend, "--gitignore", "--interval=0", "--poll-interval=10ms", "--backend", backend}, Here());
    EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
    dir_.WriteFile(backend + "/.git/index");
    dir_.WriteFile(backend + "/a.o");
    dir_.WriteFile(backend + "/keep.o");
    EXPECT_EQ(lookout.ReadLine(), "<ms> file created " + backend + "/keep.o");
    EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
    EXPECT_EQ(lookout.ReadAll(), "");
  }
}

TEST_F(LookoutFilesTest, ASettledSaveIsOneWritten) {
  dir_.WriteFile("conf/f", "old");
  LookoutProcess lookout({"conf", "--settle=1h", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.AppendFile("conf/f", "x");  // so that it is known to be there
  Save("conf/f");
  lookout.AwaitStats("events=4");
  EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
  EXPECT_EQ(lookout.ReadAll(), "<ms> file written conf/f\n");
}

TEST_F(LookoutFilesTest, ASaveThatMovesTheOldFileAsideSettlesOnceTheBackupIsKnown) {
  dir_.WriteFile("conf/f", "old");
  dir_.WriteFile("conf/f~", "older");
  LookoutProcess lookout({"conf", "--settle=1h", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.Remove("conf/f~");  // as the save before did
  SaveLikeVim("conf/f");
  lookout.AwaitStats("events=7");
  EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
  EXPECT_EQ(lookout.ReadAll(), "<ms> file written conf/f\n<ms> file deleted conf/f~\n");
}

TEST_F(LookoutFilesTest, ASaveIsToldWhenItIsQuiet) {
  dir_.WriteFile("conf/f", "old");
  LookoutProcess lookout({"conf", "--settle=1ms", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.AppendFile("conf/f", "x");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file written conf/f");
  EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
}

TEST_F(LookoutFilesTest, StatsAreALineForEachPathAtTheEnd) {
  dir_.MakeDirs("a/sub");
  dir_.MakeDirs("b");
  LookoutProcess lookout({"-r", "a", "b", "--backend=inotify", "--stats", "--count=2", "--interval=0"},
                         Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.WriteFile("a/sub/f");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created a/sub/f");
  dir_.WriteFile("b/f");
  EXPECT_EQ(lookout.Wait(), 0);
  EXPECT_THAT(lookout.ReadErrorLine(), StartsWith("lookout: stats file a: backend=inotify events=1 "));
  EXPECT_THAT(lookout.ReadErrorLine(), HasSubstr(" directories=1 watched=1 polled=0"));
  EXPECT_EQ(lookout.ReadAllErrors(), "");
}

TEST_F(LookoutFilesTest, StatsAreSaidWhenAskedForBySigusr1) {
  dir_.MakeDirs("conf");
  LookoutProcess lookout({"conf", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  lookout.Signal(SIGUSR1);
  EXPECT_THAT(lookout.ReadErrorLine(), StartsWith("lookout: stats file conf: backend=inotify events=0 "));
  dir_.WriteFile("conf/f");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/f");
  EXPECT_THAT(lookout.AwaitStats("events=1"), StartsWith("lookout: stats file conf: "));
  EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
  EXPECT_EQ(lookout.ReadAllErrors(), "");
}

TEST_F(LookoutFilesTest, StatsAreSaidAlsoAfterAFailure) {
  dir_.WriteFile("f");
  LookoutProcess lookout({"f/x", "--stats"}, Here());
  EXPECT_EQ(lookout.Wait(), 1);
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: file f/x: f/x: Not a directory");
  EXPECT_THAT(lookout.ReadErrorLine(), StartsWith("lookout: stats file f/x: backend=auto events=0 "));
}

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  lookout::file_internal::EnterOwnFileSystem();
  return RUN_ALL_TESTS();
}
