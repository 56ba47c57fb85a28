// The system calls of the file source, as a seam: tests make each of them fail.
//
// Results are those of the calls, but for failures: the negative errno. Paths may be longer than PATH_MAX.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_KERNEL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// What tells one state of a file from another without reading it. Times are nanoseconds since 1970 by the
// file system's clock.
struct FileVersion {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;  // contents or attributes
  std::int64_t born = 0;     // 0 where the file system does not say
  std::uint64_t size = 0;

  friend bool operator==(const FileVersion&, const FileVersion&) = default;
};

// Whether who has seen the file as `before` finds it written, or another, as `now`. Attributes do not count.
inline bool IsWritten(const FileVersion& before, const FileVersion& now) {
  return before.modified != now.modified || before.size != now.size || before.inode != now.inode;
}

enum class FileKind : std::uint8_t { kFile, kDirectory, kLink, kOther };

struct FileStatus {
  FileKind kind = FileKind::kFile;
  FileVersion version = {};
};

struct ListedEntry {
  absl::string_view name;
  FileKind kind = FileKind::kFile;
  const FileVersion* version = nullptr;  // if asked for and to be had, of what is no directory
};

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
  // How many bytes Read() has at hand now (FIONREAD).
  virtual int Queued(int fd) = 0;

  // Of the path itself, or of what the link there leads to.
  virtual int Status(const std::string& path, bool follow, FileStatus& status) = 0;
  virtual int ReadLink(const std::string& path, std::string& target) = 0;
  // At most `most` bytes of a regular file.
  virtual int ReadFile(const std::string& path, std::size_t most, std::string& contents) = 0;

  // Tells each entry but "." and "..". One whose status may not be had (in a directory that may be listed but
  // not searched) is told without a version; where its kind is not known either, the listing fails.
  virtual int List(const std::string& path, bool with_versions,
                   absl::FunctionRef<void(const ListedEntry& entry)> each) = 0;

  // Waits for who is changing the directory's entries right now, and so for the records of what can be seen
  // in it already: the kernel queues a record before it lets go of the directory's lock, which reading the
  // directory takes.
  virtual void AwaitRecordsOf(const std::string& path) = 0;

  // Opens /proc/self/mountinfo, which has POLLPRI once after each change of what is mounted (proc(5)).
  virtual int OpenMounts() = 0;
  // All of it as it is now, whatever of it was read before; -EFBIG if that is more than `most` bytes.
  virtual int ReadMounts(int fd, std::size_t most, std::string& table) = 0;
  // realpath(3).
  virtual int RealPath(const std::string& path, std::string& real) = 0;

  // The time by which files made now are dated, in nanoseconds since 1970; up to a tick (10 ms) behind.
  virtual std::int64_t FileTime() = 0;

  // The real one.
  static FileKernel& System();
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_KERNEL_H_
