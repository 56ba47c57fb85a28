// Each system call fails under the inotify back end: the rest goes on, and the error names the path and the
// cure.
#include <sys/inotify.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_file_kernel.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"

namespace lookout::file_internal {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

MATCHER_P3(Says, code, path, cure, "") {
  return arg.code() == code && ::testing::ExplainMatchResult(AllOf(HasSubstr(path), HasSubstr(cure)),
                                                             std::string(arg.message()), result_listener);
}

constexpr absl::StatusCode kDenied = absl::StatusCode::kPermissionDenied;
constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;

struct Failure {
  std::string name;
  Call call;
  std::string path;
  int error;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string said_path = {};
  std::string said = {};
};

std::string Overflow() {
  inotify_event overflow{};
  overflow.wd = -1;
  overflow.mask = IN_Q_OVERFLOW;
  return std::string(reinterpret_cast<const char*>(&overflow), sizeof(overflow));
}

std::string NameOf(const ::testing::TestParamInfo<Failure>& info) { return info.param.name; }

class RootWatchFailureTest : public ::testing::Test {
 protected:
  absl::Status Open() {
    return watcher_.Open(TreeWatcher::Found::kSilent, [](std::uint64_t) { return true; });
  }
  void StepAll() {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(watcher_.Step().ok());
  }

  FakeFileKernel kernel_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  InotifyWatcher watcher_{{.directory = "r", .recursive = true}, kernel_, clock_, receiver_};
};

class TreeFailureTest : public RootWatchFailureTest, public ::testing::WithParamInterface<Failure> {
 protected:
  TreeFailureTest() {
    for (const char* directory : {"r", "r/bad", "r/good"}) kernel_.AddDirectory(directory);
    for (const char* file : {"r/bad/a", "r/bad/b", "r/good/f"}) kernel_.AddFile(file);
    kernel_.Fail(GetParam().call, GetParam().path, GetParam().error);
  }
};

class DirectoryFailureTest : public TreeFailureTest {};

TEST_P(DirectoryFailureTest, IsSaidOnceTheRestGoesOnAndItIsTriedAgain) {
  ASSERT_EQ(Open(), absl::OkStatus());
  EXPECT_THAT(receiver_.errors(), ElementsAre(Says(GetParam().code, GetParam().said_path, GetParam().said)));
  kernel_.Write("r/good/f");
  kernel_.Record("r/good", IN_MODIFY, "f");
  StepAll();
  clock_.Advance(absl::Seconds(1));  // where one has no watch, the next may not have been asked for one
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/good/f")));
  EXPECT_THAT(receiver_.errors(), SizeIs(1));

  kernel_.Heal();
  kernel_.AddFile("r/bad/new");
  clock_.Advance(absl::Seconds(1));
  StepAll();
  EXPECT_THAT(receiver_.events(), Contains(IsEvent(Action::kFileCreated, "r/bad/new")).Times(1));
  receiver_.Clear();
  kernel_.Record("r/bad", IN_MODIFY, "a");
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/bad/a")));
  EXPECT_THAT(receiver_.errors(), IsEmpty());
  EXPECT_EQ(watcher_.counters().polled, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, DirectoryFailureTest,
    ::testing::Values(
        Failure{"WatchEACCES", Call::kAddWatch, "r/bad", EACCES, kDenied, "r/bad: ", "allow reading it"},
        Failure{"WatchENOSPC", Call::kAddWatch, "r/bad", ENOSPC, kExhausted,
                "r: ", "fs.inotify.max_user_watches"},
        Failure{"WatchENOMEM", Call::kAddWatch, "r/bad", ENOMEM, kExhausted, "r/bad: ", "memory"},
        Failure{"ListEACCES", Call::kList, "r/bad", EACCES, kDenied, "r/bad: ", "allow reading it"},
        Failure{"ListEMFILE", Call::kList, "r/bad", EMFILE, kExhausted, "r/bad: ", "ulimit -n"},
        Failure{"ListEIO", Call::kList, "r/bad", EIO, absl::StatusCode::kUnknown,
                "r/bad: ", "Input/output error"},
        Failure{"ListEIOHalfWay", Call::kListHalf, "r/bad", EIO, absl::StatusCode::kUnknown,
                "r/bad: ", "Input/output error"}),
    NameOf);

class VanishingTest : public TreeFailureTest {};

TEST_P(VanishingTest, IsNoErrorAndWhatTheKernelSaysOfItIsTold) {
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Record("r", IN_DELETE | IN_ISDIR, "bad");
  kernel_.Record("r/good", IN_MODIFY, "f");
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileDeleted, "r/bad"), IsEvent(Action::kFileWritten, "r/good/f")));
  EXPECT_THAT(receiver_.errors(), IsEmpty());
  EXPECT_EQ(watcher_.Timeout(), absl::InfiniteDuration());
}

