#include "lookout/watchers/settling_source.h"

#include <memory>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"
#include "lookout/events/wait.h"
#include "lookout/events/wakeup.h"
#include "lookout/watchers/settling_buffer.h"

namespace lookout {

// One Run(): the receiver of the inner source, and the thread that tells what became due.
class SettlingSource::Session final : public Receiver {
 public:
  Session(absl::Clock& clock, const SettlingOptions& options, Receiver& receiver)
      : clock_(clock), receiver_(receiver), buffer_(options), thread_([this] { TellWhenDue(); }) {}
  ~Session() override { EndThread(); }

  void OnReady() override { receiver_.OnReady(); }
  void OnError(absl::Status error) override { receiver_.OnError(std::move(error)); }
  bool OnEvent(Event event) override { return OnEvents(absl::MakeSpan(&event, 1)); }
  bool OnEvents(absl::Span<Event> events) override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(mu_);
    const absl::Duration now = TimePassed(clock_);
    for (Event& event : events) buffer_.Add(std::move(event), now, out_);
    Tell();
    const absl::Duration due = buffer_.NextDue();
    if (due < awaited_ || (buffer_.empty() && awaited_ != absl::InfiniteDuration())) wakeup_.Signal();
    return !refused_;
  }

  // What the inner source runs under: ends when the receiver refuses, too.
  std::stop_source& stop() { return stop_; }

  // The inner source has ended: tells what is pending. True if the receiver took everything.
  bool Finish() ABSL_LOCKS_EXCLUDED(mu_) {
    EndThread();
    absl::MutexLock lock(mu_);
    buffer_.TakeAll(out_);
    Tell();
    return !refused_;
  }

 private:
  // Gives out_ to the receiver. The mutex is held meanwhile, though the receiver may block: it is what keeps
  // the events of two threads in order, and what holds a source back that is too fast.
  void Tell() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (!out_.empty() && !refused_) refused_ = !receiver_.OnEvents(absl::MakeSpan(out_));
    out_.clear();
  }

  void TellWhenDue() ABSL_LOCKS_EXCLUDED(mu_) {
    while (true) {
      absl::Time now;
      absl::Duration wait;
      if (!Step(now, wait)) break;
      // On a mutex of its own: who moves a FakeClock takes those of all who wait, and one may be blocked in
      // the receiver with mu_ held.
      wakeup_.Wait(clock_, wait, now);
    }
  }

  // Tells what is due. False: the thread has nothing left to do. Else how long it has to wait, from `now`.
  bool Step(absl::Time& now, absl::Duration& wait) ABSL_LOCKS_EXCLUDED(mu_) {
    {
      absl::MutexLock lock(mu_);
      if (ended_ || refused_) return false;
      // In this order: a clock that is moved by hand in between makes the wait shorter, not longer.
      now = clock_.TimeNow();
      const absl::Duration passed = TimePassed(clock_);
      buffer_.TakeDue(passed, out_);
      Tell();
      awaited_ = buffer_.NextDue();
      wait = awaited_ - passed;
      if (!refused_) return true;
    }
    // The source may not notice otherwise: it may have nothing more to tell. Without the mutex, as its
    // callbacks are not known here.
    stop_.request_stop();
    return false;
  }

  void EndThread() ABSL_LOCKS_EXCLUDED(mu_) {
    if (!thread_.joinable()) return;
    {
      absl::MutexLock lock(mu_);
      ended_ = true;
    }
    wakeup_.Signal();
    thread_.join();
  }

  absl::Clock& clock_;
  Receiver& receiver_;
  std::stop_source stop_;
  events_internal::Wakeup wakeup_;
  absl::Mutex mu_;
  watchers_internal::SettlingBuffer buffer_ ABSL_GUARDED_BY(mu_);
  std::vector<Event> out_ ABSL_GUARDED_BY(mu_);                             // on its way; empty between calls
  absl::Duration awaited_ ABSL_GUARDED_BY(mu_) = absl::InfiniteDuration();  // until when the thread waits
  bool refused_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses the others
};

SettlingSource::SettlingSource(std::unique_ptr<Source> inner, absl::Clock& clock, SettlingOptions options)
    : inner_(std::move(inner)), clock_(clock), options_(options) {
  CHECK(inner_ != nullptr);
  CHECK_GT(options_.quiet, absl::ZeroDuration());
  CHECK_LT(options_.quiet, absl::InfiniteDuration());
  if (options_.max_wait.has_value()) CHECK_GE(*options_.max_wait, options_.quiet);
  CHECK_GT(options_.max_pending, 0u);
}

absl::Status SettlingSource::Run(std::stop_token stop, Receiver& receiver) {
  Session session(clock_, options_, receiver);
  const std::stop_callback on_stop(stop, [&session] { session.stop().request_stop(); });
  absl::Status end;
  try {
    end = inner_->Run(session.stop().get_token(), session);
  } catch (...) {
    session.Finish();
    throw;
  }
  return session.Finish() ? end : absl::OkStatus();
}

}  // namespace lookout
