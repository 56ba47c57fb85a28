// The part of FanotifyWatcher that keeps account of what was told to be where while records may be merged,
// and puts right what they leave open.
#include <sys/fanotify.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {
namespace {

// At some 20 bytes each, twice.
constexpr std::size_t kMostLast = 32'768;

}  // namespace

FanotifyWatcher::Told FanotifyWatcher::WhatIsTold(const FanotifyRecord& record, EntryView at) const {
  const auto told = told_at_.find(at);
  // As the record says; but who has a file open that has left may write to it, and records may be merged.
  if (told == told_at_.end()) return HasLeft(at, record.target) ? Told::kNothing : Told::kUnknown;
  if (told->second.target.empty()) return Told::kNothing;
  return told->second.target == record.target ? Told::kThis : Told::kOther;
}

void FanotifyWatcher::SetTold(const FanotifyRecord& record, EntryView at, absl::string_view target) {
  SetLast(at, target);
  if (suspects_.empty()) return;
  // A suspect has all the names that something is told of, and only those: with it they are forgotten.
  const auto suspect = suspects_.find(record.target);
  if (suspect != suspects_.end()) AddName(suspect->second, at);
  if (suspect == suspects_.end() && !told_at_.contains(at)) return;
  told_at_[Entry(at)] = {.is_directory = (record.mask & FAN_ONDIR) != 0, .target = std::string(target)};
  last_path_.reset();  // which may be of what is no more
}

std::optional<FanotifyWatcher::Entry> FanotifyWatcher::WhereTold(absl::string_view target) const {
  const auto suspect = suspects_.find(target);
  if (suspect == suspects_.end()) return std::nullopt;
  for (const Entry& name : suspect->second.names) {
    const auto told = told_at_.find(name);
    if (told != told_at_.end() && told->second.target == target) return name;
  }
  return std::nullopt;
}

FanotifyWatcher::Suspect& FanotifyWatcher::Track(const FanotifyRecord& record, EntryView at) {
  Suspect& suspect = suspects_[record.target];
  suspect.is_directory = (record.mask & FAN_ONDIR) != 0;
  suspect.touched = period_;
  AddName(suspect, at);
  return suspect;
}

void FanotifyWatcher::AddName(Suspect& suspect, EntryView at) {
  for (const Entry& known : suspect.names) {
    if (EntryView(known) == at) return;
  }
  suspect.names.emplace_back(at);
}

void FanotifyWatcher::NoteLink(const FanotifyRecord& record) {
  if ((record.mask & FAN_ONDIR) != 0) return;  // which has one name, and one life
  const bool again = !linked_.insert(absl::HashOf(record.directory, record.name, record.target)).second;
  const bool both = (record.mask & FAN_CREATE) != 0 && (record.mask & FAN_DELETE) != 0;
  if (!again && !both) return;
  Track(record, EntryView(record.directory, record.name)).ambiguous = true;
  suspicious_ = true;
}

void FanotifyWatcher::SetLast(EntryView at, absl::string_view target) {
  if (last_.size() >= kMostLast) last_before_ = std::exchange(last_, {});
  last_[absl::HashOf(at)] = absl::HashOf(target);
}

void FanotifyWatcher::ForgetLast(EntryView at) {
  if (last_.empty() && last_before_.empty()) return;
  const std::size_t entry = absl::HashOf(at);
  last_.erase(entry);
  last_before_.erase(entry);
}

bool FanotifyWatcher::HasLast(EntryView at) const {
  if (last_.empty() && last_before_.empty()) return false;
  const std::size_t entry = absl::HashOf(at);
  return last_.contains(entry) || last_before_.contains(entry);
}

bool FanotifyWatcher::HasLeft(EntryView at, absl::string_view target) const {
  if (last_.empty() && last_before_.empty()) return false;
  const std::size_t entry = absl::HashOf(at);
  const auto last = last_.find(entry);
  if (last != last_.end()) return last->second != absl::HashOf(target);
  const auto before = last_before_.find(entry);
  return before != last_before_.end() && before->second != absl::HashOf(target);
}

void FanotifyWatcher::OnDrained() {
  if (suspicious_) {
    std::vector<std::string> targets;
    for (const auto& [target, suspect] : suspects_) {
      if (suspect.renames > 1 || suspect.ambiguous) targets.push_back(target);
    }
    if (IsMoreToCome(targets)) return;
    for (const std::string& target : targets) PutRight(target);
    suspicious_ = false;
  }
  linked_.clear();
  lost_ = false;
  // Two that change places have two records, between which the queue may be empty.
  ForgetSuspects(period_);
  ++period_;
}

// Who is changing a directory is waited for, and with him his record.
bool FanotifyWatcher::IsMoreToCome(const std::vector<std::string>& targets) {
  absl::flat_hash_set<absl::string_view> awaited;
  for (const std::string& target : targets) {
    for (const Entry& name : suspects_[target].names) {
      if (awaited.insert(name.first).second) AwaitRecordsIn(name.first);
    }
  }
  const absl::StatusOr<bool> got = Read();
  return got.ok() && (*got || !drained_);
}

