// Changes that wait to be told: in order, found by the paths that they touch, with when each path is due.
//
//   PendingLog log({.quiet = absl::Milliseconds(200), .max_wait = absl::Seconds(2)});
//   log.Append(event, Place::kUnknown, now, now);
//   log.TakeDue(now + absl::Milliseconds(200), out);   // out: event
//
// Two changes are *related* if a path of one is a path of the other, or is above or below it. What is not
// related can change places without a difference to who folds the changes over a tree. So a change can be
// told as soon as all older ones that it is related to are told, and theirs: TakeDue() takes those along. It
// can be replaced by something equal as long as nothing related to it has come since: Latest() finds it only
// then.
//
// Thread-compatible. Time is that of events/wait.h's TimePassed().
#ifndef LOOKOUT_WATCHERS_PENDING_LOG_H_
#define LOOKOUT_WATCHERS_PENDING_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/event.h"
#include "lookout/watchers/known_names.h"

namespace lookout::watchers_internal {

struct PendingTimes {
  absl::Duration quiet;     // a path is due when nothing touched it for so long
  absl::Duration max_wait;  // or when something waits for it for so long
};

struct PendingChange {
  std::uint64_t number = 0;  // larger for what comes later
  Event event = {};
  // Of a rename: what was at the new path before.
  Place replaced = Place::kUnknown;

  const std::string& path() const { return event.actor_name; }
  absl::string_view from() const { return event.attributes.Get(kRenamedFrom); }  // of a rename, else empty
  bool is_directory() const { return event.attributes.Get(kKind) == kKindDirectory; }
  bool touches(absl::string_view p) const { return p == path() || (!from().empty() && p == from()); }
};

class PendingLog {
 public:
  explicit PendingLog(const PendingTimes& times) : times_(times) {}
  PendingLog(const PendingLog&) = delete;
  PendingLog& operator=(const PendingLog&) = delete;

  bool empty() const { return changes_.empty(); }
  std::size_t changes() const { return changes_.size(); }
  std::size_t paths() const { return paths_.size(); }
  // When the next path is due; InfiniteDuration() if none is pending.
  absl::Duration NextDue() const;

  // Adds a change at the end. Its paths wait since `since` (not after `now`), or since before.
  void Append(Event event, Place replaced, absl::Duration since, absl::Duration now);
  // Puts `event` into the place of a change. The reference is good until the change is removed.
  void Replace(PendingChange& change, Event event, absl::Duration since, absl::Duration now);
  // Takes a change away. Returns since when its paths wait.
  absl::Duration Remove(const PendingChange& change);

  // The latest change that is related to `path`; null if there is none.
  PendingChange* LatestRelated(absl::string_view path);
  // The same if it touches `path` itself; else null.
  PendingChange* Latest(absl::string_view path);
  // The first change after `change` that is related to `path`.
  PendingChange* NextRelated(const PendingChange& change, absl::string_view path);
  // The latest change that touches `path` itself, if no later one is related to it but those below `path`.
  // These are added to `below`.
  PendingChange* LatestBut(absl::string_view path, std::vector<PendingChange*>& below);

  // Moves what is due at `now`, with what has to be told before it, to the end of `out`, in order.
  void TakeDue(absl::Duration now, std::vector<Event>& out);
  void TakeAll(std::vector<Event>& out);

 private:
  struct Path {
    absl::Duration since;
    absl::Duration due;
    std::vector<std::uint64_t> changes;  // the numbers of those that touch it, in order
  };
  using Paths = std::map<std::string, Path, std::less<>>;

  void Index(const PendingChange& change, absl::Duration since, absl::Duration now);
  void IndexPath(absl::string_view path, std::uint64_t number, absl::Duration since, absl::Duration now);
  absl::Duration Unindex(const PendingChange& change);
  absl::Duration UnindexPath(absl::string_view path, std::uint64_t number);
  void EachRelated(absl::string_view path, absl::FunctionRef<void(const Paths::value_type&)> visit) const;
  void EachBelow(absl::string_view path, absl::FunctionRef<void(const Paths::value_type&)> visit) const;
  // Adds `change` to `taken`, with all older ones that are related to it, and theirs.
  void Require(std::uint64_t change, std::set<std::uint64_t>& taken) const;

  const PendingTimes times_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, PendingChange> changes_;
  Paths paths_;
  std::set<std::pair<absl::Duration, absl::string_view>> due_;  // of each path; the keys of paths_
};

}  // namespace lookout::watchers_internal

#endif  // LOOKOUT_WATCHERS_PENDING_LOG_H_
