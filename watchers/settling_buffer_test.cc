#include "lookout/watchers/settling_buffer.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::watchers_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::Duration kQuiet = absl::Milliseconds(200);

Event Created(absl::string_view path) { return FileEvent(Action::kFileCreated, path); }
Event Written(absl::string_view path) { return FileEvent(Action::kFileWritten, path); }
Event Deleted(absl::string_view path) { return FileEvent(Action::kFileDeleted, path); }
// `replaced` as in kReplaced; "": the source does not say.
Event Renamed(absl::string_view from, absl::string_view to, absl::string_view replaced = kKindNothing) {
  EventBuilder event(FileEvent(Action::kFileRenamed, to));
  event.Attribute(kRenamedFrom, std::string(from));
  if (!replaced.empty()) event.Attribute(kReplaced, std::string(replaced));
  return event.Build();
}
Event Directory(Event event) { return EventBuilder(std::move(event)).Attribute(kKind, "directory").Build(); }

// What an event is, in one line: "renamed d2/ <- d".
std::string Line(const Event& event) {
  std::string line = absl::StrCat(event);
  if (event.attributes.Get(kKind) == kKindDirectory) line += "/";
  if (event.attributes.Contains(kRenamedFrom))
    absl::StrAppend(&line, " <- ", event.attributes.Get(kRenamedFrom));
  return line;
}

class SettlingBufferTest : public ::testing::Test {
 protected:
  // Adds the events `apart` from each other. What is told at once.
  std::vector<std::string> Add(std::vector<Event> events, absl::Duration apart = absl::ZeroDuration()) {
    std::vector<Event> out;
    for (Event& event : events) {
      buffer_.Add(std::move(event), now_, out);
      now_ += apart;
    }
    return Lines(out);
  }
  // What is told when `d` has passed.
  std::vector<std::string> After(absl::Duration d) {
    now_ += d;
    std::vector<Event> out;
    buffer_.TakeDue(now_, out);
    return Lines(out);
  }
  // What a burst amounts to; nothing is pending afterwards.
  std::vector<std::string> Settled(std::vector<Event> events) {
    EXPECT_THAT(Add(std::move(events)), IsEmpty());
    EXPECT_THAT(After(kQuiet - absl::Nanoseconds(1)), IsEmpty());
    std::vector<std::string> settled = After(absl::Nanoseconds(1));
    EXPECT_TRUE(buffer_.empty());
    EXPECT_EQ(buffer_.NextDue(), absl::InfiniteDuration());
    return settled;
  }
  std::vector<std::string> Lines(const std::vector<Event>& events) {
    std::vector<std::string> lines;
    for (const Event& event : events) {
      lines.push_back(Line(event));
      EXPECT_FALSE(event.attributes.Contains(kReplaced)) << lines.back();
    }
    return lines;
  }

  absl::Duration now_ = absl::Hours(1000);
  SettlingBuffer buffer_{{.quiet = kQuiet, .max_pending = 20}};
};

// --- Nets of one path.

TEST_F(SettlingBufferTest, FiveAppendsAreOneWritten) {
  EXPECT_THAT(
      Add({Written("f"), Written("f"), Written("f"), Written("f"), Written("f")}, absl::Milliseconds(50)),
      IsEmpty());
  EXPECT_THAT(After(absl::Milliseconds(150) - absl::Nanoseconds(1)), IsEmpty());
  EXPECT_THAT(After(absl::Nanoseconds(1)), ElementsAre("written f"));
  EXPECT_TRUE(buffer_.empty());
}

TEST_F(SettlingBufferTest, ANewFileThatIsWrittenIsOneCreated) {
  EXPECT_THAT(Settled({Created("f"), Written("f"), Written("f")}), ElementsAre("created f"));
}

TEST_F(SettlingBufferTest, WhatIsCreatedAndDeletedIsNothing) {
  EXPECT_THAT(Settled({Created("f"), Written("f"), Deleted("f")}), IsEmpty());
}

TEST_F(SettlingBufferTest, WhatIsWrittenAndDeletedIsDeleted) {
  EXPECT_THAT(Settled({Written("f"), Deleted("f")}), ElementsAre("deleted f"));
}

TEST_F(SettlingBufferTest, WhatIsDeletedAndCreatedAgainIsWritten) {
  EXPECT_THAT(Settled({Deleted("f"), Created("f"), Written("f")}), ElementsAre("written f"));
  EXPECT_THAT(Settled({Deleted("f"), Created("f"), Deleted("f")}), ElementsAre("deleted f"));
}

