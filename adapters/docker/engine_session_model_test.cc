// The law of the Docker source: what is told, folded over what was there, is what is there; each event once;
// and what could not be told is said to be lost.
// What the engine does between any two steps of the session is at random, with a seed: see random_engine.h.
#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/continuity.h"
#include "lookout/adapters/docker/engine_counters.h"
#include "lookout/adapters/docker/engine_session.h"
#include "lookout/adapters/docker/random_engine.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::docker_internal {
namespace {

// Folds what is told, and says what cannot be. What there was before is told by synthesized starts, as far as
// it runs.
class Listener final : public Receiver {
 public:
  explicit Listener(const RandomEngine& engine) : engine_(engine) {}

  void OnReady() override {
    ready_ = true;
    if (!engine_.happened().empty()) ready_at_ = engine_.happened().back().made;
  }
  void OnError(absl::Status error) override { Wrong(error.ToString()); }

  bool OnEvent(Event event) override {
    const bool synthesized = event.attributes.Contains(kSynthesized);
    history_.push_back(absl::StrCat(event, " ", synthesized ? "" : event.attributes.Get("made"),
                                    event.attributes.Get(kReason), synthesized ? " (synthesized)" : ""));
    if (!ready_) Wrong("before it was ready");
    if (event.action == Action::kForceReload) {
      OnLoss();
      return true;
    }
    if (synthesized) made_up_.insert(absl::StrCat(event));
    int made = 0;
    if (!synthesized && absl::SimpleAtoi(event.attributes.Get("made"), &made)) OnMade(made);
    Fold(event);
    return true;
  }

  // What is wrong in the end.
  std::vector<std::string> Check() {
    if (losses_ == 0) CountMissing(std::numeric_limits<int>::max());
    if (missing_ > 0) Wrong(absl::StrCat(missing_, " events are neither told nor said to be lost"));
    for (const auto& [id, phase] : engine_.containers()) {
      const auto told = phases_.find(id);
      const bool must_be_known = phase == Phase::kRunning || phase == Phase::kPaused;
      if (told == phases_.end() ? must_be_known : told->second != phase) Wrong(absl::StrCat(id, " differs"));
    }
    for (const auto& [id, phase] : phases_) {
      if (!engine_.containers().contains(id)) Wrong(absl::StrCat(id, " is there no more"));
    }
    return wrong_;
  }

  int losses() const { return losses_; }
  std::string History() const { return absl::StrJoin(history_, "\n"); }

 private:
  void Wrong(std::string what) { wrong_.push_back(absl::StrCat("entry ", history_.size(), ": ", what)); }

  void OnLoss() {
    ++losses_;
    if (engine_.last_forgotten() < made_at_loss_) Wrong("a loss of nothing");
    made_at_loss_ = last_made_;
    missing_ = 0;
  }

  void OnMade(int made) {
    if (made <= last_made_) Wrong("told twice, or out of order");
    CountMissing(made);
    last_made_ = made;
  }

  // What was made up before is not told again when it comes.
  void CountMissing(int before) {
    for (auto next = engine_.happened().rbegin(); next != engine_.happened().rend(); ++next) {
      if (next->made <= std::max(last_made_, ready_at_)) break;
      if (next->made < before && made_up_.erase(next->what) == 0) ++missing_;
    }
  }

  void Fold(const Event& event) {
    const std::string& id = event.actor_id;
    const auto known = phases_.find(id);
    const bool is_news = seen_.insert(id).second;
    const auto must_be = [&](std::initializer_list<Phase> phases) {
      const bool is = known != phases_.end() && std::ranges::find(phases, known->second) != phases.end();
      if (!is && !is_news) Wrong(absl::StrCat(event, " cannot be"));
    };
    switch (event.action) {
      case Action::kContainerCreate:
        if (known != phases_.end()) Wrong(absl::StrCat(event, " cannot be"));
        phases_[id] = Phase::kCreated;
        break;
      case Action::kContainerStart:
        must_be({Phase::kCreated, Phase::kExited});
        phases_[id] = Phase::kRunning;
        break;
      case Action::kContainerDie:
        must_be({Phase::kRunning, Phase::kPaused});
        phases_[id] = Phase::kExited;
        break;
      case Action::kContainerPause:
        must_be({Phase::kRunning});
        phases_[id] = Phase::kPaused;
        break;
      case Action::kContainerUnpause:
        must_be({Phase::kPaused});
        phases_[id] = Phase::kRunning;
        break;
      case Action::kContainerDestroy:
        must_be({Phase::kCreated, Phase::kExited});
        phases_.erase(id);
        break;
      default:
        break;
    }
  }

