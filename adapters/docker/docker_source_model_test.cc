// The law of the Docker source, on sockets: what it tells, folded, is what there is; each event once, in its
// order; and a loss is said only where the engine forgot.
//
// An engine's containers live at random while its connections break, it stands still, it restarts; the source
// runs beside it, so that a seed says what happens, but not when the source sees it. The same law against an
// engine without threads, where a seed is repeatable: engine_session_model_test.cc.
#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_source.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_container_engine.h"
#include "lookout/testing/source_run.h"
#include "lookout/watchers/restarting_source.h"

namespace lookout {
namespace {

// Folds what is told, and keeps what cannot be.
class Listener final : public Receiver {
 public:
  void AwaitReady() { absl::MutexLock lock(mu_, absl::Condition(&ready_)); }
  bool HasToldOf(const std::string& name) {
    absl::MutexLock lock(mu_);
    return names_.contains(name);
  }

  void OnReady() override {
    absl::MutexLock lock(mu_);
    ready_ = true;
  }
  bool OnEvent(Event event) override {
    absl::MutexLock lock(mu_);
    if (!ready_) Wrong(event);
    names_.insert(event.actor_name);
    const bool synthesized = event.attributes.Contains(kSynthesized);
    told_.push_back(absl::StrCat(event, synthesized ? "*" : ""));
    if (event.action == Action::kForceReload) {
      ++losses_;
    } else {
      Fold(event);
    }
    return true;
  }
  void OnError(absl::Status) override {}

  // After the run.
  int losses() const { return losses_; }
  const std::vector<std::string>& told() const { return told_; }
  const std::vector<std::string>& wrong() const { return wrong_; }
  const std::map<std::string, std::string>& states() const { return states_; }

 private:
  void Wrong(const Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    wrong_.push_back(absl::StrCat("entry ", told_.size(), ": ", event));
  }

  void Fold(const Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    const std::string id(event.actor_id);
    const auto known = states_.find(id);
    const auto must_be = [&](std::initializer_list<std::string> states) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      const bool is = known != states_.end() && std::ranges::find(states, known->second) != states.end();
      if (!is) Wrong(event);
    };
    switch (event.action) {
      case Action::kContainerCreate:
        if (known != states_.end() || !seen_.insert(id).second) Wrong(event);
        states_[id] = "created";
        break;
      case Action::kContainerStart:
        must_be({"created", "exited"});
        states_[id] = "running";
        break;
      case Action::kContainerDie:
        must_be({"running", "paused"});
        states_[id] = "exited";
        break;
      case Action::kContainerPause:
        must_be({"running"});
        states_[id] = "paused";
        break;
      case Action::kContainerUnpause:
        must_be({"paused"});
        states_[id] = "running";
        break;
      case Action::kContainerDestroy:
        // The last word of one that came and went while nobody remembered it may come after the list.
        if (known != states_.end() || seen_.contains(id)) must_be({"created", "exited"});
        states_.erase(id);
        break;
      default:
        break;
    }
  }

  absl::Mutex mu_;
  bool ready_ ABSL_GUARDED_BY(mu_) = false;
  std::set<std::string> names_ ABSL_GUARDED_BY(mu_);
  int losses_ = 0;
  std::map<std::string, std::string> states_;  // by ID
  std::set<std::string> seen_;
  std::vector<std::string> told_, wrong_;
};

struct Chances {
  FakeEngineOptions engine = {};
  bool restarts = false;
  bool forgets = false;  // the engine remembers less than happens while it is not listened to
};

class World {
 public:
  World(unsigned seed, const Chances& chances)
      : random_(seed), chances_(chances), engine_(clock_, chances.engine) {}

  // "" if the law holds.
  std::string Play(int steps) {
    // What the engine remembers at the beginning shows where the stream begins.
    engine_.OtherEvents(2);
    RestartingSource source(*DockerSource::Create({.host = engine_.host()}, clock_), clock_,
                            {.max_delay = absl::Seconds(1)});
    SourceRun run(source, listener_);
    listener_.AwaitReady();
    for (int i = 0; i < steps; ++i) Step();
    Rest();
    Rest();  // a loss is said after what is known of it
    if (chances_.forgets) GiveUpWaiting();
    const absl::Status end = run.Stop();
    if (!end.ok()) return end.ToString();
    return Check();
  }

  int losses() const { return listener_.losses(); }

