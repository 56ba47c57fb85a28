// A FanotifyKernel that a test plays: a small file system whose things are known by numbers, fanotify's
// records on demand, and failures of any call.
//
//   FakeFileKernel files;
//   FakeFanotifyKernel kernel(files);
//   kernel.AddDirectory(2, kTop, "r");                      // what is watched
//   kernel.AddFile(3, 2, "f");
//   kernel.Tell(FakeFanotifyKernel::Record(FAN_CREATE, 2, "f", 3));
//   kernel.Fail(FanotifyCall::kOpenHandle, 2, EMFILE);
//
// Nothing is told of a change but by Tell(). `files` lists what is here by /proc/self/fd/N, as the code under
// test does. Descriptors that are left open end the test.
//
// Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_FAKE_FANOTIFY_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_FAKE_FANOTIFY_KERNEL_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "lookout/adapters/file/fake_file_kernel.h"
#include "lookout/adapters/file/fanotify_kernel.h"

namespace lookout::file_internal {

enum class FanotifyCall { kInit, kMark, kRead, kQueued, kOpenDirectory, kOpenHandle, kHandleOf, kLocate };

class FakeFanotifyKernel final : public FanotifyKernel {
 public:
  static constexpr std::uint64_t kTop = 1;  // of the file system
  static constexpr int kAlways = std::numeric_limits<int>::max();

  // `files` must outlive it.
  explicit FakeFanotifyKernel(FakeFileKernel& files);
  ~FakeFanotifyKernel() override;

  void AddDirectory(std::uint64_t id, std::uint64_t parent, const std::string& name);
  void AddFile(std::uint64_t id, std::uint64_t parent, const std::string& name);
  void Move(std::uint64_t id, std::uint64_t parent, const std::string& name);
  void Remove(std::uint64_t id);
  // Mounts the directory `id` once more, over the one that `over` is; for good.
  void Mount(std::uint64_t id, std::uint64_t over) { mounted_[over] = id; }

  // Records, as the kernel makes them.
  static std::string Record(std::uint64_t mask, std::uint64_t directory, absl::string_view name,
                            std::uint64_t target);
  static std::string Rename(std::uint64_t old_directory, absl::string_view old_name, std::uint64_t directory,
                            absl::string_view name, std::uint64_t target, std::uint64_t more_mask = 0);
  // What the next read after those before brings.
  void Tell(std::string bytes) { reads_.push_back(std::move(bytes)); }

  // The next `times` calls give -error. `id` is what the call is about; 0 for those on the group.
  void Fail(FanotifyCall call, std::uint64_t id, int error, int times = kAlways);
  // Nothing fails any more.
  void Heal() { failures_.clear(); }

  bool all_read() const { return reads_.empty(); }
  bool unlimited_queue() const { return unlimited_queue_; }

  // FanotifyKernel. Paths are names in kTop.
  int Init(bool unlimited_queue) override;
  int MarkFileSystem(int fd, int directory) override;
  ssize_t Read(int fd, char* buffer, std::size_t size) override;
  int Queued(int fd) override;
  void Close(int fd) override;
  int OpenDirectory(const std::string& path, bool follow) override;
  int OpenHandle(int mount, absl::string_view handle) override;
  int HandleOf(int directory, const std::string& name, std::string& handle, int& mount) override;
  int Locate(int mount, absl::string_view handle, DirectoryPlace& place) override;

 private:
  struct Thing {
    bool is_directory;
    std::uint64_t parent;
    std::string name;
  };

  int TakeFailure(FanotifyCall call, std::uint64_t id);
  const Thing* Find(absl::string_view handle, std::uint64_t& id) const;
  int Open(std::uint64_t id);
  std::string Listed(std::uint64_t directory, const std::string& name) const;

  FakeFileKernel& files_;
  std::map<std::uint64_t, Thing> things_;
  std::map<std::uint64_t, std::uint64_t> mounted_;
  std::deque<std::string> reads_;
  std::map<std::pair<FanotifyCall, std::uint64_t>, std::pair<int, int>> failures_;  // error, times
  std::multiset<int> open_;
  bool unlimited_queue_ = false;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FAKE_FANOTIFY_KERNEL_H_
