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
  EXPECT_THAT(options.docker_hosts, IsEmpty());
  EXPECT_FALSE(options.recursive);
  EXPECT_EQ(options.interval, absl::Milliseconds(500));
  EXPECT_EQ(options.format, OutputFormat::kText);
  EXPECT_EQ(options.color, ColorMode::kAuto);
  EXPECT_EQ(options.count, std::nullopt);
  EXPECT_EQ(options.timeout, absl::InfiniteDuration());
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

TEST(OptionsTest, TheLastOfSeveralCounts) {
  EXPECT_EQ(Parse({"--count=1", "--count=2"}).count, std::uint64_t{2});
}

TEST(OptionsTest, EnginesAddUpAndTheSameIsWatchedOnce) {
  const Options options =
      Parse({"--docker=tcp://a", "--docker", "--docker=tcp://b", "--docker", "--docker=tcp://a"});
  EXPECT_THAT(options.docker_hosts, ElementsAre("tcp://a", std::nullopt, "tcp://b"));
  EXPECT_THAT(options.paths, IsEmpty());
}

TEST(OptionsTest, WhatFollowsDockerIsAPath) {
  const Options options = Parse({"--docker", "conf"});
  EXPECT_THAT(options.docker_hosts, ElementsAre(std::nullopt));
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
