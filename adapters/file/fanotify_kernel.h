// The system calls of the fanotify back end, as a seam: tests make each of them fail.
//
// Results are those of the calls, but for failures: the negative errno. Handles are as in FanotifyRecord.
#ifndef LOOKOUT_ADAPTERS_FILE_FANOTIFY_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_FANOTIFY_KERNEL_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// Where a directory is: what its parent is, and how it is called there.
struct DirectoryPlace {
  std::string parent;  // empty for the top of what is mounted
  std::string name;
};

// Thread-safe.
class FanotifyKernel {
 public:
  virtual ~FanotifyKernel() = default;

  // fanotify_init(2): a non-blocking descriptor, closed on exec, whose records carry handles and names.
  virtual int Init(bool unlimited_queue) = 0;
  // Marks the file system that `directory`, a descriptor, is on.
  virtual int MarkFileSystem(int fd, int directory) = 0;
  virtual ssize_t Read(int fd, char* buffer, std::size_t size) = 0;
  // How many records Read() has at hand now.
  virtual int Queued(int fd) = 0;
  virtual void Close(int fd) = 0;

  // Descriptors of directories. The path's last component may be a link or not.
  virtual int OpenDirectory(const std::string& path, bool follow) = 0;
  // `mount` is a descriptor of any directory of the file system.
  virtual int OpenHandle(int mount, absl::string_view handle) = 0;
  // Of the directory, or of `name` in it; and the number of the mount that it is in. Where something is
  // mounted, of the top of that.
  virtual int HandleOf(int directory, const std::string& name, std::string& handle, int& mount) = 0;

  // Where the directory is now, once those who were changing its parent are done, and their records queued.
  virtual int Locate(int mount, absl::string_view handle, DirectoryPlace& place) = 0;

  // The real one.
  static FanotifyKernel& System();
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FANOTIFY_KERNEL_H_
