#include "lookout/adapters/file/fanotify_watcher.h"

#include <sys/fanotify.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

// A head, and three pieces with a handle and a name each; a read that leaves room for one has emptied the
// queue.
constexpr std::size_t kLargestRecord = 2048;

// What is read ahead of what is told; some 500,000 records.
constexpr std::size_t kMostAhead = 64 << 20;

// Entries that were renamed while the queue was not empty; at some 300 bytes each.
constexpr std::size_t kMostSuspects = 65'536;

bool IsDirectory(const FanotifyRecord& record) { return (record.mask & FAN_ONDIR) != 0; }

}  // namespace

FanotifyWatcher::FanotifyWatcher(TreeOptions options, bool unlimited, FanotifyKernel& kernel,
                                 FileKernel& files, absl::Clock& clock, Receiver& receiver)
    : options_(std::move(options)),
      unlimited_(unlimited),
      kernel_(kernel),
      files_(files),
      clock_(clock),
      teller_(receiver) {}

FanotifyWatcher::~FanotifyWatcher() {
  if (fd_ >= 0) kernel_.Close(fd_);
  if (root_fd_ >= 0) kernel_.Close(root_fd_);
}

absl::Status FanotifyWatcher::Open(Found found, absl::FunctionRef<bool(std::uint64_t)> progress) {
  now_ = clock_.TimeNow();
  teller_.SetTime(now_);
  root_fd_ = kernel_.OpenDirectory(options_.directory, /*follow=*/true);
  if (root_fd_ < 0) return WatchError(-std::exchange(root_fd_, -1), options_.directory);
  fd_ = kernel_.Init(/*unlimited_queue=*/true);
  if (fd_ == -EPERM && !unlimited_) fd_ = kernel_.Init(/*unlimited_queue=*/false);
  if (fd_ < 0) return FanotifyError(-std::exchange(fd_, -1), options_.directory);
  if (const int error = kernel_.MarkFileSystem(fd_, root_fd_); error < 0) {
    return FanotifyError(-error, options_.directory);
  }
  if (const int error = kernel_.HandleOf(root_fd_, "", root_, mount_); error < 0) {
    return FanotifyError(-error, options_.directory);
  }
  buffer_.resize(kBufferSize);
  // Some file systems have handles that cannot be opened.
  const int opened = kernel_.OpenHandle(root_fd_, root_);
  if (options_.filter != nullptr)
    options_.filter->RemoveDirectory("");  // rules of a tree that was there before
  if (opened < 0) return FanotifyError(-opened, options_.directory);
  kernel_.Close(opened);
  if (options_.filter != nullptr && options_.filter->gitignore()) LoadAllIgnores(progress);
  if (found == Found::kTold) TellTree(root_, options_.directory);
  teller_.Flush();
  return absl::OkStatus();
}

absl::Duration FanotifyWatcher::Timeout() {
  return caught_up() ? absl::InfiniteDuration() : absl::ZeroDuration();
}

absl::Status FanotifyWatcher::Step() {
  const absl::StatusOr<bool> got = Read();
  if (!got.ok()) return got.status();
  HandleAll();
  if ((drained_ && chunks_.empty()) || suspects_.size() > kMostSuspects) OnDrained();
  teller_.Flush();
  return gone_;
}

absl::Status FanotifyWatcher::CatchUp() {
  int left = kernel_.Queued(fd_);
  if (left < 0) left = std::numeric_limits<int>::max();  // then until nothing is read
  do {
    const std::uint64_t before = read_;
    if (absl::Status stepped = Step(); !stepped.ok()) return stepped;
    if (read_ == before) break;
    left -= static_cast<int>(read_ - before);
  } while (left > 0 && wanted());
  return absl::OkStatus();
}

void FanotifyWatcher::TellGone() {
  teller_.Tell(Action::kFileDeleted, options_.directory, true);
  teller_.Flush();
}

