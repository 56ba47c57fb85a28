// What comes from where nothing is watched: what it costs, and what of it is told. The kernel is played.
#include <sys/fanotify.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fanotify_watcher_harness.h"

namespace lookout::file_internal {
namespace {

class FanotifyWatcherArrivalsTest : public FanotifyWatcherHarness {
 protected:
  void SetUp() override { ASSERT_EQ(Open(), absl::OkStatus()); }
};

// Each is looked for in what is still to be said of its directory.
TEST_F(FanotifyWatcherArrivalsTest, FilesMovedInCostNoMoreInOneDirectoryThanInMany) {
  constexpr std::uint64_t kFiles = 50'000, kFirstDirectory = 1000;
  std::uint64_t next_file = 10'000;
  const auto cost = [&](std::uint64_t directories) {
    std::string records;
    for (std::uint64_t i = 0; i < kFiles; ++i) {
      const std::string name = absl::StrCat("f", next_file);
      records += Rename(kO, name, kFirstDirectory + i % directories, name, next_file++);
      if (records.size() > 60'000 || i + 1 == kFiles) kernel_.Tell(std::exchange(records, {}));
    }
    receiver_.Clear();
    const std::clock_t before = std::clock();
    StepAll();
    EXPECT_EQ(receiver_.events().size(), kFiles);
    return std::clock() - before;
  };
  for (std::uint64_t i = 0; i < 1000; ++i)
    kernel_.AddDirectory(kFirstDirectory + i, kR, absl::StrCat("d", i));
  const std::clock_t many = cost(1000), one = cost(1);
  EXPECT_LT(one, 5 * many);
}

}  // namespace
}  // namespace lookout::file_internal
