// What the Docker source makes of answers that are no stream of events. No test waits for time.
#include "lookout/adapters/docker/docker_source.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source_harness.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::lookout::docker_internal::Message;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class DockerSourceAnswersTest : public docker_internal::DockerSourceHarness {};

TEST_F(DockerSourceAnswersTest, AsksForContainersInTheVersionAgreedOn) {
  const std::pair<std::string, std::string> table[] = {
      {"1.41", "GET /v1.41/events?"}, {"9.99", "GET /v1.51/events?"}, {"", "GET /events?"}};
  for (const auto& [version, expected] : table) {
    FakeDockerEngine engine;
    RecordingReceiver receiver;
    const std::unique_ptr<DockerSource> source = Make({.host = engine.host()});
    SourceRun run(*source, receiver);
    ASSERT_TRUE(engine.AnswerPing(version));
    FakeEngineConnection stream = engine.Accept();
    const std::string request = stream.ReadRequest();
    EXPECT_THAT(request, StartsWith(expected));
    // {"type":["container"]}, and all that it remembers; RFC 3986 leaves it to the writer whether a colon is
    // escaped.
    EXPECT_THAT(absl::StrReplaceAll(request, {{"%3A", ":"}}),
                HasSubstr("filters=%7B%22type%22:%5B%22container%22%5D%7D&since=0 HTTP/1.1\r\n"));
    EXPECT_THAT(request, HasSubstr("\r\nHost: docker\r\n"));
    EXPECT_EQ(run.Stop(), absl::OkStatus());
  }
}

// CVE-2026-45352: a size that strtoul takes for 2^64 - 1 must not be believed.
TEST_F(DockerSourceAnswersTest, ABadChunkSizeEndsTheStream) {
  for (const std::string size : {"-2", "-1", "+5", " 5", "0x5", "", "xyz", "ffffffffffffffff1", "5 5"}) {
    RecordingReceiver receiver;
    const std::unique_ptr<DockerSource> source = Make({.host = engine_.host()});
    SourceRun run(*source, receiver);
    FakeEngineConnection stream = engine_.AcceptEvents();
    stream.Send(absl::StrCat(size, "\r\n", Message("start", "web")));
    EXPECT_EQ(run.AwaitEnd().code(), absl::StatusCode::kUnavailable) << size;
    EXPECT_THAT(receiver.events(), IsEmpty()) << size;
  }
}

struct Refusal {
  std::string status;
  std::string body;
  absl::StatusCode code;
  std::string words;
};

TEST_F(DockerSourceAnswersTest, ARefusalIsShownInTheEnginesWords) {
  const Refusal table[] = {
      {"400 Bad Request",
       R"({"message":"client version 9.99 is too new. Maximum supported API version is 1.51"})",
       absl::StatusCode::kUnavailable, "answers 400 \"client version 9.99 is too new."},
      {"400 Bad Request", "client version 1.0 is too old. Minimum supported API version is 1.24\n",
       absl::StatusCode::kFailedPrecondition, "answers 400 \"client version 1.0 is too old."},
      {"500 Internal Server Error", R"({"message":"no"})", absl::StatusCode::kUnavailable, "500 \"no\""},
      {"403 Forbidden", "<html>\x1b[31mno</html>", absl::StatusCode::kPermissionDenied,
       "403 \"<html>\\x1b[31mno</html>\""},
      {"404 Not Found", "", absl::StatusCode::kFailedPrecondition, "is this a Docker engine?"},
      {"503 Service Unavailable", std::string(100000, 'x'), absl::StatusCode::kUnavailable, "xxx…\""},
  };
  for (const Refusal& row : table) {
    RecordingReceiver receiver;
    const std::unique_ptr<DockerSource> source = Make({.host = engine_.host()});
    SourceRun run(*source, receiver);
    engine_.AnswerPing();
    FakeEngineConnection stream = engine_.Accept();
    stream.ReadRequest();
    stream.SendReply(row.status, "", row.body);
    FakeEngineConnection mark = engine_.Accept();
    mark.ReadRequest();
    mark.SendReply(row.status, "", row.body);
    const absl::Status status = run.AwaitEnd();
    EXPECT_EQ(status.code(), row.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.words));
    EXPECT_THAT(std::string(status.message()), StartsWith(engine_.host()));
    EXPECT_LT(status.message().size(), 500u);
    EXPECT_EQ(receiver.ready_count(), 0);
    EXPECT_THAT(receiver.events(), IsEmpty());
  }
}