void FanotifyWatcher::OnMount(const std::string& path) {
  if (path == options_.directory || !options_.recursive) return;
  teller_.TellLoss(path, "a file system was mounted or unmounted there, and only one is watched here");
  teller_.Flush();
}

absl::StatusOr<bool> FanotifyWatcher::Read() {
  ssize_t got = 0;
  do got = kernel_.Read(fd_, buffer_.data(), buffer_.size());
  while (got == -EINTR);
  now_ = clock_.TimeNow();
  teller_.SetTime(now_);
  drained_ = got <= 0 || static_cast<std::size_t>(got) < kBufferSize - kLargestRecord;
  if (got == -EAGAIN || got == 0) return false;
  if (got < 0) return ReadError(static_cast<int>(-got), options_.directory, "fanotify");
  Chunk& kept = chunks_.emplace_back();  // whose bytes do not move any more
  kept.bytes.assign(buffer_.data(), static_cast<std::size_t>(got));
  ahead_ += kept.bytes.size();
  kept.broken = DecodeFanotify(kept.bytes, [&](const FanotifyRecord& record) {
    kept.records.push_back(record);
    ++read_;
    if (keeps_upcoming_) AddUpcoming(record, read_);
    if (!IsDirectory(record) || record.target.empty()) return;
    if ((record.mask & FAN_RENAME) != 0) {
      leaving_[record.target].push_back(
          {read_, {std::string(record.old_directory), std::string(record.old_name)}});
    } else if ((record.mask & FAN_DELETE) != 0) {
      leaving_[record.target].push_back({read_, {std::string(record.directory), std::string(record.name)}});
    }
  });
  return true;
}

void FanotifyWatcher::ReadAhead() {
  while (ahead_ < kMostAhead) {
    const absl::StatusOr<bool> got = Read();
    if (!got.ok() || drained_) return;
  }
  Lose("more was changed than can be read ahead to tell where it was; paths may be wrong",
       absl::ResourceExhaustedError(
           absl::StrCat(options_.directory,
                        ": more was changed than can be read ahead: watch a smaller tree, or less often")));
}

// Once for many of a kind: until the queue has been empty.
void FanotifyWatcher::Lose(std::string reason, absl::Status why) {
  // What was not told, is not what is there.
  last_.clear();
  last_before_.clear();
  if (std::exchange(lost_, true)) return;
  teller_.TellLoss(options_.directory, std::move(reason));
  teller_.Complain(std::move(why));
}

// What was told so far is of no account for what comes after a loss.
void FanotifyWatcher::ForgetAll() {
  places_.clear();
  last_path_.reset();
  suspects_.clear();
  told_at_.clear();
  linked_.clear();
  last_.clear();
  last_before_.clear();
  suspicious_ = false;
}

void FanotifyWatcher::HandleAll() {
  while (!chunks_.empty() && gone_.ok()) {
    // More chunks may be added behind it while it is handled.
    Chunk& chunk = chunks_.front();
    while (chunk.next < chunk.records.size() && gone_.ok()) {
      const FanotifyRecord record = chunk.records[chunk.next++];
      ++handled_;
      ++counters_.records;
      Handle(record);
      MovePlaces(record);
      if (!early_writes_.empty()) HandleEarlyWrite(record);
    }
    if (!chunk.broken.ok() && gone_.ok()) {
      ForgetAll();
      Lose(std::string(chunk.broken.message()),
           absl::DataLossError(absl::StrCat(options_.directory, ": ", chunk.broken.message())));
    }
    ahead_ -= chunk.bytes.size();
    chunks_.pop_front();
    last_written_.clear();
  }
  if (!gone_.ok()) chunks_.clear();
  if (chunks_.empty() && keeps_upcoming_) {
    keeps_upcoming_ = false;
    upcoming_ = {};
    arrivals_ = {};
    awaited_ = {};
    early_writes_.clear();
  }
}

