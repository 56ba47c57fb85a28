// What the decoder promises about memory, keys and bad input: event_stream_decoder.h. What it maps:
// event_stream_decoder_test.cc.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/adapters/docker/testdata.h"
#include "lookout/testing/allocation_counter.h"

namespace lookout {
namespace {

using Item = EventStreamDecoder::Item;
using Verdict = EventStreamDecoder::Verdict;

constexpr absl::Time kNow = absl::FromUnixSeconds(1);

std::vector<Item> Decode(absl::string_view stream, EventStreamDecoderOptions options = {},
                         std::size_t piece = 1 << 20) {
  EventStreamDecoder decoder(options);
  std::vector<Item> items;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    decoder.Feed(stream.substr(at, piece), kNow, [&](Item item) {
      items.push_back(std::move(item));
      return true;
    });
  }
  return items;
}

std::uint64_t KeyOf(absl::string_view object, absl::Time now = kNow) {
  std::uint64_t key = 0;
  EventStreamDecoder().Feed(object, now, [&key](const Item& item) {
    key = item.key;
    return true;
  });
  return key;
}

constexpr absl::string_view kGood =
    R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"name":"n"}},"timeNano":5})";

TEST(EventKeyTest, OneEventHasOneKeyHoweverItIsTold) {
  const std::uint64_t key = KeyOf(
      R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":"<1>","b":"2"}},"timeNano":5})");
  EXPECT_NE(key, 0u);
  for (
      const absl::string_view same : {
          R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"b":"2","a":"<1>"}},"timeNano":5})",
          R"({"timeNano":5,"Actor":{"Attributes":{"a":"<1>","b":"2"},"ID":"i"},"Type":"container","Action":"start"})",
          R"({"status":"start","id":"i","from":"f","Type":"container","Action":"st\u0061rt", "Actor": )"
          R"({"ID":"i","Attributes":{"a":"\u003c1\u003E","\u0062":"2"}},"scope":"local","time":0,"timeNano":5})",
      }) {
    EXPECT_EQ(KeyOf(same), key) << same;
    EXPECT_EQ(KeyOf(same, absl::FromUnixSeconds(7)), key) << "the time of reading is not the event's";
  }
}

TEST(EventKeyTest, WhateverDiffersGivesAnotherKey) {
  std::vector<std::uint64_t> keys;
  for (
      const absl::string_view object : {
          R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":"1","b":"2"}},"timeNano":5})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":"1","b":"2"}},"timeNano":6})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":"1","b":"2"}}})",
          R"({"Type":"network","Action":"start","Actor":{"ID":"i","Attributes":{"a":"1","b":"2"}},"timeNano":5})",
          R"({"Type":"container","Action":"die","Actor":{"ID":"i","Attributes":{"a":"1","b":"2"}},"timeNano":5})",
          R"({"Type":"container","Action":"attach","Actor":{"ID":"i","Attributes":{"a":"1","b":"2"}},"timeNano":5})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"j","Attributes":{"a":"1","b":"2"}},"timeNano":5})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":"2","b":"1"}},"timeNano":5})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":"1"}},"timeNano":5})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":"1","b":2}},"timeNano":5})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"i"},"timeNano":5})",
          R"({"Type":"container","Action":"start","Actor":{"ID":"i"},"HealthStatus":"healthy","timeNano":5})",
          R"({"status":"start","id":"i","from":"f","timeNano":5})",
          R"({"status":"start","id":"i","from":"g","timeNano":5})",
      }) {
    keys.push_back(KeyOf(object));
    EXPECT_NE(keys.back(), 0u) << object;
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) EXPECT_NE(keys[i], keys.back()) << object;
  }
}

TEST(EventKeyTest, LongTextsCountToTheirEndWhateverTheirSpelling) {
  const auto object = [](absl::string_view label) {
    return absl::StrCat(R"({"Type":"network","Action":"a","Actor":{"Attributes":{"k":")", label, "\"}}}");
  };
  std::string text = std::string(5000, 'x');
  const std::uint64_t key = KeyOf(object(text + "y"));
  EXPECT_NE(key, KeyOf(object(text + "z")));
  for (const std::size_t at : {std::size_t{0}, std::size_t{1023}, std::size_t{1024}, std::size_t{4999}}) {
    std::string spelt = text + "y";
    spelt.replace(at, 1, "\\u0078");
    EXPECT_EQ(KeyOf(object(spelt)), key) << at;
  }
}

