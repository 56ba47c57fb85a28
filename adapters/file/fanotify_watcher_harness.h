// What the tests of FanotifyWatcher share: a watcher of a small tree on a kernel that is played.
#ifndef LOOKOUT_ADAPTERS_FILE_FANOTIFY_WATCHER_HARNESS_H_
#define LOOKOUT_ADAPTERS_FILE_FANOTIFY_WATCHER_HARNESS_H_

#include <sys/fanotify.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_fanotify_kernel.h"
#include "lookout/adapters/file/fake_file_kernel.h"
#include "lookout/adapters/file/fanotify_records.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"

namespace lookout::file_internal {

// r, which is watched, holds d, which holds e; o is elsewhere on the file system.
inline constexpr std::uint64_t kR = 2, kD = 3, kE = 4, kO = 5;

class FanotifyWatcherHarness : public ::testing::Test {
 protected:
  FanotifyWatcherHarness() {
    kernel_.AddDirectory(kR, FakeFanotifyKernel::kTop, "r");
    kernel_.AddDirectory(kD, kR, "d");
    kernel_.AddDirectory(kE, kD, "e");
    kernel_.AddDirectory(kO, FakeFanotifyKernel::kTop, "o");
    Make(/*unlimited=*/false);
  }
  void Make(bool unlimited) {
    watcher_ = std::make_unique<FanotifyWatcher>(TreeOptions{.directory = "r", .recursive = true}, unlimited,
                                                 kernel_, files_, clock_, receiver_);
  }
  absl::Status Open(TreeWatcher::Found found = TreeWatcher::Found::kSilent) {
    return watcher_->Open(found, [](std::uint64_t) { return true; });
  }
  // Until nothing is read and nothing is due.
  void StepAll() {
    int steps = 0;
    do {
      ASSERT_EQ(watcher_->Step(), absl::OkStatus());
    } while ((!kernel_.all_read() || !watcher_->caught_up()) && ++steps < 100);
    ASSERT_LT(steps, 100) << "it does not come to rest";
  }
  // "<action> <path>[/][ < <old path>]"
  std::vector<std::string> Told() const {
    std::vector<std::string> lines;
    for (const Event& event : receiver_.events()) {
      const absl::string_view from = event.attributes.Get(kRenamedFrom);
      lines.push_back(absl::StrCat(event.action, " ", event.actor_name,
                                   event.attributes.Contains(kKind) ? "/" : "", from.empty() ? "" : " < ",
                                   from));
    }
    return lines;
  }
  static std::string Overflow() { return FanotifyRecordBytes(FAN_Q_OVERFLOW, {}); }
  static std::string Record(std::uint64_t mask, std::uint64_t directory, absl::string_view name,
                            std::uint64_t target) {
    return FakeFanotifyKernel::Record(mask, directory, name, target);
  }
  static std::string Rename(std::uint64_t old_directory, absl::string_view old_name, std::uint64_t directory,
                            absl::string_view name, std::uint64_t target, std::uint64_t more_mask = 0) {
    return FakeFanotifyKernel::Rename(old_directory, old_name, directory, name, target, more_mask);
  }

  FakeFileKernel files_;
  FakeFanotifyKernel kernel_{files_};
  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<FanotifyWatcher> watcher_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FANOTIFY_WATCHER_HARNESS_H_
