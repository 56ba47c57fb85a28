// An engine that does at random, between any two steps of a session, what engines do: containers live, the
// stream is subscribed late, cut, or the engine restarts and forgets, while some containers die without a
// word. One thread and a seed: what happens is repeatable.
#ifndef LOOKOUT_ADAPTERS_DOCKER_RANDOM_ENGINE_H_
#define LOOKOUT_ADAPTERS_DOCKER_RANDOM_ENGINE_H_

#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/adapters/docker/engine_api.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::docker_internal {

inline constexpr char kNoise[] = "exec_start: sh";

// Waits in vain after which a session that audits has seen all.
inline constexpr int kLongIdle = 20;

struct Chances {  // of 100
  int operation = 40;
  int cut = 3;
  int restart = 1;
  std::size_t ring = 20;
  int late = 0;  // a change is in the list before its event is in the stream
};

struct Happened {
  int made = 0;
  std::string what = {};  // "start c5"
};

class RandomEngine final : public EngineApi {
 public:
  RandomEngine(unsigned seed, Chances chances, FakeClock& clock)
      : random_(seed), chances_(chances), clock_(clock) {}

  // Nothing happens any more, and the stream ends once all of it was read.
  void Quiet() {
    Log(late_.size());
    quiet_ = true;
  }
  void Work() {
    Log(late_.size());
    while (Chance(chances_.operation)) Operate();
  }

  absl::Status Connect() override {
    Work();
    return absl::OkStatus();
  }
  DockerDialect dialect() const override { return DockerDialect::kDocker; }
  absl::Time engine_time() const override { return absl::UnixEpoch(); }

  absl::Status Subscribe(absl::Time) override {
    sent_.clear();
    subscribed_ = false;
    Work();
    if (Chance(50)) Listen();
    Work();
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Next(absl::Duration timeout, std::string /*spare*/) override {
    Work();
    if (!quiet_ && Chance(chances_.cut)) return Cut();
    if (!subscribed_) Listen();
    if (sent_.empty() && quiet_ && (timeout == absl::InfiniteDuration() || ++idle_ > kLongIdle)) {
      return absl::CancelledError("over");
    }
    if (sent_.empty()) {
      if (timeout != absl::InfiniteDuration()) clock_.Advance(timeout);
      return "";
    }
    std::string bytes;
    for (int count = Random(1, 5); count > 0 && !sent_.empty(); --count) {
      bytes += std::exchange(sent_.front(), "");
      sent_.pop_front();
    }
    return bytes;
  }

  absl::Duration quiet_for() const override { return absl::ZeroDuration(); }

  absl::StatusOr<std::string> Replay(absl::Time) override {
    Work();
    if (!quiet_ && Chance(chances_.cut)) return Cut();
    std::string all = absl::StrJoin(ring_, "");
    Work();
    return all;
  }

  absl::StatusOr<ContainerList> List() override {
    Work();
    if (!quiet_ && Chance(chances_.cut)) return Cut();
    ContainerList list;
    for (const auto& [id, phase] : containers_) {
      list.containers.push_back({.id = id, .name = id, .phase = phase});
    }
    Work();
    return list;
  }

  absl::Status Ping(absl::Duration) override { return absl::OkStatus(); }

  // But for what nobody is told of.
  const std::vector<Happened>& happened() const { return happened_; }
  const std::map<std::string, Phase>& containers() const { return containers_; }
  // Of the events that the engine has forgotten.
  int last_forgotten() const { return last_forgotten_; }

 private:
  int Random(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool Chance(int of_100) { return !quiet_ && Random(1, 100) <= of_100; }

  absl::Status Cut() {
    if (Chance(100 * chances_.restart / chances_.cut)) {
      last_forgotten_ = made_;
      ring_.clear();
      for (auto& [id, phase] : containers_) {
        const bool ran = phase == Phase::kRunning || phase == Phase::kPaused;
        if (ran && Chance(50)) phase = Phase::kExited;  // nobody was there to tell
      }
    }
    Work();
    return absl::UnavailableError("cut");
  }

  void Listen() {
    subscribed_ = true;
    sent_.assign(ring_.begin(), ring_.end());
  }

  void Operate() {
    if (containers_.size() < 3 || (containers_.size() < 8 && Chance(10))) {
      const std::string id = absl::StrCat("c", ++ids_);  // an ID is never used again
      containers_[id] = Phase::kCreated;
      return Emit(id, "create");
    }
    const auto known = std::next(containers_.begin(), Random(0, static_cast<int>(containers_.size()) - 1));
    const std::string id = known->first;
    if (is_late_.contains(id)) Log(late_.size());
    if (Chance(10)) return Emit(id, kNoise);
    Phase& phase = known->second;
    switch (phase) {
      case Phase::kCreated:
      case Phase::kExited:
        if (Chance(30)) {
          containers_.erase(known);
          return Emit(id, "destroy");
        }
        phase = Phase::kRunning;
        return Emit(id, "start");
      case Phase::kRunning:
        if (Chance(20)) return Emit(id, "kill");
        phase = Chance(30) ? Phase::kPaused : Phase::kExited;
        return Emit(id, phase == Phase::kPaused ? "pause" : "die");
      case Phase::kPaused:
        phase = Phase::kRunning;
        return Emit(id, "unpause");
      default:
        return;
    }
  }

  void Emit(const std::string& id, const std::string& action) {
    late_.emplace_back(id, action);
    is_late_.insert(id);
    if (!Chance(chances_.late)) Log(late_.size());
  }

  // In the order in which they happened: what is late keeps others waiting.
  void Log(std::size_t count) {
    for (; count > 0; --count) {
      const auto [id, action] = std::move(late_.front());
      late_.pop_front();
      is_late_.erase(id);
      LogOne(id, action);
    }
  }

  void LogOne(const std::string& id, const std::string& action) {
    ++made_;
    // Times that step back, and times that are the same.
    const int nano = 1'000'000 + made_ / 3 + Random(-5, 5);
    std::string line = absl::StrCat(R"({"Type":"container","Action":")", action, R"(","Actor":{"ID":")", id,
                                    R"(","Attributes":{"name":")", id, R"(","made":")", made_,
                                    R"("}},"timeNano":)", nano, "}\n");
    if (action != kNoise) happened_.push_back({.made = made_, .what = absl::StrCat(action, " ", id)});
    ring_.push_back(line);
    if (ring_.size() > chances_.ring) {
      ring_.pop_front();
      last_forgotten_ = made_ - static_cast<int>(ring_.size());
    }
    if (subscribed_) sent_.push_back(std::move(line));
  }

  std::mt19937 random_;
  const Chances chances_;
  FakeClock& clock_;
  bool quiet_ = false;
  int idle_ = 0;  // waits in vain since it was quiet
  bool subscribed_ = false;
  int made_ = 0;
  int last_forgotten_ = -1;
  std::map<std::string, Phase> containers_;
  std::deque<std::string> ring_, sent_;
  int ids_ = 0;
  std::deque<std::pair<std::string, std::string>> late_;  // not logged yet
  std::set<std::string> is_late_;
  std::vector<Happened> happened_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_RANDOM_ENGINE_H_