INSTANTIATE_TEST_SUITE_P(Calls, VanishingTest,
                         ::testing::Values(Failure{"WatchENOENT", Call::kAddWatch, "r/bad", ENOENT},
                                           Failure{"WatchENOTDIR", Call::kAddWatch, "r/bad", ENOTDIR},
                                           Failure{"WatchELOOP", Call::kAddWatch, "r/bad", ELOOP},
                                           Failure{"ListENOENT", Call::kList, "r/bad", ENOENT},
                                           Failure{"ListENOTDIR", Call::kList, "r/bad", ENOTDIR}),
                         NameOf);

class RootFailureTest : public TreeFailureTest {};

TEST_P(RootFailureTest, EndsTheBeginningWithPathAndCure) {
  EXPECT_THAT(Open(), Says(GetParam().code, GetParam().said_path, GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Calls, RootFailureTest,
    ::testing::Values(
        Failure{"InitEMFILE", Call::kInit, "", EMFILE, kExhausted, "r: ", "fs.inotify.max_user_instances"},
        Failure{"InitENFILE", Call::kInit, "", ENFILE, kExhausted, "r: ", "Too many open files in system"},
        Failure{"InitENOMEM", Call::kInit, "", ENOMEM, kExhausted, "r: ", "memory"},
        Failure{"InitENOSYS", Call::kInit, "", ENOSYS, absl::StatusCode::kUnimplemented,
                "r: ", "inotify_init"},
        Failure{"WatchEACCES", Call::kAddWatch, "r", EACCES, kDenied, "r: ", "allow reading it"},
        Failure{"WatchENOENT", Call::kAddWatch, "r", ENOENT, absl::StatusCode::kNotFound, "r: ", ""},
        Failure{"ListEACCES", Call::kList, "r", EACCES, kDenied, "r: ", "allow reading it"},
        Failure{"ListEMFILE", Call::kList, "r", EMFILE, kExhausted, "r: ", "ulimit -n"},
        Failure{"ListENOENT", Call::kList, "r", ENOENT, absl::StatusCode::kNotFound, "r: ", ""}),
    NameOf);

class LaterRootFailureTest : public TreeFailureTest {
 protected:
  LaterRootFailureTest() {
    kernel_.Heal();
    kernel_.AddFile("r/f");
  }
  void Fail() { kernel_.Fail(GetParam().call, GetParam().path, GetParam().error); }
};

TEST_P(LaterRootFailureTest, IsSaidOnceNothingIsGoneAndItIsTriedAgain) {
  InotifyWatcher polling({.directory = "r", .recursive = true, .watch = false}, kernel_, clock_, receiver_);
  ASSERT_EQ(polling.Open(TreeWatcher::Found::kSilent, [](std::uint64_t) { return true; }), absl::OkStatus());
  const auto look = [&] {
    clock_.Advance(absl::Seconds(1));
    for (int i = 0; i < 10; ++i) ASSERT_EQ(polling.Step(), absl::OkStatus());
  };
  Fail();
  kernel_.Write("r/f");
  for (int i = 0; i < 3; ++i) look();
  EXPECT_THAT(receiver_.events(), IsEmpty());
  EXPECT_THAT(receiver_.errors(), ElementsAre(Says(GetParam().code, GetParam().said_path, GetParam().said)));
  kernel_.Heal();
  kernel_.AddFile("r/new");
  look();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileWritten, "r/f"), IsEvent(Action::kFileCreated, "r/new")));
  EXPECT_THAT(receiver_.errors(), SizeIs(1));
}

TEST_P(LaterRootFailureTest, AfterAnOverflowCostsNothingOfTheRestAndNothingInIt) {
  ASSERT_EQ(Open(), absl::OkStatus());
  Fail();
  kernel_.Write("r/f");
  kernel_.Write("r/good/f");
  kernel_.Bytes(0, Overflow());
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("r"), IsEvent(Action::kFileWritten, "r/good/f")));
  EXPECT_THAT(receiver_.errors(), ElementsAre(Says(GetParam().code, GetParam().said_path, GetParam().said)));
  receiver_.Clear();
  kernel_.Heal();
  clock_.Advance(absl::Seconds(1));
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/f")));
  EXPECT_THAT(receiver_.errors(), IsEmpty());
  EXPECT_EQ(watcher_.counters().polled, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, LaterRootFailureTest,
    ::testing::Values(Failure{"ListEACCES", Call::kList, "r", EACCES, kDenied, "r: ", "allow reading it"},
                      Failure{"ListEMFILE", Call::kList, "r", EMFILE, kExhausted, "r: ", "ulimit -n"},
                      Failure{"ListESTALE", Call::kList, "r", ESTALE, absl::StatusCode::kAborted,
                              "r: ", "Stale file handle"},
                      Failure{"ListEIO", Call::kList, "r", EIO, absl::StatusCode::kUnknown,
                              "r: ", "Input/output error"}),
    NameOf);

