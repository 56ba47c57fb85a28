// Tells what happens to the containers of one engine that speaks Docker's API, and loses nothing that can be
// had.
//
//   auto source = DockerSource::Create({.host = "unix:///var/run/docker.sock"}, clock);
//   if (!source.ok()) return source.status();
//   RestartingSource restarting(*std::move(source), clock);
//   restarting.Run(stop, queue);   // "create nginx", "start nginx", …
//
// Events are of type kDocker: actor_name is the container's name without '/', actor_id its full ID,
// attributes what the engine sends (labels, image, exitCode, signal), time the engine's own, exact to the
// nanosecond. Only the eight verbs of events/docker_actions.h are told, in the order of the stream, and
// renames and health on demand; others are counted and passed over.
//
// Nothing is told of what happened before OnReady(). From then on, and across connections that break, engines
// that restart, and calls of Run():
// - Each event is told once. What happened between two connections is taken from the engine's memory.
// - Where that memory does not reach back to the last event seen, containers are listed, and what must have
//   happened is told as events with the attribute lookout.synthesized = "true"; then one ForceReload, whose
//   reason says why. The same where a part of the stream cannot be read, once a second at most. No
//   ForceReload otherwise.
// - The engine is always listened to, however slow the receiver is, up to `max_buffered_bytes`; then the
//   connection is given up, and taken up again when the receiver is done with what is there.
//
// With an engine that remembers no event at all (it was just started) a break cannot be proven harmless:
// it is taken to be, unless the list says otherwise.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/docker_filters.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/events/source.h"

namespace lookout {

struct DockerSourceOptions {
  // "unix:///path", "tcp://host[:port]", "ssh://[user@]host[:port]": see docker_endpoint.h. Where the docker
  // command would go: FindDockerAddress() in docker_context.h.
  std::string host = std::string(kDefaultDockerHost);
  // Of a tcp:// host that speaks TLS.
  std::optional<DockerTls> tls = {};
  // How long the engine may take to accept a connection and to answer a request.
  absl::Duration timeout = absl::Seconds(10);
  // An engine that says nothing for so long, and does not answer either when it is asked shortly before, is
  // given up. InfiniteDuration(): none is.
  absl::Duration liveness = absl::Seconds(30);
  // Only containers that match; asked of the engine, and looked at here again.
  DockerFilters filters = {};
  // Once ready, tells a synthesized start of every container that runs.
  bool initial = false;
  // Tells renames; `healthy` and `unhealthy`.
  bool renames = false;
  bool health = false;
  // How often containers are listed, for losses that a stream cannot show: a difference is told as
  // synthesized events and a ForceReload.
  absl::Duration audit_interval = absl::InfiniteDuration();
  // Gives each event the attribute lookout.host: for who listens to several engines.
  bool tell_host = false;
  // An object of the stream that is larger is passed over and reported.
  std::size_t max_object_bytes = kDefaultMaxObjectBytes;
  // What may come while the receiver is busy; some 200,000 events. What the engine remembers, 256 events,
  // must fit: it comes at once with each connection.
  std::size_t max_buffered_bytes = std::size_t{64} << 20;
};

// What was seen, since the source was made.
struct DockerSourceCounters {
  std::uint64_t emitted = 0;          // events told, ForceReloads apart
  std::uint64_t synthesized = 0;      // of them
  std::uint64_t losses = 0;           // ForceReloads told
  std::uint64_t duplicates = 0;       // objects that were seen before
  std::uint64_t filtered = 0;         // container events that no filter lets pass
  std::uint64_t unknown_actions = 0;  // container events of other verbs than are told
  std::uint64_t other_types = 0;      // of networks, volumes, images, …
  std::uint64_t malformed = 0;        // objects that are no event: not JSON, too large, without an ID, …
  std::uint64_t connections = 0;      // streams that went live
  std::uint64_t audits = 0;
  std::uint64_t pings = 0;     // of an engine that was silent
  std::uint64_t failures = 0;  // of connections, but for streams that had lived and were just cut
};

class DockerSource final : public Source {
 public:
  // InvalidArgument, naming the host, for an endpoint that cannot be understood. Connects to nothing yet.
  // `clock` must outlive the source.
  static absl::StatusOr<std::unique_ptr<DockerSource>> Create(DockerSourceOptions options,
                                                              absl::Clock& clock);

  ~DockerSource() override;

  absl::string_view name() const override;

  // Fails with Unavailable when the engine cannot be reached or refuses for the moment, with
  // DeadlineExceeded when it does not answer, with what it says when it refuses for good (401, 403:
  // PermissionDenied; 404, or a version too old: FailedPrecondition). Of a stream that ends after it was live
  // for a second another is asked for at once. If it was just cut, that is no failure: proxies do that. Why
  // it ended otherwise is told by OnError().
  absl::Status Run(std::stop_token stop, Receiver& receiver) override;

  // At any time, from any thread.
  DockerSourceCounters counters() const;

 private:
  struct State;

  explicit DockerSource(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_H_