  const RandomEngine& engine_;
  bool ready_ = false;
  int losses_ = 0;
  int made_at_loss_ = 0;  // the last that was told before
  int ready_at_ = 0;      // what happened by then need not be told
  int last_made_ = 0;
  int missing_ = 0;  // not told though later ones were, since the last loss
  std::map<std::string, Phase> phases_;
  std::set<std::string> seen_, made_up_;
  std::vector<std::string> wrong_, history_;
};

struct Totals {
  int rounds = 0, losses = 0, connections = 0, audits = 0;
};

// "" if the law holds.
std::string Play(unsigned seed, const Chances& chances, absl::Duration audit_interval, Totals& totals) {
  FakeClock clock;
  RandomEngine engine(seed, chances, clock);
  Listener listener(engine);
  EngineCounters counters;
  Continuity continuity({}, counters);
  const SessionOptions options = {.name = "docker test",
                                  .host = "test",
                                  .initial = true,
                                  .liveness = absl::InfiniteDuration(),
                                  .audit_interval = audit_interval};
  bool ready = false;
  engine.Work();
  for (int connection = 0;; ++connection) {
    if (connection == 12) engine.Quiet();
    EngineSession session(options, continuity, engine, clock, listener, counters, ready);
    const absl::Status end = session.Run();
    ready = session.ready();
    if (absl::IsCancelled(end)) break;
    if (!absl::IsUnavailable(end)) return absl::StrCat("seed ", seed, ": ", end);
  }
  ++totals.rounds;
  totals.losses += listener.losses();
  totals.connections += static_cast<int>(counters.connections);
  totals.audits += static_cast<int>(counters.audits);
  const std::vector<std::string> wrong = listener.Check();
  if (wrong.empty()) return "";
  return absl::StrCat("seed ", seed, ":\n  ", absl::StrJoin(wrong, "\n  "), "\nwhat was told:\n",
                      listener.History());
}

void PlayAll(const Chances& chances, bool losses, absl::Duration audit_interval = absl::InfiniteDuration(),
             int seeds = 60) {
  Totals totals;
  for (int seed = 1; seed <= seeds; ++seed) {
    const std::string failure = Play(static_cast<unsigned>(seed), chances, audit_interval, totals);
    ASSERT_EQ(failure, "");
  }
  EXPECT_GT(totals.connections, 2 * seeds) << "a stream that is not cut shows nothing";
  EXPECT_EQ(totals.audits > seeds, audit_interval < absl::InfiniteDuration());
  if (losses) {
    EXPECT_GT(totals.losses, seeds * 5 / 6);
  } else {
    EXPECT_EQ(totals.losses, 0);
  }
}

TEST(EngineSessionModelTest, NothingIsLostWhereTheEngineRemembers) {
  PlayAll({.operation = 50, .cut = 5, .restart = 0, .ring = 900}, false);
}

TEST(EngineSessionModelTest, WhatIsForgottenIsMendedAndSaid) {
  PlayAll({.operation = 80, .cut = 5, .restart = 0, .ring = 6}, true);
}

TEST(EngineSessionModelTest, AnEngineThatRestartsForgetsAll) {
  PlayAll({.operation = 40, .cut = 10, .restart = 5, .ring = 1000}, true);
}

TEST(EngineSessionModelTest, ABusyEngineWithAShortMemoryThatRestarts) {
  PlayAll({.operation = 85, .cut = 8, .restart = 3, .ring = 4}, true);
}

TEST(EngineSessionModelTest, AuditsFindNothingButWhatWasLost) {
  PlayAll({.operation = 50, .cut = 5, .restart = 0, .ring = 250}, false, absl::Seconds(5), 15);
  PlayAll({.operation = 70, .cut = 8, .restart = 3, .ring = 10}, true, absl::Seconds(5), 15);
}

TEST(EngineSessionModelTest, AListIsAheadOfTheStream) {
  PlayAll({.operation = 60, .cut = 5, .restart = 0, .ring = 900, .late = 50}, false);
  PlayAll({.operation = 70, .cut = 8, .restart = 3, .ring = 10, .late = 50}, true);
}

}  // namespace
}  // namespace lookout::docker_internal
