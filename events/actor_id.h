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
#include <cstring>
#include <ostream>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace lookout {

class ActorId {
 public:
  static constexpr std::size_t kInPlace = 64;

  ActorId() = default;
  ActorId(absl::string_view id);                                      // NOLINT: it is a string
  ActorId(const std::string& id) : ActorId(absl::string_view(id)) {}  // NOLINT
  ActorId(const char* id) : ActorId(absl::string_view(id)) {}         // NOLINT
  ActorId(const ActorId& other) : ActorId(other.view()) {}
  // What is moved from is empty.
  ActorId(ActorId&& other) noexcept { Take(other); }
  ActorId& operator=(const ActorId& other) { return *this = ActorId(other); }
  ActorId& operator=(ActorId&& other) noexcept;
  ~ActorId() { Free(); }

  absl::string_view view() const { return {on_heap() ? heap() : bytes_, size_}; }
  operator absl::string_view() const { return view(); }         // NOLINT: it is a string
  operator std::string() const { return std::string(view()); }  // NOLINT
  std::size_t size() const { return size_; }
  std::size_t heap_bytes() const { return on_heap() ? size_ : 0; }  // what it has beside itself
  bool empty() const { return size_ == 0; }

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
  bool on_heap() const { return size_ > kInPlace; }
  char* heap() const {
    char* block;
    std::memcpy(&block, bytes_, sizeof(block));
    return block;
  }
  void Free() {
    if (on_heap()) delete[] heap();
  }
  void Take(ActorId& other) {
    size_ = std::exchange(other.size_, 0);
    std::memcpy(bytes_, other.bytes_, kInPlace);
  }

  // Always copied whole: of a fixed length that is a few instructions, of one that varies a call and a loop.
  std::size_t size_ = 0;
  char bytes_[kInPlace] = {};  // or the block's address
};

inline ActorId::ActorId(absl::string_view id) : size_(id.size()) {
  if (!on_heap()) {
    if (!id.empty()) std::memcpy(bytes_, id.data(), id.size());
    return;
  }
  char* block = new char[size_];
  std::memcpy(block, id.data(), size_);
  std::memcpy(bytes_, &block, sizeof(block));
}

inline ActorId& ActorId::operator=(ActorId&& other) noexcept {
  if (this == &other) return *this;
  Free();
  Take(other);
  return *this;
}

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_ACTOR_ID_H_
