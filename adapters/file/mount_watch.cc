#include "lookout/adapters/file/mount_watch.h"

#include <cstddef>
#include <utility>

namespace lookout::file_internal {
namespace {

// The kernel allows 100,000 mounts (fs.mount-max).
constexpr std::size_t kMostBytes = 64 * 1024 * 1024;

}  // namespace

MountWatch::MountWatch(FileKernel& kernel) : kernel_(kernel), fd_(kernel.OpenMounts()) {
  if (fd_ >= 0) Read(table_);
}

MountWatch::~MountWatch() {
  if (fd_ >= 0) kernel_.Close(fd_);
}

bool MountWatch::Read(MountTable& table) {
  std::string text;
  if (kernel_.ReadMounts(fd_, kMostBytes, text) < 0) return false;
  table = MountTable::Parse(text);
  return true;
}

std::vector<std::string> MountWatch::Step() {
  MountTable now;
  if (fd_ < 0 || !Read(now)) return {};
  std::vector<std::string> changed = ChangedMountPoints(table_, now);
  table_ = std::move(now);
  return changed;
}

}  // namespace lookout::file_internal
