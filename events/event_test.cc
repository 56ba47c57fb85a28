#include "lookout/events/event.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/actor_id.h"

namespace lookout {
namespace {

TEST(EventTest, IsWrittenAsItsActionAndActor) {
  const Event event{.actor_name = "nginx", .action = Action::kContainerStart};
  EXPECT_EQ(event.ToString(), "start nginx");
  EXPECT_EQ(absl::StrCat(event), "start nginx");
  EXPECT_EQ(absl::StrFormat("%v", event), "start nginx");
  const Event file{.type = EventType::kFile, .actor_name = "/etc/a b", .action = Action::kFileWritten};
  EXPECT_EQ(absl::StrCat(file), "written /etc/a b");
}

TEST(EventTest, EachPartTakesPartInEquality) {
  const Event event{.actor_name = "nginx", .actor_id = "4f66", .action = Action::kContainerStart};
  Event other = event;
  EXPECT_EQ(event, other);
  other.type = EventType::kFile;
  EXPECT_NE(event, other);
  other = event;
  other.actor_name = "redis";
  EXPECT_NE(event, other);
  other = event;
  other.actor_id = "";
  EXPECT_NE(event, other);
  other = event;
  other.attributes.Set("k", "v");
  EXPECT_NE(event, other);
  other = event;
  other.action = Action::kContainerDie;
  EXPECT_NE(event, other);
  other = event;
  other.time += absl::Nanoseconds(1);
  EXPECT_NE(event, other);
}

TEST(EventTest, ItsMemoryIsItselfAndWhatItHasElsewhere) {
  Event event;
  EXPECT_EQ(ByteSize(event), sizeof(Event));
  static_assert(sizeof(Event) == 136, "event_queue.h says so");
  event.actor_id = std::string(ActorId::kInPlace, 'a');
  EXPECT_EQ(ByteSize(event), sizeof(Event)) << "it lies in the event";
  event.actor_id = std::string(ActorId::kInPlace + 1, 'a');
  event.actor_name = std::string(100, 'n');
  event.attributes.Set("key", "value");
  EXPECT_EQ(ByteSize(event), sizeof(Event) + ActorId::kInPlace + 1 + 100 + event.attributes.bytes());
}

TEST(EventTest, TypesHaveNamesThatParseBack) {
  EXPECT_EQ(absl::StrCat(EventType::kDocker), "docker");
  EXPECT_EQ(absl::StrCat(EventType::kFile), "file");
  EXPECT_EQ(ParseEventType("docker").value(), EventType::kDocker);
  EXPECT_EQ(ParseEventType("file").value(), EventType::kFile);
  for (absl::string_view name : {"", "Docker", "files", "unknown"}) {
    EXPECT_EQ(ParseEventType(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(EventTest, AForceReloadSaysWhoseStateToReadAgainAndWhy) {
  const absl::Time time = absl::FromUnixSeconds(1000);
  const Event event = MakeForceReload(EventType::kFile, "/etc", "the kernel's queue ran over", time);
  EXPECT_EQ(event, (Event{.type = EventType::kFile,
                          .actor_name = "/etc",
                          .attributes = {{"lookout.reason", "the kernel's queue ran over"}},
                          .action = Action::kForceReload,
                          .time = time}));
  EXPECT_EQ(absl::StrCat(event), "force_reload /etc");
}

}  // namespace
}  // namespace lookout
