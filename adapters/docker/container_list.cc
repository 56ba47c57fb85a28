#include "lookout/adapters/docker/container_list.h"

#include <cstdint>
#include <exception>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "boost/json.hpp"

namespace lookout::docker_internal {
namespace {

namespace json = boost::json;

struct State {
  absl::string_view word;
  Phase phase;
};

constexpr State kStates[] = {
    {"created", Phase::kCreated},   {"initialized", Phase::kCreated}, {"configured", Phase::kCreated},
    {"running", Phase::kRunning},   {"stopping", Phase::kRunning},    {"paused", Phase::kPaused},
    {"exited", Phase::kExited},     {"restarting", Phase::kExited},   {"stopped", Phase::kExited},
    {"removing", Phase::kRemoving}, {"dead", Phase::kRemoving},
};

constexpr absl::string_view kPhaseNames[] = {"created", "running", "paused", "exited", "removing", "unknown"};

// Ports, networks and mounts of an element are five deep.
constexpr std::size_t kMaxDepth = 32;

json::parse_options Options() {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  // Labels may hold what a careless tool put there; that costs no container.
  options.allow_invalid_utf8 = true;
  options.allow_invalid_utf16 = true;
  return options;
}

std::string Text(const json::value* value) {
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

// "/web" is the container's own name; "/db/web" one that the container db has given it by a link.
std::string OwnName(const json::object& object) {
  const json::value* names = object.if_contains("Names");
  const json::array* array = names == nullptr ? nullptr : names->if_array();
  if (array == nullptr) return "";
  for (const json::value& value : *array) {
    std::string name = Text(&value);
    if (name.starts_with('/')) name.erase(0, 1);
    if (!name.empty() && !absl::StrContains(name, '/')) return name;
  }
  return "";
}

// As docker_message.cc reads an event's attributes: what is not text is kept as its JSON, null is absent.
Attributes Labels(const json::object& object) {
  const json::value* value = object.if_contains("Labels");
  const json::object* labels = value == nullptr ? nullptr : value->if_object();
  if (labels == nullptr) return {};
  std::vector<std::pair<std::string, std::string>> entries;
  entries.reserve(labels->size());
  for (const json::key_value_pair& entry : *labels) {
    if (entry.value().is_null()) continue;
    entries.emplace_back(std::string(entry.key()),
                         entry.value().is_string() ? Text(&entry.value()) : json::serialize(entry.value()));
  }
  return Attributes(entries);
}

absl::StatusOr<ListedContainer> Read(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return absl::InvalidArgumentError("an element that is not an object");
  ListedContainer container{.id = Text(object->if_contains("Id"))};
  if (container.id.empty()) return absl::InvalidArgumentError("a container without its ID");
  container.name = OwnName(*object);
  if (container.name.empty()) container.name = container.id;
  container.image = Text(object->if_contains("Image"));
  container.labels = Labels(*object);
  container.phase = PhaseFromState(Text(object->if_contains("State")));
  return container;
}

ContainerList ReadAll(const json::array& array) {
  ContainerList list;
  list.containers.reserve(array.size());
  absl::flat_hash_map<std::string, std::size_t> places;
  for (const json::value& value : array) {
    absl::StatusOr<ListedContainer> container = Read(value);
    if (!container.ok()) {
      if (list.unreadable++ == 0) list.first_unreadable = container.status();
      continue;
    }
    const auto [place, is_new] = places.try_emplace(container->id, list.containers.size());
    if (is_new) {
      list.containers.push_back(*std::move(container));
    } else {
      list.containers[place->second] = *std::move(container);
    }
  }
  return list;
}

}  // namespace

absl::string_view PhaseName(Phase phase) {
  const auto index = static_cast<std::size_t>(phase);
  return index < std::size(kPhaseNames) ? kPhaseNames[index] : "unknown";
}

Phase PhaseFromState(absl::string_view state) {
  for (const State& known : kStates) {
    if (known.word == state) return known.phase;
  }
  return Phase::kUnknown;
}

absl::StatusOr<ContainerList> ParseContainerList(absl::string_view text, std::size_t max_containers) try {
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error, {}, Options());
  if (error == json::error::too_deep) {
    return absl::ResourceExhaustedError(absl::StrCat("a container list deeper than ", kMaxDepth));
  }
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("a container list that is not JSON: ", error.message()));
  }
  const json::array* array = value.if_array();
  if (array == nullptr) return absl::InvalidArgumentError("a container list that is not a JSON array");
  if (array->size() > max_containers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a list of ", array->size(), " containers: no more than ", max_containers, " are read"));
  }
  return ReadAll(*array);
} catch (const std::exception& e) {
  return absl::ResourceExhaustedError(absl::StrCat("a container list that cannot be read: ", e.what()));
}

}  // namespace lookout::docker_internal
