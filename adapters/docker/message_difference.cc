#include "lookout/adapters/docker/message_difference.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "boost/json.hpp"
#include "lookout/adapters/docker/docker_message.h"
#include "lookout/events/attributes.h"

namespace lookout::docker_internal {
namespace {

namespace json = boost::json;

// What both readings are brought to. Attributes that are no strings are as Boost would write them.
struct Reading {
  bool container = false;
  std::string action = {}, actor_id = {}, health = {};
  std::map<std::string, std::string> attributes = {};
  std::optional<absl::Time> time = {};

  friend bool operator==(const Reading&, const Reading&) = default;
};

std::string Describe(const std::optional<Reading>& reading) {
  if (!reading) return "no message";
  std::string text =
      absl::StrCat(reading->container ? "container " : "other ", reading->action, " ", reading->actor_id, " ",
                   reading->health, " ", absl::FormatTime(reading->time.value_or(absl::InfinitePast())));
  for (const auto& [name, value] : reading->attributes) absl::StrAppend(&text, " ", name, "=", value);
  return absl::CHexEscape(text);
}

json::parse_options Options() {
  json::parse_options options;
  options.max_depth = 32;
  options.allow_invalid_utf8 = true;
  options.allow_invalid_utf16 = true;
  return options;
}

const json::object* Object(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  return value == nullptr ? nullptr : value->if_object();
}

std::string Text(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::optional<std::int64_t> Integer(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::optional<Reading> ReadWithBoost(const json::object& object) {
  Reading reading{.action = Text(object, "Action"), .health = Text(object, "HealthStatus")};
  const std::string type = Text(object, "Type");
  reading.container = type == "container";
  if (type.empty() && reading.action.empty()) {
    reading.container = true;
    reading.action = Text(object, "status");
    if (std::string image = Text(object, "from"); !image.empty()) reading.attributes["image"] = image;
  }
  if (reading.action.empty()) return std::nullopt;
  if (const json::object* actor = Object(object, "Actor")) {
    reading.actor_id = Text(*actor, "ID");
    if (const json::object* attributes = Object(*actor, "Attributes")) {
      reading.attributes.clear();
      for (const auto& [name, value] : *attributes) {
        if (value.is_null()) continue;
        reading.attributes[name] =
            value.is_string() ? std::string(value.get_string()) : json::serialize(value);
      }
    }
  }
  if (reading.actor_id.empty()) reading.actor_id = Text(object, "id");
  if (const auto nanos = Integer(object, "timeNano")) {
    reading.time = absl::FromUnixNanos(*nanos);
  } else if (const auto seconds = Integer(object, "time")) {
    reading.time = absl::FromUnixSeconds(*seconds);
  }
  return reading;
}

// `text` as Boost would write it, where it is none of the strings that Boost read.
std::string Rewritten(const std::string& text, const std::string& read) {
  if (text == read) return text;
  boost::system::error_code error;
  const json::value value = json::parse(text, error, {}, Options());
  return error ? text : json::serialize(value);
}

std::optional<Reading> ReadOurselves(absl::string_view text, const std::optional<Reading>& other) {
  const absl::StatusOr<DockerMessage> message = ParseDockerMessage(text);
  if (!message.ok()) return std::nullopt;
  Reading reading{.container = message->IsContainer(),
                  .action = message->action.ToString(),
                  .actor_id = message->actor_id.ToString(),
                  .health = message->health.ToString(),
                  .time = message->time};
  for (const auto& [key, content] : message->ReadAttributes()) {
    const std::string name(key);
    const std::string value(content);
    const auto read =
        other ? other->attributes.find(name) : std::map<std::string, std::string>::const_iterator();
    const bool has = other && read != other->attributes.end();
    reading.attributes[name] = has ? Rewritten(value, read->second) : value;
  }
  return reading;
}

}  // namespace

std::string MessageDifference(absl::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error, {}, Options());
  if (error == json::error::exponent_overflow) return "";
  const std::optional<Reading> boost =
      !error && value.is_object() ? ReadWithBoost(value.get_object()) : std::nullopt;
  const std::optional<Reading> ours = ReadOurselves(text, boost);
  if (ours == boost) return "";
  return absl::StrCat("read: ", Describe(ours), "\nBoost: ", Describe(boost),
                      "\nof: ", absl::CHexEscape(text));
}

}  // namespace lookout::docker_internal
