#include "lookout/tools/lookout/event_format.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"

namespace lookout {
namespace {

std::string Text(const Event& event, bool color = false) {
  std::string text;
  AppendEventText(event, color, text);
  return text;
}

Event DirectoryEvent(Action action, absl::string_view path) {
  return EventBuilder(FileEvent(action, path)).Attribute(kKind, std::string(kKindDirectory)).Build();
}

TEST(EventFormatTest, Table) {
  struct Case {
    Event event;
    std::string text;
  };
  const std::vector<Case> cases = {
      {FileEvent(Action::kFileWritten, "conf/app.yml"), "file written conf/app.yml"},
      {FileEvent(Action::kFileDeleted, "with space"), "file deleted with space"},
      {DirectoryEvent(Action::kFileCreated, "conf/new"), "file created conf/new/"},
      {DirectoryEvent(Action::kFileDeleted, "/"), "file deleted /"},
      {EventBuilder(FileEvent(Action::kFileRenamed, "b")).Attribute(kRenamedFrom, "a").Build(),
       "file renamed b <- a"},
      {EventBuilder(DirectoryEvent(Action::kFileRenamed, "b")).Attribute(kRenamedFrom, "a").Build(),
       "file renamed b/ <- a/"},
      {ContainerEvent(Action::kContainerStart, "nginx"), "docker start nginx"},
      {EventBuilder(ContainerEvent(Action::kContainerDie, "nginx")).Attribute("exitCode", "1").Build(),
       "docker die nginx"},
      {EventBuilder(ContainerEvent(Action::kContainerDie, "")).Id("4f66").Build(), "docker die 4f66"},
      {EventBuilder(ContainerEvent(Action::kContainerStart, "nginx"))
           .Attribute(kKind, std::string(kKindDirectory))
           .Attribute(kRenamedFrom, "a label")
           .Attribute(kReason, "a label")
           .Build(),
       "docker start nginx"},
      {MakeForceReload(EventType::kFile, "conf", "too\nmany", kEventBuilderTime),
       "file force_reload conf: too\\nmany"},
      {FileEvent(Action::kFileWritten, "a\nb\x1b[2J\xff\\"), "file written a\\nb\\x1b[2J\\xff\\\\"},
      {EventBuilder(FileEvent(Action::kFileRenamed, "b")).Attribute(kRenamedFrom, "\x07").Build(),
       "file renamed b <- \\x07"},
  };
  for (const Case& c : cases) EXPECT_EQ(Text(c.event), "2026-01-01T12:00:00.000Z " + c.text);
}

TEST(EventFormatTest, TheTimeIsUtcWithMillisecondsCutOff) {
  const absl::Time time = absl::FromUnixSeconds(1795446245) + absl::Nanoseconds(123'999'999);
  EXPECT_EQ(Text(EventBuilder(FileEvent(Action::kFileWritten, "f")).At(time).Build()),
            "2026-11-23T15:04:05.123Z file written f");
}

TEST(EventFormatTest, AppendsAndLeavesTheLineOpen) {
  std::string text = "before ";
  AppendEventText(FileEvent(Action::kFileWritten, "f"), false, text);
  EXPECT_EQ(text, "before 2026-01-01T12:00:00.000Z file written f");
}

TEST(EventFormatTest, AnyBytesMakeOneLine) {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const std::string text = Text(
      EventBuilder(FileEvent(Action::kFileRenamed, all_bytes)).Attribute(kRenamedFrom, all_bytes).Build());
  for (char c : text) EXPECT_TRUE(c >= 0x20 && c < 0x7f);
}

TEST(EventFormatTest, ColorIsAroundTheActionOnly) {
  EXPECT_EQ(Text(FileEvent(Action::kFileDeleted, "f"), true),
            "2026-01-01T12:00:00.000Z file \x1b[31mdeleted\x1b[0m f");
}

TEST(EventFormatTest, EveryNamedActionHasItsGroupsColor) {
  const auto begins_with = [](Action action, absl::string_view paint) {
    return absl::StrContains(Text(FileEvent(action, "f"), true), paint);
  };
  for (Action action : {Action::kContainerCreate, Action::kContainerStart, Action::kContainerUnpause,
                        Action::kContainerHealthy, Action::kFileCreated}) {
    EXPECT_TRUE(begins_with(action, "\x1b[32m")) << ActionName(action);
  }
  for (Action action : {Action::kContainerKill, Action::kContainerStop, Action::kContainerDie,
                        Action::kContainerDestroy, Action::kContainerUnhealthy, Action::kFileDeleted}) {
    EXPECT_TRUE(begins_with(action, "\x1b[31m")) << ActionName(action);
  }
  for (Action action : {Action::kContainerPause, Action::kContainerRename, Action::kFileRenamed}) {
    EXPECT_TRUE(begins_with(action, "\x1b[36m")) << ActionName(action);
  }
  EXPECT_TRUE(begins_with(Action::kFileWritten, "\x1b[33m"));
  EXPECT_TRUE(begins_with(Action::kForceReload, "\x1b[1;35m"));
}

TEST(WantsColorTest, Table) {
  EXPECT_TRUE(WantsColor(ColorMode::kAuto, true, "", "xterm"));
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, false, "", "xterm"));
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, true, "1", "xterm"));
  EXPECT_FALSE(WantsColor(ColorMode::kAuto, true, "", "dumb"));
  EXPECT_TRUE(WantsColor(ColorMode::kAlways, false, "1", "dumb"));
  EXPECT_FALSE(WantsColor(ColorMode::kNever, true, "", "xterm"));
}

}  // namespace
}  // namespace lookout
