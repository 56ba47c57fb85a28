// RecordingSink and RecordingReceiver: what a test sees of them, and what they let it wait for.
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/event_matchers.h"
#include "lookout/testing/recording_receiver.h"
#include "lookout/testing/recording_sink.h"

namespace lookout {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Event Start(absl::string_view name) { return ContainerEvent(Action::kContainerStart, name); }

TEST(RecordingSinkTest, KeepsEventsByBatch) {
  RecordingSink sink;
  EXPECT_TRUE(sink.Write({Start("a"), Start("b")}).ok());
  EXPECT_TRUE(sink.Write({Start("c")}).ok());
  EXPECT_THAT(sink.WaitForBatches(2), ElementsAre(SizeIs(2), SizeIs(1)));
  EXPECT_THAT(sink.events(),
              ElementsAre(IsEvent(Action::kContainerStart, "a"), IsEvent(Action::kContainerStart, "b"),
                          IsEvent(Action::kContainerStart, "c")));
}

TEST(RecordingSinkTest, WaitForCountReturnsWhenThatManyHaveCome) {
  RecordingSink sink;
  std::thread writer([&] {
    for (absl::string_view name : {"a", "b", "c"}) EXPECT_TRUE(sink.Write({Start(name)}).ok());
  });
  EXPECT_GE(sink.WaitForCount(2).size(), 2u);
  writer.join();
  EXPECT_THAT(sink.WaitForCount(3), SizeIs(3));
}

TEST(RecordingSinkTest, FailuresComeInTurnAndKeepNothing) {
  RecordingSink sink;
  sink.FailNext(absl::UnavailableError("1"));
  sink.FailNext(absl::DataLossError("2"));
  EXPECT_EQ(sink.Write({Start("a")}), absl::UnavailableError("1"));
  EXPECT_EQ(sink.Write({Start("b")}), absl::DataLossError("2"));
  EXPECT_EQ(sink.Write({Start("c")}), absl::OkStatus());
  sink.WaitForFailures(2);
  EXPECT_EQ(sink.failures(), 2);
  EXPECT_THAT(sink.events(), ElementsAre(IsEvent(Action::kContainerStart, "c")));
}

TEST(RecordingSinkTest, AHeldWriteHasArrivedAndDoesNotReturn) {
  RecordingSink sink;
  sink.Hold();
  bool returned = false;
  std::thread writer([&] {
    EXPECT_TRUE(sink.Write({Start("a")}).ok());
    returned = true;
  });
  EXPECT_THAT(sink.WaitForCount(1), SizeIs(1));
  EXPECT_THAT(sink.batches(), SizeIs(1));
  sink.Release();
  writer.join();
  EXPECT_TRUE(returned);
}

TEST(RecordingReceiverTest, KeepsWhatItIsTold) {
  RecordingReceiver receiver;
  EXPECT_TRUE(receiver.OnEvent(Start("early")));
  receiver.OnReady();
  EXPECT_TRUE(receiver.OnEvent(Start("a")));
  receiver.OnError(absl::DataLossError("x"));
  receiver.WaitForReady();
  EXPECT_THAT(receiver.WaitForCount(2),
              ElementsAre(IsEvent(Action::kContainerStart, "early"), IsEvent(Action::kContainerStart, "a")));
  EXPECT_THAT(receiver.WaitForErrors(1), ElementsAre(absl::DataLossError("x")));
  EXPECT_EQ(receiver.events_before_ready(), 1u);
  EXPECT_EQ(receiver.ready_count(), 1);
  receiver.Clear();
  EXPECT_THAT(receiver.events(), IsEmpty());
  EXPECT_THAT(receiver.errors(), IsEmpty());
}

TEST(RecordingReceiverTest, RefusesAfterAsManyAsItWasTold) {
  RecordingReceiver receiver;
  receiver.RefuseAfter(1);
  EXPECT_TRUE(receiver.OnEvent(Start("a")));
  EXPECT_FALSE(receiver.OnEvent(Start("b")));
  EXPECT_FALSE(receiver.OnEvent(Start("c")));
  EXPECT_THAT(receiver.events(), SizeIs(1));
  EXPECT_EQ(receiver.refused(), 2);
}

TEST(RecordingReceiverTest, WaitUntilReturnsWhenTheEventsAreAsWished) {
  RecordingReceiver receiver;
  std::thread source([&] {
    for (absl::string_view name : {"a", "b", "c"}) receiver.OnEvent(Start(name));
  });
  const std::vector<Event> events = receiver.WaitUntil(
      [](const std::vector<Event>& all) { return !all.empty() && all.back().actor_name == "c"; });
  EXPECT_THAT(events, SizeIs(3));
  source.join();
}

TEST(EventMatchersTest, SayWhatTheyLookFor) {
  const Event event = EventBuilder(Start("nginx")).Id("4f66").Attribute("k", "v").Build();
  EXPECT_THAT(event, IsEvent(Action::kContainerStart, "nginx"));
  EXPECT_THAT(event, ::testing::Not(IsEvent(Action::kContainerStart, "redis")));
  EXPECT_THAT(event, ::testing::Not(IsEvent(Action::kContainerDie, "nginx")));
  EXPECT_THAT(event, HasType(EventType::kDocker));
  EXPECT_THAT(event, HasActorId("4f66"));
  EXPECT_THAT(event, HasAttribute("k", ::testing::StartsWith("v")));
  EXPECT_THAT(event, ::testing::Not(HasAttribute("k", "w")));
  EXPECT_THAT(event, LacksAttribute("other"));
  EXPECT_THAT(MakeForceReload(EventType::kFile, "/etc", "lost", kEventBuilderTime), IsForceReload("/etc"));
  EXPECT_THAT(Event{.action = Action::kForceReload}, ::testing::Not(IsForceReload(""))) << "it must say why";
  EXPECT_EQ(::testing::DescribeMatcher<Event>(IsEvent(Action::kContainerStart, "nginx")),
            "is start of an actor \"nginx\"");
  EXPECT_EQ(::testing::PrintToString(FileEvent(Action::kFileWritten, "/a")),
            R"({"type":"file","action":"written","actor_name":"/a","actor_id":"",)"
            R"("actor_attributes":{},"time":"2026-01-01T12:00:00.000000000Z"})");
}

}  // namespace
}  // namespace lookout
