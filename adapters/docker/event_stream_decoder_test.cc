#include "lookout/adapters/docker/event_stream_decoder.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/testdata.h"
#include "lookout/events/event.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Item = EventStreamDecoder::Item;
using Verdict = EventStreamDecoder::Verdict;

constexpr absl::Time kNow = absl::FromUnixSeconds(1);

std::vector<Item> Decode(absl::string_view stream, std::size_t piece = 1 << 20) {
  EventStreamDecoder decoder;
  std::vector<Item> items;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    decoder.Feed(stream.substr(at, piece), kNow, [&](Item item) {
      items.push_back(std::move(item));
      return true;
    });
  }
  return items;
}

Item DecodeOne(absl::string_view object) {
  std::vector<Item> items = Decode(object);
  EXPECT_EQ(items.size(), 1u) << object;
  return items.empty() ? Item{} : items.front();
}

std::string Container(absl::string_view action, absl::string_view attributes = R"({"name":"n"})") {
  return absl::StrCat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":"i","Attributes":)",
                      attributes, R"(},"time":5,"timeNano":5000000007})");
}

TEST(EventStreamDecoderTest, ReadsAllOfAnEvent) {
  const Item item = DecodeOne(
      R"({"status":"die","id":"4f66","from":"img","Type":"container","Action":"die","Actor":{"ID":"4f66",)"
      R"("Attributes":{"exitCode":"137","image":"img","name":"web","uni":"h\u00e9llo","multi":"a\nb"}},)"
      R"("scope":"local","time":1795454963,"timeNano":1795454963662110994})");
  EXPECT_EQ(item.verdict, Verdict::kEvent);
  EXPECT_EQ(item.event, (Event{.type = EventType::kDocker,
                               .actor_name = "web",
                               .actor_id = "4f66",
                               .attributes = {{"exitCode", "137"},
                                              {"image", "img"},
                                              {"name", "web"},
                                              {"uni", "h\xc3\xa9llo"},
                                              {"multi", "a\nb"}},
                               .action = Action::kContainerDie,
                               .time = absl::FromUnixNanos(1795454963662110994)}));
}

TEST(EventStreamDecoderTest, EachOfTheEightVerbsIsMapped) {
  const std::pair<std::string, Action> table[] = {
      {"create", Action::kContainerCreate},   {"start", Action::kContainerStart},
      {"unpause", Action::kContainerUnpause}, {"kill", Action::kContainerKill},
      {"stop", Action::kContainerStop},       {"pause", Action::kContainerPause},
      {"die", Action::kContainerDie},         {"destroy", Action::kContainerDestroy},
  };
  for (const auto& [verb, action] : table) EXPECT_EQ(DecodeOne(Container(verb)).event.action, action) << verb;
}

TEST(EventStreamDecoderTest, RenamesAndHealthAreEvents) {
  EXPECT_EQ(DecodeOne(Container("rename")).event.action, Action::kContainerRename);
  EXPECT_EQ(DecodeOne(Container("health_status: healthy")).event.action, Action::kContainerHealthy);
  EXPECT_EQ(DecodeOne(Container("health_status: unhealthy")).event.action, Action::kContainerUnhealthy);
}

TEST(EventStreamDecoderTest, WhatHasNoActorIsNoEvent) {
  EXPECT_EQ(
      DecodeOne(R"({"Type":"container","Action":"prune","Actor":{"ID":"","Attributes":{"reclaimed":"0"}}})")
          .verdict,
      Verdict::kUnknownAction);
  EXPECT_EQ(DecodeOne(R"({"Type":"network","Action":"prune","Actor":{"ID":""}})").verdict,
            Verdict::kOtherType);
  EXPECT_EQ(DecodeOne(R"({"Type":"network","Action":"destroy","Actor":{"ID":"n"}})").verdict,
            Verdict::kOtherType);
}

