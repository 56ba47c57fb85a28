// What every Sink must do, as tests that any of them can be put through.
//
//   class FileSinkHarness final : public SinkHarness {
//    public:
//     Sink& sink() override { return sink_; }
//     std::vector<std::string> Arrived() override { return absl::StrSplit(dir_.ReadFile("out"), '\n', ...); }
//     bool MakeNextWriteFail() override { dir_.Chmod("out", 0); return true; }
//     ...
//   };
//   INSTANTIATE_TEST_SUITE_P(File, SinkConformanceTest,
//   ::testing::Values(&MakeSinkHarness<FileSinkHarness>));
//
// Include it in one .cc of a test.
#ifndef LOOKOUT_TESTING_SINK_CONFORMANCE_H_
#define LOOKOUT_TESTING_SINK_CONFORMANCE_H_

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"

namespace lookout {

// A sink, and an eye on the far side of it.
class SinkHarness {
 public:
  virtual ~SinkHarness() = default;

  virtual Sink& sink() = 0;

  // What has arrived so far, each event as its ToString(), in order of arrival. Waits for nothing: a Write()
  // that returned OK has arrived.
  virtual std::vector<std::string> Arrived() = 0;

  // Makes the next Write() fail, and only that. False for a sink that cannot fail.
  virtual bool MakeNextWriteFail() = 0;
};

using SinkHarnessFactory = std::unique_ptr<SinkHarness> (*)();

template <typename Harness>
std::unique_ptr<SinkHarness> MakeSinkHarness() {
  return std::make_unique<Harness>();
}

class SinkConformanceTest : public ::testing::TestWithParam<SinkHarnessFactory> {
 protected:
  SinkConformanceTest() : harness_(GetParam()()) {}

  // Writes one batch of container starts with these names. The batch is gone when this returns.
  absl::Status Write(const std::vector<std::string>& names) {
    std::vector<Event> batch;
    for (const std::string& name : names) {
      batch.push_back({.actor_name = name,
                       .actor_id = "id",
                       .action = Action::kContainerStart,
                       .time = absl::FromUnixSeconds(1767268800)});
    }
    const absl::Status status = harness_->sink().Write(batch);
    for (Event& event : batch) event.actor_name = "overwritten";
    return status;
  }

  const std::unique_ptr<SinkHarness> harness_;
};

using Texts = std::vector<std::string>;

TEST_P(SinkConformanceTest, ABatchArrivesInOrder) {
  EXPECT_EQ(Write({"a", "b", "c"}), absl::OkStatus());
  EXPECT_EQ(harness_->Arrived(), Texts({"start a", "start b", "start c"}));
}

TEST_P(SinkConformanceTest, BatchesArriveOneAfterTheOtherAndNothingIsKeptOfTheirMemory) {
  EXPECT_EQ(Write({"a"}), absl::OkStatus());
  EXPECT_EQ(Write({"b", "c"}), absl::OkStatus());
  EXPECT_EQ(Write({"d"}), absl::OkStatus());
  EXPECT_EQ(harness_->Arrived(), Texts({"start a", "start b", "start c", "start d"}));
}

TEST_P(SinkConformanceTest, BatchesMayComeFromDifferentThreadsOneAtATime) {
  EXPECT_EQ(Write({"a"}), absl::OkStatus());
  std::thread other([this] { EXPECT_EQ(Write({"b"}), absl::OkStatus()); });
  other.join();
  EXPECT_EQ(Write({"c"}), absl::OkStatus());
  EXPECT_EQ(harness_->Arrived(), Texts({"start a", "start b", "start c"}));
}

TEST_P(SinkConformanceTest, EveryTypeAndActionIsTaken) {
  std::vector<Event> batch;
  Texts expected;
  for (EventType type : {EventType::kDocker, EventType::kFile}) {
    for (int bit = 0; bit < 16; ++bit) {
      batch.push_back({.type = type, .actor_name = "x", .action = static_cast<Action>(1 << bit)});
      expected.push_back(absl::StrCat(batch.back()));
    }
  }
  batch.push_back(MakeForceReload(EventType::kFile, "/etc", "lost some", absl::UnixEpoch()));
  expected.push_back(absl::StrCat(batch.back()));
  EXPECT_EQ(harness_->sink().Write(batch), absl::OkStatus());
  EXPECT_EQ(harness_->Arrived(), expected);
}

TEST_P(SinkConformanceTest, AnyBytesAndAnySizeAreTaken) {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  Event event{.type = EventType::kFile, .actor_name = all_bytes, .action = Action::kFileRenamed};
  event.attributes.Set(kRenamedFrom, std::string(100'000, '\xFF'));
  EXPECT_EQ(harness_->sink().Write({event}), absl::OkStatus());
}

TEST_P(SinkConformanceTest, ABatchOfManyEventsArrivesWhole) {
  Texts names;
  Texts expected;
  for (int i = 0; i < 1000; ++i) {
    names.push_back(absl::StrCat(i));
    expected.push_back(absl::StrCat("start ", i));
  }
  EXPECT_EQ(Write(names), absl::OkStatus());
  EXPECT_EQ(harness_->Arrived(), expected);
}

TEST_P(SinkConformanceTest, AFailureIsSaidAndLeavesItUsable) {
  EXPECT_EQ(Write({"before"}), absl::OkStatus());
  const bool fails = harness_->MakeNextWriteFail();
  EXPECT_EQ(Write({"during"}).ok(), !fails);
  EXPECT_EQ(Write({"after"}), absl::OkStatus());
  const Texts arrived = harness_->Arrived();
  EXPECT_EQ(arrived.front(), "start before");
  EXPECT_EQ(arrived.back(), "start after");
}

}  // namespace lookout

#endif  // LOOKOUT_TESTING_SINK_CONFORMANCE_H_
