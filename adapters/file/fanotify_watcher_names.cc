// The part of FanotifyWatcher that decides what is left out.
#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {

absl::string_view FanotifyWatcher::RelativePath(absl::string_view path) const {
  path.remove_prefix(std::min(path.size(), options_.directory.size()));
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return path;
}

bool FanotifyWatcher::Hidden(absl::string_view path, bool is_directory) {
  if (options_.filter == nullptr) return false;
  const absl::string_view relative = RelativePath(path);
  if (options_.filter->gitignore()) LoadIgnoresFor(relative);
  return options_.filter->HidesOnTheWay(relative, is_directory);
}

void FanotifyWatcher::LoadIgnoresFor(absl::string_view relative) {
  std::size_t end = 0;
  while (true) {
    const absl::string_view directory = relative.substr(0, end);
    if (!ignores_loaded_.contains(directory)) {
      if (end > 0 && options_.filter->Hides(directory, true)) return;  // what is below is hidden with it
      LoadIgnores(directory);
    }
    const std::size_t next = relative.find('/', end == 0 ? 0 : end + 1);
    if (next == absl::string_view::npos) return;
    end = next;
  }
}

bool FanotifyWatcher::LoadIgnores(absl::string_view relative) {
  const std::string directory =
      relative.empty() ? options_.directory : JoinPath(options_.directory, relative);
  const std::string path = JoinPath(directory, kIgnoreFile);
  std::string contents;
  const int error = files_.ReadFile(path, kMostIgnoreBytes + 1, contents);
  ignores_loaded_[relative] = error != -ENOENT;
  if (error == -ENOENT) return options_.filter->ForgetIgnores(relative);
  std::vector<absl::Status> broken;
  const bool changed = options_.filter->SetIgnores(relative, error < 0 ? "" : contents, broken);
  if (changed && error < 0) broken = {ErrnoError(-error, "its rules do not count, as it cannot be read")};
  for (const absl::Status& status : broken) {
    teller_.Complain(absl::Status(status.code(), absl::StrCat(path, ": ", status.message())));
  }
  return changed;
}

// What the rules were can be known only before they change: so all that there are, are read first.
void FanotifyWatcher::LoadAllIgnores(absl::FunctionRef<bool(std::uint64_t)> progress) {
  std::vector<std::string> rest = {options_.directory};
  std::uint64_t directories = 0;
  while (!rest.empty() && progress(++directories)) {
    const std::string path = std::move(rest.back());
    rest.pop_back();
    LoadIgnores(RelativePath(path));
    if (!options_.recursive) return;
    files_.List(path, /*with_versions=*/false, [&](const ListedEntry& entry) {
      std::string below = JoinPath(path, entry.name);
      if (entry.kind == FileKind::kDirectory && !options_.filter->Hides(RelativePath(below), true)) {
        rest.push_back(std::move(below));
      }
    });
  }
}

absl::btree_map<std::string, bool> FanotifyWatcher::Shown(absl::string_view directory,
                                                          const std::string& path) {
  absl::btree_map<std::string, bool> shown;  // parents come before what is in them
  absl::flat_hash_set<std::string> all;
  std::vector<std::pair<std::string, std::string>> rest = {{std::string(directory), path}};
  while (!rest.empty()) {
    const auto [handle, at] = std::move(rest.back());
    rest.pop_back();
    if (!all.insert(handle).second) continue;
    for (const auto& [name, found] : List(handle, at)) {
      std::string below = JoinPath(at, name);
      if (Hidden(below, found.is_directory)) continue;
      shown[below] = found.is_directory;
      if (IsEntered(found)) rest.emplace_back(found.target, std::move(below));
    }
  }
  return shown;
}

void FanotifyWatcher::ExpectIgnores(const std::string& path) {
  if (options_.filter == nullptr || !options_.filter->gitignore()) return;
  const std::string relative(RelativePath(path));
  if (relative.empty() || !Hidden(path, true)) ignores_loaded_.emplace(relative, false);
}

