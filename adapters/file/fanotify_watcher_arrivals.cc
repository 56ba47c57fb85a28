// The part of FanotifyWatcher that tells directories which come with all they hold: moved in from where
// nothing is watched, or exchanged.
#include <sys/fanotify.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {

void FanotifyWatcher::TellTree(const std::string& directory, const std::string& path) {
  KeepUpcoming();
  teller_.Tell(Action::kFileCreated, path, true);
  absl::flat_hash_set<std::string> all;
  std::deque<std::pair<std::string, std::string>> rest = {{directory, path}};
  while (!rest.empty()) {
    const auto [handle, at] = std::move(rest.front());
    rest.pop_front();
    if (!all.insert(handle).second) continue;
    const absl::flat_hash_map<std::string, Name> names = List(handle, at);
    LeaveOutReplaced(handle, names);
    for (const auto& [name, found] : names) {
      std::string below = JoinPath(at, name);
      if (Hidden(below, found.is_directory)) continue;
      teller_.Tell(Action::kFileCreated, below, found.is_directory);
      if (IsEntered(found)) rest.emplace_back(found.target, std::move(below));
    }
  }
  // What was told of them when they were here before, is of no more account.
  absl::erase_if(told_at_, [&all](const auto& told) { return all.contains(told.first.first); });
}

absl::flat_hash_map<std::string, FanotifyWatcher::Name> FanotifyWatcher::List(const std::string& directory,
                                                                              const std::string& path) {
  absl::flat_hash_map<std::string, Name> names;
  const int fd = kernel_.OpenHandle(root_fd_, directory);
  if (fd < 0 && fd != -ESTALE && fd != -ENOENT) {
    Lose("a directory that came cannot be listed",
         fd == -EMFILE || fd == -ENFILE ? OutOfDescriptorsError(path) : ListError(-fd, path));
  }
  if (fd >= 0) {
    const absl::Cleanup close = [this, fd] { kernel_.Close(fd); };
    ++counters_.scans;
    const int listed = files_.List(
        absl::StrCat("/proc/self/fd/", fd), /*with_versions=*/false, [&](const ListedEntry& entry) {
          names[entry.name] = {.is_directory = entry.kind == FileKind::kDirectory, .target = {}};
        });
    const bool is_gone = listed == -ENOENT || listed == -ESTALE;  // and has a record that says so
    if (listed < 0 && !is_gone) teller_.Complain(ListError(-listed, path));
    for (auto& [name, found] : names) {
      if (found.is_directory) found.target = DirectoryIn(fd, name, path);
    }
    // What was seen just now may have a record that is not queued yet.
    if (!names.empty()) files_.AwaitRecordsOf(absl::StrCat("/proc/self/fd/", fd));
  }
  ReadAhead();
  Rewind(directory, names);
  for (const auto& [name, found] : names) ForgetLast({directory, name});
  return names;
}

// One that is gone already has a record that names it. What is mounted there is not watched, and its handle
// may be that of another directory here.
std::string FanotifyWatcher::DirectoryIn(int fd, const std::string& name, const std::string& path) {
  std::string handle;
  int mount = 0;
  const int error = kernel_.HandleOf(fd, name, handle, mount);
  if (error == 0) return mount == mount_ ? handle : "";
  const bool is_gone = error == -ENOENT || error == -ESTALE || error == -ENOTDIR;
  const bool is_mounted = error == -EOPNOTSUPP || error == -EOVERFLOW;  // here all have one
  if (!is_gone && !is_mounted)
    Lose("a directory that came cannot be listed", ListError(-error, JoinPath(path, name)));
  return "";
}

// The first that is to be said of a name says whether it is there now. What a rename is about to replace may
// be there or not, and makes no difference; but what leaves right after another has come, is to be exchanged
// with it, and is there.
const FanotifyWatcher::Upcoming* FanotifyWatcher::WhatIsThere(absl::Span<const Upcoming> of_name) {
  if (of_name[0].was_there) return &of_name[0];
  const bool exchanged = of_name.size() > 1 && of_name[1].was_there && of_name[1].target != of_name[0].target;
  return exchanged ? &of_name[1] : nullptr;
}

void FanotifyWatcher::Rewind(const std::string& directory,
                             absl::flat_hash_map<std::string, Name>& names) const {
  const auto upcoming = upcoming_.find(directory);
  if (upcoming == upcoming_.end()) return;
  for (const auto& [hash, of_name] : upcoming->second) {
    const absl::Span<const Upcoming> next = Unhandled(of_name);
    if (next.empty()) continue;
    const Upcoming* there = WhatIsThere(next);
    if (there != nullptr) {
      names[next[0].name] = {.is_directory = there->is_directory, .target = std::string(there->target)};
    } else {
      names.erase(next[0].name);
    }
  }
}

// What a rename is about to replace is not in the listing. If it is a directory, something may still be said
// of what is in it, of which nothing is told either.
void FanotifyWatcher::LeaveOutReplaced(const std::string& directory,
                                       const absl::flat_hash_map<std::string, Name>& names) {
  const auto upcoming = upcoming_.find(directory);
  if (upcoming == upcoming_.end()) return;
  for (const auto& [hash, of_name] : upcoming->second) {
    for (const Upcoming& next : Unhandled(of_name)) {
      const bool replaces = next.is_renamed && next.is_directory && !next.was_there;
      if (replaces && !names.contains(next.name)) SetLast({directory, next.name}, "");
    }
  }
}

