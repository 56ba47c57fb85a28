// Which engine speaks: Docker itself, or Podman behind its Docker-compatible API. How one tells them apart is
// the session's affair (Podman says Libpod-API-Version in its replies). What differs in a container's event:
//
//   Docker                       Podman
//   `destroy`                    `remove`
//   `die`                        `die`; old ones `died`
//   attribute `exitCode`         the same, and `containerExitCode`; old ones that alone
//   `health_status: healthy`     `health_status`, with a member `HealthStatus`: "healthy"
//   `health_status: unhealthy`   `health_status`, with a member `HealthStatus`: "unhealthy"
//
// Podman's other verbs without a counterpart (`init`, `cleanup`, `mount`, `sync`, `exec_died`, …) and its
// type `pod` are passed over like any other. Older ones tell the health after each probe, changed or not.
//
// Source: containers/podman, pkg/api/handlers/compat/events.go, pkg/domain/entities/events.go and
// types/events.go, libpod/events/config.go; its issues 12628 (died) and 24003 (health); moby,
// daemon/health.go.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_DIALECT_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_DIALECT_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "lookout/events/action.h"

namespace lookout {

enum class DockerDialect : std::uint8_t { kDocker, kPodman };

namespace docker_internal {

// What a container's `verb` means in this dialect, renames and health included (DockerVerbs::kAll); kNone for
// a verb that is none of lookout's. `health` is the message's HealthStatus, or empty.
//
//   ActionInDialect(DockerDialect::kPodman, "remove", "")  // kContainerDestroy
Action ActionInDialect(DockerDialect dialect, absl::string_view verb, absl::string_view health);

}  // namespace docker_internal
}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_DIALECT_H_
