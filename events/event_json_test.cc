#include "lookout/events/event_json.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"

namespace lookout {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

absl::Time Time(int year, int month, int day) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, 15, 4, 5), absl::UTCTimeZone());
}

Event Example() {
  return {.type = EventType::kDocker,
          .actor_name = "nginx",
          .actor_id = "4f66ad9a0b2e",
          .attributes = {{"k", "v"}, {"image", "nginx:1.27"}},
          .action = Action::kContainerStart,
          .time = Time(2026, 11, 23) + absl::Nanoseconds(123456789)};
}

TEST(EventJsonTest, IsOneObjectOnOneLineWithMembersInThisOrder) {
  EXPECT_EQ(EventToJson(Example()),
            R"({"type":"docker","action":"start","actor_name":"nginx","actor_id":"4f66ad9a0b2e",)"
            R"("actor_attributes":{"image":"nginx:1.27","k":"v"},"time":"2026-11-23T15:04:05.123456789Z"})");
}

TEST(EventJsonTest, AppendsToWhatIsThere) {
  std::string lines = "first\n";
  AppendEventJson(Example(), lines);
  EXPECT_EQ(lines, absl::StrCat("first\n", EventToJson(Example())));
}

TEST(EventJsonTest, ReadsBackWhatItWrites) {
  const absl::StatusOr<Event> event = EventFromJson(EventToJson(Example()));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(*event, Example());
}

TEST(EventJsonTest, EveryActionAndTypeReadsBack) {
  for (int bit = 0; bit < 16; ++bit) {
    for (EventType type : {EventType::kDocker, EventType::kFile}) {
      Event event = Example();
      event.type = type;
      event.action = static_cast<Action>(1 << bit);
      EXPECT_EQ(EventFromJson(EventToJson(event)).value(), event);
    }
  }
}

TEST(EventJsonTest, TimesHaveNineDigitsOfTheSecondAndAreClampedToWhatRfc3339CanWrite) {
  const struct {
    absl::Time time;
    absl::string_view text;
  } kCases[] = {
      {absl::UnixEpoch(), "1970-01-01T00:00:00.000000000Z"},
      {absl::UnixEpoch() - absl::Nanoseconds(1), "1969-12-31T23:59:59.999999999Z"},
      {Time(2026, 1, 2) + absl::Nanoseconds(1), "2026-01-02T15:04:05.000000001Z"},
      {Time(999, 1, 2), "0999-01-02T15:04:05.000000000Z"},
      {Time(0, 1, 2), "0000-01-02T15:04:05.000000000Z"},
      {Time(-1, 1, 2), "0000-01-01T00:00:00.000000000Z"},
      {Time(10000, 1, 2), "9999-12-31T23:59:59.999999999Z"},
      {absl::InfinitePast(), "0000-01-01T00:00:00.000000000Z"},
      {absl::InfiniteFuture(), "9999-12-31T23:59:59.999999999Z"},
  };
  for (const auto& test : kCases) {
    const std::string json = EventToJson({.actor_name = "x", .time = test.time});
    EXPECT_THAT(json, HasSubstr(absl::StrCat(R"("time":")", test.text, R"("})")));
    EXPECT_TRUE(EventFromJson(json).ok()) << json;
  }
}

constexpr absl::string_view kMinimal =
    R"({"type":"file","action":"written","actor_name":"/a","time":"2026-11-23T15:04:05Z"})";

TEST(EventFromJsonTest, IdAndAttributesMayBeAbsentAndUnknownMembersArePassedOver) {
  const Event expected{.type = EventType::kFile,
                       .actor_name = "/a",
                       .action = Action::kFileWritten,
                       .time = Time(2026, 11, 23)};
  EXPECT_EQ(EventFromJson(kMinimal).value(), expected);
  const std::string with_more = absl::StrReplaceAll(kMinimal, {{"{", R"({"later":{"deep":[1,null,{}]},)"}});
  EXPECT_EQ(EventFromJson(with_more).value(), expected);
  EXPECT_EQ(EventFromJson(absl::StrCat(" ", kMinimal, "\n")).value(), expected);
}

TEST(EventFromJsonTest, TimesMayHaveAnyZoneAndAnyDigits) {
  const std::string json = absl::StrReplaceAll(kMinimal, {{"05Z", "05.5+02:00"}});
  EXPECT_EQ(EventFromJson(json).value().time, Time(2026, 11, 23) - absl::Hours(2) + absl::Milliseconds(500));
}

