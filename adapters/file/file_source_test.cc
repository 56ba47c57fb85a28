// The file source on real trees and the real inotify. No test waits for time: what must come is awaited, and
// a sentinel, written last, shows that nothing else came before it.
#include "lookout/adapters/file/file_source.h"

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class FileSourceTest : public ::testing::Test {
 protected:
  void Watch(const std::string& path, bool recursive = true) {
    auto source = FileSource::Create({.path = path, .recursive = recursive}, clock_);
    ASSERT_TRUE(source.ok()) << source.status();
    source_ = *std::move(source);
    Run();
    receiver_.WaitForReady();
  }
  void Run() {
    thread_ = std::jthread([this](std::stop_token stop) { result_ = source_->Run(stop, receiver_); });
  }
  absl::Status Stop() {
    thread_.request_stop();
    thread_.join();
    return result_;
  }
  // All events so far as "<action> <path below the directory>[ < <old path>]", once the sentinel has come.
  std::vector<std::string> Told() {
    const std::string sentinel = absl::StrCat("sentinel", sentinels_++);
    dir_.WriteFile(sentinel);
    const auto events = receiver_.WaitUntil([&](const std::vector<Event>& so_far) {
      return !so_far.empty() && so_far.back().actor_name == dir_.Path(sentinel);
    });
    return Lines(events);
  }
  std::vector<std::string> Lines(const std::vector<Event>& events) const {
    std::vector<std::string> lines;
    for (const Event& event : events) {
      const absl::string_view below = Below(event.actor_name);
      if (absl::StartsWith(below, "sentinel")) continue;
      const absl::string_view from = event.attributes.Get(kRenamedFrom);
      lines.push_back(absl::StrCat(event.action, " ", below, event.attributes.Contains(kKind) ? "/" : "",
                                   from.empty() ? "" : " < ", Below(from)));
    }
    return lines;
  }
  absl::string_view Below(absl::string_view path) const {
    absl::ConsumePrefix(&path, dir_.path() + "/");
    return path;
  }

  ScopedTempDir dir_;
  ScopedTempDir outside_;
  FakeClock clock_;
  RecordingReceiver receiver_;
  std::unique_ptr<FileSource> source_;
  absl::Status result_;
  int sentinels_ = 0;
  std::jthread thread_;  // last: stopped and joined first
};

TEST_F(FileSourceTest, TellsNothingOfWhatExistedBefore) {
  dir_.WriteFile("a/b/old");
  Watch(dir_.path());
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(FileSourceTest, TellsCreationWritingAndDeletion) {
  dir_.MakeDirs("a/b");
  Watch(dir_.path());
  dir_.WriteFile("a/b/f", "x");
  dir_.Remove("a/b/f");
  EXPECT_THAT(Told(), ElementsAre("created a/b/f", "written a/b/f", "deleted a/b/f"));
}

TEST_F(FileSourceTest, WithoutRecursionTellsTheDirectoryAlone) {
  dir_.MakeDirs("sub");
  Watch(dir_.path(), false);
  dir_.WriteFile("sub/f", "x");
  dir_.MakeDirs("new/deep");
  dir_.WriteFile("top");
  EXPECT_THAT(Told(), ElementsAre("created new/", "created top"));
}

TEST_F(FileSourceTest, ADeepDirectoryMadeAtOnceIsToldOnceParentsFirst) {
  Watch(dir_.path());
  for (int round = 0; round < 100; ++round) {
    receiver_.Clear();
    const std::string top = absl::StrCat("d", round);
    dir_.MakeDirs(top + "/1/2/3/4/5/6/7/8/9");
    dir_.WriteFile(top + "/1/2/3/4/5/6/7/8/9/f", "x");
    std::vector<std::string> created;
    for (const std::string& line : Told()) {
      if (absl::StartsWith(line, "created")) created.push_back(line);
    }
    std::vector<std::string> expected = {absl::StrCat("created ", top, "/")};
    std::string path = top;
    for (int i = 1; i <= 9; ++i)
      expected.push_back(absl::StrCat("created ", path += absl::StrCat("/", i), "/"));
    expected.push_back(absl::StrCat("created ", path, "/f"));
    ASSERT_EQ(created, expected);
  }
}

TEST_F(FileSourceTest, WritesInADirectoryThatAppearedLaterAreTold) {
  Watch(dir_.path());
  dir_.WriteFile("new/f", "1");
  Told();
  receiver_.Clear();
  dir_.AppendFile("new/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written new/f"));
}

