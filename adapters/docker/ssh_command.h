// How the user's own ssh is asked for a connection to an engine: the words that the docker command uses, and
// that it must not ask anything.
#ifndef LOOKOUT_ADAPTERS_DOCKER_SSH_COMMAND_H_
#define LOOKOUT_ADAPTERS_DOCKER_SSH_COMMAND_H_

#include <string>
#include <vector>

#include "lookout/adapters/docker/docker_endpoint.h"

namespace lookout::docker_internal {

// The words, "ssh" first. The last is the command for the far machine's shell, a path in it quoted:
//   ssh -l me -p 22 -o BatchMode=yes -o ConnectTimeout=30 -T -- host
//       "docker --host=unix:///run/d.sock system dial-stdio"
std::vector<std::string> SshCommand(const DockerEndpoint& endpoint);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_SSH_COMMAND_H_
