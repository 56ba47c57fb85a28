#include "lookout/adapters/file/fanotify_kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/base/no_destructor.h"
#include "absl/strings/str_cat.h"

namespace lookout::file_internal {
namespace {

constexpr unsigned kInitFlags = FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME_TARGET | FAN_NONBLOCK | FAN_CLOEXEC;
// FAN_MODIFY but no FAN_CLOSE_WRITE, and never what reading causes.
constexpr std::uint64_t kMask = FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_RENAME | FAN_ONDIR;

int OrErrno(int result) { return result < 0 ? -errno : result; }

class Descriptor {
 public:
  explicit Descriptor(int opened) : fd(opened) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int fd;
};

// Of which the path is `/proc`'s: for a directory the kernel gives the path it has now.
int PathOf(int fd, std::string& path) {
  path.resize(PATH_MAX);
  const ssize_t got = readlink(absl::StrCat("/proc/self/fd/", fd).c_str(), path.data(), path.size());
  if (got < 0) return -errno;
  path.resize(static_cast<std::size_t>(got));
  return 0;
}

// For paths that are too long for readlink(2).
int NameByInode(int parent, std::uint64_t inode, std::string& name) {
  const int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* dir = fd < 0 ? nullptr : fdopendir(fd);
  if (dir == nullptr) return -errno;
  int found = -ESTALE;
  while (const dirent* entry = readdir(dir)) {
    name = entry->d_name;
    if (entry->d_ino != inode || name == "." || name == "..") continue;
    found = 0;
    break;
  }
  closedir(dir);
  return found;
}

class SystemFanotifyKernel final : public FanotifyKernel {
 public:
  int Init(bool unlimited_queue) override {
    return OrErrno(
        fanotify_init(kInitFlags | (unlimited_queue ? FAN_UNLIMITED_QUEUE : 0), O_RDONLY | O_CLOEXEC));
  }
  int MarkFileSystem(int fd, int directory) override {
    return OrErrno(fanotify_mark(fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, kMask, directory, nullptr));
  }
  ssize_t Read(int fd, char* buffer, std::size_t size) override {
    const ssize_t got = read(fd, buffer, size);
    return got < 0 ? -errno : got;
  }
  int Queued(int fd) override {
    int bytes = 0;
    if (ioctl(fd, FIONREAD, &bytes) < 0) return -errno;
    return bytes / static_cast<int>(FAN_EVENT_METADATA_LEN);
  }
  void Close(int fd) override { close(fd); }

  int OpenDirectory(const std::string& path, bool follow) override {
    return OrErrno(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)));
  }
  int OpenHandle(int mount, absl::string_view handle) override {
    alignas(file_handle) char copy[sizeof(file_handle) + MAX_HANDLE_SZ];
    if (handle.size() < sizeof(file_handle) || handle.size() > sizeof(copy)) return -EINVAL;
    std::memcpy(copy, handle.data(), handle.size());
    auto* head = reinterpret_cast<file_handle*>(copy);
    if (head->handle_bytes != handle.size() - sizeof(file_handle)) return -EINVAL;
    return OrErrno(open_by_handle_at(mount, head, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  int HandleOf(int directory, const std::string& name, std::string& handle, int& mount) override {
    alignas(file_handle) char room[sizeof(file_handle) + MAX_HANDLE_SZ];
    auto* head = reinterpret_cast<file_handle*>(room);
    head->handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(directory, name.c_str(), head, &mount, name.empty() ? AT_EMPTY_PATH : 0) != 0) {
      return -errno;
    }
    handle.assign(room, sizeof(file_handle) + head->handle_bytes);
    return 0;
  }

  int Locate(int mount, absl::string_view handle, DirectoryPlace& place) override {
    const Descriptor directory(OpenHandle(mount, handle));
    if (directory.fd < 0) return directory.fd;
    struct statx status;
    if (statx(directory.fd, "", AT_EMPTY_PATH, STATX_INO | STATX_NLINK, &status) != 0) return -errno;
    place = {};
    if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) return 0;
    std::string before, after;
    int above_mount = 0;
    for (int tries = 0; tries < 100; ++tries) {
      const Descriptor parent(openat(directory.fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (parent.fd < 0) return -errno;
      struct statx above;
      if (statx(parent.fd, "", AT_EMPTY_PATH, STATX_INO, &above) != 0) return -errno;
      if (above.stx_ino == status.stx_ino) return 0;  // the top, of which only a part is mounted
      // Takes the parent's lock, and so waits for who holds it.
      char entries[512];
      static_cast<void>(syscall(SYS_getdents64, parent.fd, entries, sizeof(entries)));
      if (const int error = HandleOf(parent.fd, "", place.parent, above_mount); error != 0) return error;
      const int error = PathOf(directory.fd, after);
      if (error == -ENAMETOOLONG) return NameByInode(parent.fd, status.stx_ino, place.name);
      if (error != 0) return error;
      if (statx(directory.fd, "", AT_EMPTY_PATH, STATX_NLINK, &status) != 0) return -errno;
      if (status.stx_nlink == 0) return -ESTALE;
      if (after == before) {
        place.name = after.substr(after.rfind('/') + 1);
        return 0;
      }
      before = after;  // again, until nothing has moved in between
    }
    return -EAGAIN;
  }
};

}  // namespace

FanotifyKernel& FanotifyKernel::System() {
  static absl::NoDestructor<SystemFanotifyKernel> kernel;
  return *kernel;
}

}  // namespace lookout::file_internal
