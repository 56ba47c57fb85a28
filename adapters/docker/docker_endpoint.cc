#include "lookout/adapters/docker/docker_endpoint.h"

#include <sys/un.h>

#include <cstddef>

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

// What a shell on the way would take for more than a letter: ssh hands names to commands of its configuration
// (ProxyCommand, Match exec) and the far machine's shell.
constexpr absl::string_view kMeantForShells = "'\"`$\\;&<>|(){}*?!#%";

absl::Status Refuse(absl::string_view host, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("Docker host \"", absl::CHexEscape(host), "\" ", why,
                   "; use unix:///path/to/docker.sock, tcp://host:port or ssh://user@host"));
}

bool IsGraphic(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) return false;
  }
  return true;
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

// "name", "name:port", "[v6]", "[v6]:port" into the endpoint's host and port, which stays as it is where
// none is given.
absl::Status ParseNameAndPort(absl::string_view host, absl::string_view name, DockerEndpoint& endpoint) {
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
  if (!IsGraphic(name)) return Refuse(host, "has a character that no host name has");
  if (has_port && (!absl::SimpleAtoi(port, &endpoint.port) || endpoint.port < 1 || endpoint.port > 65535)) {
    return Refuse(host, absl::StrCat("has the port \"", absl::CHexEscape(port), "\", not one of 1 to 65535"));
  }
  endpoint.host = std::string(name);
  return absl::OkStatus();
}

absl::StatusOr<DockerEndpoint> ParseTcp(absl::string_view host, absl::string_view address,
                                        const std::optional<DockerTls>& tls) {
  absl::ConsumeSuffix(&address, "/");
  if (address.find_first_of("/?#@") != absl::string_view::npos) {
    return Refuse(host, "has more than a host and a port");
  }
  DockerEndpoint endpoint{.kind = DockerEndpoint::Kind::kTcp,
                          .port = tls.has_value() ? kDefaultDockerTlsPort : kDefaultDockerPort,
                          .tls = tls};
  if (absl::Status parsed = ParseNameAndPort(host, address, endpoint); !parsed.ok()) return parsed;
  return endpoint;
}

// A name or a user as an argument of ssh: nothing that it, or a shell, takes for something else.
absl::Status CheckSshWord(absl::string_view host, absl::string_view what, absl::string_view word) {
  if (absl::StartsWith(word, "-")) return Refuse(host, absl::StrCat("has a ", what, " that begins with '-'"));
  if (!IsGraphic(word) || word.find_first_of(kMeantForShells) != absl::string_view::npos) {
    return Refuse(host, absl::StrCat("has a character in its ", what, " that is not safe to hand to ssh"));
  }
  return absl::OkStatus();
}

absl::StatusOr<DockerEndpoint> ParseSsh(absl::string_view host, absl::string_view rest) {
  if (rest.find_first_of("?#") != absl::string_view::npos) return Refuse(host, "has a query or a fragment");
  DockerEndpoint endpoint{.kind = DockerEndpoint::Kind::kSsh};
  if (const std::size_t slash = rest.find('/'); slash != absl::string_view::npos) {
    absl::string_view path = rest.substr(slash);
    rest = rest.substr(0, slash);
    if (path.find_first_not_of('/') != absl::string_view::npos) endpoint.socket_path = std::string(path);
  }
  for (const char c : endpoint.socket_path) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) || c == '%') {
      return Refuse(host, "has a '%' or a control character in its path");
    }
  }
  if (const std::size_t at = rest.rfind('@'); at != absl::string_view::npos) {
    endpoint.user = std::string(rest.substr(0, at));
    rest = rest.substr(at + 1);
    if (endpoint.user.empty()) return Refuse(host, "has an empty user");
    if (absl::StrContains(endpoint.user, ':')) {
      return absl::InvalidArgumentError(
          "a Docker host with ssh:// has a password: ssh takes none here, use a key or its agent");
    }
    if (absl::Status safe = CheckSshWord(host, "user", endpoint.user); !safe.ok()) return safe;
  }
  if (absl::Status parsed = ParseNameAndPort(host, rest, endpoint); !parsed.ok()) return parsed;
  if (absl::Status safe = CheckSshWord(host, "host name", endpoint.host); !safe.ok()) return safe;
  return endpoint;
}

// What others would understand.
absl::Status RefuseForeign(absl::string_view host) {
  if (host.empty()) return Refuse(host, "is empty");
  if (absl::StartsWith(host, "http://") || absl::StartsWith(host, "https://")) {
    return Refuse(host, "is the address of a web page, not of an engine: it begins with tcp://");
  }
  if (absl::StartsWith(host, "npipe://")) return Refuse(host, "is a pipe of Windows");
  if (absl::StartsWith(host, "fd://"))
    return Refuse(host, "is for an engine to listen on, not for its clients");
  if (!absl::StrContains(host, "://")) return Refuse(host, "has no scheme");
  return Refuse(host, "has a scheme that is not understood");
}

}  // namespace

absl::StatusOr<DockerEndpoint> ParseDockerEndpoint(const DockerAddress& address) {
  const absl::string_view host = address.host;
  absl::string_view rest = host;
  if (absl::ConsumePrefix(&rest, "unix://")) return ParseUnix(host, rest);
  if (absl::ConsumePrefix(&rest, "tcp://")) return ParseTcp(host, rest, address.tls);
  if (absl::ConsumePrefix(&rest, "ssh://")) return ParseSsh(host, rest);
  return RefuseForeign(host);
}

absl::StatusOr<DockerEndpoint> ParseDockerEndpoint(absl::string_view host) {
  return ParseDockerEndpoint(DockerAddress{.host = std::string(host)});
}

std::string ToString(const DockerEndpoint& endpoint) {
  if (endpoint.is_unix()) return absl::StrCat("unix://", endpoint.socket_path);
  const bool bracket = absl::StrContains(endpoint.host, ':');
  std::string text =
      absl::StrCat(endpoint.is_ssh() ? "ssh://" : "tcp://", endpoint.user, endpoint.user.empty() ? "" : "@",
                   bracket ? "[" : "", endpoint.host, bracket ? "]" : "");
  if (endpoint.port != 0) absl::StrAppend(&text, ":", endpoint.port);
  if (endpoint.is_ssh()) absl::StrAppend(&text, endpoint.socket_path);
  return text;
}

}  // namespace lookout
