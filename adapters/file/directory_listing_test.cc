#include "lookout/adapters/file/directory_listing.h"

#include <sys/inotify.h>

#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_file_kernel.h"

namespace lookout::file_internal {
namespace {

TEST(DirectoryListingTest, WithoutASecondThreadAllIsLookedAtAllTheSame) {
  FakeFileKernel kernel;
  std::vector<DirectoryLook> looks;
  for (int i = 0; i < 100; ++i) {
    looks.push_back({.path = absl::StrCat("d", i), .watch_mask = IN_CREATE});
    kernel.AddDirectory(looks.back().path);
    kernel.AddFile(absl::StrCat(looks.back().path, "/f"));
  }
  const int fd = kernel.Init();
  int asked = 0;
  LookAtAll(kernel, fd, absl::MakeSpan(looks), [&asked](absl::FunctionRef<void()>) -> std::jthread {
    ++asked;
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
  });
  EXPECT_EQ(asked, 1);
  for (const DirectoryLook& look : looks) {
    EXPECT_GE(look.wd, 0) << look.path;
    EXPECT_EQ(look.listing.size(), 1u) << look.path;
  }
  kernel.Close(fd);
}

}  // namespace
}  // namespace lookout::file_internal
