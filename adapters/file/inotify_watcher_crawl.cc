// The half of InotifyWatcher that looks at the disk: crawling, and what is fresh.
#include <sys/inotify.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/inotify_watcher.h"

namespace lookout::file_internal {
namespace {

// Never what reading causes (IN_OPEN, IN_ACCESS, IN_CLOSE_NOWRITE): a sink that reads the tree would feed
// itself.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

// Where a path leads to no directory any more: a record will say what became of it.
bool Vanished(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

}  // namespace

bool InotifyWatcher::Arrives(WatchNode& node, absl::string_view name) {
  return !node.fresh() || node.known->emplace(name).second;
}

bool InotifyWatcher::Leaves(WatchNode& node, absl::string_view name) {
  return !node.fresh() || node.known->erase(name) > 0;
}

absl::Status InotifyWatcher::Crawl(WatchNode& first) {
  std::vector<WatchNode*> rest = {&first};
  while (!rest.empty()) {
    WatchNode& node = *rest.back();
    rest.pop_back();
    if (!silent_ && !node.fresh() && node.wd >= 0) {  // settled; what is below it may not be
      for (const std::unique_ptr<WatchNode>& child : node.children) rest.push_back(child.get());
      continue;
    }
    absl::Status crawled = CrawlOne(node, WatchTree::Path(node), rest);
    if (crawled.ok()) continue;
    if (&node == &tree_.root()) return crawled;
    if (!absl::IsNotFound(crawled)) Complain(std::move(crawled));
  }
  return absl::OkStatus();
}

absl::Status InotifyWatcher::CrawlOne(WatchNode& node, const std::string& path,
                                      std::vector<WatchNode*>& below) {
  const bool is_root = &node == &tree_.root();
  if (!silent_ && !is_root) {
    tree_.MakeFresh(node);
    awaited_ = false;
  }
  node.unresolved = false;
  const absl::StatusOr<bool> bound = Bind(node, path);
  if (!bound.ok()) {
    if (!is_root) tree_.Settle(node);  // it cannot be watched, and no record will change that
    return bound.status();
  }
  node.unresolved = !*bound;
  if (!*bound || !options_.only.empty() || (silent_ && !options_.recursive)) return absl::OkStatus();
  return List(node, path, below);
}

absl::StatusOr<bool> InotifyWatcher::Bind(WatchNode& node, const std::string& path) {
  const int wd = AddWatch(node, path);
  if (wd == -ENOSPC && std::exchange(out_of_watches_, true) && &node != &tree_.root()) {
    return absl::NotFoundError("no watch left, as was said");
  }
  if (wd < 0 && Vanished(-wd) && node.fresh()) {
    tree_.ForgetWatch(node);
    return false;
  }
  if (wd < 0) return WatchError(-wd, path, tree_.watches());
  // What is settled is where the records have led it so far: a record to come will move it here, and this
  // node away before.
  WatchNode* other = tree_.Find(wd);
  if (node.fresh() && other != nullptr && other != &node) {
    if (!other->fresh()) {
      tree_.ForgetWatch(node);
      return false;
    }
    other->unresolved = true;
  }
  tree_.SetWatch(node, wd);
  return true;
}

int InotifyWatcher::AddWatch(const WatchNode& node, const std::string& path) {
  // The root may be a link, as the user's path; below it, links are not followed.
  const std::uint32_t follow = &node == &tree_.root() ? 0 : IN_DONT_FOLLOW;
  return kernel_.AddWatch(fd_, path.empty() ? "/" : path, kMask | follow);
}

absl::Status InotifyWatcher::List(WatchNode& node, const std::string& path, std::vector<WatchNode*>& below) {
  std::vector<std::pair<std::string, bool>> entries;  // of a fresh directory
  const int error = kernel_.List(path.empty() ? "/" : path, [&](absl::string_view name, bool is_directory) {
    if (node.fresh()) {
      entries.emplace_back(name, is_directory);
    } else if (is_directory && options_.recursive) {
      below.push_back(&tree_.AddChild(node, name));
    }
  });
  if (!node.fresh()) return error < 0 ? ListError(-error, path) : absl::OkStatus();
  // Replaced between watching and listing: what was listed is another's.
  if (AddWatch(node, path) != node.wd || (error < 0 && Vanished(-error))) {
    node.unresolved = true;
    return absl::OkStatus();
  }
  if (error < 0) return ListError(-error, path);

  absl::flat_hash_set<std::string> gone = *node.known;
  for (const auto& [name, is_directory] : entries) {
    const bool was_directory = tree_.Child(node, name) != nullptr;
    if (was_directory == is_directory || !options_.recursive) gone.erase(name);  // or else it was replaced
  }
  for (const std::string& name : gone) {
    node.known->erase(name);
    std::unique_ptr<WatchNode> child = tree_.Detach(node, name);
    const bool was_directory = child != nullptr;
    Forget(std::move(child));
    Emit(Action::kFileDeleted, WatchTree::Path(node, name), was_directory);
  }
  for (const auto& [name, is_directory] : entries) {
    if (Arrives(node, name)) Emit(Action::kFileCreated, WatchTree::Path(node, name), is_directory);
    if (is_directory && options_.recursive) below.push_back(&tree_.AddChild(node, name));
  }
  return absl::OkStatus();
}

void InotifyWatcher::Verify(WatchNode& moved) {
  if (tree_.fresh().empty() && !silent_) return;
  std::vector<WatchNode*> rest = {&moved};
  while (!rest.empty()) {
    WatchNode& node = *rest.back();
    rest.pop_back();
    if (node.fresh() || silent_) {
      awaited_ = false;
      if (node.unresolved || AddWatch(node, WatchTree::Path(node)) != node.wd) {
        if (absl::Status crawled = Crawl(node); !crawled.ok()) Complain(std::move(crawled));
        continue;
      }
    }
    for (const std::unique_ptr<WatchNode>& child : node.children) rest.push_back(child.get());
  }
}

void InotifyWatcher::Settle() {
  if (tree_.fresh().empty() || !departures_.empty()) return;
  const std::vector<WatchNode*> fresh(tree_.fresh().begin(), tree_.fresh().end());
  if (!std::exchange(awaited_, true)) {
    absl::flat_hash_set<const WatchNode*> above;
    for (const WatchNode* node : fresh) {
      for (node = node->parent; node != nullptr && above.insert(node).second; node = node->parent) {
        const std::string path = WatchTree::Path(*node);
        kernel_.AwaitRecordsOf(path.empty() ? "/" : path);
      }
    }
    return;  // and see whether a record came of it
  }
  // What was not where its path said, and still is not although the kernel had nothing to say since, is gone.
  const bool quiet = !std::exchange(read_since_settling_, false);
  std::vector<WatchNode*> unresolved;
  for (WatchNode* node : fresh) {
    if (node->unresolved && !quiet) {
      unresolved.push_back(node);
    } else {
      tree_.Settle(*node);
    }
  }
  for (WatchNode* node : unresolved) {
    if (!tree_.fresh().contains(node)) continue;  // went with another
    if (absl::Status crawled = Crawl(*node); !crawled.ok()) Complain(std::move(crawled));
  }
}

void InotifyWatcher::Unwatch(std::unique_ptr<WatchNode> subtree) {
  if (subtree == nullptr) return;
  tree_.Drop(std::move(subtree), [this](int wd) { kernel_.RemoveWatch(fd_, wd); });
}

void InotifyWatcher::Forget(std::unique_ptr<WatchNode> subtree) {
  if (subtree != nullptr) tree_.Drop(std::move(subtree), [](int) {});
}

absl::Status InotifyWatcher::Rebuild() {
  const bool was_silent = std::exchange(silent_, true);
  for (Departure& departure : std::exchange(departures_, {})) Forget(std::move(departure.subtree));
  out_of_watches_ = false;
  // The kernel answers a second watch of a directory with the descriptor of the first: what is still there
  // keeps its watch, and what is left over afterwards has gone.
  const WatchTree old = std::exchange(tree_, WatchTree(options_.directory));
  absl::Status status = Crawl(tree_.root());
  old.EachWatch([this](int wd) {
    if (tree_.Find(wd) == nullptr) kernel_.RemoveWatch(fd_, wd);
  });
  if (!options_.only.empty()) {
    only_exists_ = kernel_.IsDirectory(WatchTree::Path(tree_.root(), options_.only)) >= 0;
  }
  silent_ = was_silent;
  return status;
}

}  // namespace lookout::file_internal
