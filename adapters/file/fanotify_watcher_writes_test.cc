// Whether what was written has the name by which it was: who has a file open writes to it by the name it had.
// The kernel is played.
#include <sys/fanotify.h>

#include <cerrno>
#include <cstdint>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_fanotify_kernel.h"
#include "lookout/adapters/file/fanotify_watcher_harness.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kA = 10, kB = 11;  // files

class FanotifyWatcherWritesTest : public FanotifyWatcherHarness {
 protected:
  void SetUp() override { ASSERT_EQ(Open(), absl::OkStatus()); }
};

TEST_F(FanotifyWatcherWritesTest, AWriteToWhatHasNoNameIsNotTold) {
  kernel_.Tell(Record(FAN_MODIFY, kE, "#123", kA));
  StepAll();
  kernel_.Tell(Record(FAN_MODIFY, kE, "#123", kA));
  StepAll();
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(FanotifyWatcherWritesTest, OfTwoThatHadANameOnlyAWriteToTheOneThatHasItIsTold) {
  kernel_.AddFile(kB, kE, "f");
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), IsEmpty());
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kB) + Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  kernel_.Tell(Record(FAN_DELETE, kE, "f", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/d/e/f", "deleted r/d/e/f"));
}

TEST_F(FanotifyWatcherWritesTest, AWriteToWhatIsThenDeletedIsTold) {
  kernel_.Tell(Record(FAN_MODIFY | FAN_DELETE, kE, "f", kA));
  kernel_.Tell(Record(FAN_MODIFY, kE, "g", kB));
  kernel_.Tell(Record(FAN_DELETE, kE, "g", kB));
  StepAll();
  EXPECT_THAT(Told(),
              ElementsAre("written r/d/e/f", "deleted r/d/e/f", "written r/d/e/g", "deleted r/d/e/g"));
}

TEST_F(FanotifyWatcherWritesTest, AWriteToWhatIsThenDeletedWithItsDirectoryIsTold) {
  kernel_.Remove(kE);
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  kernel_.Tell(Record(FAN_DELETE, kE, "f", kA) + Record(FAN_DELETE | FAN_ONDIR, kD, "e", kE));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/d/e/f", "deleted r/d/e/f", "deleted r/d/e/"));
}

TEST_F(FanotifyWatcherWritesTest, AWriteToWhatIsThenRenamedIsTold) {
  kernel_.AddFile(kA, kR, "g");
  kernel_.Tell(Record(FAN_MODIFY, kR, "f", kA));
  kernel_.Tell(Rename(kR, "f", kR, "g", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/f", "renamed r/g < r/f"));
}

// Which has no record of its end.
TEST_F(FanotifyWatcherWritesTest, AWriteToWhatIsThenReplacedIsTold) {
  kernel_.AddFile(kB, kR, "f");
  kernel_.Tell(Record(FAN_MODIFY, kR, "f", kA));
  kernel_.Tell(Rename(kR, "f.tmp", kR, "f", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/f", "renamed r/f < r/f.tmp"));
}

TEST_F(FanotifyWatcherWritesTest, AWriteThatCannotBeLookedUpIsTold) {
  kernel_.AddFile(kA, kR, "f");
  kernel_.Fail(FanotifyCall::kHandleOf, kA, ENOMEM);
  kernel_.Tell(Record(FAN_MODIFY, kR, "f", kA));
  kernel_.AddFile(kB, kR, "g");
  kernel_.Mount(kO, kB);  // as a single file may be
  kernel_.Tell(Record(FAN_MODIFY, kR, "g", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/f", "written r/g"));
}

}  // namespace
}  // namespace lookout::file_internal
