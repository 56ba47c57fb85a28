// What only fanotify meets, as it marks a whole file system and knows things by handles, on a real one.
#include <memory>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::file_internal {
namespace {

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

INSTANTIATE_TEST_SUITE_P(Backends, FanotifySourceTest, ::testing::Values(FileBackend::kFanotify),
                         [](const auto& test) { return std::string(FileBackendName(test.param)); });

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
