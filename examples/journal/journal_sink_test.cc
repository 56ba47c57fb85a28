#include "journal/journal_sink.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "events/event.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/sink_conformance.h"

namespace journal {
namespace {

using ::lookout::Action;
using ::lookout::FileEvent;
using ::lookout::kEventBuilderTime;
using ::testing::InSequence;
using ::testing::MockFunction;
using ::testing::Return;

TEST(JournalSinkTest, AppendsALineForEachEventInOrder) {
  MockFunction<bool(const Event&)> append;
  JournalSink sink(append.AsStdFunction());
  InSequence in_this_order;
  EXPECT_CALL(append, Call(Event{kEventBuilderTime, "created a"})).WillOnce(Return(true));
  EXPECT_CALL(append, Call(Event{kEventBuilderTime, "deleted b"})).WillOnce(Return(true));
  EXPECT_EQ(sink.Write({FileEvent(Action::kFileCreated, "a"), FileEvent(Action::kFileDeleted, "b")}),
            absl::OkStatus());
}

TEST(JournalSinkTest, SaysWhenTheJournalIsFull) {
  MockFunction<bool(const Event&)> append;
  JournalSink sink(append.AsStdFunction());
  EXPECT_CALL(append, Call).WillOnce(Return(false));
  EXPECT_EQ(sink.Write({FileEvent(Action::kFileCreated, "a"), FileEvent(Action::kFileDeleted, "b")}).code(),
            absl::StatusCode::kUnavailable);
}

// What lookout asks of every Sink.
class JournalHarness final : public lookout::SinkHarness {
 public:
  lookout::Sink& sink() override { return sink_; }
  std::vector<std::string> Arrived() override { return lines_; }
  bool MakeNextWriteFail() override { return full_ = true; }

 private:
  bool Append(const Event& event) {
    if (std::exchange(full_, false)) return false;
    lines_.push_back(event.text);
    return true;
  }

  std::vector<std::string> lines_;
  bool full_ = false;
  JournalSink sink_{[this](const Event& event) { return Append(event); }};
};

}  // namespace
}  // namespace journal

namespace lookout {
INSTANTIATE_TEST_SUITE_P(Journal, SinkConformanceTest,
                         ::testing::Values(&MakeSinkHarness<journal::JournalHarness>));
}  // namespace lookout