TEST(EventKeyTest, OnlyWhatIsNoObjectHasNone) {
  EXPECT_EQ(KeyOf("garbage\n"), 0u);
  EXPECT_EQ(KeyOf("{\"a\":\ngarbage\n"), 0u) << "after an object that has one";
}

TEST(EventKeyTest, AnObjectThatCannotBeReadHasThatOfItsBytesHoweverItIsCut) {
  std::vector<std::uint64_t> keys;
  for (const std::string& object :
       {std::string("{]}"), std::string("{}"), std::string("{\"a\":\n"), std::string("{\"b\":\n"),
        std::string(R"({"Type":"container","Action":"start"})"),
        std::string(R"({"Type":"container","Action":"start","time":1})"),
        absl::StrCat("{\"a\":\"", std::string(300, 'x'), "\"}"),
        absl::StrCat("{\"b\":\"", std::string(300, 'x'), "\"}")}) {
    for (std::size_t piece = 1; piece <= object.size(); ++piece) {
      const std::vector<Item> items = Decode(object, {.max_object_bytes = 200}, piece);
      ASSERT_EQ(items.size(), 1u) << object;
      EXPECT_EQ(items[0].verdict, Verdict::kMalformed) << object;
      EXPECT_NE(items[0].key, 0u) << object;
      if (piece == 1) keys.push_back(items[0].key);
      EXPECT_EQ(items[0].key, keys.back()) << object << " in pieces of " << piece;
    }
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) EXPECT_NE(keys[i], keys.back()) << object;
  }
}

TEST(DecoderMemoryTest, WhatIsPassedOverAllocatesNothing) {
  std::string labels = R"("z":"\u0001","a":[{"b":null}])";
  for (int i = 0; i < 2000; ++i)
    absl::StrAppend(&labels, ",\"label-", i, R"(":"\n)", std::string(100, 'x'), "\"");
  const auto object = [&labels](absl::string_view type, absl::string_view action) {
    return absl::StrCat(R"({"status":"s","id":"i","from":"f","Type":")", type, R"(","Action":")", action,
                        R"(","Actor":{"ID":"i","Attributes":{)", labels,
                        R"(}},"scope":"local","timeNano":5})", "\n");
  };
  const std::string stream = object("network", "connect") + object("container", "exec_start: sh -c true") +
                             object("container", "health_st\\u0061tus: starting");
  EventStreamDecoder decoder;
  int items = 0;
  const AllocationCounter counter;
  decoder.Feed(stream, kNow, [&items](const Item& item) {
    ++items;
    return item.verdict == Verdict::kOtherType || item.verdict == Verdict::kUnknownAction;
  });
  EXPECT_EQ(counter.allocations(), 0u);
  EXPECT_EQ(items, 3);
}

TEST(DecoderMemoryTest, AnObjectThatDoesNotEndIsBoundedByTheCap) {
  constexpr std::size_t kCap = 64 << 10;
  for (const absl::string_view endless : {"{\"a\":\"", "{\"a\":[[", "x", "{{{{"}) {
    EventStreamDecoder decoder({.max_object_bytes = kCap});
    std::vector<Verdict> verdicts;
    const auto note = [&verdicts](const Item& item) {
      verdicts.push_back(item.verdict);
      return true;
    };
    const std::string piece(1000, '[');
    decoder.Feed(endless, kNow, note);
    const AllocationCounter counter;
    for (int i = 0; i < 10'000; ++i) decoder.Feed(piece, kNow, note);
    EXPECT_LT(counter.peak_bytes(), 3 * kCap) << endless;
    decoder.Feed(absl::StrCat("\n", kGood), kNow, note);
    EXPECT_EQ(verdicts, (std::vector<Verdict>{Verdict::kMalformed, Verdict::kEvent})) << endless;
  }
}

TEST(DecoderMemoryTest, TheCapIsExactHoweverAnObjectComes) {
  const std::string stream = absl::StrCat(kGood, kGood, "\n", kGood, "\r\n");
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    for (const Item& item : Decode(stream, {.max_object_bytes = kGood.size()}, piece)) {
      EXPECT_EQ(item.verdict, Verdict::kEvent) << piece;
    }
    const std::vector<Item> items = Decode(stream, {.max_object_bytes = kGood.size() - 1}, piece);
    EXPECT_EQ(items.size(), 3u);
    for (const Item& item : items)
      EXPECT_EQ(item.error.code(), absl::StatusCode::kResourceExhausted) << piece;
  }
}

