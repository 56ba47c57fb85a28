// What only fanotify meets, as it marks a whole file system and knows things by handles, on a real one.
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class FanotifySourceTest : public FileCasesTest {};

// By its handle what is mounted is the tree itself.
TEST_P(FanotifySourceTest, ATreeThatIsMountedInItselfIsNotEnteredAgain) {
  dir_.MakeDirs("loop");
  dir_.WriteFile("d/f", "1");
  ASSERT_EQ(Watch({.path = dir_.path(), .filter = {.gitignore = true}}), absl::OkStatus());
  outside_.WriteFile("rules", "f\n");
  const ScopedMount mount = ScopedMount::Bind(dir_.path(), dir_.Path("loop"));
  MoveIn("rules", ".gitignore");
  tree_->CatchUp();
  EXPECT_THAT(tree_->ToldSoFar(),
              UnorderedElementsAre("force_reload loop", "created .gitignore", "deleted d/f"));
  tree_ = nullptr;
}

// Of which the kernel tells by the name that they had, or by a number.
TEST_P(FanotifySourceTest, AWriteToAFileWithoutANameIsNotTold) {
  for (const char* name : {"gone", "replaced", "next"}) dir_.WriteFile(name, "1");
  const auto open_file = [](const std::string& path, int flags) {
    const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0644);
    EXPECT_GE(fd, 0);
    return fd;
  };
  const int gone = open_file(dir_.Path("gone"), 0), replaced = open_file(dir_.Path("replaced"), 0);
  dir_.Remove("gone");
  dir_.Rename("next", "replaced");
  Watch(dir_.path());
  const int nameless = open_file(dir_.path(), O_TMPFILE);
  for (const int fd : {gone, replaced, nameless}) EXPECT_EQ(write(fd, "x", 1), 1);
  EXPECT_THAT(Told(), IsEmpty());
  dir_.AppendFile("replaced", "2");
  for (const int fd : {gone, replaced, nameless}) EXPECT_EQ(write(fd, "x", 1), 1);
  EXPECT_THAT(Told(), ElementsAre("written replaced"));
  // A link has a name, and the descriptor still none; see README, "Known limits".
  PCHECK(linkat(AT_FDCWD, absl::StrCat("/proc/self/fd/", nameless).c_str(), AT_FDCWD,
                dir_.Path("linked").c_str(), AT_SYMLINK_FOLLOW) == 0);
  EXPECT_THAT(Told(), ElementsAre("created linked"));
  dir_.AppendFile("linked", "2");
  EXPECT_THAT(Told(), ElementsAre("written linked"));
  for (const int fd : {gone, replaced, nameless}) close(fd);
}

INSTANTIATE_TEST_SUITE_P(Backends, FanotifySourceTest, ::testing::Values(FileBackend::kFanotify),
                         [](const auto& test) { return std::string(FileBackendName(test.param)); });

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