TEST(EventStreamDecoderTest, PodmanIsUnderstood) {
  const auto decode = [](absl::string_view action, absl::string_view attributes,
                         absl::string_view more = "") {
    const std::string object = absl::StrCat(
        R"({"status":")", action, R"(","id":"4f66","from":"img","Type":"container","Action":")", action,
        R"(","Actor":{"ID":"4f66","Attributes":{"image":"img","name":"web","podId":"")", attributes,
        R"(}},"scope":"local","time":1656082205,"timeNano":1656082205882271276)", more, "}\n");
    std::vector<Item> items;
    EventStreamDecoder({.dialect = DockerDialect::kPodman}).Feed(object, kNow, [&items](Item item) {
      items.push_back(std::move(item));
      return true;
    });
    return items.at(0);
  };
  const Item removed = decode("remove", "");
  EXPECT_EQ(removed.event.action, Action::kContainerDestroy);
  EXPECT_EQ(removed.event.actor_name, "web");
  EXPECT_EQ(removed.event.actor_id, "4f66");
  EXPECT_EQ(removed.event.time, absl::FromUnixNanos(1656082205882271276));

  EXPECT_EQ(decode("health_status", "", R"(,"HealthStatus":"healthy")").event.action,
            Action::kContainerHealthy);
  EXPECT_EQ(decode("health_status", "", R"(,"HealthStatus":"unhealthy")").event.action,
            Action::kContainerUnhealthy);
  EXPECT_EQ(decode("health_status", "", R"(,"HealthStatus":"starting")").verdict, Verdict::kUnknownAction);
  EXPECT_EQ(decode("cleanup", "").verdict, Verdict::kUnknownAction);

  EXPECT_EQ(decode("die", R"(,"containerExitCode":"3","exitCode":"3")").event.attributes.Get("exitCode"),
            "3");
  const Item died = decode("died", R"(,"containerExitCode":"3")");  // old ones
  EXPECT_EQ(died.event.action, Action::kContainerDie);
  EXPECT_EQ(died.event.attributes.Get("exitCode"), "3");

  EXPECT_EQ(DecodeOne(Container("remove")).verdict, Verdict::kUnknownAction) << "Docker has no such verb";
}

TEST(EventStreamDecoderTest, OtherVerbsOfContainersAreUnknown) {
  for (const std::string verb : {"restart", "exec_start: sh -c a: b", "health_status: starting",
                                 "health_status", "oom", "Start", "start ", "prune", "\\u0000"}) {
    EXPECT_EQ(DecodeOne(Container(verb)).verdict, Verdict::kUnknownAction) << verb;
  }
}

TEST(EventStreamDecoderTest, OtherTypesAreTold) {
  EXPECT_EQ(DecodeOne(R"({"Type":"network","Action":"destroy","Actor":{"ID":"i"}})").verdict,
            Verdict::kOtherType);
  EXPECT_EQ(DecodeOne(R"({"Action":"start","Actor":{"ID":"i"}})").verdict, Verdict::kOtherType);
}

TEST(EventStreamDecoderTest, WhatIsNoEventIsMalformed) {
  const std::vector<std::string> table = {
      "{}",
      "{]}",
      "garbage",
      absl::StrCat(R"({"a":)", std::string(40, '['), std::string(40, ']'), "}"),
      R"({"Type":"container"})",
      R"({"Type":"container","Action":7})",
      R"({"Type":"container","Action":"start"})",
      R"({"Type":"container","Action":"start","Actor":null})",
      R"({"Type":"container","Action":"start","Actor":{"ID":""}})",
      R"({"Type":"container","Action":"start","Actor":{"ID":"i"}},)",
  };
  for (const std::string& object : table) {
    const Item item = Decode(object).back();
    EXPECT_EQ(item.verdict, Verdict::kMalformed) << object;
    EXPECT_FALSE(item.error.ok()) << object;
  }
}

TEST(EventStreamDecoderTest, ABadLineCostsNoGoodOne) {
  const std::string good = Container("start");
  for (const std::string bad :
       {"garbage", "{]}", "{\"a\":\"", "[1,2]", "null", "\xff\xfe", "{\"a\":{\"b\":", "<p>{\"a\":1}</p>"}) {
    const std::vector<Item> items = Decode(absl::StrCat(good, "\n", bad, "\n", good, "\n"), 7);
    ASSERT_EQ(items.size(), 3u) << bad;
    EXPECT_EQ(items[0].verdict, Verdict::kEvent);
    EXPECT_EQ(items[1].verdict, Verdict::kMalformed) << bad;
    EXPECT_EQ(items[2].verdict, Verdict::kEvent) << bad;
  }
}

TEST(EventStreamDecoderTest, MissingAttributesLeaveTheId) {
  for (const std::string attributes : {"null", "{}", "7", R"({"name":null})", R"({"name":""})"}) {
    const Item item = DecodeOne(Container("start", attributes));
    EXPECT_EQ(item.verdict, Verdict::kEvent) << attributes;
    EXPECT_EQ(item.event.actor_name, "i") << attributes;
  }
  EXPECT_EQ(DecodeOne(Container("start", R"({"name":"/web"})")).event.actor_name, "web");
}