std::optional<absl::string_view> FanotifyWatcher::WhatWasThere(EntryView at, absl::string_view now) const {
  const absl::Span<const Upcoming> next = UpcomingAt(at);
  if (next.empty()) return now;
  if (!next[0].was_there && !next[0].is_renamed) return "";
  const Upcoming* there = WhatIsThere(next);
  return there != nullptr ? std::optional<absl::string_view>(there->target) : std::nullopt;
}

absl::Span<const FanotifyWatcher::Upcoming> FanotifyWatcher::Unhandled(const UpcomingOfName& upcoming) const {
  const auto first = std::partition_point(upcoming.begin(), upcoming.end(),
                                          [this](const Upcoming& next) { return next.number <= handled_; });
  return absl::MakeConstSpan(upcoming).subspan(static_cast<std::size_t>(first - upcoming.begin()));
}

absl::Span<const FanotifyWatcher::Upcoming> FanotifyWatcher::UpcomingAt(EntryView at) const {
  const auto directory = upcoming_.find(at.first);
  if (directory == upcoming_.end()) return {};
  const auto of_name = directory->second.find(absl::HashOf(at.second));
  return of_name == directory->second.end() ? absl::Span<const Upcoming>() : Unhandled(of_name->second);
}

bool FanotifyWatcher::IsToCome(absl::string_view target, EntryView at) const {
  const absl::Span<const Upcoming> next = UpcomingAt(at);
  return !next.empty() && !next[0].was_there && next[0].target == target;
}

const FanotifyWatcher::Upcoming* FanotifyWatcher::WhatIsExchanged(const FanotifyRecord& record,
                                                                  EntryView at) {
  AwaitUpcoming(record.directory);  // two that change places have a record each, the second a moment later
  const absl::Span<const Upcoming> next = UpcomingAt(at);
  return !next.empty() && next[0].was_there && next[0].target != record.target ? &next[0] : nullptr;
}

// The kernel moves a file, lets it be written, and only then queues the record of the move. Who moves it
// holds the directory until then.
bool FanotifyWatcher::IsEarly(const FanotifyRecord& write) {
  AwaitUpcoming(write.directory);
  const std::size_t file = absl::HashOf(write.directory, write.name, write.target);
  const auto arrival = arrivals_.find(file);
  if (arrival == arrivals_.end() || arrival->second <= handled_) return false;
  early_writes_.insert(file);
  return true;
}

void FanotifyWatcher::HandleEarlyWrite(const FanotifyRecord& arrival) {
  if ((arrival.mask & (FAN_CREATE | FAN_RENAME)) == 0) return;
  if (early_writes_.erase(absl::HashOf(arrival.directory, arrival.name, arrival.target)) == 0) return;
  FanotifyRecord write = arrival;
  write.mask = FAN_MODIFY;
  Handle(write);
}

void FanotifyWatcher::AwaitUpcoming(absl::string_view directory) {
  KeepUpcoming();
  std::uint64_t& awaited = awaited_[absl::HashOf(directory)];
  if (awaited >= handled_) return;
  awaited = read_;
  AwaitRecordsIn(directory);
  ReadAhead();
}

void FanotifyWatcher::AwaitRecordsIn(absl::string_view directory) {
  const int fd = kernel_.OpenHandle(root_fd_, directory);
  if (fd < 0) return;
  files_.AwaitRecordsOf(absl::StrCat("/proc/self/fd/", fd));
  kernel_.Close(fd);
}

void FanotifyWatcher::KeepUpcoming() {
  if (std::exchange(keeps_upcoming_, true)) return;
  std::uint64_t number = handled_;
  for (const Chunk& chunk : chunks_) {
    for (std::size_t i = chunk.next; i < chunk.records.size(); ++i) AddUpcoming(chunk.records[i], ++number);
  }
}

void FanotifyWatcher::AddUpcoming(const FanotifyRecord& record, std::uint64_t number) {
  const bool is_directory = (record.mask & FAN_ONDIR) != 0;
  const bool is_renamed = (record.mask & FAN_RENAME) != 0;
  const auto add = [&](absl::string_view directory, absl::string_view name, bool was_there) {
    upcoming_[directory][absl::HashOf(name)].push_back({.number = number,
                                                        .name = name,
                                                        .target = record.target,
                                                        .is_directory = is_directory,
                                                        .was_there = was_there,
                                                        .is_renamed = is_renamed});
    if (!was_there && !is_directory) arrivals_[absl::HashOf(directory, name, record.target)] = number;
  };
  if ((record.mask & FAN_RENAME) != 0) {
    add(record.old_directory, record.old_name, true);
    add(record.directory, record.name, false);
  } else if ((record.mask & (FAN_CREATE | FAN_DELETE | FAN_MODIFY)) != 0) {
    add(record.directory, record.name, (record.mask & FAN_CREATE) == 0);
  }
}

}  // namespace lookout::file_internal
