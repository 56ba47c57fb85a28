#include "lookout/adapters/docker/small_file.h"

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/testing/scoped_temp_dir.h"

namespace lookout::docker_internal {
namespace {

using ::testing::HasSubstr;

TEST(SmallFileTest, IsReadWhole) {
  const ScopedTempDir dir;
  const std::string most(kMaxSmallFile, 'x');
  dir.WriteFile("f", most);
  EXPECT_EQ(*ReadSmallFile(dir.Path("f")), most);
  dir.WriteFile("empty");
  EXPECT_EQ(*ReadSmallFile(dir.Path("empty")), "");
}

TEST(SmallFileTest, WhatIsNoneIsRefusedByName) {
  const ScopedTempDir dir;
  EXPECT_EQ(ReadSmallFile(dir.Path("none")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(ReadSmallFile(dir.Path("none")).status().message()), HasSubstr(dir.Path("none")));
  EXPECT_EQ(ReadSmallFile(dir.path()).status().code(), absl::StatusCode::kFailedPrecondition);
  dir.WriteFile("large", std::string(kMaxSmallFile + 1, 'x'));
  EXPECT_EQ(ReadSmallFile(dir.Path("large")).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(::mkfifo(dir.Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReadSmallFile(dir.Path("pipe")).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace lookout::docker_internal
