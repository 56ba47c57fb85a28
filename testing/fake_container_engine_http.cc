// The side of FakeContainerEngine that clients see.
#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lookout/testing/fake_container_engine.h"

namespace lookout {

using testing_internal::ContainersJson;
using testing_internal::EventLine;
using testing_internal::FakeEngineServer;
using testing_internal::MessageJson;
using testing_internal::ParseFilters;
using testing_internal::ParseSeconds;
using testing_internal::ParseTarget;
using testing_internal::UnknownKey;

namespace {

// Older ones are refused (moby, api/common.go, before 29).
constexpr absl::string_view kMinApiVersion = "1.24";

std::pair<int, int> VersionNumbers(absl::string_view version) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(version, absl::MaxSplits('.', 1));
  std::pair<int, int> numbers = {0, 0};
  (void)absl::SimpleAtoi(parts.first, &numbers.first);
  (void)absl::SimpleAtoi(parts.second, &numbers.second);
  return numbers;
}

// Podman reads RFC 3339 as well (its pkg/util: ParseInputTime), and exactly; of a number with a fraction it
// loses the last digits.
std::optional<absl::Time> ParseBound(absl::string_view text, bool podman) {
  absl::Time time;
  if (podman && absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return time;
  return ParseSeconds(text);
}

}  // namespace

FakeContainerEngine::FakeContainerEngine(absl::Clock& clock, FakeEngineOptions options)
    : clock_(clock), options_(std::move(options)) {
  {
    absl::MutexLock lock(mu_);
    api_version_ = options_.api_version;
  }
  server_ = std::make_unique<FakeEngineServer>(
      options_.tcp, clock_,
      [this](const std::string& target, Connection& connection) { return Serve(target, connection); });
}

FakeContainerEngine::~FakeContainerEngine() = default;

std::string FakeContainerEngine::Headers(absl::string_view content_type) const {
  absl::MutexLock lock(mu_);
  std::string headers;
  if (!api_version_.empty()) absl::StrAppend(&headers, "Api-Version: ", api_version_, "\r\n");
  absl::StrAppend(&headers, "Content-Type: ", content_type, "\r\n");
  absl::StrAppend(&headers, options_.podman ? "Libpod-Api-Version: 4.3.1\r\nServer: Libpod/4.3.1 (linux)\r\n"
                                            : "Ostype: linux\r\nServer: Docker/28.5.2 (linux)\r\n");
  if (options_.date) {
    absl::StrAppend(
        &headers, "Date: ",
        absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", clock_.TimeNow() + clock_offset_, absl::UTCTimeZone()),
        "\r\n");
  }
  return headers;
}

std::optional<FakeContainerEngine::Answer> FakeContainerEngine::AnswerFor(absl::string_view target) const {
  absl::MutexLock lock(mu_);
  for (const auto& [part, answer] : answers_) {
    if (absl::StrContains(target, part)) return answer;
  }
  return std::nullopt;
}

std::string FakeContainerEngine::RefusedVersion(absl::string_view version) const {
  absl::MutexLock lock(mu_);
  if (version.empty() || api_version_.empty()) return "";
  if (VersionNumbers(version) > VersionNumbers(api_version_)) {
    return absl::StrCat("client version ", version, " is too new. Maximum supported API version is ",
                        api_version_);
  }
  if (VersionNumbers(version) < VersionNumbers(kMinApiVersion)) {
    return absl::StrCat("client version ", version, " is too old. Minimum supported API version is ",
                        kMinApiVersion, ", please upgrade your client to a newer version");
  }
  return "";
}

bool FakeContainerEngine::Refuse(int status, absl::string_view message, Connection& connection) {
  return connection.SendReply(status, Headers("application/json"), MessageJson(message));
}

bool FakeContainerEngine::Serve(const std::string& target, Connection& connection) {
  {
    absl::MutexLock lock(mu_);
    requests_.push_back(target);
  }
  if (const std::optional<Answer> answer = AnswerFor(target)) {
    return connection.SendReply(answer->status, Headers(answer->content_type), answer->body);
  }
  const Target parsed = ParseTarget(target);
  if (parsed.path == "/_ping") return connection.SendReply(200, Headers("text/plain; charset=utf-8"), "OK");
  if (const std::string why = RefusedVersion(parsed.version); !why.empty())
    return Refuse(400, why, connection);
  if (parsed.path == "/events") return ServeEvents(parsed, connection);
  if (parsed.path == "/containers/json") return ServeList(parsed, connection);
  return Refuse(404, "page not found", connection);
}

bool FakeContainerEngine::ServeList(const Target& target, Connection& connection) {
  const auto parameter = [&](const std::string& key) {
    const auto found = target.parameters.find(key);
    return found == target.parameters.end() ? std::string() : found->second;
  };
  absl::StatusOr<Filters> filters = ParseFilters(parameter("filters"));
  if (!filters.ok()) return Refuse(400, filters.status().message(), connection);
  if (const std::string key = UnknownKey(*filters, options_.podman, /*list=*/true); !key.empty()) {
    return options_.podman ? Refuse(500, absl::StrCat(key, " is an invalid filter"), connection)
                           : Refuse(400, absl::StrCat("invalid filter '", key, "'"), connection);
  }
  const std::string all_text = parameter("all");
  const bool all = all_text == "1" || all_text == "true" || filters->contains("status");
  std::vector<Container> shown;
  std::function<void()> hook;
  {
    absl::MutexLock lock(mu_);
    // The newest first.
    for (auto at = containers_.rbegin(); at != containers_.rend(); ++at) {
      if (!all && at->state != "running" && at->state != "paused") continue;
      if (ignore_filters_ || MatchesContainer(*filters, *at)) shown.push_back(*at);
    }
    hook = after_look_;
  }
  if (hook != nullptr) hook();
  return connection.SendReply(200, Headers("application/json"), ContainersJson(shown));
}

bool FakeContainerEngine::ServeEvents(const Target& target, Connection& connection) {
  const auto parameter = [&](const std::string& key) {
    const auto found = target.parameters.find(key);
    return found == target.parameters.end() ? std::string() : found->second;
  };
  const std::string since_text = parameter("since");
  const std::string until_text = parameter("until");
  const std::optional<absl::Time> since = ParseBound(since_text, options_.podman);
  const std::optional<absl::Time> until = ParseBound(until_text, options_.podman);
  if (since.has_value() == since_text.empty() || until.has_value() == until_text.empty()) {
    return Refuse(400, "a time that cannot be read", connection);
  }
  if (since.has_value() && until.has_value() && *until < *since && !options_.podman) {
    return Refuse(400, "`since` time cannot be after `until` time", connection);
  }
  absl::StatusOr<Filters> filters = ParseFilters(parameter("filters"));
  if (!filters.ok()) return Refuse(400, filters.status().message(), connection);
  if (const std::string key = UnknownKey(*filters, options_.podman, /*list=*/false); !key.empty()) {
    return Refuse(500, absl::StrCat(key, " is an invalid filter"), connection);
  }

  // Podman can be asked for its history alone (pkg/api/handlers/compat/events.go).
  const bool no_stream = options_.podman && parameter("stream") == "false";
  const bool only_past = no_stream || (until.has_value() && *until < Now());
  connection.HoldBack(
      absl::StrCat("HTTP/1.1 200 OK\r\n", Headers("application/json"), "Transfer-Encoding: chunked\r\n\r\n"));
  std::function<void()> hook;
  bool withhold;
  {
    absl::MutexLock lock(mu_);
    withhold = withhold_heads_;
    hook = before_subscribe_;
  }
  if (!withhold && !connection.Send("")) return false;
  if (hook != nullptr) hook();

  Stream stream{.connection = connection, .filters = *std::move(filters), .endless = !until.has_value()};
  std::string replay;
  {
    absl::MutexLock lock(mu_);
    if (ignore_filters_) stream.filters.clear();
    if (options_.podman) stream.after = since;  // libpod/events/logfile.go: of what is new as well
    if (since.has_value() || until.has_value() || no_stream) replay = Replay(since, until, stream.filters);
    if (!only_past) {
      connection.SetStream();
      streams_.push_back(&stream);
    }
  }
  const bool sent = replay.empty() || connection.Send(replay);
  if (only_past) return sent && connection.SendLastChunk();
  const bool ended = sent && SendStream(stream, until);
  {
    absl::MutexLock lock(mu_);
    streams_.remove(&stream);
  }
  return ended && connection.SendLastChunk();
}

// moby looks from the newest back, and stops at the first that is older (daemon/events/events.go).
std::string FakeContainerEngine::Replay(std::optional<absl::Time> since, std::optional<absl::Time> until,
                                        const Filters& filters) const {
  std::vector<std::string> chunks;
  for (auto event = ring_.rbegin(); event != ring_.rend(); ++event) {
    const absl::Time time = absl::FromUnixNanos(event->nanos);
    if (options_.podman) {  // libpod/events/filters.go: both bounds are exclusive
      if ((since.has_value() && time <= *since) || (until.has_value() && time >= *until)) continue;
    } else {
      if (since.has_value() && time < *since) break;
      const bool bounded = until.has_value() && (*until > absl::UnixEpoch() || !options_.epoch_is_no_bound);
      if (bounded && time > *until) continue;
    }
    if (!MatchesEvent(filters, *event, options_.podman)) continue;
    const std::string line = EventLine(*event);
    chunks.push_back(absl::StrCat(absl::Hex(line.size()), "\r\n", line, "\r\n"));
  }
  std::string replay;
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) replay += *chunk;
  return replay;
}

