#include "lookout/adapters/docker/container_table.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "lookout/adapters/docker/container_life.h"
#include "lookout/events/action.h"
#include "lookout/events/attributes.h"

namespace lookout::docker_internal {
namespace {

constexpr absl::string_view kName = "name";
constexpr absl::string_view kImage = "image";
constexpr absl::string_view kOldName = "oldName";

// What engines add to the attributes of one event, which is not the container's. Docker: kill, die, rename;
// Podman: died.
constexpr absl::string_view kOfOneEvent[] = {"exitCode", "execDuration", "signal", kOldName,
                                             "containerExitCode"};
constexpr Action kWithMore = Action::kContainerKill | Action::kContainerDie | Action::kContainerRename;

// How many that are gone are remembered.
constexpr std::size_t kMaxGone = 1024;

Action Without(Action all, Action some) {
  return static_cast<Action>(static_cast<std::uint16_t>(all) & ~static_cast<std::uint16_t>(some));
}

std::size_t BytesOf(absl::string_view id, const KnownContainer& known) {
  std::size_t bytes = id.size() + known.name.size();
  for (const auto& [key, value] : known.attributes) bytes += key.size() + value.size();
  return bytes;
}

KnownContainer FromEvent(const Event& event, Phase phase) {
  KnownContainer known{.name = event.actor_name, .attributes = event.attributes, .phase = phase};
  if (HasAny(event.action, kWithMore)) {
    for (absl::string_view key : kOfOneEvent) known.attributes.Erase(key);
  }
  known.attributes.Erase(kSynthesized);
  known.attributes.Erase(kHost);
  return known;
}

// As moby does (daemon/events.go): labels first, so that one called "name" does not win.
KnownContainer FromList(const ListedContainer& listed) {
  KnownContainer known{.name = listed.name, .attributes = listed.labels, .phase = listed.phase};
  known.attributes.Set(kImage, listed.image);
  known.attributes.Set(kName, listed.name);
  return known;
}

Event Synthesize(absl::string_view id, const KnownContainer& known, Action action, absl::Time time) {
  Event event{.type = EventType::kDocker,
              .actor_name = known.name,
              .actor_id = std::string(id),
              .attributes = known.attributes,
              .action = action,
              .time = time};
  event.attributes.Set(kSynthesized, std::string(kTrue));
  return event;
}

void Synthesize(absl::string_view id, const KnownContainer& known, absl::Span<const Action> actions,
                absl::Time time, std::vector<Event>& told) {
  for (Action action : actions) told.push_back(Synthesize(id, known, action, time));
}

// What the engine itself may have logged where this was made up last: a list shows that a container runs, not
// whether it was started or unpaused.
Action MayBe(Action made_up) {
  constexpr Action kRuns = Action::kContainerStart | Action::kContainerUnpause;
  return HasAny(kRuns, made_up) ? kRuns : made_up;
}

// The same where nothing had to be made up, since it was so before.
Action MayHaveLedTo(Phase phase) {
  switch (phase) {
    case Phase::kRunning:
      return MayBe(Action::kContainerStart);
    case Phase::kPaused:
      return Action::kContainerPause;
    case Phase::kExited:
      return Action::kContainerDie;
    default:
      return Action::kNone;
  }
}

}  // namespace

const KnownContainer* ContainerTable::Find(absl::string_view id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second.known;
}

ContainerTable::Entry* ContainerTable::Remember(absl::string_view id, KnownContainer known) {
  const std::size_t bytes = BytesOf(id, known);
  if (entries_.size() >= options_.max_containers || bytes_ + bytes > options_.max_bytes) {
    complete_ = false;
    ++refused_;
    return nullptr;
  }
  bytes_ += bytes;
  return &entries_.insert_or_assign(std::string(id), Entry{.known = std::move(known)}).first->second;
}

void ContainerTable::Forget(const std::string& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  bytes_ -= BytesOf(id, found->second.known);
  entries_.erase(found);
}

void ContainerTable::Apply(const Event& event) {
  const auto found = entries_.find(event.actor_id);
  if (found == entries_.end()) return ApplyToUnknown(event);
  Entry& entry = found->second;
  // An event without a name has the ID for one.
  if (entry.known.name != event.actor_name && event.actor_name != event.actor_id) {
    bytes_ -= BytesOf(event.actor_id, entry.known);
    entry.known.name = event.actor_name;
    entry.known.attributes.Set(kName, event.actor_name);
    bytes_ += BytesOf(event.actor_id, entry.known);
  }
  if (event.action == Action::kContainerRename)
    entry.mended = Without(entry.mended, Action::kContainerRename);
  if (!ChangesPhase(event.action)) return;
  const bool restates = HasAny(entry.mended, event.action);
  entry.mended = Action::kNone;
  entry.phase_is_known = true;
  if (restates) return;
  if (event.action == Action::kContainerDestroy) return Forget(event.actor_id);
  entry.known.phase = PhaseAfter(entry.known.phase, event.action);
}

void ContainerTable::AdoptOld(const Event& event) {
  if (event.actor_id.empty() || entries_.contains(event.actor_id) || gone_.contains(event.actor_id)) return;
  Entry* entry = Remember(event.actor_id, FromEvent(event, Phase::kUnknown));
  if (entry != nullptr) entry->phase_is_known = false;
}

void ContainerTable::ApplyToUnknown(const Event& event) {
  if (event.actor_id.empty() || !ChangesPhase(event.action)) return;
  if (event.action == Action::kContainerDestroy || gone_.contains(event.actor_id)) return;
  Remember(event.actor_id, FromEvent(event, PhaseAfter(Phase::kCreated, event.action)));
}

std::vector<Event> ContainerTable::Implied(const Event& event, absl::Time time) const {
  std::vector<Event> told;
  if (event.actor_id.empty() || Restates(event)) return told;
  const auto found = entries_.find(event.actor_id);
  if (found != entries_.end()) {
    const KnownContainer& known = found->second.known;
    if (!found->second.phase_is_known) return told;
    Synthesize(event.actor_id, known, ActionsBefore(known.phase, event.action), time, told);
    return told;
  }
  if (!complete_ || gone_.contains(event.actor_id) || event.action == Action::kContainerCreate) return told;
  KnownContainer unknown = FromEvent(event, Phase::kCreated);
  // Before a rename it had another name.
  if (const auto old_name = event.attributes.Find(kOldName);
      event.action == Action::kContainerRename && old_name.has_value()) {
    unknown.name = absl::StripPrefix(*old_name, "/");
    unknown.attributes.Set(kName, unknown.name);
  }
  Synthesize(event.actor_id, unknown, {Action::kContainerCreate}, time, told);
  Synthesize(event.actor_id, unknown, ActionsBefore(Phase::kCreated, event.action), time, told);
  return told;
}

bool ContainerTable::Restates(const Event& event) const {
  const auto found = entries_.find(event.actor_id);
  if (found == entries_.end()) {
    // Its death and its end were told, and all that came before them.
    return gone_.contains(event.actor_id) && ChangesPhase(event.action);
  }
  const Entry& entry = found->second;
  if (event.action == Action::kContainerRename && event.actor_name != entry.known.name) return false;
  return HasAny(entry.mended, event.action);
}

void ContainerTable::BeginGap() {
  ForgetMended();
  after_gap_ = true;
}

void ContainerTable::ForgetMended() {
  for (auto& [id, entry] : entries_) entry.mended = Action::kNone;
  gone_.clear();
  gone_in_order_.clear();
}

void ContainerTable::NoteGone(const std::string& id) {
  if (!gone_.insert(id).second) return;
  gone_in_order_.push_back(id);
  if (gone_in_order_.size() <= kMaxGone) return;
  gone_.erase(gone_in_order_.front());
  gone_in_order_.pop_front();
}

std::vector<Event> ContainerTable::Mend(absl::Span<const ListedContainer> now, const Ids& busy,
                                        absl::Time time, bool whole) {
  ForgetMended();
  std::vector<Event> told;
  if (whole) MendGone(now, busy, time, told);

  std::vector<const ListedContainer*> listed;
  for (const ListedContainer& container : now) {
    if (!busy.contains(container.id)) listed.push_back(&container);
  }
  std::sort(listed.begin(), listed.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  const auto first_new = std::stable_partition(listed.begin(), listed.end(), [this](const auto* container) {
    return entries_.contains(container->id);
  });
  for (auto at = listed.begin(); at != first_new; ++at) {
    MendKnown(**at, entries_.find((*at)->id)->second, time, told);
  }
  // Who was not remembered for want of room may have been told by its own events.
  std::vector<Event> untold;
  std::vector<Event>& told_of_new = complete_ ? told : untold;
  complete_ = complete_ || absl::c_all_of(now, [&](const ListedContainer& container) {
                return !busy.contains(container.id) || entries_.contains(container.id);
              });
  for (auto at = first_new; at != listed.end(); ++at) MendNew(**at, time, told_of_new);
  after_gap_ = false;
  return told;
}

void ContainerTable::MendGone(absl::Span<const ListedContainer> now, const Ids& busy, absl::Time time,
                              std::vector<Event>& told) {
  absl::flat_hash_set<absl::string_view> there;
  for (const ListedContainer& container : now) there.insert(container.id);
  std::vector<std::string> gone;
  for (const auto& [id, entry] : entries_) {
    if (!there.contains(id) && !busy.contains(id)) gone.push_back(id);
  }
  std::sort(gone.begin(), gone.end());
  for (const std::string& id : gone) {
    const KnownContainer& known = entries_.find(id)->second.known;
    Synthesize(id, known, ActionsBefore(known.phase, Action::kContainerDestroy), time, told);
    Synthesize(id, known, {Action::kContainerDestroy}, time, told);
    Forget(id);
    NoteGone(id);
  }
}

void ContainerTable::MendKnown(const ListedContainer& now, Entry& entry, absl::Time time,
                               std::vector<Event>& told) {
  KnownContainer& known = entry.known;
  if (now.name != known.name && now.name != now.id) {
    bytes_ -= BytesOf(now.id, known);
    const std::string old_name = std::exchange(known.name, now.name);
    known.attributes.Set(kName, now.name);
    bytes_ += BytesOf(now.id, known);
    if (options_.renames) {
      told.push_back(Synthesize(now.id, known, Action::kContainerRename, time));
      told.back().attributes.Set(kOldName, absl::StrCat("/", old_name));
      entry.mended = entry.mended | Action::kContainerRename;
    }
  }
  std::vector<Action> actions;
  if (entry.phase_is_known) actions = ActionsBetween(known.phase, now.phase);
  Synthesize(now.id, known, actions, time, told);
  if (!actions.empty()) {
    entry.mended = entry.mended | MayBe(actions.back());
  } else if (after_gap_ && now.phase == known.phase) {
    entry.mended = entry.mended | MayHaveLedTo(known.phase);
  }
  known.phase = Learnt(known.phase, now.phase);
  if (now.phase != Phase::kUnknown) entry.phase_is_known = true;
}

void ContainerTable::MendNew(const ListedContainer& now, absl::Time time, std::vector<Event>& told) {
  Entry* entry = Remember(now.id, FromList(now));
  if (entry == nullptr) return;
  std::vector<Action> actions = {Action::kContainerCreate};
  for (Action action : ActionsBetween(Phase::kCreated, now.phase)) actions.push_back(action);
  Synthesize(now.id, entry->known, actions, time, told);
  entry->mended = MayBe(actions.back());
}

void ContainerTable::Adopt(absl::Span<const ListedContainer> now, const Ids& busy, bool whole) {
  Mend(now, busy, absl::UnixEpoch(), whole);
  ForgetMended();
}

std::vector<Event> ContainerTable::InitialStarts(absl::Time time) {
  std::vector<std::pair<absl::string_view, Entry*>> running;
  for (auto& [id, entry] : entries_) {
    if (Runs(entry.known.phase)) running.emplace_back(id, &entry);
  }
  std::sort(running.begin(), running.end());
  std::vector<Event> told;
  for (const auto& [id, entry] : running) {
    const std::vector<Action> actions = ActionsBetween(Phase::kCreated, entry->known.phase);
    Synthesize(id, entry->known, actions, time, told);
    entry->mended = MayBe(actions.back());
  }
  return told;
}

}  // namespace lookout::docker_internal
