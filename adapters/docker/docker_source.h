// Tells what happens to the containers of one engine that speaks Docker's API.
//
//   auto source = DockerSource::Create({.host = DockerHostFromEnvironment()}, clock);
//   if (!source.ok()) return source.status();
//   RestartingSource restarting(*std::move(source), clock);
//   restarting.Run(stop, queue);   // "create nginx", "start nginx", …
//
// Events are of type kDocker: actor_name is the container's name without '/', actor_id its full ID,
// attributes what the engine sends (labels, image, exitCode, signal), time the engine's own, exact to the
// nanosecond. Only the eight verbs of events/docker_actions.h are told, in the order of the stream; others
// are counted and passed over.
//
// Nothing is told of what runs before OnReady(). What is not (yet) done is in this folder's README.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/events/source.h"

namespace lookout {

namespace docker_internal {
class HostResolver;
class StoppableWait;
}  // namespace docker_internal

struct DockerSourceOptions {
  // "unix:///path" or "tcp://host[:port]": see docker_endpoint.h.
  std::string host = std::string(kDefaultDockerHost);
  // How long the engine may take to accept a connection, and to answer a request's head.
  absl::Duration timeout = absl::Seconds(10);
  // An object of the stream that is larger is passed over and reported.
  std::size_t max_object_bytes = kDefaultMaxObjectBytes;
};

// What was seen, since the source was made.
struct DockerSourceCounters {
  std::uint64_t emitted = 0;          // events told
  std::uint64_t unknown_actions = 0;  // container events that are none of the eight verbs
  std::uint64_t other_types = 0;      // of networks, volumes, images, …
  std::uint64_t malformed = 0;        // objects that are no event: not JSON, too large, without an ID, …
  std::uint64_t connections = 0;      // streams that went live
};

class DockerSource final : public Source {
 public:
  // InvalidArgument, naming the host, for an endpoint that cannot be understood. Connects to nothing yet.
  // `clock` must outlive the source.
  static absl::StatusOr<std::unique_ptr<DockerSource>> Create(DockerSourceOptions options,
                                                              absl::Clock& clock);

  ~DockerSource() override;

  absl::string_view name() const override { return name_; }

  // Fails with Unavailable when the engine cannot be reached, ends the stream or refuses for the moment,
  // with DeadlineExceeded when it accepts and does not answer, with what it says when it refuses for good
  // (401, 403: PermissionDenied; 404, or a version too old: FailedPrecondition). Called again, it tells a
  // ForceReload once the new stream is live: what happened between is not known. So it does for a part of
  // the stream that cannot be read, which is told with OnError() too.
  absl::Status Run(std::stop_token stop, Receiver& receiver) override;

  // At any time, from any thread.
  DockerSourceCounters counters() const;

 private:
  class Listener;

  DockerSource(DockerSourceOptions options, DockerEndpoint endpoint, absl::Clock& clock);

  absl::Status Listen(docker_internal::StoppableWait& wait, Receiver& receiver);

  const DockerSourceOptions options_;
  const DockerEndpoint endpoint_;
  const std::string name_;
  absl::Clock& clock_;
  const std::unique_ptr<docker_internal::HostResolver> resolver_;
  bool was_live_ = false;
  std::atomic<std::uint64_t> emitted_ = 0;
  std::atomic<std::uint64_t> unknown_actions_ = 0;
  std::atomic<std::uint64_t> other_types_ = 0;
  std::atomic<std::uint64_t> malformed_ = 0;
  std::atomic<std::uint64_t> connections_ = 0;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_SOURCE_H_
