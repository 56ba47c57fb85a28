// Which rules a file source knows of directories that have moved, or that were hidden for a while.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/file_source_filter_harness.h"

namespace lookout {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class FileSourceIgnoresTest : public FileSourceFilterTest {};

TEST_P(FileSourceIgnoresTest, RulesThatGoWithADirectoryAreKnownThoughNothingWasAskedOfItSince) {
  for (const absl::string_view name : {"a", "c"}) {
    dir_.WriteFile(absl::StrCat(name, "/.gitignore"), "*.o\n");
    dir_.WriteFile(absl::StrCat(name, "/x.o"));
    dir_.WriteFile(absl::StrCat(name, "/y.tmp"));
  }
  Watch({.gitignore = true});
  dir_.Rename("a", "b");
  dir_.Remove("b/.gitignore");
  EXPECT_THAT(Told(), Contains("created b/x.o"));
  dir_.Rename("c", "d");
  dir_.AppendFile("d/.gitignore", "*.tmp\n");
  const std::vector<std::string> told = Told();
  EXPECT_THAT(told, Not(Contains(HasSubstr("x.o"))));
  if (GetParam() != FileBackend::kPoll) {
    EXPECT_THAT(told, Contains("deleted d/y.tmp"));
  }
}

TEST_P(FileSourceIgnoresTest, RulesOfADirectoryThatIsHiddenAreThoseThatItHasWhenItIsShown) {
  dir_.WriteFile(".gitignore", "h/\n");
  dir_.WriteFile("h/.gitignore", "*.o\n");
  dir_.WriteFile("h/x.o");
  dir_.WriteFile("h/y.tmp");
  Watch({.gitignore = true});
  dir_.AppendFile("h/.gitignore", "*.tmp\n");
  EXPECT_THAT(Told(), IsEmpty());
  dir_.Remove(".gitignore");
  EXPECT_THAT(Told(), UnorderedElementsAre("deleted .gitignore", "created h/", "created h/.gitignore"));
  dir_.WriteFile(".gitignore", "h/\n");
  EXPECT_THAT(Told(), IsSupersetOf({"created .gitignore", "deleted h/"}));
  dir_.Remove("h");
  dir_.WriteFile("h/x.o");  // in another directory, which has none
  EXPECT_THAT(Told(), IsEmpty());
  dir_.Remove(".gitignore");
  EXPECT_THAT(Told(), UnorderedElementsAre("deleted .gitignore", "created h/", "created h/x.o"));
}

INSTANTIATE_TEST_SUITE_P(Backends, FileSourceIgnoresTest,
                         ::testing::Values(FileBackend::kInotify, FileBackend::kPoll, FileBackend::kFanotify),
                         [](const auto& test) { return std::string(FileBackendName(test.param)); });

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
