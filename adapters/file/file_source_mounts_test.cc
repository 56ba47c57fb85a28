// The file source where mounts come and go, and where what is mounted cannot be watched.
//
// Network file systems are played: what is mounted is a tmpfs, and the table of mounts is made to say that it
// is another.
#include <poll.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/forwarding_kernel.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/events/event.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/source_run.h"

namespace lookout::file_internal {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// What ScopedMount::Tmpfs() mounts is said to be a file system of another type; and is one on which times are
// those of the look, if that is asked for.
class TypedKernel final : public ForwardingKernel {
 public:
  TypedKernel(absl::string_view type, bool ever_new) : type_(type), ever_new_(ever_new) {}

  int ReadMounts(int fd, std::size_t most, std::string& table) override {
    const int error = ForwardingKernel::ReadMounts(fd, most, table);
    table = absl::StrReplaceAll(table, {{" - tmpfs over ", absl::StrCat(" - ", type_, " over ")}});
    return error;
  }
  int List(const std::string& path, bool with_versions,
           absl::FunctionRef<void(const ListedEntry& entry)> each) override {
    return ForwardingKernel::List(path, with_versions, [&](const ListedEntry& entry) {
      if (entry.version == nullptr || !ever_new_) return each(entry);
      FileVersion version = *entry.version;
      version.modified = ++now_;
      each({.name = entry.name, .kind = entry.kind, .version = &version});
    });
  }
  int Status(const std::string& path, bool follow, FileStatus& status) override {
    const int error = ForwardingKernel::Status(path, follow, status);
    if (ever_new_) status.version.modified = ++now_;
    return error;
  }

 private:
  const std::string type_;
  const bool ever_new_;
  std::int64_t now_ = 0;
};

class FileSourceMountsTest : public FileCasesTest {
 protected:
  void SetUp() override {
    if (!HasOwnFileSystem()) GTEST_SKIP() << "nothing can be mounted";
  }
  // Watches with what is mounted said to be of the type; see TypedKernel.
  void StartTyped(const std::string& path, absl::string_view type, bool ever_new = false) {
    kernel_ = std::make_unique<TypedKernel>(type, ever_new);
    ASSERT_EQ(Watch({.path = path}, *kernel_), absl::OkStatus());
  }
  FileSourceCounters Counters() { return tree_->source().counters(); }
  // Of the events that Told() returned last.
  Lines Reasons() {
    Lines reasons;
    for (const Event& event : tree_->last_events()) {
      if (event.action == Action::kForceReload) reasons.push_back(std::string(event.attributes.Get(kReason)));
    }
    return reasons;
  }

  std::unique_ptr<TypedKernel> kernel_;
};

TEST_P(FileSourceMountsTest, AMountIsSaidAndWhatIsThereNowIsTold) {
  dir_.WriteFile("d/both", "1");
  dir_.WriteFile("d/old", "1");
  dir_.WriteFile("d/e/below", "1");
  outside_.WriteFile("both", "other");
  outside_.WriteFile("new/f", "1");
  Watch(dir_.path());
  {
    const ScopedMount mount = ScopedMount::Bind(outside_.path(), dir_.Path("d"));
    EXPECT_THAT(Told(), UnorderedElementsAre("force_reload d", "deleted d/old", "deleted d/e/",
                                             "written d/both", "created d/new/", "created d/new/f"));
    EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("was mounted or unmounted")));
    outside_.AppendFile("new/f", "2");
    EXPECT_THAT(Told(), ElementsAre("written d/new/f"));
  }
  EXPECT_THAT(Told(), UnorderedElementsAre("force_reload d", "created d/old", "created d/e/",
                                           "created d/e/below", "written d/both", "deleted d/new/"));
  outside_.AppendFile("new/f", "3");
  dir_.AppendFile("d/e/below", "2");
  EXPECT_THAT(Told(), ElementsAre("written d/e/below"));
}

