// A kernel that has nothing but a table of mounts, which the test writes, and links, which it names.
#ifndef LOOKOUT_ADAPTERS_FILE_FAKE_MOUNTS_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_FAKE_MOUNTS_KERNEL_H_

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/file_kernel.h"

namespace lookout::file_internal {

// Lines of a table: what everything is in, and a file system of its own at `point`.
inline constexpr char kRoot[] = "5 0 8:1 / / rw - ext4 x rw\n";
inline std::string Tmpfs(int id, const std::string& point) {
  return absl::StrCat(id, " 5 0:", id, " / ", point, " rw - tmpfs x rw\n");
}

class FakeMountsKernel final : public FileKernel {
 public:
  static constexpr int kFd = 12345;

  // `real` has the paths that exist, and where they really are.
  explicit FakeMountsKernel(std::string mounts, std::map<std::string, std::string> paths = {})
      : table(std::move(mounts)), real(std::move(paths)) {}

  int OpenMounts() override { return open_error != 0 ? -open_error : kFd; }
  int ReadMounts(int, std::size_t, std::string& contents) override {
    if (read_error == 0) contents = table;
    return -read_error;
  }
  int RealPath(const std::string& path, std::string& found) override {
    const auto at = real.find(path);
    if (at == real.end()) return -ENOENT;
    found = at->second;
    return 0;
  }
  void Close(int) override { ++closed; }

  int Init() override { return -ENOSYS; }
  int AddWatch(int, const std::string&, std::uint32_t) override { return -ENOSYS; }
  int RemoveWatch(int, int) override { return -ENOSYS; }
  ssize_t Read(int, char*, std::size_t) override { return -ENOSYS; }
  int Queued(int) override { return -ENOSYS; }
  int Status(const std::string&, bool, FileStatus&) override { return -ENOSYS; }
  int ReadLink(const std::string&, std::string&) override { return -ENOSYS; }
  int ReadFile(const std::string&, std::size_t, std::string&) override { return -ENOSYS; }
  int List(const std::string&, bool, absl::FunctionRef<void(const ListedEntry&)>) override { return -ENOSYS; }
  void AwaitRecordsOf(const std::string&) override {}
  std::int64_t FileTime() override { return 0; }

  std::string table;
  std::map<std::string, std::string> real;
  int open_error = 0;
  int read_error = 0;
  int closed = 0;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FAKE_MOUNTS_KERNEL_H_
