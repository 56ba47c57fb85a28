#include "lookout/tools/lookout/catalogue.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/tools/lookout/diagnostics.h"
#include "lookout/tools/lookout/options.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CatalogueTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<std::unique_ptr<Source>>> Make(Options options) {
    return MakeSources(options, clock_, diagnostics_);
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
  auto sources = Make({.paths = {"a", "b"}, .docker_hosts = {std::nullopt, "tcp://h:1"}});
  ASSERT_TRUE(sources.ok()) << sources.status();
  std::vector<std::string> names;
  for (const auto& source : *sources) names.emplace_back(source->name());
  EXPECT_THAT(names,
              ElementsAre("file a", "file b", "docker unix:///var/run/docker.sock", "docker tcp://h:1"));
}

TEST_F(CatalogueTest, AnEngineThatIsNotNamedIsTheEnvironments) {
  ASSERT_EQ(setenv("DOCKER_HOST", "tcp://elsewhere:1", 1), 0);
  auto sources = Make({.docker_hosts = {std::nullopt}});
  ASSERT_TRUE(sources.ok()) << sources.status();
  EXPECT_EQ(sources->front()->name(), "docker tcp://elsewhere:1");

  ASSERT_EQ(setenv("DOCKER_HOST", "ssh://elsewhere", 1), 0);
  EXPECT_THAT(std::string(Make({.docker_hosts = {std::nullopt}}).status().message()),
              StartsWith("--docker (from DOCKER_HOST): "));
  ASSERT_EQ(unsetenv("DOCKER_HOST"), 0);
}

TEST_F(CatalogueTest, AnAddressThatIsNoneIsAMistakeThatNamesTheArgument) {
  const absl::Status status = Make({.docker_hosts = {"nonsense"}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), StartsWith("--docker=nonsense: "));
}

TEST_F(CatalogueTest, APathThatDoesNotExistAtTheStartEndsTheSource) {
  auto sources = Make({.paths = {dir_.Path("none")}});
  ASSERT_TRUE(sources.ok());
  EXPECT_EQ(sources->front()->Run({}, receiver_).code(), absl::StatusCode::kNotFound);
}

TEST_F(CatalogueTest, APathThatIsDeletedLaterIsWatchedAgainWhenItIsBack) {
  dir_.MakeDirs("conf");
  auto sources = Make({.paths = {dir_.Path("conf")}});
  ASSERT_TRUE(sources.ok());
  std::jthread thread(
      [&](std::stop_token stop) { EXPECT_TRUE(sources->front()->Run(std::move(stop), receiver_).ok()); });
  receiver_.WaitForReady();
  dir_.Remove("conf");
  EXPECT_THAT(std::string(receiver_.WaitForErrors(1)[0].message()), HasSubstr("was deleted"));
  // Still away at the first try.
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(std::string(receiver_.WaitForErrors(2)[1].message()), HasSubstr("failure 2 in a row"));
  dir_.MakeDirs("conf");
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsForceReload(dir_.Path("conf"))));
  EXPECT_EQ(Said(), "lookout: file " + dir_.Path("conf") + ": watched again\n");
}

}  // namespace
}  // namespace lookout
