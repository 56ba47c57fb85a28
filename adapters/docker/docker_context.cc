#include "lookout/adapters/docker/docker_context.h"

#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/docker/docker_settings.h"
#include "lookout/adapters/docker/sha256.h"
#include "lookout/adapters/docker/small_file.h"

namespace lookout {
namespace {

using docker_internal::ContextEndpoint;

constexpr absl::string_view kDefaultContext = "default";
constexpr absl::string_view kDefaultSocket = "/var/run/docker.sock";
constexpr absl::string_view kDefaultTlsHost = "tcp://localhost:2376";

// Where a context was named, for messages.
struct NamedContext {
  std::string name;
  std::string by;
};

class Finder {
 public:
  explicit Finder(const DockerEnvironment& environment) : environment_(environment) {}

  absl::StatusOr<DockerAddress> Find(const DockerChoice& choice) const {
    if (choice.host.has_value() && choice.context.has_value()) {
      return absl::InvalidArgumentError(
          "both a Docker host and a docker context are named: name one of them");
    }
    if (choice.host.has_value()) return Host(*choice.host);
    absl::StatusOr<NamedContext> context = WhichContext(choice);
    if (!context.ok()) return context.status();
    return context->name == kDefaultContext ? Host(Variable("DOCKER_HOST")) : Context(*context);
  }

 private:
  // "" where it is unset.
  std::string Variable(const std::string& name) const {
    const auto found = environment_.variables.find(name);
    return found == environment_.variables.end() ? "" : found->second;
  }

  // Of the docker command; "" where nobody says which.
  std::string Folder() const {
    if (std::string folder = Variable("DOCKER_CONFIG"); !folder.empty()) return folder;
    const std::string home = Variable("HOME");
    return home.empty() ? "" : absl::StrCat(home, "/.docker");
  }

  absl::StatusOr<NamedContext> WhichContext(const DockerChoice& choice) const {
    const NamedContext none{.name = std::string(kDefaultContext), .by = "nobody"};
    if (choice.context.has_value()) return NamedContext{*choice.context, "as asked for"};
    if (!Variable("DOCKER_HOST").empty()) return none;
    if (std::string name = Variable("DOCKER_CONTEXT"); !name.empty()) {
      return NamedContext{std::move(name), "DOCKER_CONTEXT"};
    }
    const std::string folder = Folder();
    if (folder.empty()) return none;
    std::string path = absl::StrCat(folder, "/config.json");
    const absl::StatusOr<std::string> json = environment_.read_file(path);
    if (absl::IsNotFound(json.status())) return none;
    if (!json.ok()) return json.status();
    absl::StatusOr<std::string> current = docker_internal::ParseCurrentContext(*json, path);
    if (!current.ok()) return current.status();
    if (current->empty()) return none;
    return NamedContext{*std::move(current), absl::StrCat("currentContext in ", path)};
  }

  // The file in the folder, or "" if it is not there.
  std::string IfThere(absl::string_view folder, absl::string_view file) const {
    std::string path = absl::StrCat(folder, "/", file);
    return environment_.exists(path) ? path : "";
  }

  std::optional<DockerTls> TlsOfEnvironment() const {
    const bool verify = !Variable("DOCKER_TLS_VERIFY").empty();
    if (!verify && Variable("DOCKER_TLS").empty()) return std::nullopt;
    std::string folder = Variable("DOCKER_CERT_PATH");
    if (folder.empty()) folder = Folder();
    // Verified against that CA and no other: where its file is missing, connecting fails and says so.
    return DockerTls{.ca_file = verify ? absl::StrCat(folder, "/ca.pem") : "",
                     .certificate_file = IfThere(folder, "cert.pem"),
                     .key_file = IfThere(folder, "key.pem"),
                     .verify = verify};
  }

  DockerAddress Host(absl::string_view host) const {
    DockerAddress address{.host = std::string(absl::StripAsciiWhitespace(host)), .tls = TlsOfEnvironment()};
    if (address.host.empty()) {
      address.host = address.tls.has_value() ? std::string(kDefaultTlsHost) : DefaultSocket();
    }
    return address;
  }

  std::string DefaultSocket() const {
    const std::string runtime = Variable("XDG_RUNTIME_DIR");
    if (!runtime.empty() && !environment_.exists(std::string(kDefaultSocket))) {
      if (const std::string rootless = IfThere(runtime, "docker.sock"); !rootless.empty()) {
        return absl::StrCat("unix://", rootless);
      }
    }
    return std::string(kDefaultDockerHost);
  }

  absl::StatusOr<DockerAddress> Context(const NamedContext& context) const {
    const std::string who =
        absl::StrCat("docker context \"", absl::CHexEscape(context.name), "\" (", context.by, ")");
    const std::string folder = Folder();
    if (folder.empty()) {
      return absl::NotFoundError(
          absl::StrCat(who, ": neither DOCKER_CONFIG nor HOME says where contexts are"));
    }
    const std::string id = docker_internal::Sha256Hex(context.name);
    const std::string path = absl::StrCat(folder, "/contexts/meta/", id, "/meta.json");
    const absl::StatusOr<std::string> json = environment_.read_file(path);
    if (absl::IsNotFound(json.status())) {
      return absl::NotFoundError(absl::StrCat(who, ": not found: there is no ", path,
                                              "; `docker context ls` tells which there are"));
    }
    if (!json.ok())
      return absl::Status(json.status().code(), absl::StrCat(who, ": ", json.status().message()));
    const absl::StatusOr<ContextEndpoint> endpoint = docker_internal::ParseContextEndpoint(*json, path);
    if (!endpoint.ok()) {
      return absl::Status(endpoint.status().code(), absl::StrCat(who, ": ", endpoint.status().message()));
    }
    DockerAddress address;
    if (!endpoint->host.empty()) address.host = endpoint->host;
    address.tls = TlsOfContext(absl::StrCat(folder, "/contexts/tls/", id, "/docker"), *endpoint);
    return address;
  }

  std::optional<DockerTls> TlsOfContext(const std::string& folder, const ContextEndpoint& endpoint) const {
    DockerTls tls{.ca_file = IfThere(folder, "ca.pem"),
                  .certificate_file = IfThere(folder, "cert.pem"),
                  .key_file = IfThere(folder, "key.pem"),
                  .verify = !endpoint.skip_tls_verify};
    const bool has_files = !tls.ca_file.empty() || !tls.certificate_file.empty() || !tls.key_file.empty();
    if (!has_files && tls.verify) return std::nullopt;
    return tls;
  }

  const DockerEnvironment& environment_;
};

}  // namespace

DockerEnvironment DockerEnvironmentOfProcess() {
  DockerEnvironment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const absl::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == absl::string_view::npos) continue;
    environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  environment.read_file = docker_internal::ReadSmallFile;
  environment.exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  return environment;
}

absl::StatusOr<DockerAddress> FindDockerAddress(const DockerEnvironment& environment,
                                                const DockerChoice& choice) {
  return Finder(environment).Find(choice);
}

}  // namespace lookout
