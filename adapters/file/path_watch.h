// Follows what a path leads to, through every directory and symbolic link on its way, whether it exists or
// not.
//
//   PathWatch path("/etc/app/app.yml", kernel);
//   path.Resolve();
//   … when path.fd() is readable:
//   path.Step([&](PathNews news) { … path.Resolve(); … path.target() … });
//
// Each directory in which a name of the path is looked up is watched, and so is the file at its end. (A watch
// on a directory alone would not tell of writes through another hard link.) Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_PATH_WATCH_H_
#define LOOKOUT_ADAPTERS_FILE_PATH_WATCH_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/inotify_decoder.h"

namespace lookout::file_internal {

// Where the path leads.
struct PathTarget {
  int error = 0;  // 0, or the errno of why it leads nowhere
  bool through_link = false;
  FileStatus status = {};

  bool exists() const { return error == 0; }
  bool is_directory() const { return exists() && status.kind == FileKind::kDirectory; }
  bool IsSameAs(const PathTarget& other) const {
    return exists() && other.exists() && status.kind == other.status.kind &&
           status.version.device == other.status.version.device &&
           status.version.inode == other.status.version.inode;
  }
};

enum class PathNews {
  kWritten,           // the file at the end
  kArrived,           // something came to be at the end of the path, in place of what was there, if anything
  kDirectoryArrived,  // the same of a directory
  kLeft,              // what was there has left
  kOnTheWay,          // the path may lead elsewhere
  kOverflow,          // of the kernel's queue: any of the others may be missing
  kGarbage            // the same, as what the kernel said makes no sense
};

class PathWatch {
 public:
  // The kernel must outlive it. `watch`: whether to watch at all; without, the owner asks from time to time.
  PathWatch(std::string path, bool watch, FileKernel& kernel);
  ~PathWatch();
  PathWatch(const PathWatch&) = delete;
  PathWatch& operator=(const PathWatch&) = delete;

  // Walks the path again, sets the watches that it needs now, and ends the others. What changes afterwards is
  // told by Step(). Where there was no inotify instance to be had, asks for one again.
  void Resolve();
  const PathTarget& target() const { return target_; }
  // OK, or why something on the way cannot be watched, or nothing can be any more: the owner then asks from
  // time to time.
  const absl::Status& unwatched() const { return unwatched_; }

  // -1 if there is none.
  int fd() const { return fd_; }
  // Reads once and tells what it means, in order. `news` may call Resolve(). Returns how many bytes were
  // read. When they cannot be read any more, that is the end of watching.
  int Step(absl::FunctionRef<void(PathNews)> news);
  // The same for all that is queued now.
  void CatchUp(absl::FunctionRef<void(PathNews)> news);

 private:
  struct Directory {
    absl::flat_hash_set<std::string> names;
    std::string last;  // of `names`, the one that ends the path
  };

  // Follows the path to its end, or as far as it goes.
  int Walk();
  void WatchName(const std::string& directory, const std::string& name, bool last);
  void WatchFile();
  int AddWatch(const std::string& path, std::uint32_t mask);
  void Handle(const InotifyRecord& record, absl::FunctionRef<void(PathNews)> news);
  void TakeInstance();
  void GiveUp(absl::Status why);

  const std::string path_;
  FileKernel& kernel_;
  absl::Status unwatched_;
  PathTarget target_;
  bool needs_instance_;
  int fd_ = -1;
  int file_wd_ = -1;
  absl::flat_hash_map<int, Directory> directories_;
  bool written_ = false;  // was told last
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_PATH_WATCH_H_
