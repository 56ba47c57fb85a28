// A stream of bytes to and from an engine: over a socket, with TLS over that, or through the user's ssh.
//
//   auto connection = OpenEngineConnection(endpoint, resolver, wait, wait.DeadlineIn(absl::Seconds(10)));
//   if (!connection.ok()) return connection.status();
//   (*connection)->Write("GET /_ping HTTP/1.1\r\n…");
//   (*connection)->Read(absl::MakeSpan(buffer));
#ifndef LOOKOUT_ADAPTERS_DOCKER_ENGINE_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_ENGINE_CONNECTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/connection.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

// Opens one, within `deadline`, which holds for what follows until it is set anew.
//
// Unavailable if nobody is there or the peer's first answer makes no sense; PermissionDenied if this user may
// not use the socket or a file; FailedPrecondition, with the cure, for a peer that speaks TLS where the
// endpoint says none or the other way round, a certificate that does not fit, files that are missing. What
// ssh fails with comes out of the first Read(): it says nothing when it succeeds.
//
// `wait` must outlive the connection.
absl::StatusOr<std::unique_ptr<EngineConnection>> OpenEngineConnection(const DockerEndpoint& endpoint,
                                                                       HostResolver& resolver,
                                                                       StoppableWait& wait,
                                                                       absl::Duration deadline);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_ENGINE_CONNECTION_H_
