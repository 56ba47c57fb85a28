// The law of the file source: folding its events over the initial tree gives the tree on disk. Random
// operations by several threads at full speed, on a tree so small that they meet all the time.
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/file_source.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/scoped_temp_dir.h"
#include "lookout/testing/source_run.h"

namespace lookout {
namespace {

namespace fs = std::filesystem;

// Paths below the root, and whether each is a directory.
using Tree = std::map<std::string, bool>;

Tree OnDisk(const std::string& root) {
  Tree tree;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    tree[entry.path().string()] = entry.is_directory() && !entry.is_symlink();
  }
  return tree;
}

bool IsBelow(absl::string_view path, absl::string_view directory) {
  return path.size() > directory.size() && absl::StartsWith(path, directory) && path[directory.size()] == '/';
}

void EraseAll(Tree& tree, const std::string& path) {
  tree.erase(path);
  std::erase_if(tree, [&](const auto& entry) { return IsBelow(entry.first, path); });
}

// Returns what is wrong with the event, given what was told before; "" if nothing.
std::string Fold(const Event& event, Tree& tree) {
  const std::string& path = event.actor_name;
  const bool is_directory = event.attributes.Get(kKind) == kKindDirectory;
  const std::string parent = fs::path(path).parent_path().string();
  switch (event.action) {
    case Action::kFileCreated: {
      // A file may be replaced by one that nobody could tell of before: see README.
      const bool twice = tree.contains(path) && (is_directory || tree[path]);
      tree[path] = is_directory;
      return twice ? "created twice" : "";
    }
    case Action::kFileDeleted: {
      const bool was_there = tree.contains(path);
      EraseAll(tree, path);
      return was_there ? "" : "deleted, but never told";
    }
    case Action::kFileRenamed: {
      const std::string from(event.attributes.Get(kRenamedFrom));
      if (!tree.contains(from)) return absl::StrCat("renamed from what was never told: ", from);
      Tree moved;
      for (const auto& [old, kind] : tree) {
        if (old == from || IsBelow(old, from)) moved[path + old.substr(from.size())] = kind;
      }
      EraseAll(tree, from);
      EraseAll(tree, path);
      tree.merge(moved);
      return "";
    }
    default:
      return event.action == Action::kFileWritten ? "" : "an event of another kind";
  }
}

std::vector<std::string> Differences(const Tree& told, const Tree& on_disk) {
  std::vector<std::string> all;
  for (const auto& [path, is_directory] : told) {
    const auto there = on_disk.find(path);
    if (there == on_disk.end() || there->second != is_directory) {
      all.push_back(absl::StrCat("told, but not on disk: ", path));
    }
  }
  for (const auto& [path, is_directory] : on_disk) {
    if (!told.contains(path)) all.push_back(absl::StrCat("on disk, but not told: ", path));
  }
  return all;
}

std::string History(const std::vector<Event>& events) {
  return absl::StrJoin(events, "\n", [](std::string* out, const Event& event) {
    absl::StrAppend(out, event, " <- ", event.attributes.Get(kRenamedFrom));
  });
}

// One hand that works in the tree. Operations may fail, as others meddle: that is the point.
class Worker {
 public:
  Worker(std::string root, std::string outside, unsigned seed)
      : root_(std::move(root)), outside_(std::move(outside)), random_(seed) {}

  void Work(int operations) {
    for (int i = 0; i < operations; ++i) Operate();
  }

 private:
  unsigned Upto(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }
  std::string Directory() {
    std::string path = root_;
    for (unsigned depth = Upto(4); depth > 0; --depth) absl::StrAppend(&path, "/d", Upto(3));
    return path;
  }
  std::string File() { return absl::StrCat(Directory(), "/f", Upto(4)); }
  std::string NewDirectory() { return absl::StrCat(Directory(), "/d", Upto(3)); }

  void Operate() {
    std::error_code ignored;
    switch (Upto(9)) {
      case 0:
        fs::create_directory(NewDirectory(), ignored);
        break;
      case 1:
        fs::create_directories(absl::StrCat(Directory(), "/d", Upto(3), "/d", Upto(3), "/d", Upto(3)),
                               ignored);
        break;
      case 2:
      case 3:
        Write(File());
        break;
      case 4:
        fs::rename(File(), File(), ignored);
        break;
      case 5:
        fs::rename(NewDirectory(), NewDirectory(), ignored);
        break;
      case 6:
        fs::remove(File(), ignored);
        break;
      case 7:
        fs::remove_all(NewDirectory(), ignored);
        break;
      case 8:
        MoveOutOrIn();
        break;
    }
  }

  static void Write(const std::string& path) {
    if (std::FILE* file = std::fopen(path.c_str(), "a")) {
      std::fputc('x', file);
      std::fclose(file);
    }
  }

  void MoveOutOrIn() {
    std::error_code ignored;
    const std::string out = absl::StrCat(outside_, "/d", Upto(3));
    if (Upto(2) == 0) {
      fs::rename(NewDirectory(), out, ignored);
    } else {
      fs::rename(out, NewDirectory(), ignored);
    }
  }

  const std::string root_;
  const std::string outside_;
  std::mt19937 random_;
};

class FileSourceModelTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(FileSourceModelTest, FoldingTheEventsGivesTheTreeOnDisk) {
  constexpr int kRounds = 20, kOperations = 100;
  ScopedTempDir dir, outside;
  FakeClock clock;
  RecordingReceiver receiver;
  const auto source = FileSource::Create({.path = dir.path(), .recursive = true}, clock);
  ASSERT_TRUE(source.ok());
  SourceRun run(**source, receiver);
  receiver.WaitForReady();

  Tree tree;
  for (int round = 0; round < kRounds; ++round) {
    {
      std::vector<std::jthread> hands;
      for (unsigned hand = 0; hand < 2; ++hand) {
        hands.emplace_back([&, hand] {
          Worker(dir.path(), outside.path(), GetParam() * 1000 + static_cast<unsigned>(round) * 10 + hand)
              .Work(kOperations);
        });
      }
    }
    const std::string sentinel = absl::StrCat("sentinel", round);
    dir.WriteFile(sentinel);
    receiver.WaitUntil([&](const std::vector<Event>& events) {
      return absl::c_any_of(events, [&](const Event& e) { return e.actor_name == dir.Path(sentinel); });
    });
    // Quiet: the source waits without an end. Halves of renames that left the tree wait until time passes.
    clock.AwaitWaiters(1);
    while (clock.timers() > 0) {
      clock.Advance(file_internal::kRenameWait);
      clock.AwaitWaiters(1);
    }
    std::vector<std::string> wrong;
    for (const Event& event : receiver.events()) {
      const std::string what = Fold(event, tree);
      if (!what.empty()) wrong.push_back(absl::StrCat(event, ": ", what));
    }
    for (std::string& difference : Differences(tree, OnDisk(dir.path()))) {
      wrong.push_back(std::move(difference));
    }
    ASSERT_THAT(wrong, ::testing::IsEmpty())
        << "seed " << GetParam() << ", round " << round << "; what was told:\n"
        << History(receiver.events());
    receiver.Clear();
  }
  EXPECT_EQ(run.Stop(), absl::OkStatus());
  EXPECT_THAT(receiver.errors(), ::testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, FileSourceModelTest, ::testing::Range(1u, 6u));

}  // namespace
}  // namespace lookout
