#include "lookout/adapters/file/inotify_watcher.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/file_errors.h"

namespace lookout::file_internal {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

// How many reads Open() spends on a tree that never rests before it declares itself ready all the same.
constexpr int kMostDrainReads = 256;

// The halves of a rename come together but for an instant; more than this means that the tree has left.
constexpr std::size_t kMostHeldRecords = 10'000;

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
  if (absl::Status watched = Crawl(tree_.root()); !watched.ok()) return watched;
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
  if (departures_.empty()) return tree_.fresh().empty() ? absl::InfiniteDuration() : absl::ZeroDuration();
  return std::max(departures_.front().deadline - clock_.TimeNow(), absl::ZeroDuration());
}

absl::Status InotifyWatcher::Step() {
  absl::StatusOr<std::size_t> got = Read();
  if (!got.ok()) return got.status();
  ExpireDepartures(now_);
  if (*got == 0) Settle();
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
  read_since_settling_ = true;
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
  if (Departure* departure = DepartureOf(*node)) return Hold(*departure, record);
  if (record.name.empty()) return HandleSelf(*node, record);
  if (!options_.only.empty()) return HandleOnly(record);

  if ((record.mask & IN_MODIFY) != 0) {
    if (node->fresh() && !node->known->contains(record.name)) return;  // gone before it could be told
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
  std::string path = WatchTree::Path(node, record.name);
  ExpireDepartureOf(path, record.cookie);
  if (!Arrives(node, record.name)) return;
  if (IsDirectory(record)) return DirectoryAppears(node, record.name);
  Emit(Action::kFileCreated, std::move(path), false);
}

void InotifyWatcher::OnDeleted(WatchNode& node, const InotifyRecord& record) {
  std::string path = WatchTree::Path(node, record.name);
  if (IsDirectory(record)) {
    ExpireDeparturesBelow(path);
    Forget(tree_.Detach(node, record.name));
  }
  if (Leaves(node, record.name)) Emit(Action::kFileDeleted, std::move(path), IsDirectory(record));
}

void InotifyWatcher::OnMovedFrom(WatchNode& node, const InotifyRecord& record) {
  std::string path = WatchTree::Path(node, record.name);
  ExpireDepartureOf(path, record.cookie);
  if (IsDirectory(record)) ExpireDeparturesBelow(path);
  departures_.push_back({.cookie = record.cookie,
                         .path = std::move(path),
                         .is_directory = IsDirectory(record),
                         .told = Leaves(node, record.name),
                         .subtree = IsDirectory(record) ? tree_.Detach(node, record.name) : nullptr,
                         .deadline = now_ + kRenameWait});
}

void InotifyWatcher::OnMovedTo(WatchNode& node, const InotifyRecord& record) {
  std::string path = WatchTree::Path(node, record.name);
  ExpireDepartureOf(path, record.cookie);
  if (IsDirectory(record)) ExpireDeparturesBelow(path);
  const bool news = Arrives(node, record.name);
  const auto from =
      std::find_if(departures_.begin(), departures_.end(),
                   [&record](const Departure& departure) { return departure.cookie == record.cookie; });
  if (from == departures_.end() || !from->told) {
    if (from != departures_.end()) {
      Forget(std::move(from->subtree));
      departures_.erase(from);
    }
    if (IsDirectory(record)) {
      // Told already: by a listing that saw this one, or of an empty one that this one replaced.
      WatchNode* child = news ? nullptr : tree_.Child(node, record.name);
      return child != nullptr && child->fresh() ? Verify(*child) : DirectoryAppears(node, record.name);
    }
    if (news) Emit(Action::kFileCreated, std::move(path), false);
    return;
  }
  Departure departure = std::move(*from);
  departures_.erase(from);
  // What it replaced: an empty directory, or what a listing took for news and is this one.
  if (departure.is_directory) Forget(tree_.Detach(node, record.name));
  Emit(Action::kFileRenamed, std::move(path), departure.is_directory, std::move(departure.path));
  if (departure.subtree == nullptr) return;
  tree_.Attach(std::move(departure.subtree), node, record.name);
  Verify(*tree_.Child(node, record.name));
  for (const HeldRecord& held : departure.held) {
    Handle({.wd = held.wd, .mask = held.mask, .cookie = held.cookie, .name = held.name});
  }
}

InotifyWatcher::Departure* InotifyWatcher::DepartureOf(const WatchNode& node) {
  if (departures_.empty()) return nullptr;
  const WatchNode* top = &node;
  while (top->parent != nullptr) top = top->parent;
  if (top == &tree_.root()) return nullptr;
  const auto found = std::find_if(departures_.begin(), departures_.end(), [top](const Departure& departure) {
    return departure.subtree.get() == top;
  });
  return found == departures_.end() ? nullptr : &*found;
}

void InotifyWatcher::Hold(Departure& departure, const InotifyRecord& record) {
  if (departure.held.size() < kMostHeldRecords) {
    departure.held.push_back({record.wd, record.mask, record.cookie, std::string(record.name)});
  } else {
    ExpireDeparturesIf([&departure](const Departure& other) { return &other == &departure; });
  }
}

void InotifyWatcher::ExpireDepartures(absl::Time now) {
  ExpireDeparturesIf([now](const Departure& departure) { return departure.deadline <= now; });
}

void InotifyWatcher::ExpireDepartureOf(absl::string_view path, std::uint32_t except_cookie) {
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
  for (auto at = departures_.begin(); at != departures_.end();) {
    if (!over(*at)) {
      ++at;
      continue;
    }
    Departure departure = std::move(*at);
    at = departures_.erase(at);
    Tell(std::move(departure));
  }
}

void InotifyWatcher::Tell(Departure departure) {
  Unwatch(std::move(departure.subtree));
  if (departure.told) Emit(Action::kFileDeleted, std::move(departure.path), departure.is_directory);
}

void InotifyWatcher::DirectoryAppears(WatchNode& parent, absl::string_view name) {
  // While silent, a directory that is known was found by the first crawl.
  if (silent_ && tree_.Child(parent, name) != nullptr) return;
  const std::string path = WatchTree::Path(parent, name);
  if (std::unique_ptr<WatchNode> replaced =
          tree_.Detach(parent, name)) {  // an empty one, by a rename over it
    Forget(std::move(replaced));
    Emit(Action::kFileDeleted, path, true);
  }
  Emit(Action::kFileCreated, path, true);
  if (!options_.recursive) return;
  if (absl::Status crawled = Crawl(tree_.AddChild(parent, name)); !crawled.ok()) Complain(std::move(crawled));
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
