#include "lookout/tools/lookout/catalogue.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/events/action.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/testing/source_run.h"
#include "lookout/tools/lookout/diagnostics.h"
#include "lookout/tools/lookout/options.h"
#include "lookout/tools/lookout/progress_line.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class CatalogueTest : public ::testing::Test {
 protected:
  absl::StatusOr<Catalogue> Make(Options options, ProgressLine* progress = nullptr) {
    return MakeSources(options, clock_, diagnostics_, progress);
  }
  // What was said so far.
  std::string Said() {
    char buffer[4096];
    const ssize_t got = read(err_.fds[0], buffer, sizeof(buffer));
    return std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
  }

  struct Pipe {
    Pipe() { EXPECT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0); }
    ~Pipe() {
      close(fds[0]);
      close(fds[1]);
    }
    int fds[2] = {-1, -1};
  };

  Pipe err_;
  Diagnostics diagnostics_{err_.fds[1]};
  FakeClock clock_;
  ScopedTempDir dir_;
  RecordingReceiver receiver_;
};

TEST_F(CatalogueTest, ASourceForEachPathAndEachEngine) {
  ASSERT_EQ(unsetenv("DOCKER_HOST"), 0);
  auto catalogue = Make({.paths = {"a", "b"}, .engines = {{}, {.host = "tcp://h:1"}}});
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  std::vector<std::string> names;
  for (const auto& source : catalogue->sources) names.emplace_back(source->name());
  EXPECT_THAT(names,
              ElementsAre("file a", "file b", "docker unix:///var/run/docker.sock", "docker tcp://h:1"));
}

TEST_F(CatalogueTest, AnEngineThatIsNotNamedIsTheEnvironments) {
  ASSERT_EQ(setenv("DOCKER_HOST", "tcp://elsewhere:1", 1), 0);
  auto catalogue = Make({.engines = {{}}});
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  EXPECT_EQ(catalogue->sources.front()->name(), "docker tcp://elsewhere:1");

  ASSERT_EQ(setenv("DOCKER_HOST", "nonsense", 1), 0);
  EXPECT_THAT(std::string(Make({.engines = {{}}}).status().message()), StartsWith("--docker: "));
  ASSERT_EQ(unsetenv("DOCKER_HOST"), 0);
}

TEST_F(CatalogueTest, AContextThatIsNotThereIsAMistakeThatNamesIt) {
  const absl::Status status = Make({.engines = {{.context = "nowhere"}}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith("--docker-context=nowhere: "));
}

TEST_F(CatalogueTest, AnAddressThatIsNoneIsAMistakeThatNamesTheArgument) {
  const absl::Status status = Make({.engines = {{.host = "nonsense"}}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith("--docker=nonsense: "));
}

TEST_F(CatalogueTest, APatternThatIsNoneIsAMistakeThatNamesTheArgument) {
  EXPECT_THAT(std::string(Make({.paths = {"a"}, .include = {"[a"}}).status().message()),
              StartsWith("--include \"[a\": a bracket is not closed"));
  EXPECT_THAT(std::string(Make({.paths = {"a"}, .exclude = {""}}).status().message()),
              StartsWith("--exclude \"\": an empty pattern"));
}

TEST_F(CatalogueTest, APathThatDoesNotExistIsWatchedFor) {
  auto catalogue = Make({.paths = {dir_.Path("conf")}});
  ASSERT_TRUE(catalogue.ok());
  SourceRun run(*catalogue->sources.front(), receiver_);
  receiver_.WaitForReady();
  EXPECT_THAT(std::string(receiver_.WaitForErrors(1)[0].message()), HasSubstr("does not exist yet"));
  dir_.MakeDirs("conf");
  receiver_.WaitForCount(1);
  dir_.Remove("conf");
  receiver_.WaitForCount(2);
  dir_.MakeDirs("conf");
  const std::string conf = dir_.Path("conf");
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kFileCreated, conf), IsEvent(Action::kFileDeleted, conf),
                          IsEvent(Action::kFileCreated, conf)));
  EXPECT_EQ(Said(), "");
}

