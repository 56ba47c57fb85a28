// Random lives of containers, of which parts are lost: whatever is lost, what is told makes sense, and ends
// with what is.
#include <cstddef>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_life.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/container_table.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"

namespace lookout::docker_internal {
namespace {

constexpr absl::Time kTime = absl::FromUnixSeconds(1800000000);

// The engine's side: containers that do what they can, in random order.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  // What happens next, to none of those in `but`.
  Event Step(const std::set<std::string>& but = {}) {
    while (true) {
      if (containers_.empty() || Below(6) == 0) return Create();
      auto at = std::next(containers_.begin(), static_cast<std::ptrdiff_t>(Below(containers_.size())));
      if (!but.contains(at->first)) return Act(at->first, at->second);
    }
  }

  std::vector<ListedContainer> List() const {
    std::vector<ListedContainer> list;
    for (const auto& [id, container] : containers_) list.push_back(container);
    return list;
  }
  const std::map<std::string, ListedContainer>& containers() const { return containers_; }

  std::size_t Below(std::size_t n) { return random_() % n; }

 private:
  Event Create() {
    // Not in the order of their IDs.
    const std::string id = absl::StrCat(random_() % 1000, "-", containers_.size(), "-", made_++);
    containers_[id] = {.id = id, .name = absl::StrCat("n", made_), .image = "i", .phase = Phase::kCreated};
    return Told(containers_[id], Action::kContainerCreate);
  }

  Event Act(const std::string& id, ListedContainer& container) {
    const bool runs = container.phase == Phase::kRunning || container.phase == Phase::kPaused;
    switch (Below(5)) {
      case 0:
        container.name = absl::StrCat("r", Below(1000000));
        return Told(container, Action::kContainerRename);
      case 1:
        if (!runs) return Destroy(id);
        return Told(container, Action::kContainerKill);
      case 2:
        if (!runs) return Destroy(id);
        if (container.phase == Phase::kPaused)
          return Become(container, Phase::kRunning, Action::kContainerUnpause);
        return Become(container, Phase::kPaused, Action::kContainerPause);
      default:
        if (!runs) return Become(container, Phase::kRunning, Action::kContainerStart);
        return Become(container, Phase::kExited, Action::kContainerDie);
    }
  }

  static Event Become(ListedContainer& container, Phase phase, Action action) {
    container.phase = phase;
    return Told(container, action);
  }

  Event Destroy(const std::string& id) {
    const Event event = Told(containers_[id], Action::kContainerDestroy);
    containers_.erase(id);
    return event;
  }

  static Event Told(const ListedContainer& container, Action action) {
    return {.actor_name = container.name,
            .actor_id = container.id,
            .attributes = {{"image", container.image}, {"name", container.name}},
            .action = action};
  }

  std::mt19937 random_;
  int made_ = 0;
  std::map<std::string, ListedContainer> containers_;
};

// The listener's side: what may be told of one container, and what it is then. Written anew here, not with
// container_life.h.
class Listener {
 public:
  void Hear(const Event& event) {
    ++heard_;
    std::string& state = states_[std::string(event.actor_id)];
    const std::string before = state;
    switch (event.action) {
      case Action::kContainerCreate:
        Expect(event, before.empty(), before);
        state = "created";
        break;
      case Action::kContainerStart:
        Expect(event, before == "created" || before == "exited", before);
        state = "running";
        break;
      case Action::kContainerDie:
        Expect(event, before == "running" || before == "paused", before);
        state = "exited";
        break;
      case Action::kContainerPause:
        Expect(event, before == "running", before);
        state = "paused";
        break;
      case Action::kContainerUnpause:
        Expect(event, before == "paused", before);
        state = "running";
        break;
      case Action::kContainerDestroy:
        Expect(event, before == "created" || before == "exited", before);
        state = "gone";
        break;
      case Action::kContainerKill:
        Expect(event, before == "running" || before == "paused", before);
        break;
      default:
        Expect(event, !before.empty() && before != "gone", before);
    }
  }

  void ExpectToKnow(const World& world) const {
    for (const auto& [id, container] : world.containers()) {
      const auto found = states_.find(id);
      ASSERT_NE(found, states_.end()) << id;
      EXPECT_EQ(found->second, PhaseName(container.phase)) << id;
    }
    for (const auto& [id, state] : states_) {
      EXPECT_EQ(state == "gone", !world.containers().contains(id)) << id;
    }
  }
  bool HasHeardOf(const std::string& id) const { return states_.contains(id); }
  std::size_t heard() const { return heard_; }

