#include "lookout/events/patient_lock.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "gtest/gtest.h"

namespace lookout::events_internal {
namespace {

TEST(PatientLockTest, OneAtATimeAndNoneIsLeftOut) {
  constexpr int kThreads = 4, kTurns = 20'000;
  absl::Mutex mu;
  int turns = 0;  // a data race, and wrong, without the lock
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        PatientLock lock(mu);
        ++turns;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(turns, kThreads * kTurns);
}

TEST(PatientLockTest, WaitsAsLongAsItIsHeldAndIsThenLetIn) {
  absl::Mutex mu;
  std::atomic<bool> asks = false, in = false;
  mu.lock();
  std::jthread thread([&] {
    asks = true;
    PatientLock lock(mu);
    in = true;
  });
  while (!asks) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(in);
    std::this_thread::yield();
  }
  mu.unlock();
  thread.join();
  EXPECT_TRUE(in);
  absl::MutexLock lock(mu);  // it has left
}

}  // namespace
}  // namespace lookout::events_internal
