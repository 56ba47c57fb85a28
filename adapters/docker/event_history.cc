#include "lookout/adapters/docker/event_history.h"

#include <algorithm>
#include <bit>

namespace lookout::docker_internal {

EventHistory::EventHistory(std::size_t capacity)
    : ring_(std::clamp<std::size_t>(capacity, 1, kNone)), buckets_(std::bit_ceil(ring_.size()), kNone) {
  Clear();
}

std::size_t EventHistory::BucketOf(std::uint64_t key) const {
  // Multiplied, so that keys that are not hashes (a test's 1, 2, 3 shifted left) spread as well.
  return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15u) >> 32) & (buckets_.size() - 1);
}

bool EventHistory::Contains(std::uint64_t key) const {
  Slot slot = buckets_[BucketOf(key)];
  while (slot != kNone && ring_[slot].key != key) slot = ring_[slot].next;
  return slot != kNone;
}

bool EventHistory::Add(std::uint64_t key) {
  if (Contains(key)) return false;
  newest_ = static_cast<Slot>((newest_ + 1) % ring_.size());
  if (size_ == ring_.size()) {
    Unlink(newest_);  // the oldest, whose place this is
  } else {
    ++size_;
  }
  Slot& chain = Chain(key);
  ring_[newest_] = {.key = key, .next = chain};
  chain = newest_;
  return true;
}

void EventHistory::Unlink(Slot slot) {
  Slot* link = &Chain(ring_[slot].key);
  while (*link != slot) link = &ring_[*link].next;
  *link = ring_[slot].next;
}

std::optional<std::uint64_t> EventHistory::last() const {
  if (size_ == 0) return std::nullopt;
  return ring_[newest_].key;
}

void EventHistory::Clear() {
  std::fill(buckets_.begin(), buckets_.end(), kNone);
  size_ = 0;
  newest_ = static_cast<Slot>(ring_.size() - 1);
}

}  // namespace lookout::docker_internal
