#include "lookout/events/event_json.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "lookout/events/action.h"
#include "lookout/events/attributes.h"
#include "lookout/events/event.h"
#include "lookout/events/json_text.h"

namespace lookout {
namespace {

namespace json = boost::json;
using events_internal::AppendJsonString;
using events_internal::BytesFromJsonText;

absl::Time FirstTime() {
  static const absl::Time kFirst = absl::FromCivil(absl::CivilSecond(0, 1, 1), absl::UTCTimeZone());
  return kFirst;
}

absl::Time LastTime() {
  static const absl::Time kEnd = absl::FromCivil(absl::CivilSecond(10000, 1, 1), absl::UTCTimeZone());
  return kEnd - absl::Nanoseconds(1);
}

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("event in JSON: ", what));
}

absl::Status MalformedMember(absl::string_view name, absl::string_view what) {
  return Malformed(absl::StrCat("member '", name, "' ", what));
}

absl::StatusOr<absl::string_view> TextMember(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return MalformedMember(name, "is missing");
  const json::string* text = value->if_string();
  if (text == nullptr) return MalformedMember(name, "is not a string");
  return absl::string_view(text->data(), text->size());
}

absl::StatusOr<Attributes> AttributesMember(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return Attributes();
  const json::object* entries = value->if_object();
  if (entries == nullptr) return MalformedMember(name, "is not an object");
  std::vector<std::pair<std::string, std::string>> attributes;
  attributes.reserve(entries->size());
  for (const json::key_value_pair& entry : *entries) {
    const absl::string_view key(entry.key().data(), entry.key().size());
    const json::string* text = entry.value().if_string();
    if (text == nullptr) {
      return MalformedMember(absl::StrCat(name, ".", key), "is not a string");
    }
    attributes.emplace_back(BytesFromJsonText(key), BytesFromJsonText({text->data(), text->size()}));
  }
  return Attributes(attributes);
}

absl::StatusOr<absl::Time> ParseRfc3339(absl::string_view text) {
  absl::Time time;
  std::string error;
  // absl::ParseTime also takes surrounding space and "infinite-future", which are no RFC 3339.
  const bool framed = !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
                      !absl::ascii_isspace(static_cast<unsigned char>(text.back()));
  if (!framed || !absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no RFC 3339 time"));
  }
  return time;
}

// What a member's text means, or a failure that names the member.
template <typename T>
absl::StatusOr<T> Parsed(const json::object& object, absl::string_view name,
                         absl::StatusOr<T> (*parse)(absl::string_view)) {
  absl::StatusOr<absl::string_view> text = TextMember(object, name);
  if (!text.ok()) return text.status();
  absl::StatusOr<T> value = parse(*text);
  if (!value.ok()) return MalformedMember(name, absl::StrCat(": ", value.status().message()));
  return value;
}

absl::StatusOr<Event> EventFromObject(const json::object& object) {
  absl::StatusOr<EventType> type = Parsed(object, "type", &ParseEventType);
  if (!type.ok()) return type.status();
  absl::StatusOr<Action> action = Parsed(object, "action", &ParseAction);
  if (!action.ok()) return action.status();
  absl::StatusOr<absl::string_view> actor_name = TextMember(object, "actor_name");
  if (!actor_name.ok()) return actor_name.status();
  absl::StatusOr<absl::string_view> actor_id = "";
  if (object.contains("actor_id")) actor_id = TextMember(object, "actor_id");
  if (!actor_id.ok()) return actor_id.status();
  absl::StatusOr<Attributes> attributes = AttributesMember(object, "actor_attributes");
  if (!attributes.ok()) return attributes.status();
  absl::StatusOr<absl::Time> time = Parsed(object, "time", &ParseRfc3339);
  if (!time.ok()) return time.status();
  return Event{.type = *type,
               .actor_name = BytesFromJsonText(*actor_name),
               .actor_id = BytesFromJsonText(*actor_id),
               .attributes = *std::move(attributes),
               .action = *action,
               .time = *time};
}

}  // namespace

std::string EventToJson(const Event& event) {
  std::string out;
  AppendEventJson(event, out);
  return out;
}

void AppendEventJson(const Event& event, std::string& out) {
  absl::StrAppend(&out, R"({"type":")", EventTypeName(event.type), R"(","action":")",
                  ActionName(event.action), R"(","actor_name":)");
  AppendJsonString(event.actor_name, out);
  absl::StrAppend(&out, R"(,"actor_id":)");
  AppendJsonString(event.actor_id, out);
  absl::StrAppend(&out, R"(,"actor_attributes":{)");
  absl::string_view separator = "";
  for (const auto& [key, value] : event.attributes) {
    absl::StrAppend(&out, separator);
    AppendJsonString(key, out);
    absl::StrAppend(&out, ":");
    AppendJsonString(value, out);
    separator = ",";
  }
  const absl::Time time = std::clamp(event.time, FirstTime(), LastTime());
  absl::StrAppend(&out, R"(},"time":")",
                  absl::FormatTime("%E4Y-%m-%dT%H:%M:%E9SZ", time, absl::UTCTimeZone()), R"("})");
}

absl::StatusOr<Event> EventFromJson(absl::string_view text) {
  try {
    boost::system::error_code error;
    json::parser parser;
    const std::size_t read = parser.write(text.data(), text.size(), error);
    if (error) return Malformed(absl::StrCat(error.message(), " at byte ", read));
    const json::value value = parser.release();
    if (!value.is_object()) return Malformed("not an object");
    return EventFromObject(value.get_object());
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("event in JSON: ", e.what()));
  }
}

}  // namespace lookout
