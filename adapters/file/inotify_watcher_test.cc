// What the kernel may do and a real tree does not on demand: failures, overflows, halves of renames that come
// apart. The kernel is played.
#include "lookout/adapters/file/inotify_watcher.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FakeKernel final : public FileKernel {
 public:
  int Init() override { return init; }
  void Close(int) override {}
  int AddWatch(int, const std::string& path, std::uint32_t mask) override {
    EXPECT_EQ(mask & (IN_OPEN | IN_ACCESS | IN_CLOSE_NOWRITE), 0u) << "reading would feed the watcher";
    if (watch_errors.contains(path)) return -watch_errors[path];
    if (!tree.contains(path)) return -ENOENT;
    if (!wds.contains(path)) wds[path] = next_wd++;
    return wds[path];
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
  int IsDirectory(const std::string& path) override { return tree.contains(path) ? 1 : -ENOENT; }
  int List(const std::string& path, absl::FunctionRef<void(absl::string_view, bool)> entry) override {
    if (!tree.contains(path)) return -ENOENT;
    for (const std::string& name : tree[path]) entry(name, tree.contains(absl::StrCat(path, "/", name)));
    return 0;
  }

  void AwaitRecordsOf(const std::string&) override {}

  std::string Record(const std::string& path, std::uint32_t mask, const std::string& name,
                     std::uint32_t cookie = 0) {
    inotify_event head{};
    head.wd = path.empty() ? -1 : wds[path];
    head.mask = mask;
    head.cookie = cookie;
    head.len = name.empty() ? 0 : static_cast<std::uint32_t>(name.size() + 1);
    return std::string(reinterpret_cast<const char*>(&head), sizeof(head)) +
           (name.empty() ? "" : name + std::string(1, '\0'));
  }

  int init = 9;
  int next_wd = 1;
  std::map<std::string, std::vector<std::string>> tree = {{"r", {}}};  // directory -> names
  std::map<std::string, int> wds;
  std::map<std::string, int> watch_errors;
  std::deque<std::string> reads;
  std::vector<int> removed;
};

class InotifyWatcherTest : public ::testing::Test {
 protected:
  void Step() { EXPECT_TRUE(watcher_.Step().ok()); }

  FakeKernel kernel_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  InotifyWatcher watcher_{
      {.directory = "r", .only = {}, .only_path = {}, .recursive = true}, kernel_, clock_, receiver_};
};

TEST_F(InotifyWatcherTest, HalvesOfARenameInTwoReadsAreOneEvent) {
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "a", 5), kernel_.Record("r", IN_MOVED_TO, "b", 5)};
  Step();
  EXPECT_EQ(watcher_.Timeout(), kRenameWait);
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileRenamed, "r/b")));
  EXPECT_EQ(watcher_.Timeout(), absl::InfiniteDuration());
}

TEST_F(InotifyWatcherTest, AHalfWithoutItsOtherIsADeletionAfterTheWait) {
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "a", 5)};
  Step();
  clock_.Advance(kRenameWait - absl::Nanoseconds(1));
  Step();
  EXPECT_THAT(receiver_.events(), IsEmpty());
  clock_.Advance(absl::Nanoseconds(1));
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileDeleted, "r/a")));
}

TEST_F(InotifyWatcherTest, MovedOutDirectoriesGiveTheirWatchesBack) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"e"}}, {"r/d/e", {}}};
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5)};
  Step();
  clock_.Advance(kRenameWait);
  Step();
  EXPECT_THAT(kernel_.removed, ::testing::UnorderedElementsAre(kernel_.wds["r/d"], kernel_.wds["r/d/e"]));
}

TEST_F(InotifyWatcherTest, WhatIsSaidBetweenTheHalvesOfARenameIsOfTheNewPath) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {}}};
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {
      kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5) + kernel_.Record("r/d", IN_CREATE, "f"),
      kernel_.Record("r", IN_MOVED_TO | IN_ISDIR, "e", 5)};
  Step();
  EXPECT_THAT(receiver_.events(), IsEmpty());
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileRenamed, "r/e"), IsEvent(Action::kFileCreated, "r/e/f")));
}

TEST_F(InotifyWatcherTest, ATreeThatLeftAndIsBusyIsGivenUpBeforeTheWait) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {}}};
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM | IN_ISDIR, "d", 5)};
  for (int i = 0; i < 10'001; ++i) kernel_.reads.push_back(kernel_.Record("r/d", IN_MODIFY, "f"));
  while (!kernel_.reads.empty()) Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileDeleted, "r/d")));
  EXPECT_THAT(kernel_.removed, ElementsAre(kernel_.wds["r/d"]));
}

