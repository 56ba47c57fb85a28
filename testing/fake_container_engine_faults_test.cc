// How FakeContainerEngine goes wrong, where it is told to.
#include "lookout/testing/fake_container_engine.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_container_engine_harness.h"

namespace lookout {
namespace {

using ::lookout::testing_internal::Client;
using ::lookout::testing_internal::kOfContainers;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

class FakeContainerEngineFaultsTest : public testing_internal::FakeContainerEngineHarness {};

TEST_F(FakeContainerEngineFaultsTest, ASlowReaderLosesWhatDoesNotFit) {
  FakeContainerEngine engine(clock_, {.channel = 4});
  Client client(engine, "/events");
  client.ReadHead();
  engine.AwaitStreams(1);
  // While it is frozen nothing is sent: one event in the hands of the stream's thread, or none, and the
  // channel.
  engine.Freeze();
  engine.RunOnce("web", 3);
  EXPECT_GE(engine.lost_events(), 7u);
  engine.Thaw();
  const int sent = 12 - static_cast<int>(engine.lost_events());
  EXPECT_EQ(client.ReadEvents(sent)[0], "create web0");
  EXPECT_TRUE(client.IsSilent());
}

TEST_F(FakeContainerEngineFaultsTest, StreamsBreakAndOthersDoNot) {
  Client stream(engine_, "/events");
  stream.ReadHead();
  engine_.AwaitStreams(1);
  Client other(engine_, "/_ping");
  other.ReadAnswer();
  engine_.BreakStreams();
  EXPECT_TRUE(stream.IsClosed());
  EXPECT_TRUE(other.IsSilent());
  EXPECT_EQ(engine_.streams(), 0);
}

TEST_F(FakeContainerEngineFaultsTest, AStreamThatTheClientLeftIsNoMore) {
  for (bool tcp : {false, true}) {
    FakeContainerEngine engine(clock_, {.tcp = tcp});
    {
      Client stream(engine, "/events");
      stream.ReadHead();
      engine.AwaitStreams(1);
    }
    engine.AwaitNoStreams();
  }
}

TEST_F(FakeContainerEngineFaultsTest, TcpStreamsCanBeReset) {
  FakeContainerEngine engine(clock_, {.tcp = true});
  EXPECT_THAT(engine.host(), StartsWith("tcp://127.0.0.1:"));
  Client stream(engine, "/events");
  stream.ReadHead();
  engine.AwaitStreams(1);
  engine.BreakStreams(/*reset=*/true);
  EXPECT_TRUE(stream.IsReset());
}

TEST_F(FakeContainerEngineFaultsTest, DownNobodyConnectsAndUpItHasForgotten) {
  for (bool tcp : {false, true}) {
    FakeContainerEngine engine(clock_, {.tcp = tcp});
    engine.Run("web");
    engine.Run("db");
    Client stream(engine, "/events");
    stream.ReadHead();
    engine.Down();
    EXPECT_TRUE(stream.IsClosed());
    EXPECT_FALSE(Client(engine, "/_ping").connected());
    engine.DieSilently("db");
    engine.Die("web");  // unseen
    engine.Up();
    EXPECT_THAT(Remembered(engine), IsEmpty());
    EXPECT_THAT(engine.states(), ElementsAre(Pair("db", "exited"), Pair("web", "exited")));
    engine.Start("web");
    EXPECT_THAT(Remembered(engine), ElementsAre("start web"));
    engine.Down();
    engine.Up(/*containers_died=*/true);
    EXPECT_EQ(engine.states()["web"], "exited");
  }
}

TEST_F(FakeContainerEngineFaultsTest, TheSocketIsReplacedAndOldConnectionsGoOn) {
  Client stream(engine_, "/events");
  stream.ReadHead();
  engine_.AwaitStreams(1);
  engine_.ReplaceSocket();
  Client again(engine_, "/events");
  again.ReadHead();
  engine_.AwaitStreams(2);
  engine_.Create("web");
  EXPECT_EQ(stream.ReadEvent(), "create web");
  EXPECT_EQ(again.ReadEvent(), "create web");
}

TEST_F(FakeContainerEngineFaultsTest, FrozenItTakesConnectionsAndSaysNothing) {
  Client stream(engine_, "/events");
  stream.ReadHead();
  engine_.AwaitStreams(1);
  engine_.Freeze();
  engine_.Create("web");
  Client ping(engine_, "/_ping");
  EXPECT_TRUE(ping.connected());
  EXPECT_TRUE(ping.IsSilent());
  EXPECT_TRUE(stream.IsSilent());
  EXPECT_THAT(engine_.requests(), SizeIs(1));
  engine_.Thaw();
  EXPECT_THAT(ping.ReadAnswer(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(stream.ReadEvent(), "create web");
}

TEST_F(FakeContainerEngineFaultsTest, FrozenItCanBeDestroyed) {
  Client stream(engine_, "/events");
  engine_.AwaitStreams(1);
  engine_.Freeze();
  engine_.Create("web");
}

TEST_F(FakeContainerEngineFaultsTest, HeadsAreWithheld) {
  engine_.WithholdHeads(true);
  Client stream(engine_, "/events");
  engine_.AwaitStreams(1);
  EXPECT_TRUE(stream.IsSilent());
  engine_.Create("web");
  EXPECT_THAT(stream.ReadHead(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(stream.ReadEvent(), "create web");
  EXPECT_THAT(Remembered("&filters=%7B%22type%22:%5B%22pod%22%5D%7D"), IsEmpty()) << "the end is enough";
}

TEST_F(FakeContainerEngineFaultsTest, EventsAreSwallowedAndHeld) {
  engine_.Create("web");
  engine_.SwallowEvents(1);
  engine_.Start("web");
  engine_.HoldEvents();
  engine_.Die("web");
  EXPECT_EQ(engine_.states()["web"], "exited");
  EXPECT_THAT(Remembered(), ElementsAre("create web"));
  engine_.ReleaseEvents();
  EXPECT_THAT(Remembered(), ElementsAre("create web", "die web"));
  engine_.DestroySilently("web");
  EXPECT_THAT(engine_.states(), IsEmpty());
}

TEST_F(FakeContainerEngineFaultsTest, AnswersAsItIsTold) {
  engine_.ForbidLists(true);
  Client forbidden(engine_, "/v1.51/containers/json?all=1");
  EXPECT_THAT(forbidden.ReadAnswer(), AllOf(StartsWith("HTTP/1.1 403 Forbidden\r\n"), HasSubstr("<html>")));
  engine_.ForbidLists(false);
  Client allowed(engine_, "/v1.51/containers/json?all=1");
  EXPECT_THAT(allowed.ReadAnswer(), EndsWith("[]\n"));
  engine_.AnswerInstead("until=", {.status = 500, .body = "{}"});
  Client failing(engine_, "/events?until=1");
  EXPECT_THAT(failing.ReadAnswer(), StartsWith("HTTP/1.1 500 "));
}

TEST_F(FakeContainerEngineFaultsTest, RefusesVersionsBeyondItsOwn) {
  engine_.SetApiVersion("1.41");
  Client newer(engine_, "/v1.42/containers/json");
  EXPECT_THAT(newer.ReadAnswer(), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("1.42 is too new. Maximum")));
  Client older(engine_, "/v1.9/events");
  EXPECT_THAT(older.ReadAnswer(), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("1.9 is too old")));
  Client ping(engine_, "/_ping");
  EXPECT_THAT(ping.ReadAnswer(), HasSubstr("Api-Version: 1.41\r\n"));
}

TEST_F(FakeContainerEngineFaultsTest, IgnoresFiltersIfTold) {
  engine_.Create("web");
  engine_.OtherEvents(1);
  EXPECT_THAT(Remembered(absl::StrCat("&", kOfContainers)), SizeIs(1));
  engine_.IgnoreFilters(true);
  EXPECT_THAT(Remembered(absl::StrCat("&", kOfContainers)), SizeIs(2));
}

}  // namespace
}  // namespace lookout
