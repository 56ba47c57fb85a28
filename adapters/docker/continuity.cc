#include "lookout/adapters/docker/continuity.h"

#include <utility>

#include "lookout/adapters/docker/container_life.h"

namespace lookout::docker_internal {

using Item = EventStreamDecoder::Item;
using Verdict = EventStreamDecoder::Verdict;

void Continuity::StartAt(absl::Time engine_time) {
  if (!started_at_.has_value()) started_at_ = engine_time;
}

void Continuity::Take(Item item, Mode mode, absl::Time now, std::vector<Event>& told, Meanwhile* meanwhile) {
  if (!history_.Add(item.key)) {
    ++counters_.duplicates;
    return;
  }
  last_ = item.key;
  // Of whatever kind: what came before a thousand of no interest is forgotten here, and not to be asked for.
  if (item.time != absl::InfinitePast()) last_time_ = item.time;
  if (item.verdict == Verdict::kOtherType) ++counters_.other_types;
  if (item.verdict == Verdict::kUnknownAction) ++counters_.unknown_actions;
  if (item.verdict != Verdict::kEvent) return;
  Event& event = item.event;
  if (!Matches(options_.filters, event)) {
    ++counters_.filtered;
    return;
  }
  if (meanwhile != nullptr && ChangesPhase(event.action)) meanwhile->moved.insert(event.actor_id);
  if (meanwhile != nullptr && event.action == Action::kContainerRename &&
      event.actor_name != event.actor_id) {
    meanwhile->names[event.actor_id] = event.actor_name;
  }
  TakeEvent(std::move(event), mode, now, told);
}

void Continuity::TakeEvent(Event event, Mode mode, absl::Time now, std::vector<Event>& told) {
  // It had a name that was not asked for, or was listed without that of its image, and is not new.
  const bool has_come = event.action == Action::kContainerRename && !options_.filters.names.empty();
  if (has_come || old_.contains(event.actor_id)) table_.AdoptOld(event);
  const bool was_told = table_.Restates(event);
  // Where containers cannot be listed, one that is not known may just be old.
  if (mode == Mode::kAfterGap && knows_containers_ && !was_told) {
    std::vector<Event> implied = table_.Implied(event, now);
    for (const Event& before : implied) table_.Apply(before);
    Tell(std::move(implied), told);
  }
  table_.Apply(event);
  if (was_told) {
    ++counters_.duplicates;
  } else if (!IsWanted(event)) {
    ++counters_.unknown_actions;
  } else if (mode != Mode::kOld) {
    told.push_back(std::move(event));
  }
}

bool Continuity::IsWanted(const Event& event) const {
  switch (event.action) {
    case Action::kContainerRename:
      return options_.renames;
    case Action::kContainerHealthy:
    case Action::kContainerUnhealthy:
      return options_.health;
    default:
      return true;
  }
}

void Continuity::Lose(std::string reason) {
  if (!loss_.has_value()) loss_ = std::move(reason);  // what came first explains the rest
}

void Continuity::ForgetLast() {
  last_.reset();
  table_.BeginGap();
}

void Continuity::Learn(const ContainerList& list, const Meanwhile& meanwhile, absl::Time now,
                       std::vector<Event>& told) {
  const absl::flat_hash_set<std::string>& busy = meanwhile.moved;
  if (list.whole()) old_.clear();
  std::vector<ListedContainer> wanted;
  for (ListedContainer container : list.containers) {
    if (const auto name = meanwhile.names.find(container.id); name != meanwhile.names.end()) {
      container.name = name->second;
    }
    const bool is_known = table_.Find(container.id) != nullptr;
    if (is_known && !busy.contains(container.id) && IsRenamedAway(container)) {
      table_.Forget(container.id);
    } else if (is_known || Matches(options_.filters, container)) {
      wanted.push_back(std::move(container));
    } else if (MayMatch(options_.filters, container)) {
      old_.insert(container.id);
    }
  }
  if (!std::exchange(knows_containers_, true)) {
    table_.Adopt(wanted, busy, list.whole());
  } else {
    Tell(table_.Mend(wanted, busy, now, list.whole()), told);
  }
}

// What it did since then was not told, and is no loss. (One without a name has the ID for one.)
bool Continuity::IsRenamedAway(const ListedContainer& container) const {
  return container.name != container.id && !MatchesName(options_.filters, container.name);
}

void Continuity::TellRunning(absl::Time now, std::vector<Event>& told) {
  Tell(table_.InitialStarts(now), told);
}

void Continuity::Tell(std::vector<Event> synthesized, std::vector<Event>& told) {
  for (Event& event : synthesized) {
    if (!IsWanted(event)) continue;
    ++counters_.synthesized;
    told.push_back(std::move(event));
  }
}

}  // namespace lookout::docker_internal
