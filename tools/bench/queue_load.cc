#include "lookout/tools/bench/queue_load.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"

namespace lookout {
namespace {

constexpr absl::string_view kId = "4f66ad9a0b2e1c3d5f7a9b8c6d4e2f0a1b3c5d7e9f8a6b4c2d0e1f3a5b7c9d8e";

}  // namespace

Event MakeContainerStart() {
  return {
      .type = EventType::kDocker, .actor_name = "nginx", .actor_id = kId, .action = Action::kContainerStart};
}

Event MakeContainerStartOf(std::size_t actor) {
  Event event = MakeContainerStart();
  event.actor_id = absl::StrCat(absl::Hex(actor, absl::kZeroPad8), kId.substr(8));
  return event;
}

Event MakeContainerStartWithLabels() {
  Event event = MakeContainerStart();
  event.attributes = {{"com.docker.compose.config-hash", "9b1e0f7c2d5a4b3e"},
                      {"com.docker.compose.container-number", "1"},
                      {"com.docker.compose.project", "shop"},
                      {"com.docker.compose.service", "web"},
                      {"com.docker.compose.version", "2.40.0"},
                      {"image", "nginx:1.27"},
                      {"maintainer", "NGINX Docker Maintainers"},
                      {"name", "shop-web-1"}};
  return event;
}

absl::Duration CpuTime() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace lookout
