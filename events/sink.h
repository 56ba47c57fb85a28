// Where batches go.
//
//   class PrintSink final : public Sink {
//    public:
//     absl::Status Write(absl::Span<const Event> batch) override {
//       for (const Event& event : batch) std::puts(absl::StrCat(event).c_str());
//       return absl::OkStatus();
//     }
//   };
#ifndef LOOKOUT_EVENTS_SINK_H_
#define LOOKOUT_EVENTS_SINK_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"

namespace lookout {

class Sink {
 public:
  virtual ~Sink() = default;

  // Takes one batch, never empty, in order of arrival. Called by one thread at a time; the events live
  // until it returns. A failure is reported by the caller, and the batch is not offered again but by a
  // RetryingSink.
  virtual absl::Status Write(absl::Span<const Event> batch) = 0;

  // Nobody waits for its batches any more: a Write() under way, and any later one, should return soon rather
  // than wait for a network or try again. Any thread, at any time, more than once.
  virtual void GiveUp() {}
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_SINK_H_
