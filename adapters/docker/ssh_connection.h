// A connection to an engine through the user's own ssh command, with all that its configuration says.
#ifndef LOOKOUT_ADAPTERS_DOCKER_SSH_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_SSH_CONNECTION_H_

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/connection.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

// Of what ssh says on standard error the last this many bytes are kept, for the message.
inline constexpr std::size_t kMaxSshWords = 2048;

// Starts `ssh` (from PATH, see ssh_command.h) and returns while it still connects: it says nothing when it is
// through. If it fails, the first Read() gives Unavailable with what it said, or FailedPrecondition if the
// far machine has no docker command. The process is over and reaped when the connection is destroyed, which
// takes as long as ssh needs to end, 100 ms at most.
absl::StatusOr<std::unique_ptr<EngineConnection>> StartSsh(const DockerEndpoint& endpoint,
                                                           StoppableWait& wait, absl::Duration deadline);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_SSH_CONNECTION_H_