// Only a watch says what happens: what was not watched is told by its dates.
TEST_F(RootWatchFailureTest, IsSaidOnceAndWhatHappensUntilItIsWatchedAgainIsTold) {
  for (const char* directory : {"r", "r/d"}) kernel_.AddDirectory(directory);
  for (const char* file : {"r/f", "r/d/f"}) kernel_.AddFile(file);
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Fail(Call::kAddWatch, "r", ENOMEM);
  kernel_.Bytes(0, Overflow());
  kernel_.Write("r/d/f");
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("r"), IsEvent(Action::kFileWritten, "r/d/f")));
  receiver_.Clear();
  clock_.Advance(absl::Seconds(1));
  StepAll();
  EXPECT_THAT(receiver_.errors(), IsEmpty()) << "said once";
  kernel_.Write("r/f");
  kernel_.Heal();
  clock_.Advance(absl::Seconds(1));
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/f")));
  EXPECT_EQ(watcher_.counters().polled, 0u);
}

class ReadFailureTest : public TreeFailureTest {};

// The good records before it are told, then it ends.
TEST_P(ReadFailureTest, EndsTheWatchingWithThePath) {
  kernel_.Heal();
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Record("r/good", IN_MODIFY, "f");
  EXPECT_EQ(watcher_.Step(), absl::OkStatus());
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/good/f")));
  kernel_.Fail(GetParam().call, GetParam().path, GetParam().error);
  EXPECT_THAT(watcher_.Step(), Says(GetParam().code, GetParam().said_path, GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(Calls, ReadFailureTest,
                         ::testing::Values(Failure{"EIO", Call::kRead, "#0", EIO, absl::StatusCode::kUnknown,
                                                   "r: ", "Input/output"},
                                           Failure{"EBADF", Call::kRead, "#0", EBADF,
                                                   absl::StatusCode::kFailedPrecondition,
                                                   "r: ", "Bad file descriptor"}),
                         NameOf);

class GarbageTest : public TreeFailureTest {};

TEST_P(GarbageTest, IsALossThatNamesThePathAndWhatWasChangedMeanwhileIsTold) {
  kernel_.Heal();
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Write("r/good/f");
  kernel_.AddFile("r/good/new");
  kernel_.Bytes(0, std::string(static_cast<std::size_t>(GetParam().error), '\1'));
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsForceReload("r"), IsEvent(Action::kFileWritten, "r/good/f"),
                                              IsEvent(Action::kFileCreated, "r/good/new")));
  EXPECT_THAT(receiver_.errors(), ElementsAre(Says(absl::StatusCode::kDataLoss, "r: ", "inotify")));
}

// `error` is the size of what is read.
INSTANTIATE_TEST_SUITE_P(Sizes, GarbageTest,
                         ::testing::Values(Failure{"Tiny", Call::kRead, "#0", 1},
                                           Failure{"AlmostARecord", Call::kRead, "#0", 15},
                                           Failure{"AName", Call::kRead, "#0", 40}),
                         NameOf);

class InterruptionTest : public TreeFailureTest {};

TEST_P(InterruptionTest, CostsNothing) {
  kernel_.Heal();
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Fail(GetParam().call, GetParam().path, GetParam().error, 1);
  kernel_.Record("r/good", IN_MODIFY, "f");
  kernel_.Record("r/good", IN_DELETE, "f");
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/good/f"),
                                              IsEvent(Action::kFileDeleted, "r/good/f")));
  EXPECT_THAT(receiver_.errors(), IsEmpty());
}

TEST_P(InterruptionTest, AlsoWhileItCatchesUp) {
  kernel_.Heal();
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Fail(GetParam().call, GetParam().path, GetParam().error, 1);
  kernel_.Record("r/good", IN_MODIFY, "f");
  kernel_.Record("r/good", IN_DELETE, "f");
  EXPECT_EQ(watcher_.CatchUp(), absl::OkStatus());
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileWritten, "r/good/f"),
                                              IsEvent(Action::kFileDeleted, "r/good/f")));
}

TEST_P(InterruptionTest, AndAfterwardsItRests) {
  kernel_.Heal();
  kernel_.Fail(GetParam().call, GetParam().path, GetParam().error, 1);
  ASSERT_EQ(Open(), absl::OkStatus());
  EXPECT_EQ(watcher_.CatchUp(), absl::OkStatus());
  EXPECT_EQ(watcher_.Timeout(), absl::InfiniteDuration());
}

INSTANTIATE_TEST_SUITE_P(Calls, InterruptionTest,
                         ::testing::Values(Failure{"ReadEINTR", Call::kRead, "#0", EINTR},
                                           Failure{"QueuedEIO", Call::kQueued, "#0", EIO}),
                         NameOf);

}  // namespace
}  // namespace lookout::file_internal
