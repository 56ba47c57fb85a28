#include "lookout/adapters/docker/event_history.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>

#include "absl/algorithm/container.h"
#include "gtest/gtest.h"

namespace lookout::docker_internal {
namespace {

TEST(EventHistoryTest, KnowsWhatWasAdded) {
  EventHistory seen;
  EXPECT_FALSE(seen.Contains(7));
  EXPECT_EQ(seen.last(), std::nullopt);
  EXPECT_TRUE(seen.Add(7));
  EXPECT_FALSE(seen.Add(7));
  EXPECT_TRUE(seen.Contains(7));
  EXPECT_EQ(seen.size(), 1u);
}

TEST(EventHistoryTest, ZeroIsAKeyLikeAnyOther) {
  EventHistory seen(4);
  EXPECT_FALSE(seen.Contains(0));
  EXPECT_TRUE(seen.Add(0));
  EXPECT_TRUE(seen.Contains(0));
  EXPECT_EQ(seen.last(), 0u);
}

TEST(EventHistoryTest, TheLastIsTheNewestAndRepeatingAnOlderOneChangesNothing) {
  EventHistory seen;
  seen.Add(1);
  seen.Add(2);
  EXPECT_EQ(seen.last(), 2u);
  EXPECT_FALSE(seen.Add(1));
  EXPECT_EQ(seen.last(), 2u);
}

TEST(EventHistoryTest, AtTheBoundTheOldestIsForgotten) {
  EventHistory seen(3);
  for (std::uint64_t key : {1, 2, 3}) seen.Add(key);
  EXPECT_FALSE(seen.Add(1)) << "and does not become younger";
  EXPECT_TRUE(seen.Add(4));
  EXPECT_FALSE(seen.Contains(1));
  for (std::uint64_t key : {2, 3, 4}) EXPECT_TRUE(seen.Contains(key)) << key;
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_TRUE(seen.Add(1)) << "as if it were new";
  EXPECT_FALSE(seen.Contains(2));
}

TEST(EventHistoryTest, ACapacityOfNoneIsOne) {
  EventHistory seen(0);
  EXPECT_EQ(seen.capacity(), 1u);
  EXPECT_TRUE(seen.Add(1));
  EXPECT_TRUE(seen.Add(2));
  EXPECT_FALSE(seen.Contains(1));
  EXPECT_EQ(seen.last(), 2u);
}

TEST(EventHistoryTest, ClearedItIsAsNew) {
  EventHistory seen(2);
  for (std::uint64_t key : {1, 2, 3}) seen.Add(key);
  seen.Clear();
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_EQ(seen.last(), std::nullopt);
  for (std::uint64_t key : {1, 2, 3}) EXPECT_FALSE(seen.Contains(key));
  EXPECT_TRUE(seen.Add(3));
  EXPECT_EQ(seen.last(), 3u);
}

// Against the plainest thing that does the same: a deque that is searched.
TEST(EventHistoryTest, DoesAsADequeDoes) {
  std::mt19937_64 random(4);
  for (std::size_t capacity : {1, 2, 3, 7, 64, 100}) {
    EventHistory seen(capacity);
    std::deque<std::uint64_t> expected;
    for (int step = 0; step < 5000; ++step) {
      // Few different keys, some of which share all their low bits.
      const std::uint64_t key = (random() % (3 * capacity)) << (random() % 2 * 40);
      const bool is_new = !absl::c_linear_search(expected, key);
      ASSERT_EQ(seen.Contains(key), !is_new);
      ASSERT_EQ(seen.Add(key), is_new) << "capacity " << capacity << ", step " << step;
      if (is_new) expected.push_back(key);
      if (expected.size() > capacity) expected.pop_front();
      ASSERT_EQ(seen.size(), expected.size());
      ASSERT_EQ(seen.last(), expected.back());
    }
    for (std::uint64_t key : expected) EXPECT_TRUE(seen.Contains(key));
  }
}

}  // namespace
}  // namespace lookout::docker_internal