TEST_F(SettlingBufferTest, AFileReplacedByADirectoryIsBoth) {
  EXPECT_THAT(Settled({Written("f"), Deleted("f"), Directory(Created("f")), Created("f/x")}),
              ElementsAre("deleted f", "created f/", "created f/x"));
}

TEST_F(SettlingBufferTest, AFileReplacedByADirectoryAndBackIsWritten) {
  EXPECT_THAT(Settled({Deleted("f"), Directory(Created("f")), Created("f/x"), Deleted("f/x"),
                       Directory(Deleted("f")), Created("f")}),
              ElementsAre("written f"));
}

TEST_F(SettlingBufferTest, ADirectoryDeletedAndMadeAgainIsBothAsItsContentsAreOthers) {
  EXPECT_THAT(Settled({Deleted("d/x"), Directory(Deleted("d")), Directory(Created("d")), Created("d/x")}),
              ElementsAre("deleted d/x", "deleted d/", "created d/", "created d/x"));
}

TEST_F(SettlingBufferTest, ADirectoryMadeAndMovedOutVanishesWithWhatIsInIt) {
  EXPECT_THAT(Settled({Directory(Created("d")), Created("d/x"), Directory(Created("d/e")),
                       Renamed("d/x", "d/y"), Directory(Deleted("d"))}),
              IsEmpty());
}

TEST_F(SettlingBufferTest, WhatIsToldToBeCreatedTwiceIsCreatedOnce) {
  EXPECT_THAT(Settled({Created("f"), Created("f")}), ElementsAre("created f"));
}

// A source that tells names, not what was there, tells one that comes from outside over another as created.
TEST_F(SettlingBufferTest, WhatIsToldToBeCreatedWhereItIsKnownToBeIsWritten) {
  EXPECT_THAT(Settled({Written("f")}), ElementsAre("written f"));
  EXPECT_THAT(Settled({Created("f"), Deleted("f")}), ElementsAre("deleted f"));
  EXPECT_THAT(Settled({Created("f"), Deleted("f")}), IsEmpty());
  EXPECT_THAT(Settled({Created("f")}), ElementsAre("created f"));
  EXPECT_THAT(Settled({Created("f"), Written("f")}), ElementsAre("written f"));
  EXPECT_THAT(Settled({Created("f"), Renamed("f", "g")}), ElementsAre("renamed g <- f", "written g"));
}

// --- Saves and renames.

TEST_F(SettlingBufferTest, ASaveThroughABackupIsOneWritten) {
  EXPECT_THAT(Settled({Renamed("f", "f~"), Created("f"), Written("f"), Written("f"), Deleted("f~")}),
              ElementsAre("written f"));
  // An old backup is gone as well.
  EXPECT_THAT(Settled({Renamed("f", "f~", kKindFile), Created("f"), Deleted("f~")}),
              ElementsAre("written f", "deleted f~"));
}

TEST_F(SettlingBufferTest, ASaveThatKeepsItsBackupIsARenameAndANewFile) {
  EXPECT_THAT(Settled({Renamed("f", "f~"), Created("f"), Written("f")}),
              ElementsAre("renamed f~ <- f", "created f"));
}

TEST_F(SettlingBufferTest, AnAtomicSaveIsOneWritten) {
  EXPECT_THAT(Settled({Created("f.tmp"), Written("f.tmp"), Renamed("f.tmp", "f", kKindFile)}),
              ElementsAre("written f"));
}

TEST_F(SettlingBufferTest, AnAtomicSaveOfANewFileIsOneCreated) {
  EXPECT_THAT(Settled({Created("f.tmp"), Written("f.tmp"), Renamed("f.tmp", "f")}), ElementsAre("created f"));
}

TEST_F(SettlingBufferTest, AnAtomicSaveOfWhatWasToldBeforeNeedsNoWordOfTheSource) {
  EXPECT_THAT(Settled({Created("f")}), ElementsAre("created f"));
  EXPECT_THAT(Settled({Created("f.tmp"), Renamed("f.tmp", "f", "")}), ElementsAre("written f"));
  EXPECT_THAT(Settled({Deleted("f")}), ElementsAre("deleted f"));
  EXPECT_THAT(Settled({Created("f.tmp"), Renamed("f.tmp", "f", "")}), ElementsAre("created f"));
  // In a directory that was made there is nothing.
  EXPECT_THAT(Settled({Directory(Created("d")), Created("t"), Renamed("t", "d/f", "")}),
              ElementsAre("created d/", "created d/f"));
}

