// Black-box cases of renames: within what is watched, in and out of it, over what is there, and in two
// halves.
#include <errno.h>
#include <stdio.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/forwarding_kernel.h"
#include "lookout/events/event.h"

namespace lookout::file_internal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// The system's kernel, but with one record to each read.
class RecordByRecordKernel final : public ForwardingKernel {
 public:
  // A buffer in which the record has no room is refused; in the first that is not, a second has none.
  ssize_t Read(int fd, char* buffer, std::size_t size) override {
    for (std::size_t room = 16; room < size; room += 16) {
      const ssize_t got = ForwardingKernel::Read(fd, buffer, room);
      if (got != -EINVAL) return got;
    }
    return ForwardingKernel::Read(fd, buffer, size);
  }
};

class FileCasesRenamesTest : public FileCasesTest {
 protected:
  RecordByRecordKernel record_by_record_;
};

// 10
TEST_P(FileCasesRenamesTest, ARenamedFileIsOneEvent) {
  dir_.WriteFile("a/f", "x");
  dir_.MakeDirs("b");
  Watch(dir_.path());
  dir_.Rename("a/f", "a/g");
  if (polls()) {
    EXPECT_THAT(Told(), UnorderedElementsAre("deleted a/f", "created a/g"));
  } else {
    EXPECT_THAT(Told(), ElementsAre("renamed a/g < a/f"));
  }
  dir_.Rename("a/g", "b/h");
  if (polls()) {
    EXPECT_THAT(Told(), UnorderedElementsAre("deleted a/g", "created b/h"));
  } else {
    EXPECT_THAT(Told(), ElementsAre("renamed b/h < a/g"));
  }
}

// 10
TEST_P(FileCasesRenamesTest, AChainOfRenamesIsToldStepByStep) {
  dir_.WriteFile("a/f0", "x");
  dir_.MakeDirs("b");
  Watch(dir_.path());
  Lines expected;
  const auto name = [](int i) { return absl::StrCat(i % 2 == 0 ? "a" : "b", "/f", i); };
  for (int i = 1; i <= 100; ++i) {
    dir_.Rename(name(i - 1), name(i));
    expected.push_back(absl::StrCat("renamed ", name(i), " < ", name(i - 1)));
  }
  if (polls()) {
    EXPECT_THAT(Told(), Contains("created a/f100"));
  } else {
    EXPECT_EQ(absl::StrJoin(Told(), "\n"), absl::StrJoin(expected, "\n"));  // printed as a difference
  }
}

// 11
TEST_P(FileCasesRenamesTest, AFileMovedOutIsDeletedAndOneMovedInIsCreated) {
  dir_.WriteFile("a/f", "x");
  Watch(dir_.path());
  MoveOut("a/f", "f");
  EXPECT_THAT(Told(), ElementsAre("deleted a/f"));
  MoveIn("f", "a/g");
  EXPECT_THAT(Told(), ElementsAre("created a/g"));
  dir_.AppendFile("a/g", "y");
  EXPECT_THAT(Told(), ElementsAre("written a/g"));
}

// 11
TEST_P(FileCasesRenamesTest, AFileMovedInOverAnotherReplacesIt) {
  dir_.WriteFile("a/f", "x");
  outside_.WriteFile("f", "other");
  Watch(dir_.path());
  // fanotify does not say that there was one, which is created once more; see the README.
  if (GetParam() == FileBackend::kFanotify) tree_->AllowCreatedAgain();
  MoveIn("f", "a/f");
  // By any word but a last deletion: the fold expects that nothing is created twice.
  const Lines told = Told();
  ASSERT_FALSE(told.empty());
  EXPECT_NE(told.back(), "deleted a/f");
}

