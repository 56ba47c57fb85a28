#include "lookout/events/error_teller.h"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::events_internal {
namespace {

using ::testing::ElementsAre;

absl::Status Error(absl::string_view text) { return absl::UnknownError(text); }

TEST(ErrorTellerTest, TellsAtOnceInTheThreadThatReports) {
  std::thread::id teller;
  ErrorTeller errors([&](absl::Status) { teller = std::this_thread::get_id(); });
  errors.Tell(Error("x"));
  EXPECT_EQ(teller, std::this_thread::get_id());
  EXPECT_EQ(errors.counters().told, 1u);
}

TEST(ErrorTellerTest, AnErrorThatTheCallbackReportsIsToldRightAfterThisOne) {
  std::vector<std::string> told;
  ErrorTeller* self = nullptr;
  ErrorTeller errors([&](absl::Status error) {
    const std::string text(error.message());
    told.push_back("begin " + text);
    if (text == "1") self->Tell(Error("2"));
    told.push_back("end " + text);
  });
  self = &errors;
  errors.Tell(Error("1"));
  EXPECT_THAT(told, ElementsAre("begin 1", "end 1", "begin 2", "end 2"));
}

TEST(ErrorTellerTest, AnErrorReportedWhileAnotherIsToldIsToldByThatThread) {
  std::vector<std::string> told;
  std::vector<std::thread::id> tellers;
  absl::Notification telling;
  absl::Notification proceed;
  ErrorTeller errors([&](absl::Status error) {
    told.emplace_back(error.message());
    tellers.push_back(std::this_thread::get_id());
    if (told.size() > 1) return;
    telling.Notify();
    proceed.WaitForNotification();
  });
  std::thread first([&] { errors.Tell(Error("1")); });
  const std::thread::id first_id = first.get_id();
  telling.WaitForNotification();
  EXPECT_FALSE(errors.IsTelling()) << "this thread is not";
  errors.Tell(Error("2"));  // returns though "1" is not done
  EXPECT_THAT(errors.counters().told, 1u);
  proceed.Notify();
  first.join();
  EXPECT_THAT(told, ElementsAre("1", "2"));
  EXPECT_THAT(tellers, ElementsAre(first_id, first_id));
}

TEST(ErrorTellerTest, ManyThreadsAreToldOneAtATime) {
  constexpr int kThreads = 4;
  constexpr int kErrors = 10;
  int at_once = 0;  // no lock: that is the point
  int told = 0;
  ErrorTeller errors([&](absl::Status) {
    EXPECT_EQ(++at_once, 1);
    ++told;
    --at_once;
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < kErrors; ++k) errors.Tell(Error("x"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  FakeClock clock;
  errors.AwaitQuiet(clock, absl::InfiniteDuration());
  EXPECT_EQ(told, kThreads * kErrors);
}

TEST(ErrorTellerTest, WhatWaitsToBeToldIsBoundedAndTheRestCounted) {
  std::size_t told = 0;
  ErrorTeller* self = nullptr;
  ErrorTeller errors([&](absl::Status) {
    if (++told > 1) return;
    for (std::size_t i = 0; i < ErrorTeller::kMaxPending + 5; ++i) self->Tell(Error(absl::StrCat(i)));
  });
  self = &errors;
  errors.Tell(Error("first"));
  EXPECT_EQ(told, 1 + ErrorTeller::kMaxPending);
  EXPECT_EQ(errors.counters().told, told);
  EXPECT_EQ(errors.counters().dropped, 5u);
}

TEST(ErrorTellerTest, WhatTheCallbackThrowsIsContainedAndCounted) {
  int told = 0;
  ErrorTeller errors([&](absl::Status) {
    if (++told % 2 == 0) throw 42;
    throw std::runtime_error("x");
  });
  for (int i = 0; i < 4; ++i) errors.Tell(Error("x"));
  EXPECT_EQ(told, 4);
  EXPECT_EQ(errors.counters().exceptions, 4u);
}

TEST(ErrorTellerTest, AwaitQuietHasADeadline) {
  FakeClock clock;
  absl::Notification go, told;
  ErrorTeller errors([&](absl::Status) {
    told.Notify();
    go.WaitForNotification();
  });
  std::thread teller([&] { errors.Tell(Error("x")); });
  told.WaitForNotification();
  std::thread waiter([&] { errors.AwaitQuiet(clock, absl::Seconds(5)); });
  clock.AwaitTimers(1);
  clock.Advance(absl::Seconds(5));
  waiter.join();  // while the callback still runs
  go.Notify();
  teller.join();
}

TEST(ErrorTellerTest, AfterSilenceNothingIsTold) {
  FakeClock clock;
  int told = 0;
  ErrorTeller* self = nullptr;
  ErrorTeller errors([&](absl::Status) {
    ++told;
    EXPECT_TRUE(self->IsTelling());
    self->Tell(Error("pending"));
    self->AwaitQuiet(clock, absl::InfiniteDuration());  // neither waits for itself
    self->Silence();
  });
  self = &errors;
  errors.Tell(Error("1"));
  errors.Tell(Error("2"));
  EXPECT_EQ(told, 1);
}

TEST(ErrorTellerTest, SilenceWaitsForTheCallbackInAnotherThread) {
  absl::Notification telling;
  absl::Notification proceed;
  bool returned = false;
  ErrorTeller errors([&](absl::Status) {
    telling.Notify();
    proceed.WaitForNotification();
    returned = true;
  });
  std::thread teller([&] { errors.Tell(Error("x")); });
  telling.WaitForNotification();
  std::thread release([&] { proceed.Notify(); });
  errors.Silence();
  EXPECT_TRUE(returned);
  release.join();
  teller.join();
}

}  // namespace
}  // namespace lookout::events_internal
