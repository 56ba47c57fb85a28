// InotifyWatcher on a kernel that is played: what a real tree does not do on demand.
#ifndef LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_HARNESS_H_
#define LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_HARNESS_H_

#include <sys/inotify.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"

namespace lookout::file_internal {

// Many directories are looked at by two threads.
class FakeInotifyKernel final : public FileKernel {
 public:
  int Init() override { return init; }
  void Close(int) override {}
  int AddWatch(int, const std::string& path, std::uint32_t mask) override {
    const absl::MutexLock lock(mu);
    EXPECT_EQ(mask & (IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE), 0u) << "reading would feed the watcher";
    if (watch_errors.contains(path)) return -watch_errors[path];
    if (!tree.contains(path)) return -ENOENT;
    if (!wds.contains(path)) wds[path] = next_wd++;
    std::deque<int>& passing = passing_wds[path];
    if (passing.empty()) return wds[path];
    const int wd = passing.front();
    passing.pop_front();
    return wd;
  }
  int RemoveWatch(int, int wd) override {
    removed.push_back(wd);
    return 0;
  }
  ssize_t Read(int, char* buffer, std::size_t) override {
    if (reads.empty()) return -EAGAIN;
    const std::string bytes = std::move(reads.front());
    reads.pop_front();
    if (bytes == "EINTR") return -EINTR;
    std::memcpy(buffer, bytes.data(), bytes.size());
    return static_cast<ssize_t>(bytes.size());
  }
  int Queued(int) override {
    std::size_t bytes = 0;
    for (const std::string& read : reads) bytes += read.size();
    return static_cast<int>(bytes);
  }
  int Status(const std::string& path, bool, FileStatus& status) override {
    if (!tree.contains(path)) return -ENOENT;
    status = {.kind = FileKind::kDirectory};
    return 0;
  }
  int ReadLink(const std::string&, std::string&) override { return -EINVAL; }
  int ReadFile(const std::string&, std::size_t, std::string&) override { return -ENOENT; }
  int List(const std::string& path, bool with_versions,
           absl::FunctionRef<void(const ListedEntry&)> each) override {
    const absl::MutexLock lock(mu);
    ++lists;
    if (list_errors.contains(path)) return -list_errors[path];
    if (!tree.contains(path)) return -ENOENT;
    for (const std::string& name : tree[path]) {
      const std::string below = absl::StrCat(path, "/", name);
      const bool is_directory = tree.contains(below);
      each({.name = name,
            .kind = is_directory ? FileKind::kDirectory : FileKind::kFile,
            .version = with_versions && !is_directory ? &versions[below] : nullptr});
    }
    return 0;
  }
  int OpenMounts() override { return -ENOENT; }
  int ReadMounts(int, std::size_t, std::string&) override { return -ENOENT; }
  int RealPath(const std::string&, std::string&) override { return -ENOENT; }
  std::int64_t FileTime() override { return time; }

  void AwaitRecordsOf(const std::string& path) override {
    ++awaits;
    const auto record = awaited.find(path);
    if (record == awaited.end()) return;
    reads.push_back(std::move(record->second));
    awaited.erase(record);
  }

  std::string Record(const std::string& path, std::uint32_t mask, const std::string& name,
                     std::uint32_t cookie = 0) {
    return RecordOf(path.empty() ? -1 : wds[path], mask, name, cookie);
  }
  static std::string RecordOf(int wd, std::uint32_t mask, const std::string& name, std::uint32_t cookie = 0) {
    inotify_event head{};
    head.wd = wd;
    head.mask = mask;
    head.cookie = cookie;
    head.len = name.empty() ? 0 : static_cast<std::uint32_t>(name.size() + 1);
    return std::string(reinterpret_cast<const char*>(&head), sizeof(head)) +
           (name.empty() ? "" : name + std::string(1, '\0'));
  }

  absl::Mutex mu;
  int init = 9;
  int next_wd = 1;
  std::map<std::string, std::vector<std::string>> tree = {{"r", {}}};  // directory -> names
  std::map<std::string, int> wds;
  std::map<std::string, std::deque<int>> passing_wds;  // what the path leads to before, one a call
  std::map<std::string, int> watch_errors;
  std::map<std::string, int> list_errors;
  std::map<std::string, FileVersion> versions;
  std::int64_t time = 1'000'000'000;
  int lists = 0;
  std::deque<std::string> reads;
  // What who holds a directory queues before letting it go.
  std::map<std::string, std::string> awaited;
  int awaits = 0;
  std::vector<int> removed;
};

class InotifyWatcherTest : public ::testing::Test {
 protected:
  absl::Status Open(TreeWatcher::Found found = TreeWatcher::Found::kSilent) {
    return watcher_.Open(found, [](std::uint64_t) { return true; });
  }
  void Step() { EXPECT_TRUE(watcher_.Step().ok()); }
  // Until nothing is read and nothing is due.
  void StepAll() {
    do Step();
    while (!kernel_.reads.empty() || watcher_.Timeout() == absl::ZeroDuration());
  }

  FakeInotifyKernel kernel_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  InotifyWatcher watcher_{{.directory = "r", .recursive = true}, kernel_, clock_, receiver_};
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_HARNESS_H_
