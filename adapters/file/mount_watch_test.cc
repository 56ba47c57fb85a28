#include "lookout/adapters/file/mount_watch.h"

#include <poll.h>

#include <cerrno>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lookout/adapters/file/fake_mounts_kernel.h"
#include "lookout/adapters/file/file_kernel.h"

namespace lookout::file_internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MountWatchTest, TellsWhatCameAndWentSinceItWasReadLast) {
  FakeMountsKernel kernel(kRoot);
  MountWatch mounts(kernel);
  EXPECT_EQ(mounts.entry().fd, FakeMountsKernel::kFd);
  EXPECT_EQ(mounts.entry().events, POLLPRI);
  EXPECT_THAT(mounts.Step(), IsEmpty());
  kernel.table = kRoot + Tmpfs(6, "/a");
  EXPECT_THAT(mounts.Step(), ElementsAre("/a"));
  EXPECT_EQ(mounts.table().At("/a")->type, "tmpfs");
  kernel.table = kRoot + Tmpfs(7, "/a") + Tmpfs(8, "/b");
  EXPECT_THAT(mounts.Step(), ElementsAre("/a", "/b"));
  kernel.table = kRoot;
  EXPECT_THAT(mounts.Step(), ElementsAre("/a", "/b"));
  EXPECT_THAT(mounts.Step(), IsEmpty());
}

TEST(MountWatchTest, WithoutATableItNoticesNothing) {
  FakeMountsKernel kernel(kRoot);
  kernel.open_error = ENOENT;
  MountWatch mounts(kernel);
  EXPECT_LT(mounts.entry().fd, 0);
  EXPECT_THAT(mounts.Step(), IsEmpty());
  EXPECT_EQ(mounts.table().At("/"), nullptr);
}

TEST(MountWatchTest, ATableThatCannotBeReadLeavesThingsAsTheyWere) {
  FakeMountsKernel kernel(kRoot + Tmpfs(6, "/a"));
  MountWatch mounts(kernel);
  kernel.read_error = EIO;
  EXPECT_THAT(mounts.Step(), IsEmpty());
  EXPECT_EQ(mounts.table().At("/a")->type, "tmpfs");
  kernel.read_error = 0;
  kernel.table = kRoot;
  EXPECT_THAT(mounts.Step(), ElementsAre("/a"));
}

TEST(MountWatchTest, ItsDescriptorIsClosed) {
  FakeMountsKernel kernel(kRoot);
  {
    const MountWatch mounts(kernel);
  }
  EXPECT_EQ(kernel.closed, 1);
}

TEST(MountWatchTest, TheSystemsTableIsReadWholeAndHasTheRoot) {
  const MountWatch mounts(FileKernel::System());
  ASSERT_GE(mounts.entry().fd, 0);
  EXPECT_EQ(mounts.table().malformed(), 0u);
  ASSERT_NE(mounts.table().At("/proc/self"), nullptr);
  EXPECT_EQ(mounts.table().At("/proc/self")->type, "proc");
}

TEST(MountWatchTest, ATableThatIsTooLargeIsNotRead) {
  FileKernel& kernel = FileKernel::System();
  const int fd = kernel.OpenMounts();
  std::string table;
  EXPECT_EQ(kernel.ReadMounts(fd, 1, table), -EFBIG);
  EXPECT_EQ(kernel.ReadMounts(fd, 1 << 20, table), 0);
  kernel.Close(fd);
}

}  // namespace
}  // namespace lookout::file_internal
