// The Docker source's cases: reaching an engine, and reaching it again.
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_case.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/testing/fake_container_engine.h"

namespace lookout {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class DockerCasesConnectionTest : public DockerCase {
 protected:
  std::string Error(std::size_t index) {
    return std::string(receiver_.WaitForErrors(index + 1)[index].message());
  }
  // What a failure's message says of the pause that follows.
  absl::Duration Pause(std::size_t index) {
    const std::string error = Error(index);
    constexpr absl::string_view kNextTry = "next try in ";
    const std::size_t at = error.find(kNextTry);
    absl::Duration pause;
    EXPECT_NE(at, std::string::npos) << error;
    EXPECT_TRUE(absl::ParseDuration(
        error.substr(at + kNextTry.size(), error.rfind(')') - at - kNextTry.size()), &pause))
        << error;
    return pause;
  }
};

TEST_F(DockerCasesConnectionTest, SocketAbsentThenAppears) {
  engine().Down();
  BeginRestarting({.initial = true});
  EXPECT_THAT(Error(0), HasSubstr("connect: Connection refused"));
  EXPECT_EQ(receiver_.ready_count(), 0);
  engine().Up();
  engine().Run("web");
  Retry();
  receiver_.WaitForReady();
  EXPECT_THAT(AwaitTold(1), ElementsAre("start web*"));
  Settle();
  EXPECT_THAT(Told(), ElementsAre("start web*")) << "and nothing of what came before";
}

TEST_F(DockerCasesConnectionTest, AcceptsAndNeverAnswers) {
  engine().Freeze();
  BeginRestarting({.timeout = absl::Seconds(10)});
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Error(0), HasSubstr("failure 1 in a row"));
  EXPECT_EQ(receiver_.errors()[0].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(receiver_.ready_count(), 0);
  engine().Thaw();
  Retry();
  receiver_.WaitForReady();
}

TEST_F(DockerCasesConnectionTest, ApiVersions) {
  for (const auto& [version, prefix] : std::vector<std::pair<std::string, std::string>>{
           {"9.99", "/v1.51/"}, {"1.41", "/v1.41/"}, {"", "/"}}) {
    UseEngine({.api_version = version});
    Start();
    const std::string events = absl::StrCat(prefix, "events?");
    EXPECT_THAT(engine().requests(),
                UnorderedElementsAre("/_ping", StartsWith(events), StartsWith(events), StartsWith(events),
                                     StartsWith(absl::StrCat(prefix, "containers/json?")), StartsWith(events),
                                     StartsWith(events)))
        << version;
    EXPECT_EQ(run().Stop(), absl::OkStatus());
  }
}

TEST_F(DockerCasesConnectionTest, TooNewAfterADowngrade) {
  StartRestarting({.audit_interval = absl::Seconds(20)});
  engine().SetApiVersion("1.41");
  Settle();
  clock_.Advance(absl::Seconds(20));
  EXPECT_THAT(Error(0), AllOf(HasSubstr("400"), HasSubstr("is too new"), HasSubstr("failure 1 in a row")));
  const int pings = engine().CountRequests("/_ping");
  Retry();
  engine().AwaitRequests("/v1.41/events", 2);
  Settle();
  EXPECT_EQ(engine().CountRequests("/_ping"), pings + 1) << "no hot loop";
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(DockerCasesConnectionTest, ARefusedVersionIsNoHotLoop) {
  engine().AnswerInstead("/events",
                         {.status = 400, .body = R"({"message":"client version 1.51 is too new."})"});
  BeginRestarting();
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_THAT(Error(i), HasSubstr(absl::StrCat("failure ", i + 1, " in a row")));
    EXPECT_EQ(engine().CountRequests("/_ping"), static_cast<int>(i + 1)) << "one attempt for each pause";
    Retry();
  }
}

TEST_F(DockerCasesConnectionTest, ForbiddenWithHtml) {
  engine().AnswerInstead(
      "/events",
      {.status = 403, .body = "<html>{\"Type\":\"container\"}</html>", .content_type = "text/html"});
  BeginRestarting();
  const absl::Status end = run().AwaitEnd();
  EXPECT_EQ(end.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(end.message()),
              AllOf(StartsWith(engine().host()), HasSubstr("403"), HasSubstr("<html>")));
  EXPECT_EQ(receiver_.ready_count(), 0);
  EXPECT_EQ(counters().malformed, 0u) << "it is not parsed as events";
}

TEST_F(DockerCasesConnectionTest, RepeatedServerErrors) {
  engine().AnswerInstead("/events", {.status = 500, .body = R"({"message":"no"})"});
  BeginRestarting();
  absl::Duration most = absl::Milliseconds(100);
  bool jittered = false;
  for (std::size_t i = 0; i < 15; ++i) {
    const absl::Duration pause = Pause(i);
    EXPECT_LE(pause, most);
    EXPECT_GE(pause, 0.8 * most - absl::Milliseconds(1));
    jittered = jittered || pause != most;
    most = std::min(2 * most, absl::Seconds(30));
    Retry();
  }
  EXPECT_EQ(most, absl::Seconds(30)) << "the cap was reached";
  EXPECT_TRUE(jittered);

  // Begins anew after success.
  Pause(15);
  engine().AnswerNormally("/events");
  Retry();
  receiver_.WaitForReady();
  engine().AwaitStreams(1);
  engine().BreakStreams();
  EXPECT_THAT(Error(16), HasSubstr("failure 1 in a row"));
}

// It is not watched again before what was lost is mended and said.
TEST_F(DockerCasesConnectionTest, ListsThatFailAfterALoss) {
  StartRestarting();
  engine().Run("web");
  AwaitTold(2);
  engine().AnswerInstead("/containers/json", {.status = 500, .body = R"({"message":"no"})"});
  engine().BreakStreams();
  absl::Duration most = absl::Milliseconds(100);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_THAT(Error(i), HasSubstr(absl::StrCat("failure ", i + 1, " in a row")));
    EXPECT_GE(Pause(i), 0.8 * most - absl::Milliseconds(1));
    most *= 2;
    if (i == 0) engine().OtherEvents(300);
    Retry();
  }
  EXPECT_THAT(Error(5), HasSubstr("500"));
  EXPECT_THAT(Told(), ElementsAre("create web", "start web"));
  engine().Die("web");
  engine().AnswerNormally("/containers/json");
  Retry();
  EXPECT_THAT(AwaitTold(4), ElementsAre("create web", "start web", "die web", "ForceReload"));
  Settle();
  EXPECT_EQ(counters().losses, 1u);
  engine().BreakStreams();
  EXPECT_THAT(Error(6), HasSubstr("failure 1 in a row"));
}

