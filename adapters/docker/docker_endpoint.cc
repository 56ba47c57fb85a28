#include "lookout/adapters/docker/docker_endpoint.h"

#include <sys/un.h>

#include <cstddef>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace lookout {
namespace {

constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

absl::Status Refuse(absl::string_view host, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("Docker host \"", absl::CHexEscape(host), "\" ", why,
                                                 "; use unix:///path/to/docker.sock or tcp://host:port"));
}

absl::StatusOr<DockerEndpoint> ParseUnix(absl::string_view host, absl::string_view path) {
  if (path.empty()) return ParseDockerEndpoint(kDefaultDockerHost);
  if (path.front() != '/') return Refuse(host, "has a relative socket path");
  if (absl::StrContains(path, '\0')) return Refuse(host, "has a NUL byte in its path");
  if (path.size() > kMaxSocketPath) {
    return Refuse(host, absl::StrCat("has a socket path longer than ", kMaxSocketPath, " bytes"));
  }
  return DockerEndpoint{.socket_path = std::string(path)};
}

absl::StatusOr<DockerEndpoint> ParseTcp(absl::string_view host, absl::string_view address) {
  absl::ConsumeSuffix(&address, "/");
  if (absl::StrContains(address, '/') || absl::StrContains(address, '?') || absl::StrContains(address, '@')) {
    return Refuse(host, "has more than a host and a port");
  }
  absl::string_view name = address;
  absl::string_view port = "";
  bool has_port = false;
  if (absl::ConsumePrefix(&name, "[")) {  // IPv6 in brackets
    const std::size_t end = name.find(']');
    if (end == absl::string_view::npos) return Refuse(host, "lacks a ]");
    port = name.substr(end + 1);
    name = name.substr(0, end);
    has_port = absl::ConsumePrefix(&port, ":");
    if (!has_port && !port.empty()) return Refuse(host, "has something between ] and the port");
  } else if (const std::size_t colon = name.find(':'); colon != absl::string_view::npos) {
    port = name.substr(colon + 1);
    name = name.substr(0, colon);
    has_port = true;
  }
  if (name.empty()) return Refuse(host, "names no host");
  for (const char c : name) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) {
      return Refuse(host, "has a character that no host name has");
    }
  }
  DockerEndpoint endpoint{.host = std::string(name), .port = kDefaultDockerPort};
  if (has_port && (!absl::SimpleAtoi(port, &endpoint.port) || endpoint.port < 1 || endpoint.port > 65535)) {
    return Refuse(host, absl::StrCat("has the port \"", absl::CHexEscape(port), "\", not one of 1 to 65535"));
  }
  return endpoint;
}

}  // namespace

absl::StatusOr<DockerEndpoint> ParseDockerEndpoint(absl::string_view host) {
  absl::string_view rest = host;
  if (absl::ConsumePrefix(&rest, "unix://")) return ParseUnix(host, rest);
  if (absl::ConsumePrefix(&rest, "tcp://")) return ParseTcp(host, rest);
  if (host.empty()) return Refuse(host, "is empty");
  return Refuse(host, "has a scheme that is not understood");
}

std::string ToString(const DockerEndpoint& endpoint) {
  if (endpoint.is_unix()) return absl::StrCat("unix://", endpoint.socket_path);
  if (absl::StrContains(endpoint.host, ':')) {
    return absl::StrCat("tcp://[", endpoint.host, "]:", endpoint.port);
  }
  return absl::StrCat("tcp://", endpoint.host, ":", endpoint.port);
}

std::string DockerHostFromEnvironment() {
  const char* host = std::getenv("DOCKER_HOST");
  return std::string(host == nullptr || *host == '\0' ? kDefaultDockerHost : absl::string_view(host));
}

}  // namespace lookout
