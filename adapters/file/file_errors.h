// Failures of the file source's system calls as statuses that name the path and the cure. Pure.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_ERRORS_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_ERRORS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace lookout::file_internal {

// "<what>: <errno's text>", with the code that absl::ErrnoToStatus gives.
absl::Status ErrnoError(int error, absl::string_view what);

// Of inotify_init1(2), for `path`: EMFILE names fs.inotify.max_user_instances and the limit of open files.
absl::Status InitError(int error, absl::string_view path);

// Of inotify_add_watch(2) on `path`.
absl::Status WatchError(int error, absl::string_view path);

// Not all of `directory` can be watched: how many directories are, how many are looked at each `interval`.
absl::Status OutOfWatchesError(absl::string_view directory, std::size_t watched, std::size_t polled,
                               absl::Duration interval);

// `path` is looked at each `interval` as it is on a file system of this type, for the reason `why`; for names
// alone, where they are all that can be compared.
absl::Status PolledMountError(absl::string_view path, absl::string_view type, absl::string_view why,
                              bool names_alone, absl::Duration interval);

// Of fanotify on `path`: what it asks for.
absl::Status FanotifyError(int error, absl::string_view path);

// Of listing `path`.
absl::Status ListError(int error, absl::string_view path);

// Of asking what `path` leads to; OK if `error` is 0.
absl::Status LookUpError(int error, absl::string_view path);

// Of reading the records of what happens to `path`, from "inotify" or "fanotify".
absl::Status ReadError(int error, absl::string_view path, absl::string_view from);

// No descriptor left to watch `path` with.
absl::Status OutOfDescriptorsError(absl::string_view path);

// `path`, which was watched, is no more: Unavailable, so that a RestartingSource tries again.
absl::Status GoneError(absl::string_view path, absl::string_view how);

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_ERRORS_H_
