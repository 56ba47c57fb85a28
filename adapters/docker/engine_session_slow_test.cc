// A session whose receiver is slower than the engine: what was read waits, and costs nothing.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/engine_session_harness.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_matchers.h"

namespace lookout::docker_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// More than is decoded, or told, together.
constexpr int kMany = 2000;

class EngineSessionSlowTest : public EngineSessionHarness {
 protected:
  static std::string ManyLines() {
    std::string lines;
    for (int i = 1; i <= kMany; ++i) absl::StrAppend(&lines, Line("kill", "web", i));
    return lines;
  }
};

// Which is found out while the receiver blocks.
TEST_F(EngineSessionSlowTest, WhatWasReadOfAnEngineThatIsNoMoreIsTold) {
  options_.liveness = absl::Seconds(30);
  engine_.ping = absl::UnavailableError("refused");
  engine_.stream = {ManyLines()};
  busy_.meanwhile = [this] { clock_.Advance(absl::Seconds(31)); };
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_THAT(receiver_.events(), SizeIs(kMany));
}

TEST_F(EngineSessionSlowTest, WhatWasReadBeforeAnAuditFailedIsTold) {
  options_.audit_interval = absl::Seconds(60);
  engine_.stream = {ManyLines() + Line("die", "web").substr(0, 20), Line("die", "web").substr(20)};
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  busy_.meanwhile = [this] { clock_.Advance(absl::Seconds(61)); };
  engine_.on_list = [this] {
    if (engine_.lists == 2) engine_.refusal = absl::UnavailableError("away");
  };
  const absl::Status end = Run();
  EXPECT_THAT(std::string(end.message()), HasSubstr("away"));
  EXPECT_THAT(receiver_.events(), SizeIs(kMany + 1));
  EXPECT_EQ(lived_, absl::ZeroDuration()) << "and that is no cut that may be passed over";
}

TEST_F(EngineSessionSlowTest, WhatWasReadBeforeALossCouldNotBeMendedIsTold) {
  engine_.listed.containers = {Container("web", Phase::kRunning)};
  engine_.stream = {"garbage\n" + ManyLines()};
  engine_.on_list = [this] {
    if (engine_.lists == 2) engine_.refusal = absl::UnavailableError("away");
  };
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_THAT(receiver_.events(), SizeIs(kMany)) << "the loss is said by the next";
}

TEST_F(EngineSessionSlowTest, AStreamThatIsCutWhileItIsAuditedIsCut) {
  options_.audit_interval = absl::Seconds(60);
  busy_.meanwhile = [this] {
    engine_.remembered = Line("die", "web", 8);
    clock_.Advance(absl::Seconds(61));
  };
  engine_.stream = {Line("start", "web"), "cut"};
  EXPECT_TRUE(absl::IsUnavailable(Run()));
  EXPECT_EQ(counters_.audits, 1u);
  EXPECT_EQ(lived_, absl::Seconds(61));
}

TEST_F(EngineSessionSlowTest, AMarkIsNotMissedForAsLongAsTheReceiverBlocks) {
  RunOnce(Line("start", "web"));
  engine_.remembered = Line("start", "web") + Line("die", "web", 8) + Line("destroy", "web", 9);
  engine_.stream = {Line("start", "web") + Line("die", "web", 8), Line("destroy", "web", 9)};
  busy_.meanwhile = [this] { clock_.Advance(absl::Seconds(31)); };
  const absl::Status end = Run();
  EXPECT_TRUE(absl::IsCancelled(end)) << end;
  EXPECT_THAT(receiver_.events(),
              ElementsAre(IsEvent(Action::kContainerDie, "web"), IsEvent(Action::kContainerDestroy, "web")));
}

TEST_F(EngineSessionSlowTest, AnObjectInTwoPiecesIsWaitedForAfterTheReceiverHasBlocked) {
  RunOnce(Line("start", "web"));
  const std::string destroy = Line("destroy", "web", 9);
  engine_.remembered = Line("start", "web") + Line("die", "web", 8) + destroy;
  engine_.stream = {Line("start", "web") + Line("die", "web", 8), destroy.substr(0, 20), destroy.substr(20)};
  busy_.meanwhile = [this] { clock_.Advance(absl::Seconds(31)); };
  const absl::Status end = Run();
  EXPECT_TRUE(absl::IsCancelled(end)) << end;
  EXPECT_THAT(receiver_.events(), SizeIs(2));
}

TEST_F(EngineSessionSlowTest, AnAuditIsNotLateForAsLongAsTheReceiverBlocks) {
  options_.audit_interval = absl::Seconds(60);
  engine_.stream = {ManyLines()};
  busy_.meanwhile = [this] {
    engine_.remembered = Line("kill", "web", kMany);
    clock_.Advance(absl::Seconds(31));
  };
  const absl::Status end = Run();
  EXPECT_TRUE(absl::IsCancelled(end)) << end;
  EXPECT_GE(counters_.audits, 1u);
  EXPECT_THAT(receiver_.events(), SizeIs(kMany)) << "and no ForceReload";
}

}  // namespace
}  // namespace lookout::docker_internal
