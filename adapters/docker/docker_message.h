// One object of the engine's event stream, read but not judged.
//
// Source of the fields: moby, api/types/events (Message), and engines before API 1.22, which sent `status`,
// `id` and `from` alone; containers/podman, pkg/domain/entities/types/events.go, for `HealthStatus`.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_MESSAGE_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/json_string.h"
#include "lookout/events/attributes.h"

namespace lookout::docker_internal {

// All of it points into the text that was read, and is valid as long as that: nothing is allocated for a
// message that nobody wants. What was missing, null or of another kind is empty. Of members that came twice
// the last counts.
struct DockerMessage {
  JsonString type = {};    // "container", "network", …
  JsonString action = {};  // "start", "exec_start: sh -c …"
  JsonString actor_id = {};
  JsonString health = {};               // Podman's HealthStatus
  std::optional<absl::Time> time = {};  // from timeNano, exact; else from `time`; else none

  // Of the actor, as they stand: for ReadAttributes() and Key().
  struct {
    absl::string_view object = {};  // with its braces; empty if there was none
    std::size_t count = 0;
    std::uint64_t hash = 0;  // of names and values, in whatever order
  } attributes = {};

  bool legacy = false;  // from an engine that says neither type nor action: it speaks of a container
  JsonString legacy_image = {};

  bool IsContainer() const { return legacy || type.Is("container"); }

  // In order of the keys. Values that are no strings are the JSON that was there; null is as if not there.
  Attributes ReadAttributes() const;

  // The same for the same message within one process, whatever its spelling and the order of its members;
  // another for another message, but for chance. Never 0. Allocates nothing.
  std::uint64_t Key() const;
};

// Reads the object that `text` begins with into `message`, and returns its length; what follows it is not
// looked at. A line break in it is an error, as in any stream (json_framer.h). InvalidArgument for what is no
// JSON object, or has no action. How strictly: json_scanner.h. Allocates nothing but the words of an error.
absl::StatusOr<std::size_t> ParseDockerMessagePrefix(absl::string_view text, DockerMessage& message);

// The same of all of `json`: anything but white space after the object is InvalidArgument too.
absl::StatusOr<DockerMessage> ParseDockerMessage(absl::string_view json);

// The text of an engine's error, {"message":"…"}; nothing if `json` is no such object.
std::optional<std::string> ParseErrorMessage(absl::string_view json);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_MESSAGE_H_
