#include "lookout/events/large_block_allocator.h"

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace lookout::events_internal {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
// What is rounded up then costs at most a half.
constexpr std::size_t kLarge = 2 * kHugePage;

}  // namespace

void* AllocateBlock(std::size_t bytes) {
  if (bytes < kLarge) return ::operator new(bytes);
  const std::size_t rounded = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  void* block = ::operator new(rounded, std::align_val_t(kHugePage));
  ::madvise(block, rounded, MADV_HUGEPAGE);  // advice: if it is not taken, the pages are small
  return block;
}

void FreeBlock(void* block, std::size_t bytes) noexcept {
  if (bytes < kLarge) {
    ::operator delete(block);
  } else {
    ::operator delete(block, std::align_val_t(kHugePage));
  }
}

}  // namespace lookout::events_internal
