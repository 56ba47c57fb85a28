// The Docker source against an engine that the test plays. No test waits for time.
#include "lookout/adapters/docker/docker_source.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/testdata.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string Message(absl::string_view action, absl::string_view name) {
  return absl::StrCat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":"id-)", name,
                      R"(","Attributes":{"name":")", name, R"("}},"timeNano":7})", "\n");
}

class DockerSourceTest : public ::testing::Test {
 protected:
  DockerSourceTest() : source_(Make({.host = engine_.host()})) {}

  std::unique_ptr<DockerSource> Make(DockerSourceOptions options) {
    auto source = DockerSource::Create(std::move(options), clock_);
    EXPECT_TRUE(source.ok()) << source.status();
    return *std::move(source);
  }
  void Run() { run_.emplace(*source_, receiver_); }

  FakeDockerEngine engine_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<DockerSource> source_;
  std::optional<SourceRun> run_;
};

TEST_F(DockerSourceTest, TellsWhatContainersDo) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  receiver_.WaitForReady();
  stream.SendChunk(Message("create", "web") + Message("start", "web"));
  stream.SendChunk(Message("die", "web"));
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kContainerCreate, "web"), IsEvent(Action::kContainerStart, "web"),
                          IsEvent(Action::kContainerDie, "web")));
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
}

TEST_F(DockerSourceTest, ARecordedAnswerIsReadByteByByte) {
  for (const std::string file : {"docker-20.10-raw-http.bin", "docker-28.5-raw-http.bin"}) {
    RecordingReceiver receiver;
    const std::unique_ptr<DockerSource> source = Make({.host = engine_.host()});
    SourceRun run(*source, receiver);
    ASSERT_TRUE(engine_.AnswerPing());
    FakeEngineConnection stream = engine_.Accept();
    stream.ReadRequest();
    const std::string recorded = ReadTestData(file);
    // The recording ends with a mark of its own: the stream stayed open.
    stream.SendByteByByte(absl::StripSuffix(recorded, "<open>"));
    EXPECT_THAT(
        receiver.WaitForCount(4),
        ElementsAre(IsEvent(Action::kContainerCreate, "raw"), IsEvent(Action::kContainerStart, "raw"),
                    IsEvent(Action::kContainerDie, "raw"), IsEvent(Action::kContainerDestroy, "raw")));
    EXPECT_EQ(run.Stop(), absl::OkStatus());
    EXPECT_THAT(receiver.errors(), IsEmpty());
    EXPECT_EQ(source->counters().emitted, 4u);
    EXPECT_EQ(source->counters().unknown_actions, 1u);
    EXPECT_EQ(source->counters().other_types, 2u);
  }
}

TEST_F(DockerSourceTest, ARecordedStreamIsEmittedWithExactCounts) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(ReadTestData("docker-28.5-events.ndjson"));
  receiver_.WaitForCount(213);
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
  EXPECT_EQ(source_->counters().emitted, 213u);
  EXPECT_EQ(source_->counters().malformed, 0u);
}

TEST_F(DockerSourceTest, AsksForContainersInTheVersionAgreedOn) {
  const std::pair<std::string, std::string> table[] = {
      {"1.41", "GET /v1.41/events?"}, {"9.99", "GET /v1.51/events?"}, {"", "GET /events?"}};
  for (const auto& [version, expected] : table) {
    RecordingReceiver receiver;
    const std::unique_ptr<DockerSource> source = Make({.host = engine_.host()});
    SourceRun run(*source, receiver);
    ASSERT_TRUE(engine_.AnswerPing(version));
    FakeEngineConnection stream = engine_.Accept();
    const std::string request = stream.ReadRequest();
    EXPECT_THAT(request, StartsWith(expected));
    // {"type":["container"]}; RFC 3986 leaves it to the writer whether a colon is escaped.
    EXPECT_THAT(absl::StrReplaceAll(request, {{"%3A", ":"}}),
                HasSubstr("filters=%7B%22type%22:%5B%22container%22%5D%7D HTTP/1.1\r\n"));
    EXPECT_THAT(request, HasSubstr("\r\nHost: docker\r\n"));
    EXPECT_EQ(run.Stop(), absl::OkStatus());
  }
}

