#include "lookout/adapters/file/file_errors.h"

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace lookout::file_internal {

absl::Status ErrnoError(int error, absl::string_view what) { return absl::ErrnoToStatus(error, what); }

absl::Status InitError(int error, absl::string_view path) {
  if (error == EMFILE) {
    return absl::ResourceExhaustedError(absl::StrCat(
        path,
        ": no inotify instance left for this user, or no file descriptor for this process: raise the sysctl "
        "fs.inotify.max_user_instances, or the limit of open files (ulimit -n)"));
  }
  return ErrnoError(error, absl::StrCat(path, ": inotify_init"));
}

absl::Status WatchError(int error, absl::string_view path) {
  if (error == EACCES) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": may not be read, and is not watched until it may: allow reading it"));
  }
  if (error == EMFILE) return OutOfDescriptorsError(path);
  // A path that became something else than a directory is as gone as one that vanished.
  if (error == ENOTDIR || error == ELOOP) return absl::NotFoundError(absl::StrCat(path, ": no directory"));
  return ErrnoError(error, path);
}

absl::Status OutOfWatchesError(absl::string_view directory, std::size_t watched, std::size_t polled,
                               absl::Duration interval) {
  return absl::ResourceExhaustedError(absl::StrCat(directory, ": no inotify watch left after ", watched,
                                                   " directories; ", polled, " others are looked at every ",
                                                   absl::FormatDuration(interval),
                                                   " instead: raise the sysctl fs.inotify.max_user_watches"));
}

absl::Status PolledMountError(absl::string_view path, absl::string_view type, absl::string_view why,
                              bool names_alone, absl::Duration interval) {
  return absl::UnimplementedError(absl::StrCat(path, ": cannot be watched, as it is on ", type, " and ", why,
                                               "; it is looked at every ", absl::FormatDuration(interval),
                                               names_alone ? " instead, for names alone" : " instead"));
}

absl::Status FanotifyError(int error, absl::string_view path) {
  if (error == EPERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": fanotify asks for CAP_SYS_ADMIN: run as root, or with --backend=inotify"));
  }
  if (error == EMFILE) {
    return absl::ResourceExhaustedError(absl::StrCat(
        path,
        ": no fanotify group left for this user, or no file descriptor for this process: raise the sysctl "
        "fs.fanotify.max_user_groups, or the limit of open files (ulimit -n)"));
  }
  if (error == ENOSPC) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, ": no fanotify mark left: raise the sysctl fs.fanotify.max_user_marks"));
  }
  // EINVAL of an old kernel, ENODEV and EOPNOTSUPP of a file system without handles, EXDEV of a subvolume.
  return absl::UnimplementedError(
      absl::StrCat(path, ": fanotify does not work here: ", ErrnoError(error, "fanotify").message(),
                   ": run with --backend=inotify"));
}

absl::Status ListError(int error, absl::string_view path) { return WatchError(error, path); }

absl::Status LookUpError(int error, absl::string_view path) {
  if (error == EACCES) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": may not be looked up: allow searching the directories that lead to it"));
  }
  return ErrnoError(error, path);
}

absl::Status ReadError(int error, absl::string_view path, absl::string_view from) {
  return ErrnoError(error, absl::StrCat(path, ": read from ", from));
}

absl::Status OutOfDescriptorsError(absl::string_view path) {
  return absl::ResourceExhaustedError(absl::StrCat(
      path, ": no file descriptor left for this process: raise the limit of open files (ulimit -n)"));
}

absl::Status GoneError(absl::string_view path, absl::string_view how) {
  return absl::UnavailableError(absl::StrCat(path, ": ", how));
}

}  // namespace lookout::file_internal
