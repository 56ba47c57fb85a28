// The suite applied to RetryingSink: around a sink that takes a batch at once, and around one that refuses
// each batch's first try.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/recording_sink.h"
#include "lookout/testing/sink_conformance.h"
#include "lookout/watchers/retrying_sink.h"

namespace lookout {
namespace {

// Takes what it is offered a second time.
class ReluctantSink final : public Sink {
 public:
  explicit ReluctantSink(Sink& inner) : inner_(inner) {}
  absl::Status Write(absl::Span<const Event> batch) override {
    if (std::exchange(refuses_, !refuses_)) return absl::UnavailableError("busy");
    return inner_.Write(batch);
  }

 private:
  Sink& inner_;
  bool refuses_ = true;
};

class ForwardingSink final : public Sink {
 public:
  explicit ForwardingSink(Sink& inner) : inner_(inner) {}
  absl::Status Write(absl::Span<const Event> batch) override { return inner_.Write(batch); }

 private:
  Sink& inner_;
};

template <typename Inner>
class RetryingSinkHarness final : public SinkHarness {
 public:
  Sink& sink() override { return sink_; }
  std::vector<std::string> Arrived() override {
    std::vector<std::string> texts;
    for (const Event& event : far_side_.events()) texts.push_back(absl::StrCat(event));
    return texts;
  }
  bool MakeNextWriteFail() override {
    far_side_.FailNext(absl::PermissionDeniedError("not yours"));
    return true;
  }

 private:
  FakeClock clock_;
  RecordingSink far_side_;
  // Without pauses: nobody moves the clock.
  RetryingSink sink_{std::make_unique<Inner>(far_side_), clock_, {.first_delay = absl::ZeroDuration()}};
};

INSTANTIATE_TEST_SUITE_P(Retrying, SinkConformanceTest,
                         ::testing::Values(&MakeSinkHarness<RetryingSinkHarness<ForwardingSink>>,
                                           &MakeSinkHarness<RetryingSinkHarness<ReluctantSink>>));

}  // namespace
}  // namespace lookout
