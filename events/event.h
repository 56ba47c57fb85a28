// The one value that everything in lookout speaks of: something happened, to somebody, at a time.
//
//   Event event{.type = EventType::kDocker,
//               .actor_name = "nginx",
//               .actor_id = "4f66ad9a0b2e…",
//               .attributes = {{"image", "nginx:1.27"}},
//               .action = Action::kContainerStart,
//               .time = clock.TimeNow()};
//   absl::StrCat(event)  // "start nginx"
//
// A plain value: moved along the way from Source to Sink, never copied there. Thread-compatible.
#ifndef LOOKOUT_EVENTS_EVENT_H_
#define LOOKOUT_EVENTS_EVENT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/action.h"
#include "lookout/events/actor_id.h"
#include "lookout/events/attributes.h"

namespace lookout {

enum class EventType : std::uint8_t { kDocker, kFile };

// "docker", "file". ParseEventType is the inverse; InvalidArgument for anything else.
absl::string_view EventTypeName(EventType type);
absl::StatusOr<EventType> ParseEventType(absl::string_view name);

template <typename S>
void AbslStringify(S& sink, EventType type) {
  sink.Append(EventTypeName(type));
}

// Keys that lookout itself writes into Event::attributes.
inline constexpr absl::string_view kRenamedFrom = "renamed_from";  // of kFileRenamed: the old path
// Of kFileRenamed: what was at the new path before: kKindFile, kKindDirectory or kKindNothing. Absent where
// the source does not say.
inline constexpr absl::string_view kReplaced = "replaced";
inline constexpr absl::string_view kKind = "kind";  // of file events: kKindDirectory, or absent
inline constexpr absl::string_view kKindDirectory = "directory";
inline constexpr absl::string_view kKindFile = "file";
inline constexpr absl::string_view kKindNothing = "nothing";
inline constexpr absl::string_view kReason = "lookout.reason";  // of kForceReload: what was lost, in words
// kTrue in an event that nobody sent: it was worked out from what is and what was known before. Its time is
// when it was worked out.
inline constexpr absl::string_view kSynthesized = "lookout.synthesized";
inline constexpr absl::string_view kTrue = "true";
// Which engine the event is of, where there is more than one.
inline constexpr absl::string_view kHost = "lookout.host";

// Every member has an initialiser, so that naming some of them draws no warning.
struct Event {
  EventType type = EventType::kDocker;
  // A container's name without the leading '/', or a file's path. Any bytes.
  std::string actor_name = {};
  // A container's full ID; empty for files.
  ActorId actor_id = {};
  // A container's labels and what else Docker sends, untouched. For files empty, but for the keys above.
  Attributes attributes = {};
  Action action = Action::kNone;
  // When it happened, by the engine's clock for Docker; when it was seen, by the source's clock, for files
  // (the kernel does not say). Order by arrival, never by time: clocks step.
  absl::Time time = {};

  // "<action> <actor_name>", e.g. "start nginx".
  std::string ToString() const;

  friend bool operator==(const Event&, const Event&) = default;

  template <typename S>
  friend void AbslStringify(S& sink, const Event& event) {
    sink.Append(event.ToString());
  }
};

// The memory that an event takes: its own, and that of its strings and attributes.
std::size_t ByteSize(const Event& event);

// A loss, said: whoever sees it must read the state of `actor_name` (a container engine's host, a watched
// path, a queue's name) again. `reason` is for people and lands in the attribute lookout.reason.
Event MakeForceReload(EventType type, std::string actor_name, std::string reason, absl::Time time);

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_H_
