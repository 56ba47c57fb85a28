#include "lookout/adapters/docker/host_resolver.h"

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::docker_internal {
namespace {

using Addresses = absl::StatusOr<std::vector<SocketAddress>>;

// A name server that answers when it is told to. Shared with the threads that ask it.
struct NameServer {
  absl::Notification answer;
  absl::Notification answered;
  std::atomic<int> asked = 0;

  Addresses Look() {
    ++asked;
    answer.WaitForNotification();
    answered.Notify();
    return std::vector<SocketAddress>(1);
  }
};

class HostResolverTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  std::shared_ptr<NameServer> server_ = std::make_shared<NameServer>();
  HostResolver resolver_{[server = server_](const std::string&, int) { return server->Look(); }};
};

TEST_F(HostResolverTest, NumericAddressesAreNotAskedFor) {
  StoppableWait wait(clock_, {});
  for (const std::string host : {"127.0.0.1", "::1"}) {
    const Addresses addresses = resolver_.Resolve(host, 2375, wait, absl::InfiniteDuration());
    ASSERT_TRUE(addresses.ok()) << addresses.status();
    EXPECT_EQ(addresses->size(), 1u);
  }
  EXPECT_EQ(server_->asked, 0);
}

TEST_F(HostResolverTest, ANameIsLookedUp) {
  server_->answer.Notify();
  StoppableWait wait(clock_, {});
  const Addresses addresses = resolver_.Resolve("engine", 2375, wait, absl::InfiniteDuration());
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_EQ(addresses->size(), 1u);
}

TEST_F(HostResolverTest, AStopDoesNotWaitForTheNameServer) {
  {
    std::stop_source stop;
    StoppableWait wait(clock_, stop.get_token());
    std::jthread stopper([&] {
      clock_.AwaitWaiters(1);
      stop.request_stop();
    });
    EXPECT_EQ(resolver_.Resolve("engine", 2375, wait, absl::InfiniteDuration()).status().code(),
              absl::StatusCode::kCancelled);
  }
  server_->answer.Notify();
  server_->answered.WaitForNotification();
}

TEST_F(HostResolverTest, ASlowLookUpIsGivenUpAndItsAnswerTakenTheNextTime) {
  StoppableWait wait(clock_, {});
  std::jthread hand([&] {
    clock_.AwaitTimers(1);
    clock_.Advance(absl::Seconds(5));
  });
  const absl::Status slow =
      resolver_.Resolve("engine", 2375, wait, wait.DeadlineIn(absl::Seconds(5))).status();
  EXPECT_EQ(slow.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(slow.message(), "host engine: its name server does not answer");
  server_->answer.Notify();
  EXPECT_TRUE(resolver_.Resolve("engine", 2375, wait, absl::InfiniteDuration()).ok());
  EXPECT_EQ(server_->asked, 1) << "one thread at a time";
}

}  // namespace
}  // namespace lookout::docker_internal
