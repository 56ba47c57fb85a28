#include "lookout/adapters/docker/event_stream_decoder.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lookout/adapters/docker/docker_message.h"
#include "lookout/events/docker_actions.h"

namespace lookout {
namespace {

using ::lookout::docker_internal::DockerMessage;
using ::lookout::docker_internal::ParseDockerMessage;
using Item = EventStreamDecoder::Item;
using Verdict = EventStreamDecoder::Verdict;

Item Malformed(absl::Status why) {
  return {.verdict = Verdict::kMalformed, .event = {}, .error = std::move(why)};
}

// Without the "/" that engines put before a container's name in other answers. A container always has a
// name; an engine that does not tell it leaves the ID.
std::string ActorName(const DockerMessage& message) {
  absl::string_view name = message.attributes.Get("name");
  if (!name.empty() && name.front() == '/') name.remove_prefix(1);
  return std::string(name.empty() ? absl::string_view(message.actor_id) : name);
}

Item Normalize(DockerMessage message, absl::Time now) {
  if (message.type != "container") return {.verdict = Verdict::kOtherType};
  const Action action = ActionFromDocker(message.action);
  if (action == Action::kNone) return {.verdict = Verdict::kUnknownAction};
  if (message.actor_id.empty()) {
    return Malformed(absl::InvalidArgumentError("a container's event without the container's ID"));
  }
  Event event{.type = EventType::kDocker, .actor_name = ActorName(message), .action = action};
  event.actor_id = std::move(message.actor_id);
  event.attributes = std::move(message.attributes);
  event.time = message.time.value_or(now);
  return {.verdict = Verdict::kEvent, .event = std::move(event)};
}

Item Decode(absl::StatusOr<absl::string_view> object, absl::Time now) {
  if (!object.ok()) return Malformed(object.status());
  absl::StatusOr<DockerMessage> message = ParseDockerMessage(*object);
  if (!message.ok()) return Malformed(message.status());
  return Normalize(*std::move(message), now);
}

}  // namespace

bool EventStreamDecoder::Feed(absl::string_view bytes, absl::Time now,
                              absl::FunctionRef<bool(Item)> on_item) {
  return framer_.Feed(bytes,
                      [&](absl::StatusOr<absl::string_view> object) { return on_item(Decode(object, now)); });
}

}  // namespace lookout
