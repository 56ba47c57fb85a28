// Notices what is mounted and unmounted, of which no watch on a directory tells.
//
//   MountWatch mounts(kernel);
//   … when poll(2) has something for mounts.entry():
//   for (const std::string& point : mounts.Step()) …
//
// /proc/self/mountinfo has POLLPRI and POLLERR once after each change (proc(5), of /proc/pid/mounts).
// Without /proc it notices nothing, and knows of no mount. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_MOUNT_WATCH_H_
#define LOOKOUT_ADAPTERS_FILE_MOUNT_WATCH_H_

#include <poll.h>

#include <string>
#include <vector>

#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/mount_table.h"

namespace lookout::file_internal {

class MountWatch {
 public:
  // The kernel must outlive it.
  explicit MountWatch(FileKernel& kernel);
  ~MountWatch();
  MountWatch(const MountWatch&) = delete;
  MountWatch& operator=(const MountWatch&) = delete;

  // For poll(2), which passes over it if there is nothing to wait for.
  pollfd entry() const { return {.fd = fd_, .events = POLLPRI, .revents = 0}; }

  // Reads the table again; returns the mount points that came, went or were replaced since it was read last.
  // A table that cannot be read leaves things as they were.
  std::vector<std::string> Step();

  // As it was read last.
  const MountTable& table() const { return table_; }

 private:
  // False if it cannot be read.
  bool Read(MountTable& table);

  FileKernel& kernel_;
  int fd_;
  MountTable table_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_MOUNT_WATCH_H_
