// How lookout's threads wait on an injected clock: for a condition, for file descriptors, or just for time.
//
// Waits are durations, not points in time: setting the machine's clock back or ahead neither stretches nor
// cuts them. (absl::Clock::AwaitWithDeadline on the real clock waits for a point in wall time.) One
// exception: a clock that is neither the real one nor a PollableClock has nothing but AwaitWithDeadline();
// set back while a thread waits in it, it wakes that thread when it comes to the point that the thread had in
// view.
//
// testing/fake_clock.h drives all of them from a test.
#ifndef LOOKOUT_EVENTS_WAIT_H_
#define LOOKOUT_EVENTS_WAIT_H_

#include <poll.h>

#include <stop_token>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lookout {

// What a clock says at one moment.
struct ClockReading {
  absl::Time now;         // the wall clock's time: for people, and for waits until a point in it
  absl::Duration passed;  // see TimePassed()
};

// A clock whose waits a test can see and end, poll(2) included.
class PollableClock : public absl::Clock {
 public:
  // As poll(2), but for `timeout` on this clock. Returns what poll returns: ready descriptors, 0 when the
  // time is over, -1 with errno (EINTR included).
  virtual int Poll(absl::Span<pollfd> fds, absl::Duration timeout) = 0;

  // Both at once. By itself: what TimeNow() says, for a clock that nobody sets.
  virtual ClockReading Read() {
    const absl::Time now = TimeNow();
    return {.now = now, .passed = now - absl::UnixEpoch()};
  }
};

// How much time has passed on `clock` since some fixed point: the difference of two readings is how long
// something took, wherever the wall clock was set to in between. Never goes back.
absl::Duration TimePassed(absl::Clock& clock);

// That and the wall's time. A clock that is moved by hand is not moved between the two.
ClockReading ReadClock(absl::Clock& clock);

// Waits until `condition` holds or `timeout` is over, whichever is first; true if it holds. `mu` must be
// held. absl::InfiniteDuration() waits without a timer.
bool AwaitFor(absl::Clock& clock, absl::Mutex& mu, const absl::Condition& condition, absl::Duration timeout)
    ABSL_SHARED_LOCKS_REQUIRED(mu);

// The same for a `timeout` that was worked out from `now`, a reading of `clock` just made. A clock that is
// moved by hand between the two is then not missed: a test need not know how far the thread has come.
bool AwaitFor(absl::Clock& clock, absl::Mutex& mu, const absl::Condition& condition, absl::Duration timeout,
              absl::Time now) ABSL_SHARED_LOCKS_REQUIRED(mu);

// poll(2) with a timeout on `clock`: its own Poll() if it is a PollableClock, else the kernel's.
// absl::InfiniteDuration() waits without a timer.
int PollFor(absl::Clock& clock, absl::Span<pollfd> fds, absl::Duration timeout);

// Waits for `duration`. False, at once, if `stop` is requested before it is over.
bool SleepUnlessStopped(absl::Clock& clock, std::stop_token stop, absl::Duration duration);

// A file descriptor that becomes readable when `stop` is requested, and stays so: put it into the pollfd
// list of a loop that must end at once.
class StopFd {
 public:
  explicit StopFd(std::stop_token stop);
  StopFd(const StopFd&) = delete;
  StopFd& operator=(const StopFd&) = delete;

  // An entry for PollFor(). Without a descriptor (the process has no more of them) ok() is false, and
  // poll(2) passes over the entry.
  pollfd entry() const { return {.fd = descriptor_.fd, .events = POLLIN, .revents = 0}; }
  bool ok() const { return descriptor_.fd >= 0; }

 private:
  struct Descriptor {
    Descriptor();
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    const int fd;
  };
  struct Signal {
    int fd;
    void operator()() const;
  };

  // In this order: the callback is gone, or has returned, before the descriptor is closed.
  Descriptor descriptor_;
  std::stop_callback<Signal> callback_;
};

}  // namespace lookout

#endif  // LOOKOUT_EVENTS_WAIT_H_
