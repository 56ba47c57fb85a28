// The system calls of the file source, as a seam: tests make each of them fail.
//
// Results are those of the calls, but for failures: the negative errno.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_KERNEL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// Thread-safe.
class FileKernel {
 public:
  virtual ~FileKernel() = default;

  // inotify_init1(2): a non-blocking descriptor, closed on exec.
  virtual int Init() = 0;
  virtual void Close(int fd) = 0;
  virtual int AddWatch(int fd, const std::string& path, std::uint32_t mask) = 0;
  virtual int RemoveWatch(int fd, int wd) = 0;
  virtual ssize_t Read(int fd, char* buffer, std::size_t size) = 0;

  // 1 for a directory (symbolic links are followed), 0 for anything else that exists.
  virtual int IsDirectory(const std::string& path) = 0;
  // Tells each entry but "." and ".."; a symbolic link is no directory.
  virtual int List(const std::string& path,
                   absl::FunctionRef<void(absl::string_view name, bool is_directory)> entry) = 0;

  // Waits for who is changing the directory's entries right now, and so for the records of what can be seen
  // in it already: the kernel queues a record before it lets go of the directory's lock, which reading the
  // directory takes.
  virtual void AwaitRecordsOf(const std::string& path) = 0;

  // The real one.
  static FileKernel& System();
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_KERNEL_H_