TEST_F(DockerSourceTest, IsReadyWithTheAnswersHeadAndNotBefore) {
  Run();
  engine_.AnswerPing();
  FakeEngineConnection stream = engine_.Accept();
  stream.ReadRequest();
  EXPECT_EQ(receiver_.ready_count(), 0);
  stream.SendStreamHead();
  receiver_.WaitForReady();
}

TEST_F(DockerSourceTest, AnAnswerThatEndsWithTheConnectionIsRead) {
  Run();
  engine_.AnswerPing();
  FakeEngineConnection stream = engine_.Accept();
  stream.ReadRequest();
  stream.Send("HTTP/1.0 200 OK\r\n\r\n" + Message("start", "web"));
  stream.Close();
  EXPECT_EQ(run_->AwaitEnd().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kContainerStart, "web")));
}

TEST_F(DockerSourceTest, OtherTypesAreRefusedHereToo) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk("{\"Type\":\"network\",\"Action\":\"destroy\",\"Actor\":{\"ID\":\"n\"}}\n" +
                   Message("exec_start: sh -c a: b", "web") + Message("stop", "web"));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kContainerStop, "web")));
  EXPECT_EQ(source_->counters().other_types, 1u);
  EXPECT_EQ(source_->counters().unknown_actions, 1u);
}

TEST_F(DockerSourceTest, ALostConnectionIsUnavailableAndTheNextRunSaysTheLossOnceLive) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  receiver_.WaitForReady();
  stream.Close();
  const absl::Status lost = run_->AwaitEnd();
  EXPECT_EQ(lost.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(lost.message()), StartsWith(engine_.host()));
  EXPECT_THAT(receiver_.events(), IsEmpty());

  run_.reset();
  Run();
  engine_.AnswerPing();
  stream = engine_.Accept();
  stream.ReadRequest();
  EXPECT_THAT(receiver_.events(), IsEmpty()) << "not before the new stream is live";
  stream.SendStreamHead();
  receiver_.WaitForReady(2);
  stream.SendChunk(Message("start", "web"));
  EXPECT_THAT(receiver_.WaitForCount(2),
              ElementsAre(IsForceReload(engine_.host()), IsEvent(Action::kContainerStart, "web")));
  EXPECT_EQ(source_->counters().connections, 2u);
}

TEST_F(DockerSourceTest, AnEngineThatIsReplacedAtItsPathIsFound) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  receiver_.WaitForReady();
  FakeDockerEngine other(engine_.socket_path());
  stream.Close();
  run_->AwaitEnd().IgnoreError();
  run_.reset();
  Run();
  FakeEngineConnection again = other.AcceptEvents();
  receiver_.WaitForReady(2);
}

TEST_F(DockerSourceTest, GarbageIsOneLossAndCostsNoGoodEvent) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", "web") + "garbage\nmore\n{\"a\":\n" + Message("start", "web"));
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kContainerCreate, "web"), IsForceReload(engine_.host()),
                          IsEvent(Action::kContainerStart, "web")));
  EXPECT_EQ(source_->counters().malformed, 3u);
  EXPECT_EQ(receiver_.errors().size(), 2u) << "the first and the second of three";
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr(engine_.host()));
}

TEST_F(DockerSourceTest, AnObjectBeyondTheCapIsPassedOver) {
  source_ = Make({.host = engine_.host(), .max_object_bytes = 1000});
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", std::string(2000, 'x')) + Message("start", "web"));
  EXPECT_THAT(receiver_.WaitForCount(2),
              ElementsAre(IsForceReload(engine_.host()), IsEvent(Action::kContainerStart, "web")));
}

// CVE-2026-45352: a size that strtoul takes for 2^64 - 1 must not be believed.
TEST_F(DockerSourceTest, ABadChunkSizeEndsTheStream) {
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

TEST_F(DockerSourceTest, ARefusalIsShownInTheEnginesWords) {
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
    const absl::Status status = run.AwaitEnd();
    EXPECT_EQ(status.code(), row.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.words));
    EXPECT_THAT(std::string(status.message()), StartsWith(engine_.host()));
    EXPECT_LT(status.message().size(), 500u);
    EXPECT_EQ(receiver.ready_count(), 0);
    EXPECT_THAT(receiver.events(), IsEmpty());
  }
}

