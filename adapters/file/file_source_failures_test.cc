// Each system call fails under a whole file source: the rest goes on, and the error names the path and the
// cure.
#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_file_kernel.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/session_control.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout::file_internal {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

MATCHER_P3(Says, code, path, cure, "") {
  return arg.code() == code && ::testing::ExplainMatchResult(AllOf(HasSubstr(path), HasSubstr(cure)),
                                                             std::string(arg.message()), result_listener);
}

constexpr absl::StatusCode kDenied = absl::StatusCode::kPermissionDenied;
constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;

class FileSourceFailureTest : public ::testing::Test {
 protected:
  FileSourceFailureTest() {
    kernel_.AddDirectory("r");
    kernel_.AddFile("r/f");
  }
  FileSource& Make(FileBackend backend, std::string path = "r") {
    auto source =
        FileSource::Create({.path = std::move(path), .recursive = true, .backend = backend}, clock_, kernel_);
    source_ = *std::move(source);
    return *source_;
  }
  absl::Status RunToItsEnd(FileBackend backend, std::string path = "r") {
    return Make(backend, std::move(path)).Run({}, receiver_);
  }

  FakeFileKernel kernel_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<FileSource> source_;
};

TEST_F(FileSourceFailureTest, WithoutAnInstanceEverythingIsLookedAt) {
  kernel_.Fail(Call::kInit, "", EMFILE);
  SourceRun run(Make(FileBackend::kAuto), receiver_);
  receiver_.WaitForReady();
  EXPECT_THAT(receiver_.errors(), Each(Says(kExhausted, "r: ", "fs.inotify.max_user_instances")));
  EXPECT_THAT(receiver_.errors(), Contains(Says(kExhausted, "r", "is looked at every 1s")));
  clock_.AwaitTimers(1);
  kernel_.AddFile("r/new");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileCreated, "r/new")));
  EXPECT_EQ(source_->counters().backend, FileBackend::kPoll);
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, WhenAnInstanceIsToBeHadAgainEverythingIsWatched) {
  kernel_.AddDirectory("r/d");
  kernel_.AddFile("r/d/f");
  kernel_.Fail(Call::kInit, "", EMFILE);
  SourceRun run(Make(FileBackend::kAuto), receiver_);
  receiver_.WaitForReady();
  clock_.AwaitTimers(1);
  kernel_.Write("r/d/f");  // between the last look and the watch
  kernel_.Heal();
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "r/d/f")));
  clock_.AwaitWaiters(1);
  EXPECT_EQ(clock_.timers(), 0) << "nothing is to be looked at";
  EXPECT_EQ(kernel_.instances(), 2) << "of the path, and of the tree";
  kernel_.Record("r", IN_MODIFY, "f");
  receiver_.WaitForCount(2);
  kernel_.Remove("r");
  kernel_.Record(".", IN_DELETE | IN_ISDIR, "r");
  EXPECT_THAT(receiver_.WaitForCount(3),
              ElementsAre(IsEvent(Action::kFileWritten, "r/d/f"), IsEvent(Action::kFileWritten, "r/f"),
                          IsEvent(Action::kFileDeleted, "r")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
  EXPECT_EQ(kernel_.instances(), 0);
}

TEST_F(FileSourceFailureTest, WhenAnInstanceIsToBeHadAgainAFileIsWatched) {
  kernel_.AddFile("f");
  kernel_.Fail(Call::kInit, "", EMFILE);
  SourceRun run(Make(FileBackend::kAuto, "f"), receiver_);
  receiver_.WaitForReady();
  clock_.AwaitTimers(1);
  kernel_.Write("f");  // between the last look and the watch
  kernel_.Heal();
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "f")));
  clock_.AwaitWaiters(1);
  EXPECT_EQ(clock_.timers(), 0) << "nothing is to be looked at";
  kernel_.Record("f", IN_MODIFY);
  receiver_.WaitForCount(2);
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, WithoutAnInstanceWhereInotifyWasAskedForItEnds) {
  kernel_.Fail(Call::kInit, "#1", EMFILE);
  EXPECT_THAT(RunToItsEnd(FileBackend::kInotify), Says(kExhausted, "r: ", "fs.inotify.max_user_instances"));
  EXPECT_EQ(receiver_.ready_count(), 0);
  EXPECT_EQ(kernel_.instances(), 0);
}

TEST_F(FileSourceFailureTest, APathThatMayNotBeLookedUpEndsItWithPathAndCure) {
  kernel_.Fail(Call::kStatus, "r", EACCES);
  EXPECT_THAT(RunToItsEnd(FileBackend::kAuto), Says(kDenied, "r: ", "allow"));
}

