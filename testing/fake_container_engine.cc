#include "lookout/testing/fake_container_engine.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lookout {

using testing_internal::EventLine;

namespace {

constexpr absl::string_view kCreated = "created";
constexpr absl::string_view kRunning = "running";
constexpr absl::string_view kPaused = "paused";
constexpr absl::string_view kExited = "exited";

// 64 digits, in no order.
std::string MakeId(std::uint64_t number) {
  std::string id;
  std::uint64_t part = number + 1;
  for (int i = 0; i < 4; ++i) {
    part = (part ^ (part >> 29)) * 0xBF58476D1CE4E5B9u + number;
    absl::StrAppendFormat(&id, "%016x", part);
  }
  return id;
}

std::string AsChunk(absl::string_view line) {
  return absl::StrCat(absl::Hex(line.size()), "\r\n", line, "\r\n");
}

}  // namespace

FakeContainerEngine::Container& FakeContainerEngine::Get(absl::string_view name) {
  const auto found = absl::c_find_if(containers_, [&](const Container& c) { return c.name == name; });
  CHECK(found != containers_.end()) << "the engine has no container " << name;
  return *found;
}

void FakeContainerEngine::Happen(const Container& container, absl::string_view verb, Attributes more) {
  EngineEvent event{.action = std::string(verb), .id = container.id, .attributes = container.labels};
  event.attributes.Set("image", container.image);
  event.attributes.Set("name", container.name);
  if (options_.podman) event.attributes.Set("podId", "");
  for (const auto& [key, value] : more) event.attributes.Set(key, value);
  Publish(std::move(event));
}

void FakeContainerEngine::Move(absl::string_view name, absl::string_view verb,
                               std::vector<absl::string_view> from, absl::string_view to) {
  Container& container = Get(name);
  CHECK(absl::c_linear_search(from, container.state)) << verb << " of " << name << ": " << container.state;
  container.state = std::string(to);
  Happen(container, verb);
}

std::string FakeContainerEngine::CreateLocked(absl::string_view name, absl::string_view image,
                                              Attributes labels) {
  CHECK(absl::c_none_of(containers_, [&](const Container& c) { return c.name == name; })) << name;
  containers_.push_back({.id = MakeId(made_++),
                         .name = std::string(name),
                         .image = std::string(image),
                         .labels = std::move(labels)});
  Happen(containers_.back(), "create");
  return containers_.back().id;
}

void FakeContainerEngine::DieLocked(absl::string_view name, int exit_code) {
  Container& container = Get(name);
  CHECK(container.state == kRunning || container.state == kPaused) << name << ": " << container.state;
  container.state = std::string(kExited);
  const std::string code = absl::StrCat(exit_code);
  if (options_.podman) {
    Happen(container, "die", {{"containerExitCode", code}, {"exitCode", code}});
    Happen(container, "cleanup");
  } else {
    Happen(container, "die", {{"execDuration", "1"}, {"exitCode", code}});
  }
}

void FakeContainerEngine::KillLocked(absl::string_view name, int signal) {
  Container& container = Get(name);
  CHECK(container.state == kRunning || container.state == kPaused) << name << ": " << container.state;
  Happen(container, "kill", {{"signal", absl::StrCat(signal)}});
  if (signal == 9) DieLocked(name, 137);
}

void FakeContainerEngine::DestroyLocked(absl::string_view name) {
  const Container container = Get(name);
  CHECK(container.state != kRunning && container.state != kPaused) << name << ": " << container.state;
  std::erase_if(containers_, [&](const Container& c) { return c.id == container.id; });
  Happen(container, options_.podman ? "remove" : "destroy");
}

std::string FakeContainerEngine::Create(absl::string_view name, absl::string_view image, Attributes labels) {
  absl::MutexLock lock(mu_);
  return CreateLocked(name, image, std::move(labels));
}

void FakeContainerEngine::Start(absl::string_view name) {
  absl::MutexLock lock(mu_);
  if (options_.podman) Happen(Get(name), "init");
  Move(name, "start", {kCreated, kExited, "restarting"}, kRunning);
}

