// The order of a container's life, as engines tell it: pure functions with tables.
//
//   create ─> start ─> (pause ─> unpause)* ─> die ─> start … ─> destroy
//
// A container may die while it is paused (docker kill, rm -f) and be destroyed without ever having run.
#ifndef LOOKOUT_ADAPTERS_DOCKER_CONTAINER_LIFE_H_
#define LOOKOUT_ADAPTERS_DOCKER_CONTAINER_LIFE_H_

#include <vector>

#include "lookout/adapters/docker/container_list.h"
#include "lookout/events/action.h"

namespace lookout::docker_internal {

// Whether there is a process: running or paused.
bool Runs(Phase phase);

// The actions that lead from one phase to the other, in order: none where it is not known that anything
// happened. {kCreated, kPaused} -> {start, pause}.
std::vector<Action> ActionsBetween(Phase from, Phase to);

// The phase of a container that was in `from` when the state of it was learnt to be `to`: what `to` does not
// say stays as it was.
Phase Learnt(Phase from, Phase to);

// The actions that must have come between `from` and `action` for `action` to be possible: {kRunning, start}
// -> {die}.
std::vector<Action> ActionsBefore(Phase from, Action action);

// Whether `action` is one that changes a phase: create, start, pause, unpause, die or destroy.
bool ChangesPhase(Action action);

// The phase after `action`; `from` if it changes none. Of destroy: kRemoving.
Phase PhaseAfter(Phase from, Action action);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_CONTAINER_LIFE_H_
