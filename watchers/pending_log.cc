#include "lookout/watchers/pending_log.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/event.h"
#include "lookout/watchers/known_names.h"

namespace lookout::watchers_internal {

absl::Duration PendingLog::NextDue() const {
  return due_.empty() ? absl::InfiniteDuration() : due_.begin()->first;
}

void PendingLog::IndexPath(absl::string_view path, std::uint64_t number, absl::Duration since,
                           absl::Duration now) {
  auto [entry, is_new] = paths_.try_emplace(std::string(path));
  Path& indexed = entry->second;
  if (!is_new) due_.erase({indexed.due, entry->first});
  indexed.since = is_new ? since : std::min(indexed.since, since);
  indexed.due = std::min(now + times_.quiet, indexed.since + times_.max_wait);
  due_.insert({indexed.due, entry->first});
  const auto place = std::lower_bound(indexed.changes.begin(), indexed.changes.end(), number);
  if (place == indexed.changes.end() || *place != number) indexed.changes.insert(place, number);
}

absl::Duration PendingLog::UnindexPath(absl::string_view path, std::uint64_t number) {
  const auto entry = paths_.find(path);
  if (entry == paths_.end()) return absl::InfiniteDuration();
  Path& indexed = entry->second;
  const absl::Duration since = indexed.since;
  std::erase(indexed.changes, number);
  if (indexed.changes.empty()) {
    due_.erase({indexed.due, entry->first});
    paths_.erase(entry);
  }
  return since;
}

void PendingLog::Index(const PendingChange& change, absl::Duration since, absl::Duration now) {
  IndexPath(change.path(), change.number, since, now);
  if (!change.from().empty()) IndexPath(change.from(), change.number, since, now);
}

absl::Duration PendingLog::Unindex(const PendingChange& change) {
  const absl::Duration since = UnindexPath(change.path(), change.number);
  if (change.from().empty()) return since;
  return std::min(since, UnindexPath(change.from(), change.number));
}

void PendingLog::Append(Event event, Place replaced, absl::Duration since, absl::Duration now) {
  const std::uint64_t number = ++last_number_;
  PendingChange& change = changes_[number];
  change = {.number = number, .event = std::move(event), .replaced = replaced};
  Index(change, since, now);
}

void PendingLog::Replace(PendingChange& change, Event event, absl::Duration since, absl::Duration now) {
  since = std::min(since, Unindex(change));
  change.event = std::move(event);
  Index(change, since, now);
}

absl::Duration PendingLog::Remove(const PendingChange& change) {
  const absl::Duration since = Unindex(change);
  changes_.erase(change.number);
  return since;
}

void PendingLog::EachBelow(absl::string_view path,
                           absl::FunctionRef<void(const Paths::value_type&)> visit) const {
  const std::string prefix = PrefixBelow(path);
  for (auto entry = paths_.lower_bound(prefix);
       entry != paths_.end() && absl::StartsWith(entry->first, prefix); ++entry) {
    if (IsBelow(entry->first, path)) visit(*entry);
  }
}

void PendingLog::EachRelated(absl::string_view path,
                             absl::FunctionRef<void(const Paths::value_type&)> visit) const {
  const auto visit_one = [&](absl::string_view name) {
    if (const auto entry = paths_.find(name); entry != paths_.end()) visit(*entry);
  };
  visit_one(path);
  for (absl::string_view above = Parent(path); !above.empty(); above = Parent(above)) visit_one(above);
  EachBelow(path, visit);
}

PendingChange* PendingLog::LatestRelated(absl::string_view path) {
  std::uint64_t latest = 0;
  EachRelated(
      path, [&](const Paths::value_type& entry) { latest = std::max(latest, entry.second.changes.back()); });
  return latest == 0 ? nullptr : &changes_.at(latest);
}

PendingChange* PendingLog::Latest(absl::string_view path) {
  PendingChange* latest = LatestRelated(path);
  return latest != nullptr && latest->touches(path) ? latest : nullptr;
}

PendingChange* PendingLog::NextRelated(const PendingChange& change, absl::string_view path) {
  std::uint64_t next = last_number_ + 1;
  EachRelated(path, [&](const Paths::value_type& entry) {
    const std::vector<std::uint64_t>& all = entry.second.changes;
    const auto after = std::upper_bound(all.begin(), all.end(), change.number);
    if (after != all.end()) next = std::min(next, *after);
  });
  return next > last_number_ ? nullptr : &changes_.at(next);
}

PendingChange* PendingLog::LatestBut(absl::string_view path, std::vector<PendingChange*>& below) {
  const auto own = paths_.find(path);
  if (own == paths_.end()) return nullptr;
  const std::uint64_t latest = own->second.changes.back();
  std::set<std::uint64_t> later_below;
  bool is_latest = true;
  EachRelated(path, [&](const Paths::value_type& entry) {
    const std::vector<std::uint64_t>& all = entry.second.changes;
    if (all.back() <= latest) return;
    if (!IsBelow(entry.first, path)) is_latest = false;
    later_below.insert(std::upper_bound(all.begin(), all.end(), latest), all.end());
  });
  if (!is_latest) return nullptr;
  for (const std::uint64_t number : later_below) below.push_back(&changes_.at(number));
  return &changes_.at(latest);
}

void PendingLog::Require(std::uint64_t change, std::set<std::uint64_t>& taken) const {
  std::vector<std::uint64_t> work = {change};
  while (!work.empty()) {
    const PendingChange& needed = changes_.at(work.back());
    work.pop_back();
    if (!taken.insert(needed.number).second) continue;
    const auto add_older = [&](const Paths::value_type& entry) {
      for (const std::uint64_t number : entry.second.changes) {
        if (number >= needed.number) break;
        if (!taken.contains(number)) work.push_back(number);
      }
    };
    EachRelated(needed.path(), add_older);
    if (!needed.from().empty()) EachRelated(needed.from(), add_older);
  }
}

void PendingLog::TakeDue(absl::Duration now, std::vector<Event>& out) {
  std::set<std::uint64_t> taken;
  for (const auto& [due, path] : due_) {
    if (due > now) break;
    for (const std::uint64_t number : paths_.find(path)->second.changes) Require(number, taken);
  }
  for (const std::uint64_t number : taken) {
    PendingChange& change = changes_.at(number);
    Unindex(change);
    out.push_back(std::move(change.event));
    changes_.erase(number);
  }
}

void PendingLog::TakeAll(std::vector<Event>& out) {
  for (auto& [number, change] : changes_) out.push_back(std::move(change.event));
  due_.clear();
  paths_.clear();
  changes_.clear();
}

}  // namespace lookout::watchers_internal