void FanotifyWatcher::Handle(const FanotifyRecord& record) {
  if ((record.mask & FAN_Q_OVERFLOW) != 0) {
    ++counters_.overflows;
    ForgetAll();
    teller_.TellLoss(options_.directory,
                     "the kernel's event queue overflowed (fs.fanotify.max_queued_events)");
    return;
  }
  if (record.target == root_ && HandleRoot(record)) return;
  if ((record.mask & FAN_RENAME) != 0) {
    last_written_.clear();
    return HandleRename(record);
  }
  if (!options_.recursive && record.directory != root_) return;
  const std::optional<std::string> directory = PathOf(record.directory);
  if (!directory.has_value()) return;
  const std::string path = JoinPath(*directory, record.name);
  const bool is_rules = record.name == kIgnoreFile && !IsDirectory(record);
  if (is_rules) ExpectIgnores(*directory);
  bool hidden = Hidden(path, IsDirectory(record));
  if (is_rules) {
    const bool came = (record.mask & FAN_CREATE) != 0, left = !came && (record.mask & FAN_DELETE) != 0;
    const Rules what = came ? Rules::kCame : left ? Rules::kLeft : Rules::kWritten;
    OnIgnoresChanged(record.directory, *directory, what, hidden);
    if (!left) hidden = Hidden(path, false);  // what leaves is judged by what it said itself
  }
  if (hidden) return;
  if ((record.mask & FAN_CREATE) != 0) Created(record, path);
  if ((record.mask & FAN_MODIFY) != 0) Written(record, path);
  if ((record.mask & FAN_DELETE) != 0) Deleted(record, path);
}

// Whether that is all there is to say of it.
bool FanotifyWatcher::HandleRoot(const FanotifyRecord& record) {
  if ((record.mask & (FAN_DELETE | FAN_RENAME)) == 0) return false;
  const int fd = kernel_.OpenDirectory(options_.directory, /*follow=*/true);
  std::string handle;
  int mount = 0;
  if (fd >= 0) {
    static_cast<void>(kernel_.HandleOf(fd, "", handle, mount));
    kernel_.Close(fd);
  }
  // The working directory, for one, is still where its path leads. And what cannot be opened for want of
  // something else, may be.
  const bool leads_nowhere = fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP;
  if (handle == root_ || (fd < 0 && !leads_nowhere)) return true;
  gone_ = GoneError(options_.directory, (record.mask & FAN_DELETE) != 0 ? "was deleted" : "was moved away");
  return true;
}

void FanotifyWatcher::Created(const FanotifyRecord& record, const std::string& path) {
  last_written_.clear();
  NoteLink(record);
  const EntryView at(record.directory, record.name);
  const Told told = WhatIsTold(record, at);
  if (told == Told::kThis) return;
  if (told == Told::kOther) TellReplaced(record, at, path);
  if (IsDirectory(record)) ForgetIgnores(path);
  teller_.Tell(Action::kFileCreated, path, IsDirectory(record));
  SetTold(record, at, record.target);
}

void FanotifyWatcher::Written(const FanotifyRecord& record, const std::string& path) {
  if (path == last_written_) return;
  const EntryView at(record.directory, record.name);
  const Told told = WhatIsTold(record, at);
  const bool is_known = told == Told::kThis || (told == Told::kUnknown && HasLast(at));
  if (!is_known && IsEarly(record)) return;
  if (told == Told::kNothing || told == Told::kOther) return;
  if (!is_known && !IsWhereWritten(record, at)) return;
  last_written_ = path;
  teller_.Tell(Action::kFileWritten, path, false);
}

void FanotifyWatcher::Deleted(const FanotifyRecord& record, const std::string& path) {
  last_written_.clear();
  if ((record.mask & FAN_CREATE) == 0) NoteLink(record);  // else Created() has
  const EntryView at(record.directory, record.name);
  const Told told = WhatIsTold(record, at);
  if (told == Told::kNothing || told == Told::kOther) return;
  if (IsDirectory(record)) ForgetIgnores(path);
  teller_.Tell(Action::kFileDeleted, path, IsDirectory(record));
  SetTold(record, at, "");
}

