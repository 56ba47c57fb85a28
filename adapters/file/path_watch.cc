#include "lookout/adapters/file/path_watch.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstddef>
#include <deque>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {
namespace {

constexpr std::uint32_t kDirectoryMask =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr int kMostLinks = 40;  // as the kernel's own (path_resolution(7))
constexpr std::size_t kBufferSize = 16 * 1024;

void PushFront(absl::string_view path, std::deque<std::string>& names) {
  std::deque<std::string> front;
  for (absl::string_view name : absl::StrSplit(path, '/')) {
    if (!name.empty() && name != ".") front.emplace_back(name);
  }
  names.insert(names.begin(), front.begin(), front.end());
}

}  // namespace

PathWatch::PathWatch(std::string path, bool watch, FileKernel& kernel)
    : path_(std::move(path)), kernel_(kernel), needs_instance_(watch) {
  if (!watch) unwatched_ = absl::UnavailableError("polling was asked for");
}

PathWatch::~PathWatch() {
  if (fd_ >= 0) kernel_.Close(fd_);
}

void PathWatch::TakeInstance() {
  fd_ = kernel_.Init();
  needs_instance_ = fd_ < 0;
  if (fd_ < 0) unwatched_ = InitError(-std::exchange(fd_, -1), path_);
}

void PathWatch::Resolve() {
  if (needs_instance_) TakeInstance();
  const absl::flat_hash_map<int, Directory> before = std::exchange(directories_, {});
  const int file_before = std::exchange(file_wd_, -1);
  if (fd_ >= 0) unwatched_ = absl::OkStatus();
  target_ = {};
  target_.error = -Walk();
  if (target_.exists() && !target_.is_directory()) WatchFile();
  for (const auto& [wd, directory] : before) {
    if (!directories_.contains(wd) && wd != file_wd_) kernel_.RemoveWatch(fd_, wd);
  }
  if (file_before >= 0 && file_before != file_wd_) kernel_.RemoveWatch(fd_, file_before);
}

int PathWatch::Walk() {
  FileStatus& status = target_.status;
  std::deque<std::string> names;
  PushFront(path_, names);
  std::string at = path_.front() == '/' ? "/" : "";
  if (names.empty()) return kernel_.Status(at.empty() ? "." : at, /*follow=*/true, status);
  for (int links = 0; !names.empty();) {
    const std::string name = std::move(names.front());
    names.pop_front();
    // Before it is looked up: a change after that is told.
    WatchName(at, name, names.empty());
    std::string next = JoinPath(at, name);
    if (const int error = kernel_.Status(next, /*follow=*/false, status); error != 0) return error;
    if (status.kind != FileKind::kLink) {
      if (!names.empty() && status.kind != FileKind::kDirectory) return -ENOTDIR;
      at = std::move(next);
      continue;
    }
    target_.through_link = true;
    std::string target;
    if (++links > kMostLinks) return -ELOOP;
    if (const int error = kernel_.ReadLink(next, target); error != 0) return error;
    if (!target.empty() && target.front() == '/') at = "/";
    PushFront(target, names);
    if (names.empty()) return kernel_.Status(at.empty() ? "." : at, /*follow=*/true, status);
  }
  return 0;
}

void PathWatch::WatchName(const std::string& directory, const std::string& name, bool last) {
  if (name == "..") return;  // which leads up again whatever happens
  const int wd = AddWatch(directory.empty() ? "." : directory, kDirectoryMask);
  if (wd < 0) return;
  Directory& watched = directories_[wd];
  watched.names.insert(name);
  if (last) watched.last = name;
}

void PathWatch::WatchFile() { file_wd_ = AddWatch(path_, IN_MODIFY | IN_MASK_ADD); }

int PathWatch::AddWatch(const std::string& path, std::uint32_t mask) {
  if (fd_ < 0) return -1;
  const int wd = kernel_.AddWatch(fd_, path, mask);
  // What is not there will be, and that is told by the directory above.
  if (wd < 0 && wd != -ENOENT && wd != -ENOTDIR) {
    unwatched_ = wd == -ENOSPC
                     ? absl::ResourceExhaustedError(absl::StrCat(path,
                                                                 ": no inotify watch left: raise the sysctl "
                                                                 "fs.inotify.max_user_watches"))
                     : WatchError(-wd, path);
  }
  return wd;
}

int PathWatch::Step(absl::FunctionRef<void(PathNews)> news) {
  if (fd_ < 0) return 0;
  char buffer[kBufferSize];
  ssize_t got = 0;
  do got = kernel_.Read(fd_, buffer, sizeof(buffer));
  while (got == -EINTR);
  if (got < 0 && got != -EAGAIN) {
    // Or the descriptor would stay readable, and who waits for it would never rest.
    GiveUp(ReadError(static_cast<int>(-got), path_, "inotify"));
    news(PathNews::kOnTheWay);
  }
  if (got <= 0) return 0;
  written_ = false;
  const absl::string_view bytes(buffer, static_cast<std::size_t>(got));
  const absl::Status decoded =
      DecodeInotify(bytes, [&](const InotifyRecord& record) { Handle(record, news); });
  if (!decoded.ok()) news(PathNews::kGarbage);
  return static_cast<int>(got);
}

void PathWatch::CatchUp(absl::FunctionRef<void(PathNews)> news) {
  if (fd_ < 0) return;
  int left = kernel_.Queued(fd_);
  if (left < 0) left = std::numeric_limits<int>::max();  // then until nothing is read
  while (left > 0) {
    const int got = Step(news);
    if (got == 0) return;
    left -= got;
  }
}

void PathWatch::GiveUp(absl::Status why) {
  unwatched_ = std::move(why);
  kernel_.Close(std::exchange(fd_, -1));
  directories_.clear();
  file_wd_ = -1;
}

void PathWatch::Handle(const InotifyRecord& record, absl::FunctionRef<void(PathNews)> news) {
  if ((record.mask & IN_Q_OVERFLOW) != 0) {
    written_ = false;
    return news(PathNews::kOverflow);
  }
  if (record.wd == file_wd_ && record.name.empty()) {
    if ((record.mask & IN_MODIFY) != 0 && !std::exchange(written_, true)) news(PathNews::kWritten);
    return;
  }
  const auto found = directories_.find(record.wd);
  if (found == directories_.end()) return;
  const Directory& directory = found->second;
  const bool self = record.name.empty() && (record.mask & IN_IGNORED) == 0;
  if (!self && !directory.names.contains(record.name)) return;
  written_ = false;
  if (self || record.name != directory.last) return news(PathNews::kOnTheWay);
  if ((record.mask & (IN_CREATE | IN_MOVED_TO)) == 0) return news(PathNews::kLeft);
  news((record.mask & IN_ISDIR) != 0 ? PathNews::kDirectoryArrived : PathNews::kArrived);
}

}  // namespace lookout::file_internal
