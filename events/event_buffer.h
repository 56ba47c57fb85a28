// The bounded buffer of an EventQueue, without threads or time: what is kept, and what gives way when full.
//
//   EventBuffer buffer({.name = "routes", .capacity = 10, .when_full = WhenFull::kDropOldest});
//   if (!buffer.Offer(event)) { /* full, and nothing gives way: wait, or flush */ }
//   EventBuffer::Batch batch;
//   buffer.TakeAll(batch, clock.TimeNow());
//   Use(batch.events());
//
// Thread-compatible: EventQueue guards it with its mutex.
#ifndef LOOKOUT_EVENTS_EVENT_BUFFER_H_
#define LOOKOUT_EVENTS_EVENT_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/large_block_allocator.h"

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
  using Slots = std::vector<Event, events_internal::LargeBlockAllocator<Event>>;

  // A batch on its way out. Reused from flush to flush, so that a steady state allocates nothing.
  struct Batch {
    Slots storage;
    std::size_t first = 0;  // events before it are dropped ones
    std::size_t end = 0;    // from here on there are dead ones, of earlier batches
    // Where in events() the buffer's own ForceReload stands, if it lost something.
    std::optional<std::size_t> force_reload;

    absl::Span<Event> events() { return absl::MakeSpan(storage).subspan(first, end - first); }
  };

  // Events that gave way, since the buffer was made.
  struct Tally {
    std::uint64_t dropped_oldest = 0;
    std::uint64_t dropped_newest = 0;
    std::uint64_t merged = 0;
  };

  explicit EventBuffer(EventBufferOptions options);
  EventBuffer(const EventBuffer&) = delete;
  EventBuffer& operator=(const EventBuffer&) = delete;

  // Takes `event` by moving from it, or drops it, as the policy says. False: it is full and nothing gives
  // way, `event` is untouched; the caller waits, or flushes.
  //
  // Under kKeepLatest events merge from the moment the buffer is first full until it is taken, those already
  // in it included. Under kDropOldest an event that finds nothing but kForceReload is dropped itself.
  bool Offer(Event& event) {
    if (indexed_ || full()) return OfferToFull(event);
    Append(std::move(event));
    return true;
  }
  // Takes it whatever the capacity.
  void Force(Event&& event);

  // Moves everything into `batch`; the buffer is empty afterwards. What was in `batch` stays behind, dead:
  // each event that is taken from now on trades places with one of them, which its sender then frees, on its
  // own processor and without holding up the flushes. `now` stamps the ForceReload. Where events gave way
  // there is one, however many they were, after the last of them: reading the state again makes up for all
  // that was lost before.
  void TakeAll(Batch& batch, absl::Time now);

  // Swaps the dead, if there are none but them, with `dead`, to be freed.
  void TakeDead(Slots& dead);

  // Events held that senders pushed.
  std::size_t size() const { return live_; }
  bool empty() const { return live_ == 0; }
  bool full() const { return live_ >= options_.capacity; }
  const Tally& tally() const { return tally_; }

 private:
  // The index of kKeepLatest: slots of events, found by what makes two events the same.
  struct SameHash {
    using is_transparent = void;
    const Slots* slots;
    std::size_t operator()(std::size_t slot) const { return (*this)((*slots)[slot]); }
    std::size_t operator()(const Event& event) const;
  };
  struct SameEvent {
    using is_transparent = void;
    const Slots* slots;
    const Event& Get(std::size_t slot) const { return (*slots)[slot]; }
    const Event& Get(const Event& event) const { return event; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Equal(Get(a), Get(b));
    }
    static bool Equal(const Event& a, const Event& b);
  };

  // Of one that is full, or has been since it was last taken.
  bool OfferToFull(Event& event);
  bool OfferDroppingOldest(Event& event);
  bool OfferDroppingNewest(Event& event);
  bool OfferMerging(Event& event);
  void Append(Event&& event) {
    if (end_ < slots_.size()) {
      slots_[end_] = std::move(event);
    } else {
      slots_.push_back(std::move(event));
    }
    ++end_;
    ++live_;
  }
  bool Droppable(std::size_t slot) const;
  // The event in `slot` is dead, and lost: the ForceReload stands there, or further on.
  void Lose(std::size_t slot);
  // The same of an event that never had a slot.
  void LoseArriving(const Event& event);
  // Builds the index anew; what is the same merges.
  void Index();
  // Adds an event to the index; what is the same and older merges into it.
  void IndexSlot(std::size_t slot);
  // Moves the living together, once there are more dead slots than living ones.
  void CompactIfSparse();
  void Compact();
  Event MakeOwnForceReload(absl::Time now) const;

  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  const EventBufferOptions options_;
  // Slots before first_ and from end_ on are dead, and so are holes_; the slot force_reload_ is kept free for
  // the ForceReload; all others are living events, in order of arrival.
  Slots slots_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;
  std::vector<std::size_t> holes_;
  std::size_t force_reload_ = kNowhere;
  std::size_t live_ = 0;

  // Of what was lost since the last TakeAll().
  std::uint64_t lost_ = 0;
  EventType lost_type_ = EventType::kDocker;

  // Where to look for what may be dropped: before `oldest_`, and from `newest_` on, there is nothing.
  std::size_t oldest_ = 0;
  std::size_t newest_ = kNowhere;

  bool indexed_ = false;
  absl::flat_hash_set<std::size_t, SameHash, SameEvent> index_;
  Tally tally_;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_BUFFER_H_
