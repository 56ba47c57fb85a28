// Any bytes come through JSON unchanged, and the JSON is valid all the same.
#include <cstddef>
#include <random>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/event_json.h"
#include "lookout/events/json_text.h"

namespace lookout {
namespace {

using ::testing::HasSubstr;

Event WithBytes(absl::string_view bytes) {
  return {.type = EventType::kFile,
          .actor_name = std::string(bytes),
          .actor_id = std::string(bytes),
          .attributes = {{absl::StrCat("key", bytes), std::string(bytes)}},
          .action = Action::kFileRenamed};
}

// Reading is by Boost.JSON, which refuses what is no valid UTF-8: that it reads is the proof of validity.
void ExpectRoundTrip(absl::string_view bytes) {
  const std::string json = EventToJson(WithBytes(bytes));
  const absl::StatusOr<Event> event = EventFromJson(json);
  ASSERT_TRUE(event.ok()) << event.status() << " " << absl::CHexEscape(json);
  ASSERT_EQ(*event, WithBytes(bytes)) << absl::CHexEscape(json);
  ASSERT_EQ(json.find_first_of("\n\r"), json.npos) << "one line";
}

std::string JsonOf(absl::string_view bytes) {
  std::string json;
  events_internal::AppendJsonString(bytes, json);
  return json;
}

TEST(EventJsonBytesTest, EverySingleByteRoundTrips) {
  for (int byte = 0; byte < 256; ++byte) {
    ExpectRoundTrip(std::string(1, static_cast<char>(byte)));
    ExpectRoundTrip(absl::StrCat("before", std::string(1, static_cast<char>(byte)), "after"));
  }
}

TEST(EventJsonBytesTest, EveryPairOfBytesRoundTrips) {
  for (int pair = 0; pair < 65536; ++pair) {
    const char bytes[] = {static_cast<char>(pair >> 8), static_cast<char>(pair)};
    const absl::string_view text(bytes, 2);
    ExpectRoundTrip(text);
    if (HasFatalFailure()) return;
  }
}

TEST(EventJsonBytesTest, WhatIsNoValidUtf8IsEscapedByteByByte) {
  const struct {
    absl::string_view bytes;
    absl::string_view json;
  } kCases[] = {
      {"\xFF", R"("\uefff")"},
      {"\x80", R"("\uef80")"},
      {"a\xC3", R"("a\uefc3")"},                              // truncated
      {"\xE2\x82", R"("\uefe2\uef82")"},                      // truncated
      {"\xE2\x82\x41", R"("\uefe2\uef82A")"},                 // cut off by another
      {"\xF0\x9F\x98", R"("\ueff0\uef9f\uef98")"},            // truncated
      {"\xE2\x82\xC3\xA9", "\"\\uefe2\\uef82\xC3\xA9\""},     // cut off by a valid one
      {"\xC0\xAF", R"("\uefc0\uefaf")"},                      // overlong '/'
      {"\xC1\xBF", R"("\uefc1\uefbf")"},                      // overlong
      {"\xE0\x80\xAF", R"("\uefe0\uef80\uefaf")"},            // overlong
      {"\xE0\x9F\xBF", R"("\uefe0\uef9f\uefbf")"},            // overlong, the last
      {"\xF0\x80\x80\xAF", R"("\ueff0\uef80\uef80\uefaf")"},  // overlong
      {"\xF0\x8F\xBF\xBF", R"("\ueff0\uef8f\uefbf\uefbf")"},  // overlong, the last
      {"\xED\xA0\x80", R"("\uefed\uefa0\uef80")"},            // surrogate U+D800
      {"\xED\xBF\xBF", R"("\uefed\uefbf\uefbf")"},            // surrogate U+DFFF
      {"\xF4\x90\x80\x80", R"("\ueff4\uef90\uef80\uef80")"},  // U+110000
      {"\xF5\x80\x80\x80", R"("\ueff5\uef80\uef80\uef80")"},  // beyond
      {"\xF8\x88\x80\x80\x80", R"("\ueff8\uef88\uef80\uef80\uef80")"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(JsonOf(test.bytes), test.json) << absl::CHexEscape(test.bytes);
    ExpectRoundTrip(test.bytes);
  }
}

TEST(EventJsonBytesTest, ValidUtf8IsWrittenAsItIs) {
  for (absl::string_view text : {
           "é",
           "€",
           "😀",
           "日本語",
           "\xC2\x80",
           "\xDF\xBF",
           "\xE0\xA0\x80",
           "\xED\x9F\xBF",
           "\xEE\x80\x80",
           "\xEF\xBF\xBF",
           "\xF0\x90\x80\x80",
           "\xF4\x8F\xBF\xBF",
           "\xEE\xBD\xBF",  // U+EF7F, just before the range of raw bytes
           "\xEF\x80\x80",  // U+F000, just after it
       }) {
    EXPECT_EQ(JsonOf(text), absl::StrCat("\"", text, "\""));
    ExpectRoundTrip(text);
  }
}

TEST(EventJsonBytesTest, GenuineCodePointsOfTheRangeOfRawBytesRoundTrip) {
  for (int byte = 0x80; byte <= 0xFF; ++byte) {
    // U+EF00 + byte in UTF-8.
    const char text[] = {'\xEE', static_cast<char>(0xBC | byte >> 6),
                         static_cast<char>(0x80 | (byte & 0x3F))};
    ExpectRoundTrip(absl::string_view(text, 3));
    EXPECT_THAT(JsonOf(absl::string_view(text, 3)), HasSubstr(R"(\uefee\uefb)")) << byte;
  }
}

TEST(EventJsonBytesTest, ARawByteReadsTheSameWhetherEscapedOrNot) {
  const char kTemplate[] =
      R"({"type":"file","action":"written","actor_name":"%s","time":"2026-11-23T15:04:05Z"})";
  const auto name_of = [&](absl::string_view text) {
    std::string json = kTemplate;
    json.replace(json.find("%s"), 2, text);
    return EventFromJson(json).value().actor_name;
  };
  EXPECT_EQ(name_of(R"(\uefff)"), "\xFF");
  EXPECT_EQ(name_of("\xEE\xBF\xBF"), "\xFF");
  EXPECT_EQ(name_of(R"(\uEF80)"), "\x80");
  EXPECT_EQ(name_of(R"(\uef7f)"), "\xEE\xBD\xBF") << "U+EF7F stands for itself";
  EXPECT_EQ(name_of(R"(\ud83d\ude00)"), "😀");
}

TEST(EventJsonBytesTest, ControlCharactersQuotesAndBackslashesAreEscaped) {
  EXPECT_EQ(JsonOf(absl::string_view("\0\x01\x1f\x7f\"\\/\b\f\n\r\t", 12)),
            R"("\u0000\u0001\u001f\u007f\"\\/\u0008\u000c\n\r\t")");
}

TEST(EventJsonBytesTest, RandomBytesRoundTrip) {
  // Seeded, so that a failure comes again. Bytes near the borders of UTF-8 are drawn more often.
  std::mt19937 random(20261123);
  constexpr absl::string_view kBorders =
      "\x7F\x80\xBD\xBE\xBF\xC0\xC1\xC2\xDF\xE0\xED\xEE\xEF\xF0\xF4\xF5\xFF\xA0\x9F\x90\x8F\"\\";
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) {
      byte = random() % 2 == 0 ? static_cast<char>(random()) : kBorders[random() % kBorders.size()];
    }
    ExpectRoundTrip(bytes);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace lookout
