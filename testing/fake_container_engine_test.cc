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
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

class FakeContainerEngineTest : public testing_internal::FakeContainerEngineHarness {};

TEST_F(FakeContainerEngineTest, AnswersPings) {
  Client client(engine_, "/_ping");
  EXPECT_THAT(client.ReadAnswer(),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nApi-Version: 1.51\r\n"),
                    HasSubstr("\r\nServer: Docker/"),
                    HasSubstr("\r\nDate: Thu, 01 Jan 2026 12:00:00 GMT\r\n"), EndsWith("\r\n\r\nOK")));
}

TEST_F(FakeContainerEngineTest, SendsWhatContainersDoAChunkEach) {
  Client client(engine_, absl::StrCat("/v1.51/events?", kOfContainers));
  EXPECT_THAT(client.ReadHead(), HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  engine_.AwaitStreams(1);
  engine_.Create("web", "nginx:1.27", {{"tier", "<web>"}});
  EXPECT_THAT(client.ReadChunk(), AllOf(HasSubstr(R"("tier":"\u003cweb\u003e")"), EndsWith("}\n")));
  engine_.Start("web");
  engine_.Pause("web");
  engine_.Unpause("web");
  engine_.OtherEvents(1);  // of a network
  engine_.Health("web", true);
  engine_.Rename("web", "front");
  engine_.Stop("front");
  engine_.Start("front");
  engine_.ForceRemove("front");
  EXPECT_THAT(client.ReadEvents(12),
              ElementsAre("start web", "pause web", "unpause web", "health_status: healthy web",
                          "rename front", "kill front", "stop front", "die front", "start front",
                          "kill front", "die front", "destroy front"));
  EXPECT_THAT(engine_.states(), IsEmpty());
}

TEST_F(FakeContainerEngineTest, ListsContainers) {
  engine_.Create("a");
  engine_.Run("b");
  {
    Client client(engine_, "/containers/json");
    EXPECT_THAT(client.ReadAnswer(),
                AllOf(HasSubstr("/b"), HasSubstr(engine_.id("b")), Not(HasSubstr("/a\""))));
  }
  Client all(engine_, "/v1.51/containers/json?all=1&filters=%7B%22name%22:%5B%22a%22%5D%7D");
  EXPECT_THAT(all.ReadAnswer(), AllOf(HasSubstr(R"("Names":["/a"])"), HasSubstr(R"("State":"created")"),
                                      Not(HasSubstr("/b\""))));
  EXPECT_THAT(engine_.states(), ElementsAre(Pair("a", "created"), Pair("b", "running")));
  Client refused(engine_, "/containers/json?filters=%7B%22image%22:%5B%22a%22%5D%7D");
  EXPECT_THAT(refused.ReadAnswer(), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("invalid filter 'image'")));
}

TEST_F(FakeContainerEngineTest, AnswersManyRequestsOnAConnection) {
  Client client(engine_, "/_ping");
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(client.IsSilent());
  Client other(engine_, "/nothing");
  EXPECT_THAT(other.ReadAnswer(), StartsWith("HTTP/1.1 404 "));
  engine_.AwaitRequests("nothing", 1);
  EXPECT_THAT(engine_.requests(), ElementsAre("/_ping", "/nothing"));
  EXPECT_EQ(engine_.CountRequests("/_ping"), 1);
}

TEST_F(FakeContainerEngineTest, RemembersTheLast256OfAllTypes) {
  engine_.RunOnce("web");
  EXPECT_THAT(Remembered(), ElementsAre("create web", "start web", "die web", "destroy web"));
  engine_.OtherEvents(253);
  EXPECT_THAT(Remembered(absl::StrCat("&", kOfContainers))[0], "start web") << "3 of 4 are left";
  EXPECT_THAT(Remembered(), SizeIs(256));
  engine_.OtherEvents(1);
  EXPECT_THAT(Remembered()[0], "die web");
}