TEST_P(FileSourceMountsTest, AMountAboveTheWatchedPathTakesItAwayAndItsEndGivesItBack) {
  dir_.WriteFile("above/w/f", "1");
  Watch(dir_.Path("above/w"));
  {
    const ScopedMount mount = ScopedMount::Tmpfs(dir_.Path("above"));
    EXPECT_THAT(Told(), AllOf(Contains("force_reload above/w"), Contains("deleted above/w/")));
    dir_.WriteFile("above/w/g", "1");
    EXPECT_THAT(Told(), AllOf(Contains("created above/w/"), Contains("created above/w/g")));
  }
  const Lines told = Told();
  EXPECT_THAT(told, Contains("force_reload above/w"));
  ASSERT_GE(told.size(), 4u);  // a look by its path may have seen the other one before that
  EXPECT_THAT(Lines(told.end() - 3, told.end()),
              ElementsAre("deleted above/w/", "created above/w/", "created above/w/f"));
  dir_.AppendFile("above/w/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written above/w/f"));
}

TEST_P(FileSourceMountsTest, AMountElsewhereIsNoNews) {
  dir_.MakeDirs("w");
  outside_.MakeDirs("m");
  Watch(dir_.Path("w"));
  const ScopedMount mount = ScopedMount::Tmpfs(outside_.Path("m"));
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_P(FileSourceMountsTest, APathThatAMountMakesAppearIsTold) {
  dir_.MakeDirs("m");
  outside_.WriteFile("f", "1");
  Watch(dir_.Path("m/f"));
  EXPECT_THAT(tree_->TakeErrors(), SizeIs(1));  // it does not exist yet
  {
    const ScopedMount mount = ScopedMount::Bind(outside_.path(), dir_.Path("m"));
    EXPECT_THAT(Told(), ElementsAre("created m/f"));
    outside_.AppendFile("f", "2");
    EXPECT_THAT(Told(), ElementsAre("written m/f"));
  }
  EXPECT_THAT(Told(), ElementsAre("deleted m/f"));
}

TEST_P(FileSourceMountsTest, ASingleFileThatIsMountedOverIsSaidAndWritten) {
  dir_.WriteFile("d/f", "1");
  outside_.WriteFile("other", "22");
  Watch(dir_.path());
  {
    const ScopedMount mount = ScopedMount::Bind(outside_.Path("other"), dir_.Path("d/f"));
    EXPECT_THAT(Told(), AllOf(Contains("force_reload d/f"), Contains("written d/f")));
  }
  EXPECT_THAT(Told(), AllOf(Contains("force_reload d/f"), Contains("written d/f")));
}

TEST_P(FileSourceMountsTest, AWatchedFileThatIsMountedOverIsWritten) {
  dir_.WriteFile("f", "1");
  outside_.WriteFile("other", "22");
  Watch(dir_.Path("f"));
  {
    const ScopedMount mount = ScopedMount::Bind(outside_.Path("other"), dir_.Path("f"));
    EXPECT_THAT(Told(), ElementsAre("written f"));
    outside_.AppendFile("other", "2");
    EXPECT_THAT(Told(), ElementsAre("written f"));
  }
  EXPECT_THAT(Told(), ElementsAre("written f"));
}

TEST_P(FileSourceMountsTest, WhatTheTreeHasTwiceIsLookedAtWhereItWasMounted) {
  dir_.WriteFile("a/f", "1");
  dir_.MakeDirs("b");
  Watch(dir_.path());
  {
    const ScopedMount mount = ScopedMount::Bind(dir_.Path("a"), dir_.Path("b"));
    EXPECT_THAT(Told(), UnorderedElementsAre("force_reload b", "created b/f"));
    EXPECT_THAT(tree_->TakeErrors(), SizeIs(polls() ? 0 : 1));
    dir_.AppendFile("b/f", "2");
    EXPECT_THAT(Told(), UnorderedElementsAre("written a/f", "written b/f"));
  }
  EXPECT_THAT(Told(), UnorderedElementsAre("force_reload b", "deleted b/f"));
  dir_.WriteFile("b/g");
  EXPECT_THAT(Told(), ElementsAre("created b/g"));
  EXPECT_EQ(Counters().polled, polls() ? 3u : 0u);
}

TEST_P(FileSourceMountsTest, WhatCannotBeWatchedIsLookedAtUntilItIsUnmounted) {
  dir_.WriteFile("d/both", "1");
  dir_.WriteFile("d/old/f", "1");
  outside_.MakeDirs("net");
  const ScopedMount net = ScopedMount::Tmpfs(outside_.Path("net"));
  outside_.WriteFile("net/both", "another");
  outside_.WriteFile("net/e/f", "1");
  StartTyped(dir_.path(), "nfs4");
  {
    const ScopedMount mount = ScopedMount::Bind(outside_.Path("net"), dir_.Path("d"));
    EXPECT_THAT(Told(), UnorderedElementsAre("force_reload d", "written d/both", "deleted d/old/",
                                             "created d/e/", "created d/e/f"));
    const Lines errors = tree_->TakeErrors();
    if (polls()) {
      EXPECT_THAT(errors, IsEmpty()) << "polling was asked for";
    } else {
      EXPECT_THAT(errors, ElementsAre(AllOf(HasSubstr(dir_.Path("d")), HasSubstr("nfs4"),
                                            HasSubstr("every 1s"), HasSubstr("other machines"))));
      EXPECT_EQ(Counters().polled, 2u);
      EXPECT_EQ(Counters().watched, 1u);
    }
    dir_.AppendFile("d/e/f", "2");
    EXPECT_THAT(Told(), ElementsAre("written d/e/f"));
    dir_.Rename("d/e/f", "d/e/g");
    EXPECT_THAT(Told(), UnorderedElementsAre("deleted d/e/f", "created d/e/g")) << "as polling sees it";
    dir_.WriteFile("d/late/deep/f");
    EXPECT_THAT(Told(), ElementsAre("created d/late/", "created d/late/deep/", "created d/late/deep/f"));
    EXPECT_THAT(tree_->TakeErrors(), IsEmpty()) << "it is said once";
  }
  EXPECT_THAT(Told(), AllOf(Contains("force_reload d"), Contains("written d/both"),
                            Contains("created d/old/f"), Contains("deleted d/late/")));
  if (!polls()) {
    EXPECT_EQ(Counters().polled, 0u);
    EXPECT_EQ(Counters().watched, 3u);
    dir_.Rename("d/old/f", "d/old/g");
    EXPECT_THAT(Told(), ElementsAre("renamed d/old/g < d/old/f")) << "it is watched again";
  }
}

TEST_P(FileSourceMountsTest, ARootThatCannotBeWatchedIsLookedAt) {
  dir_.MakeDirs("m");
  ScopedMount mount = ScopedMount::Tmpfs(dir_.Path("m"));
  dir_.WriteFile("m/w/f", "1");
  dir_.MakeDirs("m/w/e");
  StartTyped(dir_.Path("m/w"), "fuse.sshfs");
  EXPECT_THAT(tree_->TakeErrors(), SizeIs(polls() ? 0 : 1));
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(Counters().polled, 2u);
  EXPECT_EQ(Counters().watched, 0u);
  dir_.AppendFile("m/w/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written m/w/f"));
  // Another machine may replace the directory too, of which the kernel would say nothing.
  dir_.Rename("m/w", "m/x");
  EXPECT_THAT(Told(), ElementsAre("deleted m/w/"));
  dir_.Rename("m/x", "m/w");
  EXPECT_THAT(Told(), UnorderedElementsAre("created m/w/", "created m/w/e/", "created m/w/f"));
  tree_->TakeErrors();
  tree_ = nullptr;
}

