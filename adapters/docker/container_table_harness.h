// What the tests of ContainerTable share: a container, and what is known and told of it, in words.
#ifndef LOOKOUT_ADAPTERS_DOCKER_CONTAINER_TABLE_HARNESS_H_
#define LOOKOUT_ADAPTERS_DOCKER_CONTAINER_TABLE_HARNESS_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/container_table.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"

namespace lookout::docker_internal {

inline constexpr absl::Time kTime = absl::FromUnixSeconds(1800000000);

inline ListedContainer Listed(absl::string_view name, Phase phase) {
  return {.id = absl::StrCat("id-of-", name),
          .name = std::string(name),
          .image = "nginx:1.27",
          .labels = {{"tier", "web"}},
          .phase = phase};
}

// "start web", …
inline std::vector<std::string> Words(const std::vector<Event>& events) {
  std::vector<std::string> words;
  for (const Event& event : events) words.push_back(event.ToString());
  return words;
}

inline std::vector<std::string> Mend(ContainerTable& table, std::vector<ListedContainer> now) {
  return Words(table.Mend(now, {}, kTime));
}

inline std::vector<std::string> Implied(const ContainerTable& table, Action action, absl::string_view name) {
  return Words(table.Implied(ContainerEvent(action, name), kTime));
}

// A table that knows the container web to be in this phase.
inline ContainerTable WithWeb(Phase phase) {
  ContainerTable table;
  table.Adopt({Listed("web", phase)}, {});
  return table;
}

inline std::string PhaseOf(const ContainerTable& table, absl::string_view name) {
  const KnownContainer* known = table.Find(absl::StrCat("id-of-", name));
  return known == nullptr ? "" : std::string(PhaseName(known->phase));
}

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_CONTAINER_TABLE_HARNESS_H_
