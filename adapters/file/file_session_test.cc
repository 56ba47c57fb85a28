// What a whole file source makes of a path whose directory goes, comes or fails. The kernel is played.
#include <sys/inotify.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_file_kernel.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout::file_internal {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class FileSessionTest : public ::testing::Test {
 protected:
  FileSource& Make(std::string path) {
    auto source = FileSource::Create(
        {.path = std::move(path), .recursive = true, .backend = FileBackend::kInotify}, clock_, kernel_);
    source_ = *std::move(source);
    return *source_;
  }
  void MakeDirectory(const std::string& name) {
    kernel_.AddDirectory(name);
    kernel_.Record(".", IN_CREATE | IN_ISDIR, name);
  }
  void MakeFile(const std::string& name) {
    kernel_.AddFile(name);
    kernel_.Record(".", IN_CREATE, name);
  }
  void RemoveDirectory(const std::string& name) {
    kernel_.Remove(name);
    kernel_.Record(".", IN_DELETE | IN_ISDIR, name);
  }
  void RemoveFile(const std::string& name) {
    kernel_.Remove(name);
    kernel_.Record(".", IN_DELETE, name);
  }

  FakeFileKernel kernel_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<FileSource> source_;
};

TEST_F(FileSessionTest, ASyncIsNotAnsweredWhereTheTreeCannotBeReadAnyMore) {
  kernel_.AddDirectory("r");
  SourceRun run(Make("r"), receiver_);
  receiver_.WaitForReady();
  clock_.AwaitWaiters(1);
  kernel_.Fail(Call::kRead, "#1", EIO, 1);
  EXPECT_EQ(source_->Sync(absl::InfiniteDuration()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(run.Stop().message()), AllOf(HasSubstr("r: "), HasSubstr("Input/output error")));
}

// Has the path change with the first event that it is told, and the read of the tree after the second one
// fail.
class FailingReceiver final : public Receiver {
 public:
  explicit FailingReceiver(FakeFileKernel& kernel) : kernel_(kernel) {}
  void OnReady() override { kernel_.Record("r", IN_MODIFY, "f"); }
  bool OnEvent(Event) override {
    ++events_;
    if (events_ == 1) kernel_.Record(".", IN_MOVED_TO | IN_ISDIR, "r");
    if (events_ == 2) kernel_.Fail(Call::kRead, "#1", EIO, 1);
    kernel_.Record("r", IN_MODIFY, "f");
    return events_ < 3;  // which never comes
  }
  void OnError(absl::Status error) override { ADD_FAILURE() << error; }

 private:
  FakeFileKernel& kernel_;
  int events_ = 0;
};

TEST_F(FileSessionTest, AReadThatFailsWhileThePathIsLookedUpAgainEndsItToo) {
  kernel_.AddDirectory("r");
  kernel_.AddFile("r/f");
  FailingReceiver receiver(kernel_);
  EXPECT_THAT(std::string(Make("r").Run({}, receiver).message()), HasSubstr("Input/output error"));
}

TEST_F(FileSessionTest, EachEventIsCountedOnceWhateverThePathLeadsTo) {
  kernel_.AddDirectory("d");
  SourceRun run(Make("d"), receiver_);
  receiver_.WaitForReady();
  std::size_t told = 0;
  const auto await_next = [&] { receiver_.WaitForCount(++told); };
  RemoveDirectory("d");
  for (int round = 0; round < 3; ++round) {
    await_next();
    MakeFile("d");
    await_next();
    RemoveFile("d");
    await_next();
    MakeDirectory("d");
    await_next();
    RemoveDirectory("d");
  }
  await_next();
  EXPECT_EQ(source_->Sync(absl::InfiniteDuration()), absl::OkStatus());
  EXPECT_EQ(source_->counters().events, told);
  EXPECT_THAT(receiver_.events(), SizeIs(told));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSessionTest, ADirectoryThatAppearsAndMayNotBeReadIsSaidOnce) {
  SourceRun run(Make("d"), receiver_);
  receiver_.WaitForErrors(1);  // it does not exist yet
  kernel_.Fail(Call::kAddWatch, "d", EACCES);
  MakeDirectory("d");
  receiver_.WaitForErrors(2);
  for (int look = 0; look < 3; ++look) {
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Seconds(1));
  }
  clock_.AwaitTimers(1);
  EXPECT_THAT(receiver_.errors(), SizeIs(2));

  RemoveDirectory("d");
  EXPECT_EQ(source_->Sync(absl::InfiniteDuration()), absl::OkStatus());
  MakeDirectory("d");
  EXPECT_THAT(receiver_.WaitForErrors(3)[2], receiver_.errors()[1]) << "of another directory";

  kernel_.Heal();
  clock_.AwaitTimers(1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsEvent(Action::kFileCreated, "d")));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

TEST_F(FileSessionTest, ADirectoryThatIsGoneBeforeItIsLookedAtIsToldAsOne) {
  SourceRun run(Make("d"), receiver_);
  receiver_.WaitForReady();
  kernel_.Record(".", IN_CREATE | IN_ISDIR, "d");
  kernel_.Record(".", IN_DELETE | IN_ISDIR, "d");
  const auto is_directory = HasAttribute(kKind, kKindDirectory);
  EXPECT_THAT(receiver_.WaitForCount(2),
              ElementsAre(AllOf(IsEvent(Action::kFileCreated, "d"), is_directory),
                          AllOf(IsEvent(Action::kFileDeleted, "d"), is_directory)));
  MakeFile("d");
  EXPECT_THAT(receiver_.WaitForCount(3)[2], AllOf(IsEvent(Action::kFileCreated, "d"), LacksAttribute(kKind)));
  EXPECT_EQ(run.Stop(), absl::OkStatus());
}

}  // namespace
}  // namespace lookout::file_internal
