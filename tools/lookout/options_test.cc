#include "lookout/tools/lookout/options.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/tools/lookout/event_format.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Args = std::vector<absl::string_view>;

Options Parse(const Args& args) {
  const absl::StatusOr<Options> options = ParseOptions(args);
  EXPECT_TRUE(options.ok()) << absl::StrJoin(args, " ") << ": " << options.status();
  return options.ok() ? *options : Options();
}

TEST(OptionsTest, WithoutArgumentsTheCurrentDirectoryIsWatched) {
  const Options options = Parse({});
  EXPECT_EQ(options.request, Request::kWatch);
  EXPECT_THAT(options.paths, ElementsAre("."));
  EXPECT_THAT(options.engines, IsEmpty());
  EXPECT_FALSE(options.recursive);
  EXPECT_EQ(options.backend, FileBackend::kAuto);
  EXPECT_FALSE(options.follow);
  EXPECT_EQ(options.poll_interval, absl::Seconds(1));
  EXPECT_THAT(options.include, IsEmpty());
  EXPECT_THAT(options.exclude, IsEmpty());
  EXPECT_FALSE(options.gitignore);
  EXPECT_EQ(options.settle, std::nullopt);
  EXPECT_EQ(options.interval, absl::Milliseconds(500));
  EXPECT_EQ(options.format, OutputFormat::kText);
  EXPECT_EQ(options.color, ColorMode::kAuto);
  EXPECT_EQ(options.count, std::nullopt);
  EXPECT_EQ(options.timeout, absl::InfiniteDuration());
  EXPECT_FALSE(options.stats);
}

TEST(OptionsTest, OptionsAndPathsMayBeMixed) {
  const Options options = Parse({"a", "-r", "b/c", "--format=json", "/d"});
  EXPECT_THAT(options.paths, ElementsAre("a", "b/c", "/d"));
  EXPECT_TRUE(options.recursive);
  EXPECT_EQ(options.format, OutputFormat::kJson);
}

TEST(OptionsTest, AfterTwoDashesAllArePaths) {
  const Options options = Parse({"-r", "--", "-r", "--help", "--"});
  EXPECT_THAT(options.paths, ElementsAre("-r", "--help", "--"));
  EXPECT_EQ(options.request, Request::kWatch);
}

TEST(OptionsTest, ThePathOfAnotherFormIsAnotherPathAndTheSameIsWatchedOnce) {
  EXPECT_THAT(Parse({"a", "./a", "a"}).paths, ElementsAre("a", "./a"));
}

TEST(OptionsTest, LongAndShortNames) {
  EXPECT_TRUE(Parse({"--recursive"}).recursive);
  EXPECT_EQ(Parse({"-h"}).request, Request::kHelp);
  EXPECT_EQ(Parse({"--help"}).request, Request::kHelp);
  EXPECT_EQ(Parse({"--version"}).request, Request::kVersion);
}

TEST(OptionsTest, HelpAndVersionEndTheReading) {
  EXPECT_EQ(Parse({"--help", "--bogus"}).request, Request::kHelp);
  EXPECT_EQ(Parse({"--version", "--help"}).request, Request::kVersion);
}

TEST(OptionsTest, AValueFollowsAnEqualsSignOrTheOption) {
  EXPECT_EQ(Parse({"--interval=1s"}).interval, absl::Seconds(1));
  EXPECT_EQ(Parse({"--interval", "1s"}).interval, absl::Seconds(1));
  EXPECT_EQ(Parse({"--format", "json"}).format, OutputFormat::kJson);
  EXPECT_EQ(Parse({"--count", "3"}).count, std::uint64_t{3});
  EXPECT_EQ(Parse({"--timeout", "10s"}).timeout, absl::Seconds(10));
  EXPECT_EQ(Parse({"--color", "never"}).color, ColorMode::kNever);
}

TEST(OptionsTest, Values) {
  EXPECT_EQ(Parse({"--interval=0"}).interval, absl::ZeroDuration());
  EXPECT_EQ(Parse({"--interval=1m30s"}).interval, absl::Seconds(90));
  EXPECT_EQ(Parse({"--timeout=0"}).timeout, absl::ZeroDuration());
  EXPECT_EQ(Parse({"--timeout=inf"}).timeout, absl::InfiniteDuration());
  EXPECT_EQ(Parse({"--format=text"}).format, OutputFormat::kText);
  EXPECT_EQ(Parse({"--color=auto"}).color, ColorMode::kAuto);
  EXPECT_EQ(Parse({"--color=always"}).color, ColorMode::kAlways);
  EXPECT_EQ(Parse({"--count=18446744073709551615"}).count, UINT64_MAX);
}

