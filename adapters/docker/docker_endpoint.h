// Where an engine is reached, and how.
//
//   absl::StatusOr<DockerEndpoint> endpoint = ParseDockerEndpoint("tcp://10.0.0.7");
//   endpoint->host   // "10.0.0.7"
//   endpoint->port   // 2375
//
// The forms are those of the docker command's -H and DOCKER_HOST:
//   unix:///var/run/docker.sock       a relative path is refused, unix:// alone is the default socket
//   tcp://host, tcp://host:port       2375 if no port is given, 2376 with TLS; [::1] for IPv6; a path or a
//                                     query is refused
//   ssh://[user@]host[:port][/path]   through the user's own ssh command; the path is the engine's socket on
//                                     that machine, where it is not the default one
// Which of them is meant where nobody says so is docker_context.h's.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_ENDPOINT_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_ENDPOINT_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lookout {

inline constexpr absl::string_view kDefaultDockerHost = "unix:///var/run/docker.sock";
inline constexpr int kDefaultDockerPort = 2375;
inline constexpr int kDefaultDockerTlsPort = 2376;

// How TLS is spoken with an engine: PEM files, "" for none. They are read anew for each connection, so a
// certificate that is renewed in its place is taken up.
struct DockerTls {
  std::string ca_file = {};           // who may sign the engine's certificate; "": the system's authorities
  std::string certificate_file = {};  // what lookout shows, with the chain above it
  std::string key_file = {};          // of that certificate, not encrypted
  bool verify = true;                 // false: any certificate is taken for the engine's

  friend bool operator==(const DockerTls&, const DockerTls&) = default;
};

// What a user, a context or the environment says of an engine.
struct DockerAddress {
  std::string host = std::string(kDefaultDockerHost);
  std::optional<DockerTls> tls = {};  // of tcp://; the other forms pass over it, as the docker command does

  friend bool operator==(const DockerAddress&, const DockerAddress&) = default;
};

struct DockerEndpoint {
  enum class Kind { kUnix, kTcp, kSsh };

  Kind kind = Kind::kUnix;
  std::string socket_path = {};       // of unix; of ssh, where the engine's is not the default one
  std::string host = {};              // of tcp and ssh, IPv6 without brackets
  int port = 0;                       // of tcp; of ssh, 0 for what ssh takes by itself
  std::string user = {};              // of ssh; "" for whom ssh takes by itself
  std::optional<DockerTls> tls = {};  // of tcp

  bool is_unix() const { return kind == Kind::kUnix; }
  bool is_ssh() const { return kind == Kind::kSsh; }

  friend bool operator==(const DockerEndpoint&, const DockerEndpoint&) = default;
};

// InvalidArgument that quotes the host and says what is understood. Opens nothing: files that are not there
// are found out when a connection is opened.
absl::StatusOr<DockerEndpoint> ParseDockerEndpoint(const DockerAddress& address);
absl::StatusOr<DockerEndpoint> ParseDockerEndpoint(absl::string_view host);  // without TLS

// "unix:///run/d.sock", "tcp://h:2375", "tcp://[::1]:2376", "ssh://me@h:22/run/d.sock": what
// ParseDockerEndpoint reads back, given the endpoint's `tls` beside it.
std::string ToString(const DockerEndpoint& endpoint);

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_ENDPOINT_H_
