// The part of InotifyWatcher that looks at the disk.
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/inotify_watcher.h"

namespace lookout::file_internal {
namespace {

// Never what reading causes (IN_OPEN, IN_ACCESS, IN_CLOSE_NOWRITE): a sink that reads the tree would feed
// itself, and so would this.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

// Between two reads of the kernel's queue.
constexpr std::size_t kScansInAStep = 512;

// A second thread costs as much as some ten directories.
constexpr std::size_t kWorthLookingAhead = 64;

// A file is dated by a clock that is up to a tick behind.
constexpr std::int64_t kFileTimeTick = 10'000'000;

// Where a path leads to no directory any more: a record will say what became of it.
bool Vanished(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

}  // namespace

void InotifyWatcher::AddPending(WatchNode& node) {
  awaited_ = false;
  tree_.AddPending(node);
}

void InotifyWatcher::AddPendingBelow(WatchNode& node) {
  std::vector<WatchNode*> rest = {&node};
  while (!rest.empty()) {
    WatchNode& next = *rest.back();
    rest.pop_back();
    if (next.children == nullptr) continue;
    for (const std::unique_ptr<WatchNode>& child : *next.children) {
      if (child->fresh || child->scan != scan_) {
        AddPending(*child);
      } else {
        rest.push_back(child.get());  // settled; what is below it may not be
      }
    }
  }
}

void InotifyWatcher::BeginScan() {
  ++scan_;
  tree_.ClearPending();
  out_of_watches_ = false;
  if (scan_ > 1) WatchTree::EachNode(tree_.root(), [this](WatchNode& node) { tree_.MakeFresh(node); });
  tree_.Settle(tree_.root());
  AddPending(tree_.root());
}

void InotifyWatcher::BeginRecovery(absl::string_view why) {
  teller_.TellLoss(options_.directory, std::string(why));
  read_since_settling_ = true;
  // Their second halves may be lost: where they are now, the scan finds.
  for (Departure& departure : std::exchange(departures_, {})) {
    Abandon(std::move(departure.subtree));
    if (departure.told) Tell(Action::kFileDeleted, std::move(departure.path), departure.is_directory);
  }
  BeginScan();
}

void InotifyWatcher::ScanSome() {
  if (!tree_.HasPending()) return;
  LookAhead();
  for (std::size_t i = 0; i < kScansInAStep && gone_.ok(); ++i) {
    WatchNode* node = tree_.PopPending();
    if (node == nullptr) break;
    if (!WatchTree::IsAttached(*node, tree_.root())) {
      tree_.MakeFresh(*node);
      node->unresolved = true;  // it is between two places; see Verify()
      continue;
    }
    absl::Status scanned = Scan(*node);
    if (scanned.ok() || absl::IsAlreadyExists(scanned)) continue;
    if (!absl::IsNotFound(scanned)) {
      teller_.Complain(std::move(scanned));
    } else if (node == &tree_.root()) {
      gone_ = absl::UnavailableError(scanned.message());
    }
  }
  for (auto& [path, look] : looks_) {
    if (look.wd >= 0 && tree_.Find(look.wd) == nullptr) abandoned_.insert(look.wd);
  }
  looks_.clear();
  if (!tree_.HasPending()) FinishScan();
}

DirectoryLook InotifyWatcher::LookFor(const WatchNode& node) const {
  DirectoryLook look{.path = WatchTree::Path(node)};
  // The root may be a link, as the user's path; below it, links are only entered where that is asked for.
  const bool follow = &node == &tree_.root() || node.link;
  // One that has a watch keeps it, also where there is no other left.
  if (fd_ >= 0 && (!out_of_watches_ || node.wd >= 0) && PolledMountAt(look.path) == nullptr) {
    look.watch_mask = kMask | (follow ? 0 : IN_DONT_FOLLOW);
  }
  look.with_versions = (node.polled || look.watch_mask == 0 || lost_since_ != 0) && !HasNamesAlone(look.path);
  return look;
}

void InotifyWatcher::LookAhead() {
  std::vector<DirectoryLook> looks;
  tree_.EachPending(kScansInAStep, [&](const WatchNode& node) {
    if (WatchTree::IsAttached(node, tree_.root())) looks.push_back(LookFor(node));
  });
  if (looks.size() < kWorthLookingAhead) return;
  LookAtAll(kernel_, fd_, absl::MakeSpan(looks));
  for (DirectoryLook& look : looks) looks_.emplace(look.path, std::move(look));
}

DirectoryLook InotifyWatcher::Look(const WatchNode& node) {
  DirectoryLook look = LookFor(node);
  if (const auto ahead = looks_.find(look.path); ahead != looks_.end()) {
    look = std::move(ahead->second);
    looks_.erase(ahead);
    return look;
  }
  LookAt(kernel_, fd_, look);
  return look;
}

absl::Status InotifyWatcher::Scan(WatchNode& node) {
  const bool is_root = &node == &tree_.root();
  if (!is_root && !node.polled) tree_.MakeFresh(node);
  if (is_root) root_ahead_ = true;
  awaited_ = false;
  node.scan = scan_;
  node.unresolved = false;
  ++counters_.scans;
  DirectoryLook look = Look(node);
  const absl::StatusOr<bool> bound = Bind(node, look);
  if (!bound.ok()) return bound.status();
  node.unresolved = !*bound;
  if (!*bound) return absl::OkStatus();
  if (look.watch_mask != 0 && look.wd < 0) {  // the watch failed, and so nothing was listed
    look.watch_mask = 0;
    look.with_versions = true;
    look.listing = {};
    LookAt(kernel_, fd_, look);
  }
  if (look.list_error < 0 && Vanished(-look.list_error)) {
    if (is_root) return ListError(-look.list_error, look.path);
    node.unresolved = true;
    return absl::OkStatus();
  }
  if (look.list_error < 0) {
    // What the kernel makes up it often shows to nobody but the owner of the process in question.
    const bool news = !node.unreadable && (is_root || !HasNamesAlone(look.path));
    tree_.SetPolled(node, true);  // until it becomes readable
    NoteUnreadable(node);
    return news ? ListError(-look.list_error, look.path) : absl::OkStatus();
  }
  // Replaced between watching and listing: what was listed is another's. In the first scan that is known from
  // the records; see Open().
  if ((!silent_ || scan_ > 1) && node.wd >= 0 && !StillThere(node, look.path)) {
    node.unresolved = true;
    return absl::OkStatus();
  }
  Compare(node, look.listing);
  node.unreadable = false;
  if (node.wd >= 0) tree_.SetPolled(node, false);
  return absl::OkStatus();
}

// After a loss what is known below it is looked at all the same; what is in it, when it can be.
void InotifyWatcher::NoteUnreadable(WatchNode& node) {
  node.unreadable = true;
  if (lost_since_ == 0) return;
  if (unread_since_ == 0) unread_since_ = lost_since_;
  if (options_.recursive) AddPendingBelow(node);
}

absl::StatusOr<bool> InotifyWatcher::Bind(WatchNode& node, const DirectoryLook& look) {
  if (look.watch_mask == 0) {
    BindPolled(node, look);
    return true;
  }
  if (look.wd < 0) return BindFailed(node, look);
  // What is settled is where the records have led it so far: a record to come will move it here, and this
  // node away before.
  WatchNode* other = tree_.Find(look.wd);
  if (other != nullptr && other != &node) {
    if (node.link) {  // a loop, or a second way to the same directory
      RefuseLink(node);
      return false;
    }
    if (!other->fresh && !other->link) {
      GiveUpWatch(node);
      return false;
    }
    other->unresolved = true;
  }
  if (node.wd >= 0 && node.wd != look.wd) abandoned_.insert(node.wd);
  tree_.SetWatch(node, look.wd);
  abandoned_.erase(look.wd);
  if (&node != &tree_.root()) tree_.MakeFresh(node);
  return true;
}

void InotifyWatcher::BindPolled(WatchNode& node, const DirectoryLook& look) {
  const PolledMount* mount = PolledMountAt(look.path);
  if (mount != nullptr) SayPolledMount(*mount);
  if (mount != nullptr) GiveUpWatch(node);  // of what was there before that was mounted
  tree_.SetPolled(node, true);
}

absl::StatusOr<bool> InotifyWatcher::BindFailed(WatchNode& node, const DirectoryLook& look) {
  const int error = -look.wd;
  const bool is_root = &node == &tree_.root();
  if (error == ENOSPC) {
    out_of_watches_ = true;
    GiveUpWatch(node);
    tree_.SetPolled(node, true);
    return true;
  }
  if (Vanished(error) && !is_root) {
    GiveUpWatch(node);
    return false;
  }
  if (Vanished(error)) return WatchError(error, look.path);
  const bool news = !node.unreadable;
  // Without its watch, all that comes is lost.
  if (node.wd >= 0 && unread_since_ == 0) unread_since_ = drained_at_;
  GiveUpWatch(node);
  tree_.SetPolled(node, true);
  NoteUnreadable(node);
  if (news) return WatchError(error, look.path);
  return absl::AlreadyExistsError("still not to be watched, as was said");
}

// Its directory may be found elsewhere.
void InotifyWatcher::GiveUpWatch(WatchNode& node) {
  if (node.wd >= 0) abandoned_.insert(node.wd);
  tree_.ForgetWatch(node);
}

bool InotifyWatcher::StillThere(const WatchNode& node, const std::string& path) {
  DirectoryLook look = LookFor(node);
  look.list = false;
  LookAt(kernel_, fd_, look);
  if (look.wd >= 0 && tree_.Find(look.wd) == nullptr) abandoned_.insert(look.wd);
  return look.wd == node.wd && look.path == path;
}

void InotifyWatcher::Compare(WatchNode& node, const DirectoryListing& listing) {
  if (options_.filter != nullptr && !LoadIgnores(node, listing)) {
    node.unresolved = true;
    return;
  }
  CompareGone(node, listing);
  TakeOver(node);
  if (node.polled && node.versions == nullptr) node.versions = std::make_unique<WatchNode::Versions>();
  listing.ForEach([&](const ListedEntry& entry) {
    const bool is_directory = entry.kind == FileKind::kDirectory;
    if (Hidden(node, entry.name, is_directory)) return;
    if (is_directory) return CompareDirectory(node, entry.name, /*link=*/false);
    if (entry.kind == FileKind::kLink &&
        (WatchTree::Child(node, entry.name) != nullptr || IsFollowed(node, entry.name))) {
      return CompareDirectory(node, entry.name, /*link=*/true);
    }
    CompareFile(node, entry);
  });
  if (options_.recursive) AddPendingBelow(node);
}

// What is known by its name is not what it was, if the directory was another, or if records of this one came
// while it was not known to be here.
void InotifyWatcher::TakeOver(WatchNode& node) {
  const int was = std::exchange(node.listed_wd, node.wd);
  const bool another = was != -1 && was != node.wd;
  const bool all = another || unclaimed_.erase(Entry(node.wd, "")) > 0;
  if (node.files != nullptr && (all || !unclaimed_.empty())) {
    for (const std::string& name : *node.files) {
      if (unclaimed_.erase(Entry(node.wd, name)) > 0 || all) {
        Tell(Action::kFileWritten, WatchTree::Path(node, name), false);
      }
    }
  }
  if (!another || node.children == nullptr) return;
  for (const std::unique_ptr<WatchNode>& child : *node.children) tree_.MakeFresh(*child);
}

void InotifyWatcher::CompareGone(WatchNode& node, const DirectoryListing& listing) {
  if (node.files == nullptr && node.children == nullptr) return;
  absl::flat_hash_map<absl::string_view, FileKind> there;
  there.reserve(listing.size());
  listing.ForEach([&](const ListedEntry& entry) {
    if (!Hidden(node, entry.name, entry.kind == FileKind::kDirectory)) there[entry.name] = entry.kind;
  });
  std::vector<std::string> files, directories;
  if (node.files != nullptr) {
    for (const std::string& name : *node.files) {
      const auto found = there.find(name);
      const bool is_gone = found == there.end() || found->second == FileKind::kDirectory ||
                           (found->second == FileKind::kLink && IsFollowed(node, name));
      if (is_gone) files.push_back(name);
    }
  }
  if (node.children != nullptr) {
    for (const std::unique_ptr<WatchNode>& child : *node.children) {
      const auto found = there.find(child->name);
      const FileKind kind = child->link ? FileKind::kLink : FileKind::kDirectory;
      const bool is_gone =
          found == there.end() || found->second != kind || (child->link && IsDangling(*child));
      if (is_gone) directories.push_back(child->name);
    }
  }
  for (const std::string& name : files) {
    gone_early_.emplace(node.wd, name);
    WatchTree::RemoveFile(node, name);
    Tell(Action::kFileDeleted, WatchTree::Path(node, name), false);
  }
  for (const std::string& name : directories) {
    gone_early_.emplace(node.wd, name);
    std::string path = WatchTree::Path(node, name);
    ExpireDeparturesBelow(path);
    std::unique_ptr<WatchNode> subtree = tree_.Detach(node, name);
    // Wherever else it may be found now, it comes from a name that is hidden, and so is news.
    Hidden(node, name, !subtree->link) ? Unwatch(std::move(subtree)) : Abandon(std::move(subtree));
    Tell(Action::kFileDeleted, std::move(path), true);
  }
}

void InotifyWatcher::CompareFile(WatchNode& node, const ListedEntry& entry) {
  if (WatchTree::AddFile(node, entry.name)) {
    std::string path = WatchTree::Path(node, entry.name);
    ExpireDepartureOf(path, 0);
    Tell(Action::kFileCreated, std::move(path), false);
  } else if (entry.version != nullptr && entry.kind != FileKind::kOther &&
             WasWritten(node, entry.name, *entry.version)) {
    Tell(Action::kFileWritten, WatchTree::Path(node, entry.name), false);
  }
  if (node.versions != nullptr && entry.version != nullptr) {
    node.versions->insert_or_assign(entry.name, *entry.version);
  }
}

bool InotifyWatcher::WasWritten(WatchNode& node, absl::string_view name, const FileVersion& version) const {
  if (node.versions != nullptr) {
    const auto last = node.versions->find(name);
    if (last != node.versions->end()) return IsWritten(last->second, version);
  }
  const std::int64_t since = node.unreadable && unread_since_ != 0 ? unread_since_ : lost_since_;
  if (since == 0) return false;
  // Empty since it was made: that it is there was told, and there is nothing more to tell.
  if (version.size == 0 && version.modified == version.born) return false;
  return std::max(version.modified, version.changed) >= since - kFileTimeTick;
}

void InotifyWatcher::CompareDirectory(WatchNode& node, absl::string_view name, bool link) {
  if (WatchTree::Child(node, name) != nullptr) return;
  std::string path = WatchTree::Path(node, name);
  ExpireDepartureOf(path, 0);
  Tell(Action::kFileCreated, std::move(path), true);
  tree_.AddChild(node, name).link = link;
}

}  // namespace lookout::file_internal