 private:
  static void Expect(const Event& event, bool legal, const std::string& before) {
    EXPECT_TRUE(legal) << event.ToString() << " of " << event.actor_id << ", which was '" << before << "'";
  }

  std::map<std::string, std::string> states_;
  std::size_t heard_ = 0;
};

void ExpectEqual(const ContainerTable& table, const World& world) {
  EXPECT_EQ(table.size(), world.containers().size());
  for (const auto& [id, container] : world.containers()) {
    const KnownContainer* known = table.Find(id);
    ASSERT_NE(known, nullptr) << id;
    EXPECT_EQ(PhaseName(known->phase), PhaseName(container.phase)) << id;
    EXPECT_EQ(known->name, container.name) << id;
  }
}

// Whether a list shows what it did.
bool IsListed(Action action) {
  return HasAny(action, Action::kContainerCreate | Action::kContainerStart | Action::kContainerPause |
                            Action::kContainerUnpause | Action::kContainerDie | Action::kContainerDestroy);
}

class ContainerTablePropertyTest : public ::testing::TestWithParam<unsigned> {
 protected:
  ContainerTablePropertyTest() : world_(GetParam()), table_({.renames = GetParam() % 2 == 0}) {}

  void Take(const Event& event, bool after_gap) {
    const bool restates = table_.Restates(event);
    std::vector<Event> implied = table_.Implied(event, kTime);
    EXPECT_TRUE(after_gap || implied.empty()) << implied.front().ToString();
    for (const Event& before : implied) Tell(before);
    if (restates) {
      table_.Apply(event);
    } else {
      Tell(event);
    }
  }

  void Tell(const Event& event) {
    listener_.Hear(event);
    table_.Apply(event);
  }

  void Mend() {
    for (const Event& event : table_.Mend(world_.List(), {}, kTime)) {
      EXPECT_EQ(event.attributes.Get(kSynthesized), kTrue);
      EXPECT_EQ(event.attributes.Get("name"), event.actor_name);
      listener_.Hear(event);
    }
    ExpectEqual(table_, world_);
    EXPECT_TRUE(table_.Mend(world_.List(), {}, kTime).empty());
  }

  World world_;
  ContainerTable table_;
  Listener listener_;
};

TEST_P(ContainerTablePropertyTest, WhateverIsLostIsMended) {
  for (int round = 0; round < 8; ++round) {
    for (std::size_t n = world_.Below(20); n > 0; --n) Take(world_.Step(), /*after_gap=*/false);
    ExpectEqual(table_, world_);
    listener_.ExpectToKnow(world_);
    for (std::size_t lost = world_.Below(30); lost > 0; --lost) world_.Step();
    table_.BeginGap();
    for (std::size_t n = world_.Below(20); n > 0; --n) Take(world_.Step(), /*after_gap=*/true);
    Mend();
    listener_.ExpectToKnow(world_);
  }
  EXPECT_GT(listener_.heard(), 0u);
}

TEST_P(ContainerTablePropertyTest, WhatTheListKnewBeforeTheStreamIsToldOnce) {
  for (int round = 0; round < 8; ++round) {
    for (std::size_t n = world_.Below(20); n > 0; --n) Take(world_.Step(), /*after_gap=*/false);
    for (std::size_t lost = world_.Below(20); lost > 0; --lost) world_.Step();
    // In the list, but not logged yet: at most one event of each.
    std::vector<Event> late;
    std::set<std::string> ids;
    for (std::size_t n = world_.Below(8); n > 0; --n) {
      late.push_back(world_.Step(ids));
      ids.emplace(late.back().actor_id);
    }
    table_.BeginGap();
    std::set<std::string> told_renamed;
    for (const Event& event : table_.Mend(world_.List(), {}, kTime)) {
      listener_.Hear(event);
      if (event.action == Action::kContainerRename) told_renamed.emplace(event.actor_id);
    }
    ExpectEqual(table_, world_);
    for (const Event& event : late) {
      // Of one that came and went unseen, its end alone would be told.
      if (!listener_.HasHeardOf(std::string(event.actor_id))) continue;
      const std::size_t before = listener_.heard();
      Take(event, /*after_gap=*/true);
      const bool was_told = event.action == Action::kContainerRename
                                ? told_renamed.contains(std::string(event.actor_id))
                                : IsListed(event.action);
      EXPECT_EQ(listener_.heard() == before, was_told) << event.ToString();
    }
    ExpectEqual(table_, world_);
    listener_.ExpectToKnow(world_);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ContainerTablePropertyTest, ::testing::Range(0u, 200u));

}  // namespace
}  // namespace lookout::docker_internal
