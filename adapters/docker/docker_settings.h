// What is read from the docker command's own files.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_SETTINGS_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_SETTINGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lookout::docker_internal {

// The "docker" endpoint of a context's meta.json:
//   {"Name": "prod", "Endpoints": {"docker": {"Host": "tcp://prod:2376", "SkipTLSVerify": false}}}
struct ContextEndpoint {
  std::string host;  // "" where it is not said
  bool skip_tls_verify = false;
};

// Any bytes may come. FailedPrecondition that names `path`, the file the text is from, for what is no JSON,
// is nested without measure, lacks the endpoint, or has something of another kind where it counts.
absl::StatusOr<ContextEndpoint> ParseContextEndpoint(absl::string_view json, absl::string_view path);

// currentContext of config.json, or "". Fails likewise.
absl::StatusOr<std::string> ParseCurrentContext(absl::string_view json, absl::string_view path);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_SETTINGS_H_
