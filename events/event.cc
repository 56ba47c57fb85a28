#include "lookout/events/event.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/action.h"

namespace lookout {

absl::string_view EventTypeName(EventType type) {
  switch (type) {
    case EventType::kDocker:
      return "docker";
    case EventType::kFile:
      return "file";
  }
  return "unknown";
}

absl::StatusOr<EventType> ParseEventType(absl::string_view name) {
  for (EventType type : {EventType::kDocker, EventType::kFile}) {
    if (name == EventTypeName(type)) return type;
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown event type '", name, "'"));
}

std::string Event::ToString() const { return absl::StrCat(ActionName(action), " ", actor_name); }

std::size_t ByteSize(const Event& event) {
  return sizeof(Event) + event.actor_name.size() + event.actor_id.heap_bytes() + event.attributes.bytes();
}

Event MakeForceReload(EventType type, std::string actor_name, std::string reason, absl::Time time) {
  Event event{
      .type = type, .actor_name = std::move(actor_name), .action = Action::kForceReload, .time = time};
  event.attributes.Set(kReason, std::move(reason));
  return event;
}

}  // namespace lookout
