// A file system of a test's own, which it may mount on, and whose limits it may set.
//
// In a user and mount namespace of its own a process may do what otherwise asks for CAP_SYS_ADMIN: mark a
// file system for fanotify, mount, and set the limits of /proc/sys/user for itself alone.
#ifndef LOOKOUT_ADAPTERS_FILE_OWN_FILE_SYSTEM_H_
#define LOOKOUT_ADAPTERS_FILE_OWN_FILE_SYSTEM_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// Mounts a tmpfs on TEST_TMPDIR in namespaces of this process, which must have one thread yet. Says why not,
// and what then cannot be tested, on standard error.
void EnterOwnFileSystem();
// Whether that was done.
bool HasOwnFileSystem();

// Mounts for the life of the object; the directory must exist. A mount that fails ends the test program.
class ScopedMount {
 public:
  static ScopedMount Tmpfs(std::string directory);
  // What is at `source`, once more.
  static ScopedMount Bind(const std::string& source, std::string directory);
  static ScopedMount ReadOnlyBind(const std::string& source, std::string directory);
  // upper over lower.
  static ScopedMount Overlay(absl::string_view lower, absl::string_view upper, absl::string_view work,
                             std::string directory);
  ~ScopedMount() { Unmount(); }
  ScopedMount(const ScopedMount&) = delete;
  ScopedMount& operator=(const ScopedMount&) = delete;

  // Once; also if somebody is in it.
  void Unmount();

 private:
  ScopedMount(const std::string& source, std::string directory, const char* type, unsigned long flags,
              const std::string& data);

  std::string directory_;
};

// Sets a limit of /proc/sys/user, "max_inotify_watches", for the life of the object.
class ScopedLimit {
 public:
  ScopedLimit(absl::string_view name, int value);
  ~ScopedLimit();
  ScopedLimit(const ScopedLimit&) = delete;
  ScopedLimit& operator=(const ScopedLimit&) = delete;

 private:
  const std::string path_;
  std::string before_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_OWN_FILE_SYSTEM_H_
