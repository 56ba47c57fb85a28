#include "lookout/tools/lookout/diagnostics.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace lookout {
namespace {

class DiagnosticsTest : public ::testing::Test {
 protected:
  DiagnosticsTest() { EXPECT_EQ(pipe2(fds_, O_CLOEXEC | O_NONBLOCK), 0); }
  ~DiagnosticsTest() override {
    close(fds_[0]);
    close(fds_[1]);
  }
  // What was written since the last call.
  std::string Written() {
    char buffer[4096];
    const ssize_t got = read(fds_[0], buffer, sizeof(buffer));
    return std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
  }

  int fds_[2] = {-1, -1};
};

TEST_F(DiagnosticsTest, ALineIsEscaped) {
  Diagnostics diagnostics(fds_[1]);
  diagnostics.Say("a\nb");
  EXPECT_EQ(Written(), "lookout: a\\nb\n");
}

TEST_F(DiagnosticsTest, WhatIsShownIsWipedOutByWhatComesNext) {
  Diagnostics diagnostics(fds_[1]);
  diagnostics.Show("1");
  EXPECT_EQ(Written(), "lookout: 1");
  diagnostics.Show("22");
  EXPECT_EQ(Written(), "\r          \rlookout: 22");
  diagnostics.Say("x");
  EXPECT_EQ(Written(), "\r           \rlookout: x\n");
  diagnostics.Say("y");
  EXPECT_EQ(Written(), "lookout: y\n");
}

TEST_F(DiagnosticsTest, WhatIsShownIsWipedOutOnce) {
  Diagnostics diagnostics(fds_[1]);
  diagnostics.Wipe();
  EXPECT_EQ(Written(), "");
  diagnostics.Show("1");
  Written();
  diagnostics.Wipe();
  EXPECT_EQ(Written(), "\r          \r");
  diagnostics.Wipe();
  EXPECT_EQ(Written(), "");
}

TEST_F(DiagnosticsTest, AfterTheEndNothingIsShown) {
  Diagnostics diagnostics(fds_[1]);
  diagnostics.Show("1");
  Written();
  diagnostics.EndShow();
  EXPECT_EQ(Written(), "\r          \r");
  diagnostics.Show("2");
  EXPECT_EQ(Written(), "");
  diagnostics.Say("x");
  EXPECT_EQ(Written(), "lookout: x\n");
}

}  // namespace
}  // namespace lookout
