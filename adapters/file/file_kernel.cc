#include "lookout/adapters/file/file_kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/base/no_destructor.h"

namespace lookout::file_internal {
namespace {

int OrErrno(int result) { return result < 0 ? -errno : result; }

// Some file systems do not tell an entry's kind in the listing.
bool IsDirectoryEntry(int dir_fd, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat status;
  return fstatat(dir_fd, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

class SystemKernel final : public FileKernel {
 public:
  int Init() override { return OrErrno(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }
  void Close(int fd) override { close(fd); }
  int AddWatch(int fd, const std::string& path, std::uint32_t mask) override {
    return OrErrno(inotify_add_watch(fd, path.c_str(), mask));
  }
  int RemoveWatch(int fd, int wd) override { return OrErrno(inotify_rm_watch(fd, wd)); }
  ssize_t Read(int fd, char* buffer, std::size_t size) override {
    const ssize_t got = read(fd, buffer, size);
    return got < 0 ? -errno : got;
  }

  int IsDirectory(const std::string& path) override {
    struct stat status;
    if (stat(path.c_str(), &status) != 0) return -errno;
    return S_ISDIR(status.st_mode) ? 1 : 0;
  }

  int List(const std::string& path, absl::FunctionRef<void(absl::string_view, bool)> entry) override {
    DIR* dir = opendir(path.c_str());
    if (dir == nullptr) return -errno;
    errno = 0;
    while (const dirent* next = readdir(dir)) {
      const absl::string_view name = next->d_name;
      if (name != "." && name != "..") entry(name, IsDirectoryEntry(dirfd(dir), *next));
      errno = 0;
    }
    const int error = errno;
    closedir(dir);
    return -error;
  }

  void AwaitRecordsOf(const std::string& path) override {
    DIR* dir = opendir(path.c_str());
    if (dir == nullptr) return;
    readdir(dir);
    closedir(dir);
  }
};

}  // namespace

FileKernel& FileKernel::System() {
  static absl::NoDestructor<SystemKernel> kernel;
  return *kernel;
}

}  // namespace lookout::file_internal
