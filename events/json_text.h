// Any bytes as the text of a JSON string, and back: the escape scheme that event_json.h describes.
//
// Private to events/. Pure functions, thread-safe.
#ifndef LOOKOUT_EVENTS_JSON_TEXT_H_
#define LOOKOUT_EVENTS_JSON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout::events_internal {

// Appends `bytes` to `out` as a JSON string, quotes included. What is appended is valid UTF-8.
void AppendJsonString(absl::string_view bytes, std::string& out);

// The bytes that `text` stands for: a JSON string's value, escapes of JSON itself already undone. The
// inverse of AppendJsonString for valid UTF-8; anything else passes unchanged.
std::string BytesFromJsonText(absl::string_view text);

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_JSON_TEXT_H_
