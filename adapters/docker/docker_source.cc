#include "lookout/adapters/docker/docker_source.h"

#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/docker/engine_client.h"
#include "lookout/adapters/docker/engine_replies.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout {

using docker_internal::EngineClient;
using docker_internal::EngineReply;
using docker_internal::EventsPath;
using docker_internal::ReplyError;
using docker_internal::StoppableWait;
using docker_internal::VersionPrefix;

// One stream: from the engine's bytes to the receiver.
class DockerSource::Listener {
 public:
  Listener(DockerSource& source, Receiver& receiver)
      : source_(source), receiver_(receiver), decoder_(source.options_.max_object_bytes) {}

  bool OnLive() {
    ++source_.connections_;
    receiver_.OnReady();
    if (std::exchange(source_.was_live_, true)) {
      TellLoss("the engine was not listened to for a while; what happened meanwhile is unknown");
    }
    return taken_;
  }

  bool OnData(absl::string_view bytes) {
    return taken_ && decoder_.Feed(bytes, source_.clock_.TimeNow(),
                                   [this](EventStreamDecoder::Item item) { return OnItem(std::move(item)); });
  }

  // False once the receiver takes no more.
  bool taken() const { return taken_; }

 private:
  bool OnItem(EventStreamDecoder::Item item) {
    switch (item.verdict) {
      case EventStreamDecoder::Verdict::kMalformed:
        return OnMalformed(item.error);
      case EventStreamDecoder::Verdict::kUnknownAction:
        ++source_.unknown_actions_;
        break;
      case EventStreamDecoder::Verdict::kOtherType:
        ++source_.other_types_;
        break;
      case EventStreamDecoder::Verdict::kEvent:
        ++source_.emitted_;
        taken_ = receiver_.OnEvent(std::move(item.event));
        break;
    }
    in_garbage_ = false;
    return taken_;
  }

  // A stream of garbage is one loss, and is told ever more rarely: the 1st, 2nd, 4th, 8th… piece of it.
  bool OnMalformed(const absl::Status& error) {
    const std::uint64_t count = ++source_.malformed_;
    if (std::has_single_bit(++malformed_here_)) {
      receiver_.OnError(absl::DataLossError(
          absl::StrCat(source_.name_, ": passed over ", error.message(), " (", count, " so far)")));
    }
    if (!std::exchange(in_garbage_, true)) TellLoss("a part of the engine's stream could not be read");
    return taken_;
  }

  void TellLoss(std::string reason) {
    taken_ = taken_ && receiver_.OnEvent(MakeForceReload(EventType::kDocker, ToString(source_.endpoint_),
                                                         std::move(reason), source_.clock_.TimeNow()));
  }

  DockerSource& source_;
  Receiver& receiver_;
  EventStreamDecoder decoder_;
  bool taken_ = true;
  bool in_garbage_ = false;
  std::uint64_t malformed_here_ = 0;
};

DockerSource::DockerSource(DockerSourceOptions options, DockerEndpoint endpoint, absl::Clock& clock)
    : options_(std::move(options)),
      endpoint_(std::move(endpoint)),
      name_(absl::StrCat("docker ", ToString(endpoint_))),
      clock_(clock),
      resolver_(std::make_unique<docker_internal::HostResolver>()) {}

DockerSource::~DockerSource() = default;

absl::StatusOr<std::unique_ptr<DockerSource>> DockerSource::Create(DockerSourceOptions options,
                                                                   absl::Clock& clock) {
  absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint(options.host);
  if (!endpoint.ok()) return endpoint.status();
  return std::unique_ptr<DockerSource>(new DockerSource(std::move(options), *std::move(endpoint), clock));
}

absl::Status DockerSource::Run(std::stop_token stop, Receiver& receiver) {
  StoppableWait wait(clock_, stop);
  const absl::Status end = Listen(wait, receiver);
  return absl::IsCancelled(end) ? absl::OkStatus() : end;
}

absl::Status DockerSource::Listen(StoppableWait& wait, Receiver& receiver) {
  EngineClient client(endpoint_, options_.timeout, *resolver_);
  const absl::StatusOr<EngineReply> ping = client.Get("/_ping", wait);
  if (!ping.ok()) return ping.status();
  if (ping->status != 200) return ReplyError(ToString(endpoint_), "ping", *ping);

  Listener listener(*this, receiver);
  const absl::StatusOr<EngineReply> reply = client.Stream(
      EventsPath(VersionPrefix(ping->api_version)), wait, [&] { return listener.OnLive(); },
      [&](absl::string_view bytes) { return listener.OnData(bytes); });
  if (!listener.taken()) return absl::OkStatus();
  if (!reply.ok()) return reply.status();
  if (reply->status != 200) return ReplyError(ToString(endpoint_), "events", *reply);
  return absl::UnavailableError(absl::StrCat(ToString(endpoint_), ": the engine ended the stream"));
}

DockerSourceCounters DockerSource::counters() const {
  return {.emitted = emitted_,
          .unknown_actions = unknown_actions_,
          .other_types = other_types_,
          .malformed = malformed_,
          .connections = connections_};
}

}  // namespace lookout
