// What an engine answers to `GET /containers/json?all=1`: the containers that there are.
//
// Pure: no clock, no I/O.
#ifndef LOOKOUT_ADAPTERS_DOCKER_CONTAINER_LIST_H_
#define LOOKOUT_ADAPTERS_DOCKER_CONTAINER_LIST_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lookout/events/attributes.h"

namespace lookout::docker_internal {

// Where a container is in its life, by the field State:
//   created                        kCreated     Docker, Podman
//   initialized, configured        kCreated     Podman (libpod/define/containerstate.go: made, not started)
//   running                        kRunning     both
//   stopping                       kRunning     Podman, until the process is gone; so does its own inspect
//   paused                         kPaused      both
//   exited                         kExited      both
//   restarting                     kExited      Docker: its `die` was told, its `start` is still to come
//   (moby,
//                                               daemon/monitor.go)
//   stopped                        kExited      Podman, before it has cleaned up
//   removing, dead                 kRemoving    Docker (moby, container/state.go), Podman
//   unknown, bad state, others     kUnknown     Podman's for what it cannot find out; engines to come
enum class Phase {
  kCreated,
  kRunning,
  kPaused,
  kExited,
  kRemoving,  // does not run; that it ever did is not said
  kUnknown,   // nothing is said but that it is there
};

// "created", "running", …: for messages.
absl::string_view PhaseName(Phase phase);

// Case-sensitive, as engines write it.
Phase PhaseFromState(absl::string_view state);

struct ListedContainer {
  std::string id = {};
  std::string name = {};   // without the leading '/'; the ID if it has none, as in events
  std::string image = {};  // as the engine shows it: a name, or an ID if the name is another image's by now
  Attributes labels = {};
  Phase phase = Phase::kUnknown;

  friend bool operator==(const ListedContainer&, const ListedContainer&) = default;
};

struct ContainerList {
  std::vector<ListedContainer> containers;
  // Elements that could not be read, so that who is missing from the list may be there all the same; and what
  // was wrong with the first of them.
  std::size_t unreadable = 0;
  absl::Status first_unreadable = {};

  bool whole() const { return unreadable == 0; }
};

// Far more than an engine can run; a list is not cut there, since who is not in it would seem to be gone.
inline constexpr std::size_t kMaxListedContainers = 100'000;

// Of an element nothing but the ID is needed. Of several names (those with a second '/' are other containers'
// links to it) the container's own is taken. An element that is no object or has no ID is passed over and
// counted; an ID that comes twice is taken once, as it is last. InvalidArgument if the whole is no array,
// ResourceExhausted if it has too many elements or is too deep.
absl::StatusOr<ContainerList> ParseContainerList(absl::string_view json,
                                                 std::size_t max_containers = kMaxListedContainers);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_CONTAINER_LIST_H_
