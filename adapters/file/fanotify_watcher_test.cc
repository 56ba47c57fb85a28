// What the kernel may do and a real tree does not on demand: failures, merged records, an overflow, garbage.
// The kernel is played.
#include "lookout/adapters/file/fanotify_watcher.h"

#include <sys/fanotify.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_fanotify_kernel.h"
#include "lookout/adapters/file/fanotify_watcher_harness.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::file_internal {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

MATCHER_P2(Says, code, text, "") {
  return arg.code() == code && ::testing::ExplainMatchResult(AllOf(HasSubstr("r: "), HasSubstr(text)),
                                                             std::string(arg.message()), result_listener);
}

class FanotifyWatcherTest : public FanotifyWatcherHarness {};

// ---- What it cannot begin with. ----

struct OpenFailure {
  std::string name;
  FanotifyCall call;
  std::uint64_t id;
  int error;
  absl::StatusCode code;
  std::string said;
};

class FanotifyOpenFailureTest : public FanotifyWatcherTest,
                                public ::testing::WithParamInterface<OpenFailure> {};

TEST_P(FanotifyOpenFailureTest, NamesPathAndCureAndLeavesNothingOpen) {
  const OpenFailure& failure = GetParam();
  kernel_.Fail(failure.call, failure.id, failure.error);
  EXPECT_THAT(Open(), Says(failure.code, failure.said));
  EXPECT_THAT(receiver_.events(), IsEmpty());
}

constexpr absl::StatusCode kDenied = absl::StatusCode::kPermissionDenied;
constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;
constexpr absl::StatusCode kNot = absl::StatusCode::kUnimplemented;
constexpr char kCure[] = "--backend=inotify";

INSTANTIATE_TEST_SUITE_P(
    Calls, FanotifyOpenFailureTest,
    ::testing::Values(
        OpenFailure{"InitEPERM", FanotifyCall::kInit, 0, EPERM, kDenied, "CAP_SYS_ADMIN"},
        OpenFailure{"InitEMFILE", FanotifyCall::kInit, 0, EMFILE, kExhausted, "fs.fanotify.max_user_groups"},
        OpenFailure{"InitENOSYS", FanotifyCall::kInit, 0, ENOSYS, kNot, kCure},
        OpenFailure{"InitEINVAL", FanotifyCall::kInit, 0, EINVAL, kNot, kCure},
        OpenFailure{"MarkENODEV", FanotifyCall::kMark, 0, ENODEV, kNot, kCure},
        OpenFailure{"MarkEOPNOTSUPP", FanotifyCall::kMark, 0, EOPNOTSUPP, kNot, kCure},
        OpenFailure{"MarkEXDEV", FanotifyCall::kMark, 0, EXDEV, kNot, kCure},
        OpenFailure{"MarkENOSPC", FanotifyCall::kMark, 0, ENOSPC, kExhausted, "fs.fanotify.max_user_marks"},
        OpenFailure{"HandleOfEOPNOTSUPP", FanotifyCall::kHandleOf, kR, EOPNOTSUPP, kNot, kCure},
        OpenFailure{"OpenHandleEPERM", FanotifyCall::kOpenHandle, kR, EPERM, kDenied, "run as root"},
        OpenFailure{"OpenHandleEOPNOTSUPP", FanotifyCall::kOpenHandle, kR, EOPNOTSUPP, kNot, kCure},
        OpenFailure{"OpenHandleESTALE", FanotifyCall::kOpenHandle, kR, ESTALE, kNot, kCure},
        OpenFailure{"DirectoryEACCES", FanotifyCall::kOpenDirectory, kR, EACCES, kDenied, "allow reading it"},
        OpenFailure{"DirectoryEMFILE", FanotifyCall::kOpenDirectory, kR, EMFILE, kExhausted, "ulimit -n"},
        OpenFailure{"DirectoryENOTDIR", FanotifyCall::kOpenDirectory, kR, ENOTDIR,
                    absl::StatusCode::kNotFound, "no directory"}),
    [](const ::testing::TestParamInfo<OpenFailure>& failure) { return failure.param.name; });

