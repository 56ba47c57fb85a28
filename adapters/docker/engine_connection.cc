#include "lookout/adapters/docker/engine_connection.h"

#include <utility>

#include "lookout/adapters/docker/plain_connection.h"
#include "lookout/adapters/docker/socket_connection.h"
#include "lookout/adapters/docker/ssh_connection.h"
#include "lookout/adapters/docker/tls_connection.h"

namespace lookout::docker_internal {

absl::StatusOr<std::unique_ptr<EngineConnection>> OpenEngineConnection(const DockerEndpoint& endpoint,
                                                                       HostResolver& resolver,
                                                                       StoppableWait& wait,
                                                                       absl::Duration deadline) {
  if (absl::Status stopped = wait.Check(); !stopped.ok()) return stopped;
  switch (endpoint.kind) {
    case DockerEndpoint::Kind::kUnix:
      return ConnectUnix(endpoint.socket_path, wait, deadline);
    case DockerEndpoint::Kind::kSsh:
      return StartSsh(endpoint, wait, deadline);
    case DockerEndpoint::Kind::kTcp:
      break;
  }
  auto socket = ConnectTcp(endpoint.host, endpoint.port, resolver, wait, deadline);
  if (!socket.ok()) return socket;
  if (!endpoint.tls.has_value()) return ExpectPlain(*std::move(socket));
  return StartTls(*endpoint.tls, endpoint.host, *std::move(socket), wait.clock().TimeNow());
}

}  // namespace lookout::docker_internal