TEST(DecoderGarbageTest, EachBadLineIsToldOnceAndCostsNoGoodOneHoweverItIsCut) {
  const std::string large = absl::StrCat(R"({"Type":"container","Action":")", std::string(500, 'x'), "\"}");
  const std::string deep = absl::StrCat("{\"a\":", std::string(40, '['), std::string(40, ']'), "}");
  const std::vector<std::string> bad = {"garbage",
                                        "{]}",
                                        "{\"a\":\"",
                                        "[1,2]",
                                        "null",
                                        "\xff\xfe",
                                        "{\"a\":{\"b\":",
                                        "<p>{\"a\":1}</p>",
                                        large,
                                        deep,
                                        "{\"a\":\"\xc3",
                                        "{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"i",
                                        "}",
                                        "{\"a\":tru}",
                                        "{\"a\":\"\x01\"}",
                                        "5f"};
  for (const std::string& line : bad) {
    const std::string stream = absl::StrCat(kGood, "\n", line, "\n", kGood, "\n");
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
      const std::vector<Item> items = Decode(stream, {.max_object_bytes = 200}, piece);
      ASSERT_EQ(items.size(), 3u) << line << " in pieces of " << piece;
      EXPECT_EQ(items[0].verdict, Verdict::kEvent);
      EXPECT_EQ(items[1].verdict, Verdict::kMalformed) << line;
      EXPECT_FALSE(items[1].error.ok());
      EXPECT_EQ(items[2].verdict, Verdict::kEvent) << line;
      EXPECT_EQ(items[2].key, items[0].key);
    }
  }
}

TEST(DecoderFramingTest, EventsAreOneEachHoweverTheyAreParted) {
  for (const absl::string_view between : {"", "\n", "\r\n", "\n\n\r\n \n", "\n\x1e", " "}) {
    const std::string stream = absl::StrCat(between, kGood, between, kGood, between, kGood, between);
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
      const std::vector<Item> items = Decode(stream, {}, piece);
      ASSERT_EQ(items.size(), 3u) << piece;
      for (const Item& item : items) EXPECT_EQ(item.verdict, Verdict::kEvent);
    }
  }
}

TEST(DecoderFramingTest, WhatHasNoEndIsNotTold) {
  EventStreamDecoder decoder;
  int items = 0;
  const auto count = [&items](const Item&) { return ++items > 0; };
  EXPECT_TRUE(decoder.Feed(kGood.substr(0, 50), kNow, count));
  EXPECT_EQ(items, 0);
  EXPECT_TRUE(decoder.within_object());
  decoder.Feed(kGood.substr(50), kNow, count);
  EXPECT_EQ(items, 1);
  EXPECT_FALSE(decoder.within_object());
}

TEST(DecoderFramingTest, FalseEndsTheFeeding) {
  EventStreamDecoder decoder;
  int items = 0;
  EXPECT_FALSE(
      decoder.Feed(absl::StrCat(kGood, "x\n", kGood), kNow, [&items](const Item&) { return ++items < 2; }));
  EXPECT_EQ(items, 2);
}

// The decoder reads good objects in a single pass, and others as the framer cuts them: both must agree. Cut
// at each byte, nothing but the framer's way is left.
TEST(DecoderFramingTest, TheFastWayAndTheSlowTellTheSame) {
  std::string stream;
  for (const absl::string_view line : absl::StrSplit(ReadTestData("docker-28.5-events.ndjson"), '\n')) {
    if (line.size() < 1000) absl::StrAppend(&stream, line, "\n");
  }
  const std::vector<Item> fast = Decode(stream);
  const std::vector<Item> slow = Decode(stream, {}, 1);
  ASSERT_EQ(fast.size(), slow.size());
  for (std::size_t i = 0; i < fast.size(); ++i) {
    EXPECT_EQ(fast[i].verdict, slow[i].verdict);
    EXPECT_EQ(fast[i].event, slow[i].event);
    EXPECT_EQ(fast[i].key, slow[i].key);
  }
}

}  // namespace
}  // namespace lookout
