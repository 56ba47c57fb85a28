#include "lookout/adapters/file/inotify_watcher.h"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/mount_table.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/events/wait.h"

namespace lookout::file_internal {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

// The two halves of an exchange are in one read, or in two.
constexpr std::size_t kMostArrived = 10'000;

// How many reads and looks Open() spends on a tree that never rests before it is ready all the same.
constexpr int kMostOpeningRounds = 32;

}  // namespace

InotifyWatcher::InotifyWatcher(TreeOptions options, FileKernel& kernel, absl::Clock& clock,
                               Receiver& receiver)
    : options_(std::move(options)),
      kernel_(kernel),
      clock_(clock),
      teller_(receiver),
      tree_(options_.directory) {}

InotifyWatcher::~InotifyWatcher() {
  if (fd_ >= 0) kernel_.Close(fd_);
}

absl::Status InotifyWatcher::Open(Found found, absl::FunctionRef<bool(std::uint64_t)> progress) {
  if (options_.watch) {
    if (const int error = TakeInstance(); error < 0) return InitError(-error, options_.directory);
  }
  if (options_.filter != nullptr)
    options_.filter->RemoveDirectory("");  // rules of a tree that was there before
  TakeTime();
  settle_by_ = now_ + kSettlingWait;
  drained_at_ = kernel_.FileTime();
  silent_ = found == Found::kSilent;
  Tell(Action::kFileCreated, options_.directory, true);

  BeginScan();
  if (absl::Status scanned = Scan(*tree_.PopPending()); !scanned.ok()) return scanned;
  for (int rounds = 0; gone_.ok() && teller_.wanted() && progress(tree_.directories());) {
    // A tree that never rests is read no further, or there would be no end to what is to be looked at.
    const bool rests = rounds <= kMostOpeningRounds;
    const absl::StatusOr<std::size_t> got = rests ? Read() : 0;
    if (!got.ok()) {
      if (!silent_) TellGone();
      return got.status();
    }
    if (*got > 0) ++rounds;
    if (!std::exchange(loss_, {}).empty()) BeginScan();
    ScanSome();
    if (tree_.HasPending()) continue;
    ++rounds;
    // What moved while it was looked at the fast way is looked at again, the sure way.
    if (std::exchange(moved_while_silent_, false) && rests) BeginScan();
    if (*got == 0) Settle();
    if (!rests || (tree_.fresh().empty() && !tree_.HasPending())) break;
    if (!departures_.empty()) break;  // which wait for time to pass
  }
  if (silent_) ExpireDepartures(absl::InfiniteDuration());
  if (!tree_.HasPending()) FinishScan();
  // Nobody will tell the end of what was told so far.
  if (!gone_.ok() && !silent_) TellGone();
  silent_ = false;
  teller_.Flush();
  return gone_;
}

int InotifyWatcher::TakeInstance() {
  const int fd = kernel_.Init();
  if (fd < 0) return fd;
  fd_ = fd;
  buffer_.resize(kBufferSize);
  return 0;
}

absl::Duration InotifyWatcher::Timeout() {
  if (tree_.HasPending() || !arrived_.empty()) return absl::ZeroDuration();
  // What is fresh waits for what has departed; then, or if nothing is fresh, watches that were given up end.
  if (tree_.fresh().empty() ? !abandoned_.empty() : departures_.empty()) return absl::ZeroDuration();
  absl::Duration due = next_poll_;
  if (!departures_.empty()) due = std::min(due, departures_.front().deadline);
  return std::max(due - TimePassed(clock_), absl::ZeroDuration());
}

absl::Status InotifyWatcher::Step() {
  const absl::StatusOr<std::size_t> got = Read();
  if (!got.ok()) return got.status();
  ExpireDepartures(now_);
  if (!loss_.empty()) BeginRecovery(std::exchange(loss_, {}));
  DuePoll();
  if (!tree_.HasPending()) SettleInTime(/*rests=*/*got == 0);
  ScanSome();
  teller_.Flush();
  return gone_;
}

absl::Status InotifyWatcher::CatchUp() {
  BeginPoll();
  int left = fd_ < 0 ? 0 : kernel_.Queued(fd_);
  if (left < 0) left = std::numeric_limits<int>::max();  // then until nothing is read
  while (true) {
    const std::uint64_t before = bytes_read_;
    if (absl::Status stepped = Step(); !stepped.ok()) return stepped;
    left -= static_cast<int>(bytes_read_ - before);
    if (left <= 0 || bytes_read_ == before || !wanted()) return absl::OkStatus();
  }
}

// Events have the time of day; what is due does not move when that is set.
void InotifyWatcher::TakeTime() {
  now_ = TimePassed(clock_);
  teller_.SetTime(clock_.TimeNow());
}

