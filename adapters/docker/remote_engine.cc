#include "lookout/adapters/docker/remote_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/docker/engine_replies.h"
#include "lookout/events/wait.h"

namespace lookout::docker_internal {
namespace {

// What an engine remembers is 256 events; of what is longer the beginning will do.
constexpr std::size_t kMaxReplayBytes = std::size_t{64} << 20;

// A reply's Date is in whole seconds: the clock may be as far behind it as that, and not ahead.
constexpr absl::Duration kDateStep = absl::Seconds(1);

}  // namespace

RemoteEngine::RemoteEngine(const RemoteEngineOptions& options, Resolvers& resolvers, absl::Clock& clock,
                           std::stop_token stop)
    : options_(options),
      resolvers_(resolvers),
      clock_(clock),
      stop_(stop),
      wait_(clock, stop),
      client_(options.endpoint, options.timeout, resolvers.requests) {}

RemoteEngine::~RemoteEngine() = default;

// The clock of an engine on this machine is ours, to the nanosecond. Of others it is known to the second.
absl::Status RemoteEngine::Connect() {
  // The engine said its time at some point after this, and no reply takes no time.
  engine_time_at_ = TimePassed(clock_);
  absl::StatusOr<EngineGreeting> greeting = Greet(client_, wait_);
  if (!greeting.ok()) return greeting.status();
  greeting_ = *std::move(greeting);
  const absl::Time now = clock_.TimeNow();
  const absl::Time date = greeting_.date.value_or(now);
  is_our_clock_ = options_.endpoint.is_unix() && now >= date && now < date + 2 * kDateStep;
  engine_time_ = is_our_clock_ ? now : date;
  return absl::OkStatus();
}

// No earlier than it is.
absl::Time RemoteEngine::LatestEngineTime() const {
  if (is_our_clock_) return clock_.TimeNow();
  return engine_time_ + kDateStep + (TimePassed(clock_) - engine_time_at_);
}

absl::Status RemoteEngine::Subscribe(absl::Time since) {
  pump_ = std::make_unique<StreamPump>(
      EngineClient(options_.endpoint, options_.timeout, resolvers_.stream),
      EventsPath(greeting_.prefix, EventsQuery(options_.filters, greeting_.dialect, since)),
      StreamPumpOptions{.max_buffered_bytes = options_.max_buffered_bytes}, clock_);
  return pump_->AwaitSent(stop_);
}

absl::StatusOr<std::string> RemoteEngine::Next(absl::Duration timeout, std::string spare) {
  return pump_->Next(timeout, stop_, std::move(spare));
}

absl::Duration RemoteEngine::quiet_for() const { return pump_->quiet_for(); }

// Podman can be asked not to stream. Docker ends an answer whose `until` is over, and to it the epoch is
// over, but no bound: what it remembers is answered whole. A bound of our own would be earlier than the
// answer: what happens in between is left out, and with it all, if by then nothing older is remembered. An
// engine that takes the epoch for a bound as any other answers nothing, and is asked for all until now.
absl::StatusOr<std::string> RemoteEngine::Replay(absl::Time since) {
  if (greeting_.dialect == DockerDialect::kPodman) {
    return AskForEvents(
        absl::StrCat(EventsQuery(options_.filters, greeting_.dialect, since), "&stream=false"));
  }
  absl::StatusOr<std::string> all =
      AskForEvents(EventsQuery(options_.filters, greeting_.dialect, since, absl::UnixEpoch()));
  if (!all.ok() || !all->empty()) return all;
  return AskForEvents(EventsQuery(options_.filters, greeting_.dialect, since, LatestEngineTime()));
}

absl::StatusOr<std::string> RemoteEngine::AskForEvents(absl::string_view query) {
  absl::StatusOr<EngineReply> reply = Ask("events", EventsPath(greeting_.prefix, query), kMaxReplayBytes);
  if (!reply.ok()) return reply.status();
  if (reply->cut && reply->body.size() < kMaxReplayBytes) {
    return absl::UnavailableError(
        absl::StrCat(ToString(options_.endpoint), ": events: the answer broke off"));
  }
  return std::move(reply->body);
}

absl::StatusOr<ContainerList> RemoteEngine::List() {
  absl::StatusOr<EngineReply> reply = Ask(
      "containers", ContainersPath(greeting_.prefix, ContainersQuery(options_.filters, greeting_.dialect)),
      options_.max_list_bytes);
  if (!reply.ok()) return reply.status();
  if (reply->cut) {
    return absl::ResourceExhaustedError(absl::StrCat(ToString(options_.endpoint),
                                                     ": the list of containers is longer than ",
                                                     options_.max_list_bytes, " bytes, or broke off"));
  }
  absl::StatusOr<ContainerList> list = ParseContainerList(reply->body);
  if (list.ok()) return list;
  // A proxy's page, or half an answer: the next may be a list.
  return absl::UnavailableError(
      absl::StrCat(ToString(options_.endpoint), ": containers: ", list.status().message()));
}

absl::Status RemoteEngine::Ping(absl::Duration timeout) {
  EngineClient client(options_.endpoint, timeout, resolvers_.requests);
  return Greet(client, wait_).status();
}

absl::StatusOr<EngineReply> RemoteEngine::Ask(absl::string_view what, absl::string_view path,
                                              std::size_t max_body) {
  absl::StatusOr<EngineReply> reply = client_.Get(path, wait_, max_body);
  if (reply.ok() && reply->status != 200) return ReplyError(ToString(options_.endpoint), what, *reply);
  return reply;
}

}  // namespace lookout::docker_internal
