// The Docker source against an engine that the test plays: what it makes of a stream, and how it ends. No
// test waits for time. How it is refused: docker_source_answers_test.cc; what it owes its receiver across
// connections: docker_cases_*_test.cc.
#include "lookout/adapters/docker/docker_source.h"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source_harness.h"
#include "lookout/adapters/docker/testdata.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_docker_engine.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::lookout::docker_internal::Message;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr absl::string_view kWebRuns =
    R"([{"Id":"id-web","Names":["/web"],"Image":"i","State":"running","Labels":{}}])";

class DockerSourceTest : public docker_internal::DockerSourceHarness {};

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
    ASSERT_TRUE(engine_.AnswerBeforeReady());
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

// A proxy may keep the head until the first event.
TEST_F(DockerSourceTest, IsReadyWithoutTheStreamsHeadButNotBeforeItHasListed) {
  Run();
  engine_.AnswerPing();
  FakeEngineConnection stream = engine_.Accept();
  stream.ReadRequest();
  engine_.AnswerNothingRemembered();
  EXPECT_EQ(receiver_.ready_count(), 0);
  engine_.Answer("/containers/json", "[]");
  engine_.AnswerNothingRemembered();
  receiver_.WaitForReady();
  stream.SendStreamHead();
  stream.SendChunk(Message("start", "web"));
  receiver_.WaitForCount(1);
}

TEST_F(DockerSourceTest, AnAnswerThatEndsWithTheConnectionIsRead) {
  Run();
  engine_.AnswerPing();
  FakeEngineConnection stream = engine_.Accept();
  stream.ReadRequest();
  engine_.AnswerBeforeReady();
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

TEST_F(DockerSourceTest, ALostConnectionIsUnavailableAndTheNextRunGoesOn) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", "web"));
  receiver_.WaitForCount(1);
  stream.Close();
  const absl::Status lost = run_->AwaitEnd();
  EXPECT_EQ(lost.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(lost.message()), StartsWith(engine_.host()));
  run_.reset();

  Run();
  stream = engine_.AcceptAgain(Message("create", "web") + Message("start", "web"));
  receiver_.WaitForReady(2);
  EXPECT_THAT(receiver_.WaitForCount(2),
              ElementsAre(IsEvent(Action::kContainerCreate, "web"), IsEvent(Action::kContainerStart, "web")));
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
  EXPECT_EQ(source_->counters().connections, 2u);
  EXPECT_EQ(source_->counters().losses, 0u);
}

TEST_F(DockerSourceTest, WhatTheEngineForgotIsSaidOnceTheSourceIsLiveAgain) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", "web"));
  receiver_.WaitForCount(1);
  stream.Close();
  run_->AwaitEnd().IgnoreError();
  run_.reset();

  Run();
  stream = engine_.AcceptAgain(Message("start", "web"));
  EXPECT_TRUE(engine_.Answer("/containers/json", kWebRuns));
  EXPECT_EQ(receiver_.ready_count(), 1) << "not before all is asked that can fail";
  EXPECT_TRUE(engine_.Answer("until=", Message("start", "web")));
  receiver_.WaitForReady(2);
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kContainerCreate, "web"), IsEvent(Action::kContainerStart, "web"),
                          IsForceReload(engine_.host())));
}

TEST_F(DockerSourceTest, GarbageIsOneLossAndCostsNoGoodEvent) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", "web") + "garbage\nmore\n{\"a\":\n" + Message("start", "web"));
  EXPECT_TRUE(engine_.Answer("/containers/json", kWebRuns));
  EXPECT_TRUE(engine_.Answer("until=", Message("start", "web")));
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kContainerCreate, "web"), IsEvent(Action::kContainerStart, "web"),
                          IsForceReload(engine_.host())));
  EXPECT_EQ(source_->counters().malformed, 3u);
  EXPECT_EQ(receiver_.errors().size(), 2u) << "the first and the second of three";
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr(engine_.host()));
}

