// An Event as one JSON object on one line, and back, without loss for any bytes.
//
//   {"type":"docker","action":"start","actor_name":"nginx","actor_id":"4f66…",
//    "actor_attributes":{"image":"nginx:1.27"},"time":"2026-11-23T15:04:05.123456789Z"}
//
// JSON can hold Unicode only, but a file's name may be any bytes. A byte that is no part of valid UTF-8 is
// written as the private code point U+EF00 + byte (so 0xFF is \uEFFF, always written as a \u escape: the
// range that MirBSD's OPTU encoding uses for raw octets). A genuine U+EF80…U+EFFF is written as its three
// bytes, each escaped that way, so that reading is the exact inverse.
//
// Thread-safe. No exception leaves these functions.
#ifndef LOOKOUT_EVENTS_EVENT_JSON_H_
#define LOOKOUT_EVENTS_EVENT_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lookout/events/event.h"

namespace lookout {

// One line without the line break. Times are UTC with nine digits of the second; a time outside the years
// 0000 to 9999, which RFC 3339 cannot write, is clamped to them.
std::string EventToJson(const Event& event);

// Appends the same to `out`: for writers of many lines.
void AppendEventJson(const Event& event, std::string& out);

// The inverse. Unknown members are passed over, actor_id and actor_attributes may be absent;
// InvalidArgument, naming the member, for anything else that is missing or of another kind.
absl::StatusOr<Event> EventFromJson(absl::string_view json);

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_JSON_H_
