// What FakeContainerEngine reads and writes: queries, filters, and JSON as Go's encoder writes it. Pure.
#ifndef LOOKOUT_TESTING_FAKE_ENGINE_JSON_H_
#define LOOKOUT_TESTING_FAKE_ENGINE_JSON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/attributes.h"

namespace lookout::testing_internal {

struct FakeContainer {
  std::string id = {};
  std::string name = {};
  std::string image = {};
  Attributes labels = {};
  std::string state = "created";  // as the list has it
};

struct FakeEngineEvent {
  std::string type = "container";
  std::string action = {};
  std::string id = {};
  Attributes attributes = {};
  std::string health = {};  // Podman's HealthStatus
  std::int64_t nanos = 0;   // since the epoch
};

// An event's line, with its line break.
std::string EventLine(const FakeEngineEvent& event);

// The answer to GET /containers/json.
std::string ContainersJson(const std::vector<FakeContainer>& containers);

// {"message":"…"}
std::string MessageJson(absl::string_view message);

// By key, their values.
using FakeEngineFilters = std::map<std::string, std::vector<std::string>>;

// {"type":["container"]}, or as older clients write it: {"type":{"container":true}}. Empty for "".
absl::StatusOr<FakeEngineFilters> ParseFilters(absl::string_view json);

// "/v1.51/events?since=0&filters=%7B%7D" without its version, taken apart.
struct FakeEngineTarget {
  std::string version = {};  // "1.51", or ""
  std::string path = {};     // "/events"
  std::map<std::string, std::string> parameters = {};
};
FakeEngineTarget ParseTarget(absl::string_view target);

// "1767268800.000000001", as moby reads it (api/types/time); nothing for what is not a number.
std::optional<absl::Time> ParseSeconds(absl::string_view text);

// moby (daemon/events/filter.go): all labels must be there, names may be prefixes, an image may lack its tag.
// Podman (libpod/events/filters.go): one of a key's values is enough, and `image` is never a container's.
bool MatchesEvent(const FakeEngineFilters& filters, const FakeEngineEvent& event, bool podman);

// moby (daemon/list.go): id, name (a regular expression, found anywhere), label, ancestor, status.
bool MatchesContainer(const FakeEngineFilters& filters, const FakeContainer& container);

// The first key of `filters` that this engine does not know; "" if it knows all. `list`: of a container list.
std::string UnknownKey(const FakeEngineFilters& filters, bool podman, bool list);

}  // namespace lookout::testing_internal

#endif  // LOOKOUT_TESTING_FAKE_ENGINE_JSON_H_
