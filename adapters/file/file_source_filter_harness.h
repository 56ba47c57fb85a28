// What the tests of what a file source leaves out share: a real tree, watched with a filter by one of the
// back ends.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_FILTER_HARNESS_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_FILTER_HARNESS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/denying_kernel.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/testing/source_run.h"

namespace lookout {

class FileSourceFilterTest : public ::testing::TestWithParam<FileBackend> {
 protected:
  void Watch(PathFilterOptions filter, absl::string_view denied = "") {
    kernel_ = std::make_unique<file_internal::DenyingKernel>(std::string(denied));
    auto source = FileSource::Create(
        {.path = dir_.path(), .recursive = true, .backend = GetParam(), .filter = std::move(filter)}, clock_,
        *kernel_);
    ASSERT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
    run_ = std::make_unique<SourceRun>(*source_, receiver_);
    receiver_.WaitForReady();
  }

  // What was told since the last call, as "<action> <path below the directory>[/][ < <old path>]".
  std::vector<std::string> Told() {
    CatchUp();
    std::vector<std::string> lines;
    for (const Event& event : receiver_.events()) {
      const absl::string_view from = event.attributes.Get(kRenamedFrom);
      lines.push_back(absl::StrCat(event.action, " ", Below(event.actor_name),
                                   event.attributes.Contains(kKind) ? "/" : "", from.empty() ? "" : " < ",
                                   Below(from)));
    }
    EXPECT_THAT(receiver_.errors(), ::testing::IsEmpty());
    receiver_.Clear();
    return lines;
  }

  // Halves of renames that left the tree, and polls, wait for time to pass.
  void CatchUp() {
    std::atomic<bool> done = false;
    std::jthread waiter([&] {
      EXPECT_EQ(source_->Sync(absl::InfiniteDuration()), absl::OkStatus());
      done = true;
    });
    while (!done) {
      clock_.Advance(file_internal::kRenameWait);
      std::this_thread::yield();
    }
  }

  // Directories that something is spent on.
  // fanotify attends to a whole file system, and keeps no list.
  static ::testing::Matcher<std::uint64_t> AttendedIs(std::uint64_t directories) {
    return ::testing::Eq(GetParam() == FileBackend::kFanotify ? std::uint64_t{0} : directories);
  }
  std::uint64_t Attended() {
    CatchUp();
    const FileSourceCounters counters = source_->counters();
    const bool polls = GetParam() == FileBackend::kPoll;
    EXPECT_EQ(polls ? counters.watched : counters.polled, 0u);
    EXPECT_EQ(counters.directories, polls ? counters.polled : counters.watched);
    return counters.directories;
  }

  absl::string_view Below(absl::string_view path) const {
    absl::ConsumePrefix(&path, dir_.path());
    absl::ConsumePrefix(&path, "/");
    return path;
  }

  ScopedTempDir dir_, outside_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<file_internal::DenyingKernel> kernel_;
  std::unique_ptr<FileSource> source_;
  std::unique_ptr<SourceRun> run_;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_FILTER_HARNESS_H_
