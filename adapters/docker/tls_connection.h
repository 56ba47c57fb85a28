// TLS 1.2 and newer over a connection.
//
// Nothing is ever sent in the clear instead: a connection that cannot be secured is none. OpenSSL and
// BoringSSL both serve; they only turn bytes into bytes here, the waiting is the inner connection's.
#ifndef LOOKOUT_ADAPTERS_DOCKER_TLS_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_TLS_CONNECTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/connection.h"
#include "lookout/adapters/docker/docker_endpoint.h"

namespace lookout::docker_internal {

// Shakes hands with an engine that must prove to be `host`, a name or an address without brackets, at the
// time `now`. A certificate's subject is not looked at, only its alternative names, as the docker command
// does.
//
// FailedPrecondition, each in words of its own, for: a file that is missing or is not what it should be, a
// certificate of another authority or another name, an engine that wants a client certificate, a peer that
// answers in plain HTTP. PermissionDenied: a file that may not be read, a client certificate that the engine
// refuses. Unavailable: a certificate whose time has not come or is over (it may be renewed), and what the
// connection fails with.
absl::StatusOr<std::unique_ptr<EngineConnection>> StartTls(const DockerTls& tls, absl::string_view host,
                                                           std::unique_ptr<EngineConnection> inner,
                                                           absl::Time now);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_TLS_CONNECTION_H_