TEST(EventStreamDecoderTest, BytesThatAreNotUtf8AreKept) {
  EXPECT_EQ(DecodeOne(Container("start", "{\"name\":\"a\xff\"}")).event.actor_name, "a\xff");
  EXPECT_EQ(DecodeOne(Container("start", R"({"name":"n","l":"\ud800"})")).verdict, Verdict::kEvent);
}

TEST(EventStreamDecoderTest, TimeIsExactAndFallsBack) {
  EXPECT_EQ(DecodeOne(Container("start")).event.time, absl::FromUnixNanos(5000000007));
  const std::string head = R"({"Type":"container","Action":"start","Actor":{"ID":"i"})";
  EXPECT_EQ(DecodeOne(head + R"(,"time":9})").event.time, absl::FromUnixSeconds(9));
  EXPECT_EQ(DecodeOne(head + R"(,"time":9,"timeNano":null})").event.time, absl::FromUnixSeconds(9));
  EXPECT_EQ(DecodeOne(head + "}").event.time, kNow);
  // 2^53 + 1 is no double.
  EXPECT_EQ(DecodeOne(head + R"(,"timeNano":9007199254740993})").event.time,
            absl::FromUnixNanos(9007199254740993));
}

TEST(EventStreamDecoderTest, AnEngineBeforeApi122IsUnderstood) {
  const Item item = DecodeOne(R"({"status":"start","id":"4f66","from":"img:1","time":9})");
  EXPECT_EQ(item.verdict, Verdict::kEvent);
  EXPECT_EQ(item.event.action, Action::kContainerStart);
  EXPECT_EQ(item.event.actor_id, "4f66");
  EXPECT_THAT(item.event.attributes, ElementsAre(Pair("image", "img:1")));
}

TEST(EventStreamDecoderTest, AShortIdIsPassedUnchanged) {
  EXPECT_EQ(DecodeOne(R"({"Type":"container","Action":"die","Actor":{"ID":"abcdefghijk"}})").event.actor_id,
            "abcdefghijk");
}

// Counted from the recordings with another program (jq).
struct Recording {
  std::string file;
  int other_types;
};

class RecordingTest : public ::testing::TestWithParam<Recording> {};

TEST_P(RecordingTest, IsDecodedWithExactCountsWhateverTheChunks) {
  const std::string stream = ReadTestData(GetParam().file);
  const std::vector<Item> whole = Decode(stream);
  std::map<std::string, int> actions;
  std::map<Verdict, int> verdicts;
  for (const Item& item : whole) {
    ++verdicts[item.verdict];
    if (item.verdict == Verdict::kEvent) {
      ++actions[ActionName(item.event.action)];
      EXPECT_EQ(item.event.actor_id.size(), 64u);
      EXPECT_EQ(item.event.attributes.Get("name"), item.event.actor_name);
    }
  }
  EXPECT_THAT(actions, UnorderedElementsAre(Pair("create", 48), Pair("start", 52), Pair("pause", 1),
                                            Pair("unpause", 1), Pair("kill", 9), Pair("die", 52),
                                            Pair("stop", 2), Pair("destroy", 48), Pair("rename", 1),
                                            Pair("healthy", 1), Pair("unhealthy", 1)));
  EXPECT_EQ(verdicts[Verdict::kEvent], 216);
  EXPECT_EQ(verdicts[Verdict::kUnknownAction], 60);
  EXPECT_EQ(verdicts[Verdict::kOtherType], GetParam().other_types);
  EXPECT_EQ(verdicts[Verdict::kMalformed], 0);

  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    const std::vector<Item> pieces = Decode(stream, piece);
    ASSERT_EQ(pieces.size(), whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      ASSERT_EQ(pieces[i].event, whole[i].event);
      ASSERT_EQ(pieces[i].key, whole[i].key);
      ASSERT_NE(pieces[i].key, 0u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, RecordingTest,
                         ::testing::Values(Recording{"docker-20.10-events.ndjson", 113},
                                           Recording{"docker-20.10-events-v1.41-containers.ndjson", 0},
                                           Recording{"docker-28.5-events.ndjson", 112},
                                           Recording{"docker-28.5-events-v1.41-containers.ndjson", 0}),
                         [](const auto& param) {
                           std::string name;
                           for (const char c : param.param.file) name += absl::ascii_isalnum(c) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace lookout
