// A Sink that keeps what it is given, fails when told to, and lets a test wait for what arrives.
//
//   RecordingSink sink;
//   ... something writes to it ...
//   EXPECT_THAT(sink.WaitForCount(3), ElementsAre(IsEvent(Action::kContainerStart, "nginx"), _, _));
//
// Thread-safe. The waits are on what arrives, never on time: what does not come ends by the test's time-out.
#ifndef LOOKOUT_TESTING_RECORDING_SINK_H_
#define LOOKOUT_TESTING_RECORDING_SINK_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"

namespace lookout {

class RecordingSink final : public Sink {
 public:
  // The next Write() without a failure of its own returns `status` and keeps nothing of its batch.
  void FailNext(absl::Status status);

  // Write() keeps its batch, then blocks until Release(): a slow sink.
  void Hold();
  void Release();

  // Block until `n` events, batches or failed calls have come. Return all that came so far.
  std::vector<Event> WaitForCount(std::size_t n);
  std::vector<std::vector<Event>> WaitForBatches(std::size_t n);
  void WaitForFailures(int n);

  std::vector<Event> events() const;
  std::vector<std::vector<Event>> batches() const;
  int failures() const;

  // Sink.
  absl::Status Write(absl::Span<const Event> batch) override;

 private:
  std::size_t Count() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  std::vector<Event> Events() const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  std::vector<std::vector<Event>> batches_ ABSL_GUARDED_BY(mu_);
  std::deque<absl::Status> failures_to_come_ ABSL_GUARDED_BY(mu_);
  int failures_ ABSL_GUARDED_BY(mu_) = 0;
  bool open_ ABSL_GUARDED_BY(mu_) = true;
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_RECORDING_SINK_H_