// True when `until` has come, false when the connection is over.
bool FakeContainerEngine::SendStream(Stream& stream, std::optional<absl::Time> until) {
  while (true) {
    Bytes chunk;
    {
      absl::MutexLock lock(mu_);
      if (!stream.channel.empty()) {
        chunk = std::move(stream.channel.front());
        stream.channel.pop_front();
      }
    }
    if (chunk != nullptr) {
      if (!stream.connection.Send(*chunk)) return false;
      continue;
    }
    const absl::Duration left = until.has_value() ? *until - Now() : absl::InfiniteDuration();
    if (left <= absl::ZeroDuration()) return true;
    if (!stream.connection.Wait(left)) return false;
  }
}

void FakeContainerEngine::BreakStreams(bool reset) { server_->Close(/*streams_only=*/true, reset); }

void FakeContainerEngine::Down() {
  {
    absl::MutexLock lock(mu_);
    down_ = true;
  }
  server_->StopListening();
  server_->Close(/*streams_only=*/false, /*reset=*/false);
}

void FakeContainerEngine::Up(bool containers_died) {
  {
    absl::MutexLock lock(mu_);
    down_ = false;
    if (!options_.podman) ring_.clear();
    held_.clear();
    for (Container& container : containers_) {
      const bool ran = container.state == "running" || container.state == "paused";
      if (containers_died && ran) container.state = "exited";
    }
  }
  server_->Listen();
}