TEST_F(DockerSourceTest, AnObjectBeyondTheCapIsPassedOver) {
  source_ = Make({.host = engine_.host(), .max_object_bytes = 1000});
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", std::string(2000, 'x')) + Message("start", "web"));
  EXPECT_TRUE(engine_.Answer("/containers/json", kWebRuns));
  EXPECT_TRUE(engine_.Answer("until=", Message("start", "web")));
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kContainerCreate, "web"), IsEvent(Action::kContainerStart, "web"),
                          IsForceReload(engine_.host())))
      << "web was not known, so that its creation is made up";
}

TEST_F(DockerSourceTest, AQuietStreamIsNoFailureAsLongAsTheEngineAnswers) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  receiver_.WaitForReady();
  for (int round = 0; round < 120; ++round) {
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Seconds(30));
    EXPECT_TRUE(engine_.AnswerPing());
  }
  stream.SendChunk(Message("start", "web"));
  receiver_.WaitForCount(1);
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
  EXPECT_EQ(source_->counters().pings, 120u);
}

TEST_F(DockerSourceTest, WhyAStreamEndedThatHadLivedIsSaidUnlessItWasJustCut) {
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  receiver_.WaitForReady();
  clock_.AwaitTimers(1);  // it is live
  clock_.Advance(absl::Seconds(1));
  stream.Close();
  stream = engine_.AcceptAgain();
  engine_.Answer("/containers/json", "[]");
  engine_.AnswerNothingRemembered();
  clock_.AwaitTimers(1);
  EXPECT_THAT(receiver_.errors(), IsEmpty());
  EXPECT_EQ(source_->counters().failures, 0u);

  clock_.Advance(absl::Seconds(1));
  stream.Send("zz\r\n");
  EXPECT_THAT(std::string(receiver_.WaitForErrors(1)[0].message()),
              AllOf(StartsWith(engine_.host()), HasSubstr("chunk")));
  EXPECT_EQ(source_->counters().failures, 1u);
  EXPECT_TRUE(engine_.AnswerPing()) << "another is asked for at once";
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
}

TEST_F(DockerSourceTest, AnEngineThatIsNeverAskedMayBeQuietForEver) {
  source_ = Make({.host = engine_.host(), .liveness = absl::InfiniteDuration()});
  Run();
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("create", "web"));
  receiver_.WaitForCount(1);
  clock_.AwaitWaiters(2);
  EXPECT_EQ(clock_.timers(), 0);
  clock_.Advance(absl::Hours(1000));
  stream.SendChunk(Message("start", "web"));
  receiver_.WaitForCount(2);
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
  clock_.AwaitWaiters(1);
  EXPECT_EQ(run_->Stop(), absl::OkStatus());
}

TEST_F(DockerSourceTest, StopsInAnIdleStreamAndWithinAnObject) {
  for (const std::string begun : {"", "{\"Type\""}) {
    source_ = Make({.host = engine_.host()});
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
    for (int i = 0; !stop.stop_requested(); ++i) stream.SendChunk(Message("kill", absl::StrCat("web", i)));
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
  FakeEngineConnection stream = engine_.AcceptEvents();
  stream.SendChunk(Message("start", "web"));
  receiver_.WaitForCount(1);
  stream.Close();
  EXPECT_EQ(run_->AwaitEnd().code(), absl::StatusCode::kUnavailable);
  RecordingReceiver refusing;
  refusing.RefuseAfter(0);
  SourceRun again(*source_, refusing);
  const FakeEngineConnection quiet = engine_.AcceptAgain();
  EXPECT_TRUE(engine_.Answer("/containers/json", kWebRuns));
  EXPECT_TRUE(engine_.AnswerNothingRemembered());
  EXPECT_EQ(again.AwaitEnd(), absl::OkStatus());
  EXPECT_EQ(refusing.refused(), 1);
}

}  // namespace
}  // namespace lookout