TEST_P(FileSourceMountsTest, AFileThatCannotBeWatchedIsLookedAt) {
  dir_.MakeDirs("m");
  ScopedMount mount = ScopedMount::Tmpfs(dir_.Path("m"));
  dir_.WriteFile("m/f", "1");
  StartTyped(dir_.Path("m/f"), "nfs");
  EXPECT_THAT(tree_->TakeErrors(), SizeIs(polls() ? 0 : 1));
  dir_.AppendFile("m/f", "2");
  EXPECT_THAT(Told(), Contains("written m/f"));
  tree_ = nullptr;
}

TEST_P(FileSourceMountsTest, WhereTimesSayNothingNamesAreTold) {
  dir_.MakeDirs("m");
  ScopedMount mount = ScopedMount::Tmpfs(dir_.Path("m"));
  dir_.WriteFile("m/1/f", "1");
  StartTyped(dir_.Path("m"), "proc", /*ever_new=*/true);
  EXPECT_THAT(tree_->TakeErrors(), ElementsAre(HasSubstr("for names alone")));
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Told(), IsEmpty());
  dir_.WriteFile("m/2/g");
  EXPECT_THAT(Told(), ElementsAre("created m/2/", "created m/2/g"));
  dir_.Remove("m/1");
  EXPECT_THAT(Told(), ElementsAre("deleted m/1/"));
  tree_ = nullptr;
}

