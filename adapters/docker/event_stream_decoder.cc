#include "lookout/adapters/docker/event_stream_decoder.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lookout/adapters/docker/docker_message.h"
#include "lookout/adapters/docker/json_string.h"

namespace lookout {
namespace {

using ::lookout::docker_internal::ActionInDialect;
using ::lookout::docker_internal::DockerMessage;
using ::lookout::docker_internal::HashOfPieces;
using ::lookout::docker_internal::JsonFramer;
using ::lookout::docker_internal::ParseDockerMessage;
using ::lookout::docker_internal::ParseDockerMessagePrefix;
using ::lookout::docker_internal::ShortBuffer;
using Item = EventStreamDecoder::Item;
using Verdict = EventStreamDecoder::Verdict;

Item Malformed(absl::Status why, std::uint64_t key) {
  return {.verdict = Verdict::kMalformed, .key = key, .error = std::move(why)};
}

// Without the "/" that engines put before a container's name in other answers. A container always has a
// name; an engine that does not tell it leaves the ID.
std::string ActorName(const Event& event) {
  absl::string_view name = event.attributes.Get("name");
  if (!name.empty() && name.front() == '/') name.remove_prefix(1);
  return std::string(name.empty() ? absl::string_view(event.actor_id) : name);
}

// Old Podmans tell the exit code in a name of their own.
void AddExitCode(Attributes& attributes) {
  const std::optional<absl::string_view> code = attributes.Find("containerExitCode");
  if (code.has_value() && !attributes.Contains("exitCode")) attributes.Set("exitCode", *code);
}

Item Normalize(const DockerMessage& message, DockerDialect dialect, absl::Time now) {
  Item item{.verdict = Verdict::kOtherType,
            .key = message.Key(),
            .time = message.time.value_or(absl::InfinitePast())};
  if (!message.IsContainer()) return item;

  ShortBuffer verb, health;
  const Action action = ActionInDialect(dialect, message.action.Short(verb), message.health.Short(health));
  item.verdict = Verdict::kUnknownAction;
  if (action == Action::kNone) return item;

  if (message.actor_id.empty()) {
    return Malformed(absl::InvalidArgumentError("a container's event without the container's ID"), item.key);
  }
  item.verdict = Verdict::kEvent;
  Event& event = item.event;
  event.type = EventType::kDocker;
  event.action = action;
  event.time = message.time.value_or(now);
  event.actor_id = message.actor_id.ToString();
  event.attributes = message.ReadAttributes();
  event.actor_name = ActorName(event);
  if (dialect == DockerDialect::kPodman && action == Action::kContainerDie) AddExitCode(event.attributes);
  return item;
}

Item Decode(absl::string_view object, DockerDialect dialect, absl::Time now) {
  const absl::StatusOr<DockerMessage> message = ParseDockerMessage(object);
  if (!message.ok()) return Malformed(message.status(), HashOfPieces(object, {}));
  return Normalize(*message, dialect, now);
}

}  // namespace

bool EventStreamDecoder::Feed(absl::string_view bytes, absl::Time now,
                              absl::FunctionRef<bool(Item)> on_item) {
  while (true) {
    // The usual case: an object that is whole and good needs no look beforehand for where it ends.
    if (framer_.AtObject(bytes)) {
      DockerMessage message;
      const absl::StatusOr<std::size_t> size =
          ParseDockerMessagePrefix(bytes.substr(0, options_.max_object_bytes), message);
      if (size.ok()) {
        bytes.remove_prefix(*size);
        if (!on_item(Normalize(message, options_.dialect, now))) return false;
        continue;
      }
    }
    const std::optional<JsonFramer::Item> object = framer_.Next(bytes);
    if (!object) return true;
    Item item = object->ok() ? Decode(**object, options_.dialect, now)
                             : Malformed(object->status(), framer_.failed_key());
    if (!on_item(std::move(item))) return false;
  }
}

}  // namespace lookout
