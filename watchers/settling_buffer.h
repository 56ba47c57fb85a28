// The inside of a SettlingSource, without threads: takes events as they come, gives them back settled.
//
//   SettlingBuffer buffer({.quiet = absl::Milliseconds(200)});
//   buffer.Add(event, now, out);          // out: what may not wait
//   buffer.NextDue();                     // when to come back
//   buffer.TakeDue(now, out);             // out: what is due, in order
//
// How it works: what is pending is a log of changes in order (pending_log.h). A new event either is added to
// its end, or makes one of the pairs below with the latest change that touches its path. A pair is replaced
// by something equal. As nothing related came in between, that is no different from replacing two neighbours.
//
//   created, written        created              written, renamed to q   renamed to q, written q
//   written, written        written              renamed, renamed on     renamed, once
//   written, deleted        deleted              renamed, renamed back   nothing
//   created, deleted        nothing              renamed, deleted        deleted under the old name
//   deleted, created        written (a file)     created, renamed to q   created q; written q if q was there
//   what is then replaced by a rename, and the rename: the rename
//   created, of a file that is known to be there: written
//
// Where a pair rests on whether something was at a rename's new path, and that is not known from pending
// changes, from events before or from kReplaced, both are kept as they came. So are those of directories that
// something below them has changed in between.
//
// Thread-compatible. Time is that of events/wait.h's TimePassed().
#ifndef LOOKOUT_WATCHERS_SETTLING_BUFFER_H_
#define LOOKOUT_WATCHERS_SETTLING_BUFFER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/event.h"
#include "lookout/watchers/known_names.h"
#include "lookout/watchers/pending_log.h"

namespace lookout {

struct SettlingOptions {
  // A path is told when nothing has happened to it for so long. Positive and finite.
  absl::Duration quiet = absl::Milliseconds(200);
  // Or when something waits to be told of it for so long. Not less than `quiet`; by default 10 times that.
  std::optional<absl::Duration> max_wait = std::nullopt;
  // When so many paths, or changes, are pending, all are told at once. Positive.
  std::size_t max_pending = 10000;
};

namespace watchers_internal {

class SettlingBuffer {
 public:
  // The options must make sense.
  explicit SettlingBuffer(const SettlingOptions& options);
  SettlingBuffer(const SettlingBuffer&) = delete;
  SettlingBuffer& operator=(const SettlingBuffer&) = delete;

  // Takes an event at `now`. What must be told at once is added to `out`.
  void Add(Event event, absl::Duration now, std::vector<Event>& out);
  // Adds to `out` what is due at `now`, and what has to be told before it; or all.
  void TakeDue(absl::Duration now, std::vector<Event>& out);
  void TakeAll(std::vector<Event>& out);

  bool empty() const { return log_.empty(); }
  // When something is due; InfiniteDuration() if nothing is pending.
  absl::Duration NextDue() const { return log_.NextDue(); }

 private:
  void OnCreated(Event event);
  void OnWritten(Event event);
  void OnDeleted(Event event);
  void OnRenamed(Event event, Place replaced);

  // The pairs. False: it is none of these, and nothing was done.
  bool VanishesWithAllBelow(const Event& deleted);
  bool DeletesUnderOldName(PendingChange& renamed, Event& deleted);
  bool IsNewUnderNewName(const PendingChange& created, Event& renamed, Place replaced);
  bool ContinuesRename(const PendingChange& first, Event& renamed, Place replaced, bool written);

  // What a rename to `path` would replace.
  Place PlaceAt(absl::string_view path);
  // Takes away what is pending of a file that is about to be replaced. Returns what was there before that.
  Place ForgetReplaced(absl::string_view path, Place replaced);
  void Append(Event event, Place replaced = Place::kUnknown);
  void Remove(const PendingChange& change);
  // A later event is merged into the change.
  void Refresh(PendingChange& change, Event event);

  const std::size_t max_pending_;
  PendingLog log_;
  KnownNames names_;  // by what was taken
  // Of the event that is being added: when it came, and since when what goes into it waits.
  absl::Duration now_;
  absl::Duration since_;
};

}  // namespace watchers_internal
}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_SETTLING_BUFFER_H_
