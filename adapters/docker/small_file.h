// Settings and certificates, read whole.
#ifndef LOOKOUT_ADAPTERS_DOCKER_SMALL_FILE_H_
#define LOOKOUT_ADAPTERS_DOCKER_SMALL_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace lookout::docker_internal {

inline constexpr std::size_t kMaxSmallFile = 1 << 20;

// NotFound, PermissionDenied; FailedPrecondition for what is no file (a pipe would never end) or larger than
// kMaxSmallFile. Messages name the path.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_SMALL_FILE_H_
