// Which containers of an engine one wants to hear of.
//
//   DockerFilters filters{.labels = {"com.example.watch=yes"}, .images = {"nginx", "redis:7"}};
//   Matches(filters, event)
//
// A container matches if it has all the labels, one of the names, and one of the images; an empty list asks
// for nothing. The engine is asked only what cannot lose anything; each filter is applied here again, since
// proxies may drop them, and since each engine has its own idea of them:
//
//   labels  here: each is there, and equal if it has a value. Docker's events and both engines' lists: the
//           same, and asked. Podman's events: any of several (before 3.2 all), before 5.7 none without a
//           value; asked for those with a value.
//   names   here: one is equal. Docker's events: the name or ID begins with one; asked. Podman's events: the
//           name is one or the ID begins with one, before 3.2 with all; asked if there is one. Lists: regular
//           expressions; not asked.
//   images  here: see below. Docker's events: one is equal to the image, as it is or without its tag; the
//           latter is asked. Podman's events: of images alone; not asked. Lists: by the ID that the name has
//           now; not asked.
//
// Names are a container's at the time of the event: one that is renamed away is not told of from then on, its
// `rename` included; one that is renamed to a name asked for is, from its `rename` on. Who must see the
// former asks the engine without names. Lists are not asked by name or image either: who is missing from a
// list must be gone, not be called otherwise by now.
//
// An image asked for without a tag is any of that repository; with a tag or digest, just that. "nginx",
// "library/nginx" and "docker.io/library/nginx" are one, and so is Podman's "localhost/nginx". An image's tag
// that is not said is "latest". Image IDs match as they are written when the container is made. In lists,
// engines show the ID when the tag has moved on since: known containers are known by their own ID, and others
// are nobody's before their first event. Until then nothing is made up for them: no start when the source
// begins, no death that a list shows.
//
// Source: moby, daemon/events/filter.go, daemon/internal/filters, daemon/list.go; containers/podman,
// libpod/events/filters.go (3.0 to 5.8), pkg/domain/filters/containers.go; distribution/reference.
#ifndef LOOKOUT_ADAPTERS_DOCKER_DOCKER_FILTERS_H_
#define LOOKOUT_ADAPTERS_DOCKER_DOCKER_FILTERS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/docker_dialect.h"
#include "lookout/events/event.h"

namespace lookout {

struct DockerFilters {
  std::vector<std::string> labels = {};  // "key" or "key=value"
  std::vector<std::string> names = {};   // with or without the leading '/'
  std::vector<std::string> images = {};  // "repository", "repository:tag", "repository@digest"

  bool empty() const { return labels.empty() && names.empty() && images.empty(); }

  friend bool operator==(const DockerFilters&, const DockerFilters&) = default;
};

// InvalidArgument, quoting it, for a filter that can match nothing or cannot be sent: an empty one, bytes
// that are not UTF-8, a label called "name" or "image" (events put the container's own there).
absl::Status CheckFilters(const DockerFilters& filters);

// Of an event of a container; its labels are among its attributes.
bool Matches(const DockerFilters& filters, const Event& event);

namespace docker_internal {

bool Matches(const DockerFilters& filters, const ListedContainer& container);
// Whether its events may match although it does not: the list shows an ID in place of its image's name.
bool MayMatch(const DockerFilters& filters, const ListedContainer& container);
bool MatchesName(const DockerFilters& filters, absl::string_view name);

// What goes behind the '?' of a request for events of containers, percent-encoded. `since`, `until`: absent
// for none. Docker takes both as inclusive; since the epoch means "all that you remember", and until the
// epoch "all of that, and then no more". Podman takes both as exclusive. To the nanosecond:
// "seconds.nanoseconds" to Docker, RFC 3339 to Podman, which reads the former as a floating-point number.
std::string EventsQuery(const DockerFilters& filters, DockerDialect dialect,
                        std::optional<absl::Time> since = std::nullopt,
                        std::optional<absl::Time> until = std::nullopt);

// The same of a request for a list of all containers, running or not.
std::string ContainersQuery(const DockerFilters& filters, DockerDialect dialect);

// "/v1.51/events?…", "/v1.51/containers/json?…" below `prefix` (VersionPrefix() of engine_replies.h).
std::string EventsPath(absl::string_view prefix, absl::string_view query);
std::string ContainersPath(absl::string_view prefix, absl::string_view query);

}  // namespace docker_internal
}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_DOCKER_FILTERS_H_
