// What happened to an actor, as one bit each, so that a group of actions is tested with one AND.
//
//   if (IsContainerStart(event.action)) Route(event.actor_name);
//
// Bits: containers 0 to 7 in the order of Docker's life cycle, and 8, 9 and 11 for what does not change
// whether one runs: its name and its health; 10 for ForceReload, files 12 to 15. The Go system that this
// model comes from numbers its file actions from bit 0 again, so that a written file "is" a container's
// creation; here no mask crosses types.
//
// Values only: thread-safe, no allocation but where a std::string is returned.
#ifndef LOOKOUT_EVENTS_ACTION_H_
#define LOOKOUT_EVENTS_ACTION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lookout {

enum class Action : std::uint16_t {
  kNone = 0,

  kContainerCreate = 1 << 0,
  kContainerStart = 1 << 1,
  kContainerUnpause = 1 << 2,
  kContainerKill = 1 << 3,
  kContainerStop = 1 << 4,
  kContainerPause = 1 << 5,
  kContainerDie = 1 << 6,
  kContainerDestroy = 1 << 7,

  // Off unless a source is asked for them, and in none of the three masks below.
  kContainerRename = 1 << 8,
  kContainerHealthy = 1 << 9,     // its health check passes again, or for the first time
  kContainerUnhealthy = 1 << 11,  // its health check has failed as often as it may

  // "I can no longer vouch for continuity: read the state again." See MakeForceReload() in event.h.
  kForceReload = 1 << 10,

  kFileWritten = 1 << 12,
  kFileCreated = 1 << 13,
  kFileDeleted = 1 << 14,
  kFileRenamed = 1 << 15,
};

constexpr Action operator|(Action a, Action b) {
  return static_cast<Action>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
constexpr Action operator&(Action a, Action b) {
  return static_cast<Action>(static_cast<std::uint16_t>(a) & static_cast<std::uint16_t>(b));
}

inline constexpr Action kContainerStartMask =
    Action::kContainerCreate | Action::kContainerStart | Action::kContainerUnpause;
inline constexpr Action kContainerStopMask =
    Action::kContainerKill | Action::kContainerStop | Action::kContainerDie;
inline constexpr Action kContainerPauseMask = Action::kContainerPause;

// True if `action` has a bit of `mask`.
constexpr bool HasAny(Action action, Action mask) { return (action & mask) != Action::kNone; }

// The three groups of the reference. None is true of a file's action or of ForceReload.
constexpr bool IsContainerStart(Action action) { return HasAny(action, kContainerStartMask); }
constexpr bool IsContainerStop(Action action) { return HasAny(action, kContainerStopMask); }
constexpr bool IsContainerPause(Action action) { return HasAny(action, kContainerPauseMask); }

// The name of a single action: Docker's own verb ("start", "rename"), "healthy" and "unhealthy" for what
// Docker calls "health_status: healthy" (a name is one word, so that a line of text can be split at its
// spaces), "written", "created", "deleted", "renamed" (a file) or "force_reload"; "none" for kNone. Several
// bits at once give their names joined by '|' in order of the bits.
std::string ActionName(Action action);

// The inverse of ActionName, joined names included. InvalidArgument, naming the word, for anything else.
absl::StatusOr<Action> ParseAction(absl::string_view name);

template <typename S>
void AbslStringify(S& sink, Action action) {
  sink.Append(ActionName(action));
}

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_ACTION_H_
