#include "lookout/testing/fake_engine_json.h"

#include <cctype>
#include <exception>
#include <functional>
#include <optional>
#include <regex>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "boost/json.hpp"

namespace lookout::testing_internal {
namespace {

namespace json = boost::json;

// Go escapes these in strings, and they are nowhere else.
std::string AsGoWrites(const json::value& value) {
  return absl::StrReplaceAll(json::serialize(value), {{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}});
}

json::object ToObject(const Attributes& attributes) {
  json::object object;
  for (const auto& [key, value] : attributes) object[key] = value;
  return object;
}

std::string PercentDecode(absl::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string byte;
    if (text[i] == '%' && absl::HexStringToBytes(text.substr(i + 1, 2), &byte) && byte.size() == 1) {
      decoded += byte;
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string WithoutTag(absl::string_view image) {
  const std::size_t colon = image.rfind(':');
  const std::size_t slash = image.rfind('/');
  const bool has_tag = colon != image.npos && (slash == image.npos || colon > slash);
  return std::string(has_tag ? image.substr(0, colon) : image);
}

bool HasLabel(const Attributes& attributes, absl::string_view label) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(label, absl::MaxSplits('=', 1));
  const std::optional<absl::string_view> value = attributes.Find(parts.first);
  return value.has_value() && (!absl::StrContains(label, '=') || *value == parts.second);
}

// Whether one of the key's values matches; true if there are none.
bool AnyOf(const FakeEngineFilters& filters, const std::string& key,
           const std::function<bool(const std::string&)>& matches) {
  const auto values = filters.find(key);
  return values == filters.end() || values->second.empty() || absl::c_any_of(values->second, matches);
}

bool AllOf(const FakeEngineFilters& filters, const std::string& key,
           const std::function<bool(const std::string&)>& matches) {
  const auto values = filters.find(key);
  return values == filters.end() || absl::c_all_of(values->second, matches);
}

bool IsFound(const std::string& expression, const std::string& text) {
  try {
    return std::regex_search(text, std::regex(expression));
  } catch (const std::regex_error&) {
    return expression == text;
  }
}

}  // namespace

std::string EventLine(const FakeEngineEvent& event) {
  json::object object;
  // The form before API 1.22, which engines go on writing beside the other until 1.52, of these two types.
  if (event.type == "container" || event.type == "image") {
    object["status"] = event.action;
    object["id"] = event.id;
    if (const auto image = event.attributes.Find("image")) object["from"] = *image;
  }
  object["Type"] = event.type;
  object["Action"] = event.action;
  object["Actor"] = json::object{{"ID", event.id}, {"Attributes", ToObject(event.attributes)}};
  object["scope"] = "local";
  object["time"] = event.nanos / 1'000'000'000;
  object["timeNano"] = event.nanos;
  if (!event.health.empty()) object["HealthStatus"] = event.health;
  return absl::StrCat(AsGoWrites(object), "\n");
}

std::string ContainersJson(const std::vector<FakeContainer>& containers) {
  json::array array;
  for (const FakeContainer& container : containers) {
    array.push_back(json::object{{"Id", container.id},
                                 {"Names", json::array{absl::StrCat("/", container.name)}},
                                 {"Image", container.image},
                                 {"ImageID", "sha256:0"},
                                 {"Command", "sleep 1000"},
                                 {"Created", 1767268800},
                                 {"Ports", json::array{}},
                                 {"Labels", ToObject(container.labels)},
                                 {"State", container.state},
                                 {"Status", container.state},
                                 {"HostConfig", json::object{{"NetworkMode", "bridge"}}},
                                 {"NetworkSettings", json::object{{"Networks", json::object{}}}},
                                 {"Mounts", json::array{}}});
  }
  return absl::StrCat(AsGoWrites(array), "\n");
}

std::string MessageJson(absl::string_view message) {
  return absl::StrCat(AsGoWrites(json::object{{"message", std::string(message)}}), "\n");
}

absl::StatusOr<FakeEngineFilters> ParseFilters(absl::string_view text) try {
  FakeEngineFilters filters;
  if (text.empty()) return filters;
  const json::value value = json::parse({text.data(), text.size()});
  for (const json::key_value_pair& entry : value.as_object()) {
    std::vector<std::string>& values = filters[std::string(entry.key())];
    if (const json::array* array = entry.value().if_array()) {
      for (const json::value& element : *array) values.emplace_back(element.as_string());
    } else {
      for (const json::key_value_pair& element : entry.value().as_object())
        values.emplace_back(element.key());
    }
  }
  return filters;
} catch (const std::exception& e) {
  return absl::InvalidArgumentError(absl::StrCat("invalid filter: ", e.what()));
}

FakeEngineTarget ParseTarget(absl::string_view target) {
  FakeEngineTarget parsed;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  absl::string_view path = parts.first;
  if (path.size() > 2 && path.starts_with("/v") && absl::ascii_isdigit(static_cast<unsigned char>(path[2]))) {
    const absl::string_view version = path.substr(2, path.find('/', 1) - 2);
    parsed.version = std::string(version);
    path.remove_prefix(2 + version.size());
  }
  parsed.path = std::string(path);
  for (absl::string_view parameter : absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    parsed.parameters[PercentDecode(pair.first)] = PercentDecode(pair.second);
  }
  return parsed;
}

std::optional<absl::Time> ParseSeconds(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('.', 1));
  std::int64_t seconds;
  if (!absl::SimpleAtoi(parts.first, &seconds)) return std::nullopt;
  if (parts.second.empty()) return absl::FromUnixSeconds(seconds);
  // Nine places: "5.5" are five and a half seconds.
  std::string places(parts.second.substr(0, 9));
  places.resize(9, '0');
  std::int64_t nanos;
  if (!absl::SimpleAtoi(places, &nanos)) return std::nullopt;
  return absl::FromUnixSeconds(seconds) + absl::Nanoseconds(nanos);
}

bool MatchesEvent(const FakeEngineFilters& filters, const FakeEngineEvent& event, bool podman) {
  const bool is_container = event.type == "container";
  const auto is_type = [&](const std::string& type) { return type == event.type; };
  const auto is_action = [&](const std::string& action) {
    return action == event.action || event.action.starts_with(absl::StrCat(action, ":"));
  };
  const auto is_container_named = [&](const std::string& name) {
    const std::string own(event.attributes.Get("name"));
    if (podman) return is_container && (own == name || event.id.starts_with(name));
    return event.id.starts_with(name) || own.starts_with(name);
  };
  const auto is_image = [&](const std::string& image) {
    const std::string own(event.attributes.Get(event.type == "image" ? "name" : "image"));
    if (podman) return event.type == "image" && (event.id.starts_with(image) || own == image);
    return event.id == image || own == image || WithoutTag(own) == image;
  };
  const auto has_label = [&](const std::string& label) { return HasLabel(event.attributes, label); };
  return AnyOf(filters, "type", is_type) && AnyOf(filters, "event", is_action) &&
         AnyOf(filters, "container", is_container_named) && AnyOf(filters, "image", is_image) &&
         (podman ? AnyOf(filters, "label", has_label) : AllOf(filters, "label", has_label));
}

bool MatchesContainer(const FakeEngineFilters& filters, const FakeContainer& container) {
  return AnyOf(filters, "id", [&](const std::string& id) { return container.id.starts_with(id); }) &&
         AnyOf(filters, "name",
               [&](const std::string& name) {
                 return IsFound(name, container.name) || IsFound(name, absl::StrCat("/", container.name));
               }) &&
         AnyOf(filters, "status", [&](const std::string& status) { return container.state == status; }) &&
         AnyOf(filters, "ancestor",
               [&](const std::string& image) {
                 return container.image == image || WithoutTag(container.image) == image;
               }) &&
         AllOf(filters, "label", [&](const std::string& label) { return HasLabel(container.labels, label); });
}

std::string UnknownKey(const FakeEngineFilters& filters, bool podman, bool list) {
  static constexpr absl::string_view kOfLists[] = {"id",     "name",    "label",  "ancestor",
                                                   "status", "exited",  "before", "since",
                                                   "volume", "network", "health"};
  static constexpr absl::string_view kOfEvents[] = {"container", "event",  "status", "image",
                                                    "pod",       "volume", "type",   "label"};
  for (const auto& [key, values] : filters) {
    // moby validates those of lists alone (daemon/list.go).
    const bool known = list ? absl::c_linear_search(kOfLists, key)
                            : !podman || absl::c_linear_search(kOfEvents, absl::AsciiStrToLower(key));
    if (!known) return key;
  }
  return "";
}

}  // namespace lookout::testing_internal
