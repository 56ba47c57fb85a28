// What the black-box cases of a file watcher have in common: a tree that a FileSource watches with one of its
// back ends, and what it tells of it, held against the disk.
//
//   class FileCasesTreesTest : public FileCasesTest {};
//   TEST_P(FileCasesTreesTest, ...) {
//     Watch(dir_.path());
//     dir_.WriteFile("a/f", "x");
//     EXPECT_THAT(Told(), ElementsAre("created a/", "created a/f", "written a/f"));
//   }
//
// No test waits for time: FileSource::Sync() says when everything is told, and the clock is moved until it
// does. With every look at what was told it is folded over the tree as it was, and must give the tree that is
// on disk: FileModel.
//
// The numbers above tests are those of the list of cases that they are from.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_CASES_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_CASES_H_

#include <memory>
#include <ostream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/file_model.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout {

// What gTest prints of it.
inline void PrintTo(FileBackend backend, std::ostream* os) { *os << FileBackendName(backend); }

namespace file_internal {

using Lines = std::vector<std::string>;

// One source, running in a thread of its own, and the model of what it told. The test's thread uses it.
class WatchedTree final : private Receiver {
 public:
  // Paths in lines are relative to `base`. All must outlive it.
  WatchedTree(FileSourceOptions options, std::string base, FakeClock& clock,
              FileKernel& kernel = FileKernel::System());
  // Stops it, and expects that there were no errors but those that were taken.
  ~WatchedTree() override;

  // Blocks until it is ready; or says why it never will be.
  absl::Status Start();
  absl::Status Stop();

  // All that was told since the last call, once everything that happened before is told:
  // "<action> <path>[/][ < <old path>]". Expects that folding it gives the tree on disk.
  Lines Told();
  // The same without waiting, or without a look at the disk, for trees in which somebody works.
  void CatchUp();
  Lines ToldSoFar();
  // Whether the folded tree is the one on disk; for what is told without a Told() that expects it.
  Lines Differences();
  // After a loss that was said: what there is has been read again.
  void Reread();
  Lines TakeErrors();
  // What is there may be told as created again, as the same kind.
  void AllowCreatedAgain() { model_.AllowAgain(); }

  // Blocks the source where it tells the next event, until Release(). AwaitHeld() returns when it is there.
  void Hold();
  void AwaitHeld();
  void Release();

  FileSource& source() { return *source_; }
  const std::vector<Event>& last_events() const { return last_events_; }

 private:
  void OnReady() override;
  bool OnEvent(Event event) override;
  bool OnEvents(absl::Span<Event> events) override;
  void OnError(absl::Status error) override;

  Lines Fold();
  ModelTree Disk() const;
  std::string Line(const Event& event) const;
  std::string Below(absl::string_view path) const;

  const std::string path_;
  const std::string base_;
  const bool polls_;
  FakeClock& clock_;
  std::unique_ptr<FileSource> source_;
  FileModel model_;
  std::vector<Event> last_events_;

  absl::Mutex mu_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mu_);
  Lines errors_ ABSL_GUARDED_BY(mu_);
  bool ready_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool hold_ ABSL_GUARDED_BY(mu_) = false;
  bool held_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status result_ ABSL_GUARDED_BY(mu_);
  std::jthread thread_;  // last: stopped and joined first
};

class FileCasesTest : public ::testing::TestWithParam<FileBackend> {
 protected:
  void SetUp() override;
  void TearDown() override { tree_ = nullptr; }  // before what it uses

  // Watches the path with all that is below it. The second form is for sources that may fail; the kernel must
  // outlive tree_.
  void Watch(const std::string& path);
  absl::Status Watch(FileSourceOptions options, FileKernel& kernel = FileKernel::System());
  // One more source; not started.
  std::unique_ptr<WatchedTree> NewTree(const std::string& path);

  Lines Told() { return tree_->Told(); }

  // Polling sees states, not changes: no renames, and nothing of what came and went between two looks.
  bool polls() const { return GetParam() == FileBackend::kPoll; }

  // Moves between the two directories.
  void MoveOut(absl::string_view from, absl::string_view to) const;
  void MoveIn(absl::string_view from, absl::string_view to) const;

  ScopedTempDir dir_;
  ScopedTempDir outside_;
  FakeClock clock_;
  std::unique_ptr<WatchedTree> tree_;
};

// Runs `work` in `processes` processes at once, each with its number; returns when all are done. They share
// nothing with this one: `work` makes system calls and no more.
void InProcesses(int processes, absl::FunctionRef<void(int process)> work);

// The lines that begin with the action.
Lines Only(absl::string_view action, const Lines& lines);

// How many inotify watches this process has.
int InotifyWatches();

// A test program's main(): in a file system of its own, so that fanotify is allowed.
int RunFileCases(int argc, char** argv);

}  // namespace file_internal
}  // namespace lookout

#define LOOKOUT_FILE_CASES(suite)                                                        \
  INSTANTIATE_TEST_SUITE_P(                                                              \
      Backends, suite,                                                                   \
      ::testing::Values(::lookout::FileBackend::kInotify, ::lookout::FileBackend::kPoll, \
                        ::lookout::FileBackend::kFanotify),                              \
      [](const auto& test) { return std::string(::lookout::FileBackendName(test.param)); })

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_CASES_H_
