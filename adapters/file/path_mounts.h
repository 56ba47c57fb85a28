// What is mounted on the way to a watched path, on it and below it.
//
// Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_PATH_MOUNTS_H_
#define LOOKOUT_ADAPTERS_FILE_PATH_MOUNTS_H_

#include <poll.h>

#include <string>
#include <vector>

#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/mount_watch.h"
#include "lookout/adapters/file/polled_mounts.h"

namespace lookout::file_internal {

struct MountNews {
  bool any = false;    // something was mounted or unmounted, wherever
  bool above = false;  // on the path, or on a directory that is above it
  // Below the path, as events call it; without those that are in another of these.
  std::vector<std::string> below = {};
};

class PathMounts {
 public:
  // The kernel must outlive it.
  PathMounts(std::string path, FileKernel& kernel);

  // See MountWatch.
  pollfd entry() const { return mounts_.entry(); }
  // What changed since the last call.
  MountNews Step();

  // Finds out anew where the path, or what there is of it, really leads.
  void Resolve();
  // What has to be polled. The object stays, and is true again after each Step() and Resolve().
  const PolledMounts& polled() const { return polled_; }
  // The path itself, if it does.
  const PolledMount* polled_path() const { return polled_.At(path_); }

 private:
  const std::string path_;
  FileKernel& kernel_;
  MountWatch mounts_;
  std::string real_;
  PolledMounts polled_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_PATH_MOUNTS_H_
