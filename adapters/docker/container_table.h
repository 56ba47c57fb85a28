// What is known of an engine's containers, as it was told to the receiver; and what must have happened where
// that is not what is.
//
//   ContainerTable table;
//   table.Adopt(list->containers, busy);               // at the start: so it is, nobody is told
//   …
//   for (Event& event : table.Implied(event, now)) …   // only where a gap is known
//   table.Apply(event);
//   …
//   for (Event& event : table.Mend(list->containers, busy, now)) …tell…
//
// Synthesized events have the attribute lookout.synthesized, besides the labels, `image` and `name` that
// engines send, and the time that is given.
//
// An engine notes what has become of a container in its list first and logs the event after (moby,
// daemon/start.go, monitor.go, delete.go), so a list may know what the stream still has to tell: Mend() tells
// it, and then the event comes. Restates() knows it. That is the last event of a container at most: one after
// it is noted no earlier than that one is logged.
//
// Pure: no clock, no I/O. Memory is bounded. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_DOCKER_CONTAINER_TABLE_H_
#define LOOKOUT_ADAPTERS_DOCKER_CONTAINER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/events/event.h"

namespace lookout::docker_internal {

struct ContainerTableOptions {
  bool renames = false;  // Mend() tells of new names; they are followed in any case
  // Containers beyond either bound are not remembered: their own events are told, but none are made up for
  // them. See complete().
  std::size_t max_containers = kMaxListedContainers;
  std::size_t max_bytes = std::size_t{256} << 20;  // of IDs, names, labels
};

struct KnownContainer {
  std::string name = {};
  Attributes attributes = {};  // as events have them: labels, `image`, `name`
  Phase phase = Phase::kCreated;
};

class ContainerTable {
 public:
  using Ids = absl::flat_hash_set<std::string>;

  explicit ContainerTable(ContainerTableOptions options = {}) : options_(options) {}

  // Takes an event over: create, start, die, pause, unpause, destroy and rename. One that is not known to
  // exist is known from then on, but by a rename. Other actions change nothing but the name.
  void Apply(const Event& event);

  // What must have happened since for `event` to be possible, in order: a death before a second start, a
  // creation before the start of what was not known. To be told, and applied, before it; changes nothing.
  // Nothing for an event that Restates() something.
  std::vector<Event> Implied(const Event& event, absl::Time time) const;

  // Whether the event is the engine's own of the last that Mend() or InitialStarts() told of the container,
  // where a start and an unpause are one: to be applied, and not told again. So is what led, in a gap, to
  // where it was before: the Mend() after it tells nothing of that. Holds until it does something else, or
  // the next Mend().
  bool Restates(const Event& event) const;
  // What comes from now on is new, and something before it was not heard.
  void BeginGap();

  // What must have happened so that what was known became `now`, which is known from then on. First those
  // that went, then those that changed, then those that came; each group by ID, each container in the order
  // of its life. Those in `busy` are left as they are. Where some elements of the list could not be read
  // (`whole` is false), nobody is taken to be gone.
  std::vector<Event> Mend(absl::Span<const ListedContainer> now, const Ids& busy, absl::Time time,
                          bool whole = true);

  // The same without a word: for what was so before anyone listened. It counts as told by nobody.
  void Adopt(absl::Span<const ListedContainer> now, const Ids& busy, bool whole = true);

  // Takes over the container of an event (a rename to what is asked for, say) if it is not known, though not
  // as one that is new: what it was until then was nobody's business. Nothing is made up for it until an
  // event or a list says where it is.
  void AdoptOld(const Event& event);
  // Without a word.
  void Forget(const std::string& id);

  // A start for each that runs, by ID, and a pause after it for each that is paused.
  std::vector<Event> InitialStarts(absl::Time time);

  // Null if it is not known. Valid until the next change.
  const KnownContainer* Find(absl::string_view id) const;
  std::size_t size() const { return entries_.size(); }

  // Whether all are remembered that are known to exist. False from where one was refused at a bound until a
  // Mend() or Adopt() finds room for all again. While it is false, nothing is made up for an ID that is not
  // known: it may be one that was refused, whose own events were told.
  bool complete() const { return complete_; }
  // How often one was not remembered.
  std::uint64_t refused() const { return refused_; }

 private:
  struct Entry {
    KnownContainer known;
    Action mended = Action::kNone;  // what may still come from the engine of what was made up for it last
    bool phase_is_known = true;
  };

  // Null, and noted, if there is no room.
  Entry* Remember(absl::string_view id, KnownContainer known);
  void ForgetMended();
  void ApplyToUnknown(const Event& event);
  void NoteGone(const std::string& id);

  void MendGone(absl::Span<const ListedContainer> now, const Ids& busy, absl::Time time,
                std::vector<Event>& told);
  void MendKnown(const ListedContainer& now, Entry& entry, absl::Time time, std::vector<Event>& told);
  void MendNew(const ListedContainer& now, absl::Time time, std::vector<Event>& told);

  ContainerTableOptions options_;
  absl::flat_hash_map<std::string, Entry> entries_;
  std::size_t bytes_ = 0;  // of entries_
  bool complete_ = true;
  std::uint64_t refused_ = 0;
  bool after_gap_ = false;  // until it is mended
  // Whom Mend() has told gone, the last kMaxGone of them: what the engine has still to say of it is no news.
  absl::flat_hash_set<std::string> gone_;
  std::deque<std::string> gone_in_order_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_CONTAINER_TABLE_H_
