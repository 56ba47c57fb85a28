// A FileKernel that a test plays: a small tree in memory, inotify's records on demand, and failures of any
// call.
//
//   FakeFileKernel kernel;
//   kernel.AddDirectory("r");
//   kernel.AddFile("r/f");
//   kernel.Fail(Call::kList, "r", EACCES);
//   kernel.Record("r", IN_MODIFY, "f");     // for each instance that watches r for that
//
// Paths are those that the code under test uses, letter by letter; "." is there. Nothing is told of a change
// of the tree but by Record(). Descriptors are real, and readable while there is something to be read, so
// that a whole FileSource may run on it.
//
// Thread-safe.
#ifndef LOOKOUT_ADAPTERS_FILE_FAKE_FILE_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_FAKE_FILE_KERNEL_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "lookout/adapters/file/file_kernel.h"

namespace lookout::file_internal {

enum class Call { kInit, kAddWatch, kRead, kQueued, kStatus, kReadLink, kList, kListHalf };

class FakeFileKernel final : public FileKernel {
 public:
  static constexpr int kAlways = std::numeric_limits<int>::max();

  FakeFileKernel();
  ~FakeFileKernel() override;

  // The tree. Directories above must be there. A file that is added again is another one; one that is written
  // has another version.
  void AddDirectory(const std::string& path);
  void AddFile(const std::string& path);
  void AddLink(const std::string& path, const std::string& target);
  void Write(const std::string& path);
  // With all that is below it.
  void Remove(const std::string& path);

  // The next `times` calls give -error. `path` is "" for calls without one, "#0", "#1", … for those on the
  // first, second, … instance that was asked for, and the others' own. kListHalf gives the first entry before
  // it fails.
  void Fail(Call call, const std::string& path, int error, int times = kAlways);
  // Nothing fails any more.
  void Heal();

  // Queues a record for each instance that watches the directory, or the file, for it; as a read of its own.
  void Record(const std::string& path, std::uint32_t mask, absl::string_view name = {},
              std::uint32_t cookie = 0);
  // The next read of the instance brings these bytes.
  void Bytes(int instance, std::string bytes);

  // Called by the next AwaitRecordsOf(): for the records of whoever that waits for.
  std::function<void()> on_await;

  // Instances and watches that are there now.
  int instances() const;
  std::size_t watches(int instance) const;

  // FileKernel.
  int Init() override;
  void Close(int fd) override;
  int AddWatch(int fd, const std::string& path, std::uint32_t mask) override;
  int RemoveWatch(int fd, int wd) override;
  ssize_t Read(int fd, char* buffer, std::size_t size) override;
  int Queued(int fd) override;
  int Status(const std::string& path, bool follow, FileStatus& status) override;
  int ReadLink(const std::string& path, std::string& target) override;
  int ReadFile(const std::string& path, std::size_t most, std::string& contents) override;
  int List(const std::string& path, bool with_versions,
           absl::FunctionRef<void(const ListedEntry&)> each) override;
  void AwaitRecordsOf(const std::string&) override {
    if (on_await) std::exchange(on_await, nullptr)();
  }
  // There is no /proc.
  int OpenMounts() override { return -ENOENT; }
  int ReadMounts(int, std::size_t, std::string&) override { return -ENOENT; }
  int RealPath(const std::string&, std::string&) override { return -ENOENT; }
  std::int64_t FileTime() override { return 1'000'000'000; }

 private:
  struct Entry {
    FileStatus status;
    std::string target;  // of a link
  };
  struct Instance {
    int fd = -1;                                     // -1 once it is closed
    std::map<std::uint64_t, std::uint32_t> watched;  // inode, which is the watch descriptor, to mask
    std::deque<std::string> reads;
  };

  void Add(const std::string& path, FileKind kind, std::string target = {});
  // What the path leads to, through a link at its end if `follow`.
  const Entry* Find(std::string path, bool follow) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int TakeFailure(Call call, const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int InstanceOf(int fd) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Queue(Instance& instance, std::string bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  std::map<std::string, Entry> tree_ ABSL_GUARDED_BY(mu_);
  std::map<std::pair<Call, std::string>, std::pair<int, int>> failures_ ABSL_GUARDED_BY(mu_);  // error, times
  std::vector<Instance> instances_ ABSL_GUARDED_BY(mu_);
  std::uint64_t next_inode_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FAKE_FILE_KERNEL_H_
