#include "lookout/adapters/docker/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lookout::docker_internal {

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  // Without waiting: somebody may have put a pipe there.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return absl::ErrnoToStatus(errno, path);
  const absl::Cleanup close = [fd] { ::close(fd); };
  struct stat about;
  if (::fstat(fd, &about) != 0) return absl::ErrnoToStatus(errno, path);
  if (!S_ISREG(about.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, ": is no file"));
  std::string text;
  char buffer[16 << 10];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof(buffer));
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, path);
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kMaxSmallFile) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": is larger than ", kMaxSmallFile, " bytes"));
    }
  }
}

}  // namespace lookout::docker_internal
