#include "lookout/watchers/fan_out_sink.h"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/recording_sink.h"

namespace lookout {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ThrowingSink final : public Sink {
 public:
  absl::Status Write(absl::Span<const Event>) override { throw std::runtime_error("disk on fire"); }
};

class GiveUpSink final : public Sink {
 public:
  explicit GiveUpSink(int& give_ups) : give_ups_(give_ups) {}
  absl::Status Write(absl::Span<const Event>) override { return absl::OkStatus(); }
  void GiveUp() override {
    ++give_ups_;
    throw std::runtime_error("cannot");
  }

 private:
  int& give_ups_;
};

struct FanOut {
  FanOut() {
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::make_unique<ThrowingSink>());
    first = static_cast<RecordingSink*>(sinks.emplace_back(std::make_unique<RecordingSink>()).get());
    second = static_cast<RecordingSink*>(sinks.emplace_back(std::make_unique<RecordingSink>()).get());
    sink = std::make_unique<FanOutSink>(std::move(sinks));
  }
  RecordingSink* first;
  RecordingSink* second;
  std::unique_ptr<FanOutSink> sink;
  const std::vector<Event> batch = {ContainerEvent(Action::kContainerStart, "nginx")};
};

TEST(FanOutSinkTest, AFailingSinkDoesNotStarveAnother) {
  FanOut fan;
  fan.first->FailNext(absl::UnavailableError("no route"));
  const absl::Status status = fan.sink->Write(fan.batch);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("sink 1 of 3: threw: std::runtime_error: disk on fire"));
  EXPECT_THAT(status.message(), HasSubstr("sink 2 of 3: no route"));
  EXPECT_THAT(fan.second->events(), SizeIs(1));
}

TEST(FanOutSinkTest, AFailureDoesNotCostTheNextBatch) {
  FanOut fan;
  fan.first->FailNext(absl::UnavailableError("no route"));
  EXPECT_FALSE(fan.sink->Write(fan.batch).ok());
  EXPECT_FALSE(fan.sink->Write(fan.batch).ok());  // the first sink still throws
  EXPECT_THAT(fan.first->events(), SizeIs(1));
  EXPECT_THAT(fan.second->events(), SizeIs(2));
}

TEST(FanOutSinkTest, IsOkWhenAllAre) {
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::make_unique<RecordingSink>());
  FanOutSink sink(std::move(sinks));
  EXPECT_TRUE(sink.Write(FanOut().batch).ok());
}

TEST(FanOutSinkTest, GiveUpReachesEachWhateverAnotherThrows) {
  int first = 0, second = 0;
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::make_unique<GiveUpSink>(first));
  sinks.push_back(std::make_unique<GiveUpSink>(second));
  FanOutSink sink(std::move(sinks));
  EXPECT_NO_THROW(sink.GiveUp());
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

}  // namespace
}  // namespace lookout
