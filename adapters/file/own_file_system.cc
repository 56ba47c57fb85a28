#include "lookout/adapters/file/own_file_system.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {
namespace {

bool has_own = false;

// In one write: these files take no second.
bool Write(const std::string& path, absl::string_view text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace

void EnterOwnFileSystem() {
  const char* where = std::getenv("TEST_TMPDIR");
  if (where == nullptr) where = "/tmp";
  const std::string uid = absl::StrCat("0 ", getuid(), " 1"), gid = absl::StrCat("0 ", getgid(), " 1");
  has_own = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && Write("/proc/self/setgroups", "deny") &&
            Write("/proc/self/uid_map", uid) && Write("/proc/self/gid_map", gid) &&
            mount("own", where, "tmpfs", 0, "size=256m") == 0;
  if (!has_own) std::perror("no file system of its own: fanotify, mounts and limits are not tested");
}

bool HasOwnFileSystem() { return has_own; }

ScopedMount::ScopedMount(const std::string& source, std::string directory, const char* type,
                         unsigned long flags, const std::string& data)
    : directory_(std::move(directory)) {
  PCHECK(mount(source.c_str(), directory_.c_str(), type, flags, data.c_str()) == 0)
      << directory_ << " " << data;
}

ScopedMount ScopedMount::Tmpfs(std::string directory) {
  return ScopedMount("over", std::move(directory), "tmpfs", 0, "size=16m");
}

ScopedMount ScopedMount::Bind(const std::string& source, std::string directory) {
  return ScopedMount(source, std::move(directory), nullptr, MS_BIND, "");
}

ScopedMount ScopedMount::ReadOnlyBind(const std::string& source, std::string directory) {
  const std::string target = directory;
  // The flag is taken by a second call only (mount(2)).
  PCHECK(mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0) << target;
  return ScopedMount(source, std::move(directory), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, "");
}

ScopedMount ScopedMount::Overlay(absl::string_view lower, absl::string_view upper, absl::string_view work,
                                 std::string directory) {
  return ScopedMount("overlay", std::move(directory), "overlay", 0,
                     absl::StrCat("userxattr,lowerdir=", lower, ",upperdir=", upper, ",workdir=", work));
}

void ScopedMount::Unmount() {
  if (directory_.empty()) return;
  PCHECK(umount2(directory_.c_str(), MNT_DETACH) == 0) << directory_;
  directory_.clear();
}

ScopedLimit::ScopedLimit(absl::string_view name, int value) : path_(absl::StrCat("/proc/sys/user/", name)) {
  std::ifstream file(path_);
  before_.assign(std::istreambuf_iterator<char>(file), {});
  PCHECK(Write(path_, absl::StrCat(value))) << path_;
}

ScopedLimit::~ScopedLimit() { PCHECK(Write(path_, before_)) << path_; }

}  // namespace lookout::file_internal