TEST_F(DockerSourceAnswersTest, AnAnswerThatIsNotHttpIsAClearError) {
  for (const std::string& answer : {std::string("SSH-2.0-OpenSSH\r\n"), std::string(100000, 'x'),
                                    std::string("HTTP/1.1 200 ") + std::string(31000, 'x') + "\r\n\r\n",
                                    std::string("HTTP/1.1 2000 OK\r\n\r\n")}) {
    RecordingReceiver receiver;
    const std::unique_ptr<DockerSource> source = Make({.host = engine_.host()});
    SourceRun run(*source, receiver);
    FakeEngineConnection ping = engine_.Accept();
    ping.ReadRequest();
    ping.Send(answer);
    ping.Close();
    const absl::Status status = run.AwaitEnd();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(status.message()), HasSubstr("an answer that is not HTTP"))
        << answer.substr(0, 20);
  }
}

// Half of what the engine remembers would show a wrong place in the stream.
TEST_F(DockerSourceAnswersTest, AnAnswerThatBreaksOffIsNotTakenForAWholeOne) {
  Run();
  engine_.AnswerPing();
  FakeEngineConnection stream = engine_.Accept();
  stream.ReadRequest();
  stream.SendStreamHead();
  FakeEngineConnection mark = engine_.Accept();
  mark.ReadRequest();
  mark.SendStreamHead();
  mark.SendChunk(R"({"Type":"container","Action":"start","Actor":{"ID":"i"},"timeNano":7})");
  mark.Close();
  const absl::Status status = run_->AwaitEnd();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("broke off"));
  EXPECT_EQ(receiver_.ready_count(), 0);
}

// One that does not take the epoch for no bound is asked for all until now, and must not be asked for less
// because it answered late.
TEST_F(DockerSourceAnswersTest, TheEnginesTimeIsNotUnderestimated) {
  FakeDockerEngine engine(FakeDockerEngine::Transport::kTcp);
  source_ = Make({.host = engine.host()});
  Run();
  FakeEngineConnection ping = engine.Accept();
  ping.ReadRequest();
  const std::string date =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock_.TimeNow(), absl::UTCTimeZone());
  clock_.Advance(absl::Seconds(5));  // on its way
  ping.SendReply("200 OK", absl::StrCat("Api-Version: 1.51\r\nDate: ", date, "\r\n"), "OK");
  FakeEngineConnection stream = engine.Accept();
  stream.ReadRequest();
  engine.Answer("until=0", "");
  FakeEngineConnection mark = engine.Accept();
  const std::string request = mark.ReadRequest();
  const std::size_t until = request.find("until=");
  ASSERT_NE(until, std::string::npos) << request;
  std::int64_t seconds = 0;
  ASSERT_TRUE(absl::SimpleAtoi(request.substr(until + 6, request.find('.', until) - until - 6), &seconds));
  EXPECT_GE(absl::FromUnixSeconds(seconds), clock_.TimeNow());
  EXPECT_LE(absl::FromUnixSeconds(seconds), clock_.TimeNow() + absl::Seconds(1));
}

TEST_F(DockerSourceAnswersTest, AnEngineThatNeverAnswersIsGivenUpAfterTheTimeout) {
  source_ = Make({.host = engine_.host(), .timeout = absl::Seconds(3)});
  Run();
  FakeEngineConnection ping = engine_.Accept();
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(3));
  const absl::Status status = run_->AwaitEnd();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(receiver_.ready_count(), 0);
}

TEST_F(DockerSourceAnswersTest, NoSocketIsUnavailable) {
  source_ = Make({.host = engine_.host() + ".none"});
  const absl::Status status = source_->Run({}, receiver_);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("d.sock.none: connect: No such file"));
}

TEST_F(DockerSourceAnswersTest, ABadHostIsRefusedAtOnce) {
  EXPECT_EQ(DockerSource::Create({.host = "h:1"}, clock_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lookout