 private:
  int Random(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool Chance(int of_100) { return Random(1, 100) <= of_100; }

  void Step() {
    const int what = Random(1, 100);
    if (what <= 75) return Operate();
    // Of a network and of a command in a container: where all that it remembers is of networks, an engine
    // shows no place in the stream.
    if (what <= 79) return engine_.OtherEvents(2);
    if (what <= 83) return Hold();
    if (what <= 87) return clock_.Advance(absl::Seconds(1));
    if (what <= 91) return engine_.BreakStreams(Chance(50));
    if (what <= 93) return StandStill();
    if (what <= 95 && chances_.restarts) return Restart();
    if (what <= 97) return Rest();
  }

  void Operate() {
    const std::map<std::string, std::string> states = engine_.states();
    if (states.size() < 3 || (states.size() < 10 && Chance(15))) return Create(absl::StrCat("c", ++names_));
    const auto& [name, state] = *std::next(states.begin(), Random(0, static_cast<int>(states.size()) - 1));
    // An engine does nothing more to a container before it has logged what it did.
    if (!held_.insert(name).second) Release();
    const auto happen = [&, container = name](absl::string_view verb) {
      happened_.push_back(absl::StrCat(verb, " ", container));
    };
    if (state == "paused") {
      engine_.Unpause(name);
      happen("unpause");
    } else if (state == "running" && Chance(30)) {
      engine_.Pause(name);
      happen("pause");
    } else if (state == "running") {
      engine_.Die(name);
      happen("die");
    } else if (Chance(60)) {
      engine_.Start(name);
      happen("start");
    } else {
      engine_.Destroy(name);
      happen("destroy");
    }
  }

  void Create(const std::string& name) {
    engine_.Create(name);
    held_.insert(name);
    happened_.push_back(absl::StrCat("create ", name));
  }

  void Hold() {
    Release();
    engine_.HoldEvents();
  }
  void Release() {
    engine_.ReleaseEvents();
    held_.clear();
  }

  // For so long that it is given up, or not.
  void StandStill() {
    engine_.Freeze();
    for (int i = Random(0, 5); i > 0; --i) Operate();
    // One that forgets is not given up for standing still: the clock may run far ahead of the engine's
    // threads, and who has waited for a place in the stream in vain takes a list as it is.
    if (!chances_.forgets && Chance(50)) clock_.Advance(absl::Seconds(30));
    if (!chances_.forgets && Chance(50)) clock_.Advance(absl::Seconds(10));
    engine_.Thaw();
  }

  void Restart() {
    Release();
    engine_.Down();
    for (const auto& [name, state] : engine_.states()) {
      if ((state == "running" || state == "paused") && Chance(30)) {
        // Podman's containers need no service to be logged.
        engine_.Die(name);
        happened_.push_back(absl::StrCat("die ", name));
      }
    }
    engine_.Up();
    // An engine that restarts again between two answers to the source is not shown here.
    Rest();
    Rest();
  }

  // Until the source has told all that happened by now.
  void Rest() {
    Release();
    const std::string name = absl::StrCat("c", ++names_);
    Create(name);
    for (int looks = 0; !listener_.HasToldOf(name); ++looks) {
      std::this_thread::yield();
      // Time passes where the source waits for nothing else: it failed, and will try again; or it asked for
      // all that happens until a point that the engine's clock has not reached.
      if (looks % 1000 != 999) continue;
      if (clock_.waiters() == 1 && clock_.timers() == 1) clock_.Advance(absl::Seconds(1));
      if (clock_.timers() > 1) clock_.Advance(absl::Seconds(1));
    }
  }

  // A stream that was subscribed too late to show a mark is told of, and waited for; the loss is said by the
  // next one, which comes when that is given up: after three times the time-out, with whatever happens then.
  void GiveUpWaiting() {
    clock_.Advance(3 * DockerSourceOptions().timeout + absl::Seconds(1));
    Rest();
    Rest();
  }

  std::string Check() {
    std::vector<std::string> wrong = listener_.wrong();
    std::map<std::string, std::string> states;
    for (const auto& [name, state] : engine_.states()) states[engine_.id(name)] = state;
    if (states != listener_.states()) wrong.push_back("what was told is not what is");
    if (!chances_.forgets && listener_.told() != happened_)
      wrong.push_back("what was told is not what happened");
    if (engine_.lost_events() != 0) wrong.push_back("the engine was not listened to");
    if (wrong.empty()) return "";
    return absl::StrCat(absl::StrJoin(wrong, "\n"), "\ntold:\n", absl::StrJoin(listener_.told(), "\n"),
                        "\nhappened:\n", absl::StrJoin(happened_, "\n"));
  }

  std::mt19937 random_;
  const Chances chances_;
  FakeClock clock_;
  FakeContainerEngine engine_;
  Listener listener_;
  int names_ = 0;
  std::set<std::string> held_;
  std::vector<std::string> happened_;
};

int PlayAll(const Chances& chances) {
  int losses = 0;
  for (unsigned seed = 1; seed <= 15; ++seed) {
    World world(seed, chances);
    const std::string failure = world.Play(250);
    EXPECT_EQ(failure, "") << "seed " << seed;
    if (!failure.empty()) break;
    losses += world.losses();
  }
  return losses;
}

TEST(DockerSourceModelTest, NothingIsLostWhereTheEngineRemembers) {
  EXPECT_EQ(PlayAll({.engine = {.ring = 900}}), 0);
}

TEST(DockerSourceModelTest, NothingIsLostWithPodman) {
  EXPECT_EQ(PlayAll({.engine = {.podman = true, .api_version = "1.41"}, .restarts = true}), 0);
}

TEST(DockerSourceModelTest, AnEngineThatRestartsIsMendedAndSaid) {
  EXPECT_GT(PlayAll({.engine = {.ring = 900}, .restarts = true, .forgets = true}), 5);
}

TEST(DockerSourceModelTest, WhatIsForgottenIsMendedAndSaid) {
  EXPECT_GT(PlayAll({.engine = {.ring = 5}, .forgets = true}), 5);
}

}  // namespace
}  // namespace lookout
