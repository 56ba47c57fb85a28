#include "lookout/events/event_buffer.h"

#include <cstddef>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

EventBufferOptions Options(std::size_t capacity, WhenFull when_full) {
  return {.name = "q", .capacity = capacity, .when_full = when_full};
}

Event Named(absl::string_view name) {
  return {.actor_name = std::string(name), .action = Action::kContainerStart};
}
Event Reload(absl::string_view name) {
  return {.actor_name = std::string(name), .action = Action::kForceReload};
}

// Offers "a" as an event, "!a" as a ForceReload, each in turn. Gives what was not taken.
std::vector<std::string> OfferAll(EventBuffer& buffer, const std::vector<std::string>& names) {
  std::vector<std::string> refused;
  for (const std::string& name : names) {
    Event event = name[0] == '!' ? Reload(name.substr(1)) : Named(name);
    if (!buffer.Offer(event)) refused.push_back(name);
  }
  return refused;
}

std::vector<std::string> TakeNames(EventBuffer& buffer) {
  EventBuffer::Batch batch;
  buffer.TakeAll(batch, absl::UnixEpoch());
  std::vector<std::string> names;
  for (const Event& event : batch.events()) {
    names.push_back(absl::StrCat(event.action == Action::kForceReload ? "!" : "", event.actor_name));
  }
  if (batch.force_reload.has_value()) {
    EXPECT_EQ(names[*batch.force_reload], "!q");
  }
  return names;
}

TEST(EventBufferTest, TakesAllInOrderOfArrivalAndIsEmptyAfterwards) {
  EventBuffer buffer(Options(10, WhenFull::kBlock));
  EXPECT_TRUE(buffer.empty());
  EXPECT_THAT(OfferAll(buffer, {"a", "b", "c"}), IsEmpty());
  EXPECT_EQ(buffer.size(), 3u);
  EXPECT_THAT(TakeNames(buffer), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(buffer.empty());
  EXPECT_THAT(TakeNames(buffer), IsEmpty());
}

TEST(EventBufferTest, WhatIsRefusedIsUntouched) {
  EventBuffer buffer(Options(1, WhenFull::kBlock));
  Event a = Named("a");
  ASSERT_TRUE(buffer.Offer(a));
  EXPECT_TRUE(buffer.full());
  Event b = Named(std::string(100, 'b'));
  const Event copy = b;
  EXPECT_FALSE(buffer.Offer(b));
  EXPECT_EQ(b, copy);
  buffer.Force(Event(b));
  EXPECT_EQ(buffer.size(), 2u);
}

TEST(EventBufferTest, BatchesAreSwappedNotCopied) {
  EventBuffer buffer(Options(10, WhenFull::kBlock));
  EventBuffer::Batch batch;
  OfferAll(buffer, {"a"});
  buffer.TakeAll(batch, absl::UnixEpoch());
  const Event* const first = batch.storage.data();
  OfferAll(buffer, {"b"});
  buffer.TakeAll(batch, absl::UnixEpoch());
  const Event* const second = batch.storage.data();
  // From here on the two storages take turns, and nothing is allocated.
  for (int i = 0; i < 5; ++i) {
    OfferAll(buffer, {"x"});
    buffer.TakeAll(batch, absl::UnixEpoch());
    EXPECT_EQ(batch.storage.data(), i % 2 == 0 ? first : second);
  }
}

TEST(EventBufferDropOldestTest, KeepsTheNewestBehindOneForceReload) {
  EventBuffer buffer(Options(2, WhenFull::kDropOldest));
  EXPECT_THAT(OfferAll(buffer, {"a", "b", "c", "d", "e"}), IsEmpty());
  EXPECT_EQ(buffer.size(), 2u);
  EXPECT_EQ(buffer.tally().dropped_oldest, 3u);
  EXPECT_THAT(TakeNames(buffer), ElementsAre("!q", "d", "e"));
  OfferAll(buffer, {"f"});
  EXPECT_THAT(TakeNames(buffer), ElementsAre("f")) << "the loss is said once";
}

TEST(EventBufferDropOldestTest, PassesOverForceReloads) {
  EventBuffer buffer(Options(3, WhenFull::kDropOldest));
  OfferAll(buffer, {"!r", "a", "b", "c", "d"});
  EXPECT_THAT(TakeNames(buffer), ElementsAre("!r", "!q", "c", "d"));
  OfferAll(buffer, {"a", "!r", "b", "c", "d"});
  EXPECT_THAT(TakeNames(buffer), ElementsAre("!r", "!q", "c", "d")) << "after the last of the lost";
}

TEST(EventBufferDropOldestTest, AForceReloadTakesTheOldestEventsPlaceAndWaitsWhereThereIsNone) {
  EventBuffer buffer(Options(2, WhenFull::kDropOldest));
  EXPECT_THAT(OfferAll(buffer, {"a", "b", "!r", "!s"}), IsEmpty());
  EXPECT_THAT(OfferAll(buffer, {"!t"}), ElementsAre("!t"));
  EXPECT_THAT(OfferAll(buffer, {"lost"}), IsEmpty()) << "an event is dropped itself instead";
  EXPECT_EQ(buffer.tally().dropped_oldest, 3u);
  EXPECT_THAT(TakeNames(buffer), ElementsAre("!r", "!s", "!q"));
}

TEST(EventBufferDropOldestTest, DoesNotGrow) {
  EventBuffer buffer(Options(100, WhenFull::kDropOldest));
  for (int i = 0; i < 100'000; ++i) OfferAll(buffer, {i % 50'000 == 7 ? "!r" : absl::StrCat(i)});
  EventBuffer::Batch batch;
  buffer.TakeAll(batch, absl::UnixEpoch());
  EXPECT_EQ(batch.events().size(), 101u);
  EXPECT_LE(batch.storage.capacity(), 512u);
}

