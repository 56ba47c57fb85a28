#include "lookout/adapters/docker/docker_case.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/base/call_once.h"
#include "absl/log/check.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lookout/watchers/restarting_source.h"

namespace lookout {
namespace {

constexpr absl::string_view kSettle = "settle-";

bool IsOfSettle(const Event& event) { return absl::StartsWith(event.actor_name, kSettle); }

}  // namespace

std::string Words(const Event& event) {
  if (event.action == Action::kForceReload) return "ForceReload";
  return absl::StrCat(event, event.attributes.Contains(kSynthesized) ? "*" : "");
}

std::vector<std::string> Words(const std::vector<Event>& events) {
  std::vector<std::string> words;
  for (const Event& event : events) {
    if (!IsOfSettle(event)) words.push_back(Words(event));
  }
  return words;
}

void GateReceiver::Shut() {
  absl::MutexLock lock(mu_);
  shut_ = true;
}

void GateReceiver::AwaitWaiting() { absl::MutexLock lock(mu_, absl::Condition(&waiting_)); }

void GateReceiver::Open() {
  absl::MutexLock lock(mu_);
  shut_ = false;
}

bool GateReceiver::OnEvent(Event event) {
  {
    const auto open = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !shut_; };
    absl::MutexLock lock(mu_);
    waiting_ = true;
    mu_.Await(absl::Condition(&open));
    waiting_ = false;
  }
  return to_.OnEvent(std::move(event));
}

DockerCase::~DockerCase() {
  gate_.Open();
  run_.reset();
}

void DockerCase::UseEngine(FakeEngineOptions options) {
  engine_ = std::make_unique<FakeContainerEngine>(clock_, std::move(options));
}

void DockerCase::BeginWith(DockerSourceOptions options, bool restarting) {
  if (options.host == kDefaultDockerHost) options.host = engine().host();
  auto docker = DockerSource::Create(std::move(options), clock_);
  CHECK(docker.ok()) << docker.status();
  run_.reset();
  docker_ = docker->get();
  source_ = *std::move(docker);
  if (restarting) source_ = std::make_unique<RestartingSource>(std::move(source_), clock_);
  run_.emplace(*source_, gate_);
}

void DockerCase::Begin(DockerSourceOptions options) { BeginWith(std::move(options), false); }

void DockerCase::Start(DockerSourceOptions options) {
  const int before = receiver_.ready_count();
  Begin(std::move(options));
  receiver_.WaitForReady(before + 1);
  engine().AwaitStreams(1);
}

void DockerCase::BeginRestarting(DockerSourceOptions options) { BeginWith(std::move(options), true); }

void DockerCase::StartRestarting(DockerSourceOptions options) {
  const int before = receiver_.ready_count();
  BeginRestarting(std::move(options));
  receiver_.WaitForReady(before + 1);
  engine().AwaitStreams(1);
}

void DockerCase::Settle() {
  const std::string name = absl::StrCat(kSettle, ++settled_);
  engine().Create(name);
  receiver_.WaitUntil([&](const std::vector<Event>& events) {
    return absl::c_any_of(events, [&](const Event& event) { return event.actor_name == name; });
  });
  clock_.AwaitTimers(1);
}

void DockerCase::Cut(std::function<void()> gap) {
  Settle();
  clock_.Advance(absl::Seconds(1));
  // Once, before all of the requests for events, each of which calls the hook in its own thread.
  auto once = std::make_shared<absl::once_flag>();
  engine().SetBeforeSubscribe([once, gap = std::move(gap)] {
    if (gap) absl::call_once(*once, gap);
  });
  engine().BreakStreams();
  engine().AwaitStreams(1);
  engine().SetBeforeSubscribe(nullptr);
}

void DockerCase::Fail(const std::function<void()>& gap) {
  const std::size_t errors = receiver_.errors().size();
  engine().BreakStreams();
  receiver_.WaitForErrors(errors + 1);
  if (gap) gap();
  Retry();
  engine().AwaitStreams(1);
}

void DockerCase::Retry() {
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(30));
}

std::vector<std::string> DockerCase::Told() const { return Words(receiver_.events()); }

std::vector<std::string> DockerCase::AwaitTold(std::size_t count) {
  return Words(receiver_.WaitUntil([count](const std::vector<Event>& events) {
    const auto others = absl::c_count_if(events, IsOfSettle);
    return events.size() >= count + static_cast<std::size_t>(others);
  }));
}

std::string DockerCase::Reason() const {
  std::string reason;
  for (const Event& event : receiver_.events()) {
    if (event.action == Action::kForceReload) reason = event.attributes.Get(kReason);
  }
  return reason;
}

int DockerCase::Count(const std::vector<std::string>& told, const std::string& word) {
  return static_cast<int>(absl::c_count(told, word));
}

}  // namespace lookout
