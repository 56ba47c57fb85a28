#include "lookout/adapters/docker/container_life.h"

namespace lookout::docker_internal {

bool Runs(Phase phase) { return phase == Phase::kRunning || phase == Phase::kPaused; }

std::vector<Action> ActionsBetween(Phase from, Phase to) {
  switch (to) {
    case Phase::kRunning:
      if (from == Phase::kRunning) return {};
      if (from == Phase::kPaused) return {Action::kContainerUnpause};
      return {Action::kContainerStart};
    case Phase::kPaused:
      if (from == Phase::kPaused) return {};
      if (from == Phase::kRunning) return {Action::kContainerPause};
      return {Action::kContainerStart, Action::kContainerPause};
    case Phase::kExited:
      // It has run, which one that was only made had not.
      if (from == Phase::kCreated) return {Action::kContainerStart, Action::kContainerDie};
      [[fallthrough]];
    case Phase::kCreated:
    case Phase::kRemoving:
      if (Runs(from)) return {Action::kContainerDie};
      return {};
    case Phase::kUnknown:
      return {};
  }
  return {};
}

Phase Learnt(Phase from, Phase to) {
  if (to == Phase::kUnknown) return from;
  // Podman's "initialized" may be said of one that has run before: it has died since.
  if (to == Phase::kCreated && (Runs(from) || from == Phase::kExited)) return Phase::kExited;
  return to;
}

std::vector<Action> ActionsBefore(Phase from, Action action) {
  switch (action) {
    case Action::kContainerStart:
    case Action::kContainerDestroy:
      return ActionsBetween(from, Phase::kRemoving);
    // Docker kills under the lock that dying waits for (moby, daemon/kill.go), so that it is told before.
    case Action::kContainerKill:
    case Action::kContainerDie:
      return Runs(from) ? std::vector<Action>() : ActionsBetween(from, Phase::kRunning);
    case Action::kContainerPause:
      return ActionsBetween(from, Phase::kRunning);
    case Action::kContainerUnpause:
      return ActionsBetween(from, Phase::kPaused);
    default:
      return {};
  }
}

bool ChangesPhase(Action action) {
  return HasAny(action, Action::kContainerCreate | Action::kContainerStart | Action::kContainerPause |
                            Action::kContainerUnpause | Action::kContainerDie | Action::kContainerDestroy);
}

Phase PhaseAfter(Phase from, Action action) {
  switch (action) {
    case Action::kContainerCreate:
      return from == Phase::kUnknown ? Phase::kCreated : from;
    case Action::kContainerStart:
    case Action::kContainerUnpause:
      return Phase::kRunning;
    case Action::kContainerPause:
      return Phase::kPaused;
    case Action::kContainerDie:
      return Phase::kExited;
    case Action::kContainerDestroy:
      return Phase::kRemoving;
    default:
      return from;
  }
}

}  // namespace lookout::docker_internal