TEST_F(CatalogueTest, ABackEndThatIsAskedForIsTheOne) {
  dir_.WriteFile("f", "x");
  auto catalogue =
      Make({.paths = {dir_.path()}, .backend = FileBackend::kPoll, .poll_interval = absl::Hours(1)});
  ASSERT_TRUE(catalogue.ok());
  SourceRun run(*catalogue->sources.front(), receiver_);
  receiver_.WaitForReady();
  dir_.AppendFile("f", "x");
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, dir_.Path("f"))));
}

TEST_F(CatalogueTest, AnEngineThatGoesAwayIsTriedAgainAndThatIsSaid) {
  FakeDockerEngine engine;
  auto catalogue = Make({.engines = {{.host = engine.host()}}});
  ASSERT_TRUE(catalogue.ok());
  SourceRun run(*catalogue->sources.front(), receiver_);
  FakeEngineConnection stream = engine.AcceptEvents();
  receiver_.WaitForReady();
  stream.Close();
  EXPECT_THAT(std::string(receiver_.WaitForErrors(1)[0].message()), HasSubstr("failure 1 in a row"));
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  FakeEngineConnection again = engine.AcceptAgain();
  EXPECT_TRUE(engine.Answer("/containers/json", "[]"));
  EXPECT_TRUE(engine.AnswerNothingRemembered());
  again.SendChunk(R"({"Type":"container","Action":"start","Actor":{"ID":"i"},"timeNano":7})");
  receiver_.WaitForCount(1);
  EXPECT_EQ(Said(), "lookout: docker " + engine.host() + ": watched again\n");
}

TEST_F(CatalogueTest, WhatFilesTellIsSettledIfAskedFor) {
  dir_.WriteFile("f", "x");
  auto catalogue = Make({.paths = {dir_.path()}, .settle = absl::Milliseconds(200)});
  ASSERT_TRUE(catalogue.ok());
  SourceRun run(*catalogue->sources.front(), receiver_);
  receiver_.WaitForReady();
  dir_.AppendFile("f", "x");
  clock_.AwaitTimers(1);
  EXPECT_THAT(receiver_.events(), IsEmpty());
  clock_.Advance(absl::Milliseconds(200));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, dir_.Path("f"))));
}

TEST_F(CatalogueTest, StatsAreOfEachSourceAndOutliveIt) {
  auto catalogue =
      Make({.paths = {dir_.path()}, .backend = FileBackend::kInotify, .engines = {{.host = "tcp://h:1"}}});
  ASSERT_TRUE(catalogue.ok());
  {
    SourceRun run(*catalogue->sources.front(), receiver_);
    receiver_.WaitForReady();
    dir_.MakeDirs("sub");
    receiver_.WaitForCount(1);
  }
  catalogue->sources.clear();
  ASSERT_EQ(catalogue->stats.size(), 2u);
  EXPECT_THAT(catalogue->stats[0](), StartsWith("stats file " + dir_.path() + ": backend=inotify events=1 "));
  EXPECT_THAT(catalogue->stats[1](), StartsWith("stats docker tcp://h:1: events=0 "));
}

TEST_F(CatalogueTest, ALongFirstCrawlIsShown) {
  dir_.MakeDirs("a/b/c");
  ProgressLine progress(clock_, diagnostics_);
  clock_.Advance(absl::Seconds(1));  // as if it had begun so long ago
  auto catalogue =
      Make({.paths = {dir_.path()}, .recursive = true, .backend = FileBackend::kInotify}, &progress);
  ASSERT_TRUE(catalogue.ok());
  SourceRun run(*catalogue->sources.front(), receiver_);
  receiver_.WaitForReady();
  EXPECT_THAT(Said(), MatchesRegex("lookout: [1-4] directories so far"));
}

}  // namespace
}  // namespace lookout
