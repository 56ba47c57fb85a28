#include "lookout/adapters/docker/json_framer.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::docker_internal {
namespace {

using ::testing::ElementsAre;

// The objects of `stream`, fed in pieces of `piece` bytes; "!" and the code's name for what is none.
std::vector<std::string> Frame(absl::string_view stream, std::size_t piece, std::size_t max = 1000) {
  JsonFramer framer(max);
  std::vector<std::string> items;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    absl::string_view bytes = stream.substr(at, piece);
    while (const auto item = framer.Next(bytes)) {
      items.push_back(item->ok() ? std::string(**item)
                                 : "!" + absl::StatusCodeToString(item->status().code()));
    }
    EXPECT_TRUE(bytes.empty());
  }
  return items;
}

struct Row {
  std::string name;
  std::string stream;
  std::vector<std::string> items;
};

const std::vector<Row>& Table() {
  static const auto& table = *new std::vector<Row>{
      {"nothing", "", {}},
      {"one", R"({"a":1})", {R"({"a":1})"}},
      {"lines", "{}\n{}\r\n\r\n\n {\"a\":1}\n", {"{}", "{}", R"({"a":1})"}},
      {"concatenated", R"({"a":{"b":{}}}{"c":2}{})", {R"({"a":{"b":{}}})", R"({"c":2})", "{}"}},
      {"record separators", "\x1e{}\n\x1e{\"a\":1}\n", {"{}", R"({"a":1})"}},
      {"braces and quotes in strings",
       R"({"a":"}{\"}","b\\":"\\"}{"c":"\\\""})",
       {R"({"a":"}{\"}","b\\":"\\"})", R"({"c":"\\\""})"}},
      {"garbage between", "{}\nno json\n{\"a\":1}\n", {"{}", "!INVALID_ARGUMENT", R"({"a":1})"}},
      {"a page", "<html>\n</html>\n{}", {"!INVALID_ARGUMENT", "!INVALID_ARGUMENT", "{}"}},
      {"broken off", "{\"a\":\n{\"b\":2}\n", {"!DATA_LOSS", R"({"b":2})"}},
      {"broken off in a string", "{\"a\":\"x\n{\"b\":2}\n", {"!DATA_LOSS", R"({"b":2})"}},
      {"only closing", "}}\n{}", {"!INVALID_ARGUMENT", "{}"}},
      {"unfinished", R"({"a":)", {}},
      {"any bytes",
       std::string("{\"a\":\"\xff\x00\xfe\"}", 11),
       {std::string("{\"a\":\"\xff\x00\xfe\"}", 11)}},
  };
  return table;
}

TEST(JsonFramerTest, CutsWhateverTheChunks) {
  for (const Row& row : Table()) {
    for (std::size_t piece = 1; piece <= row.stream.size() + 1; ++piece) {
      EXPECT_EQ(Frame(row.stream, piece), row.items) << row.name << ", in pieces of " << piece;
    }
  }
}

TEST(JsonFramerTest, WhatIsTooLargeIsToldOnceAndPassedOver) {
  const std::string large = "{\"a\":\"" + std::string(500, 'x') + "{\"}";
  for (std::size_t piece = 1; piece <= 600; ++piece) {
    EXPECT_THAT(Frame(large + "{}\n" + large + "\n{\"b\":1}", piece, 100),
                ElementsAre("!RESOURCE_EXHAUSTED", "{}", "!RESOURCE_EXHAUSTED", R"({"b":1})"));
  }
}

TEST(JsonFramerTest, TheCapIsExact) {
  const std::string ten = R"({"a":"45"})";
  EXPECT_THAT(Frame(ten, 3, 10), ElementsAre(ten));
  EXPECT_THAT(Frame(ten, 3, 9), ElementsAre("!RESOURCE_EXHAUSTED"));
  EXPECT_THAT(Frame("{}{}", 1, 1), ElementsAre("!RESOURCE_EXHAUSTED", "!RESOURCE_EXHAUSTED"));
}

TEST(JsonFramerTest, TakesOneItemAtATime) {
  JsonFramer framer(100);
  absl::string_view bytes = "{}{\"a\":1}\nx\n";
  framer.Next(bytes);
  EXPECT_EQ(bytes, "{\"a\":1}\nx\n");
  framer.Next(bytes);
  EXPECT_EQ(bytes, "\nx\n");
}

TEST(JsonFramerTest, SaysWhereAnObjectBegins) {
  JsonFramer framer(100);
  absl::string_view bytes = " \r\n\x1e{}";
  EXPECT_TRUE(framer.AtObject(bytes));
  EXPECT_EQ(bytes, "{}");
  bytes = "x{}";
  EXPECT_FALSE(framer.AtObject(bytes));
  bytes = "\n";
  EXPECT_FALSE(framer.AtObject(bytes));
  EXPECT_EQ(bytes, "");
  bytes = "{";
  framer.Next(bytes);
  bytes = "{}}";
  EXPECT_FALSE(framer.AtObject(bytes)) << "it is within one";
}

TEST(JsonFramerTest, SaysWhetherAnObjectIsOpen) {
  JsonFramer framer(100);
  EXPECT_FALSE(framer.within_object());
  absl::string_view bytes = "{\"a";
  framer.Next(bytes);
  EXPECT_TRUE(framer.within_object());
  bytes = "\":1}\n";
  framer.Next(bytes);
  EXPECT_FALSE(framer.within_object());
}

}  // namespace
}  // namespace lookout::docker_internal
