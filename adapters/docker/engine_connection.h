// A connected socket to an engine. Every wait ends on stop and by the clock; SIGPIPE is never raised.
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_CONNECTION_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

// Used by one thread at a time. `wait` must outlive it.
class EngineConnection {
 public:
  // Tries the host's addresses in order. Unavailable if none accepts, PermissionDenied if this user may not
  // use the socket, DeadlineExceeded, Cancelled. Messages do not name the endpoint: callers do.
  static absl::StatusOr<std::unique_ptr<EngineConnection>> Open(const DockerEndpoint& endpoint,
                                                                HostResolver& resolver, StoppableWait& wait,
                                                                absl::Time deadline);
  ~EngineConnection();
  EngineConnection(const EngineConnection&) = delete;
  EngineConnection& operator=(const EngineConnection&) = delete;

  // For the reads and writes that follow; absl::InfiniteFuture() for none.
  void set_deadline(absl::Time deadline) { deadline_ = deadline; }

  // What is there, at least a byte; 0 at the end. Fails with Unavailable when the connection breaks.
  absl::StatusOr<std::size_t> Read(absl::Span<char> into);
  absl::Status Write(absl::string_view bytes);

  int fd() const { return fd_; }

 private:
  EngineConnection(int fd, StoppableWait& wait, absl::Time deadline);

  const int fd_;
  StoppableWait& wait_;
  absl::Time deadline_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_CONNECTION_H_
