// What records mean that the kernel has merged, or that speak of what cannot be found any more. The kernel is
// played.
#include <sys/fanotify.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_fanotify_kernel.h"
#include "lookout/adapters/file/fake_file_kernel.h"
#include "lookout/adapters/file/fanotify_watcher_harness.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::file_internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::uint64_t kA = 10, kB = 11, kC = 12;  // files

class FanotifyWatcherRecordsTest : public FanotifyWatcherHarness {
 protected:
  void SetUp() override { ASSERT_EQ(Open(), absl::OkStatus()); }
  void TellThreeWrites() {
    std::uint64_t id = kA;
    for (const char* name : {"f", "g", "h"}) {
      kernel_.AddFile(id, kR, name);
      kernel_.Tell(Record(FAN_MODIFY, kR, name, id++));
    }
  }
  // What was moved may have more to come for as long as the queue was not empty twice.
  void LetBeForgotten() {
    StepAll();
    StepAll();
  }
};

TEST_F(FanotifyWatcherRecordsTest, AWholeLifeInOneRecordIsToldInItsOrder) {
  kernel_.Tell(Record(FAN_CREATE | FAN_MODIFY | FAN_DELETE, kE, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/d/e/f", "written r/d/e/f", "deleted r/d/e/f"));
}

TEST_F(FanotifyWatcherRecordsTest, OfAFileThatIsThereAgainTheLifeEndsWithItsCreation) {
  kernel_.AddFile(kA, kR, "f");  // another link to it, which was made after the first was removed
  kernel_.Tell(Record(FAN_CREATE | FAN_DELETE, kR, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/f", "deleted r/f", "created r/f"));
}

TEST_F(FanotifyWatcherRecordsTest, ADirectoryInOneRecord) {
  kernel_.Tell(Record(FAN_CREATE | FAN_DELETE | FAN_ONDIR, kD, "x", 20));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/d/x/", "deleted r/d/x/"));
}

TEST_F(FanotifyWatcherRecordsTest, ARenameWithinIsOneEvent) {
  kernel_.AddFile(kA, kE, "b");
  kernel_.Tell(Rename(kR, "a", kE, "b", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/d/e/b < r/a"));
}

TEST_F(FanotifyWatcherRecordsTest, ARenameThereAndBackAndThereAgainEndsWhereItIs) {
  kernel_.AddFile(kA, kR, "b");  // the third is merged into the first
  kernel_.Tell(Rename(kR, "a", kR, "b", kA) + Rename(kR, "b", kR, "a", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/b < r/a", "renamed r/a < r/b", "renamed r/b < r/a"));
}

TEST_F(FanotifyWatcherRecordsTest, ARenameThereAndBackAloneIsNotPutRight) {
  kernel_.AddFile(kA, kR, "a");
  kernel_.Tell(Rename(kR, "a", kR, "b", kA) + Rename(kR, "b", kR, "a", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/b < r/a", "renamed r/a < r/b"));
}

TEST_F(FanotifyWatcherRecordsTest, TwoFilesThatChangePlacesAreBothThere) {
  kernel_.AddFile(kA, kR, "b");
  kernel_.AddFile(kB, kR, "a");
  kernel_.Tell(Rename(kR, "a", kR, "b", kA) + Rename(kR, "b", kR, "a", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/b < r/a", "created r/a"));
}

TEST_F(FanotifyWatcherRecordsTest, TwoFilesThatChangePlacesInTwoReadsAreBothThere) {
  kernel_.AddFile(kA, kR, "b");
  kernel_.AddFile(kB, kR, "a");
  kernel_.Tell(Rename(kR, "a", kR, "b", kA));
  kernel_.Tell(Rename(kR, "b", kR, "a", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/b < r/a", "created r/a"));
}

TEST_F(FanotifyWatcherRecordsTest, TwoDirectoriesThatChangePlacesBringWhatTheyHold) {
  kernel_.AddDirectory(20, kR, "b");
  kernel_.AddFile(kA, 20, "in20");
  kernel_.AddDirectory(21, kR, "a");
  kernel_.AddFile(kB, 21, "in21");
  kernel_.Tell(Rename(kR, "a", kR, "b", 20, FAN_ONDIR) + Rename(kR, "b", kR, "a", 21, FAN_ONDIR));
  kernel_.Tell(Record(FAN_MODIFY, 20, "in20", kA) + Record(FAN_MODIFY, 21, "in21", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/b/ < r/a", "created r/a/", "created r/a/in21",
                                  "written r/b/in20", "written r/a/in21"));
}

TEST_F(FanotifyWatcherRecordsTest, AWriteAfterTheDeletionIsNotTold) {
  kernel_.Tell(Record(FAN_DELETE, kE, "f", kA));
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("deleted r/d/e/f"));
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));  // also after the queue was empty
  StepAll();
  EXPECT_THAT(Told(), SizeIs(1));
  kernel_.AddFile(kB, kE, "f");
  kernel_.Tell(Record(FAN_CREATE | FAN_MODIFY, kE, "f", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("deleted r/d/e/f", "created r/d/e/f", "written r/d/e/f"));
}

// The kernel moves a file before it queues the record of that, and others may write to it meanwhile.
TEST_F(FanotifyWatcherRecordsTest, AWriteAheadOfTheMoveWaitsForIt) {
  kernel_.AddFile(kA, kR, "f");
  kernel_.Tell(Record(FAN_MODIFY, kR, "f", kA));
  kernel_.Tell(Rename(kR, "a", kR, "f", kA));
  kernel_.AddFile(kB, kR, "g");
  kernel_.Tell(Record(FAN_MODIFY, kR, "g", kB) + Rename(kO, "b", kR, "g", kB));
  kernel_.AddFile(kC, kR, "h");
  kernel_.Tell(Record(FAN_DELETE, kR, "h", kA) + Record(FAN_MODIFY, kR, "h", kC) +
               Record(FAN_CREATE, kR, "h", kC));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/f < r/a", "written r/f", "created r/g", "written r/g",
                                  "deleted r/h", "created r/h", "written r/h"));
}

// A file that was replaced has no record of its end.
TEST_F(FanotifyWatcherRecordsTest, AWriteToAFileThatWasReplacedIsNotTold) {
  kernel_.AddFile(kB, kR, "f");
  kernel_.Tell(Rename(kR, "f.tmp", kR, "f", kB));
  StepAll();
  LetBeForgotten();
  kernel_.Tell(Record(FAN_DELETE, kR, "f", kB) + Record(FAN_MODIFY, kR, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/f < r/f.tmp", "deleted r/f"));
}

TEST_F(FanotifyWatcherRecordsTest, WhatIsToldOfALinkIsForgottenWithItsFile) {
  kernel_.AddFile(kA, kR, "b");
  kernel_.Tell(Rename(kR, "a", kR, "b", kA) + Record(FAN_CREATE, kR, "link", kA));
  StepAll();
  LetBeForgotten();
  kernel_.Tell(Record(FAN_DELETE, kR, "link", kA));
  StepAll();
  kernel_.Tell(Record(FAN_CREATE, kR, "link", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/b < r/a", "created r/link", "deleted r/link", "created r/link"));
}

TEST_F(FanotifyWatcherRecordsTest, AFileMovedInOverOneThatWasToldReplacesIt) {
  kernel_.AddFile(kB, kR, "b");
  kernel_.Tell(Rename(kR, "a", kR, "b", kA) + Rename(kO, "x", kR, "b", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("renamed r/b < r/a", "deleted r/b", "created r/b"));
}

TEST_F(FanotifyWatcherRecordsTest, AMoveOutIsADeletionAndOneInACreation) {
  kernel_.AddFile(kB, kE, "in");
  kernel_.Tell(Rename(kE, "out", kO, "out", kA));
  kernel_.Tell(Rename(kO, "in", kE, "in", kB));
  kernel_.Tell(Rename(kO, "x", kO, "y", kC) + Record(FAN_CREATE, kO, "z", kC));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("deleted r/d/e/out", "created r/d/e/in"));
}

TEST_F(FanotifyWatcherRecordsTest, ATreeMovedInIsToldWithAllItHoldsAsItWas) {
  kernel_.AddDirectory(20, kR, "in");
  kernel_.AddDirectory(21, 20, "sub");
  kernel_.AddFile(kA, 21, "now");
  kernel_.Tell(Rename(kO, "in", kR, "in", 20, FAN_ONDIR));
  kernel_.Tell(Rename(21, "then", 21, "now", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/in/", "created r/in/sub/", "created r/in/sub/then",
                                  "renamed r/in/sub/now < r/in/sub/then"));
}

// The replaced has no record of its end, and is not in the listing.
TEST_F(FanotifyWatcherRecordsTest, OfADirectoryThatIsToBeReplacedInATreeMovedInNothingIsTold) {
  kernel_.AddDirectory(20, kR, "in");
  kernel_.AddDirectory(22, 20, "sub");
  kernel_.Tell(Record(FAN_CREATE | FAN_ONDIR, kO, "in", 20) + Record(FAN_CREATE | FAN_ONDIR, 20, "sub", 21));
  StepAll();
  kernel_.Tell(Rename(kO, "in", kR, "in", 20, FAN_ONDIR));
  kernel_.Tell(Record(FAN_DELETE, 21, "f", kA) + Rename(kO, "x", 20, "sub", 22, FAN_ONDIR));
  kernel_.Tell(Record(FAN_CREATE, 22, "g", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/in/", "created r/in/sub/", "created r/in/sub/g"));
}

TEST_F(FanotifyWatcherRecordsTest, ThePathIsTheOneAtTheRecordsPlaceInTheStream) {
  kernel_.AddFile(kA, kE, "f");
  kernel_.Move(kD, kR, "later");
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  kernel_.Tell(Rename(kR, "d", kR, "later", kD, FAN_ONDIR));
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/d/e/f", "renamed r/later/ < r/d", "written r/later/e/f"));
}

TEST_F(FanotifyWatcherRecordsTest, TheDirectoryThatIsDeletedOrMovedAwayEndsIt) {
  kernel_.AddFile(kA, kR, "f");
  kernel_.Move(kR, FakeFanotifyKernel::kTop, "elsewhere");
  kernel_.Tell(Record(FAN_MODIFY, kR, "f", kA) +
               Rename(FakeFanotifyKernel::kTop, "r", FakeFanotifyKernel::kTop, "elsewhere", kR, FAN_ONDIR) +
               Record(FAN_MODIFY, kR, "g", kB));
  const absl::Status status = watcher_->Step();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("r: was moved away"));
  EXPECT_THAT(Told(), ElementsAre("written r/f"));
}

// ---- What cannot be found. ----

TEST_F(FanotifyWatcherRecordsTest, ADirectoryThatIsGoneCostsNothingOfTheRest) {
  kernel_.AddFile(kB, kD, "g");
  kernel_.Remove(kE);
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA) + Record(FAN_MODIFY, kD, "g", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("written r/d/g"));
}

// Its removal says where it was.
TEST_F(FanotifyWatcherRecordsTest, ADirectoryThatIsGoneIsWhereItsRemovalSays) {
  kernel_.Remove(kE);
  kernel_.Tell(Record(FAN_DELETE, kE, "f", kA));
  kernel_.Tell(Record(FAN_DELETE | FAN_ONDIR, kD, "e", kE));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("deleted r/d/e/f", "deleted r/d/e/"));
}

TEST_F(FanotifyWatcherRecordsTest, ATreeMovedInThatIsGoneAgainIsToldAndDeleted) {
  kernel_.Tell(Rename(kO, "in", kR, "in", 20, FAN_ONDIR));
  kernel_.Tell(Record(FAN_DELETE | FAN_ONDIR, kR, "in", 20));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/in/", "deleted r/in/"));
}

TEST_F(FanotifyWatcherRecordsTest, ATreeMovedInThatMayNotBeListedIsSaid) {
  kernel_.AddDirectory(20, kR, "in");
  kernel_.AddFile(kB, kD, "g");
  files_.Fail(Call::kList, "/proc/self/fd/120", EACCES);
  kernel_.Tell(Rename(kO, "in", kR, "in", 20, FAN_ONDIR) + Record(FAN_MODIFY, kD, "g", kB));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/in/", "written r/d/g"));
  ASSERT_THAT(receiver_.errors(), SizeIs(1));
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr("r/in: may not be read"));
}

TEST_F(FanotifyWatcherRecordsTest, AfterAnOverflowDirectoriesAreLookedUpAnew) {
  kernel_.AddFile(kA, kE, "f");
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  kernel_.Move(kE, kR, "moved");
  kernel_.Tell(Overflow());
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), Contains("written r/moved/f"));
}

// Every directory that is made anywhere on the file system has a record.
TEST_F(FanotifyWatcherRecordsTest, PlacesAreForgottenWhenThereAreMany) {
  kernel_.AddDirectory(20, kR, "first");
  kernel_.Tell(Record(FAN_CREATE | FAN_ONDIR, kR, "first", 20));
  StepAll();
  for (std::uint64_t chunk = 0; chunk < 80; ++chunk) {
    std::string records;
    for (std::uint64_t i = 0; i < 500; ++i)
      records += Record(FAN_CREATE | FAN_ONDIR, kO, "x", 1000 + chunk * 500 + i);
    kernel_.Tell(std::move(records));
  }
  StepAll();
  kernel_.Move(20, kR, "moved");  // without a record: it is there that it is found if it is looked for
  kernel_.Tell(Record(FAN_CREATE, 20, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), ElementsAre("created r/first/", "created r/moved/f"));
}

struct Silence {
  std::string name;
  FanotifyCall call;
  std::uint64_t id;
  int error;
};

class FanotifySilenceTest : public FanotifyWatcherRecordsTest,
                            public ::testing::WithParamInterface<Silence> {};

TEST_P(FanotifySilenceTest, WhatCannotBeLocatedForAnotherReasonThanThatItIsGoneIsALoss) {
  kernel_.Fail(GetParam().call, GetParam().id, GetParam().error, 1);
  kernel_.AddDirectory(20, kR, "in");
  kernel_.AddFile(kA, 20, "f");
  kernel_.Tell(Rename(kO, "in", kR, "in", 20, FAN_ONDIR) + Record(FAN_MODIFY, kE, "g", kB));
  StepAll();
  EXPECT_THAT(receiver_.events(), Contains(IsForceReload("r")));
}

INSTANTIATE_TEST_SUITE_P(Calls, FanotifySilenceTest,
                         ::testing::Values(Silence{"LocateEMFILE", FanotifyCall::kLocate, kE, EMFILE},
                                           Silence{"LocateEAGAIN", FanotifyCall::kLocate, kE, EAGAIN},
                                           Silence{"LocateENOMEM", FanotifyCall::kLocate, kD, ENOMEM},
                                           Silence{"ListEMFILE", FanotifyCall::kOpenHandle, 20, EMFILE}),
                         [](const ::testing::TestParamInfo<Silence>& silence) { return silence.param.name; });

TEST_F(FanotifyWatcherRecordsTest, ALossIsSaidAfterTheGoodRecordsBeforeIt) {
  kernel_.Tell(Record(FAN_CREATE, kR, "f", kA) + "garbage");
  StepAll();
  EXPECT_THAT(receiver_.events(), ElementsAre(IsEvent(Action::kFileCreated, "r/f"), IsForceReload("r")));
}

TEST_F(FanotifyWatcherRecordsTest, AfterGarbageDirectoriesAreLookedUpAnew) {
  kernel_.AddFile(kA, kE, "f");
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  kernel_.Move(kE, kR, "moved");  // of which the record is lost
  kernel_.Tell("garbage");
  kernel_.Tell(Record(FAN_MODIFY, kE, "f", kA));
  StepAll();
  EXPECT_THAT(Told(), Contains("written r/moved/f"));
}

// What was told before the loss is of no account for what comes after it.
TEST_F(FanotifyWatcherRecordsTest, AfterAnOverflowAFileIsDeletedWhereTheRecordSays) {
  kernel_.Tell(Rename(kR, "a", kR, "b", kA) + Overflow() + Record(FAN_DELETE, kR, "a", kB));
  StepAll();
  EXPECT_THAT(Told(), Contains("deleted r/a"));
}

TEST_F(FanotifyWatcherRecordsTest, WhatCannotBeLookedAtIsNotPutRight) {
  kernel_.AddFile(kA, kR, "a");
  kernel_.Tell(Rename(kR, "a", kR, "b", kA) + Rename(kR, "b", kR, "a", kA));
  kernel_.Fail(FanotifyCall::kOpenHandle, kR, EMFILE);
  StepAll();
  EXPECT_THAT(Told(), Not(Contains("deleted r/a")));
}

TEST_F(FanotifyWatcherRecordsTest, CatchingUpGoesOnWhereTheQueuesSizeCannotBeHad) {
  kernel_.Fail(FanotifyCall::kQueued, 0, EIO);
  TellThreeWrites();
  EXPECT_EQ(watcher_->CatchUp(), absl::OkStatus());
  EXPECT_THAT(Told(), ElementsAre("written r/f", "written r/g", "written r/h"));
}

TEST_F(FanotifyWatcherRecordsTest, CatchingUpGoesOnAfterAnInterruptedRead) {
  kernel_.Fail(FanotifyCall::kRead, 0, EINTR, 1);
  TellThreeWrites();
  EXPECT_EQ(watcher_->CatchUp(), absl::OkStatus());
  EXPECT_THAT(Told(), ElementsAre("written r/f", "written r/g", "written r/h"));
}

TEST_F(FanotifyWatcherRecordsTest, ErrorsOfReadingNameThePath) {
  kernel_.Tell("garbage");
  EXPECT_EQ(watcher_->Step(), absl::OkStatus());
  ASSERT_THAT(receiver_.errors(), SizeIs(1));
  EXPECT_THAT(std::string(receiver_.errors()[0].message()), HasSubstr("r: "));
  kernel_.Fail(FanotifyCall::kRead, 0, EIO);
  EXPECT_THAT(std::string(watcher_->Step().message()), HasSubstr("r: "));
}

// The directory's path cannot be opened just then; it has not moved.
TEST_F(FanotifyWatcherRecordsTest, ADirectoryWhosePathCannotBeOpenedForWantOfDescriptorsIsNotGone) {
  kernel_.AddFile(kA, kR, "f");
  kernel_.Fail(FanotifyCall::kOpenDirectory, kR, EMFILE, 1);
  kernel_.Tell(Rename(FakeFanotifyKernel::kTop, "r", FakeFanotifyKernel::kTop, "r", kR, FAN_ONDIR) +
               Record(FAN_MODIFY, kR, "f", kA));
  EXPECT_EQ(watcher_->Step(), absl::OkStatus());
  EXPECT_THAT(Told(), ElementsAre("written r/f"));
}

}  // namespace
}  // namespace lookout::file_internal
