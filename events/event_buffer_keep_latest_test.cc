// WhenFull::kKeepLatest: what is the same, what is not, and what nothing merges across.
#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/event_buffer.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;

EventBufferOptions Options(std::size_t capacity) {
  return {.name = "q", .capacity = capacity, .when_full = WhenFull::kKeepLatest};
}

// An event of a file, with `mark` to tell it from others of its kind.
Event File(Action action, absl::string_view path, absl::string_view mark) {
  Event event{.type = EventType::kFile, .actor_name = std::string(path), .action = action};
  event.attributes.Set("mark", std::string(mark));
  return event;
}

bool Offer(EventBuffer& buffer, Event event) { return buffer.Offer(event); }

bool Written(EventBuffer& buffer, absl::string_view path, absl::string_view mark) {
  return Offer(buffer, File(Action::kFileWritten, path, mark));
}

// "<event> <mark>" of each.
std::vector<std::string> Take(EventBuffer& buffer) {
  EventBuffer::Batch batch;
  buffer.TakeAll(batch, absl::UnixEpoch());
  EXPECT_FALSE(batch.force_reload.has_value()) << "what is merged is not lost";
  std::vector<std::string> texts;
  for (const Event& event : batch.events()) {
    texts.push_back(absl::StrCat(event, " ", event.attributes.Get("mark")));
  }
  return texts;
}

TEST(EventBufferKeepLatestTest, NothingMergesBeforeTheBufferIsFull) {
  EventBuffer buffer(Options(3));
  Written(buffer, "/a", "1");
  Written(buffer, "/a", "2");
  EXPECT_EQ(buffer.size(), 2u);
  EXPECT_THAT(Take(buffer), ElementsAre("written /a 1", "written /a 2"));
}

TEST(EventBufferKeepLatestTest, TheOlderGivesWayAndTheNewerStandsAtTheEnd) {
  EventBuffer buffer(Options(2));
  Written(buffer, "/a", "1");
  Written(buffer, "/b", "1");
  EXPECT_TRUE(Written(buffer, "/a", "2"));
  EXPECT_EQ(buffer.size(), 2u);
  EXPECT_EQ(buffer.tally().merged, 1u);
  EXPECT_THAT(Take(buffer), ElementsAre("written /b 1", "written /a 2"));
}

TEST(EventBufferKeepLatestTest, WhatIsInItAlreadyMergesWhenItIsFull) {
  EventBuffer buffer(Options(3));
  for (absl::string_view mark : {"1", "2", "3"}) Written(buffer, "/a", mark);
  EXPECT_TRUE(Written(buffer, "/b", "1"));
  EXPECT_EQ(buffer.tally().merged, 2u);
  EXPECT_THAT(Take(buffer), ElementsAre("written /a 3", "written /b 1"));
}

TEST(EventBufferKeepLatestTest, AnotherTypeActionOrActorIsNotTheSame) {
  EventBuffer buffer(Options(6));
  Offer(buffer, File(Action::kFileWritten, "/a", "1"));
  Offer(buffer, File(Action::kFileDeleted, "/a", "1"));
  Offer(buffer, File(Action::kFileWritten, "/b", "1"));
  Offer(buffer, {.type = EventType::kDocker, .actor_name = "/a", .action = Action::kFileWritten});
  Offer(buffer, {.type = EventType::kDocker, .actor_name = "/a", .actor_id = "1"});
  Offer(buffer, {.type = EventType::kDocker, .actor_name = "/a", .actor_id = "2"});
  EXPECT_FALSE(Written(buffer, "/c", "1"));
  EXPECT_EQ(buffer.size(), 6u);
  EXPECT_EQ(buffer.tally().merged, 0u);
}

TEST(EventBufferKeepLatestTest, AContainerIsKnownByItsId) {
  EventBuffer buffer(Options(2));
  Offer(buffer, {.actor_name = "old", .actor_id = "1", .action = Action::kContainerStart});
  Offer(buffer, {.actor_name = "other", .actor_id = "2", .action = Action::kContainerStart});
  EXPECT_TRUE(Offer(buffer, {.actor_name = "new", .actor_id = "1", .action = Action::kContainerStart}));
  EXPECT_THAT(Take(buffer), ElementsAre("start other ", "start new "));
}

TEST(EventBufferKeepLatestTest, NothingMergesAcrossARenameOrAForceReload) {
  for (const Event& barrier :
       {File(Action::kFileRenamed, "/b", "!"),
        Event{.type = EventType::kFile, .actor_name = "/b", .action = Action::kForceReload}}) {
    EventBuffer buffer(Options(3));
    Written(buffer, "/a", "before");
    Offer(buffer, barrier);
    Written(buffer, "/a", "after");
    EXPECT_FALSE(Written(buffer, "/c", "")) << "full, and all differ";
    EXPECT_TRUE(Written(buffer, "/a", "later")) << "after the barrier it merges";
    EXPECT_FALSE(Offer(buffer, barrier)) << "the barrier itself never does";
    EXPECT_EQ(buffer.tally().merged, 1u);
    const std::vector<std::string> texts = Take(buffer);
    ASSERT_EQ(texts.size(), 3u);
    EXPECT_EQ(texts[0], "written /a before");
    EXPECT_EQ(texts[2], "written /a later");
  }
}

TEST(EventBufferKeepLatestTest, DoesNotGrow) {
  EventBuffer buffer(Options(100));
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(Written(buffer, absl::StrCat("/", i % 100), "x"));
  EventBuffer::Batch batch;
  buffer.TakeAll(batch, absl::UnixEpoch());
  EXPECT_EQ(batch.events().size(), 100u);
  EXPECT_LE(batch.storage.capacity(), 512u);
}

TEST(EventBufferKeepLatestTest, KeepsExactlyTheLastOfEachInOrderOfLastArrival) {
  constexpr std::size_t kCapacity = 12;
  std::mt19937 random(11);
  EventBuffer buffer(Options(kCapacity));
  // Order of last arrival, since the buffer was first full; before that everything.
  std::vector<std::pair<std::string, std::string>> model;  // what is the same; all of it
  bool merging = false;
  const auto merge = [&model](const std::string& key) {
    std::erase_if(model, [&](const auto& entry) { return entry.first == key; });
  };
  for (int i = 0; i < 20'000; ++i) {
    if (random() % 100 == 0) {
      std::vector<std::string> expected;
      for (const auto& [key, text] : model) expected.push_back(text);
      ASSERT_EQ(Take(buffer), expected);
      model.clear();
      merging = false;
    }
    const Action action = random() % 2 == 0 ? Action::kFileWritten : Action::kFileCreated;
    const Event event = File(action, absl::StrCat("/", random() % 10), absl::StrCat(i));
    const std::string key = event.ToString();
    if (!merging && model.size() == kCapacity) {
      merging = true;
      const auto all = std::exchange(model, {});
      for (const auto& entry : all) {
        merge(entry.first);
        model.push_back(entry);
      }
    }
    if (merging) merge(key);
    const bool expected = model.size() < kCapacity;
    ASSERT_EQ(Offer(buffer, event), expected);
    if (expected) model.emplace_back(key, absl::StrCat(key, " ", i));
    ASSERT_EQ(buffer.size(), model.size());
  }
}

}  // namespace
}  // namespace lookout
