#include "lookout/adapters/file/inotify_watcher.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/file_errors.h"

namespace lookout::file_internal {
namespace {

// Never what reading causes (IN_OPEN, IN_ACCESS, IN_CLOSE_NOWRITE): a sink that reads the tree would feed
// itself.
constexpr std::uint32_t kMask = IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

constexpr std::size_t kBufferSize = 64 * 1024;

// How many reads Open() spends on a tree that never rests before it declares itself ready all the same.
constexpr int kMostDrainReads = 256;

bool IsDirectory(const InotifyRecord& record) { return (record.mask & IN_ISDIR) != 0; }

}  // namespace

InotifyWatcher::InotifyWatcher(InotifyWatcherOptions options, FileKernel& kernel, absl::Clock& clock,
                               Receiver& receiver)
    : options_(std::move(options)),
      kernel_(kernel),
      clock_(clock),
      receiver_(receiver),
      tree_(options_.directory),
      buffer_(kBufferSize, '\0') {}

InotifyWatcher::~InotifyWatcher() {
  if (fd_ >= 0) kernel_.Close(fd_);
}

absl::Status InotifyWatcher::Open() {
  fd_ = kernel_.Init();
  if (fd_ < 0) return InitError(-std::exchange(fd_, -1));
  if (absl::Status watched = WatchSubtree(tree_.root()); !watched.ok()) return watched;
  if (absl::Status drained = Drain(); !drained.ok()) return drained;
  if (!options_.only.empty()) {
    only_exists_ = kernel_.IsDirectory(WatchTree::Path(tree_.root(), options_.only)) >= 0;
  }
  silent_ = false;
  return absl::OkStatus();
}

// Takes what happened while the watches were set, silently: it happened before the source was ready.
absl::Status InotifyWatcher::Drain() {
  for (int i = 0; i < kMostDrainReads; ++i) {
    absl::StatusOr<std::size_t> got = Read();
    if (!got.ok()) return got.status();
    if (*got == 0) break;
  }
  ExpireDepartures(absl::InfiniteFuture());
  if (std::exchange(overflowed_, false)) return Rebuild();
  return gone_;
}

absl::Duration InotifyWatcher::Timeout() {
  if (!fresh_.empty()) return absl::ZeroDuration();
  if (departures_.empty()) return absl::InfiniteDuration();
  return std::max(departures_.front().deadline - clock_.TimeNow(), absl::ZeroDuration());
}

absl::Status InotifyWatcher::Step() {
  absl::StatusOr<std::size_t> got = Read();
  if (!got.ok()) return got.status();
  if (*got == 0) ForgetListed();
  ExpireDepartures(now_);
  if (std::exchange(overflowed_, false)) {
    absl::Status rebuilt = Rebuild();
    // Told once everything is watched again: who reads the tree now misses nothing that follows.
    EmitForceReload("the kernel's event queue overflowed (fs.inotify.max_queued_events)");
    if (!rebuilt.ok()) return rebuilt;
  }
  return gone_;
}

absl::StatusOr<std::size_t> InotifyWatcher::Read() {
  const ssize_t got = kernel_.Read(fd_, buffer_.data(), buffer_.size());
  now_ = clock_.TimeNow();
  if (got == -EAGAIN || got == -EINTR) return 0;
  if (got < 0) return ErrnoError(static_cast<int>(-got), "read from inotify");
  last_written_.clear();
  const absl::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  if (absl::Status decoded = DecodeInotify(bytes, [this](const InotifyRecord& record) { Handle(record); });
      !decoded.ok()) {
    Complain(std::move(decoded));
    overflowed_ = true;  // something was lost
  }
  return static_cast<std::size_t>(got);
}

void InotifyWatcher::Handle(const InotifyRecord& record) {
  if ((record.mask & IN_Q_OVERFLOW) != 0) {
    overflowed_ = true;
    return;
  }
  WatchNode* node = tree_.Find(record.wd);
  if (node == nullptr) return;  // of a watch that was given up
  if (record.name.empty()) return HandleSelf(*node, record);
  if (!options_.only.empty()) return HandleOnly(record);

  if ((record.mask & IN_MODIFY) != 0) {
    std::string path = WatchTree::Path(*node, record.name);
    if (path == last_written_) return;
    last_written_ = path;
    Emit(Action::kFileWritten, std::move(path), false);
    return;
  }
  last_written_.clear();
  if ((record.mask & IN_CREATE) != 0) OnCreated(*node, record);
  if ((record.mask & IN_DELETE) != 0) OnDeleted(*node, record);
  if ((record.mask & IN_MOVED_FROM) != 0) OnMovedFrom(*node, record);
  if ((record.mask & IN_MOVED_TO) != 0) OnMovedTo(*node, record);
}

void InotifyWatcher::HandleSelf(WatchNode& node, const InotifyRecord& record) {
  const bool is_root = &node == &tree_.root();
  if (is_root && gone_.ok()) {
    if ((record.mask & IN_DELETE_SELF) != 0) gone_ = GoneError(options_.directory, "was deleted");
    if ((record.mask & IN_MOVE_SELF) != 0) gone_ = GoneError(options_.directory, "was moved away");
    if ((record.mask & IN_UNMOUNT) != 0) gone_ = GoneError(options_.directory, "was unmounted");
  }
  if ((record.mask & IN_IGNORED) != 0) tree_.ForgetWatch(node);
}

// A single file, watched through its directory: a file that replaces it by rename is still it.
void InotifyWatcher::HandleOnly(const InotifyRecord& record) {
  if (record.name != options_.only) return;
  const bool is_directory = IsDirectory(record);
  if ((record.mask & IN_MODIFY) != 0) {
    if (last_written_.empty()) Emit(Action::kFileWritten, options_.only_path, is_directory);
    last_written_ = options_.only_path;
    return;
  }
  last_written_.clear();
  if ((record.mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
    Emit(std::exchange(only_exists_, true) ? Action::kFileWritten : Action::kFileCreated, options_.only_path,
         is_directory);
  }
  if ((record.mask & (IN_DELETE | IN_MOVED_FROM)) != 0 && std::exchange(only_exists_, false)) {
    Emit(Action::kFileDeleted, options_.only_path, is_directory);
  }
}

void InotifyWatcher::OnCreated(WatchNode& node, const InotifyRecord& record) {
  if (Arrives(node, record.name)) return;
  if (IsDirectory(record)) return DirectoryAppears(node, record.name);
  Emit(Action::kFileCreated, WatchTree::Path(node, record.name), false);
}

void InotifyWatcher::OnDeleted(WatchNode& node, const InotifyRecord& record) {
  Leaves(node, record.name);
  if (IsDirectory(record)) Forget(tree_.Detach(node, record.name));
  Emit(Action::kFileDeleted, WatchTree::Path(node, record.name), IsDirectory(record));
}

void InotifyWatcher::OnMovedFrom(WatchNode& node, const InotifyRecord& record) {
  Leaves(node, record.name);
  departures_.push_back({.cookie = record.cookie,
                         .path = WatchTree::Path(node, record.name),
                         .is_directory = IsDirectory(record),
                         .subtree = IsDirectory(record) ? tree_.Detach(node, record.name) : nullptr,
                         .deadline = now_ + kRenameWait});
}

void InotifyWatcher::OnMovedTo(WatchNode& node, const InotifyRecord& record) {
  const bool already_told = Arrives(node, record.name);
  const auto from =
      std::find_if(departures_.begin(), departures_.end(),
                   [&record](const Departure& departure) { return departure.cookie == record.cookie; });
  if (from == departures_.end()) {
    if (already_told) return;
    if (IsDirectory(record)) return DirectoryAppears(node, record.name);
    return Emit(Action::kFileCreated, WatchTree::Path(node, record.name), false);
  }
  Departure departure = std::move(*from);
  departures_.erase(from);
  if (already_told) {
    // The new path was reported, with all below it, by the listing: what is left to say is that the old one
    // is no more. The kernel has one watch for a directory, which went to the new path then.
    Forget(std::move(departure.subtree));
    return Emit(Action::kFileDeleted, std::move(departure.path), departure.is_directory);
  }
  if (departure.is_directory) Forget(tree_.Detach(node, record.name));  // an empty one that it replaced
  Emit(Action::kFileRenamed, WatchTree::Path(node, record.name), departure.is_directory,
       std::move(departure.path));
  if (departure.subtree != nullptr && departure.subtree->wd >= 0) {
    tree_.Attach(std::move(departure.subtree), node, record.name);
    Verify(*tree_.Child(node, record.name));
  } else if (departure.is_directory && options_.recursive) {
    // It moved on before it could be watched.
    if (absl::Status watched = WatchSubtree(tree_.AddChild(node, record.name)); !watched.ok())
      Complain(watched);
  }
}

void InotifyWatcher::ExpireDepartures(absl::Time now) {
  while (!departures_.empty() && departures_.front().deadline <= now) {
    Departure departure = std::move(departures_.front());
    departures_.erase(departures_.begin());
    Unwatch(std::move(departure.subtree));
    Emit(Action::kFileDeleted, std::move(departure.path), departure.is_directory);
  }
}

void InotifyWatcher::DirectoryAppears(WatchNode& parent, absl::string_view name) {
  // While silent, a directory that is known was found by the first crawl.
  if (silent_ && tree_.Child(parent, name) != nullptr) return;
  Forget(tree_.Detach(parent, name));
  Emit(Action::kFileCreated, WatchTree::Path(parent, name), true);
  if (!options_.recursive) return;
  if (absl::Status watched = WatchSubtree(tree_.AddChild(parent, name)); !watched.ok()) Complain(watched);
}

absl::Status InotifyWatcher::WatchSubtree(WatchNode& first) {
  std::vector<WatchNode*> rest = {&first};
  while (!rest.empty()) {
    WatchNode& node = *rest.back();
    rest.pop_back();
    const std::string path = WatchTree::Path(node);
    absl::Status status = Watch(node, path);
    if (status.ok() && options_.only.empty() && (options_.recursive || !silent_))
      status = List(node, path, rest);
    if (status.ok()) continue;
    if (&node == &tree_.root()) return status;
    unsettled_ |= !silent_;
    if (!absl::IsNotFound(status))
      Complain(std::move(status));  // what vanished meanwhile is told by its parent
  }
  return absl::OkStatus();
}

absl::Status InotifyWatcher::Watch(WatchNode& node, const std::string& path) {
  // The root may be a link, as the user's path; below it, links are not followed.
  const std::uint32_t follow = &node == &tree_.root() ? 0 : IN_DONT_FOLLOW;
  const int wd = kernel_.AddWatch(fd_, path.empty() ? "/" : path, kMask | follow);
  if (wd < 0) {
    const bool said = wd == -ENOSPC && std::exchange(out_of_watches_, true) && &node != &tree_.root();
    return said ? absl::NotFoundError("") : WatchError(-wd, path, tree_.watches());
  }
  tree_.SetWatch(node, wd);
  return absl::OkStatus();
}

absl::Status InotifyWatcher::List(WatchNode& node, const std::string& path, std::vector<WatchNode*>& below) {
  std::vector<std::pair<std::string, bool>> late;  // of a directory that appeared later
  const int error = kernel_.List(path.empty() ? "/" : path, [&](absl::string_view name, bool is_directory) {
    if (!silent_) {
      late.emplace_back(name, is_directory);
    } else if (is_directory && options_.recursive) {
      below.push_back(&tree_.AddChild(node, name));
    }
  });
  if (error < 0) return ListError(-error, path);
  if (silent_) return absl::OkStatus();

  node.fresh = true;
  fresh_.push_back(node.wd);
  // Replaced between watching and listing: what was listed is another's, and the records will say so.
  if (!IsStill(node, path)) {
    unsettled_ = true;
    return absl::OkStatus();
  }
  node.listed = std::make_unique<absl::flat_hash_set<std::string>>();
  for (auto& [name, is_directory] : late) {
    if (node.told.contains(name)) continue;
    Emit(Action::kFileCreated, WatchTree::Path(node, name), is_directory);
    if (is_directory && options_.recursive) below.push_back(&tree_.AddChild(node, name));
    node.listed->insert(std::move(name));
  }
  return absl::OkStatus();
}

bool InotifyWatcher::IsStill(const WatchNode& node, const std::string& path) {
  return kernel_.AddWatch(fd_, path, kMask | IN_DONT_FOLLOW) == node.wd;
}

void InotifyWatcher::Verify(WatchNode& moved) {
  std::vector<WatchNode*> rest = {&moved};
  while (!rest.empty()) {
    WatchNode& node = *rest.back();
    rest.pop_back();
    if (!node.fresh && !unsettled_) continue;
    const bool settled =
        node.fresh ? node.listed != nullptr && IsStill(node, WatchTree::Path(node)) : node.wd >= 0;
    if (settled) {
      for (const std::unique_ptr<WatchNode>& child : node.children) rest.push_back(child.get());
      continue;
    }
    if (const auto listed = std::exchange(node.listed, nullptr)) {
      for (const std::string& name : *listed) {
        Forget(tree_.Detach(node, name));
        Emit(Action::kFileDeleted, WatchTree::Path(node, name), false);
      }
    }
    if (absl::Status watched = WatchSubtree(node); !watched.ok()) Complain(std::move(watched));
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
  departures_.clear();
  fresh_.clear();
  out_of_watches_ = false;
  // The kernel answers a second watch of a directory with the descriptor of the first: what is still there
  // keeps its watch, and what is left over afterwards has gone.
  WatchTree old = std::exchange(tree_, WatchTree(options_.directory));
  absl::Status status = WatchSubtree(tree_.root());
  old.DropAll([this](int wd) {
    if (tree_.Find(wd) == nullptr) kernel_.RemoveWatch(fd_, wd);
  });
  if (!options_.only.empty()) {
    only_exists_ = kernel_.IsDirectory(WatchTree::Path(tree_.root(), options_.only)) >= 0;
  }
  silent_ = was_silent;
  return status;
}

void InotifyWatcher::ForgetListed() {
  for (const int wd : std::exchange(fresh_, {})) {
    // The kernel changes the tree before it queues the record: who is not listed yet waits for the record.
    if (WatchNode* node = tree_.Find(wd); node != nullptr && node->listed != nullptr) {
      node->listed = nullptr;
      node->told = {};
      node->fresh = false;
    }
  }
}

bool InotifyWatcher::Arrives(WatchNode& node, absl::string_view name) {
  if (!node.fresh) return false;
  node.told.emplace(name);
  return node.listed != nullptr && node.listed->erase(name) > 0;
}

void InotifyWatcher::Leaves(WatchNode& node, absl::string_view name) {
  if (!node.fresh) return;
  node.told.erase(name);
  if (node.listed != nullptr) node.listed->erase(name);
}

void InotifyWatcher::Emit(Action action, std::string path, bool is_directory, std::string renamed_from) {
  if (silent_ || !wanted_) return;
  Event event{.type = EventType::kFile, .actor_name = std::move(path), .action = action, .time = now_};
  if (is_directory) event.attributes.Set(kKind, std::string(kKindDirectory));
  if (!renamed_from.empty()) event.attributes.Set(kRenamedFrom, std::move(renamed_from));
  wanted_ = receiver_.OnEvent(std::move(event));
}

void InotifyWatcher::EmitForceReload(std::string reason) {
  if (silent_ || !wanted_) return;
  const std::string& path = options_.only.empty() ? options_.directory : options_.only_path;
  wanted_ = receiver_.OnEvent(MakeForceReload(EventType::kFile, path, std::move(reason), now_));
}

void InotifyWatcher::Complain(absl::Status error) { receiver_.OnError(std::move(error)); }

}  // namespace lookout::file_internal
