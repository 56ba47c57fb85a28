// Connections over a socket of this machine or of the network, as they are.
#ifndef LOOKOUT_ADAPTERS_DOCKER_SOCKET_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_SOCKET_CONNECTION_H_

#include <sys/socket.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/connection.h"
#include "lookout/adapters/docker/host_resolver.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

// Waits its turn where the engine's queue of connections is full.
absl::StatusOr<std::unique_ptr<EngineConnection>> ConnectUnix(const std::string& path, StoppableWait& wait,
                                                              absl::Duration deadline);

// Tries the addresses in order, each for its share of the time that is left. Keep-alive is on: an engine's
// machine that vanished without a word is noticed after a minute or so.
absl::StatusOr<std::unique_ptr<EngineConnection>> ConnectAny(absl::Span<const SocketAddress> addresses,
                                                             StoppableWait& wait, absl::Duration deadline);

// The same for those of a host.
absl::StatusOr<std::unique_ptr<EngineConnection>> ConnectTcp(const std::string& host, int port,
                                                             HostResolver& resolver, StoppableWait& wait,
                                                             absl::Duration deadline);

// The status for an errno of a socket call: ResourceExhausted or Unavailable; PermissionDenied if a unix
// socket may not be opened. (Networks refuse with the same words, and may think better of it.)
absl::Status SocketError(int error, absl::string_view what, int family = AF_UNSPEC);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_SOCKET_CONNECTION_H_
