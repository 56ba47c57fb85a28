// Black-box cases of limits: of the kernel's queue and watches, of permissions, of names, and of size.
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/adapters/file/small_queue_kernel.h"
#include "lookout/events/event.h"
#include "lookout/events/event_json.h"
#include "lookout/events/source.h"

namespace lookout::file_internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

class FileCasesLimitsTest : public FileCasesTest {
 protected:
  void MakeFile(const std::string& relative) const {
    PCHECK(mknod(dir_.Path(relative).c_str(), S_IFREG | 0644, 0) == 0) << relative;
  }
  // The source is held up, until Release(). Who polls has nothing to tell before somebody looks.
  void Gate() {
    tree_->Hold();
    MakeFile(absl::StrCat("gate", ++gates_));
    if (!polls()) tree_->AwaitHeld();
  }
  bool is_fanotify() const { return GetParam() == FileBackend::kFanotify; }

  SmallQueueKernel small_{16};

 private:
  int gates_ = 0;
};

// Records that the kernel's queues hold, by their sysctls.
int QueueSize(FileBackend backend) {
  std::ifstream file(backend == FileBackend::kFanotify ? "/proc/sys/fs/fanotify/max_queued_events"
                                                       : "/proc/sys/fs/inotify/max_queued_events");
  int size = 0;
  file >> size;
  return size;
}

