// Where an engine is reached.
//
//   absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint("tcp://10.0.0.7");
//   endpoint->host   // "10.0.0.7"
//   endpoint->port   // 2375
//
// The forms are those of the docker command's -H and DOCKER_HOST:
//   unix:///var/run/docker.sock   unix://relative/path is refused, unix:// alone is the default socket
//   tcp://host, tcp://host:port   2375 if no port is given; [::1] for IPv6; a path or query is refused
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_ENDPOINT_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_ENDPOINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lookout {

inline constexpr absl::string_view kDefaultDockerHost = "unix:///var/run/docker.sock";
inline constexpr int kDefaultDockerPort = 2375;

struct DockerEndpoint {
  std::string socket_path = {};  // of a unix endpoint; else empty
  std::string host = {};         // of a tcp endpoint, IPv6 without brackets; else empty
  int port = 0;

  bool is_unix() const { return !socket_path.empty(); }

  friend bool operator==(const DockerEndpoint&, const DockerEndpoint&) = default;
};

// InvalidArgument that quotes `host` and says what is understood.
absl::StatusOr<DockerEndpoint> ParseDockerEndpoint(absl::string_view host);

// "unix:///run/d.sock", "tcp://h:2375", "tcp://[::1]:2375": what ParseDockerEndpoint reads back.
std::string ToString(const DockerEndpoint& endpoint);

// $DOCKER_HOST, or the default where it is unset or empty. Reads the environment: call it before threads
// that write to it.
std::string DockerHostFromEnvironment();

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_ENDPOINT_H_
