#include "lookout/events/patient_lock.h"

#include <chrono>
#include <thread>

#include "absl/synchronization/mutex.h"

namespace lookout::events_internal {
namespace {

// In steps of some 20 to 40 ns: a microsecond together.
constexpr int kShortestPause = 2;
constexpr int kLongestPause = 16;
// Thousands of turns of the others; the kernel adds some 50 us of its own.
constexpr std::chrono::microseconds kAside(100);
constexpr int kTimesAside = 10;

void Pause(int steps) {
  for (int i = 0; i < steps; ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
}

}  // namespace

void PatientLock::LockPatiently() {
  for (int steps = kShortestPause; steps <= kLongestPause; steps *= 2) {
    Pause(steps);
    if (mu_.try_lock()) return;
  }
  for (int i = 0; i < kTimesAside; ++i) {
    std::this_thread::sleep_for(kAside);
    if (mu_.try_lock()) return;
  }
  mu_.lock();
}

}  // namespace lookout::events_internal