TEST_F(FileSourceTest, ARemovedAndRemadeDirectoryIsWatchedAgain) {
  Watch(dir_.path());
  for (int round = 0; round < 50; ++round) {
    dir_.WriteFile("d/s/f", "1");
    dir_.Remove("d");
  }
  dir_.WriteFile("d/s/f", "1");
  Told();
  receiver_.Clear();
  dir_.AppendFile("d/s/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written d/s/f"));
}

TEST_F(FileSourceTest, ARenameWithinIsOneEvent) {
  dir_.WriteFile("a/f", "x");
  dir_.MakeDirs("b");
  Watch(dir_.path());
  dir_.Rename("a/f", "a/g");
  dir_.Rename("a/g", "b/h");
  EXPECT_THAT(Told(), ElementsAre("renamed a/g < a/f", "renamed b/h < a/g"));
}

TEST_F(FileSourceTest, ARenameOverAFileIsOneEvent) {
  dir_.WriteFile("f", "old");
  dir_.WriteFile("f.tmp", "new");
  Watch(dir_.path());
  dir_.Rename("f.tmp", "f");
  EXPECT_THAT(Told(), ElementsAre("renamed f < f.tmp"));
}

TEST_F(FileSourceTest, ARenamedDirectoryKeepsItsChildrensPathsRight) {
  dir_.WriteFile("a/x/f", "1");
  dir_.MakeDirs("n");
  Watch(dir_.path());
  dir_.Rename("a", "n/b");
  dir_.AppendFile("n/b/x/f", "2");
  dir_.WriteFile("a/g");
  EXPECT_THAT(Told(), ElementsAre("renamed n/b/ < a", "written n/b/x/f", "created a/", "created a/g"));
}

TEST_F(FileSourceTest, ADirectoryRenamedOverAnEmptyOneIsWatchedThere) {
  dir_.WriteFile("a/f", "1");
  dir_.MakeDirs("b");
  Watch(dir_.path());
  dir_.Rename("a", "b");
  dir_.AppendFile("b/f", "2");
  EXPECT_THAT(Told(), ElementsAre("renamed b/ < a", "written b/f"));
}

TEST_F(FileSourceTest, MovingATreeInTellsEveryDescendant) {
  outside_.WriteFile("t/u/f", "1");
  outside_.WriteFile("t/g", "1");
  Watch(dir_.path());
  ASSERT_EQ(rename(outside_.Path("t").c_str(), dir_.Path("t").c_str()), 0);
  EXPECT_THAT(Told(), UnorderedElementsAre("created t/", "created t/u/", "created t/u/f", "created t/g"));
  receiver_.Clear();
  dir_.AppendFile("t/u/f", "2");
  EXPECT_THAT(Told(), ElementsAre("written t/u/f"));
}