void FanotifyWatcher::HandleRename(const FanotifyRecord& record) {
  const bool is_directory = IsDirectory(record);
  std::optional<std::string> from, to;
  if (options_.recursive || record.old_directory == root_) from = PathOf(record.old_directory);
  if (options_.recursive || record.directory == root_) to = PathOf(record.directory);
  if (!from.has_value() && !to.has_value()) return;
  if (from.has_value()) from = JoinPath(*from, record.old_name);
  if (to.has_value()) to = JoinPath(*to, record.name);
  const bool rules_left = !is_directory && record.old_name == kIgnoreFile && from.has_value();
  const bool rules_came = !is_directory && record.name == kIgnoreFile && to.has_value();
  if (rules_left) ExpectIgnores(ParentPath(*from));
  if (rules_came) ExpectIgnores(ParentPath(*to));
  const bool from_hidden = from.has_value() && Hidden(*from, is_directory);
  const bool to_hidden = rules_came && Hidden(*to, is_directory);
  if (rules_left)
    OnIgnoresChanged(record.old_directory, ParentPath(*from), Rules::kLeft, from_hidden, to.value_or(""));
  if (rules_came) OnIgnoresChanged(record.directory, ParentPath(*to), Rules::kCame, to_hidden);
  const bool ignores_matter = is_directory && from.has_value() && to.has_value() && IgnoresMatter(*from, *to);
  // It may be told to be gone by now, with its directory.
  if (from_hidden || (rules_came && from.has_value() && Hidden(ParentPath(*from), true))) from.reset();
  if (to.has_value() && Hidden(*to, is_directory)) to.reset();

  const EntryView source(record.old_directory, record.old_name), destination(record.directory, record.name);
  // If it is hidden, who changes places with it may be shown there until his own record.
  if (to.has_value() && HasLast(destination)) SetLast(destination, record.target);
  Suspect& suspect = from.has_value() ? Track(record, source) : Track(record, destination);
  if (from.has_value() && to.has_value()) Track(record, destination);
  if (++suspect.renames > 1) suspicious_ = true;

  std::optional<Entry> left = from.has_value() ? std::optional<Entry>(source) : std::nullopt;
  if (const Told told = WhatIsTold(record, source); told == Told::kNothing || told == Told::kOther)
    left.reset();
  // Records that were merged may have led it there on another way.
  if (!left.has_value() && (left = WhereTold(record.target)).has_value()) {
    suspect.ambiguous = suspicious_ = true;
    const std::optional<std::string> directory = PathOf(left->first);
    if (directory.has_value()) from = JoinPath(*directory, left->second);
    // Its directory may have left since, and it with that.
    if (!directory.has_value() || Hidden(*from, is_directory)) {
      SetTold(record, *left, "");
      left.reset();
    }
  }
  if (left.has_value()) SetTold(record, *left, "");
  const bool news = to.has_value() && WhatIsTold(record, destination) != Told::kThis;
  const bool renamed = left.has_value() && news && !ignores_matter;
  if (is_directory && renamed) MoveIgnores(*from, *to);
  if (is_directory && left.has_value() && !renamed) ForgetIgnores(*from);
  if (!news) {
    if (left.has_value()) teller_.Tell(Action::kFileDeleted, *from, is_directory);
    return;
  }
  if (!renamed) TellReplaced(record, destination, *to);
  SetTold(record, destination, record.target);
  if (renamed) return teller_.Tell(Action::kFileRenamed, *to, is_directory, *from);
  if (left.has_value()) teller_.Tell(Action::kFileDeleted, *from, is_directory);
  if (is_directory) MovePlaces(record);  // so that what is found in it has its path
  TellArrival(std::string(record.target), *to, is_directory);
}

}  // namespace lookout::file_internal
