// RetryingSink around a scripted sink, for its tests.
#ifndef LOOKOUT_WATCHERS_RETRYING_SINK_HARNESS_H_
#define LOOKOUT_WATCHERS_RETRYING_SINK_HARNESS_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/watchers/retrying_sink.h"

namespace lookout {

inline const auto kBusy = absl::UnavailableError("busy");

// A sink that plays a script, one step for each try, and then takes everything.
class ScriptedSink final : public Sink {
 public:
  using Step = std::function<absl::Status()>;

  void Add(Step step) {
    absl::MutexLock lock(mu_);
    script_.push_back(std::move(step));
  }
  void Fail(const absl::Status& failure, int times) {
    for (int i = 0; i < times; ++i) Add([failure] { return failure; });
  }
  void ThrowFromGiveUp() {
    absl::MutexLock lock(mu_);
    throws_from_give_up_ = true;
  }

  void AwaitTries(std::size_t n) {
    const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return tries_.size() >= n; };
    absl::MutexLock lock(mu_, absl::Condition(&enough));
  }
  void AwaitGiveUp() {
    const auto told = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return give_ups_ > 0; };
    absl::MutexLock lock(mu_, absl::Condition(&told));
  }
  // What was offered: a text for each try.
  std::vector<std::string> tries() const {
    absl::MutexLock lock(mu_);
    return tries_;
  }
  int give_ups() const {
    absl::MutexLock lock(mu_);
    return give_ups_;
  }

  // Sink.
  absl::Status Write(absl::Span<const Event> batch) override {
    Step step = [] { return absl::OkStatus(); };
    {
      absl::MutexLock lock(mu_);
      std::string& text = tries_.emplace_back();
      for (const Event& event : batch) absl::StrAppend(&text, text.empty() ? "" : ",", event.actor_name);
      if (!script_.empty()) {
        step = std::move(script_.front());
        script_.pop_front();
      }
    }
    return step();
  }
  void GiveUp() override {
    absl::MutexLock lock(mu_);
    ++give_ups_;
    if (throws_from_give_up_) throw std::runtime_error("cannot");
  }

 private:
  mutable absl::Mutex mu_;
  std::deque<Step> script_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> tries_ ABSL_GUARDED_BY(mu_);
  int give_ups_ ABSL_GUARDED_BY(mu_) = 0;
  bool throws_from_give_up_ ABSL_GUARDED_BY(mu_) = false;
};

// A RetryingSink around a ScriptedSink. What comes to the dead letters is "names: why".
class RetryingSinkTest : public ::testing::Test {
 protected:
  static RetryingSinkOptions Seconds(int first, int max) {
    return {.first_delay = absl::Seconds(first), .max_delay = absl::Seconds(max), .jitter = 0};
  }
  static RetryingSinkOptions WithoutPauses(int max_tries = 5) {
    return {.first_delay = absl::ZeroDuration(), .max_tries = max_tries};
  }

  void Make(RetryingSinkOptions options) {
    if (!options.on_dead_letters) {
      options.on_dead_letters = [this](absl::Span<const Event> batch, const absl::Status& why) {
        std::string names;
        for (const Event& event : batch) absl::StrAppend(&names, names.empty() ? "" : ",", event.actor_name);
        dead_.push_back(absl::StrCat(names, ": ", why.message()));
      };
    }
    sink_ = std::make_unique<RetryingSink>(std::move(owned_), clock_, std::move(options));
  }

  absl::Status Write(const std::vector<std::string>& names) {
    std::vector<Event> batch;
    for (const std::string& name : names) batch.push_back(ContainerEvent(Action::kContainerStart, name));
    return sink_->Write(batch);
  }
  void StartWriting(std::vector<std::string> names) {
    thread_ = std::jthread([this, names = std::move(names)] { result_ = Write(names); });
  }
  absl::Status Join() {
    thread_.join();
    return result_;
  }

  // Expects that a writer waits, and that the next try comes after `delay` and not a nanosecond before.
  void ExpectNextTryAfter(absl::Duration delay) {
    clock_.AwaitTimers(1);
    const std::size_t tries = inner_->tries().size();
    clock_.Advance(delay - absl::Nanoseconds(1));
    clock_.AwaitTimers(1);
    EXPECT_EQ(inner_->tries().size(), tries);
    clock_.Advance(absl::Nanoseconds(1));
    inner_->AwaitTries(tries + 1);
  }

  FakeClock clock_;
  std::unique_ptr<ScriptedSink> owned_ = std::make_unique<ScriptedSink>();
  ScriptedSink* const inner_ = owned_.get();
  std::vector<std::string> dead_;  // of the thread that writes
  std::unique_ptr<RetryingSink> sink_;
  absl::Status result_;
  std::jthread thread_;
};

}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_RETRYING_SINK_HARNESS_H_