void FanotifyWatcher::OnIgnoresChanged(absl::string_view directory, const std::string& path, Rules what,
                                       bool was_hidden, const std::string& to) {
  if (options_.filter == nullptr || !options_.filter->gitignore()) return;
  const std::string relative(RelativePath(path));
  if (!relative.empty() && Hidden(path, true)) return ForgetIgnores(path);  // until it is shown
  const std::string file = JoinPath(path, kIgnoreFile);
  const bool was_there = ignores_loaded_[relative];
  KeepUpcoming();
  absl::btree_map<std::string, bool> before = Shown(directory, path);
  const bool changed = LoadIgnores(relative);
  ignores_loaded_[relative] = what == Rules::kCame || (what == Rules::kWritten && was_there);
  if (!changed) return;
  absl::btree_map<std::string, bool> after = Shown(directory, path);
  // What comes and leaves the record itself tells; and of the file it is known whether it was there, also if
  // it is about to be replaced.
  for (const std::string& name : {file, to}) {
    before.erase(name);
    after.erase(name);
  }
  const bool is_hidden = Hidden(file, false);
  if (was_there && what != Rules::kLeft && !was_hidden && is_hidden) before[file] = false;
  if (was_there && what == Rules::kWritten && was_hidden && !is_hidden) after[file] = false;
  TakeOverShown(before, after);
  std::string gone;  // a directory, with which what is in it goes
  for (const auto& [entry, is_directory] : before) {
    if (after.contains(entry) || (!gone.empty() && absl::StartsWith(entry, gone))) continue;
    teller_.Tell(Action::kFileDeleted, entry, is_directory);
    if (!is_directory) continue;
    gone = absl::StrCat(entry, "/");
    ForgetIgnores(entry);
  }
  for (const auto& [entry, is_directory] : after) {
    if (!before.contains(entry)) teller_.Tell(Action::kFileCreated, entry, is_directory);
  }
}

// What has become hidden is told to be there no more, and what is shown again is as it was listed.
void FanotifyWatcher::TakeOverShown(const absl::btree_map<std::string, bool>& before,
                                    const absl::btree_map<std::string, bool>& after) {
  std::vector<Entry> gone, shown;
  for (const auto& [at, told] : told_at_) {
    const std::optional<std::string> directory = PathOf(at.first);
    if (!directory.has_value()) continue;
    const std::string path = JoinPath(*directory, at.second);
    const bool is_hidden = before.contains(path) && !after.contains(path);
    if (is_hidden || Hidden(*directory, true)) gone.push_back(at);
    if (after.contains(path) && !before.contains(path)) shown.push_back(at);
  }
  for (const Entry& at : gone) told_at_[at].target.clear();
  for (const Entry& at : shown) told_at_.erase(at);
  // What came to hidden names was not noted.
  last_.clear();
  last_before_.clear();
  last_path_.reset();
}

void FanotifyWatcher::ForgetIgnores(absl::string_view path) {
  if (options_.filter == nullptr) return;
  const std::string relative(RelativePath(path));
  options_.filter->RemoveDirectory(relative);
  TakeLoaded(relative);
}

void FanotifyWatcher::MoveIgnores(absl::string_view from, absl::string_view to) {
  if (options_.filter == nullptr) return;
  const std::string before(RelativePath(from)), after(RelativePath(to));
  const std::vector<std::pair<std::string, bool>> loaded = TakeLoaded(before);
  TakeLoaded(after);
  for (const auto& [directory, has_some] : loaded)
    ignores_loaded_[absl::StrCat(after, absl::string_view(directory).substr(before.size()))] = has_some;
  options_.filter->RenameDirectory(before, after);
}

std::vector<std::pair<std::string, bool>> FanotifyWatcher::TakeLoaded(const std::string& relative) {
  std::vector<std::pair<std::string, bool>> loaded;
  if (const auto itself = ignores_loaded_.find(relative); itself != ignores_loaded_.end()) {
    loaded.push_back(*itself);
    ignores_loaded_.erase(itself);
  }
  // In their place among all of them: a large tree is removed directory by directory.
  const std::string below = absl::StrCat(relative, "/");
  auto at = ignores_loaded_.lower_bound(below);
  while (at != ignores_loaded_.end() && absl::StartsWith(at->first, below)) {
    loaded.push_back(*at);
    at = ignores_loaded_.erase(at);
  }
  return loaded;
}

bool FanotifyWatcher::IgnoresMatter(absl::string_view from, absl::string_view to) {
  if (options_.filter == nullptr) return false;
  return options_.filter->MoveMatters(RelativePath(from), RelativePath(to));
}

}  // namespace lookout::file_internal
