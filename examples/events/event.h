// This application's own Event, in its own events/event.h. lookout's is "lookout/events/event.h": a program
// includes both, and neither hides the other.
#ifndef EXAMPLES_EVENTS_EVENT_H_
#define EXAMPLES_EVENTS_EVENT_H_

#include <string>

#include "absl/time/time.h"

namespace journal {

// A line of the journal.
struct Event {
  absl::Time time;
  std::string text;

  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace journal

#endif  // EXAMPLES_EVENTS_EVENT_H_