TEST_F(FanotifyWatcherTest, WhoMayNotHaveAnUnlimitedQueueHasALimitedOne) {
  kernel_.Fail(FanotifyCall::kInit, 0, EPERM, 1);
  EXPECT_EQ(Open(), absl::OkStatus());
  EXPECT_FALSE(kernel_.unlimited_queue());
}

TEST_F(FanotifyWatcherTest, UnlessItMustBeUnlimited) {
  Make(/*unlimited=*/true);
  kernel_.Fail(FanotifyCall::kInit, 0, EPERM, 1);
  EXPECT_TRUE(absl::IsPermissionDenied(Open()));
}

// ---- What it reads. ----

TEST_F(FanotifyWatcherTest, AnInterruptedReadIsTriedAgain) {
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Fail(FanotifyCall::kRead, 0, EINTR, 1);
  kernel_.AddFile(10, kE, "f");
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", 10));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/d/e/f"));
}

TEST_F(FanotifyWatcherTest, AReadThatFailsEndsItAfterTheGoodRecords) {
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.AddFile(10, kE, "f");
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", 10));
  EXPECT_EQ(watcher_->Step(), absl::OkStatus());
  kernel_.Fail(FanotifyCall::kRead, 0, EIO);
  const absl::Status status = watcher_->Step();
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsUnavailable(status)) << "nothing is there to try again";
  EXPECT_THAT(std::string(status.message()), HasSubstr("Input/output error"));
  EXPECT_THAT(Told(), ElementsAre("written r/d/e/f"));
}

TEST_F(FanotifyWatcherTest, GarbageIsSaidAsALossAndCostsNoGoodRecord) {
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.Tell(Record(FAN_CREATE, kR, "f", 10) + "garbage");
  kernel_.Tell(Record(FAN_CREATE, kD, "g", 11));
  StepAll();
  EXPECT_THAT(receiver_.events(), SizeIs(3));
  EXPECT_THAT(receiver_.events(), Contains(IsForceReload("r")));
  EXPECT_THAT(Told(), IsSupersetOf({"created r/f", "created r/d/g"}));
  ASSERT_THAT(receiver_.errors(), SizeIs(1));
  EXPECT_TRUE(absl::IsDataLoss(receiver_.errors()[0])) << receiver_.errors()[0];
}

TEST_F(FanotifyWatcherTest, EveryShortReadIsALossAndCostsNoGoodRecord) {
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.AddFile(10, kR, "f");
  const std::string second = Rename(kR, "a", kD, "b", 11);
  for (std::size_t size = 1; size < second.size(); ++size) {
    receiver_.Clear();
    kernel_.Tell(Record(FAN_MODIFY, kR, "f", 10) + second.substr(0, size));
    StepAll();
    EXPECT_THAT(receiver_.events(), SizeIs(2)) << size;
    EXPECT_THAT(receiver_.events(), Contains(IsForceReload("r"))) << size;
    EXPECT_THAT(Told(), Contains("written r/f")) << size;
    EXPECT_THAT(receiver_.errors(), SizeIs(1)) << size;
  }
}

TEST_F(FanotifyWatcherTest, AnOverflowIsOneForceReloadThatSaysWhy) {
  ASSERT_EQ(Open(), absl::OkStatus());
  kernel_.AddFile(10, kR, "f");
  kernel_.AddFile(11, kE, "g");
  kernel_.Tell(Record(FAN_MODIFY, kR, "f", 10) + Overflow() + Record(FAN_MODIFY, kE, "g", 11));
  StepAll();
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kFileWritten, "r/f"),
                          AllOf(IsForceReload("r"),
                                HasAttribute(kReason, HasSubstr("fs.fanotify.max_queued_events"))),
                          IsEvent(Action::kFileWritten, "r/d/e/g")));
  EXPECT_EQ(watcher_->counters().overflows, 1u);
}

}  // namespace
}  // namespace lookout::file_internal