TEST_F(DockerSourceTest, AnAnswerThatIsNotHttpIsAClearError) {
  for (const std::string& answer : {std::string("SSH-2.0-OpenSSH\r\n"), std::string(100000, 'x'),
                                    std::string("HTTP/1.1 200 ") + std::string(31000, 'x') + "\r\n\r\n",
                                    std::string("HTTP/1.1 2000 OK\r\n\r\n"), std::string()}) {
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

TEST_F(DockerSourceTest, AnEngineThatNeverAnswersIsGivenUpAfterTheTimeout) {
  source_ = Make({.host = engine_.host(), .timeout = absl::Seconds(3)});
  Run();
  FakeEngineConnection ping = engine_.Accept();
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(3));
  const absl::Status status = run_->AwaitEnd();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(receiver_.ready_count(), 0);
}

TEST_F(DockerSourceTest, AQuietStreamIsNoFailure) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  receiver_.WaitForReady();
  clock_.AwaitWaiters(1);
  EXPECT_EQ(clock_.timers(), 0);
  clock_.Advance(absl::Hours(1000));
  stream.SendChunk(Message("start", "web"));
  receiver_.WaitForCount(1);
}

TEST_F(DockerSourceTest, NoSocketIsUnavailable) {
  source_ = Make({.host = engine_.host() + ".none"});
  const absl::Status status = source_->Run({}, receiver_);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("d.sock.none: connect: No such file"));
}

TEST_F(DockerSourceTest, WorksOverTcp) {
  FakeDockerEngine engine(FakeDockerEngine::Transport::kTcp);
  source_ = Make({.host = engine.host()});
  Run();
  FakeEngineConnection stream = engine.AcceptEvents();
  stream.SendChunk(Message("start", "web"));
  receiver_.WaitForCount(1);
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
}

TEST_F(DockerSourceTest, ABadHostIsRefusedAtOnce) {
  EXPECT_EQ(DockerSource::Create({.host = "h:1"}, clock_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// The stops below end without the clock being moved: nothing but the stop wakes the source.
TEST_F(DockerSourceTest, StopsWhileThePingIsNotAnswered) {
  Run();
  FakeEngineConnection ping = engine_.Accept();
  clock_.AwaitTimers(1);
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
}

TEST_F(DockerSourceTest, StopsWhileTheHeadIsNotAnswered) {
  Run();
  engine_.AnswerPing();
  FakeEngineConnection stream = engine_.Accept();
  stream.ReadRequest();
  clock_.AwaitTimers(1);
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
}

TEST_F(DockerSourceTest, StopsInAnIdleStreamAndWithinAnObject) {
  for (const std::string begun : {"", "{\"Type\""}) {
    Run();
    FakeEngineConnection stream = engine_.AcceptEvents();
    receiver_.WaitForReady();
    if (!begun.empty()) stream.SendChunk(begun);
    clock_.AwaitWaiters(1);
    EXPECT_EQ(run_->Stop(), absl::OkStatus());
    run_.reset();
  }
}

TEST_F(DockerSourceTest, StopsInAStreamThatNeverPauses) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  std::jthread busy([&](std::stop_token stop) {
    while (!stop.stop_requested()) stream.SendChunk(Message("start", "web"));
  });
  receiver_.WaitForCount(100);
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
}

TEST_F(DockerSourceTest, EndsWhenNobodyTakesEvents) {
  receiver_.RefuseAfter(1);
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", "web") + Message("start", "web") + Message("die", "web"));
  EXPECT_EQ(run_->AwaitEnd(), absl::OkStatus());
  EXPECT_EQ(receiver_.refused(), 1);
}

TEST_F(DockerSourceTest, EndsWhenTheLossIsNotTakenAlthoughTheStreamIsQuiet) {
  Run();
  engine_.AcceptEvents();  // and drops the connection
  EXPECT_EQ(run_->AwaitEnd().code(), absl::StatusCode::kUnavailable);
  RecordingReceiver refusing;
  refusing.RefuseAfter(0);
  SourceRun again(*source_, refusing);
  const FakeEngineConnection quiet = engine_.AcceptEvents();
  EXPECT_EQ(again.AwaitEnd(), absl::OkStatus());
  EXPECT_EQ(refusing.refused(), 1);
}

}  // namespace
}  // namespace lookout
