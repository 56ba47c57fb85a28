#include "lookout/events/docker_actions.h"

#include "absl/strings/string_view.h"
#include "lookout/events/action.h"

namespace lookout {
namespace {

struct Verb {
  absl::string_view name;
  Action action;
};

constexpr Verb kVerbs[] = {
    {"create", Action::kContainerCreate},   {"start", Action::kContainerStart},
    {"unpause", Action::kContainerUnpause}, {"kill", Action::kContainerKill},
    {"stop", Action::kContainerStop},       {"pause", Action::kContainerPause},
    {"die", Action::kContainerDie},         {"destroy", Action::kContainerDestroy},
};

}  // namespace

Action ActionFromDocker(absl::string_view verb) {
  for (const Verb& known : kVerbs) {
    if (known.name == verb) return known.action;
  }
  return Action::kNone;
}

}  // namespace lookout