TEST_F(SettlingBufferTest, WhatIsNotKnownIsNotGuessed) {
  EXPECT_THAT(Settled({Created("f.tmp"), Written("f.tmp"), Renamed("f.tmp", "f", "")}),
              ElementsAre("created f.tmp", "renamed f <- f.tmp"));
  EXPECT_THAT(Settled({Renamed("g", "g~", ""), Created("g"), Written("g"), Deleted("g~")}),
              ElementsAre("renamed g~ <- g", "created g", "deleted g~"));
  // From then on it is.
  EXPECT_THAT(Settled({Created("f.tmp"), Written("f.tmp"), Renamed("f.tmp", "f", "")}),
              ElementsAre("written f"));
  EXPECT_THAT(Settled({Renamed("g", "g~", ""), Created("g"), Written("g"), Deleted("g~")}),
              ElementsAre("written g"));
}

TEST_F(SettlingBufferTest, AForceReloadForgetsWhatWasKnown) {
  EXPECT_THAT(Settled({Created("f")}), ElementsAre("created f"));
  Add({MakeForceReload(EventType::kFile, "r", "lost", absl::UnixEpoch())});
  EXPECT_THAT(Settled({Created("f.tmp"), Renamed("f.tmp", "f", "")}),
              ElementsAre("created f.tmp", "renamed f <- f.tmp"));
}

TEST_F(SettlingBufferTest, ARenameOverAFileIsTheRename) {
  EXPECT_THAT(Settled({Written("b"), Renamed("a", "b", kKindFile)}), ElementsAre("renamed b <- a"));
  EXPECT_THAT(Settled({Deleted("b"), Renamed("a", "b")}), ElementsAre("renamed b <- a"));
  EXPECT_THAT(Settled({Created("c"), Renamed("b", "c", kKindFile)}), ElementsAre("renamed c <- b"));
}

TEST_F(SettlingBufferTest, AWriteBeforeARenameIsToldOfTheNewPath) {
  EXPECT_THAT(Settled({Written("a"), Renamed("a", "b"), Written("b")}),
              ElementsAre("renamed b <- a", "written b"));
}

TEST_F(SettlingBufferTest, AChainOfRenamesIsOne) {
  EXPECT_THAT(Settled({Renamed("a", "b"), Renamed("b", "c")}), ElementsAre("renamed c <- a"));
  EXPECT_THAT(Settled({Directory(Renamed("d", "e")), Directory(Renamed("e", "f"))}),
              ElementsAre("renamed f/ <- d"));
  EXPECT_THAT(Settled({Created("m"), Renamed("m", "n"), Renamed("n", "o")}), ElementsAre("created o"));
  EXPECT_THAT(Settled({Renamed("o", "p"), Deleted("p")}), ElementsAre("deleted o"));
}

TEST_F(SettlingBufferTest, AChainOfRenamesOverAFileDeletesThatFile) {
  EXPECT_THAT(Settled({Renamed("a", "b", kKindFile), Renamed("b", "c")}),
              ElementsAre("deleted b", "renamed c <- a"));
}

TEST_F(SettlingBufferTest, ARenameAndBackIsNothing) {
  EXPECT_THAT(Settled({Renamed("a", "b"), Renamed("b", "a")}), IsEmpty());
  EXPECT_THAT(Settled({Renamed("a", "b"), Written("b"), Renamed("b", "a")}), ElementsAre("written a"));
}

TEST_F(SettlingBufferTest, ASwapStaysAsItCame) {
  EXPECT_THAT(Settled({Renamed("a", "t"), Renamed("b", "a"), Renamed("t", "b")}),
              ElementsAre("renamed t <- a", "renamed a <- b", "renamed b <- t"));
  EXPECT_THAT(
      Settled({Directory(Renamed("d", "t")), Directory(Renamed("e", "d")), Directory(Renamed("t", "e"))}),
      ElementsAre("renamed t/ <- d", "renamed d/ <- e", "renamed e/ <- t"));
}