// 12
TEST_P(FileCasesRenamesTest, RenamesOfFourProcessesArePairedRight) {
  constexpr int kProcesses = 4, kRenames = 800, kRounds = 3;  // 6,400 records do not fill a queue of 16,384
  std::vector<std::array<std::string, 2>> paths;
  for (int process = 0; process < kProcesses; ++process) {
    dir_.WriteFile(absl::StrCat("d0/p", process), "x");
    paths.push_back({dir_.Path(absl::StrCat("d0/p", process)), dir_.Path(absl::StrCat("d1/q", process))});
  }
  dir_.MakeDirs("d1");
  Watch(dir_.path());
  for (int round = 0; round < kRounds; ++round) {
    InProcesses(kProcesses, [&](int process) {
      const auto& [one, other] = paths[static_cast<std::size_t>(process)];
      for (int i = 0; i < kRenames; ++i) {
        PCHECK(rename((i % 2 == 0 ? one : other).c_str(), (i % 2 == 0 ? other : one).c_str()) == 0);
      }
    });
    Told();
    if (polls()) continue;
    std::map<std::string, int> renames;
    for (const Event& event : tree_->last_events()) {
      const std::string from(event.attributes.Get(kRenamedFrom));
      ASSERT_EQ(event.action, Action::kFileRenamed) << event.ToString();
      ASSERT_EQ(from.back(), event.actor_name.back())
          << "of another file: " << event.ToString() << " from " << from;
      ++renames[from.substr(from.size() - 1)];
    }
    // fanotify may merge renames that are the same, while it is not read.
    for (const auto& [file, count] : renames) {
      if (GetParam() == FileBackend::kInotify) {
        EXPECT_EQ(count, kRenames) << file;
      }
    }
  }
}

// 13
TEST_P(FileCasesRenamesTest, ARenameWhoseHalvesAreReadApartIsOneEvent) {
  dir_.WriteFile("a/f", "x");
  dir_.WriteFile("t/u/f", "x");
  ASSERT_EQ(Watch({.path = dir_.path()}, record_by_record_), absl::OkStatus());
  dir_.Rename("a/f", "t/u/g");
  dir_.Rename("t/u", "a/v");
  dir_.AppendFile("a/v/g", "y");
  if (polls()) {
    EXPECT_THAT(Told(), UnorderedElementsAre("deleted a/f", "deleted t/u/", "created a/v/", "created a/v/f",
                                             "created a/v/g"));
  } else {
    EXPECT_THAT(Told(), ElementsAre("renamed t/u/g < a/f", "renamed a/v/ < t/u", "written a/v/g"));
  }
}

// 14
TEST_P(FileCasesRenamesTest, ARenameOverAFileLeavesTheFileThere) {
  dir_.WriteFile("f", "old");
  Watch(dir_.path());
  for (int round = 0; round < 50; ++round) {
    dir_.WriteFile("f.tmp", absl::StrCat("new", round));
    dir_.Rename("f.tmp", "f");
    const Lines told = Told();
    ASSERT_FALSE(told.empty());
    if (polls()) {
      EXPECT_EQ(told.back(), "written f");  // a look may have met f.tmp
    } else {
      EXPECT_EQ(told.back(), "renamed f < f.tmp");
      EXPECT_EQ(Only("deleted", told), Lines());
    }
  }
}

// 14
TEST_P(FileCasesRenamesTest, ARenameOverAFileOfAnOldFileIsOneEvent) {
  dir_.WriteFile("f", "old");
  dir_.WriteFile("g", "new");
  Watch(dir_.path());
  dir_.Rename("g", "f");
  if (polls()) {
    EXPECT_THAT(Told(), UnorderedElementsAre("deleted g", "written f"));
  } else {
    EXPECT_THAT(Told(), ElementsAre("renamed f < g"));
  }
}

// 14: and to where it is already, which changes nothing.
TEST_P(FileCasesRenamesTest, ARenameToItselfIsNothing) {
  dir_.WriteFile("f", "x");
  dir_.HardLink("f", "same");
  Watch(dir_.path());
  dir_.Rename("f", "f");
  dir_.Rename("f", "same");
  EXPECT_THAT(Told(), IsEmpty());
}

LOOKOUT_FILE_CASES(FileCasesRenamesTest);

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
