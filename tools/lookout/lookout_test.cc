// The real binary on real trees: what it prints, byte for byte but for the times, and how it ends. Whatever
// is waited for is read from its pipes.
#include <signal.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/tools/lookout/lookout_process.h"

namespace lookout {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LookoutTest : public ::testing::Test {
 protected:
  LookoutProcessOptions Here() const { return {.directory = dir_.path()}; }

  // Leaves "lookout conf --interval=1h" with three events buffered, and nothing printed.
  void BufferThreeEvents(LookoutProcess& lookout) {
    EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
    dir_.WriteFile("conf/f", "x");
    dir_.Remove("conf/f");
    EXPECT_THAT(lookout.AwaitStats("events=3"), StartsWith("lookout: stats file conf: backend=inotify "));
  }

  ScopedTempDir dir_;
};

TEST_F(LookoutTest, PrintsTextUntilSigterm) {
  dir_.WriteFile("conf/old", "x");
  LookoutProcess lookout({"-r", "conf", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");

  dir_.WriteFile("conf/f", "x");
  EXPECT_THAT(lookout.ReadLines(2), ElementsAre("<ms> file created conf/f", "<ms> file written conf/f"));
  dir_.Rename("conf/f", "conf/g");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file renamed conf/g <- conf/f");
  dir_.MakeDirs("conf/a/b");
  EXPECT_THAT(lookout.ReadLines(2), ElementsAre("<ms> file created conf/a/", "<ms> file created conf/a/b/"));
  dir_.WriteFile("conf/a/b/h");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/a/b/h");
  dir_.AppendFile("conf/a/b/h", "x");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file written conf/a/b/h");
  dir_.Remove("conf/a");
  EXPECT_THAT(lookout.ReadLines(3), ElementsAre("<ms> file deleted conf/a/b/h", "<ms> file deleted conf/a/b/",
                                                "<ms> file deleted conf/a/"));
  dir_.WriteFile("conf/\x1b[2J\nx");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/\\x1b[2J\\nx");

  EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
  EXPECT_EQ(lookout.ReadAll(), "");
  EXPECT_EQ(lookout.ReadAllErrors(), "");
}

TEST_F(LookoutTest, PrintsJsonUntilCount) {
  dir_.MakeDirs("sub");
  LookoutProcess lookout({"--format=json", "--count", "4", "-r", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.WriteFile("sub/f", "x");
  dir_.Rename("sub/f", "g\xff");
  dir_.Remove("sub");
  dir_.WriteFile("more");
  EXPECT_EQ(lookout.Wait(), 0);
  EXPECT_EQ(
      lookout.ReadAll(),
      R"({"type":"file","action":"created","actor_name":"./sub/f","actor_id":"","actor_attributes":{},"time":"<ns>"}
{"type":"file","action":"written","actor_name":"./sub/f","actor_id":"","actor_attributes":{},"time":"<ns>"}
{"type":"file","action":"renamed","actor_name":"./g\uefff","actor_id":"","actor_attributes":{"renamed_from":"./sub/f"},"time":"<ns>"}
{"type":"file","action":"deleted","actor_name":"./sub","actor_id":"","actor_attributes":{"kind":"directory"},"time":"<ns>"}
)");
  EXPECT_EQ(lookout.ReadAllErrors(), "");
}

TEST_F(LookoutTest, WatchesSeveralPathsAsTheyWereGiven) {
  dir_.WriteFile("a/f");
  dir_.WriteFile("b/f");
  LookoutProcess lookout({"./a/", dir_.Path("b/f"), "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.AppendFile("a/f", "x");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file written ./a/f");
  dir_.AppendFile("b/f", "x");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file written " + dir_.Path("b/f"));
  EXPECT_EQ(lookout.Signal(SIGINT).Wait(), 0);
}

TEST_F(LookoutTest, ASignalPrintsWhatIsBuffered) {
  for (int signal : {SIGINT, SIGTERM}) {
    dir_.MakeDirs("conf");
    LookoutProcess lookout({"conf", "--interval=1h"}, Here());
    BufferThreeEvents(lookout);
    EXPECT_EQ(lookout.Signal(signal).Wait(), 0);
    EXPECT_EQ(lookout.ReadAll(),
              "<ms> file created conf/f\n<ms> file written conf/f\n<ms> file deleted conf/f\n");
  }
}

TEST_F(LookoutTest, ASecondSignalEndsItAlthoughNobodyReads) {
  dir_.MakeDirs("conf");
  LookoutProcessOptions options = Here();
  options.fill_stdout = true;
  LookoutProcess lookout({"conf", "--interval=1h"}, options);
  BufferThreeEvents(lookout);
  EXPECT_THAT(lookout.Signal(SIGTERM).Signal(SIGINT).Wait(), AnyOf(128 + SIGTERM, 128 + SIGINT));
}

TEST_F(LookoutTest, APathThatComesAndGoesIsFollowed) {
  LookoutProcess lookout({"conf/app", "--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(),
            "lookout: file conf/app: conf/app: does not exist yet; it is watched for");
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.MakeDirs("conf/app");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/app/");
  dir_.WriteFile("conf/app/f");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/app/f");
  dir_.Remove("conf");
  EXPECT_THAT(lookout.ReadLines(2),
              ElementsAre("<ms> file deleted conf/app/f", "<ms> file deleted conf/app/"));
  dir_.WriteFile("conf/app", "a file this time");
  EXPECT_EQ(lookout.ReadLine(), "<ms> file created conf/app");
  EXPECT_EQ(lookout.Signal(SIGTERM).Wait(), 0);
}

TEST_F(LookoutTest, TheTimeoutEndsItWell) {
  LookoutProcess lookout({"--timeout=1ms"}, Here());
  EXPECT_EQ(lookout.Wait(), 0);
  EXPECT_EQ(lookout.ReadAll(), "");
}

TEST_F(LookoutTest, RelativePathsCountFromWhereTheUserTyped) {
  dir_.WriteFile("user/conf/f");
  LookoutProcessOptions options = {.directory = "/",
                                   .environment = {"BUILD_WORKING_DIRECTORY=" + dir_.Path("user")}};
  LookoutProcess lookout({"conf", "--count=1"}, options);
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.AppendFile("user/conf/f", "x");
  EXPECT_EQ(lookout.Wait(), 0);
  EXPECT_EQ(lookout.ReadAll(), "<ms> file written conf/f\n");
}

TEST_F(LookoutTest, AUsersDirectoryThatHasGoneIsSaid) {
  LookoutProcessOptions options = Here();
  options.environment = {"BUILD_WORKING_DIRECTORY=" + dir_.Path("none")};
  LookoutProcess lookout({}, options);
  EXPECT_EQ(lookout.Wait(), 1);
  EXPECT_THAT(lookout.ReadAllErrors(), StartsWith("lookout: BUILD_WORKING_DIRECTORY=" + dir_.Path("none")));
}

TEST_F(LookoutTest, MistakesAreOneLineAndExitCode2) {
  const std::vector<std::vector<std::string>> mistakes = {
      {"--bogus"}, {"--interval=soon"},   {"--count=0"},      {"--format"},
      {""},        {"--docker=nonsense"}, {"--exclude", "[a"}};
  for (const std::vector<std::string>& args : mistakes) {
    LookoutProcess lookout(args, Here());
    EXPECT_EQ(lookout.Wait(), 2) << args[0];
    const std::string errors = lookout.ReadAllErrors();
    EXPECT_THAT(errors, StartsWith("lookout: " + (args[0].empty() ? "''" : args[0])));
    EXPECT_EQ(errors.find('\n'), errors.size() - 1) << errors;
    EXPECT_EQ(lookout.ReadAll(), "");
  }
}

TEST_F(LookoutTest, APathThatCannotBeIsExitCode1AndNeverReady) {
  dir_.WriteFile("conf/file");
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"conf/file/x"}, {"conf", "conf/file/x"}}) {
    LookoutProcess lookout(args, Here());
    EXPECT_EQ(lookout.Wait(), 1);
    EXPECT_EQ(lookout.ReadAllErrors(), "lookout: file conf/file/x: conf/file/x: Not a directory\n");
    EXPECT_EQ(lookout.ReadAll(), "");
  }
}

TEST_F(LookoutTest, AReaderThatHasGoneIsExitCode1) {
  LookoutProcess lookout({"--interval=0"}, Here());
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  lookout.CloseStdout();
  dir_.WriteFile("f");
  EXPECT_EQ(lookout.Wait(), 1);
  EXPECT_EQ(lookout.ReadAllErrors(), "lookout: stdout: Broken pipe\n");
}

TEST_F(LookoutTest, AStdoutThatWasNeverOpenIsExitCode1) {
  LookoutProcessOptions options = Here();
  options.close_stdout = true;
  LookoutProcess lookout({"--interval=0"}, options);
  EXPECT_EQ(lookout.ReadErrorLine(), "lookout: ready");
  dir_.WriteFile("f");
  EXPECT_EQ(lookout.Wait(), 1);
  EXPECT_EQ(lookout.ReadAllErrors(), "lookout: stdout: Bad file descriptor\n");
}

TEST_F(LookoutTest, HelpAndVersionGoToStdout) {
  LookoutProcess version({"--version"}, Here());
  EXPECT_EQ(version.Wait(), 0);
  EXPECT_EQ(version.ReadAll(), "lookout 0.1.0\n");

  LookoutProcess help({"--help"}, Here());
  EXPECT_EQ(help.Wait(), 0);
  const std::string text = help.ReadAll();
  for (const char* word :
       {"-r, --recursive", "--docker[=HOST]", "--interval=", "--format=",        "--count=",
        "--timeout=",      "--color=",        "--backend=",  "--poll-interval=", "--follow",
        "--include=",      "--exclude=",      "--gitignore", "--settle=",        "--stats",
        "--version",       "-h, --help",      "Examples:",   "Exit codes:",      "lookout: ready"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
  EXPECT_THAT(text, EndsWith("\n"));
}

}  // namespace
}  // namespace lookout
