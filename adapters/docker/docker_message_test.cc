#include "lookout/adapters/docker/docker_message.h"

#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/message_difference.h"
#include "lookout/adapters/docker/testdata.h"

namespace lookout::docker_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// With `value`, JSON, as the value of an attribute.
std::string WithAttribute(absl::string_view value) {
  return absl::StrCat(R"({"Action":"a","Actor":{"Attributes":{"k":)", value, "}}}");
}

std::string AttributeOf(absl::string_view value) {
  const std::string json = WithAttribute(value);
  const absl::StatusOr<DockerMessage> message = ParseDockerMessage(json);
  return message.ok() ? std::string(message->ReadAttributes().Get("k")) : "!";
}

TEST(DockerMessageTest, StringsStandForTheirBytes) {
  const std::pair<std::string, std::string> table[] = {
      {R"("")", ""},
      {R"("a\"\\\/\b\f\n\r\tz")", "a\"\\/\b\f\n\r\tz"},
      {R"("\u0041\u00e9\u20AC\ud83d\uDE00")", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {R"("\u0000")", std::string(1, '\0')},
      {R"("\ud800")", "\xef\xbf\xbd"},
      {R"("\udc00x")", "\xef\xbf\xbdx"},
      {R"("\ud800\n")", "\xef\xbf\xbd\n"},
      {R"("\ud800\u0041")",
       "\xef\xbf\xbd"
       "A"},
      {R"("\ud800\ud83d\ude00")", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
      {"\"\xff\xc3\"", "\xff\xc3"},
      {"\"\x7f\"", "\x7f"},
  };
  for (const auto& [json, bytes] : table) {
    EXPECT_EQ(AttributeOf(json), bytes) << json;
    EXPECT_EQ(MessageDifference(WithAttribute(json)), "");
  }
}

TEST(DockerMessageTest, ValuesThatAreNoStringsKeepTheirText) {
  for (const std::string json : {"1", "-0", "1.50", "1e5", "true", "false", "[1, 2]", R"({"a" : [{}]})"}) {
    EXPECT_EQ(AttributeOf(json), json);
    EXPECT_EQ(MessageDifference(WithAttribute(json)), "");
  }
}

TEST(DockerMessageTest, WhatIsNoJsonIsRefused) {
  const std::vector<std::string> values = {"",
                                           "01",
                                           "+1",
                                           "-",
                                           ".5",
                                           "1.",
                                           "1e",
                                           "1e+",
                                           "0x1",
                                           "nul",
                                           "nulll",
                                           "True",
                                           "NaN",
                                           "'a'",
                                           R"("\x")",
                                           R"("\u12")",
                                           R"("\u12g4")",
                                           "\"\t\"",
                                           "\"a",
                                           "[1,]",
                                           "[,1]",
                                           "[1 2]",
                                           "[",
                                           "{",
                                           "]",
                                           R"({"a"})",
                                           R"({"a":1,})",
                                           R"({,})",
                                           R"({a:1})",
                                           R"({"a":1 "b":2})",
                                           "1,\"k\"",
                                           "1}",
                                           "//c\n1",
                                           "\xef\xbb\xbf"
                                           "1",
                                           R"("\ud800\u00")"};
  for (const std::string& value : values) {
    EXPECT_EQ(AttributeOf(value), "!") << value;
    EXPECT_EQ(MessageDifference(WithAttribute(value)), "");
  }
  for (const std::string json : {"", " ", "{", "[]", "null", "7", R"("a")", R"({"Action":"a"}})",
                                 R"({"Action":"a"}{})", R"({"Action":"a"} x)", R"({"Action":"a",})"}) {
    EXPECT_FALSE(ParseDockerMessage(json).ok()) << json;
    EXPECT_EQ(MessageDifference(json), "");
  }
}

TEST(DockerMessageTest, NestedToThirtyTwo) {
  for (const auto& [open, close] : {std::pair("[", "]"), std::pair("{\"a\":", "}")}) {
    for (const int depth : {29, 30}) {  // within three objects
      std::string value;
      for (int i = 0; i < depth; ++i) value += open;
      value += "1";
      for (int i = 0; i < depth; ++i) value += close;
      EXPECT_EQ(AttributeOf(value) != "!", depth == 29) << value;
      EXPECT_EQ(MessageDifference(WithAttribute(value)), "");
    }
  }
  const absl::StatusOr<DockerMessage> deep = ParseDockerMessage(WithAttribute(std::string(100'000, '[')));
  EXPECT_THAT(deep.status().message(), HasSubstr("too deeply"));
}

TEST(DockerMessageTest, OfMembersThatComeTwiceTheLastCounts) {
  const std::vector<std::string> table = {
      R"({"Action":"a","Action":"b"})",
      R"({"Action":"a","Action":7})",
      R"({"Action":"a","\u0041ction":"b"})",
      R"({"Action":"a","Actor":{"ID":"i","Attributes":{"k":"v"}},"Actor":{}})",
      R"({"Action":"a","Actor":{"ID":"i","Attributes":{"k":"v"}},"Actor":null})",
      R"({"Action":"a","Actor":{"ID":"i","Attributes":{"k":"v"},"Attributes":{"l":"w"},"ID":"j"}})",
      R"({"Action":"a","Actor":{"Attributes":{"k":"v","k":null}}})",
      R"({"Action":"a","Actor":{"Attributes":{"k":null,"k":"v"}}})",
      R"({"Action":"a","Actor":{"Attributes":{"k":"v","\u006b":"w","a":"b"}}})",
      R"({"Action":"a","timeNano":5,"timeNano":"x","time":3})",
      R"({"Action":"","Type":"","status":"s","from":"f","from":"g","id":"i"})",
  };
  for (const std::string& json : table) EXPECT_EQ(MessageDifference(json), "");
  const absl::StatusOr<DockerMessage> message = ParseDockerMessage(table[8]);
  ASSERT_TRUE(message.ok());
  EXPECT_THAT(message->ReadAttributes(), ElementsAre(Pair("a", "b"), Pair("k", "w")));
}

TEST(DockerMessageTest, NumbersOfTimeAreExactOrNone) {
  for (const std::string number :
       {"0", "-0", "-1", "9007199254740993", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "1.0", "1e3", "1E-3",
        "123456789012345678901234567890", "\"5\"", "true", "null", "[5]"}) {
    for (const std::string name : {"time", "timeNano"}) {
      EXPECT_EQ(MessageDifference(absl::StrCat(R"({"Action":"a","time":4,")", name, "\":", number, "}")), "");
    }
  }
}

TEST(DockerMessageTest, APrefixIsReadAndItsLengthTold) {
  DockerMessage message;
  EXPECT_EQ(ParseDockerMessagePrefix(R"({"Action":"a"}{)", message).value(), 14u);
  EXPECT_EQ(ParseDockerMessagePrefix("{\"Action\":\"a\"}\n}", message).value(), 14u);
  EXPECT_FALSE(ParseDockerMessagePrefix("{\"Action\":\n\"a\"}", message).ok()) << "its rest is missing";
  EXPECT_TRUE(ParseDockerMessage("{\"Action\":\n\"a\"}\n").ok());
}

TEST(ParseErrorMessageTest, Table) {
  EXPECT_EQ(ParseErrorMessage("{\"message\":\"no \\u003ca\\u003e\"}\n"), "no <a>");
  EXPECT_EQ(ParseErrorMessage("{\n  \"cause\": [{}],\n  \"message\": \"m\"\n}"), "m");
  for (const std::string body : {"", "{}", "[]", "<html>", R"({"message":7})", R"({"message":""})",
                                 R"({"message":"m")", R"({"message":"m"}x)"}) {
    EXPECT_EQ(ParseErrorMessage(body), std::nullopt) << body;
  }
}

// Lines of the recordings, small ones, and pieces that the grammar cares about.
class Mutations {
 public:
  std::string Next() {
    std::string text = lines_[random_() % lines_.size()];
    for (std::size_t i = random_() % 4; i > 0; --i) Change(text);
    return text;
  }

 private:
  void Change(std::string& text) {
    static constexpr absl::string_view kPieces[] = {"\"",
                                                    "\\",
                                                    "{",
                                                    "}",
                                                    "[",
                                                    "]",
                                                    ",",
                                                    ":",
                                                    " ",
                                                    "\n",
                                                    "\t",
                                                    "\x01",
                                                    "\xff",
                                                    "\\u",
                                                    "\\ud800",
                                                    "\\udc00",
                                                    "\\u0041",
                                                    "\\n",
                                                    "\\\"",
                                                    "null",
                                                    "true",
                                                    "0",
                                                    "-",
                                                    "1.5",
                                                    "e9",
                                                    "9007199254740993",
                                                    "\"Action\":",
                                                    "\"Actor\":{",
                                                    "\"Attributes\":{",
                                                    "\"timeNano\":",
                                                    "{\"a\":[",
                                                    "\"k\":\"v\",",
                                                    "\"status\":\"start\","};
    const std::size_t at = random_() % (text.size() + 1);
    switch (random_() % 4) {
      case 0:
        text.erase(at, 1 + random_() % 8);
        break;
      case 1:
        text.insert(at, kPieces[random_() % std::size(kPieces)]);
        break;
      case 2:
        text.insert(at, text.substr(random_() % (text.size() + 1), random_() % 32));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random_());
    }
  }

  static std::vector<std::string> Lines() {
    std::vector<std::string> lines = {
        R"({"Type":"container","Action":"start","Actor":{"ID":"i","Attributes":{"a":1,"b":[{}],"c":null}},"time":1})",
        R"({"status":"start","id":"i","from":"f","time":5,"timeNano":-5})",
        R"({"Action":"health_status","HealthStatus":"healthy","Type":"container","Actor":{"ID":"\ud83d\ude00"}})",
    };
    for (const std::string file : {"docker-28.5-events.ndjson", "docker-20.10-events.ndjson"}) {
      const std::string recording = ReadTestData(file);
      for (const absl::string_view line : absl::StrSplit(recording, '\n', absl::SkipEmpty())) {
        if (line.size() < 1000) lines.emplace_back(line);
      }
    }
    return lines;
  }

  std::mt19937 random_{4};  // the same in every run
  const std::vector<std::string> lines_ = Lines();
};

TEST(DockerMessageTest, IsReadAsBoostWouldReadIt) {
  Mutations mutations;
  int messages = 0;
  constexpr int kRounds = 20'000;
  for (int i = 0; i < kRounds; ++i) {
    const std::string json = mutations.Next();
    ASSERT_EQ(MessageDifference(json), "");
    messages += ParseDockerMessage(json).ok() ? 1 : 0;
  }
  // Or the mutations would try but one side.
  EXPECT_GT(messages, kRounds / 5);
  EXPECT_LT(messages, kRounds * 4 / 5);
}

}  // namespace
}  // namespace lookout::docker_internal
