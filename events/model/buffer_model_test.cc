// BufferModel, held to EventBuffer: what one keeps, drops and merges, the other does, in the same places.
#include "lookout/events/model/buffer_model.h"

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_buffer.h"

namespace lookout::queue_model {
namespace {

using ::testing::ElementsAreArray;

constexpr int kEvents = 10;
constexpr int kRuns = 3000;

struct BufferCase {
  WhenFull when_full;
  std::string name;
};

class BufferModelTest : public testing::TestWithParam<BufferCase> {};

// The event's number is its time, since equal keys must give equal actors.
Event Real(int number, const EventKind& kind) {
  return {.actor_name = std::string(1, kind.key),
          .action = kind.is_force_reload ? Action::kForceReload : Action::kContainerStart,
          .time = absl::FromUnixSeconds(number)};
}

std::vector<int> Numbers(EventBuffer::Batch& batch) {
  std::vector<int> numbers;
  for (const Event& event : batch.events()) {
    numbers.push_back(static_cast<int>(absl::ToUnixSeconds(event.time)));
  }
  if (batch.force_reload.has_value()) numbers[*batch.force_reload] = Slots::kLoss;
  return numbers;
}

TEST_P(BufferModelTest, DoesWhatEventBufferDoes) {
  std::mt19937 random(1);
  const auto one_in = [&random](unsigned n) { return random() % n == 0; };
  int full = 0;
  for (int run = 0; run < kRuns; ++run) {
    const int capacity = 1 + static_cast<int>(random() % 4);
    std::vector<EventKind> kinds(kEvents);
    for (EventKind& kind : kinds) {
      kind = {.key = static_cast<char>('a' + random() % 3), .is_force_reload = one_in(5)};
    }
    const BufferModel model(GetParam().when_full, capacity, kinds);
    BufferState state;
    EventBuffer real(
        {.name = "q", .capacity = static_cast<std::size_t>(capacity), .when_full = GetParam().when_full});
    EventBuffer::Batch batch;
    unsigned dropped = 0;
    unsigned merged = 0;
    for (int i = 0; i < kEvents; ++i) {
      SCOPED_TRACE(absl::StrCat("run ", run, ", event ", i));
      Event event = Real(i, kinds[i]);
      Offered offered = model.Offer(state, i);
      EXPECT_EQ(real.Offer(event), offered.kept);
      full += offered.kept ? 0 : 1;
      merged += static_cast<unsigned>(__builtin_popcount(offered.merged));
      if (!offered.kept && one_in(2)) {
        offered = model.Force(state, i);
        real.Force(std::move(event));
        merged += static_cast<unsigned>(__builtin_popcount(offered.merged));
      }
      dropped += static_cast<unsigned>(__builtin_popcount(offered.dropped));
      EXPECT_EQ(real.size(), static_cast<std::size_t>(state.slots.events()));
      EXPECT_EQ(real.full(), model.full(state));
      EXPECT_EQ(real.tally().dropped_oldest + real.tally().dropped_newest, dropped);
      EXPECT_EQ(real.tally().merged, merged);
      if (i + 1 < kEvents && !one_in(6)) continue;
      Slots taken;
      model.TakeAll(state, taken);
      real.TakeAll(batch, absl::FromUnixSeconds(99));
      EXPECT_THAT(Numbers(batch), ElementsAreArray(taken.at, taken.used));
      EXPECT_TRUE(real.empty());
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(full, kRuns / 100) << "the bound is reached seldom: is the test still one?";
}

INSTANTIATE_TEST_SUITE_P(Policies, BufferModelTest,
                         testing::Values(BufferCase{WhenFull::kBlock, "Block"},
                                         BufferCase{WhenFull::kDropOldest, "DropOldest"},
                                         BufferCase{WhenFull::kDropNewest, "DropNewest"},
                                         BufferCase{WhenFull::kKeepLatest, "KeepLatest"}),
                         [](const testing::TestParamInfo<BufferCase>& which) { return which.param.name; });

}  // namespace
}  // namespace lookout::queue_model