TEST_F(SettlingBufferTest, ARenameIntoADirectoryThatTakesTheFilesPlaceStaysAsItCame) {
  EXPECT_THAT(Settled({Renamed("f", "t"), Directory(Created("f")), Renamed("t", "f/f")}),
              ElementsAre("renamed t <- f", "created f/", "renamed f/f <- t"));
}

TEST_F(SettlingBufferTest, ADirectoryRenamedOverWhatItWasInIsRenamedTwice) {
  EXPECT_THAT(Settled({Directory(Renamed("d/e", "t")), Directory(Renamed("t", "d", kKindDirectory))}),
              ElementsAre("renamed t/ <- d/e", "renamed d/ <- t"));
}

TEST_F(SettlingBufferTest, WhatIsPendingBelowARenamedDirectoryIsToldBeforeIt) {
  EXPECT_THAT(
      Settled({Written("d/f"), Created("d/g"), Directory(Renamed("d", "e")), Written("e/f"), Deleted("e/g")}),
      ElementsAre("written d/f", "created d/g", "renamed e/ <- d", "written e/f", "deleted e/g"));
}

// --- When.

TEST_F(SettlingBufferTest, WritesThatDoNotEndAreToldAtEachMaxWait) {
  std::vector<absl::Duration> told;
  const absl::Duration start = now_;
  for (; now_ < start + absl::Seconds(10); now_ += absl::Milliseconds(50)) {
    while (buffer_.NextDue() <= now_) {
      told.push_back(buffer_.NextDue() - start);
      EXPECT_THAT(After(absl::ZeroDuration()), ElementsAre("written f"));
    }
    Add({Written("f")});
  }
  EXPECT_THAT(told, ElementsAre(absl::Seconds(2), absl::Seconds(4), absl::Seconds(6), absl::Seconds(8)));
  EXPECT_THAT(After(kQuiet), ElementsAre("written f"));
}

TEST_F(SettlingBufferTest, SavesThatDoNotEndAreToldAtMaxWaitToo) {
  const absl::Duration start = now_;
  Add({Written("f")});
  while (buffer_.NextDue() > now_) {
    Add({Created("t"), Written("t"), Renamed("t", "f", kKindFile)});
    now_ += absl::Milliseconds(50);
  }
  EXPECT_EQ(now_ - start, absl::Seconds(2));
  EXPECT_THAT(After(absl::ZeroDuration()), ElementsAre("written f"));
  EXPECT_TRUE(buffer_.empty());
}

TEST_F(SettlingBufferTest, ANewFileThatIsRenamedOnAndOnIsToldAtMaxWaitToo) {
  const absl::Duration start = now_;
  Add({Created("f0")});
  for (int i = 0; buffer_.NextDue() > now_; ++i) {
    now_ += absl::Milliseconds(50);
    Add({Renamed(absl::StrCat("f", i), absl::StrCat("f", i + 1))});
  }
  EXPECT_EQ(now_ - start, absl::Seconds(2));
  EXPECT_THAT(After(absl::ZeroDuration()), ElementsAre("created f40"));
}

TEST_F(SettlingBufferTest, MaxWaitIsAnOption) {
  SettlingBuffer buffer({.quiet = kQuiet, .max_wait = absl::Milliseconds(300)});
  std::vector<Event> out;
  buffer.Add(Written("f"), absl::Milliseconds(0), out);
  buffer.Add(Written("f"), absl::Milliseconds(199), out);
  EXPECT_EQ(buffer.NextDue(), absl::Milliseconds(300));
}

TEST_F(SettlingBufferTest, EachPathIsToldWhenItIsQuiet) {
  Add({Written("a")});
  now_ += absl::Milliseconds(100);
  Add({Written("b")});
  EXPECT_THAT(After(absl::Milliseconds(100)), ElementsAre("written a"));
  EXPECT_THAT(After(absl::Milliseconds(100)), ElementsAre("written b"));
}

TEST_F(SettlingBufferTest, WhatMustBeToldBeforeIsToldWithIt) {
  // The directory may be told without what is in it, not the other way round; and a rename is one.
  Add({Directory(Created("d")), Created("d/a")}, absl::Milliseconds(100));
  Add({Renamed("x", "d/x")});
  EXPECT_THAT(After(absl::ZeroDuration()), ElementsAre("created d/"));
  Add({Written("d/x")});
  EXPECT_THAT(After(absl::Milliseconds(100)), ElementsAre("created d/a"));
  EXPECT_THAT(After(absl::Milliseconds(100)), ElementsAre("renamed d/x <- x", "written d/x"));
}

