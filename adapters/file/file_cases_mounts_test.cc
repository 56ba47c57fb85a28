// Black-box cases of mounts, and of file systems that tell nothing.
//
// The kernel says nothing of a mount to who watches what is below it: the tests whose names begin with Mount
// are of what a source notices by itself.
#include <memory>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::file_internal {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class FileCasesMountsTest : public FileCasesTest {
 protected:
  void SetUp() override {
    FileCasesTest::SetUp();
    if (!IsSkipped() && !HasOwnFileSystem()) GTEST_SKIP() << "nothing can be mounted";
  }
  bool is_fanotify() const { return GetParam() == FileBackend::kFanotify; }
  // What was told once something was mounted or unmounted. Who marks one file system sees no other, says that
  // as a loss, and who is told of it reads again.
  Lines ToldOfMount() {
    if (!is_fanotify()) return Told();
    tree_->CatchUp();
    Lines told = tree_->ToldSoFar();
    EXPECT_FALSE(Only("force_reload", told).empty()) << "nothing is said of a mount";
    tree_->Reread();
    return told;
  }
};

// 45
TEST_P(FileCasesMountsTest, MountOverADirectoryIsNoticedAndSoIsItsEnd) {
  dir_.WriteFile("d/old", "1");
  dir_.WriteFile("d/e/below", "1");
  dir_.WriteFile("other/f", "1");
  Watch(dir_.path());
  {
    ScopedMount mount = ScopedMount::Tmpfs(dir_.Path("d"));
    dir_.WriteFile("d/new", "2");
    ToldOfMount();
    if (!is_fanotify()) {
      dir_.AppendFile("d/new", "3");
      EXPECT_THAT(Told(), ElementsAre("written d/new"));
    }
    dir_.AppendFile("other/f", "2");
    EXPECT_THAT(Told(), ElementsAre("written other/f")) << "the rest goes on";
    mount.Unmount();
  }
  ToldOfMount();
  dir_.AppendFile("d/old", "2");
  EXPECT_THAT(Told(), ElementsAre("written d/old"));
  dir_.WriteFile("d/e/more");
  EXPECT_THAT(Told(), ElementsAre("created d/e/more"));
}

// 45: over what is watched itself.
TEST_P(FileCasesMountsTest, MountOverTheRootIsAnotherRoot) {
  dir_.WriteFile("w/old", "1");
  Watch(dir_.Path("w"));
  {
    ScopedMount mount = ScopedMount::Tmpfs(dir_.Path("w"));
    dir_.WriteFile("w/new", "2");
    EXPECT_THAT(Told(), Contains("created w/new"));
    dir_.AppendFile("w/new", "3");
    EXPECT_THAT(Told(), ElementsAre("written w/new"));
    mount.Unmount();
  }
  EXPECT_THAT(Told(), Contains("created w/old"));
  dir_.AppendFile("w/old", "2");
  EXPECT_THAT(Told(), ElementsAre("written w/old"));
}

// 46
TEST_P(FileCasesMountsTest, AWriteByTheOriginalPathIsToldByTheBoundOne) {
  outside_.WriteFile("d/f", "1");
  dir_.MakeDirs("bound");
  const ScopedMount mount = ScopedMount::Bind(outside_.path(), dir_.Path("bound"));
  Watch(dir_.Path("bound"));
  outside_.AppendFile("d/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written bound/d/f"));
  outside_.WriteFile("d/g");
  EXPECT_THAT(Told(), ElementsAre("created bound/d/g"));
  tree_ = nullptr;
}

// 46
TEST_P(FileCasesMountsTest, MountThatIsUndoneSilencesWhatItShowed) {
  outside_.WriteFile("d/f", "1");
  dir_.MakeDirs("bound");
  ScopedMount mount = ScopedMount::Bind(outside_.path(), dir_.Path("bound"));
  Watch(dir_.Path("bound"));
  mount.Unmount();
  const Lines told = Told();
  ASSERT_GE(told.size(), 2u);
  EXPECT_THAT(Lines(told.end() - 2, told.end()), ElementsAre("deleted bound/", "created bound/"));
  outside_.AppendFile("d/f", "2");
  EXPECT_THAT(Told(), IsEmpty());
  dir_.WriteFile("bound/g");
  EXPECT_THAT(Told(), ElementsAre("created bound/g"));
}

// What an overlay is made of.
class Layers {
 public:
  Layers(const ScopedTempDir& dir, const ScopedTempDir& layers) : layers_(layers) {
    layers.WriteFile("lower/d/low", "1");
    layers.MakeDirs("upper/d");
    layers.MakeDirs("work");
    dir.MakeDirs("merged");
  }
  ScopedMount Mount(const ScopedTempDir& dir) const {
    return ScopedMount::Overlay(layers_.Path("lower"), layers_.Path("upper"), layers_.Path("work"),
                                dir.Path("merged"));
  }

 private:
  const ScopedTempDir& layers_;
};

// 47
TEST_P(FileCasesMountsTest, AnOverlayIsWatchedAlsoWhereAFileIsCopiedUp) {
  const Layers layers(dir_, outside_);
  const ScopedMount mount = layers.Mount(dir_);
  const absl::Status started = Watch({.path = dir_.Path("merged")});
  if (is_fanotify() && !started.ok()) {
    EXPECT_EQ(started.code(), absl::StatusCode::kUnimplemented) << started;
    return;
  }
  ASSERT_EQ(started, absl::OkStatus());
  dir_.AppendFile("merged/d/low", "2");
  EXPECT_THAT(Told(), ElementsAre("written merged/d/low"));
  dir_.AppendFile("merged/d/low", "3");
  EXPECT_THAT(Told(), ElementsAre("written merged/d/low"));
  dir_.WriteFile("merged/d/new");
  EXPECT_THAT(Told(), ElementsAre("created merged/d/new"));
  dir_.Remove("merged/d/low");
  EXPECT_THAT(Told(), ElementsAre("deleted merged/d/low"));
  dir_.MakeDirs("merged/e");
  dir_.WriteFile("merged/e/f");
  EXPECT_THAT(Told(), ElementsAre("created merged/e/", "created merged/e/f"));
  tree_ = nullptr;
}

// 49: files there change without a word, and by being read.
TEST_P(FileCasesMountsTest, AFileSystemThatTellsNothingIsRefusedOrLookedAt) {
  tree_ = std::make_unique<WatchedTree>(
      FileSourceOptions{.path = "/proc/self/net", .recursive = false, .backend = GetParam()}, "/proc/self",
      clock_);
  const absl::Status started = tree_->Start();
  const Lines errors = tree_->TakeErrors();
  if (!started.ok()) {
    EXPECT_THAT(started.code(), AnyOf(absl::StatusCode::kUnimplemented, absl::StatusCode::kInvalidArgument))
        << started;
    return;
  }
  if (polls()) return;  // which was asked for
  EXPECT_THAT(errors, Not(IsEmpty())) << "it is said that nothing will be told";
}

LOOKOUT_FILE_CASES(FileCasesMountsTest);

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