TEST(EventBufferDropNewestTest, KeepsTheOldestBeforeOneForceReload) {
  EventBuffer buffer(Options(2, WhenFull::kDropNewest));
  EXPECT_THAT(OfferAll(buffer, {"a", "b", "c", "d", "e"}), IsEmpty());
  EXPECT_EQ(buffer.size(), 2u);
  EXPECT_EQ(buffer.tally().dropped_newest, 3u);
  EXPECT_THAT(TakeNames(buffer), ElementsAre("a", "b", "!q"));
}

TEST(EventBufferDropNewestTest, AForceReloadTakesTheNewestEventsPlaceAndWaitsWhereThereIsNone) {
  EventBuffer buffer(Options(2, WhenFull::kDropNewest));
  EXPECT_THAT(OfferAll(buffer, {"a", "b", "!r"}), IsEmpty());
  EXPECT_EQ(buffer.size(), 2u);
  EXPECT_THAT(OfferAll(buffer, {"!s"}), IsEmpty());
  EXPECT_THAT(OfferAll(buffer, {"!t"}), ElementsAre("!t"));
  EXPECT_EQ(buffer.tally().dropped_newest, 2u);
  EXPECT_THAT(TakeNames(buffer), ElementsAre("!q", "!r", "!s"));
}

TEST(EventBufferDropNewestTest, LossesBeforeAndAfterAForceReloadAreSaidByOneAfterTheLast) {
  EventBuffer buffer(Options(2, WhenFull::kDropNewest));
  OfferAll(buffer, {"a", "b", "lost", "!r", "lost", "lost"});
  EXPECT_THAT(TakeNames(buffer), ElementsAre("a", "!r", "!q"));
}

// The place where the newest was looked for last is by then before the first.
TEST(EventBufferDropNewestTest, AtCapacityOneAForceReloadAfterALossAfterAForceReloadWaits) {
  EventBuffer buffer(Options(1, WhenFull::kDropNewest));
  EXPECT_THAT(OfferAll(buffer, {"lost", "!r", "lost", "!s"}), ElementsAre("!s"));
  EXPECT_EQ(buffer.tally().dropped_newest, 2u);
  EXPECT_THAT(TakeNames(buffer), ElementsAre("!r", "!q"));
}

// Under any policy that drops: what comes out is what a simple model keeps.
class EventBufferModelTest : public ::testing::TestWithParam<WhenFull> {};

TEST_P(EventBufferModelTest, KeepsAndDropsAsTheSimplestModelDoes) {
  constexpr std::size_t kCapacity = 5;
  const bool oldest = GetParam() == WhenFull::kDropOldest;
  std::mt19937 random(7);
  EventBuffer buffer(Options(kCapacity, GetParam()));
  std::deque<std::string> model;
  bool lost = false;
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 40 == 0) {
      std::vector<std::string> got = TakeNames(buffer);
      ASSERT_EQ(std::erase(got, "!q"), lost ? 1u : 0u);
      ASSERT_EQ(got, std::vector<std::string>(model.begin(), model.end()));
      model.clear();
      lost = false;
      continue;
    }
    const bool reload = random() % 8 == 0;
    const std::string name = absl::StrCat(reload ? "!" : "", i);
    const bool taken = OfferAll(buffer, {name}).empty();
    if (model.size() < kCapacity) {
      model.push_back(name);
      ASSERT_TRUE(taken);
      continue;
    }
    // The victim: from one end, the first that is no ForceReload.
    if (!reload && !oldest) {
      ASSERT_TRUE(taken);
      lost = true;
      continue;
    }
    std::size_t victim = model.size();
    for (std::size_t k = 0; k < model.size() && victim == model.size(); ++k) {
      const std::size_t at = oldest ? k : model.size() - 1 - k;
      if (model[at][0] != '!') victim = at;
    }
    if (victim < model.size()) {
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(victim));
      model.push_back(name);
      lost = true;
    } else {
      lost = lost || !reload;
    }
    ASSERT_EQ(taken, victim < kCapacity || !reload);
    ASSERT_EQ(buffer.size(), model.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, EventBufferModelTest,
                         ::testing::Values(WhenFull::kDropOldest, WhenFull::kDropNewest));

}  // namespace
}  // namespace lookout
