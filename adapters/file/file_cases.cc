#include "lookout/adapters/file/file_cases.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/file_model.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::file_internal {

using ::testing::IsEmpty;

WatchedTree::WatchedTree(FileSourceOptions options, std::string base, FakeClock& clock, FileKernel& kernel)
    : path_(options.path),
      base_(std::move(base)),
      polls_(options.backend == FileBackend::kPoll),
      clock_(clock) {
  auto source = FileSource::Create(std::move(options), clock, kernel);
  CHECK_OK(source);
  source_ = *std::move(source);
}

WatchedTree::~WatchedTree() {
  if (thread_.joinable()) {
    EXPECT_EQ(Stop(), absl::OkStatus());
  }
  EXPECT_THAT(TakeErrors(), IsEmpty());
}

absl::Status WatchedTree::Start() {
  Reread();
  thread_ = std::jthread([this](std::stop_token stop) {
    absl::Status result = source_->Run(stop, *this);
    const absl::MutexLock lock(mu_);
    result_ = std::move(result);
    ended_ = true;
  });
  const auto settled = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return ready_ || ended_; };
  {
    const absl::MutexLock lock(mu_, absl::Condition(&settled));
    if (ready_) return absl::OkStatus();
  }
  absl::Status result = Stop();
  return result.ok() ? absl::CancelledError("ended before it was ready") : result;
}

absl::Status WatchedTree::Stop() {
  Release();
  thread_.request_stop();
  thread_.join();
  const absl::MutexLock lock(mu_);
  return result_;
}

// Halves of renames that left the tree, and polls, wait for time to pass. It passes fast where somebody waits
// for it; to a source at work, to which all looks would be overdue at once, slowly.
void WatchedTree::CatchUp() {
  std::atomic<bool> done = false;
  absl::Status result;
  std::jthread waiter([&] {
    result = source_->Sync(absl::InfiniteDuration());
    done = true;
  });
  for (int passes = 0; !done; ++passes) {
    if (clock_.timers() > 0 || passes % 1000 == 999) clock_.Advance(kRenameWait);
    std::this_thread::yield();
  }
  waiter.join();
  EXPECT_EQ(result, absl::OkStatus());
}

Lines WatchedTree::Told() {
  CatchUp();
  Lines lines = ToldSoFar();
  // How many looks catch one write is not promised.
  const auto same_write = [](const std::string& a, const std::string& b) {
    return a == b && absl::StartsWith(a, "written ");
  };
  if (polls_) lines.erase(std::unique(lines.begin(), lines.end(), same_write), lines.end());
  EXPECT_THAT(Differences(), IsEmpty()) << "what was told last:\n" << absl::StrJoin(lines, "\n");
  return lines;
}

Lines WatchedTree::ToldSoFar() {
  {
    const absl::MutexLock lock(mu_);
    last_events_ = std::exchange(events_, {});
  }
  Lines lines;
  for (const Event& event : last_events_) lines.push_back(Line(event));
  EXPECT_THAT(Fold(), IsEmpty()) << "of what was told:\n" << absl::StrJoin(lines, "\n");
  return lines;
}

Lines WatchedTree::Fold() {
  Lines wrong;
  for (const Event& event : last_events_) {
    const std::string what = model_.Fold(event);
    if (!what.empty()) wrong.push_back(absl::StrCat(Line(event), ": ", what));
  }
  return wrong;
}

Lines WatchedTree::Differences() { return model_.Compare(Disk()); }

void WatchedTree::Reread() {
  model_ = FileModel();
  const ModelTree disk = Disk();
  for (const auto& [path, entry] : disk) {
    Event event{.type = EventType::kFile, .actor_name = path, .action = Action::kFileCreated};
    if (entry.is_directory) event.attributes.Set(kKind, std::string(kKindDirectory));
    EXPECT_EQ(model_.Fold(event), "");
  }
  EXPECT_THAT(model_.Compare(disk), IsEmpty());
}

ModelTree WatchedTree::Disk() const {
  ModelTree disk = ReadTree(path_);
  struct stat status;
  if (stat(path_.c_str(), &status) == 0) {
    disk[path_] = {.is_directory = S_ISDIR(status.st_mode),
                   .inode = status.st_ino,
                   .size = static_cast<std::uint64_t>(status.st_size)};
  }
  return disk;
}

