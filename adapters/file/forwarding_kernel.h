// The system's kernel, for a test to override some of its calls.
#ifndef LOOKOUT_ADAPTERS_FILE_FORWARDING_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_FORWARDING_KERNEL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "lookout/adapters/file/file_kernel.h"

namespace lookout::file_internal {

class ForwardingKernel : public FileKernel {
 public:
  int Init() override { return system_.Init(); }
  void Close(int fd) override { system_.Close(fd); }
  int AddWatch(int fd, const std::string& path, std::uint32_t mask) override {
    return system_.AddWatch(fd, path, mask);
  }
  int RemoveWatch(int fd, int wd) override { return system_.RemoveWatch(fd, wd); }
  ssize_t Read(int fd, char* buffer, std::size_t size) override { return system_.Read(fd, buffer, size); }
  int Queued(int fd) override { return system_.Queued(fd); }
  int Status(const std::string& path, bool follow, FileStatus& status) override {
    return system_.Status(path, follow, status);
  }
  int ReadLink(const std::string& path, std::string& target) override {
    return system_.ReadLink(path, target);
  }
  int ReadFile(const std::string& path, std::size_t most, std::string& contents) override {
    return system_.ReadFile(path, most, contents);
  }
  int List(const std::string& path, bool with_versions,
           absl::FunctionRef<void(const ListedEntry& entry)> each) override {
    return system_.List(path, with_versions, each);
  }
  void AwaitRecordsOf(const std::string& path) override { system_.AwaitRecordsOf(path); }
  int OpenMounts() override { return system_.OpenMounts(); }
  int ReadMounts(int fd, std::size_t most, std::string& table) override {
    return system_.ReadMounts(fd, most, table);
  }
  int RealPath(const std::string& path, std::string& real) override { return system_.RealPath(path, real); }
  std::int64_t FileTime() override { return system_.FileTime(); }

 private:
  FileKernel& system_ = FileKernel::System();
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FORWARDING_KERNEL_H_