// 33
TEST_P(FileCasesLimitsTest, AnOverflowIsSaidOnceAndThenWhatIsMissing) {
  const int burst = QueueSize(GetParam()) + 2000;
  if (burst > 100'000) GTEST_SKIP() << "a queue of " << burst << " is not filled in a second";
  Watch(dir_.path());
  Gate();
  for (int i = 0; i < burst; ++i) MakeFile(absl::StrCat("f", i));
  tree_->Release();
  if (is_fanotify()) {
    // It keeps no list of what it told, and so knows no difference: who is told of a loss reads again.
    tree_->CatchUp();
    EXPECT_EQ(Only("force_reload", tree_->ToldSoFar()).size(), 1u);
    tree_->Reread();
  } else {
    EXPECT_EQ(Only("force_reload", Told()).size(), polls() ? 0u : 1u);
  }
  dir_.AppendFile("f0", "x");
  EXPECT_THAT(Told(), ElementsAre("written f0"));
}

// 34
TEST_P(FileCasesLimitsTest, DirectoriesMadeDuringAnOverflowAreWatched) {
  ASSERT_EQ(Watch({.path = dir_.path()}, small_), absl::OkStatus());
  for (int round = 0; round < 5; ++round) {
    Gate();
    for (int i = 0; i < 30; ++i) dir_.MakeDirs(absl::StrCat("d", round, "/e", i % 5, "/g", i));
    for (int i = 0; i < 30; ++i) MakeFile(absl::StrCat("burst", round, ".", i));
    tree_->Release();
    Told();
    for (int i = 0; i < 30; i += 7) {
      const std::string file = absl::StrCat("d", round, "/e", i % 5, "/g", i, "/f");
      dir_.WriteFile(file);
      ASSERT_THAT(Told(), Contains("created " + file));
    }
  }
  if (GetParam() == FileBackend::kInotify) {
    EXPECT_GT(tree_->source().counters().overflows, 0u);
  }
}

// 36, 37: nobody moves the clock.
TEST_P(FileCasesLimitsTest, WhatWasWrittenBeforeASyncIsToldBeforeItReturns) {
  dir_.MakeDirs("d");
  Watch(dir_.path());
  for (int i = 0; i < 200; ++i) {
    dir_.WriteFile(absl::StrCat("d/f", i), "x");
    ASSERT_EQ(tree_->source().Sync(absl::InfiniteDuration()), absl::OkStatus());
    ASSERT_THAT(tree_->ToldSoFar(), Contains(absl::StrCat("created d/f", i)));
  }
}

// 37
TEST_P(FileCasesLimitsTest, ASyncOfAReadOnlyTreeReturns) {
  if (!HasOwnFileSystem()) GTEST_SKIP();
  outside_.WriteFile("d/f", "x");
  dir_.MakeDirs("ro");
  const ScopedMount mount = ScopedMount::ReadOnlyBind(outside_.path(), dir_.Path("ro"));
  Watch(dir_.Path("ro"));
  EXPECT_EQ(tree_->source().Sync(absl::InfiniteDuration()), absl::OkStatus());
  outside_.AppendFile("d/f", "y");
  EXPECT_THAT(Told(), ElementsAre("written ro/d/f"));
  tree_ = nullptr;
}

// 38
TEST_P(FileCasesLimitsTest, WhereWatchesAreUsedUpTheRestIsLookedAt) {
  if (!HasOwnFileSystem()) GTEST_SKIP();
  for (int d = 0; d < 40; ++d) dir_.MakeDirs(absl::StrCat("d", d));
  {
    const ScopedLimit limit("max_inotify_watches", 25);
    Watch(dir_.path());
    for (int d = 0; d < 40; ++d) dir_.WriteFile(absl::StrCat("d", d, "/f"), "x");
    EXPECT_EQ(Only("created", Told()).size(), 40u) << "all are covered";
    const Lines errors = tree_->TakeErrors();
    if (GetParam() == FileBackend::kInotify) {
      ASSERT_EQ(errors.size(), 1u) << "said once";
      EXPECT_THAT(errors[0], HasSubstr("max_user_watches"));
      EXPECT_GT(tree_->source().counters().polled, 0u);
      EXPECT_GT(tree_->source().counters().watched, 0u);
    } else {
      EXPECT_THAT(errors, IsEmpty());
    }
  }
  // Raised again: what is looked at is watched, once it was looked at.
  dir_.AppendFile("d0/f", "y");
  Told();
  Told();
  if (GetParam() == FileBackend::kInotify) {
    EXPECT_EQ(tree_->source().counters().polled, 0u);
  }
}

// 39
TEST_P(FileCasesLimitsTest, WhereInstancesAreUsedUpItIsSaidWhatToRaise) {
  if (!HasOwnFileSystem()) GTEST_SKIP();
  dir_.MakeDirs("d");
  const ScopedLimit limit("max_inotify_instances", 0);
  const absl::Status started = Watch({.path = dir_.path()});
  const Lines errors = tree_->TakeErrors();
  if (GetParam() == FileBackend::kInotify) {
    EXPECT_EQ(started.code(), absl::StatusCode::kResourceExhausted) << started;
    EXPECT_THAT(started.message(), HasSubstr("max_user_instances"));
    return;
  }
  ASSERT_EQ(started, absl::OkStatus());
  if (!polls()) {
    EXPECT_THAT(errors, ElementsAre(HasSubstr("max_user_instances"))) << "of the path, once";
  }
  dir_.WriteFile("d/f");
  EXPECT_THAT(Told(), ElementsAre("created d/f"));
}

// 39: where it may choose.
TEST_P(FileCasesLimitsTest, WithoutInstancesTheAutomaticChoiceStillWorks) {
  if (!HasOwnFileSystem() || !polls()) GTEST_SKIP() << "once is enough";
  const ScopedLimit limit("max_inotify_instances", 0);
  const ScopedLimit groups("max_fanotify_groups", 0);
  tree_ = std::make_unique<WatchedTree>(FileSourceOptions{.path = dir_.path(), .recursive = true},
                                        dir_.path(), clock_);
  ASSERT_EQ(tree_->Start(), absl::OkStatus());
  EXPECT_THAT(tree_->TakeErrors(), Contains(HasSubstr("max_user_instances")));
  dir_.WriteFile("d/f");
  EXPECT_THAT(Told(), ElementsAre("created d/", "created d/f"));
}

// This thread, and those that it starts, may not read what its user may not, for the life of the object.
class WithoutPrivileges {
 public:
  WithoutPrivileges() {
    Call(SYS_capget, before_);
    std::vector<__user_cap_data_struct> fewer = before_;
    fewer[0].effective &= ~((1u << CAP_DAC_OVERRIDE) | (1u << CAP_DAC_READ_SEARCH));
    Call(SYS_capset, fewer);
  }
  ~WithoutPrivileges() { Call(SYS_capset, before_); }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  static void Call(long number, std::vector<__user_cap_data_struct>& data) {
    __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    PCHECK(syscall(number, &header, data.data()) == 0);
  }
  std::vector<__user_cap_data_struct> before_{2};
};

// 40
TEST_P(FileCasesLimitsTest, ADirectoryThatMayNotBeReadIsNamedAndTheRestWorks) {
  dir_.MakeDirs("closed");
  dir_.WriteFile("open/f", "x");
  dir_.Chmod("closed", 0);
  if (is_fanotify()) {
    Watch(dir_.path());  // who may use it may read everything
  } else {
    const WithoutPrivileges here;
    Watch(dir_.path());
    EXPECT_THAT(Told(), IsEmpty());
    EXPECT_THAT(tree_->TakeErrors(), ElementsAre(HasSubstr(dir_.Path("closed"))));
  }
  dir_.AppendFile("open/f", "y");
  EXPECT_THAT(Told(), ElementsAre("written open/f"));
  EXPECT_THAT(tree_->TakeErrors(), IsEmpty()) << "said once";
}

// 40: names may be had, but nothing of what they are of.
TEST_P(FileCasesLimitsTest, WhatMayBeListedButNotSearchedIsNotGone) {
  if (!polls() || geteuid() != 0)
    GTEST_SKIP() << "who watches asks for no status; and the model's must be had";
  for (const char* name : {"same", "written", "removed"}) dir_.WriteFile(absl::StrCat("d/", name), "x");
  {
    const WithoutPrivileges here;
    Watch(dir_.path());
  }
  dir_.Chmod("d", 0444);
  EXPECT_THAT(Told(), IsEmpty());
  dir_.Chmod("d", 0700);
  dir_.AppendFile("d/written", "y");
  dir_.Remove("d/removed");
  dir_.WriteFile("d/new");
  dir_.Chmod("d", 0444);
  tree_->CatchUp();
  EXPECT_THAT(tree_->ToldSoFar(), UnorderedElementsAre("deleted d/removed", "created d/new"));
  dir_.Chmod("d", 0700);
  EXPECT_THAT(Told(), ElementsAre("written d/written"));
}

// 43
TEST_P(FileCasesLimitsTest, NamesOfAnyBytesAreToldAsTheyAre) {
  const std::vector<std::string> names = {std::string(255, 'n'),
                                          "\xff\xfe",
                                          "two\nlines",
                                          "\"quoted\" 'twice'",
                                          "-rf",
                                          " ",
                                          "tab\there",
                                          "back\\slash",
                                          "\x01\x1b[31m",
                                          "ü",
                                          "*?[a-z]",
                                          "..."};
  Watch(dir_.path());
  for (const std::string& name : names) {
    dir_.WriteFile(name);
    EXPECT_THAT(Told(), ElementsAre("created " + name));
    ASSERT_EQ(tree_->last_events().size(), 1u);
    EXPECT_EQ(EventToJson(tree_->last_events()[0]).find('\n'), std::string::npos) << "one record";
    dir_.WriteFile(absl::StrCat("d/", name, "/", name));
    EXPECT_THAT(Told(), IsSupersetOf({absl::StrCat("created d/", name, "/"),
                                      absl::StrCat("created d/", name, "/", name)}));
  }
}

// 43
TEST_P(FileCasesLimitsTest, PathsThatAreLongerThanACallTakesAreToldToo) {
  if (is_fanotify()) GTEST_SKIP() << "which names such a path by its handle";
  Watch(dir_.path());
  std::string bottom;
  int at = open(dir_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  while (bottom.size() <= PATH_MAX) {
    const std::string name(200, 'n');
    PCHECK(mkdirat(at, name.c_str(), 0700) == 0);
    const int next = openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    PCHECK(next >= 0);
    close(std::exchange(at, next));
    absl::StrAppend(&bottom, name, "/");
  }
  const int file = openat(at, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  PCHECK(file >= 0);
  tree_->CatchUp();
  EXPECT_THAT(tree_->ToldSoFar(),
              IsSupersetOf({absl::StrCat("created ", bottom), absl::StrCat("created ", bottom, "f")}));
  PCHECK(write(file, "x", 1) == 1);
  tree_->CatchUp();
  EXPECT_THAT(tree_->ToldSoFar(), ElementsAre(absl::StrCat("written ", bottom, "f")));
  PCHECK(unlinkat(at, "f", 0) == 0);
  tree_->CatchUp();
  EXPECT_THAT(tree_->ToldSoFar(), ElementsAre(absl::StrCat("deleted ", bottom, "f")));
  close(file);
  close(at);
}

// 44
TEST_P(FileCasesLimitsTest, HiddenFilesAreToldLikeOthers) {
  Watch(dir_.path());
  dir_.WriteFile(".hidden");
  dir_.WriteFile(".git/index");
  EXPECT_THAT(Told(), UnorderedElementsAre("created .hidden", "created .git/", "created .git/index"));
}

// Stops its source from within the source's own call.
class StoppingReceiver final : public Receiver {
 public:
  explicit StoppingReceiver(std::stop_source stop) : stop_(std::move(stop)) {}
  void OnReady() override {}
  bool OnEvent(Event) override {
    stop_.request_stop();
    return true;
  }
  void OnError(absl::Status error) override { ADD_FAILURE() << error; }

 private:
  std::stop_source stop_;
};

// 53
TEST_P(FileCasesLimitsTest, AReceiverMayStopItsOwnSource) {
  auto source = FileSource::Create({.path = dir_.path(), .recursive = true, .backend = GetParam()}, clock_);
  ASSERT_TRUE(source.ok());
  std::stop_source stop;
  StoppingReceiver receiver(stop);
  absl::Status result = absl::UnknownError("not ended");
  std::jthread thread([&] { result = (*source)->Run(stop.get_token(), receiver); });
  clock_.AwaitWaiters(1);  // it is ready, and has nothing to do
  dir_.WriteFile("f");
  if (polls()) clock_.Advance(absl::Seconds(2));
  thread.join();
  EXPECT_EQ(result, absl::OkStatus());
}

LOOKOUT_FILE_CASES(FileCasesLimitsTest);

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
