// Black-box cases of large trees.
#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;

class FileCasesLargeTest : public FileCasesTest {};

// 42
TEST_P(FileCasesLargeTest, WhatIsWrittenWhileALargeTreeIsReadIsNotLost) {
  constexpr int kDirectories = 3000, kMost = 500'000;
  const auto file = [](int i) { return absl::StrCat("d", i * 7 % 60, "/e", i * 7 % kDirectories, "/f"); };
  for (int i = 0; i < kDirectories; ++i) dir_.WriteFile(file(i));
  std::atomic<int> written = 0;
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    // Ends by itself, so that a source that waits for the tree to rest is found out.
    for (int i = 0; i < kMost && !done; ++i) {
      dir_.AppendFile(file(i), "x");
      written = i;
    }
  });
  std::atomic<std::uint64_t> found = 0;
  ASSERT_EQ(
      Watch({.path = dir_.path(), .on_progress = [&](std::uint64_t directories) { found = directories; }}),
      absl::OkStatus());
  const int first = written + 2;  // begun after it was ready
  ASSERT_LT(first, kMost - 2000) << "it is ready while somebody writes";
  while (written < first + 1000) std::this_thread::yield();
  done = true;
  writer.join();
  if (GetParam() != FileBackend::kFanotify) {
    EXPECT_GT(found, 0u) << "progress is said; but who marks a file system reads no tree";
  }
  tree_->CatchUp();
  const Lines told = tree_->ToldSoFar();
  const std::set<std::string> all(told.begin(), told.end());
  for (int i = first; i <= written; ++i) {
    EXPECT_TRUE(all.contains("written " + file(i))) << i << " of " << first << "…" << written;
  }
}

// 42: more directories than are looked at in one step.
TEST_P(FileCasesLargeTest, ALargeTreeIsCaughtUpWith) {
  for (int d = 0; d < 1000; ++d) dir_.MakeDirs(absl::StrCat("d", d % 10, "/e", d));
  Watch(dir_.path());
  for (int d = 0; d < 1000; d += 333) {
    const std::string file = absl::StrCat("d", d % 10, "/e", d, "/f");
    dir_.WriteFile(file);
    EXPECT_THAT(Told(), ElementsAre("created " + file));
  }
}

LOOKOUT_FILE_CASES(FileCasesLargeTest);

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
