// From the bytes of an engine's event stream to Events: pure, incremental, bounded.
//
//   EventStreamDecoder decoder;
//   decoder.Feed(bytes, clock.TimeNow(), [](EventStreamDecoder::Item item) {
//     if (item.verdict == EventStreamDecoder::Verdict::kEvent) …item.event…
//     return true;
//   });
//
// How the stream is cut into objects: json_framer.h. What an object holds: docker_message.h. What a verb
// means: docker_dialect.h. No clock, no I/O, no threads: fuzz it, and try it on the recordings in testdata/.
// Thread-compatible.
//
// Memory: the bytes of one object that has not ended, below the cap; the event that is handed out. What is
// passed over allocates nothing, whatever its size, unless it comes in pieces.
#ifndef LOOKOUT_ADAPTERS_DOCKER_EVENT_STREAM_DECODER_H_
#define LOOKOUT_ADAPTERS_DOCKER_EVENT_STREAM_DECODER_H_

#include <cstddef>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/json_framer.h"
#include "lookout/events/event.h"

namespace lookout {

// Docker bounds neither labels nor their number; 60,000 characters in one label were seen in practice.
inline constexpr std::size_t kDefaultMaxObjectBytes = std::size_t{4} << 20;

struct EventStreamDecoderOptions {
  std::size_t max_object_bytes = kDefaultMaxObjectBytes;  // what is larger is malformed
  DockerDialect dialect = DockerDialect::kDocker;
};

class EventStreamDecoder {
 public:
  enum class Verdict : std::uint8_t {
    kEvent,  // a verb of a container that docker_dialect.h knows, renames and health included: `event`
    kUnknownAction,  // another verb of a container
    kOtherType,      // of a network, a volume, …
    kMalformed,      // no event: `error` says why. What the bytes were meant to tell is not known
  };

  struct Item {
    Verdict verdict = Verdict::kEvent;
    // Tells whether two items are one event told twice, as when an engine replays it: made of the engine's
    // time, the type, the verb, the ID and the attributes; of an object that cannot be read, of its bytes up
    // to the cap. The same for the same event within one process; 0 for bytes that are no object, and for
    // nothing else.
    std::uint64_t key = 0;
    absl::Time time = absl::InfinitePast();  // by the engine, where it says one: of kEvent and the next two
    Event event = {};
    absl::Status error = {};
  };

  explicit EventStreamDecoder(EventStreamDecoderOptions options = {})
      : options_(options), framer_(options.max_object_bytes) {}

  // Calls `on_item` for each object that ends in `bytes`, in order; `now` is the time of an event that
  // tells none. False, at once, if `on_item` returns false.
  bool Feed(absl::string_view bytes, absl::Time now, absl::FunctionRef<bool(Item)> on_item);

  // Whether the stream so far ends within an object: if nothing follows, that object is lost.
  bool within_object() const { return framer_.within_object(); }

 private:
  const EventStreamDecoderOptions options_;
  docker_internal::JsonFramer framer_;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_EVENT_STREAM_DECODER_H_
