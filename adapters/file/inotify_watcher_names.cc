// The part of InotifyWatcher that decides what is left out, and which links are entered.
#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/adapters/file/path_filter.h"

namespace lookout::file_internal {

bool InotifyWatcher::Hidden(const WatchNode& node, absl::string_view name, bool is_directory) const {
  if (options_.filter == nullptr) return false;
  return options_.filter->Hides(RelativePath(WatchTree::Path(node, name)), is_directory);
}

absl::string_view InotifyWatcher::RelativePath(absl::string_view path) const {
  std::size_t skip = options_.directory.size();
  while (skip < path.size() && path[skip] == '/') ++skip;
  return path.substr(std::min(skip, path.size()));
}

bool InotifyWatcher::IsFollowed(const WatchNode& node, absl::string_view name) const {
  if (!options_.follow || !options_.recursive) return false;
  const std::string path = WatchTree::Path(node, name);
  if (HasNamesAlone(path)) return false;  // /proc/self/root leads round and round
  FileStatus status;
  if (kernel_.Status(path, /*follow=*/false, status) != 0 || status.kind != FileKind::kLink) return false;
  if (kernel_.Status(path, /*follow=*/true, status) != 0 || status.kind != FileKind::kDirectory) return false;
  return !LoopsBack(node, status);
}

bool InotifyWatcher::IsDangling(const WatchNode& link) const {
  FileStatus status;
  const int error = -kernel_.Status(WatchTree::Path(link), /*follow=*/true, status);
  if (error == 0) return status.kind != FileKind::kDirectory;
  return error == ENOENT || error == ENOTDIR || error == ELOOP;  // any other says nothing
}

void InotifyWatcher::RefuseLink(WatchNode& link) {
  CompareGone(link, {});  // what it has led to
  GiveUpWatch(link);
  link_refused_ = true;
}

void InotifyWatcher::ReconsiderLinks() {
  if (!std::exchange(link_refused_, false)) return;
  WatchTree::EachNode(tree_.root(), [this](WatchNode& node) {
    if (!node.link || node.wd >= 0 || node.polled) return;
    tree_.MakeFresh(node);
    AddPending(node);
  });
}

void InotifyWatcher::FreshenLinks(WatchNode& moved) {
  if (!options_.follow) return;
  WatchTree::EachNode(moved, [this](WatchNode& node) {
    if (!node.link) return;
    tree_.MakeFresh(node);
    if (node.wd < 0) node.unresolved = true;
  });
}

// A loop would be found by the watches too, but only after a turn in it; and where nothing can be watched,
// never.
bool InotifyWatcher::LoopsBack(const WatchNode& node, const FileStatus& target) const {
  for (const WatchNode* above = &node; above != nullptr; above = above->parent) {
    FileStatus status;
    if (kernel_.Status(WatchTree::Path(*above), /*follow=*/true, status) != 0) continue;
    if (status.version.device == target.version.device && status.version.inode == target.version.inode) {
      return true;
    }
  }
  return false;
}

bool InotifyWatcher::LoadIgnores(WatchNode& node, const DirectoryListing& listing) {
  if (!options_.filter->gitignore()) return true;
  bool is_there = false;
  listing.ForEach([&is_there](const ListedEntry& entry) {
    if (entry.name == kIgnoreFile) is_there = entry.kind == FileKind::kFile || entry.kind == FileKind::kLink;
  });
  const std::string path = WatchTree::Path(node, kIgnoreFile);
  std::string contents;
  const int error = is_there ? -kernel_.ReadFile(path, kMostIgnoreBytes + 1, contents) : ENOENT;
  // The listing was this directory's. What was read after it may be that of one which has taken its place.
  if (is_there && node.wd >= 0 && &node != &tree_.root() && !StillThere(node, WatchTree::Path(node)))
    return false;
  SetIgnores(node, error, contents, path);
  return true;
}

void InotifyWatcher::SetIgnores(WatchNode& node, int error, absl::string_view contents,
                                const std::string& path) {
  const std::string directory(RelativePath(WatchTree::Path(node)));
  std::vector<absl::Status> broken;
  bool changed;
  if (error == ENOENT) {
    changed = options_.filter->ForgetIgnores(directory);
  } else {
    changed = options_.filter->SetIgnores(directory, error == 0 ? contents : "", broken);
    // Once, as it stays as it is. Git does not follow a link there either.
    if (changed && error != 0) broken = {ErrnoError(error, "its rules do not count, as it cannot be read")};
  }
  if (!changed) return;
  for (const absl::Status& status : broken) {
    teller_.Complain(absl::Status(status.code(), absl::StrCat(path, ": ", status.message())));
  }
  MakeUnlooked(node);
  node.scan = scan_;  // it is being looked at
  for (Departure& departure : departures_) {
    if (departure.subtree != nullptr) MakeUnlooked(*departure.subtree);
  }
}

// Not at once: who writes a file empties it first, and what is still queued is told by the old rules.
void InotifyWatcher::OnIgnoresChanged(WatchNode& node) {
  if (options_.filter != nullptr && options_.filter->gitignore()) AddPending(node);
}

void InotifyWatcher::MakeUnlooked(WatchNode& node) {
  WatchTree::EachNode(node, [](WatchNode& below) { below.scan = 0; });
}

void InotifyWatcher::MoveIgnores(WatchNode& moved, absl::string_view from) {
  const std::string path = WatchTree::Path(moved);
  const bool matters = options_.filter->MoveMatters(RelativePath(from), RelativePath(path));
  options_.filter->RenameDirectory(RelativePath(from), RelativePath(path));
  if (!options_.recursive) return;
  if (matters) MakeUnlooked(moved);
  if (moved.scan == 0) AddPending(moved);
}

void InotifyWatcher::ForgetIgnores(const WatchNode* subtree) {
  if (options_.filter == nullptr || subtree == nullptr) return;
  options_.filter->RemoveDirectory(RelativePath(WatchTree::Path(*subtree)));
}

}  // namespace lookout::file_internal
