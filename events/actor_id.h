// Who an event is about, as a machine names it: a container's full ID.
//
//   event.actor_id = "4f66ad9a0b2e…";
//   if (event.actor_id == id) known.erase(event.actor_id);   // a string wherever one is asked for
//
// Up to kInPlace bytes, which is what every engine's IDs have, lie in the event itself: making, moving and
// freeing an event with an ID then touches no other memory. Measured by tools/bench/queue.sh. Longer ones are
// on the heap.
//
// A plain value of any bytes. Thread-compatible.
#ifndef LOOKOUT_EVENTS_ACTOR_ID_H_
#define LOOKOUT_EVENTS_ACTOR_ID_H_

#include <cstddef>
#include <ostream>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace lookout {

class ActorId {
 public:
  static constexpr std::size_t kInPlace = 64;

  ActorId() = default;
  ActorId(absl::string_view id) : bytes_(id.begin(), id.end()) {}       // NOLINT: it is a string
  ActorId(const std::string& id) : ActorId(absl::string_view(id)) {}    // NOLINT
  ActorId(const char* id) : ActorId(absl::string_view(id)) {}           // NOLINT

  absl::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  operator absl::string_view() const { return view(); }          // NOLINT: it is a string
  operator std::string() const { return std::string(view()); }  // NOLINT
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  friend bool operator==(const ActorId& a, const ActorId& b) { return a.view() == b.view(); }
  friend bool operator==(const ActorId& a, absl::string_view b) { return a.view() == b; }
  friend bool operator==(const ActorId& a, const std::string& b) { return a.view() == b; }
  friend bool operator==(const ActorId& a, const char* b) { return a.view() == b; }

  friend std::ostream& operator<<(std::ostream& out, const ActorId& id) { return out << id.view(); }
  template <typename S>
  friend void AbslStringify(S& sink, const ActorId& id) {
    sink.Append(id.view());
  }

 private:
  absl::InlinedVector<char, kInPlace> bytes_;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_ACTOR_ID_H_
