// An Event as one line for people.
//
//   2026-11-23T15:04:05.123Z file written conf/app.yml
//   2026-11-23T15:04:05.123Z file created conf/new/                 a directory ends in '/'
//   2026-11-23T15:04:05.123Z file renamed conf/b <- conf/a          the new path, then the old
//   2026-11-23T15:04:05.123Z docker start nginx
//   2026-11-23T15:04:05.123Z file force_reload conf: the kernel's event queue overflowed …
//
// The time is UTC with milliseconds, cut off, not rounded. Names are escaped (printable.h), so that an event
// is one line whatever it is about. For programs there is events/event_json.h.
//
// Pure functions, thread-safe.
#ifndef LOOKOUT_TOOLS_LOOKOUT_EVENT_FORMAT_H_
#define LOOKOUT_TOOLS_LOOKOUT_EVENT_FORMAT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "lookout/events/event.h"

namespace lookout {

enum class OutputFormat { kText, kJson };

enum class ColorMode { kAuto, kAlways, kNever };

// Whether to colour: as told; under kAuto on a terminal that can, unless NO_COLOR asks for none
// (https://no-color.org). `no_color` and `term` are the variables' values, empty where they are unset.
bool WantsColor(ColorMode mode, bool is_terminal, absl::string_view no_color, absl::string_view term);

// Appends the line without its line break. `color` puts ANSI colours around the action: green for what
// begins, red for what ends, yellow for written, cyan for renamed and paused, magenta for force_reload.
void AppendEventText(const Event& event, bool color, std::string& out);

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_EVENT_FORMAT_H_