Lines WatchedTree::TakeErrors() {
  const absl::MutexLock lock(mu_);
  return std::exchange(errors_, {});
}

void WatchedTree::Hold() {
  const absl::MutexLock lock(mu_);
  hold_ = true;
}

void WatchedTree::AwaitHeld() { const absl::MutexLock lock(mu_, absl::Condition(&held_)); }

void WatchedTree::Release() {
  const absl::MutexLock lock(mu_);
  hold_ = false;
}

void WatchedTree::OnReady() {
  const absl::MutexLock lock(mu_);
  ready_ = true;
}

bool WatchedTree::OnEvent(Event event) { return OnEvents(absl::MakeSpan(&event, 1)); }

bool WatchedTree::OnEvents(absl::Span<Event> events) {
  const absl::MutexLock lock(mu_);
  const auto released = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return !hold_; };
  held_ = hold_;
  mu_.Await(absl::Condition(&released));
  held_ = false;
  for (Event& event : events) events_.push_back(std::move(event));
  return true;
}

void WatchedTree::OnError(absl::Status error) {
  const absl::MutexLock lock(mu_);
  errors_.push_back(error.ToString());
}

std::string WatchedTree::Line(const Event& event) const {
  const absl::string_view from = event.attributes.Get(kRenamedFrom);
  return absl::StrCat(event.action, " ", Below(event.actor_name), event.attributes.Contains(kKind) ? "/" : "",
                      from.empty() ? "" : " < ", Below(from));
}

std::string WatchedTree::Below(absl::string_view path) const {
  absl::ConsumePrefix(&path, base_ + "/");
  return std::string(path);
}

void FileCasesTest::SetUp() {
  if (GetParam() == FileBackend::kFanotify && !HasOwnFileSystem()) GTEST_SKIP() << "fanotify may be refused";
}

void FileCasesTest::Watch(const std::string& path) {
  tree_ = NewTree(path);
  ASSERT_EQ(tree_->Start(), absl::OkStatus());
}

absl::Status FileCasesTest::Watch(FileSourceOptions options, FileKernel& kernel) {
  options.recursive = true;
  options.backend = GetParam();
  tree_ = std::make_unique<WatchedTree>(std::move(options), dir_.path(), clock_, kernel);
  return tree_->Start();
}

std::unique_ptr<WatchedTree> FileCasesTest::NewTree(const std::string& path) {
  return std::make_unique<WatchedTree>(
      FileSourceOptions{.path = path, .recursive = true, .backend = GetParam()}, dir_.path(), clock_);
}

void FileCasesTest::MoveOut(absl::string_view from, absl::string_view to) const {
  PCHECK(rename(dir_.Path(from).c_str(), outside_.Path(to).c_str()) == 0) << from;
}

void FileCasesTest::MoveIn(absl::string_view from, absl::string_view to) const {
  PCHECK(rename(outside_.Path(from).c_str(), dir_.Path(to).c_str()) == 0) << from;
}

void InProcesses(int processes, absl::FunctionRef<void(int process)> work) {
  std::vector<pid_t> pids;
  for (int process = 0; process < processes; ++process) {
    const pid_t pid = fork();
    PCHECK(pid >= 0);
    if (pid == 0) {
      work(process);
      _exit(0);
    }
    pids.push_back(pid);
  }
  for (const pid_t pid : pids) {
    int status = 0;
    PCHECK(waitpid(pid, &status, 0) == pid);
    EXPECT_EQ(status, 0) << "a process did not get through";
  }
}

Lines Only(absl::string_view action, const Lines& lines) {
  Lines only;
  for (const std::string& line : lines) {
    if (absl::StartsWith(line, absl::StrCat(action, " "))) only.push_back(line);
  }
  return only;
}

int InotifyWatches() {
  int watches = 0;
  std::error_code ignored;  // a descriptor that is closed meanwhile
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo", ignored)) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) watches += absl::StartsWith(line, "inotify wd:");
  }
  return watches;
}

int RunFileCases(int argc, char** argv) {
  EnterOwnFileSystem();
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}

}  // namespace lookout::file_internal