TEST_F(FileSourceFailureTest, APathWhoseStatusFailsEndsItWithThePath) {
  kernel_.Fail(Call::kStatus, "r", EIO);
  EXPECT_THAT(RunToItsEnd(FileBackend::kAuto), Says(absl::StatusCode::kUnknown, "r: ", "Input/output error"));
}

TEST_F(FileSourceFailureTest, AWayThatCannotBeWatchedIsLookedAtAndTheTreeIsToldAsEver) {
  kernel_.Fail(Call::kAddWatch, ".", EACCES);
  SourceRun run(Make(FileBackend::kInotify), receiver_);
  receiver_.WaitForReady();
  EXPECT_THAT(receiver_.errors(), ElementsAre(Says(kDenied, ".: ", "allow reading it")));
  clock_.AwaitTimers(1);
  kernel_.Record("r", IN_MODIFY, "f");
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "r/f")));
  kernel_.Remove("r");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(2), Contains(IsEvent(Action::kFileDeleted, "r")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, AFileThatMayNotBeReadIsLookedAt) {
  kernel_.AddFile("f");
  kernel_.Fail(Call::kAddWatch, "f", EACCES);
  SourceRun run(Make(FileBackend::kAuto, "f"), receiver_);
  receiver_.WaitForReady();
  EXPECT_THAT(receiver_.errors(), ElementsAre(Says(kDenied, "f: ", "allow reading it")));
  clock_.AwaitTimers(1);
  kernel_.Write("f");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "f")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, AfterAnOverflowAFileIsToldAsWrittenIfItWas) {
  kernel_.AddFile("f");
  SourceRun run(Make(FileBackend::kInotify, "f"), receiver_);
  receiver_.WaitForReady();
  inotify_event overflow{};
  overflow.wd = -1;
  overflow.mask = IN_Q_OVERFLOW;
  const std::string record(reinterpret_cast<const char*>(&overflow), sizeof(overflow));
  kernel_.Write("f");
  kernel_.Bytes(0, record);
  EXPECT_THAT(receiver_.WaitForCount(2), ElementsAre(IsForceReload("f"), IsEvent(Action::kFileWritten, "f")));
  receiver_.Clear();
  kernel_.Write("f");
  kernel_.Record("f", IN_MODIFY);
  receiver_.WaitForCount(1);
  kernel_.Bytes(0, record);
  receiver_.WaitForCount(2);
  kernel_.Bytes(0, "garbage");
  receiver_.WaitForCount(3);
  kernel_.Remove("f");
  kernel_.Record(".", IN_DELETE, "f");
  EXPECT_THAT(receiver_.WaitUntil([](const std::vector<Event>& events) {
    return !events.empty() && events.back().action == Action::kFileDeleted;
  }),
              ElementsAre(IsEvent(Action::kFileWritten, "f"), IsForceReload("f"), IsForceReload("f"),
                          IsEvent(Action::kFileDeleted, "f")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
  EXPECT_EQ(source_->counters().overflows, 2u);
}

TEST_F(FileSourceFailureTest, AWriteThatTheKernelToldIsNotFoundAgainByALook) {
  kernel_.AddFile("f");
  kernel_.Fail(Call::kAddWatch, ".", EACCES);
  SourceRun run(Make(FileBackend::kInotify, "f"), receiver_);
  receiver_.WaitForReady();
  clock_.AwaitTimers(1);
  kernel_.Write("f");
  kernel_.Record("f", IN_MODIFY);
  receiver_.WaitForCount(1);
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  clock_.AwaitTimers(1);
  kernel_.Remove("f");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitUntil([](const std::vector<Event>& events) {
    return !events.empty() && events.back().action == Action::kFileDeleted;
  }),
              ElementsAre(IsEvent(Action::kFileWritten, "f"), IsEvent(Action::kFileDeleted, "f")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, AReadOfTheTreeThatFailsEndsItWithThePath) {
  SourceRun run(Make(FileBackend::kInotify), receiver_);
  receiver_.WaitForReady();
  kernel_.Fail(Call::kRead, "#1", EIO);
  kernel_.Record("r", IN_MODIFY, "f");
  EXPECT_THAT(run.AwaitEnd(), Says(absl::StatusCode::kUnknown, "r: ", "Input/output error"));
}

TEST_F(FileSourceFailureTest, AReadOfTheWayThatFailsIsSaidAndTheTreeIsToldAsEver) {
  SourceRun run(Make(FileBackend::kInotify), receiver_);
  receiver_.WaitForReady();
  kernel_.Fail(Call::kRead, "#0", EIO);
  kernel_.Record(".", IN_CREATE, "other");
  EXPECT_THAT(receiver_.WaitForErrors(1),
              ElementsAre(Says(absl::StatusCode::kUnknown, "r: ", "Input/output error")));
  kernel_.Record("r", IN_MODIFY, "f");
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "r/f")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, AStatusThatFailsOnTheWayIsAskedForAgain) {
  SourceRun run(Make(FileBackend::kInotify), receiver_);
  receiver_.WaitForReady();
  kernel_.Fail(Call::kStatus, "r", EIO, 1);
  kernel_.Record(".", IN_MOVED_TO | IN_ISDIR, "r");
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  kernel_.Record("r", IN_MODIFY, "f");
  receiver_.WaitUntil([](const std::vector<Event>& events) {
    return !events.empty() && events.back().action == Action::kFileWritten;
  });
  EXPECT_THAT(receiver_.errors(), ElementsAre(Says(absl::StatusCode::kUnknown, "r: ", "Input/output error")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, ARootThatCannotBeListedForAWhileIsNotGone) {
  SourceRun run(Make(FileBackend::kPoll), receiver_);
  receiver_.WaitForReady();
  kernel_.Fail(Call::kList, "r", EIO);
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForErrors(1),
              ElementsAre(Says(absl::StatusCode::kUnknown, "r: ", "Input/output error")));
  clock_.AwaitTimers(1);
  kernel_.Heal();
  kernel_.AddFile("r/new");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileCreated, "r/new")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, SettingTheWallClockBackDoesNotHoldUpTheLooks) {
  SourceRun run(Make(FileBackend::kPoll), receiver_);
  receiver_.WaitForReady();
  clock_.AwaitTimers(1);
  clock_.StepWallClock(-absl::Hours(1));
  kernel_.AddFile("r/new");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileCreated, "r/new")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, AFileIsLookedAtWhereverTheWallClockIsSet) {
  kernel_.AddFile("f");
  SourceRun run(Make(FileBackend::kPoll, "f"), receiver_);
  receiver_.WaitForReady();
  clock_.AwaitTimers(1);
  clock_.StepWallClock(-absl::Hours(1));
  kernel_.Write("f");
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileWritten, "f")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSourceFailureTest, AWayThatCannotBeWatchedAnyMoreIsSaid) {
  SourceRun run(Make(FileBackend::kInotify), receiver_);
  receiver_.WaitForReady();
  kernel_.Fail(Call::kAddWatch, ".", ENOSPC);
  kernel_.Record(".", IN_MOVED_TO | IN_ISDIR, "r");
  EXPECT_THAT(receiver_.WaitForErrors(1),
              ElementsAre(Says(kExhausted, ".: ", "fs.inotify.max_user_watches")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

// While it lives the process has no descriptor left.
class NoDescriptorsLeft {
 public:
  NoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none = {.rlim_cur = 0, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptorsLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_;
};

TEST(SessionControlFailureTest, WithoutADescriptorASyncWaitsForTheThreadToWakeByItself) {
  auto none_left = std::make_unique<NoDescriptorsLeft>();
  SessionControl control;
  none_left = nullptr;
  EXPECT_EQ(control.wake_fd(), -1);
  FakeClock clock;
  control.Begin();
  absl::Status synced = absl::UnknownError("not yet");
  std::jthread other([&] { synced = control.Sync(clock, absl::Seconds(1)); });
  clock.AwaitTimers(1);
  control.Answer(control.Asked());
  other.join();
  EXPECT_EQ(synced, absl::OkStatus());

  other = std::jthread([&] { synced = control.Sync(clock, absl::Seconds(1)); });
  clock.AwaitTimers(1);
  clock.Advance(absl::Seconds(1));
  other.join();
  EXPECT_TRUE(absl::IsDeadlineExceeded(synced)) << synced;
  EXPECT_THAT(std::string(synced.message()), HasSubstr("1s"));
}

// Else it would find something to do for ever.
TEST(SessionControlFailureTest, ASyncThatWasNotAnsweredDoesNotWakeTheNextRun) {
  SessionControl control;
  FakeClock clock;
  control.Begin();
  EXPECT_TRUE(absl::IsDeadlineExceeded(control.Sync(clock, absl::ZeroDuration())));
  control.End();
  control.Begin();
  static_cast<void>(control.Asked());
  pollfd wake = {.fd = control.wake_fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&wake, 1, 0), 0);
  EXPECT_TRUE(absl::IsDeadlineExceeded(control.Sync(clock, absl::ZeroDuration())));
  EXPECT_EQ(poll(&wake, 1, 0), 1);
}

TEST_F(FileSourceFailureTest, WithoutADescriptorItEndsWithPathAndCure) {
  FileSource& source = Make(FileBackend::kPoll);
  const NoDescriptorsLeft none_left;
  EXPECT_THAT(source.Run({}, receiver_), Says(kExhausted, "r: ", "ulimit -n"));
}

}  // namespace
}  // namespace lookout::file_internal
