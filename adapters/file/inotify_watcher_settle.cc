// The part of InotifyWatcher that finds out when the records have caught up with what was looked at.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/events/wait.h"

namespace lookout::file_internal {
namespace {

// So that awaiting who changes a tree that never rests leaves most of the time to reading.
constexpr int kSettlingRest = 10;

}  // namespace

void InotifyWatcher::Verify(WatchNode& moved) {
  if (tree_.fresh().empty()) return;
  std::vector<WatchNode*> rest = {&moved};
  while (!rest.empty()) {
    WatchNode& node = *rest.back();
    rest.pop_back();
    if (node.fresh) {
      awaited_ = false;
      if (node.unresolved || (node.wd >= 0 && !StillThere(node, WatchTree::Path(node)))) {
        AddPending(node);
        continue;
      }
    }
    if (node.children == nullptr) continue;
    for (const std::unique_ptr<WatchNode>& child : *node.children) rest.push_back(child.get());
  }
  ScanSome();
}

void InotifyWatcher::SettleInTime(bool rests) {
  const bool again = std::exchange(settling_, false);  // the first call awaits, the second settles
  if (!rests && (!drained_ || (!again && now_ < settle_by_))) return;
  const absl::Duration began = TimePassed(clock_);
  Settle();
  const absl::Duration ended = TimePassed(clock_);
  settling_ = !rests && !again;
  settle_by_ = ended + std::max(kSettlingWait, kSettlingRest * (ended - began));
}

void InotifyWatcher::Settle() {
  if (tree_.fresh().empty()) return FinishSettling();
  if (!departures_.empty()) return;
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
  for (WatchNode* node : fresh) {
    if (node->unresolved && (!quiet || PutRight(*node))) {
      AddPending(*node);
    } else {
      tree_.Settle(*node);
    }
  }
  if (tree_.fresh().empty()) FinishSettling();
}

// The kernel has said all: what is where no record has led it was misplaced by a look that was ahead. Looks
// at who was taken for the directory that is at the node's path, if that is somebody who is not.
bool InotifyWatcher::PutRight(WatchNode& node) {
  DirectoryLook look = LookFor(node);
  look.list = false;
  LookAt(kernel_, fd_, look);
  if (look.wd < 0) {
    if (node.parent != nullptr) AddPending(*node.parent);
    return false;
  }
  WatchNode* other = tree_.Find(look.wd);
  if (other == nullptr) abandoned_.insert(look.wd);
  if (other == nullptr || other == &node) return true;
  if (node.link || StillThere(*other, WatchTree::Path(*other))) return false;
  tree_.MakeFresh(*other);
  AddPending(*other);
  if (other->parent != nullptr) AddPending(*other->parent);
  return true;
}

void InotifyWatcher::FinishSettling() {
  lost_since_ = 0;
  unclaimed_ = {};
  for (const int wd : std::exchange(abandoned_, {})) kernel_.RemoveWatch(fd_, wd);
}

}  // namespace lookout::file_internal
