// Which engine is meant where a user does not say it whole: what DOCKER_HOST, a docker context and the docker
// command's configuration say, in the order in which the docker command asks them.
//
//   const absl::StatusOr<DockerAddress> address = FindDockerAddress(DockerEnvironmentOfProcess());
//   if (!address.ok()) return address.status();   // "docker context \"prod\" (DOCKER_CONTEXT): not found: …"
//   DockerSource::Create({.host = address->host, .tls = address->tls}, clock);
//
// The first of these that is there says it:
//   1. a context that is named, or a host that is named (the command's options; not both)
//   2. DOCKER_HOST
//   3. the context that DOCKER_CONTEXT names
//   4. the context that currentContext in config.json names (what `docker context use` writes)
//   5. the default: /var/run/docker.sock; the rootless engine's $XDG_RUNTIME_DIR/docker.sock where that alone
//   is
//      there; tcp://localhost:2376 where DOCKER_TLS or DOCKER_TLS_VERIFY asks for TLS
// The context "default" is DOCKER_HOST or the default. Variables that are empty count as unset.
//
// config.json and contexts/ are in $DOCKER_CONFIG, or else $HOME/.docker. A host, named or from DOCKER_HOST,
// is spoken to with TLS where DOCKER_TLS_VERIFY (the engine's certificate is verified) or DOCKER_TLS (it is
// not) is set, with ca.pem, cert.pem and key.pem of $DOCKER_CERT_PATH or else of the folder above. A context
// has TLS files of its own.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_CONTEXT_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_CONTEXT_H_

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "lookout/adapters/docker/docker_endpoint.h"

namespace lookout {

// What of its surroundings FindDockerAddress() looks at. A test gives it tables.
struct DockerEnvironment {
  std::map<std::string, std::string> variables = {};
  // The whole of a file; NotFound where there is none.
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file = {};
  std::function<bool(const std::string& path)> exists = {};
};

// This process's own: reads the variables now (call it before threads that write to them), files when asked.
DockerEnvironment DockerEnvironmentOfProcess();

// What a user says outright.
struct DockerChoice {
  std::optional<std::string> host = {};
  std::optional<std::string> context = {};
};

// Reads files, connects to nothing. The host is not parsed: ParseDockerEndpoint() says what is wrong with it.
// InvalidArgument if both are chosen; NotFound for a context that is not there, naming it, who named it and
// the file that was looked for; FailedPrecondition for a file that makes no sense; PermissionDenied.
absl::StatusOr<DockerAddress> FindDockerAddress(const DockerEnvironment& environment,
                                                const DockerChoice& choice = {});

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_CONTEXT_H_
