#include "lookout/testing/event_builder.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/event.h"

namespace lookout {

Event ContainerEvent(Action action, absl::string_view name) {
  return {.type = EventType::kDocker,
          .actor_name = std::string(name),
          .actor_id = absl::StrCat("id-of-", name),
          .action = action,
          .time = kEventBuilderTime};
}

Event FileEvent(Action action, absl::string_view path) {
  return {
      .type = EventType::kFile, .actor_name = std::string(path), .action = action, .time = kEventBuilderTime};
}

EventBuilder::EventBuilder(Event event) : event_(std::move(event)) {}

EventBuilder& EventBuilder::Id(absl::string_view actor_id) {
  event_.actor_id = actor_id;
  return *this;
}

EventBuilder& EventBuilder::Attribute(absl::string_view key, std::string value) {
  event_.attributes.Set(key, std::move(value));
  return *this;
}

EventBuilder& EventBuilder::At(absl::Time time) {
  event_.time = time;
  return *this;
}

}  // namespace lookout
