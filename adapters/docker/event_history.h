// The last keys that were seen, so that what is replayed is not told twice.
//
//   EventHistory seen;
//   if (!seen.Add(item.key)) continue;   // was there
//
// A bounded set in order of arrival: at the bound the oldest key is forgotten, and would be taken for new if
// it came again. Every call is O(1); nothing is allocated after construction.
//
// A key stands for an event (EventStreamDecoder::Item::key), so that times are never compared: engines' times
// go back. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_DOCKER_EVENT_HISTORY_H_
#define LOOKOUT_ADAPTERS_DOCKER_EVENT_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace lookout::docker_internal {

class EventHistory {
 public:
  // Four times what Docker keeps (moby, daemon/events: eventsLimit = 256), and as much as may wait for a slow
  // reader there (bufferSize = 1024).
  static constexpr std::size_t kDefaultCapacity = 1024;

  // At least one key is kept.
  explicit EventHistory(std::size_t capacity = kDefaultCapacity);

  // False if the key was there; it keeps its place then.
  bool Add(std::uint64_t key);
  bool Contains(std::uint64_t key) const;
  // The newest of the keys.
  std::optional<std::uint64_t> last() const;
  void Clear();

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return ring_.size(); }

 private:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = ~Slot{0};

  // A place of the ring, in the chain of those whose keys share a bucket.
  struct Entry {
    std::uint64_t key = 0;
    Slot next = kNone;
  };

  // The head of the chain that `key` belongs to.
  Slot& Chain(std::uint64_t key) { return buckets_[BucketOf(key)]; }
  std::size_t BucketOf(std::uint64_t key) const;
  void Unlink(Slot slot);

  std::vector<Entry> ring_;
  std::vector<Slot> buckets_;  // a power of two of them
  std::size_t size_ = 0;
  Slot newest_ = 0;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_EVENT_HISTORY_H_
