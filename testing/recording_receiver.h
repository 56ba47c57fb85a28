// A Receiver that keeps all that a Source tells it, and lets a test wait for it.
//
//   RecordingReceiver receiver;
//   std::jthread thread([&](std::stop_token stop) { result = source.Run(stop, receiver); });
//   receiver.WaitForReady();
//   dir.WriteFile("a.conf", "x");
//   EXPECT_THAT(receiver.WaitForCount(1), ElementsAre(IsEvent(Action::kFileCreated, dir.Path("a.conf"))));
//
// Thread-safe. The waits are on what arrives, never on time: what does not come ends by the test's time-out.
#ifndef LOOKOUT_TESTING_RECORDING_RECEIVER_H_
#define LOOKOUT_TESTING_RECORDING_RECEIVER_H_

#include <cstddef>
#include <limits>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"

namespace lookout {

class RecordingReceiver final : public Receiver {
 public:
  // OnEvent() keeps `n` events in all, then refuses: it returns false and keeps nothing more.
  void RefuseAfter(std::size_t n);

  // Block until `n` events or errors have come, or until OnReady() was called `n` times. Return all that
  // came so far.
  std::vector<Event> WaitForCount(std::size_t n);
  std::vector<absl::Status> WaitForErrors(std::size_t n);
  void WaitForReady(int n = 1);
  // Blocks until `done` is true of the events so far.
  std::vector<Event> WaitUntil(absl::FunctionRef<bool(const std::vector<Event>&)> done);

  std::vector<Event> events() const;
  std::vector<absl::Status> errors() const;
  int ready_count() const;
  // How many events came before the first OnReady(): a source that keeps its contract has none.
  std::size_t events_before_ready() const;
  // How many calls of OnEvent() were refused.
  int refused() const;
  // Forgets events and errors; a wait then counts from here.
  void Clear();

  // Receiver.
  void OnReady() override;
  bool OnEvent(Event event) override;
  void OnError(absl::Status error) override;

 private:
  mutable absl::Mutex mu_;
  std::vector<Event> events_ ABSL_GUARDED_BY(mu_);
  std::vector<absl::Status> errors_ ABSL_GUARDED_BY(mu_);
  std::size_t accepts_ ABSL_GUARDED_BY(mu_) = std::numeric_limits<std::size_t>::max();
  std::size_t events_before_ready_ ABSL_GUARDED_BY(mu_) = 0;
  int ready_count_ ABSL_GUARDED_BY(mu_) = 0;
  int refused_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_RECORDING_RECEIVER_H_