absl::StatusOr<std::size_t> InotifyWatcher::Read() {
  drained_ = true;
  if (fd_ < 0) {
    TakeTime();
    return 0;
  }
  // Before the read: what is queued between the two was changed after this.
  const std::int64_t time = kernel_.FileTime();
  ssize_t got = 0;
  do got = kernel_.Read(fd_, buffer_.data(), buffer_.size());
  while (got == -EINTR);
  TakeTime();
  if (got == -EAGAIN) {
    drained_at_ = time;
    OnDrained();
    return 0;
  }
  if (got < 0) return ReadError(static_cast<int>(-got), options_.directory, "inotify");
  last_written_.clear();
  arrivals_awaited_ = false;
  bytes_read_ += static_cast<std::uint64_t>(got);
  const absl::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  if (absl::Status decoded = DecodeInotify(bytes, [this](const InotifyRecord& record) { Handle(record); });
      !decoded.ok()) {
    teller_.Complain(absl::DataLossError(absl::StrCat(options_.directory, ": ", decoded.message())));
    if (loss_.empty()) loss_ = "what the kernel said of it makes no sense";
    if (lost_since_ == 0) lost_since_ = drained_at_;
  }
  // A read that leaves room has emptied the queue.
  drained_ = bytes.size() < kBufferSize / 2;
  if (drained_) drained_at_ = time;
  if (arrived_.size() > kMostArrived) arrived_ = {};
  if (gone_early_.size() > kMostArrived) gone_early_ = {};
  return bytes.size();
}

// Who changes two places holds both directories until both of its records are queued: the queue may have been
// empty between them.
void InotifyWatcher::OnDrained() {
  if (!arrived_.empty() && !std::exchange(arrivals_awaited_, true)) {
    absl::flat_hash_set<int> directories;
    for (const auto& [entry, arrival] : arrived_) {
      const WatchNode* node = directories.insert(entry.first).second ? tree_.Find(entry.first) : nullptr;
      if (node == nullptr) continue;
      const std::string path = WatchTree::Path(*node);
      kernel_.AwaitRecordsOf(path.empty() ? "/" : path);
    }
    return;  // and see whether a record came of it
  }
  root_ahead_ = false;
  if (!arrived_.empty()) arrived_ = {};
  if (!gone_early_.empty()) gone_early_ = {};
}

bool InotifyWatcher::caught_up() const {
  return departures_.empty() && !tree_.HasPending() && tree_.fresh().empty() && loss_.empty();
}

TreeCounters InotifyWatcher::counters() const {
  TreeCounters counters = counters_;
  counters.events = teller_.events();
  counters.directories = tree_.directories();
  counters.watched = tree_.watches();
  counters.polled = tree_.polled().size();
  return counters;
}

void InotifyWatcher::TellGone() {
  ExpireDepartures(absl::InfiniteDuration());
  Tell(Action::kFileDeleted, options_.directory, true);
  teller_.Flush();
}

void InotifyWatcher::OnMount(const std::string& path) {
  WatchNode* node = &tree_.root();
  absl::string_view rest = absl::string_view(path).substr(options_.directory.size());
  while (!rest.empty() && node != nullptr) {
    while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    const absl::string_view name = rest.substr(0, rest.find('/'));
    rest.remove_prefix(name.size());
    if (name.empty()) continue;
    if (rest.empty() && WatchTree::Knows(*node, name) == Known::kFile) {
      return OnMountedFile(*node, name);
    }
    node = WatchTree::Child(*node, name);
  }
  if (node == nullptr || !options_.recursive) return;
  teller_.TellLoss(path, "a file system was mounted or unmounted there");
  absl::erase_if(said_mounts_, [&path](const std::string& said) { return IsAtOrBelow(said, path); });
  WatchTree::EachNode(*node, [this](WatchNode& below) {
    below.scan = 0;
    tree_.MakeFresh(below);
  });
  AddPending(*node);
  ScanSome();
  teller_.Flush();
}

void InotifyWatcher::Unwatch(std::unique_ptr<WatchNode> subtree) {
  if (subtree == nullptr) return;
  ForgetIgnores(subtree.get());
  tree_.Drop(std::move(subtree), [this](int wd) { kernel_.RemoveWatch(fd_, wd); });
  ReconsiderLinks();
}

void InotifyWatcher::Forget(std::unique_ptr<WatchNode> subtree) {
  ForgetIgnores(subtree.get());
  tree_.Drop(std::move(subtree), [](int) {});
}

void InotifyWatcher::Abandon(std::unique_ptr<WatchNode> subtree) {
  if (subtree == nullptr) return;
  ForgetIgnores(subtree.get());
  tree_.Drop(std::move(subtree), [this](int wd) { abandoned_.insert(wd); });
  ReconsiderLinks();
}

// A single file can be mounted too: its name is now of another.
void InotifyWatcher::OnMountedFile(WatchNode& node, absl::string_view name) {
  std::string path = WatchTree::Path(node, name);
  teller_.TellLoss(path, "a file was mounted or unmounted there");
  Tell(Action::kFileWritten, std::move(path), false);
  if (name == kIgnoreFile) OnIgnoresChanged(node);
  teller_.Flush();
}

void InotifyWatcher::Tell(Action action, std::string path, bool is_directory, std::string renamed_from) {
  if (silent_) return;
  teller_.Tell(action, std::move(path), is_directory, std::move(renamed_from));
}

}  // namespace lookout::file_internal