TEST(OptionsTest, HowFilesAreWatched) {
  EXPECT_EQ(Parse({"--backend=auto"}).backend, FileBackend::kAuto);
  EXPECT_EQ(Parse({"--backend=fanotify"}).backend, FileBackend::kFanotify);
  EXPECT_EQ(Parse({"--backend", "inotify"}).backend, FileBackend::kInotify);
  EXPECT_EQ(Parse({"--backend=poll"}).backend, FileBackend::kPoll);
  EXPECT_EQ(Parse({"--poll-interval=10ms"}).poll_interval, absl::Milliseconds(10));
  EXPECT_TRUE(Parse({"--follow"}).follow);
  EXPECT_EQ(Parse({"--settle=200ms"}).settle, absl::Milliseconds(200));
  EXPECT_TRUE(Parse({"--stats"}).stats);
}

TEST(OptionsTest, PatternsAddUp) {
  const Options options = Parse({"--include=*.yml", "--exclude", "a/", "--exclude=b", "--include=docs/",
                                 "--exclude=a/", "--gitignore"});
  EXPECT_THAT(options.include, ElementsAre("*.yml", "docs/"));
  EXPECT_THAT(options.exclude, ElementsAre("a/", "b"));
  EXPECT_TRUE(options.gitignore);
}

TEST(OptionsTest, TheLastOfSeveralCounts) {
  EXPECT_EQ(Parse({"--count=1", "--count=2"}).count, std::uint64_t{2});
}

TEST(OptionsTest, EnginesAddUpAndTheSameIsWatchedOnce) {
  const Options options =
      Parse({"--docker=tcp://a", "--docker", "--docker=tcp://b", "--docker", "--docker=tcp://a"});
  EXPECT_THAT(options.engines,
              ElementsAre(EngineChoice{.host = "tcp://a"}, EngineChoice{}, EngineChoice{.host = "tcp://b"}));
  EXPECT_THAT(options.paths, IsEmpty());
}

TEST(OptionsTest, HowEnginesAreWatched) {
  const Options options =
      Parse({"--docker-context=far", "--docker", "--docker-filter=label=tier=web", "--docker-filter",
             "label=a", "--docker-filter=name=x", "--docker-filter=image=nginx", "--initial", "--renames",
             "--health", "--audit=5m", "--docker-liveness=3s"});
  EXPECT_THAT(options.engines, ElementsAre(EngineChoice{.context = "far"}, EngineChoice{}));
  EXPECT_THAT(options.docker_filters.labels, ElementsAre("tier=web", "a"));
  EXPECT_THAT(options.docker_filters.names, ElementsAre("x"));
  EXPECT_THAT(options.docker_filters.images, ElementsAre("nginx"));
  EXPECT_TRUE(options.initial && options.renames && options.health);
  EXPECT_EQ(options.audit, absl::Minutes(5));
  EXPECT_EQ(options.docker_liveness, absl::Seconds(3));
  const Options none = Parse({"--docker"});
  EXPECT_FALSE(none.initial || none.renames || none.health);
  EXPECT_EQ(none.audit, absl::InfiniteDuration());
}

TEST(OptionsTest, WhatFollowsDockerIsAPath) {
  const Options options = Parse({"--docker", "conf"});
  EXPECT_THAT(options.engines, ElementsAre(EngineChoice{}));
  EXPECT_THAT(options.paths, ElementsAre("conf"));
}