TEST_F(FileSourceTest, MovingATreeOutIsADeletionAfterABoundAndSilenceThere) {
  dir_.WriteFile("t/u/f", "1");
  Watch(dir_.path());
  ASSERT_EQ(rename(dir_.Path("t").c_str(), outside_.Path("t").c_str()), 0);
  EXPECT_THAT(Told(), IsEmpty());
  clock_.AwaitWaiters(1);
  clock_.Advance(file_internal::kRenameWait);
  EXPECT_THAT(Lines(receiver_.WaitUntil([](const auto& events) { return events.size() >= 2; })),
              ElementsAre("deleted t/"));
  receiver_.Clear();
  outside_.AppendFile("t/u/f", "2");
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(FileSourceTest, ReadingCausesNothing) {
  dir_.WriteFile("a/f", "x");
  Watch(dir_.path());
  EXPECT_EQ(dir_.ReadFile("a/f"), "x");
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(FileSourceTest, NamesAreAnyBytes) {
  Watch(dir_.path());
  const std::string odd = "-\xff\xfe\n\"" + std::string(200, 'n');
  dir_.WriteFile(odd);
  EXPECT_THAT(Told(), ElementsAre("created " + odd));
}

TEST_F(FileSourceTest, LinksAreNotFollowed) {
  outside_.MakeDirs("target");
  Watch(dir_.path());
  dir_.Symlink(outside_.Path("target"), "link");
  Told();
  outside_.WriteFile("target/f");
  EXPECT_THAT(Told(), ElementsAre("created link"));
}

TEST_F(FileSourceTest, ASingleFileSurvivesBeingReplacedByRename) {
  dir_.WriteFile("f", "0");
  Watch(dir_.Path("f"));
  for (int i = 0; i < 100; ++i) {
    dir_.WriteFile("f.tmp", "x");
    dir_.Rename("f.tmp", "f");
  }
  dir_.Remove("f");
  dir_.WriteFile("f");
  std::vector<std::string> expected(100, "written f");
  expected.insert(expected.end(), {"deleted f", "created f"});
  EXPECT_EQ(Lines(receiver_.WaitForCount(102)), expected);
}

TEST_F(FileSourceTest, AnEmptyPathIsRefused) {
  EXPECT_EQ(FileSource::Create({.path = ""}, clock_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FileSourceTest, FanotifyRefusesToFollowLinks) {
  const auto source =
      FileSource::Create({.path = dir_.path(), .backend = FileBackend::kFanotify, .follow = true}, clock_);
  ASSERT_TRUE(source.ok());
  RecordingReceiver receiver;
  EXPECT_EQ((*source)->Run({}, receiver).code(), absl::StatusCode::kUnimplemented);
}

TEST_F(FileSourceTest, AWrongPatternIsRefusedByName) {
  const absl::Status status =
      FileSource::Create({.path = "p", .filter = {.exclude = {"[a"}}}, clock_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "exclude \"[a\": a bracket is not closed")) << status;
}

TEST_F(FileSourceTest, RunAgainSaysThatContinuityIsLost) {
  Watch(dir_.path());
  EXPECT_TRUE(Stop().ok());
  Run();
  EXPECT_THAT(receiver_.WaitForCount(1), ElementsAre(IsForceReload(dir_.path())));
  EXPECT_EQ(receiver_.ready_count(), 2);
}

TEST_F(FileSourceTest, StopsWhenNobodyTakesEvents) {
  receiver_.RefuseAfter(0);
  Watch(dir_.path());
  dir_.WriteFile("f");
  thread_.join();
  EXPECT_TRUE(result_.ok());
}

// Folding the events over the initial tree, here an empty one, gives the tree on disk.
TEST_F(FileSourceTest, FoldingTheEventsOfABusyTreeGivesTheTree) {
  Watch(dir_.path());
  std::jthread other([this] {
    for (int i = 0; i < 300; ++i) {
      dir_.WriteFile(absl::StrCat("p", i % 7, "/q", i % 3, "/f", i), "x");
      if (i % 5 == 4) dir_.Remove(absl::StrCat("p", i % 7, "/q", i % 3, "/f", i));
    }
  });
  for (int i = 0; i < 300; ++i) {
    dir_.WriteFile(absl::StrCat("own/d", i % 10, "/f", i), "x");
    // Its old name is made again by the next round.
    if (i % 10 == 9) dir_.Rename("own/d9", absl::StrCat("own/moved", i));
  }
  other.join();
  Told();
  std::set<std::string> tree;
  for (const Event& event : receiver_.events()) {
    const std::string& path = event.actor_name;
    if (event.action == Action::kFileCreated) {
      EXPECT_TRUE(tree.insert(path).second) << "created twice: " << path;
    } else if (event.action == Action::kFileDeleted) {
      EXPECT_EQ(tree.erase(path), 1u) << path;
      std::erase_if(tree, [&](const std::string& below) { return absl::StartsWith(below, path + "/"); });
    } else if (event.action == Action::kFileRenamed) {
      const std::string from(event.attributes.Get(kRenamedFrom));
      std::set<std::string> moved;
      for (const std::string& old : tree) {
        moved.insert(old == from || absl::StartsWith(old, from + "/") ? path + old.substr(from.size()) : old);
      }
      tree = std::move(moved);
    }
  }
  int files = 0;
  for (const std::string& path : tree) {
    EXPECT_TRUE(dir_.Exists(Below(path))) << path;
    files += absl::StrContains(Below(path), "/f");
  }
  EXPECT_EQ(files, 300 + 240);
}

}  // namespace
}  // namespace lookout