void FakeContainerEngine::Die(absl::string_view name, int exit_code) {
  absl::MutexLock lock(mu_);
  DieLocked(name, exit_code);
}

void FakeContainerEngine::Stop(absl::string_view name) {
  absl::MutexLock lock(mu_);
  KillLocked(name, 15);
  Happen(Get(name), "stop");
  DieLocked(name, 0);
}

void FakeContainerEngine::Kill(absl::string_view name, int signal) {
  absl::MutexLock lock(mu_);
  KillLocked(name, signal);
}

void FakeContainerEngine::Pause(absl::string_view name) {
  absl::MutexLock lock(mu_);
  Move(name, "pause", {kRunning}, kPaused);
}

void FakeContainerEngine::Unpause(absl::string_view name) {
  absl::MutexLock lock(mu_);
  Move(name, "unpause", {kPaused}, kRunning);
}

void FakeContainerEngine::Destroy(absl::string_view name) {
  absl::MutexLock lock(mu_);
  DestroyLocked(name);
}

void FakeContainerEngine::Rename(absl::string_view name, absl::string_view to) {
  absl::MutexLock lock(mu_);
  Container& container = Get(name);
  container.name = std::string(to);
  // Podman does not say the old one.
  Happen(container, "rename",
         options_.podman ? Attributes() : Attributes{{"oldName", absl::StrCat("/", name)}});
}

void FakeContainerEngine::Health(absl::string_view name, bool healthy) {
  absl::MutexLock lock(mu_);
  const std::string health = healthy ? "healthy" : "unhealthy";
  if (!options_.podman) return Happen(Get(name), absl::StrCat("health_status: ", health));
  const Container& container = Get(name);
  Publish({.action = "health_status",
           .id = container.id,
           .attributes = {{"image", container.image}, {"name", container.name}},
           .health = health});
}

void FakeContainerEngine::Run(absl::string_view name) {
  Create(name);
  Start(name);
}

void FakeContainerEngine::RunOnce(absl::string_view name) {
  Run(name);
  Die(name);
  Destroy(name);
}

void FakeContainerEngine::RunOnce(absl::string_view prefix, int count) {
  for (int i = 0; i < count; ++i) RunOnce(absl::StrCat(prefix, i));
}

void FakeContainerEngine::ForceRemove(absl::string_view name) {
  absl::MutexLock lock(mu_);
  KillLocked(name, 9);
  DestroyLocked(name);
}

void FakeContainerEngine::DieSilently(absl::string_view name) {
  absl::MutexLock lock(mu_);
  Container& container = Get(name);
  CHECK(container.state == kRunning || container.state == kPaused) << name << ": " << container.state;
  container.state = std::string(kExited);
}

void FakeContainerEngine::DestroySilently(absl::string_view name) {
  absl::MutexLock lock(mu_);
  const std::string id = Get(name).id;
  std::erase_if(containers_, [&](const Container& c) { return c.id == id; });
}

void FakeContainerEngine::ShowState(absl::string_view name, absl::string_view state) {
  absl::MutexLock lock(mu_);
  Get(name).state = std::string(state);
}

void FakeContainerEngine::OtherEvents(int count) {
  absl::MutexLock lock(mu_);
  const std::string container = MakeId(~std::uint64_t{0});
  for (int i = 0; i < count; ++i) {
    if (i % 2 == 0) {
      Publish({.type = "network",
               .action = "connect",
               .id = MakeId(~std::uint64_t{1}),
               .attributes = {{"container", container}, {"name", "bridge"}, {"type", "bridge"}}});
    } else {
      Publish(
          {.action = "exec_start: sh -c a: b",
           .id = container,
           .attributes = {{"execID", MakeId(~std::uint64_t{2})}, {"image", "busybox"}, {"name", "probed"}}});
    }
  }
}

std::map<std::string, std::string> FakeContainerEngine::states() const {
  absl::MutexLock lock(mu_);
  std::map<std::string, std::string> states;
  for (const Container& container : containers_) states[container.name] = container.state;
  return states;
}

