// The suite applied to RecordingSink.
#include "lookout/testing/sink_conformance.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/testing/recording_sink.h"

namespace lookout {
namespace {

class RecordingSinkHarness final : public SinkHarness {
 public:
  Sink& sink() override { return sink_; }
  std::vector<std::string> Arrived() override {
    std::vector<std::string> texts;
    for (const Event& event : sink_.events()) texts.push_back(absl::StrCat(event));
    return texts;
  }
  bool MakeNextWriteFail() override {
    sink_.FailNext(absl::UnavailableError("full"));
    return true;
  }

 private:
  RecordingSink sink_;
};

INSTANTIATE_TEST_SUITE_P(Recording, SinkConformanceTest,
                         ::testing::Values(&MakeSinkHarness<RecordingSinkHarness>));

}  // namespace
}  // namespace lookout
