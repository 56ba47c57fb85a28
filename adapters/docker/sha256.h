#ifndef LOOKOUT_ADAPTERS_DOCKER_SHA256_H_
#define LOOKOUT_ADAPTERS_DOCKER_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout::docker_internal {

// 64 lower-case digits: the docker command names a context's folder so.
std::string Sha256Hex(absl::string_view text);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_SHA256_H_
