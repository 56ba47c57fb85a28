// What was told of an engine, so that the next connection goes on from there: nothing twice, nothing left
// out unsaid.
//
// Engines replay what they remember (moby: the last 256 events of all types) before what is new. An object of
// the stream is known by its key, a hash of all that it says: never by its time, which steps back now and
// then, and which objects that come late have lower than those before them.
//
// Pure: no clock, no I/O, no threads. Outlives connections. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_DOCKER_CONTINUITY_H_
#define LOOKOUT_ADAPTERS_DOCKER_CONTINUITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/container_list.h"
#include "lookout/adapters/docker/container_table.h"
#include "lookout/adapters/docker/docker_filters.h"
#include "lookout/adapters/docker/engine_counters.h"
#include "lookout/adapters/docker/event_history.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/events/event.h"

namespace lookout::docker_internal {

struct ContinuityOptions {
  DockerFilters filters = {};
  bool renames = false;
  bool health = false;
};

class Continuity {
 public:
  // How an object of the stream is taken.
  enum class Mode {
    kOld,       // it happened before the source was ready: known, not told
    kNew,       // told
    kAfterGap,  // told, and before it what must have happened for it to be possible
  };

  // What a stream said while a list was made: that is later than what the list says.
  struct Meanwhile {
    absl::flat_hash_set<std::string> moved = {};               // containers that changed their phase
    absl::flat_hash_map<std::string, std::string> names = {};  // new ones, by the container's ID
  };

  // `counters` must outlive it.
  Continuity(ContinuityOptions options, EngineCounters& counters)
      : options_(std::move(options)), counters_(counters), table_({.renames = options_.renames}) {}

  // Notes the engine's time at the first connection; later ones leave it.
  void StartAt(absl::Time engine_time);
  absl::Time started_at() const { return started_at_.value_or(absl::InfinitePast()); }
  // Whether the source was ready once: from then on everything is told.
  bool began() const { return began_; }
  void SetBegan() { began_ = true; }

  // Takes over a well-formed object of the stream, unless it was seen before; appends what is to be told, and
  // notes it in `meanwhile` if given.
  void Take(EventStreamDecoder::Item item, Mode mode, absl::Time now, std::vector<Event>& told,
            Meanwhile* meanwhile = nullptr);

  // Takes an object for seen that is not to be taken, if it has a key.
  void NoteSeen(std::uint64_t key) {
    if (key != 0) history_.Add(key);
  }

  // Whether a new one would be told.
  bool IsToldOf(const Event& event) const { return Matches(options_.filters, event) && IsWanted(event); }

  bool HasSeen(std::uint64_t key) const { return history_.Contains(key); }

  // The last object that was taken, as long as it can be asked for: not before the first, nor after a loss
  // until the next.
  std::optional<std::uint64_t> last() const { return last_; }
  // The time of the last object that was taken and says one; absl::InfinitePast() if there was none.
  absl::Time last_time() const { return last_time_; }

  // Until when all was heard that happened, on the scale of TimePassed(), or earlier.
  void NoteHeard(absl::Duration at) { heard_at_ = at; }
  absl::Duration heard_at() const { return heard_at_; }

  // Notes that something was lost. Stays so until that is told.
  void Lose(std::string reason);
  // Notes that the next object does not follow on the last.
  void ForgetLast();
  const std::optional<std::string>& loss() const { return loss_; }
  void LossIsTold() { loss_.reset(); }

  // Takes over what a list says, but for what is known from `meanwhile`. Appends what must have happened if
  // something else was known before; so not if nothing was.
  void Learn(const ContainerList& list, const Meanwhile& meanwhile, absl::Time now, std::vector<Event>& told);
  // Notes that a stream did not show a mark. True unless the one before did not either.
  bool NoteMarkMissed() { return !std::exchange(mark_missed_, true); }
  void MarkIsFound() { mark_missed_ = false; }
  bool mark_missed() const { return mark_missed_; }
  // Notes that the engine does not list its containers. True for the first time.
  bool NoteRefusal() { return !std::exchange(refused_, true); }
  // Appends a start for each container that runs.
  void TellRunning(absl::Time now, std::vector<Event>& told);

 private:
  void TakeEvent(Event event, Mode mode, absl::Time now, std::vector<Event>& told);
  bool IsWanted(const Event& event) const;
  bool IsRenamedAway(const ListedContainer& container) const;
  void Tell(std::vector<Event> synthesized, std::vector<Event>& told);

  const ContinuityOptions options_;
  EngineCounters& counters_;
  EventHistory history_;
  ContainerTable table_;
  absl::flat_hash_set<std::string> old_;  // that may be told of, and are not new: see MayMatch()
  bool knows_containers_ = false;         // table_ is all that there is
  bool refused_ = false;
  bool mark_missed_ = false;
  bool began_ = false;
  std::optional<absl::Time> started_at_;
  std::optional<std::uint64_t> last_;
  absl::Time last_time_ = absl::InfinitePast();
  absl::Duration heard_at_;
  std::optional<std::string> loss_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_CONTINUITY_H_
