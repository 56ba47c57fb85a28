// The system's kernel, to a user who may not read one path: root, as whom tests may run, may read all.
#ifndef LOOKOUT_ADAPTERS_FILE_DENYING_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_DENYING_KERNEL_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/forwarding_kernel.h"

namespace lookout::file_internal {

class DenyingKernel final : public ForwardingKernel {
 public:
  explicit DenyingKernel(std::string denied) : denied_(std::move(denied)) {}

  int AddWatch(int fd, const std::string& path, std::uint32_t mask) override {
    return path == denied_ ? -EACCES : ForwardingKernel::AddWatch(fd, path, mask);
  }
  int ReadFile(const std::string& path, std::size_t most, std::string& contents) override {
    return path == denied_ ? -EACCES : ForwardingKernel::ReadFile(path, most, contents);
  }
  int List(const std::string& path, bool with_versions,
           absl::FunctionRef<void(const ListedEntry&)> each) override {
    return path == denied_ ? -EACCES : ForwardingKernel::List(path, with_versions, each);
  }

 private:
  const std::string denied_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_DENYING_KERNEL_H_
