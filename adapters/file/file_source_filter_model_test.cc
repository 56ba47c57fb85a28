// The law with a filter: folding the events over what was shown of the tree gives what is shown of it now,
// while hands change it and its .gitignore files at full speed. What is shown is found here by a crawl of its
// own.
#include <atomic>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_cases.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_model.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/own_file_system.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/adapters/file/small_queue_kernel.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

using ::lookout::file_internal::FileModel;
using ::lookout::file_internal::ModelHand;
using ::lookout::file_internal::ModelTree;
using ::lookout::file_internal::PathFilter;
using ::lookout::file_internal::ReadTree;
using ::lookout::file_internal::Replacing;
using ::lookout::file_internal::SmallQueueKernel;
using ::testing::IsEmpty;

constexpr unsigned kRounds = 15;

// Rules of all kinds for the names that a ModelHand uses. (None is empty: after an overflow, a file that was
// emptied at once after it was made looks as if it had never been written.)
constexpr absl::string_view kRules[] = {"#\n",
                                        "f1\n",
                                        "f1\nf2\n",
                                        "d1/\n",
                                        "/d0\n",
                                        "d0/d1\n",
                                        "*\n!f0\n!d0/\n",
                                        "!f1\n",
                                        "**/d2/f*\n",
                                        "d1/**\n!d1/f1\n",
                                        ".gitignore\nf3\n",
                                        "*.tmp*\n[f]2\n",
                                        "[broken\nf0\n"};

// Changes .gitignore files in all ways there are.
class RulesHand {
 public:
  RulesHand(std::string root, unsigned seed) : root_(std::move(root)), random_(seed) {}

  void Operate() {
    std::error_code ignored;
    const std::string file = File();
    switch (Upto(5)) {
      case 0:
      case 1:
        Write(file);
        return;
      case 2: {
        const std::string temporary = absl::StrCat(file, ".new");
        Write(temporary);
        std::filesystem::rename(temporary, file, ignored);
        return;
      }
      case 3:
        std::filesystem::remove(file, ignored);
        return;
      default:
        std::filesystem::rename(file, File(), ignored);
    }
  }

 private:
  unsigned Upto(std::size_t n) { return static_cast<unsigned>(random_() % n); }
  std::string File() {
    std::string path = root_;
    for (unsigned depth = Upto(3); depth > 0; --depth) absl::StrAppend(&path, "/d", Upto(3));
    return absl::StrCat(path, "/.gitignore");
  }
  void Write(const std::string& path) {
    std::ofstream(path, std::ios::trunc) << kRules[Upto(std::size(kRules))];
  }

  const std::string root_;
  std::mt19937 random_;
};

// What of the tree on disk is not hidden.
ModelTree Shown(const std::string& root, const PathFilterOptions& options) {
  ModelTree tree = ReadTree(root);
  const std::unique_ptr<PathFilter> filter = *PathFilter::Create(options);
  const auto load = [&](const std::string& directory) {
    std::ifstream file(absl::StrCat(root, "/", directory, directory.empty() ? "" : "/", ".gitignore"));
    std::vector<absl::Status> broken;
    if (file) filter->SetIgnores(directory, std::string(std::istreambuf_iterator<char>(file), {}), broken);
  };
  load("");
  // What is in a directory comes after it.
  for (auto entry = tree.begin(); entry != tree.end();) {
    const std::string below = entry->first.substr(root.size() + 1);
    if (filter->HidesOnTheWay(below, entry->second.is_directory)) {
      entry = tree.erase(entry);
      continue;
    }
    if (entry->second.is_directory) load(below);
    ++entry;
  }
  return tree;
}

struct Case {
  const char* name;
  FileBackend backend;
  int most_queued;
  PathFilterOptions filter;
};

class FileSourceFilterModelTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (is_fanotify() && !file_internal::HasOwnFileSystem()) GTEST_SKIP() << "fanotify may be refused";
  }
  static bool is_fanotify() { return GetParam().backend == FileBackend::kFanotify; }
  // Halves of renames that left the tree, and polls, wait for time to pass.
  void CatchUp(FileSource& source) {
    std::atomic<bool> done = false;
    std::jthread waiter([&] {
      EXPECT_EQ(source.Sync(absl::InfiniteDuration()), absl::OkStatus());
      done = true;
    });
    while (!done) {
      clock_.Advance(file_internal::kRenameWait);
      std::this_thread::yield();
    }
  }

  void Work(unsigned seed, int hands) {
    std::vector<std::jthread> threads;
    for (int hand = 0; hand < hands; ++hand) {
      threads.emplace_back([this, seed, hand] {
        ModelHand worker(dir_.path(), outside_.path(), Replacing::kAnything,
                         seed * 10 + static_cast<unsigned>(hand));
        RulesHand rules(dir_.path(), seed * 10 + static_cast<unsigned>(hand));
        for (int i = 0; i < 8; ++i) {
          worker.Work(4);
          if (GetParam().filter.gitignore) rules.Operate();
        }
      });
    }
  }

  // Rules change once all else is told, and the hands then rest: fanotify does not know what a rename is
  // about to replace, and so not what of it has become hidden; see README, "Known limits".
  void WorkInTurns(FileSource& source, unsigned seed, int hands) {
    std::deque<ModelHand> workers;
    std::deque<RulesHand> rules;
    for (int hand = 0; hand < hands; ++hand) {
      workers.emplace_back(dir_.path(), outside_.path(), Replacing::kNothing,
                           seed * 10 + static_cast<unsigned>(hand));
      rules.emplace_back(dir_.path(), seed * 10 + static_cast<unsigned>(hand));
    }
    for (int i = 0; i < 8; ++i) {
      {
        std::vector<std::jthread> threads;
        for (ModelHand& worker : workers) threads.emplace_back([&worker] { worker.Work(4); });
      }
      if (!GetParam().filter.gitignore) continue;
      CatchUp(source);
      for (RulesHand& hand : rules) hand.Operate();
      CatchUp(source);
    }
  }

  void Play(int hands) {
    SmallQueueKernel kernel(GetParam().most_queued);
    auto source = FileSource::Create(
        {.path = dir_.path(), .recursive = true, .backend = GetParam().backend, .filter = GetParam().filter},
        clock_, kernel);
    ASSERT_TRUE(source.ok());
    SourceRun run(**source, receiver_);
    receiver_.WaitForReady();
    FileModel model(/*again=*/is_fanotify());  // of a hidden name it does not know what it takes the place of
    for (unsigned round = 0; round < kRounds; ++round) {
      receiver_.Clear();
      is_fanotify() ? WorkInTurns(**source, round + 1, hands) : Work(round + 1, hands);
      CatchUp(**source);
      std::vector<std::string> wrong, history;
      for (const Event& event : receiver_.events()) {
        history.push_back(absl::StrCat(event, " <- ", event.attributes.Get(kRenamedFrom)));
        std::string what = model.Fold(event);
        if (!what.empty()) wrong.push_back(absl::StrCat(event, ": ", what));
      }
      const ModelTree shown = Shown(dir_.path(), GetParam().filter);
      for (std::string& difference : model.Compare(shown)) {
        // A directory that takes another's place is told by the names in it; see README, "Known limits".
        if (absl::StartsWith(difference, "changed without a word")) continue;
        wrong.push_back(std::move(difference));
      }
      ASSERT_THAT(wrong, IsEmpty()) << "round " << round << "; what was told:\n"
                                    << absl::StrReplaceAll(absl::StrJoin(history, "\n"), {{dir_.path(), ""}});
      if (is_fanotify()) continue;  // which keeps no list
      std::size_t directories = 1;
      for (const auto& [path, entry] : shown) directories += entry.is_directory ? 1 : 0;
      EXPECT_EQ((*source)->counters().directories, directories);
      EXPECT_EQ((*source)->counters().watched + (*source)->counters().polled, directories);
    }
  }

  ScopedTempDir dir_, outside_;
  FakeClock clock_;
  RecordingReceiver receiver_;
};

TEST_P(FileSourceFilterModelTest, FoldingTheEventsGivesWhatIsShownOfTheTree) { Play(2); }
TEST_P(FileSourceFilterModelTest, OfOneHand) { Play(1); }

const PathFilterOptions kPatterns = {.include = {"f*", "d0/**"},
                                     .exclude = {"d1/d1", "*.tmp*", "d0/**/f3", "/d2"}};
const PathFilterOptions kIgnores = {.exclude = {"d2/d0/"}, .gitignore = true};

INSTANTIATE_TEST_SUITE_P(
    Backends, FileSourceFilterModelTest,
    ::testing::Values(Case{"inotify_patterns", FileBackend::kInotify, 1 << 20, kPatterns},
                      Case{"inotify_gitignore", FileBackend::kInotify, 1 << 20, kIgnores},
                      Case{"inotify_gitignore_tiny_queue", FileBackend::kInotify, 5, kIgnores},
                      Case{"poll_patterns", FileBackend::kPoll, 1 << 20, kPatterns},
                      Case{"poll_gitignore", FileBackend::kPoll, 1 << 20, kIgnores},
                      Case{"fanotify_patterns", FileBackend::kFanotify, 1 << 20, kPatterns},
                      Case{"fanotify_gitignore", FileBackend::kFanotify, 1 << 20, kIgnores}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace lookout

int main(int argc, char** argv) { return lookout::file_internal::RunFileCases(argc, argv); }
