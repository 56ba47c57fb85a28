#include "lookout/adapters/file/file_source.h"

#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/events/wait.h"

namespace lookout {
namespace {

using ::lookout::file_internal::FileKernel;
using ::lookout::file_internal::InotifyWatcher;
using ::lookout::file_internal::InotifyWatcherOptions;

// "conf/" is told as "conf/app.yml", as "conf" is; "/" stays.
std::string WithoutTrailingSlashes(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path);
}

// A directory is watched itself, a file through its directory.
absl::StatusOr<InotifyWatcherOptions> WhatToWatch(const FileSourceOptions& options, FileKernel& kernel) {
  const int is_directory = kernel.IsDirectory(options.path);
  if (is_directory < 0) return file_internal::ErrnoError(-is_directory, options.path);
  if (is_directory == 1) {
    return InotifyWatcherOptions{.directory = WithoutTrailingSlashes(options.path),
                                 .only = {},
                                 .only_path = {},
                                 .recursive = options.recursive};
  }
  const std::size_t slash = options.path.rfind('/');
  const bool bare = slash == std::string::npos;
  return InotifyWatcherOptions{
      .directory = bare ? "." : WithoutTrailingSlashes(options.path.substr(0, slash + 1)),
      .only = bare ? options.path : options.path.substr(slash + 1),
      .only_path = options.path,
      .recursive = false};
}

}  // namespace

FileSource::FileSource(FileSourceOptions options, absl::Clock& clock, FileKernel& kernel)
    : options_(std::move(options)),
      name_(absl::StrCat("file ", options_.path)),
      clock_(clock),
      kernel_(kernel) {}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Create(FileSourceOptions options,
                                                               absl::Clock& clock) {
  return Create(std::move(options), clock, FileKernel::System());
}

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Create(FileSourceOptions options, absl::Clock& clock,
                                                               FileKernel& kernel) {
  if (options.path.empty()) return absl::InvalidArgumentError("an empty path cannot be watched: name one");
  if (options.path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("a path cannot contain a NUL byte");
  }
  return std::unique_ptr<FileSource>(new FileSource(std::move(options), clock, kernel));
}

absl::Status FileSource::Run(std::stop_token stop, Receiver& receiver) {
  absl::StatusOr<InotifyWatcherOptions> what = WhatToWatch(options_, kernel_);
  if (!what.ok()) return what.status();
  StopFd stop_fd(stop);
  if (!stop_fd.ok())
    return absl::ResourceExhaustedError("no file descriptor left: raise the limit (ulimit -n)");
  InotifyWatcher watcher(*std::move(what), kernel_, clock_, receiver);
  if (absl::Status opened = watcher.Open(); !opened.ok()) return opened;
  if (stop.stop_requested()) return absl::OkStatus();

  receiver.OnReady();
  if (std::exchange(was_live_, true) &&
      !receiver.OnEvent(MakeForceReload(EventType::kFile, options_.path,
                                        "was not watched for a while; what changed meanwhile is unknown",
                                        clock_.TimeNow()))) {
    return absl::OkStatus();
  }
  while (!stop.stop_requested() && watcher.wanted()) {
    pollfd fds[] = {{.fd = watcher.fd(), .events = POLLIN, .revents = 0}, stop_fd.entry()};
    if (PollFor(clock_, absl::MakeSpan(fds), watcher.Timeout()) < 0 && errno != EINTR) {
      return file_internal::ErrnoError(errno, "poll");
    }
    if (stop.stop_requested()) break;
    if (absl::Status stepped = watcher.Step(); !stepped.ok()) return stepped;
  }
  return absl::OkStatus();
}

}  // namespace lookout