TEST(OptionsTest, EveryMistakeIsOneLineThatNamesTheArgumentAndSaysWhatToDo) {
  struct Case {
    Args args;
    std::string argument;
    std::string advice;
  };
  const std::vector<Case> cases = {
      {{"--bogus"}, "--bogus: ", "lookout --help"},
      {{"--bogus=1"}, "--bogus=1: ", "lookout --help"},
      {{"-x"}, "-x: ", "./-x"},
      {{"-rh"}, "-rh: ", "lookout --help"},
      {{"-r=1"}, "-r=1: ", "lookout --help"},
      {{"-"}, "-: ", "./-"},
      {{"--=1"}, "--=1: ", "lookout --help"},
      {{"--recursive=yes"}, "--recursive=yes: ", "write --recursive"},
      {{"--help=me"}, "--help=me: ", "write --help"},
      {{"--version="}, "--version=: ", "write --version"},
      {{"--interval"}, "--interval: ", "--interval=500ms"},
      {{"--interval="}, "--interval=: ", "--interval=500ms"},
      {{"--interval=5"}, "--interval=5: ", "--interval=500ms"},
      {{"--interval", "fast"}, "--interval fast: ", "--interval=500ms"},
      {{"--interval=-1s"}, "--interval=-1s: ", "--interval=0 or more"},
      {{"--interval=inf"}, "--interval=inf: ", "--interval=500ms"},
      {{"--backend"}, "--backend: ", "--backend=inotify"},
      {{"--backend=kqueue"}, "--backend=kqueue: ", "--backend=auto, fanotify, inotify or poll"},
      {{"--backend="}, "--backend=: ", "--backend=auto, fanotify, inotify or poll"},
      {{"--poll-interval=often"}, "--poll-interval=often: ", "--poll-interval=500ms"},
      {{"--poll-interval=-1s"}, "--poll-interval=-1s: ", "--poll-interval=1s"},
      {{"--poll-interval=0"}, "--poll-interval=0: ", "--poll-interval=1s"},
      {{"--poll-interval=inf"}, "--poll-interval=inf: ", "--poll-interval=1s"},
      {{"--backend=fanotify", "--follow"}, "--backend=fanotify: ", "leave out --follow"},
      {{"--include"}, "--include: ", "--include='*.yml'"},
      {{"--exclude"}, "--exclude: ", "--exclude=node_modules/"},
      {{"--gitignore=no"}, "--gitignore=no: ", "write --gitignore"},
      {{"--settle"}, "--settle: ", "--settle=200ms"},
      {{"--settle=soon"}, "--settle=soon: ", "--settle=500ms"},
      {{"--settle=0"}, "--settle=0: ", "--settle=200ms"},
      {{"--settle=-1ms"}, "--settle=-1ms: ", "--settle=200ms"},
      {{"--settle=inf"}, "--settle=inf: ", "--settle=200ms"},
      {{"--follow=no"}, "--follow=no: ", "write --follow"},
      {{"--stats=all"}, "--stats=all: ", "write --stats"},
      {{"--timeout=-1ns"}, "--timeout=-1ns: ", "--timeout=0 or more"},
      {{"--timeout"}, "--timeout: ", "--timeout=10s"},
      {{"--format=xml"}, "--format=xml: ", "--format=json"},
      {{"--format"}, "--format: ", "--format=json"},
      {{"--format", "-r"}, "--format -r: ", "--format=json"},
      {{"--color=red"}, "--color=red: ", "--color=never"},
      {{"--count=0"}, "--count=0: ", "--count=10"},
      {{"--count=-1"}, "--count=-1: ", "--count=10"},
      {{"--count=many"}, "--count=many: ", "--count=10"},
      {{"--count=18446744073709551616"}, "--count=18446744073709551616: ", "--count=10"},
      {{"--docker="}, "--docker=: ", "--docker=tcp://host:2375"},
      {{"--docker-context="}, "--docker-context=: ", "docker context ls"},
      {{"--docker-filter=tier=web"}, "--docker-filter=tier=web: ", "--docker-filter=label=KEY"},
      {{"--docker-filter=label="}, "--docker-filter=label=: ", "--docker-filter=label=KEY"},
      {{"--audit=0"}, "--audit=0: ", "--audit=5m"},
      {{"--docker-liveness=0"}, "--docker-liveness=0: ", "--docker-liveness=30s"},
      {{"--initial=yes"}, "--initial=yes: ", "write --initial"},
      {{"a", ""}, "'': ", "write ."},
      {{"-r", "--", ""}, "'': ", "write ."},
  };
  for (const Case& c : cases) {
    const absl::Status status = ParseOptions(c.args).status();
    const std::string message(status.message());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.argument;
    EXPECT_TRUE(absl::StartsWith(message, c.argument)) << message;
    EXPECT_THAT(message, HasSubstr(c.advice));
    EXPECT_FALSE(absl::StrContains(message, '\n')) << message;
  }
}

}  // namespace
}  // namespace lookout
