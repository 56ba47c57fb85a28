#include "lookout/testing/allocation_counter.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace lookout {
namespace {

thread_local std::size_t made = 0;
thread_local std::ptrdiff_t in_use = 0;
thread_local std::ptrdiff_t peak = 0;

void* Allocate(std::size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  ++made;
  in_use += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  peak = std::max(peak, in_use);
  return memory;
}

void Free(void* memory) {
  if (memory == nullptr) return;
  in_use -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

AllocationCounter::AllocationCounter() : allocations_before_(made), bytes_before_(in_use) { peak = in_use; }

std::size_t AllocationCounter::allocations() const { return made - allocations_before_; }

std::size_t AllocationCounter::peak_bytes() const { return static_cast<std::size_t>(peak - bytes_before_); }

}  // namespace lookout

void* operator new(std::size_t size) { return lookout::Allocate(size); }
void* operator new[](std::size_t size) { return lookout::Allocate(size); }
void operator delete(void* memory) noexcept { lookout::Free(memory); }
void operator delete[](void* memory) noexcept { lookout::Free(memory); }
void operator delete(void* memory, std::size_t) noexcept { lookout::Free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { lookout::Free(memory); }
