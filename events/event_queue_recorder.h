// What the tests of EventQueue have in common: callbacks that write down what they get, and can be held.
//
//   QueueRecorder recorder;
//   EventQueue queue("q", clock, {.flush_interval = absl::Seconds(1)}, recorder.OnFlush(),
//   recorder.OnError());
//   ...
//   EXPECT_THAT(recorder.WaitForBatches(1), ElementsAre(ElementsAre("a", "b")));
//
// Events are written down as their actor's name; a ForceReload as "!" and its actor's name.
#ifndef LOOKOUT_EVENTS_EVENT_QUEUE_RECORDER_H_
#define LOOKOUT_EVENTS_EVENT_QUEUE_RECORDER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue.h"

namespace lookout {

// An event of a container of this name.
inline Event Named(absl::string_view name, Action action = Action::kContainerStart) {
  return {.actor_name = std::string(name), .action = action};
}

inline std::string NameOf(const Event& event) {
  return absl::StrCat(event.action == Action::kForceReload ? "!" : "", event.actor_name);
}

// Blocks until `n` senders wait for room in `queue`.
inline void AwaitWaitingSenders(const EventQueue& queue, std::uint64_t n) {
  while (queue.counters().waiting < n) std::this_thread::yield();
}

class QueueRecorder {
 public:
  using Batch = std::vector<std::string>;

  EventQueue::FlushCallback OnFlush() {
    return [this](absl::Span<Event> batch) { Record(batch); };
  }
  EventQueue::ErrorCallback OnError() {
    return [this](absl::Status error) {
      absl::MutexLock lock(mu_);
      errors_.push_back(std::move(error));
    };
  }

  // From now on on_flush, having written down its batch, does not return before Release().
  void Hold() {
    absl::MutexLock lock(mu_);
    open_ = false;
  }
  void Release() {
    absl::MutexLock lock(mu_);
    open_ = true;
  }

  std::vector<Batch> WaitForBatches(std::size_t n) {
    const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return batches_.size() >= n; };
    absl::MutexLock lock(mu_, absl::Condition(&enough));
    return batches_;
  }
  std::vector<absl::Status> WaitForErrors(std::size_t n) {
    const auto enough = [this, n]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return errors_.size() >= n; };
    absl::MutexLock lock(mu_, absl::Condition(&enough));
    return errors_;
  }

  std::vector<Batch> batches() const {
    absl::MutexLock lock(mu_);
    return batches_;
  }
  // All that came, one after the other.
  Batch all() const {
    absl::MutexLock lock(mu_);
    Batch all;
    for (const Batch& batch : batches_) all.insert(all.end(), batch.begin(), batch.end());
    return all;
  }
  // The most calls of on_flush that were under way at once.
  int most_at_once() const {
    absl::MutexLock lock(mu_);
    return most_at_once_;
  }

 private:
  void Record(absl::Span<const Event> events) {
    absl::MutexLock lock(mu_);
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    Batch batch;
    for (const Event& event : events) batch.push_back(NameOf(event));
    batches_.push_back(std::move(batch));
    mu_.Await(absl::Condition(&open_));
    --at_once_;
  }

  mutable absl::Mutex mu_;
  std::vector<Batch> batches_ ABSL_GUARDED_BY(mu_);
  std::vector<absl::Status> errors_ ABSL_GUARDED_BY(mu_);
  bool open_ ABSL_GUARDED_BY(mu_) = true;
  int at_once_ ABSL_GUARDED_BY(mu_) = 0;
  int most_at_once_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_EVENT_QUEUE_RECORDER_H_
