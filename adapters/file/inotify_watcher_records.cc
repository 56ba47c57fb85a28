// The part of InotifyWatcher that takes the kernel's word: what its records mean.
#include <sys/inotify.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/adapters/file/path_filter.h"

namespace lookout::file_internal {
namespace {

// The halves of a rename come together but for an instant; more than this means that the tree has left.
constexpr std::size_t kMostHeldRecords = 10'000;

// Of more than these the directory is kept instead of the name; and of directories there are no more than
// watches.
constexpr std::size_t kMostUnclaimed = 10'000;

bool IsDirectory(const InotifyRecord& record) { return (record.mask & IN_ISDIR) != 0; }

}  // namespace

void InotifyWatcher::Handle(const InotifyRecord& record) {
  if ((record.mask & IN_Q_OVERFLOW) != 0) {
    ++counters_.overflows;
    if (lost_since_ == 0) lost_since_ = drained_at_;
    loss_ = "the kernel's event queue overflowed (fs.inotify.max_queued_events)";
    return;
  }
  ++counters_.records;
  if (!gone_.ok()) return;  // of a tree that is somewhere else
  WatchNode* node = tree_.Find(record.wd);
  // A write to what is known says nothing of who is where.
  if (node == nullptr || (record.mask & IN_MODIFY) == 0) read_since_settling_ = true;
  if (node == nullptr) return OnUnclaimed(record);
  if (Departure* departure = DepartureOf(*node)) return Hold(*departure, record);
  if (record.name.empty()) return HandleSelf(*node, record);
  if (node->listed_wd != node->wd) node->listed_wd = node->listed_wd == -1 ? node->wd : WatchNode::kOfSeveral;
  // Also of one that is hidden itself.
  if (record.name == kIgnoreFile && !IsDirectory(record)) OnIgnoresChanged(*node);
  if (Hidden(*node, record.name, IsDirectory(record))) {
    if ((record.mask & IN_MOVED_TO) != 0) {
      // What it was, before it moved to a name that is left out, is no more.
      std::optional<Departure> departure = TakeDeparture(record.cookie);
      if (departure.has_value()) TellLeft(*std::move(departure));
      return;
    }
    if (!Knows(*node, record))
      return;  // else it was not hidden when it was told, and is still to be looked at
  }
  if ((record.mask & IN_MODIFY) != 0) return OnWritten(*node, record);
  last_written_.clear();
  if ((record.mask & IN_CREATE) != 0) OnCreated(*node, record);
  if ((record.mask & IN_DELETE) != 0) OnDeleted(*node, record);
  if ((record.mask & IN_MOVED_FROM) != 0) OnMovedFrom(*node, record);
  if ((record.mask & IN_MOVED_TO) != 0) OnMovedTo(*node, record);
}

// Of a watch that was given up, or of a directory that was looked for elsewhere. It may be found again, where
// its files are known by their names from before.
void InotifyWatcher::OnUnclaimed(const InotifyRecord& record) {
  if (record.name.empty()) return;
  if ((record.mask & IN_MOVED_TO) != 0) {
    std::optional<Departure> departure = TakeDeparture(record.cookie);
    if (departure.has_value()) TellLeft(*std::move(departure));
  }
  const bool changes = (record.mask & (IN_CREATE | IN_MODIFY | IN_MOVED_TO)) != 0;
  if (!changes || IsDirectory(record)) return;
  unclaimed_.emplace(record.wd, unclaimed_.size() < kMostUnclaimed ? record.name : "");
}

void InotifyWatcher::HandleSelf(WatchNode& node, const InotifyRecord& record) {
  if (&node == &tree_.root()) {
    if ((record.mask & IN_DELETE_SELF) != 0) gone_ = GoneError(options_.directory, "was deleted");
    // The working directory, for one, is still where its path leads.
    if ((record.mask & IN_MOVE_SELF) != 0 && !StillThere(node, options_.directory)) {
      gone_ = GoneError(options_.directory, "was moved away");
    }
    if ((record.mask & IN_UNMOUNT) != 0) gone_ = GoneError(options_.directory, "was unmounted");
  } else if ((record.mask & IN_UNMOUNT) != 0 ||
             (node.link && (record.mask & (IN_MOVE_SELF | IN_IGNORED)) != 0)) {
    // What its path leads to now is another directory, or none.
    tree_.MakeFresh(node);
    AddPending(node);
  }
  if ((record.mask & IN_IGNORED) != 0) tree_.ForgetWatch(node);
}

bool InotifyWatcher::Knows(const WatchNode& node, const InotifyRecord& record) {
  const Known known = WatchTree::Knows(node, record.name);
  if (IsDirectory(record)) return known == Known::kDirectory;
  return known == Known::kFile || (known == Known::kDirectory && WatchTree::Child(node, record.name)->link);
}

void InotifyWatcher::OnWritten(WatchNode& node, const InotifyRecord& record) {
  if (!Knows(node, record)) return;  // gone before it could be told
  std::string path = WatchTree::Path(node, record.name);
  if (path == last_written_) return;
  last_written_ = path;
  Tell(Action::kFileWritten, std::move(path), false);
}

void InotifyWatcher::OnCreated(WatchNode& node, const InotifyRecord& record) {
  if (!departures_.empty()) ExpireDepartureOf(WatchTree::Path(node, record.name), record.cookie);
  // What is known was listed after this, and told as what it is by then.
  if (WatchTree::Knows(node, record.name) != Known::kNothing) return;
  Arrive(node, record.name, IsDirectory(record));
}

void InotifyWatcher::Arrive(WatchNode& node, absl::string_view name, bool is_directory) {
  if (is_directory) return DirectoryAppears(node, name, /*link=*/false);
  if (IsFollowed(node, name)) return DirectoryAppears(node, name, /*link=*/true);
  WatchTree::AddFile(node, name);
  Tell(Action::kFileCreated, WatchTree::Path(node, name), false);
}

void InotifyWatcher::OnDeleted(WatchNode& node, const InotifyRecord& record) {
  if (!Knows(node, record)) return;
  std::string path = WatchTree::Path(node, record.name);
  std::unique_ptr<WatchNode> directory = tree_.Detach(node, record.name);
  const bool is_directory = directory != nullptr;
  if (is_directory) {
    ExpireDeparturesBelow(path);
    directory->link ? Unwatch(std::move(directory)) : Forget(std::move(directory));
  } else {
    WatchTree::RemoveFile(node, record.name);
  }
  Tell(Action::kFileDeleted, std::move(path), is_directory);
}

void InotifyWatcher::OnMovedFrom(WatchNode& node, const InotifyRecord& record) {
  std::string path = WatchTree::Path(node, record.name);
  const bool told = Knows(node, record);
  std::unique_ptr<WatchNode> subtree = told ? tree_.Detach(node, record.name) : nullptr;
  // Of two that change places one has just come here from where this one will go; or, if it came from where
  // nothing is watched, it is still here.
  const auto came = arrived_.empty() ? arrived_.end() : arrived_.find(Entry(node.wd, record.name));
  std::optional<Arrival> arrival;
  if (came != arrived_.end()) arrival = came->second;
  if (arrival.has_value() && arrival->from.first < 0) AddPending(node);
  const bool is_directory = IsDirectory(record) || subtree != nullptr;
  ExpireDepartureOf(path, record.cookie);
  if (is_directory) ExpireDeparturesBelow(path);
  if (is_directory && silent_) moved_while_silent_ = true;
  if (told && !is_directory) WatchTree::RemoveFile(node, record.name);
  departures_.push_back({.cookie = record.cookie,
                         .path = std::move(path),
                         .is_directory = is_directory,
                         .told = told,
                         .from = Entry(node.wd, record.name),
                         .came = std::move(arrival),
                         .subtree = std::move(subtree),
                         .deadline = now_ + kRenameWait});
}

void InotifyWatcher::OnMovedTo(WatchNode& node, const InotifyRecord& record) {
  const std::string path = WatchTree::Path(node, record.name);
  ExpireDepartureOf(path, record.cookie);
  if (!departures_.empty()) ExpireDeparturesBelow(path);
  std::optional<Departure> departure = TakeDeparture(record.cookie);
  if (departure.has_value() && departure->told) return Move(*std::move(departure), node, record.name);

  const Known known = WatchTree::Knows(node, record.name);
  if (known == Known::kNothing) return Arrive(node, record.name, IsDirectory(record));
  // Replaced by one from outside, or exchanged with it; or a listing has seen this one already.
  arrived_[Entry(node.wd, record.name)] = {.from = Entry(-1, ""), .replaces = true};
  if (IsDirectory(record) != (known == Known::kDirectory)) return AddPending(node);
  if (known == Known::kFile) return Tell(Action::kFileWritten, path, false);
  WatchNode& child = *WatchTree::Child(node, record.name);
  if (child.fresh) return Verify(child);
  tree_.MakeFresh(child);
  AddPending(child);
}

// Within what is watched.
void InotifyWatcher::Move(Departure departure, WatchNode& node, absl::string_view name) {
  std::string path = WatchTree::Path(node, name);
  // What it replaces; or what a listing took for news and is this one.
  std::unique_ptr<WatchNode> directory = tree_.Detach(node, name);
  const bool replaces_directory = directory != nullptr;
  const bool replaces = replaces_directory || WatchTree::RemoveFile(node, name);
  Abandon(std::move(directory));
  const bool maybe_exchanged = departure.came.has_value() && departure.came->from == Entry(node.wd, name);
  const bool exchanged = maybe_exchanged && departure.came->replaces;
  WatchNode* other = tree_.Find(departure.from.first);
  const bool ahead = IsAhead(node) || (other != nullptr && IsAhead(*other)) ||
                     (departure.subtree != nullptr && departure.subtree->fresh);
  if (maybe_exchanged) {
    if (other != nullptr) AddPending(*other);
    if (departure.subtree != nullptr && !exchanged) {
      // If it is another that is here, what is below it will be looked at then.
      tree_.MakeFresh(*departure.subtree);
      departure.subtree->unresolved = true;
    } else if (departure.subtree != nullptr) {
      WatchTree::EachNode(*departure.subtree, [this](WatchNode& below) {
        tree_.MakeFresh(below);
        below.unresolved = true;
      });
    }
  }
  const bool replaced = replaces || gone_early_.contains(Entry(node.wd, name));
  if (replaced || ahead) {
    arrived_[Entry(node.wd, name)] = {.from = departure.from, .replaces = replaced};
  }
  const bool is_directory = departure.is_directory;
  if (!is_directory) WatchTree::AddFile(node, name);
  // What was written under the new name before that was listed, had no watch to tell it; and of two that have
  // changed places, which is told as moving there and back, each is new where it is.
  const bool maybe_written = !is_directory && ((node.fresh && replaces) || maybe_exchanged);
  if (options_.tell_replaced && !silent_) {
    teller_.TellRename(path, is_directory, departure.path,
                       replaces_directory ? kKindDirectory
                       : replaces         ? kKindFile
                                          : kKindNothing);
  } else {
    Tell(Action::kFileRenamed, path, is_directory, departure.path);
  }
  if (maybe_written) Tell(Action::kFileWritten, std::move(path), false);
  if (!is_directory) return;
  if (silent_) moved_while_silent_ = true;
  WatchNode& moved = tree_.Attach(std::move(departure.subtree), node, name);
  if (options_.filter != nullptr) MoveIgnores(moved, departure.path);
  FreshenLinks(moved);
  Verify(moved);
  for (const HeldRecord& held : departure.held) {
    Handle({.wd = held.wd, .mask = held.mask, .cookie = held.cookie, .name = held.name});
  }
}

bool InotifyWatcher::IsAhead(const WatchNode& node) const {
  return node.fresh || (&node == &tree_.root() && root_ahead_);
}

void InotifyWatcher::DirectoryAppears(WatchNode& parent, absl::string_view name, bool link) {
  Tell(Action::kFileCreated, WatchTree::Path(parent, name), true);
  WatchNode& child = tree_.AddChild(parent, name);
  child.link = link;
  if (!options_.recursive) return;
  tree_.MakeFresh(child);
  AddPending(child);
  // At once: what is in it may be gone in an instant.
  ScanSome();
}

std::optional<InotifyWatcher::Departure> InotifyWatcher::TakeDeparture(std::uint32_t cookie) {
  const auto from = std::find_if(departures_.begin(), departures_.end(),
                                 [cookie](const Departure& departure) { return departure.cookie == cookie; });
  if (from == departures_.end()) return std::nullopt;
  Departure departure = std::move(*from);
  departures_.erase(from);
  return departure;
}

InotifyWatcher::Departure* InotifyWatcher::DepartureOf(const WatchNode& node) {
  if (departures_.empty()) return nullptr;
  const WatchNode* top = &node;
  while (top->parent != nullptr) top = top->parent;
  const auto found = std::find_if(departures_.begin(), departures_.end(), [top](const Departure& departure) {
    return departure.subtree.get() == top;
  });
  return found == departures_.end() ? nullptr : &*found;
}

void InotifyWatcher::Hold(Departure& departure, const InotifyRecord& record) {
  if (departure.held.size() < kMostHeldRecords) {
    departure.held.push_back({record.wd, record.mask, record.cookie, std::string(record.name)});
  } else {
    ExpireDeparturesIf(
        [cookie = departure.cookie](const Departure& other) { return other.cookie == cookie; });
  }
}

void InotifyWatcher::ExpireDepartures(absl::Duration now) {
  ExpireDeparturesIf([now](const Departure& departure) { return departure.deadline <= now; });
}

void InotifyWatcher::ExpireDepartureOf(absl::string_view path, std::uint32_t except_cookie) {
  if (departures_.empty()) return;
  ExpireDeparturesIf([&](const Departure& departure) {
    return departure.path == path && departure.cookie != except_cookie;
  });
}

void InotifyWatcher::ExpireDeparturesBelow(absl::string_view directory) {
  ExpireDeparturesIf([&](const Departure& departure) {
    return departure.path.size() > directory.size() && absl::StartsWith(departure.path, directory) &&
           departure.path[directory.size()] == '/';
  });
}

void InotifyWatcher::ExpireDeparturesIf(absl::FunctionRef<bool(const Departure&)> over) {
  for (std::size_t i = 0; i < departures_.size();) {
    if (!over(departures_[i])) {
      ++i;
      continue;
    }
    Departure departure = std::move(departures_[i]);
    departures_.erase(departures_.begin() + static_cast<std::ptrdiff_t>(i));
    TellLeft(std::move(departure));
  }
}

void InotifyWatcher::TellLeft(Departure departure) {
  // What had come there before may have changed places with it: then the other is there still.
  WatchNode* from = departure.came.has_value() ? tree_.Find(departure.from.first) : nullptr;
  if (from != nullptr) AddPending(*from);
  Unwatch(std::move(departure.subtree));
  if (departure.told) Tell(Action::kFileDeleted, std::move(departure.path), departure.is_directory);
}

}  // namespace lookout::file_internal
