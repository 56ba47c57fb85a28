// HTTP without TLS, to a peer that may turn out to want TLS.
#ifndef LOOKOUT_ADAPTERS_DOCKER_PLAIN_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_PLAIN_CONNECTION_H_

#include <memory>

#include "lookout/adapters/docker/connection.h"

namespace lookout::docker_internal {

// `inner`, but a first answer in TLS, or one that asks for it, is FailedPrecondition with the cure.
std::unique_ptr<EngineConnection> ExpectPlain(std::unique_ptr<EngineConnection> inner);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_PLAIN_CONNECTION_H_
