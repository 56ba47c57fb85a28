// Which parts of a watched tree have to be looked at rather than watched, for what is mounted there.
//
// Paths are those of events: the watched path as it was given, with what is below it joined to it. Pure.
#ifndef LOOKOUT_ADAPTERS_FILE_POLLED_MOUNTS_H_
#define LOOKOUT_ADAPTERS_FILE_POLLED_MOUNTS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "lookout/adapters/file/mount_table.h"

namespace lookout::file_internal {

// `path`, which is at or below `from`, as it is called where `from` is called `to`.
std::string Rebase(absl::string_view path, absl::string_view from, absl::string_view to);

struct PolledMount {
  std::string path;  // where it is mounted, or the watched path if that is in it
  std::string type;  // "nfs4"
  PollReason reason;
};

class PolledMounts {
 public:
  PolledMounts() = default;
  // Of the tree at `given`, which really is at `real`.
  PolledMounts(const MountTable& table, const std::string& real, absl::string_view given);

  // What to poll the directory for; null if it is to be watched.
  //
  // That is what MustPoll() says of its file system. And what is in the tree by two paths, through a bind
  // mount, is polled by the path that was mounted later: the kernel has one watch for both.
  const PolledMount* At(absl::string_view path) const;

  // Whether there is more than one file system in the tree.
  bool has_mounts_below() const { return has_mounts_below_; }

 private:
  // What is polled, and what is in that again and is not.
  std::vector<PolledMount> mounts_;
  bool has_mounts_below_ = false;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_POLLED_MOUNTS_H_