TEST_P(FileSourceMountsTest, WhereTimesSayNothingAFileIsNotWrittenAtEachLook) {
  dir_.MakeDirs("m");
  ScopedMount mount = ScopedMount::Tmpfs(dir_.Path("m"));
  dir_.WriteFile("m/f", "1");
  StartTyped(dir_.Path("m/f"), "sysfs", /*ever_new=*/true);
  tree_->TakeErrors();
  EXPECT_THAT(Told(), IsEmpty());
  dir_.Remove("m/f");
  EXPECT_THAT(Told(), ElementsAre("deleted m/f"));
  tree_ = nullptr;
}

INSTANTIATE_TEST_SUITE_P(Backends, FileSourceMountsTest,
                         ::testing::Values(FileBackend::kInotify, FileBackend::kPoll),
                         [](const auto& test) { return std::string(FileBackendName(test.param)); });

// The real /proc, in which processes and threads come and go.
class FileSourceProcTest : public ::testing::TestWithParam<FileBackend> {};

TEST_P(FileSourceProcTest, AThreadIsToldAndNothingIsWritten) {
  FakeClock clock;
  RecordingReceiver receiver;
  auto source =
      FileSource::Create({.path = "/proc/self/task", .recursive = true, .backend = GetParam()}, clock);
  ASSERT_EQ(source.status(), absl::OkStatus());
  SourceRun run(**source, receiver);
  receiver.WaitForReady();
  EXPECT_EQ((*source)->counters().watched, 0u);
  EXPECT_NE((*source)->counters().backend, FileBackend::kFanotify);

  pid_t number = 0;
  absl::Notification started, end;
  std::jthread thread([&] {
    number = gettid();
    started.Notify();
    end.WaitForNotification();
  });
  started.WaitForNotification();
  EXPECT_EQ((*source)->Sync(absl::InfiniteDuration()), absl::OkStatus());
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ((*source)->Sync(absl::InfiniteDuration()), absl::OkStatus());
  end.Notify();
  EXPECT_EQ(run.Stop(), absl::OkStatus());

  Lines told;
  for (const Event& event : receiver.events())
    told.push_back(absl::StrCat(event.action, " ", event.actor_name));
  EXPECT_THAT(told, AllOf(Contains(absl::StrCat("created /proc/self/task/", number)),
                          Contains(absl::StrCat("created /proc/self/task/", number, "/stat"))));
  EXPECT_THAT(told, Each(Not(HasSubstr("written"))));
  ASSERT_THAT(receiver.errors(), SizeIs(1));
  EXPECT_THAT(receiver.errors()[0].ToString(), AllOf(HasSubstr("/proc/self/task"), HasSubstr("proc"),
                                                     HasSubstr("every 1s"), HasSubstr("names alone")));
}

INSTANTIATE_TEST_SUITE_P(Backends, FileSourceProcTest,
                         ::testing::Values(FileBackend::kAuto, FileBackend::kInotify, FileBackend::kPoll),
                         [](const auto& test) { return std::string(FileBackendName(test.param)); });

}  // namespace
}  // namespace lookout::file_internal

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
