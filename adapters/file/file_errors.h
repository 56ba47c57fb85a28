// Failures of the file source's system calls as statuses that name the path and the cure. Pure.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_ERRORS_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_ERRORS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// "<what>: <errno's text>", with the code that absl::ErrnoToStatus gives.
absl::Status ErrnoError(int error, absl::string_view what);

// Of inotify_init1(2): EMFILE names fs.inotify.max_user_instances and the limit of open files.
absl::Status InitError(int error);

// Of inotify_add_watch(2) on `path` with `watches` set so far: ENOSPC names fs.inotify.max_user_watches.
absl::Status WatchError(int error, absl::string_view path, std::size_t watches);

// Of listing `path`.
absl::Status ListError(int error, absl::string_view path);

// `path`, which was watched, is no more: Unavailable, so that a RestartingSource tries again.
absl::Status GoneError(absl::string_view path, absl::string_view how);

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_ERRORS_H_
