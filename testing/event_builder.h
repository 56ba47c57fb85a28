// Events for tests, in one line each.
//
//   ContainerEvent(Action::kContainerStart, "nginx")
//   FileEvent(Action::kFileWritten, "/etc/app.yml")
//   EventBuilder(ContainerEvent(Action::kContainerDie, "nginx")).Id("4f66").Attribute("exitCode",
//   "1").Build()
#ifndef LOOKOUT_TESTING_EVENT_BUILDER_H_
#define LOOKOUT_TESTING_EVENT_BUILDER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/event.h"

namespace lookout {

// The time of an event that is not given one: 2026-01-01T12:00:00Z, FakeClock's default start.
inline constexpr absl::Time kEventBuilderTime = absl::FromUnixSeconds(1767268800);

// A container's event, whose actor_id is "id-of-<name>".
Event ContainerEvent(Action action, absl::string_view name);

// A file's event.
Event FileEvent(Action action, absl::string_view path);

// Changes an event step by step.
class EventBuilder {
 public:
  explicit EventBuilder(Event event);

  EventBuilder& Id(absl::string_view actor_id);
  EventBuilder& Attribute(absl::string_view key, std::string value);
  EventBuilder& At(absl::Time time);
  Event Build() const { return event_; }

 private:
  Event event_;
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_EVENT_BUILDER_H_