// A proxy's page in the place of a list, or half of one.
TEST_F(DockerCasesConnectionTest, AListThatCannotBeReadIsAskedForAgain) {
  StartRestarting();
  engine().Run("web");
  AwaitTold(2);
  engine().AnswerInstead("/containers/json", {.status = 200, .body = "<html>"});
  engine().BreakStreams();
  Error(0);
  engine().OtherEvents(300);
  Retry();
  EXPECT_THAT(Error(1),
              AllOf(HasSubstr(": containers: "), HasSubstr("not JSON"), HasSubstr("failure 2 in a row")));
  engine().AnswerNormally("/containers/json");
  Retry();
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "ForceReload"));
}

TEST_F(DockerCasesConnectionTest, EofEverySecondWithContinuousReplay) {
  Start();
  std::vector<std::string> expected;
  for (int i = 0; i < 20; ++i) {
    const std::string name = absl::StrCat("web", i);
    engine().Run(name);
    Cut([&] { engine().Die(name); });
    engine().Destroy(name);
    for (absl::string_view verb : {"create ", "start ", "die ", "destroy "})
      expected.push_back(absl::StrCat(verb, name));
  }
  EXPECT_EQ(AwaitTold(expected.size()), expected);
  Settle();
  EXPECT_EQ(Told(), expected);
  EXPECT_EQ(counters().losses, 0u);
  EXPECT_EQ(counters().connections, 21u);
  EXPECT_EQ(receiver_.ready_count(), 1);
  EXPECT_THAT(receiver_.errors(), IsEmpty()) << "idle cuts are routine";
}