TEST_F(FakeContainerEngineTest, BoundsAreInclusiveAndTimesMayGoBack) {
  const absl::Time t = clock_.TimeNow() - absl::Minutes(1);
  engine_.SetEventTimes({t, t + absl::Seconds(2), t + absl::Seconds(1), t + absl::Seconds(3)});
  engine_.RunOnce("web");
  const auto ask = [&](int since, int until) {
    Client client(engine_, absl::StrCat("/events?since=", absl::ToUnixSeconds(t) + since,
                                        "&until=", absl::ToUnixSeconds(t) + until));
    client.ReadHead();
    return client.ReadAllEvents();
  };
  EXPECT_THAT(ask(0, 1), ElementsAre("create web", "die web"));
  EXPECT_THAT(ask(3, 9), ElementsAre("destroy web"));
  // It looks back from the newest, and stops at the first that is too old.
  EXPECT_THAT(ask(2, 9), ElementsAre("destroy web"));
  Client wrong(engine_, "/events?since=5&until=4");
  EXPECT_THAT(wrong.ReadAnswer(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(FakeContainerEngineTest, UntilTheEpochIsUntilNowAndEndsAtOnce) {
  engine_.Run("web");
  Client client(engine_, "/events?since=0&until=0.000000000");
  client.ReadHead();
  EXPECT_THAT(client.ReadAllEvents(), ElementsAre("create web", "start web"));
}

TEST_F(FakeContainerEngineTest, WithoutBoundsNothingIsReplayed) {
  engine_.RunOnce("old");
  Client client(engine_, "/events");
  client.ReadHead();
  engine_.AwaitStreams(1);
  engine_.Create("new");
  EXPECT_EQ(client.ReadEvent(), "create new");
}

TEST_F(FakeContainerEngineTest, UntilAheadEndsByTheClock) {
  engine_.Create("web");
  Client client(engine_, absl::StrCat("/events?since=0&until=", absl::ToUnixSeconds(clock_.TimeNow()) + 1));
  client.ReadHead();
  EXPECT_EQ(client.ReadEvent(), "create web");
  clock_.AwaitTimers(1);
  engine_.Start("web");
  EXPECT_EQ(client.ReadEvent(), "start web");
  clock_.AwaitTimers(1);
  EXPECT_EQ(engine_.streams(), 0) << "of those without an end";
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(client.ReadEvent(), "");
  EXPECT_TRUE(client.IsSilent()) << "the connection stays";
}

TEST_F(FakeContainerEngineTest, WhatHappensBeforeItSubscribesIsLostButForTheReplay) {
  engine_.SetBeforeSubscribe([this] {
    engine_.SetBeforeSubscribe(nullptr);
    engine_.Create("web");
  });
  Client client(engine_, "/events");
  EXPECT_THAT(client.ReadHead(), StartsWith("HTTP/1.1 200 OK\r\n"));
  engine_.AwaitStreams(1);
  engine_.Start("web");
  EXPECT_EQ(client.ReadEvent(), "start web");
  EXPECT_THAT(Remembered(), ElementsAre("create web", "start web"));
}

TEST_F(FakeContainerEngineTest, PodmanIsAnother) {
  FakeContainerEngine engine(clock_, {.podman = true, .api_version = "1.41"});
  Client ping(engine, "/_ping");
  EXPECT_THAT(ping.ReadAnswer(),
              AllOf(HasSubstr("\r\nServer: Libpod/"), HasSubstr("\r\nLibpod-Api-Version: ")));
  engine.OtherEvents(300);
  engine.Down();
  engine.Run("web");
  engine.Up();
  engine.Health("web", false);
  engine.Die("web", 3);
  engine.Destroy("web");
  EXPECT_THAT(Remembered(engine, absl::StrCat("&", kOfContainers)), SizeIs(150 + 7));
  EXPECT_THAT(Remembered(engine, "&filters=%7B%22container%22:%5B%22web%22%5D%7D"),
              ElementsAre("create web", "init web", "start web", "health_status web", "die web",
                          "cleanup web", "remove web"));
  Client refused(engine, "/events?filters=%7B%22name%22:%5B%22web%22%5D%7D");
  EXPECT_THAT(refused.ReadAnswer(),
              AllOf(StartsWith("HTTP/1.1 500 "), HasSubstr("name is an invalid filter")));

  const absl::Time t = absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.TimeNow()) + 10);
  clock_.Advance(absl::Seconds(20));
  engine.SetEventTimes({t, t + absl::Seconds(1), t + absl::Seconds(2)});
  engine.OtherEvents(3);
  Client exclusive(
      engine, absl::StrCat("/events?since=", absl::ToUnixSeconds(t), "&until=", absl::ToUnixSeconds(t) + 2));
  exclusive.ReadHead();
  EXPECT_THAT(exclusive.ReadAllEvents(), ElementsAre("exec_start: sh -c a: b probed"));
}

TEST_F(FakeContainerEngineTest, FloodsWithDifferentEvents) {
  Client client(engine_, "/events");
  client.ReadHead();
  engine_.AwaitStreams(1);
  engine_.Flood(5000);
  for (int i = 0; i < 1250; ++i) {
    const std::string name = absl::StrCat(" flood", i);
    ASSERT_THAT(client.ReadEvents(4),
                ElementsAre("create" + name, "start" + name, "die" + name, "destroy" + name));
  }
  EXPECT_TRUE(client.IsSilent());
  EXPECT_THAT(Remembered(), IsEmpty());
}

TEST_F(FakeContainerEngineTest, EveryContainerHasAnIdOfItsOwn) {
  const std::string first = engine_.Create("web");
  EXPECT_THAT(first, SizeIs(64));
  EXPECT_EQ(engine_.id("web"), first);
  engine_.Destroy("web");
  EXPECT_EQ(engine_.id("web"), "");
  EXPECT_NE(engine_.Create("web"), first);
}

}  // namespace
}  // namespace lookout
