// An allocator for a std::vector that may grow to millions of elements: large blocks are laid on huge pages.
//
//   std::vector<Event, events_internal::LargeBlockAllocator<Event>> slots;
//
// A buffer that grows touches each of its pages for the first time, and in a virtual machine each such fault
// costs microseconds: more than all else that is done to the events in it. A huge page is one fault for 512.
// Where the kernel gives none (/sys/kernel/mm/transparent_hugepage/enabled says "never") this is plain
// memory.
#ifndef LOOKOUT_EVENTS_LARGE_BLOCK_ALLOCATOR_H_
#define LOOKOUT_EVENTS_LARGE_BLOCK_ALLOCATOR_H_

#include <cstddef>

namespace lookout::events_internal {

// Throws std::bad_alloc. `bytes` must be what the block was allocated with.
void* AllocateBlock(std::size_t bytes);
void FreeBlock(void* block, std::size_t bytes) noexcept;

template <typename T>
class LargeBlockAllocator {
 public:
  using value_type = T;

  LargeBlockAllocator() = default;
  template <typename U>
  LargeBlockAllocator(const LargeBlockAllocator<U>&) {}  // NOLINT: a rebound allocator is this one

  T* allocate(std::size_t n) { return static_cast<T*>(AllocateBlock(n * sizeof(T))); }
  void deallocate(T* block, std::size_t n) noexcept { FreeBlock(block, n * sizeof(T)); }

  friend bool operator==(const LargeBlockAllocator&, const LargeBlockAllocator&) { return true; }
};

}  // namespace lookout::events_internal

#endif  // LOOKOUT_EVENTS_LARGE_BLOCK_ALLOCATOR_H_
