// From the bytes of an engine's event stream to Events: pure, incremental, bounded.
//
//   EventStreamDecoder decoder(kDefaultMaxObjectBytes);
//   decoder.Feed(bytes, clock.TimeNow(), [](EventStreamDecoder::Item item) {
//     if (item.verdict == EventStreamDecoder::Verdict::kEvent) …item.event…
//     return true;
//   });
//
// How the stream is cut into objects: json_framer.h. What an object holds: docker_message.h. No clock, no
// I/O, no threads: fuzz it, and try it on the recordings in testdata/. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_DOCKER_EVENT_STREAM_DECODER_H_
#define LOOKOUT_ADAPTERS_DOCKER_EVENT_STREAM_DECODER_H_

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/json_framer.h"
#include "lookout/events/event.h"

namespace lookout {

// Docker bounds neither labels nor their number; 60,000 characters in one label were seen in practice.
inline constexpr std::size_t kDefaultMaxObjectBytes = std::size_t{4} << 20;

class EventStreamDecoder {
 public:
  enum class Verdict {
    kEvent,          // one of the eight verbs of a container: `event`
    kUnknownAction,  // another verb of a container
    kOtherType,      // of a network, a volume, …
    kMalformed,      // no event: `error` says why. What the bytes were meant to tell is not known
  };

  struct Item {
    Verdict verdict = Verdict::kEvent;
    Event event = {};
    absl::Status error = {};
  };

  // `max_object_bytes`: what is larger is malformed; also the bound of the memory that is kept.
  explicit EventStreamDecoder(std::size_t max_object_bytes) : framer_(max_object_bytes) {}

  // Calls `on_item` for each object that ends in `bytes`, in order; `now` is the time of an event that
  // tells none. False, at once, if `on_item` returns false.
  bool Feed(absl::string_view bytes, absl::Time now, absl::FunctionRef<bool(Item)> on_item);

  // Whether the stream so far ends within an object: if nothing follows, that object is lost.
  bool within_object() const { return framer_.within_object(); }

 private:
  docker_internal::JsonFramer framer_;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_EVENT_STREAM_DECODER_H_