TEST_F(InotifyWatcherTest, WhatLeftIsToldBeforeWhatTakesItsPlace) {
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_MOVED_FROM, "a", 5) + kernel_.Record("r", IN_CREATE, "a")};
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileDeleted, "r/a"), IsEvent(Action::kFileCreated, "r/a")));
}

TEST_F(InotifyWatcherTest, AnOverflowIsOneForceReloadAndNewDirectoriesAreWatched) {
  kernel_.tree = {{"r", {"old"}}, {"r/old", {}}};
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.tree = {{"r", {"new"}}, {"r/new", {"deep"}}, {"r/new/deep", {}}};
  kernel_.reads = {kernel_.Record("", IN_Q_OVERFLOW, "")};
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("r")));
  EXPECT_THAT(kernel_.removed, ElementsAre(kernel_.wds["r/old"]));
  kernel_.reads = {kernel_.Record("r/new/deep", IN_CREATE, "f")};
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsForceReload("r"), IsEvent(Action::kFileCreated, "r/new/deep/f")));
}

TEST_F(InotifyWatcherTest, GarbageFromTheKernelIsSaidAsALoss) {
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {kernel_.Record("r", IN_CREATE, "f") + "garbage"};
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "r/f"), IsForceReload("r")));
  EXPECT_THAT(receiver_.errors(), SizeIs(1));
}

TEST_F(InotifyWatcherTest, AnInterruptedReadIsTriedAgain) {
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.reads = {"EINTR", kernel_.Record("r", IN_CREATE, "f")};
  Step();
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "r/f")));
}

TEST_F(InotifyWatcherTest, WhatAListingToldTheKernelDoesNotTellAgain) {
  ASSERT_TRUE(watcher_.Open().ok());
  kernel_.tree = {{"r", {"d"}}, {"r/d", {"f", "e"}}, {"r/d/e", {}}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d")};
  Step();
  kernel_.reads = {kernel_.Record("r/d", IN_CREATE, "f") + kernel_.Record("r/d", IN_CREATE | IN_ISDIR, "e")};
  Step();
  Step();  // nothing to read
  Step();  // still nothing: what was listed is forgotten
  kernel_.reads = {kernel_.Record("r/d", IN_DELETE, "f") + kernel_.Record("r/d", IN_CREATE, "f")};
  Step();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileCreated, "r/d"), IsEvent(Action::kFileCreated, "r/d/f"),
                          IsEvent(Action::kFileCreated, "r/d/e"), IsEvent(Action::kFileDeleted, "r/d/f"),
                          IsEvent(Action::kFileCreated, "r/d/f")));
}

TEST_F(InotifyWatcherTest, OutOfWatchesNamesTheSysctlOnceAndTheRestGoesOn) {
  kernel_.tree = {{"r", {"a", "b", "c"}}, {"r/a", {}}, {"r/b", {}}, {"r/c", {}}};
  kernel_.watch_errors = {{"r/a", ENOSPC}, {"r/b", ENOSPC}};
  ASSERT_TRUE(watcher_.Open().ok());
  ASSERT_THAT(receiver_.errors(), SizeIs(1));
  EXPECT_EQ(receiver_.errors()[0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr("fs.inotify.max_user_watches"));
  kernel_.reads = {kernel_.Record("r/c", IN_CREATE, "f")};
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "r/c/f")));
}

TEST_F(InotifyWatcherTest, OutOfInstancesNamesTheSysctl) {
  kernel_.init = -EMFILE;
  const absl::Status status = watcher_.Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("fs.inotify.max_user_instances"));
}

TEST_F(InotifyWatcherTest, ADirectoryThatMayNotBeReadOrVanishesDoesNotStopTheRest) {
  kernel_.tree = {{"r", {"secret", "gone", "ok"}}, {"r/secret", {}}, {"r/gone", {}}, {"r/ok", {}}};
  kernel_.watch_errors = {{"r/secret", EACCES}, {"r/gone", ENOENT}};
  ASSERT_TRUE(watcher_.Open().ok());
  ASSERT_THAT(receiver_.errors(), SizeIs(1));
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr("r/secret: may not be read"));
  kernel_.reads = {kernel_.Record("r/ok", IN_MODIFY, "f")};
  Step();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/ok/f")));
}

TEST_F(InotifyWatcherTest, WhatHappensWhileTheWatchesAreSetIsNotTold) {
  kernel_.tree = {{"r", {"d"}}, {"r/d", {}}};
  kernel_.wds = {{"r", 1}, {"r/d", 2}};
  kernel_.reads = {kernel_.Record("r", IN_CREATE | IN_ISDIR, "d") + kernel_.Record("r/d", IN_CREATE, "f")};
  ASSERT_TRUE(watcher_.Open().ok());
  Step();
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

}  // namespace
}  // namespace lookout::file_internal
