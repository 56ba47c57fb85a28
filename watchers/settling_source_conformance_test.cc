#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/events/action.h"
#include "lookout/events/source.h"
#include "lookout/testing/event_builder.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_source.h"
#include "lookout/testing/source_conformance.h"
#include "lookout/watchers/settling_source.h"

namespace lookout {
namespace {

// What happens is told when time has passed.
class SettlingFilesHarness final : public SourceHarness {
 public:
  Source& source() override { return source_; }
  void MakeEvent() override {
    inner_->Emit(FileEvent(Action::kFileWritten, absl::StrCat("f", ++made_)));
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Milliseconds(200));
  }

 private:
  FakeClock clock_;
  int made_ = 0;
  std::unique_ptr<FakeSource> owned_ = std::make_unique<FakeSource>();
  FakeSource* const inner_ = owned_.get();
  SettlingSource source_{std::move(owned_), clock_};
};

// What passes at once.
class SettlingContainersHarness final : public SourceHarness {
 public:
  Source& source() override { return source_; }
  void MakeEvent() override { inner_->Emit(ContainerEvent(Action::kContainerStart, "nginx")); }

 private:
  FakeClock clock_;
  std::unique_ptr<FakeSource> owned_ = std::make_unique<FakeSource>();
  FakeSource* const inner_ = owned_.get();
  SettlingSource source_{std::move(owned_), clock_};
};

INSTANTIATE_TEST_SUITE_P(Settling, SourceConformanceTest,
                         ::testing::Values(&MakeHarness<SettlingFilesHarness>,
                                           &MakeHarness<SettlingContainersHarness>));

}  // namespace
}  // namespace lookout
