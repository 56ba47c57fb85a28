#include "lookout/adapters/file/file_errors.h"

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace lookout::file_internal {

absl::Status ErrnoError(int error, absl::string_view what) { return absl::ErrnoToStatus(error, what); }

absl::Status InitError(int error) {
  if (error == EMFILE) {
    return absl::ResourceExhaustedError(
        "no inotify instance left for this user, or no file descriptor for this process: raise the sysctl "
        "fs.inotify.max_user_instances, or the limit of open files (ulimit -n)");
  }
  return ErrnoError(error, "inotify_init");
}

absl::Status WatchError(int error, absl::string_view path, std::size_t watches) {
  if (error == ENOSPC) {
    return absl::ResourceExhaustedError(absl::StrCat(
        path, ": no inotify watch left after ", watches,
        " directories; it and others are not watched: raise the sysctl fs.inotify.max_user_watches"));
  }
  if (error == EACCES) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": may not be read, and is not watched: allow reading it"));
  }
  // A path that became something else than a directory is as gone as one that vanished.
  if (error == ENOTDIR || error == ELOOP) return absl::NotFoundError(absl::StrCat(path, ": no directory"));
  return ErrnoError(error, path);
}

absl::Status ListError(int error, absl::string_view path) { return WatchError(error, path, 0); }

absl::Status GoneError(absl::string_view path, absl::string_view how) {
  return absl::UnavailableError(absl::StrCat(path, ": ", how));
}

}  // namespace lookout::file_internal
