// The bounded buffer of an EventQueue, without threads or time: what is kept, and what gives way when full.
//
//   EventBuffer buffer(EventBufferOptions{.name = "routes", .capacity = 10, .when_full =
//   WhenFull::kDropOldest}); switch (buffer.Offer(event, now)) { … } EventBuffer::Batch batch;
//   buffer.TakeAll(batch);
//
// Thread-compatible: EventQueue guards it with its mutex.
#ifndef LOOKOUT_EVENTS_EVENT_BUFFER_H_
#define LOOKOUT_EVENTS_EVENT_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"

namespace lookout {

// What happens to an event that finds `capacity` events buffered.
enum class WhenFull {
  kBlock,       // its sender waits until there is room; senders are let in by order of arrival
  kFlushEarly,  // the buffer is flushed without waiting for the interval, which starts anew; while a flush is
                // still running the sender waits as under kBlock
  kDropOldest,  // the oldest event gives way
  kDropNewest,  // it is dropped itself
  kKeepLatest,  // an older event of the same type, actor and action gives way; where every event differs,
                // the sender waits as under kBlock. Nothing is merged across a rename or a kForceReload,
                // which may change what a name means.
};

struct EventBufferOptions {
  std::string name;  // the actor of the ForceReload that says a loss
  std::size_t capacity = 10;
  WhenFull when_full = WhenFull::kBlock;
};

class EventBuffer {
 public:
  enum class Outcome {
    kKept,
    kFull,           // not taken, `event` untouched: the caller waits, or flushes
    kDroppedOldest,  // kept, another one dropped
    kDroppedNewest,  // not kept
    kMerged,         // kept, another one merged away
  };

  // A batch on its way out. Reused from flush to flush, so that a steady state allocates nothing.
  struct Batch {
    std::vector<Event> storage;
    std::size_t first = 0;     // events before it are dropped ones
    std::size_t own = 0;       // how many are the buffer's own ForceReload (0 or 1)
    bool own_is_last = false;  // and whether it stands at the end rather than at the front
    absl::Span<Event> events() { return absl::MakeSpan(storage).subspan(first); }
  };

  explicit EventBuffer(EventBufferOptions options);

  // Takes `event` (by moving from it) or not, as the policy says. `now` stamps a ForceReload.
  Outcome Offer(Event& event, absl::Time now);
  // Takes it whatever the capacity.
  void Force(Event event);

  // Moves everything into `batch`, whose old contents are dropped; the buffer is empty afterwards.
  void TakeAll(Batch& batch);

  // Events held that senders pushed; and whether a ForceReload of the buffer's own waits with them.
  std::size_t size() const;
  bool empty() const { return size() == 0 && !lost_; }
  bool full() const { return size() >= options_.capacity; }
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_BUFFER_H_
