#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/testing/source_conformance.h"

namespace lookout {
namespace {

class DirectoryHarness : public SourceHarness {
 public:
  explicit DirectoryHarness(bool recursive = false)
      : source_(*FileSource::Create({.path = dir_.path(), .recursive = recursive}, clock_)) {}

  Source& source() override { return *source_; }
  void MakeEvent() override { dir_.WriteFile(absl::StrCat("f", ++made_)); }

 protected:
  const ScopedTempDir dir_;
  int made_ = 0;

 private:
  FakeClock clock_;
  std::unique_ptr<FileSource> source_;
};

class TreeHarness final : public DirectoryHarness {
 public:
  TreeHarness() : DirectoryHarness(/*recursive=*/true) {}
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
                         ::testing::Values(&MakeHarness<DirectoryHarness>, &MakeHarness<TreeHarness>,
                                           &MakeHarness<SingleFileHarness>));

}  // namespace
}  // namespace lookout