void FanotifyWatcher::PutRight(const std::string& target) {
  KeepUpcoming();
  Suspect& suspect = suspects_[target];
  const bool is_directory = suspect.is_directory;
  const FanotifyRecord record{.mask = is_directory ? FAN_ONDIR : 0ull,
                              .directory = {},
                              .name = {},
                              .old_directory = {},
                              .old_name = {},
                              .target = target};
  suspect.renames = 0;
  suspect.ambiguous = false;
  std::vector<std::pair<Entry, std::string>> missing, extra;
  for (const Entry& name : std::vector<Entry>(suspect.names)) {
    const Told told = WhatIsTold(record, name);
    if (told == Told::kUnknown) continue;  // it was listed since, and so is as it is
    const std::optional<bool> is_there = IsAt(target, name);
    if (!is_there.has_value() || (told == Told::kThis) == *is_there) continue;
    const std::optional<std::string> directory = PathOf(name.first);
    if (!directory.has_value()) continue;
    std::string path = JoinPath(*directory, name.second);
    if (Hidden(path, is_directory)) continue;
    (*is_there ? extra : missing).emplace_back(name, std::move(path));
  }
  for (const auto& [name, path] : missing) SetTold(record, name, "");
  const bool renamed = extra.size() == 1 && missing.size() == 1 &&
                       !(is_directory && IgnoresMatter(missing[0].second, extra[0].second));
  if (is_directory && renamed) MoveIgnores(missing[0].second, extra[0].second);
  for (const auto& [name, path] : missing) {
    if (renamed) break;
    if (is_directory) ForgetIgnores(path);
    teller_.Tell(Action::kFileDeleted, path, is_directory);
    if (is_directory) places_.erase(target);
  }
  for (const auto& [name, path] : extra) {
    if (!renamed) TellReplaced(record, name, path);
    SetTold(record, name, target);
    if (is_directory) SetPlace(target, {name.first, name.second});
    last_path_.reset();
    if (renamed) {
      teller_.Tell(Action::kFileRenamed, path, is_directory, missing[0].second);
    } else {
      TellArrival(target, path, is_directory);
    }
  }
}

void FanotifyWatcher::TellReplaced(const FanotifyRecord& record, EntryView at, const std::string& path) {
  const Told told = WhatIsTold(record, at);
  if (told == Told::kUnknown) {
    const Upcoming* exchanged = WhatIsExchanged(record, at);
    if (exchanged != nullptr) teller_.Tell(Action::kFileDeleted, path, exchanged->is_directory);
  } else if (told == Told::kOther) {
    teller_.Tell(Action::kFileDeleted, path, told_at_.find(at)->second.is_directory);
  }
}

void FanotifyWatcher::TellArrival(const std::string& target, const std::string& path, bool is_directory) {
  if (is_directory) ForgetIgnores(path);  // it comes with its own
  if (is_directory && options_.recursive) {
    TellTree(target, path);
  } else {
    teller_.Tell(Action::kFileCreated, path, is_directory);
  }
}

std::optional<bool> FanotifyWatcher::IsAt(absl::string_view target, const Entry& entry) {
  std::string now;
  if (!LookUp(entry, /*expected=*/{}, now)) return std::nullopt;
  const std::optional<absl::string_view> there = WhatWasThere(entry, now);
  if (there.has_value()) return *there == target;
  return IsToCome(target, entry) ? std::optional<bool>(false) : std::nullopt;
}

// Who has a file open writes to it by the name it had, also if it has that no more, or never had one.
bool FanotifyWatcher::IsWhereWritten(const FanotifyRecord& write, EntryView at) {
  if ((write.mask & FAN_DELETE) != 0) return true;  // which comes after it
  std::string now;
  if (!LookUp(at, write.target, now)) return true;
  const std::optional<absl::string_view> there = WhatWasThere(at, now);
  if (!there.has_value()) return true;
  SetLast(at, *there);  // once is enough
  return *there == write.target;
}

bool FanotifyWatcher::LookUp(EntryView at, absl::string_view expected, std::string& now) {
  const int fd = kernel_.OpenHandle(root_fd_, at.first);
  if (fd < 0 && fd != -ESTALE && fd != -ENOENT) return false;
  int error = 0, mount = mount_;
  bool is_expected = false;
  if (fd >= 0) {
    error = kernel_.HandleOf(fd, std::string(at.second), now, mount);
    is_expected = error == 0 && now == expected;
    // What was seen just now may have a record that is not queued yet.
    if (!is_expected) files_.AwaitRecordsOf(absl::StrCat("/proc/self/fd/", fd));
    kernel_.Close(fd);
  }
  if (error < 0 && error != -ESTALE && error != -ENOENT && error != -ENOTDIR) return false;
  if (mount != mount_) return false;  // what is below that cannot be seen
  if (!is_expected) ReadAhead();
  return true;
}

void FanotifyWatcher::ForgetSuspects(std::uint64_t touched_before) {
  const std::size_t forgotten = absl::erase_if(
      suspects_, [touched_before](const auto& suspect) { return suspect.second.touched < touched_before; });
  if (forgotten == 0) return;
  // A name may have been had by several, and what was told of it is wanted for as long as one of them is.
  absl::flat_hash_set<EntryView> wanted;
  for (const auto& [target, suspect] : suspects_) wanted.insert(suspect.names.begin(), suspect.names.end());
  absl::erase_if(told_at_, [&wanted](const auto& told) { return !wanted.contains(told.first); });
}

}  // namespace lookout::file_internal
