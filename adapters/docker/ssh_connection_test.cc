#include "lookout/adapters/docker/ssh_connection.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/docker/docker_endpoint.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/adapters/docker/transport_testing.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::docker_internal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SshConnectionTest : public ::testing::Test {
 protected:
  ~SshConnectionTest() override { EXPECT_FALSE(HasChildren()) << "a process was left behind"; }

  absl::StatusOr<std::unique_ptr<EngineConnection>> Start(StoppableWait& wait,
                                                          const std::string& host = "ssh://h") {
    return StartSsh(*ParseDockerEndpoint(host), wait, absl::InfiniteDuration());
  }

  // What the first read fails with.
  absl::Status Failure(absl::string_view script) {
    const FakeSsh ssh(script);
    auto connection = Start(wait_);
    if (!connection.ok()) return connection.status();
    return ReadBytes(**connection, 1).status();
  }

  FakeClock clock_;
  StoppableWait wait_{clock_, {}};
};

TEST_F(SshConnectionTest, CarriesBytesBothWaysAndEnds) {
  const FakeSsh ssh("head -c 5; exit 0");
  auto connection = Start(wait_);
  ASSERT_TRUE(connection.ok()) << connection.status();
  ASSERT_EQ((*connection)->Write("hello"), absl::OkStatus());
  EXPECT_EQ(ReadBytes(**connection, 100).value_or("failed"), "hello");
}

TEST_F(SshConnectionTest, IsStartedWithTheDockerCommandsWords) {
  const FakeSsh ssh(R"(for word in "$@"; do printf '[%s]' "$word"; done)");
  auto connection = Start(wait_, "ssh://me@far:22");
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(ReadBytes(**connection, 1000).value_or("failed"),
            "[-l][me][-p][22][-o][BatchMode=yes][-o][ConnectTimeout=30][-T][--][far]"
            "[docker system dial-stdio]");
}

TEST_F(SshConnectionTest, GetsNoDescriptorButTheStandardThree) {
  const int leaky = ::dup(STDERR_FILENO);  // one that some other code forgot to mark
  const FakeSsh ssh("ls /proc/self/fd | sort -n | tr '\\n' ' '");
  auto connection = Start(wait_);
  ASSERT_TRUE(connection.ok()) << connection.status();
  // The fourth is the folder that ls reads; a pipe takes standard output's place.
  EXPECT_EQ(ReadBytes(**connection, 1000).value_or("failed"), "0 1 2 3 ");
  ::close(leaky);
}

TEST_F(SshConnectionTest, ItsOwnWordsSayWhyItFailed) {
  const absl::Status refused = Failure("echo 'me@h: Permission denied (publickey).' >&2; exit 255");
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(refused.message(), "ssh ended with exit status 255: me@h: Permission denied (publickey).");
  EXPECT_EQ(Failure("exit 255").message(), "ssh ended with exit status 255");
  EXPECT_EQ(Failure("kill -KILL $$").message(), "ssh was ended by signal 9");
}

TEST_F(SshConnectionTest, AFarMachineWithoutDockerIsNamed) {
  const absl::Status failure = Failure("echo 'bash: docker: command not found' >&2; exit 127");
  EXPECT_EQ(failure.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("command not found"), HasSubstr("18.09")));
}

TEST_F(SshConnectionTest, WhatItSaysIsBoundedAndHarmless) {
  // More than a pipe holds: it would stand still if nobody read it.
  const absl::Status failure =
      Failure("head -c 300000 /dev/zero | tr '\\0' x >&2; printf '\\033[31mend\\n' >&2; exit 255");
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("end"), Not(HasSubstr("\033"))));
  EXPECT_LT(failure.message().size(), kMaxSshWords + 200);
}

TEST_F(SshConnectionTest, WithoutSshTheCureIsNamed) {
  const std::string path = std::getenv("PATH");
  const ScopedTempDir empty;
  ::setenv("PATH", empty.path().c_str(), 1);
  const absl::Status failure = Start(wait_).status();
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(failure.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(failure.message()), HasSubstr("there is no program \"ssh\" on PATH"));
}

TEST_F(SshConnectionTest, AWriteToOneThatEndedSaysWhyAndRaisesNoSignal) {
  const FakeSsh ssh("echo gone >&2; exit 255");
  auto connection = Start(wait_);
  ASSERT_TRUE(connection.ok()) << connection.status();
  absl::Status written;
  while (written.ok()) written = (*connection)->Write(std::string(1 << 16, 'x'));
  EXPECT_EQ(written.message(), "ssh ended with exit status 255: gone");
}

TEST_F(SshConnectionTest, TheDeadlineHoldsWhileItStarts) {
  const FakeSsh ssh("exec sleep 1000");
  auto connection = Start(wait_);
  ASSERT_TRUE(connection.ok()) << connection.status();
  (*connection)->set_deadline(wait_.DeadlineIn(absl::ZeroDuration()));
  EXPECT_EQ(ReadBytes(**connection, 1).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SshConnectionTest, StopsWhileItStarts) {
  for (const char* script : {"exec sleep 1000", "trap '' TERM; exec sleep 1000"}) {
    const FakeSsh ssh(script);
    EXPECT_EQ(StoppedWhileWaiting(clock_,
                                  [&](StoppableWait& wait) {
                                    auto connection = Start(wait);
                                    if (!connection.ok()) return connection.status();
                                    return ReadBytes(**connection, 1).status();
                                  })
                  .code(),
              absl::StatusCode::kCancelled)
        << script;
  }
}

TEST_F(SshConnectionTest, StopsWhileItDoesNotRead) {
  const FakeSsh ssh("exec sleep 1000");
  EXPECT_EQ(StoppedWhileWaiting(clock_,
                                [&](StoppableWait& wait) {
                                  auto connection = Start(wait);
                                  if (!connection.ok()) return connection.status();
                                  return (*connection)->Write(std::string(64 << 20, 'x'));
                                })
                .code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace lookout::docker_internal
