#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/testing/source_conformance.h"

namespace lookout {
namespace {

class DirectoryHarness : public SourceHarness {
 public:
  explicit DirectoryHarness(bool recursive = false, FileBackend backend = FileBackend::kAuto)
      : source_(*FileSource::Create({.path = dir_.path(),
                                     .recursive = recursive,
                                     .backend = backend,
                                     .poll_interval = absl::Milliseconds(100)},
                                    clock_)) {}

  Source& source() override { return *source_; }
  void MakeEvent() override { dir_.WriteFile(absl::StrCat("f", ++made_)); }

 protected:
  const ScopedTempDir dir_;
  int made_ = 0;
  FakeClock clock_;

 private:
  std::unique_ptr<FileSource> source_;
};

class PolledTreeHarness final : public DirectoryHarness {
 public:
  PolledTreeHarness() : DirectoryHarness(/*recursive=*/true, FileBackend::kPoll) {}
  void MakeEvent() override {
    dir_.WriteFile(absl::StrCat("f", ++made_));
    clock_.Advance(absl::Seconds(1));  // so that it is looked at
  }
};

template <FileBackend backend>
class TreeHarness final : public DirectoryHarness {
 public:
  TreeHarness() : DirectoryHarness(/*recursive=*/true, backend) {}
  void MakeEvent() override { dir_.WriteFile(absl::StrCat("d", ++made_, "/deep/f"), "x"); }
};

class SingleFileHarness final : public SourceHarness {
 public:
  SingleFileHarness() : source_(*FileSource::Create({.path = dir_.Path("f")}, clock_)) {}

  Source& source() override { return *source_; }
  void MakeEvent() override { dir_.AppendFile("f", "x"); }

 private:
  struct DirectoryWithAFile : ScopedTempDir {
    DirectoryWithAFile() { WriteFile("f"); }
  };

  const DirectoryWithAFile dir_;
  FakeClock clock_;
  std::unique_ptr<FileSource> source_;
};

INSTANTIATE_TEST_SUITE_P(Files, SourceConformanceTest,
                         ::testing::Values(&MakeHarness<DirectoryHarness>,
                                           &MakeHarness<TreeHarness<FileBackend::kInotify>>,
                                           &MakeHarness<TreeHarness<FileBackend::kFanotify>>,
                                           &MakeHarness<PolledTreeHarness>, &MakeHarness<SingleFileHarness>));

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  lookout::file_internal::EnterOwnFileSystem();
  return RUN_ALL_TESTS();
}