TEST(EventFromJsonTest, OfEqualAttributesTheLastWins) {
  const std::string json =
      absl::StrReplaceAll(kMinimal, {{"{", R"({"actor_attributes":{"k":"1","k":"2"},)"}});
  EXPECT_EQ(EventFromJson(json).value().attributes, (Attributes{{"k", "2"}}));
}

struct Malformed {
  absl::string_view name;  // of the test
  absl::string_view from;  // what of kMinimal is replaced
  absl::string_view to;
  absl::string_view says;
};

class EventFromMalformedJsonTest : public ::testing::TestWithParam<Malformed> {};

TEST_P(EventFromMalformedJsonTest, IsInvalidAndNamesTheMember) {
  const std::string json = absl::StrReplaceAll(kMinimal, {{GetParam().from, GetParam().to}});
  ASSERT_NE(json, kMinimal) << "the case changes nothing";
  const absl::StatusOr<Event> event = EventFromJson(json);
  EXPECT_EQ(event.status().code(), absl::StatusCode::kInvalidArgument) << json;
  EXPECT_THAT(event.status().message(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    All, EventFromMalformedJsonTest,
    ::testing::Values(Malformed{"no_type", R"("type":"file",)", "", "'type' is missing"},
                      Malformed{"unknown_type", "file", "flie", "'type' : unknown event type 'flie'"},
                      Malformed{"type_no_string", R"("file")", "1", "'type' is not a string"},
                      Malformed{"no_action", R"("action":"written",)", "", "'action' is missing"},
                      Malformed{"unknown_action", "written", "writen", "'action' : unknown action 'writen'"},
                      Malformed{"action_no_string", R"("written")", "[]", "'action' is not a string"},
                      Malformed{"no_name", R"("actor_name":"/a",)", "", "'actor_name' is missing"},
                      Malformed{"name_null", R"("/a")", "null", "'actor_name' is not a string"},
                      Malformed{"id_no_string", "{", R"({"actor_id":7,)", "'actor_id' is not a string"},
                      Malformed{"id_null", "{", R"({"actor_id":null,)", "'actor_id' is not a string"},
                      Malformed{"attributes_list", "{", R"({"actor_attributes":[],)",
                                "'actor_attributes' is not an object"},
                      Malformed{"attribute_number", "{", R"({"actor_attributes":{"k":1},)",
                                "'actor_attributes.k' is not a string"},
                      Malformed{"no_time", R"(,"time":"2026-11-23T15:04:05Z")", "", "'time' is missing"},
                      Malformed{"time_number", R"("2026-11-23T15:04:05Z")", "1", "'time' is not a string"},
                      Malformed{"time_without_zone", "05Z", "05", "'time'"},
                      Malformed{"time_impossible", "2026-11-23", "2026-02-30", "'time'"},
                      Malformed{"time_with_space", "05Z", "05Z ", "'time'"},
                      Malformed{"time_with_space_before", "2026", " 2026", "'time'"},
                      Malformed{"time_infinite", "2026-11-23T15:04:05Z", "infinite-future", "'time'"},
                      Malformed{"time_empty", "2026-11-23T15:04:05Z", "", "'time'"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(EventFromJsonTest, WhatIsNoJsonIsInvalidAndSaysWhere) {
  for (absl::string_view json :
       {"", " ", "{", "}", "{}x", "nul", "\"", "[", "{\"type\":", "{\"type\":\"file\",}", "{'type':'file'}",
        "\xEF\xBB\xBF{}", "{\"a\":\"\x01\"}", "{\"a\":\"\xFF\"}", "{\"a\":\"\\ud800\"}", "{\"a\":01}",
        "{}{}"}) {
    const absl::Status status = EventFromJson(json).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(status.message(), AllOf(HasSubstr("event in JSON"), HasSubstr("at byte"))) << json;
  }
}

TEST(EventFromJsonTest, WhatIsNoObjectIsInvalid) {
  for (absl::string_view json : {"null", "1", "\"x\"", "[]", "true"}) {
    const absl::Status status = EventFromJson(json).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(status.message(), HasSubstr("not an object")) << json;
  }
}

TEST(EventFromJsonTest, NestingWithoutEndIsRefusedNotFollowed) {
  const std::string json = std::string(1'000'000, '[');
  EXPECT_EQ(EventFromJson(json).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace lookout
