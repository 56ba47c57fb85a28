#include "lookout/events/large_block_allocator.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lookout::events_internal {
namespace {

TEST(LargeBlockAllocatorTest, AVectorKeepsWhatItHoldsFromSmallToLarge) {
  std::vector<std::string, LargeBlockAllocator<std::string>> all;
  for (std::size_t i = 0; i < 300'000; ++i) all.push_back(std::to_string(i));  // 9.6 MB
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], std::to_string(i));
  all.resize(1);
  all.shrink_to_fit();
  EXPECT_EQ(all[0], "0");
}

TEST(LargeBlockAllocatorTest, LargeBlocksLieOnHugePages) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  for (const std::size_t bytes : {2 * kHugePage, 2 * kHugePage + 1, 5 * kHugePage - 1}) {
    void* block = AllocateBlock(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % kHugePage, 0u);
    static_cast<char*>(block)[bytes - 1] = 'x';
    FreeBlock(block, bytes);
  }
}

}  // namespace
}  // namespace lookout::events_internal
