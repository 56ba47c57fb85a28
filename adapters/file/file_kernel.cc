#include "lookout/adapters/file/file_kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/base/no_destructor.h"
#include "absl/strings/str_cat.h"

namespace lookout::file_internal {
namespace {

constexpr std::size_t kListBufferSize = 32 * 1024;

// The kernel gives no more than a page of the table of mounts at a time.
constexpr std::size_t kMountsBufferSize = 4096;

// How often a table is read that changes each time.
constexpr int kMostReadings = 8;

int OrErrno(int result) { return result < 0 ? -errno : result; }

// A path that every call takes: one that is too long is entered piece by piece, and named through the
// descriptor of a directory on the way.
class UsablePath {
 public:
  explicit UsablePath(const std::string& path) : usable_(path.c_str()) {
    if (path.size() >= PATH_MAX) Enter(path);
  }
  ~UsablePath() {
    if (fd_ >= 0) close(fd_);
  }
  UsablePath(const UsablePath&) = delete;
  UsablePath& operator=(const UsablePath&) = delete;

  const char* c_str() const { return usable_; }

 private:
  void Enter(absl::string_view rest) {
    int at = AT_FDCWD;
    while (rest.size() >= PATH_MAX / 2) {
      const std::size_t cut = rest.rfind('/', PATH_MAX / 2);
      if (cut == absl::string_view::npos || cut == 0) return;  // and let the call say ENAMETOOLONG
      const int next = openat(at, std::string(rest.substr(0, cut)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (fd_ >= 0) close(fd_);
      fd_ = at = next;
      if (next < 0) {
        usable_ = "/proc/self/fd/none";  // gone, or not to be entered
        return;
      }
      rest.remove_prefix(cut + 1);
    }
    shortened_ = absl::StrCat("/proc/self/fd/", fd_, "/", rest);
    usable_ = shortened_.c_str();
  }

  const char* usable_;
  std::string shortened_;
  int fd_ = -1;
};

std::int64_t Nanoseconds(const statx_timestamp& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

int Statx(int dir, const char* path, int flags, FileStatus& status) {
  struct statx got;
  if (statx(dir, path, flags | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME, &got) != 0) return -errno;
  status.kind = S_ISDIR(got.stx_mode)   ? FileKind::kDirectory
                : S_ISREG(got.stx_mode) ? FileKind::kFile
                : S_ISLNK(got.stx_mode) ? FileKind::kLink
                                        : FileKind::kOther;
  status.version = {.device = makedev(got.stx_dev_major, got.stx_dev_minor),
                    .inode = got.stx_ino,
                    .modified = Nanoseconds(got.stx_mtime),
                    .changed = Nanoseconds(got.stx_ctime),
                    .born = (got.stx_mask & STATX_BTIME) != 0 ? Nanoseconds(got.stx_btime) : 0,
                    .size = got.stx_size};
  return 0;
}

FileKind KindOf(unsigned char type) {
  if (type == DT_DIR) return FileKind::kDirectory;
  if (type == DT_LNK) return FileKind::kLink;
  return type == DT_REG ? FileKind::kFile : FileKind::kOther;
}

// One record of getdents64(2): its layout is the kernel's.
struct Dirent {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  unsigned char type;
  char name[1];
};

int TellEntry(int dir, const Dirent& dirent, bool with_versions,
              absl::FunctionRef<void(const ListedEntry&)> each) {
  ListedEntry entry{.name = dirent.name, .kind = KindOf(dirent.type)};
  if (entry.name == "." || entry.name == "..") return 0;
  FileStatus status;
  // Some file systems do not tell an entry's kind in the listing.
  if (dirent.type == DT_UNKNOWN || (with_versions && dirent.type != DT_DIR)) {
    const int error = Statx(dir, dirent.name, AT_SYMLINK_NOFOLLOW, status);
    if (error == -ENOENT) return 0;  // gone meanwhile
    if (error < 0 && dirent.type == DT_UNKNOWN) return error;
    if (error == 0) entry.kind = status.kind;
    if (error == 0 && with_versions) entry.version = &status.version;
  }
  each(entry);
  return 0;
}

int ReadFromStart(int fd, std::size_t most, std::string& contents) {
  contents.clear();
  char buffer[kMountsBufferSize];
  ssize_t got = 0;
  while ((got = pread(fd, buffer, sizeof(buffer), static_cast<off_t>(contents.size()))) > 0) {
    contents.append(buffer, static_cast<std::size_t>(got));
    if (contents.size() > most) return -EFBIG;
  }
  return got < 0 ? -errno : 0;
}

class SystemKernel final : public FileKernel {
 public:
  int Init() override { return OrErrno(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }
  void Close(int fd) override { close(fd); }
  // Without IN_MASK_ADD the kernel clears the mask of a watch that is there before it sets it, and what
  // happens in that moment is told by nobody.
  int AddWatch(int fd, const std::string& path, std::uint32_t mask) override {
    return OrErrno(inotify_add_watch(fd, UsablePath(path).c_str(), mask | IN_MASK_ADD));
  }
  int RemoveWatch(int fd, int wd) override { return OrErrno(inotify_rm_watch(fd, wd)); }
  ssize_t Read(int fd, char* buffer, std::size_t size) override {
    const ssize_t got = read(fd, buffer, size);
    return got < 0 ? -errno : got;
  }
  int Queued(int fd) override {
    int bytes = 0;
    return ioctl(fd, FIONREAD, &bytes) < 0 ? -errno : bytes;
  }

  int Status(const std::string& path, bool follow, FileStatus& status) override {
    return Statx(AT_FDCWD, UsablePath(path).c_str(), follow ? 0 : AT_SYMLINK_NOFOLLOW, status);
  }

  int ReadLink(const std::string& path, std::string& target) override {
    target.resize(PATH_MAX);
    const ssize_t got = readlink(UsablePath(path).c_str(), target.data(), target.size());
    if (got < 0) return -errno;
    target.resize(static_cast<std::size_t>(got));
    return 0;
  }

  int ReadFile(const std::string& path, std::size_t most, std::string& contents) override {
    // Not blocking: a FIFO of that name must not stop the watcher.
    const int fd = open(UsablePath(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0) return -errno;
    contents.resize(most);
    std::size_t size = 0;
    ssize_t got = 0;
    while (size < most && (got = read(fd, contents.data() + size, most - size)) > 0) {
      size += static_cast<std::size_t>(got);
    }
    const int error = got < 0 ? errno : 0;
    close(fd);
    contents.resize(size);
    return -error;
  }

  int List(const std::string& path, bool with_versions,
           absl::FunctionRef<void(const ListedEntry&)> each) override {
    // Not readdir(3): it allocates and asks for the status of each directory, a quarter of a crawl's time.
    const int dir = open(UsablePath(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return -errno;
    alignas(Dirent) char buffer[kListBufferSize];
    long got = 0;
    int error = 0;
    while (error == 0 && (got = syscall(SYS_getdents64, dir, buffer, sizeof(buffer))) > 0) {
      for (long at = 0; error == 0 && at < got;) {
        const auto& dirent = *reinterpret_cast<const Dirent*>(buffer + at);
        error = TellEntry(dir, dirent, with_versions, each);
        at += dirent.size;
      }
    }
    if (got < 0) error = -errno;
    close(dir);
    return error;
  }

  void AwaitRecordsOf(const std::string& path) override {
    const int dir = open(UsablePath(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return;
    char buffer[512];
    static_cast<void>(syscall(SYS_getdents64, dir, buffer, sizeof(buffer)));
    close(dir);
  }

  int OpenMounts() override { return OrErrno(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)); }

  int ReadMounts(int fd, std::size_t most, std::string& table) override {
    // A change between two pages is seen by asking afterwards; else a mount that is there could be missing.
    pollfd changed = {.fd = fd, .events = POLLPRI, .revents = 0};
    int error = 0;
    for (int readings = 0; readings < kMostReadings; ++readings) {
      error = ReadFromStart(fd, most, table);
      if (error != 0 || poll(&changed, 1, 0) <= 0) break;
    }
    return error;
  }

  int RealPath(const std::string& path, std::string& real) override {
    const std::unique_ptr<char, void (*)(void*)> found(realpath(path.c_str(), nullptr), &std::free);
    if (found == nullptr) return -errno;
    real = found.get();
    return 0;
  }

  std::int64_t FileTime() override {
    timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
  }
};

}  // namespace

FileKernel& FileKernel::System() {
  static absl::NoDestructor<SystemKernel> kernel;
  return *kernel;
}

}  // namespace lookout::file_internal