TEST_F(SettlingBufferTest, WhatIsBelowADeletedDirectoryIsToldWithItThoughItIsNotQuiet) {
  Add({Deleted("d/a"), Directory(Deleted("d")), Directory(Created("d"))});
  now_ += absl::Milliseconds(150);
  Add({Written("b"), Created("d/a")});
  EXPECT_THAT(After(absl::Milliseconds(50)), ElementsAre("deleted d/a", "deleted d/", "created d/"));
  EXPECT_THAT(After(absl::Milliseconds(150)), ElementsAre("written b", "created d/a"));
}

TEST_F(SettlingBufferTest, TheRootOfRelativePathsIsAboveThem) {
  EXPECT_THAT(Settled({Written("a"), Directory(Deleted(".")), Directory(Created(".")), Created("a")}),
              ElementsAre("written a", "deleted ./", "created ./", "created a"));
  EXPECT_THAT(Settled({Written("/a"), Directory(Deleted("/"))}), ElementsAre("written /a", "deleted //"));
}

TEST_F(SettlingBufferTest, AMergedEventHasTheTimeOfTheLast) {
  std::vector<Event> out;
  buffer_.Add(EventBuilder(Created("f")).At(absl::FromUnixSeconds(1)).Build(), now_, out);
  buffer_.Add(EventBuilder(Written("f")).At(absl::FromUnixSeconds(2)).Build(), now_, out);
  buffer_.Add(EventBuilder(Written("f")).At(absl::FromUnixSeconds(3)).Build(), now_, out);
  buffer_.TakeAll(out);
  ASSERT_THAT(out, ElementsAre(IsEvent(Action::kFileCreated, "f")));
  EXPECT_EQ(out[0].time, absl::FromUnixSeconds(3));
}

// --- What does not wait.

TEST_F(SettlingBufferTest, AForceReloadComesAfterAllThatIsPendingAndAtOnce) {
  EXPECT_THAT(
      Add({Written("b"), Written("a"), Created("c"), MakeForceReload(EventType::kFile, "r", "lost", {}),
           MakeForceReload(EventType::kFile, "r", "lost", {})}),
      ElementsAre("written b", "written a", "created c", "force_reload r", "force_reload r"));
  EXPECT_TRUE(buffer_.empty());
  EXPECT_THAT(Add({Written("b"), MakeForceReload(EventType::kDocker, "engine", "lost", {})}),
              ElementsAre("written b", "force_reload engine"));
}

TEST_F(SettlingBufferTest, ContainersDoNotWait) {
  EXPECT_THAT(Add({Written("f"), ContainerEvent(Action::kContainerStart, "f"),
                   ContainerEvent(Action::kContainerDie, "f"), ContainerEvent(Action::kContainerStart, "f")}),
              ElementsAre("start f", "die f", "start f"));
  EXPECT_THAT(After(kQuiet), ElementsAre("written f"));
}

TEST_F(SettlingBufferTest, WhatIsNotUnderstoodIsNotHeldNorOvertaken) {
  EXPECT_THAT(Add({Written("f"), FileEvent(Action::kFileRenamed, "g")}),
              ElementsAre("written f", "renamed g"));
  EXPECT_THAT(Add({Written("f"), FileEvent(Action::kFileCreated | Action::kFileWritten, "g")}),
              ElementsAre("written f", absl::StrCat(Action::kFileCreated | Action::kFileWritten, " g")));
}

TEST_F(SettlingBufferTest, AtTheBoundAllIsTold) {
  for (int i = 1; i < 20; ++i) EXPECT_THAT(Add({Written(absl::StrCat(i))}), IsEmpty());
  EXPECT_THAT(Add({Written("1")}), IsEmpty()) << "is no path more";
  EXPECT_THAT(Add({Written("20")}), SizeIs(20));
  EXPECT_TRUE(buffer_.empty());
}

TEST_F(SettlingBufferTest, ChangesOfFewPathsHaveTheSameBound) {
  std::size_t told = 0;
  for (int i = 0; i < 10; ++i) told += Add({Renamed("a", "t"), Renamed("b", "a"), Renamed("t", "b")}).size();
  EXPECT_GE(told, 20u);
}

}  // namespace
}  // namespace lookout::watchers_internal