void FakeContainerEngine::ReplaceSocket() { server_->Listen(); }
void FakeContainerEngine::Freeze() { server_->SetFrozen(true); }
void FakeContainerEngine::Thaw() { server_->SetFrozen(false); }

void FakeContainerEngine::WithholdHeads(bool withhold) {
  absl::MutexLock lock(mu_);
  withhold_heads_ = withhold;
}

void FakeContainerEngine::AnswerInstead(absl::string_view part, Answer answer) {
  absl::MutexLock lock(mu_);
  answers_[std::string(part)] = std::move(answer);
}

void FakeContainerEngine::AnswerNormally(absl::string_view part) {
  absl::MutexLock lock(mu_);
  answers_.erase(std::string(part));
}

void FakeContainerEngine::ForbidLists(bool forbid) {
  constexpr absl::string_view kLists = "/containers/json";
  if (!forbid) return AnswerNormally(kLists);
  AnswerInstead(kLists, {.status = 403,
                         .body = "<html><body><h1>403 Forbidden</h1>\n"
                                 "Request forbidden by administrative rules.\n</body></html>\n",
                         .content_type = "text/html"});
}

void FakeContainerEngine::IgnoreFilters(bool ignore) {
  absl::MutexLock lock(mu_);
  ignore_filters_ = ignore;
}

void FakeContainerEngine::SetApiVersion(absl::string_view version) {
  absl::MutexLock lock(mu_);
  api_version_ = std::string(version);
}

void FakeContainerEngine::SetBeforeSubscribe(std::function<void()> hook) {
  absl::MutexLock lock(mu_);
  before_subscribe_ = std::move(hook);
}

void FakeContainerEngine::SetAfterLook(std::function<void()> hook) {
  absl::MutexLock lock(mu_);
  after_look_ = std::move(hook);
}

std::vector<std::string> FakeContainerEngine::requests() const {
  absl::MutexLock lock(mu_);
  return requests_;
}

int FakeContainerEngine::CountTargets(absl::string_view part) const {
  return static_cast<int>(absl::c_count_if(
      requests_, [&](const std::string& target) { return absl::StrContains(target, part); }));
}

int FakeContainerEngine::CountRequests(absl::string_view part) const {
  absl::MutexLock lock(mu_);
  return CountTargets(part);
}

void FakeContainerEngine::AwaitRequests(absl::string_view part, int count) const {
  const auto there = [&]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return CountTargets(part) >= count; };
  absl::MutexLock lock(mu_);
  mu_.Await(absl::Condition(&there));
}

int FakeContainerEngine::CountStreams() const {
  return static_cast<int>(absl::c_count_if(streams_, [](const Stream* stream) { return stream->endless; }));
}

int FakeContainerEngine::streams() const {
  absl::MutexLock lock(mu_);
  return CountStreams();
}

void FakeContainerEngine::AwaitStreams(int count) const {
  const auto there = [&]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return CountStreams() >= count; };
  absl::MutexLock lock(mu_);
  mu_.Await(absl::Condition(&there));
}

void FakeContainerEngine::AwaitNoStreams() const {
  const auto gone = [&]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return CountStreams() == 0; };
  absl::MutexLock lock(mu_);
  mu_.Await(absl::Condition(&gone));
}

}  // namespace lookout