std::string FakeContainerEngine::id(absl::string_view name) const {
  absl::MutexLock lock(mu_);
  for (const Container& container : containers_) {
    if (container.name == name) return container.id;
  }
  return "";
}

void FakeContainerEngine::Publish(EngineEvent event) {
  // Podman's history is a file, to which whoever works on a container writes.
  if (down_ && !options_.podman) return;
  if (swallow_ > 0) {
    --swallow_;
    return;
  }
  if (holds_) {
    held_.push_back(std::move(event));
  } else {
    Log(std::move(event));
  }
}

void FakeContainerEngine::Log(EngineEvent event) {
  event.nanos = absl::ToUnixNanos(NextEventTime());
  const auto chunk = std::make_shared<const std::string>(AsChunk(EventLine(event)));
  for (Stream* stream : streams_) {
    if (!ignore_filters_ && !MatchesEvent(stream->filters, event, options_.podman)) continue;
    if (stream->after.has_value() && absl::FromUnixNanos(event.nanos) <= *stream->after) continue;
    if (stream->channel.size() >= options_.channel) {
      ++lost_;
      continue;
    }
    stream->channel.push_back(chunk);
    stream->connection.Wake();
  }
  ring_.push_back(std::move(event));
  if (!options_.podman && ring_.size() > options_.ring) ring_.pop_front();
}

absl::Time FakeContainerEngine::NextEventTime() {
  if (!event_times_.empty()) {
    const absl::Time time = event_times_.front();
    event_times_.pop_front();
    return time;
  }
  last_event_ =
      std::max(clock_.TimeNow() + clock_offset_ - absl::Milliseconds(1), last_event_ + absl::Nanoseconds(1));
  return last_event_;
}

void FakeContainerEngine::SwallowEvents(int count) {
  absl::MutexLock lock(mu_);
  swallow_ = count;
}

void FakeContainerEngine::HoldEvents() {
  absl::MutexLock lock(mu_);
  holds_ = true;
}

void FakeContainerEngine::ReleaseEvents() {
  absl::MutexLock lock(mu_);
  holds_ = false;
  for (EngineEvent& event : std::exchange(held_, {})) Log(std::move(event));
}

std::uint64_t FakeContainerEngine::lost_events() const {
  absl::MutexLock lock(mu_);
  return lost_;
}

void FakeContainerEngine::SetEventTimes(std::vector<absl::Time> times) {
  absl::MutexLock lock(mu_);
  event_times_.assign(times.begin(), times.end());
}

void FakeContainerEngine::SetClockOffset(absl::Duration offset) {
  absl::MutexLock lock(mu_);
  clock_offset_ = offset;
}

absl::Time FakeContainerEngine::Now() const {
  absl::MutexLock lock(mu_);
  return clock_.TimeNow() + clock_offset_;
}

void FakeContainerEngine::PrepareFlood(int events) {
  static constexpr absl::string_view kVerbs[] = {"create", "start", "die", "destroy"};
  std::string bytes;
  const std::int64_t begin = absl::ToUnixNanos(Now()) - events - 1'000'000;
  for (int i = 0; i < events; ++i) {
    const std::string name = absl::StrCat("flood", i / 4);
    bytes += AsChunk(EventLine({.action = std::string(kVerbs[i % 4]),
                                .id = MakeId((std::uint64_t{1} << 40) + static_cast<std::uint64_t>(i / 4)),
                                .attributes = {{"com.docker.compose.project", "flood"},
                                               {"com.docker.compose.service", name},
                                               {"image", "busybox:test"},
                                               {"name", name}},
                                .nanos = begin + i}));
  }
  absl::MutexLock lock(mu_);
  flood_ = std::make_shared<const std::string>(std::move(bytes));
}

void FakeContainerEngine::Flood() {
  absl::MutexLock lock(mu_);
  CHECK(flood_ != nullptr) << "no flood was prepared";
  for (Stream* stream : streams_) {
    stream->channel.push_back(flood_);
    stream->connection.Wake();
  }
}

void FakeContainerEngine::Flood(int events) {
  PrepareFlood(events);
  Flood();
}

}  // namespace lookout