TEST_F(DockerCasesConnectionTest, AStreamThatIsCutAtOnceIsAFailure) {
  StartRestarting();
  receiver_.WaitForReady();
  for (std::size_t i = 0; i < 5; ++i) {
    engine().AwaitStreams(1);
    engine().Create(absl::StrCat("c", i));
    receiver_.WaitForCount(i + 1);  // the stream is live, and not only asked for
    engine().BreakStreams();
    EXPECT_THAT(Error(i), HasSubstr("failure 1 in a row"));
    Retry();
  }
}

TEST_F(DockerCasesConnectionTest, SocketPathReplaced) {
  Start();
  engine().Run("web");
  AwaitTold(2);
  engine().ReplaceSocket();
  Cut([&] { engine().Die("web"); });
  EXPECT_THAT(AwaitTold(3), ElementsAre("create web", "start web", "die web"));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesConnectionTest, HalfOpenConnection) {
  for (const bool tcp : {false, true}) {
    UseEngine({.tcp = tcp});
    const int before = receiver_.ready_count();
    BeginRestarting({.timeout = absl::Seconds(10), .liveness = absl::Seconds(30)});
    // Over TCP the engine's time is known to the second: where nothing is remembered, a mark waits until it
    // is over.
    if (tcp) {
      for (int mark = 1; mark <= 2; ++mark) {
        engine().AwaitRequests("until=", 2 * mark);
        clock_.AwaitTimers(2);
        clock_.Advance(absl::Seconds(1));
      }
    }
    receiver_.WaitForReady(before + 1);
    Settle();
    engine().Freeze();
    clock_.Advance(absl::Seconds(30));
    clock_.AwaitTimers(1);  // asked whether it is there
    clock_.Advance(absl::Seconds(10));
    EXPECT_THAT(Error(0), HasSubstr("failure 1 in a row"));
    EXPECT_EQ(receiver_.errors()[0].code(), absl::StatusCode::kDeadlineExceeded);
    engine().Run("web");
    engine().Thaw();
    Retry();
    EXPECT_THAT(AwaitTold(2), ElementsAre("create web", "start web"));
    EXPECT_EQ(counters().losses, 0u);
    EXPECT_EQ(run().Stop(), absl::OkStatus());
    receiver_.Clear();
  }
}

TEST_F(DockerCasesConnectionTest, ASilentEngineThatAnswersIsLeftAlone) {
  Start();
  Settle();
  for (int i = 1; i <= 5; ++i) {
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Seconds(30));
    engine().AwaitRequests("/_ping", 1 + i);
    Settle();
  }
  EXPECT_EQ(counters().pings, 5u);
  EXPECT_EQ(counters().connections, 1u);
}

TEST_F(DockerCasesConnectionTest, WithheldHeads) {
  engine().WithholdHeads(true);
  Start();
  Settle();
  engine().WithholdHeads(true);
  Cut();
  Settle();
  engine().Run("web");
  EXPECT_THAT(AwaitTold(2), ElementsAre("create web", "start web"));
  EXPECT_EQ(counters().losses, 0u);
}

TEST_F(DockerCasesConnectionTest, WhatIsAskedIsAsIfForOneEngine) {
  Start();
  EXPECT_THAT(engine().requests(), Contains(HasSubstr("since=0")));
  EXPECT_THAT(engine().requests(), Each(Not(HasSubstr("{")))) << "percent-encoded";
}

}  // namespace
}  // namespace lookout
