// The end of a connection that says no more than that the other side is gone: as proxies end what was idle,
// and engines that stop.
#ifndef LOOKOUT_ADAPTERS_DOCKER_HANG_UP_H_
#define LOOKOUT_ADAPTERS_DOCKER_HANG_UP_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace lookout::docker_internal {

// Unavailable, as any connection that breaks, but IsHangUp().
absl::Status HangUp(absl::string_view message);
bool IsHangUp(const absl::Status& end);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_HANG_UP_H_
