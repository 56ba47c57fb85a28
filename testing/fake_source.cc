#include "lookout/testing/fake_source.h"

#include <stop_token>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"

namespace lookout {

FakeSource::FakeSource(std::string name) : name_(std::move(name)) {}

FakeSource::~FakeSource() = default;

void FakeSource::Add(Step step) {
  absl::MutexLock lock(mu_);
  script_.push_back(std::move(step));
}

void FakeSource::Emit(Event event) { Add(std::move(event)); }

void FakeSource::Report(absl::Status error) { Add(std::move(error)); }

void FakeSource::Fail(absl::Status result) { Add(End{.result = std::move(result), .before_ready = false}); }

void FakeSource::FailBeforeReady(absl::Status result) {
  Add(End{.result = std::move(result), .before_ready = true});
}

void FakeSource::AwaitRuns(int n) {
  const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return runs_ >= n; };
  absl::MutexLock lock(mu_, absl::Condition(&enough));
}

void FakeSource::AwaitIdle() {
  const auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return idle_ && script_.empty(); };
  absl::MutexLock lock(mu_, absl::Condition(&idle));
}

void FakeSource::AwaitEnd() {
  const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !running_; };
  absl::MutexLock lock(mu_, absl::Condition(&ended));
}

int FakeSource::runs() const {
  absl::MutexLock lock(mu_);
  return runs_;
}

absl::Status FakeSource::Run(std::stop_token stop, Receiver& receiver) {
  {
    absl::MutexLock lock(mu_);
    ++runs_;
    running_ = true;
    stopped_ = false;
  }
  absl::Status result;
  {
    const std::stop_callback on_stop(std::move(stop), [this] {
      absl::MutexLock lock(mu_);
      stopped_ = true;
    });
    result = PlayAsNextRun(receiver);
  }
  absl::MutexLock lock(mu_);
  running_ = false;
  return result;
}

bool FakeSource::FailsBeforeReady() const {
  if (script_.empty()) return false;
  const End* end = std::get_if<End>(&script_.front());
  return end != nullptr && end->before_ready;
}

absl::Status FakeSource::PlayAsNextRun(Receiver& receiver) {
  {
    absl::MutexLock lock(mu_);
    if (stopped_) return absl::OkStatus();
    if (FailsBeforeReady()) {
      const absl::Status result = std::get<End>(script_.front()).result;
      script_.pop_front();
      return result;
    }
  }
  receiver.OnReady();
  return Play(receiver);
}

FakeSource::Step FakeSource::AwaitStep() {
  const auto something = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return stopped_ || !script_.empty(); };
  absl::MutexLock lock(mu_);
  idle_ = script_.empty();
  mu_.Await(absl::Condition(&something));
  idle_ = false;
  if (stopped_) return End{.result = absl::OkStatus(), .before_ready = false};
  Step step = std::move(script_.front());
  script_.pop_front();
  return step;
}

absl::Status FakeSource::Play(Receiver& receiver) {
  for (;;) {
    Step step = AwaitStep();
    if (auto* event = std::get_if<Event>(&step)) {
      if (!receiver.OnEvent(std::move(*event))) return absl::OkStatus();
    } else if (auto* error = std::get_if<absl::Status>(&step)) {
      receiver.OnError(std::move(*error));
    } else {
      return std::get<End>(step).result;
    }
  }
}

}  // namespace lookout
