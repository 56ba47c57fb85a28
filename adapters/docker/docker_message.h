// One object of the engine's event stream, read but not judged.
//
// Source of the fields: moby, api/types/events (Message), and engines before API 1.22, which sent `status`,
// `id` and `from` alone.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_MESSAGE_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_MESSAGE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/attributes.h"

namespace lookout::docker_internal {

struct DockerMessage {
  std::string type = {};    // "container", "network", …; "container" for an engine that sends no type
  std::string action = {};  // "start", "exec_start: sh -c …"
  std::string actor_id = {};
  Attributes attributes = {};
  std::optional<absl::Time> time = {};  // from timeNano, exact; else from `time`; else none
};

// InvalidArgument for what is no JSON object, or has no action. Members that are missing, null or of another
// kind are empty in the message. Bytes that are not UTF-8 are kept as they are. Nested deeper than 32: an
// error. No exception leaves it.
absl::StatusOr<DockerMessage> ParseDockerMessage(absl::string_view json);

// The text of an engine's error, {"message":"…"}; nothing if `json` is no such object.
std::optional<std::string> ParseErrorMessage(absl::string_view json);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_MESSAGE_H_
