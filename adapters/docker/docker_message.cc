#include "lookout/adapters/docker/docker_message.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "boost/json.hpp"

namespace lookout::docker_internal {
namespace {

namespace json = boost::json;

// An event without its attributes is three deep; their values are strings.
constexpr std::size_t kMaxDepth = 32;

json::parse_options Options() {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  // Labels may hold what a careless tool put there; that costs no event.
  options.allow_invalid_utf8 = true;
  options.allow_invalid_utf16 = true;
  return options;
}

std::string Text(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

const json::object* Object(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  return value == nullptr ? nullptr : value->if_object();
}

std::optional<std::int64_t> Integer(const json::object& object, absl::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  return number == nullptr ? std::nullopt : std::optional<std::int64_t>(*number);
}

Attributes ReadAttributes(const json::object& object) {
  std::vector<Attributes::value_type> entries;
  entries.reserve(object.size());
  for (const json::key_value_pair& entry : object) {
    const json::value& value = entry.value();
    if (value.is_null()) continue;
    entries.emplace_back(std::string(entry.key()),
                         value.is_string() ? std::string(value.get_string()) : json::serialize(value));
  }
  return Attributes(std::move(entries));
}

std::optional<absl::Time> ReadTime(const json::object& message) {
  if (const auto nanos = Integer(message, "timeNano")) return absl::FromUnixNanos(*nanos);
  if (const auto seconds = Integer(message, "time")) return absl::FromUnixSeconds(*seconds);
  return std::nullopt;
}

absl::StatusOr<DockerMessage> Read(const json::object& object) {
  DockerMessage message;
  message.type = Text(object, "Type");
  message.action = Text(object, "Action");
  if (message.type.empty() && message.action.empty()) {  // before API 1.22
    message.action = Text(object, "status");
    message.type = "container";
    if (std::string image = Text(object, "from"); !image.empty()) message.attributes.Set("image", image);
  }
  if (message.action.empty()) return absl::InvalidArgumentError("an object without an action");
  if (const json::object* actor = Object(object, "Actor")) {
    message.actor_id = Text(*actor, "ID");
    if (const json::object* attributes = Object(*actor, "Attributes")) {
      message.attributes = ReadAttributes(*attributes);
    }
  }
  if (message.actor_id.empty()) message.actor_id = Text(object, "id");
  message.time = ReadTime(object);
  return message;
}

}  // namespace

absl::StatusOr<DockerMessage> ParseDockerMessage(absl::string_view text) try {
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error, {}, Options());
  if (error) return absl::InvalidArgumentError(absl::StrCat("an object that is not JSON: ", error.message()));
  const json::object* object = value.if_object();
  if (object == nullptr) return absl::InvalidArgumentError("JSON that is not an object");
  return Read(*object);
} catch (const std::exception& e) {
  return absl::ResourceExhaustedError(absl::StrCat("an object that cannot be read: ", e.what()));
}

std::optional<std::string> ParseErrorMessage(absl::string_view text) try {
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error, {}, Options());
  if (error || !value.is_object()) return std::nullopt;
  std::string message = Text(value.get_object(), "message");
  return message.empty() ? std::nullopt : std::optional(std::move(message));
} catch (const std::exception&) {
  return std::nullopt;
}

}  // namespace lookout::docker_internal
