// What is mounted where: /proc/self/mountinfo (proc(5)), read. And which file systems the kernel cannot
// watch.
//
//   MountTable table = MountTable::Parse(text);
//   table.At("/home/user/share/f")->type              // "nfs4"
//   MustPoll("nfs4").why                              // "what other machines change is not seen by this one"
//
// Paths are absolute, without symbolic links, and as this process sees them (chroot(2)). Pure.
#ifndef LOOKOUT_ADAPTERS_FILE_MOUNT_TABLE_H_
#define LOOKOUT_ADAPTERS_FILE_MOUNT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

struct MountEntry {
  std::int64_t id = 0;
  std::int64_t parent = 0;   // the mount that it is mounted on; kNoMount if that is not in the table
  std::uint64_t device = 0;  // as in FileVersion
  std::string root = {};     // which part of the file system is seen here: "/" for all of it
  std::string point = {};    // where
  std::string type = {};     // "ext4", "fuse.sshfs"

  friend bool operator==(const MountEntry&, const MountEntry&) = default;
};

inline constexpr std::int64_t kNoMount = -1;

// A value. It is empty where there is no /proc.
class MountTable {
 public:
  MountTable() = default;
  MountTable(MountTable&&) = default;
  MountTable& operator=(MountTable&&) = default;

  // Lines that make no sense are passed over, and counted.
  static MountTable Parse(absl::string_view text);

  // In the order of the kernel, which is about that of mounting.
  const std::vector<MountEntry>& entries() const { return entries_; }
  std::size_t malformed() const { return malformed_; }

  // The mount in which the path is; null if none is known. What a later mount covers is in none.
  const MountEntry* At(absl::string_view path) const;
  // The mount that is seen at exactly this place; null if there is none.
  const MountEntry* On(absl::string_view point) const;
  // All that are seen below the path, but not at it.
  std::vector<const MountEntry*> Below(absl::string_view path) const;

 private:
  std::vector<MountEntry> entries_;
  absl::flat_hash_map<std::pair<std::int64_t, absl::string_view>, std::size_t> by_place_;  // parent and point
  std::size_t malformed_ = 0;
};

// Where something else is seen in `after` than in `before`: mount points that came, went, or were replaced.
// Sorted.
std::vector<std::string> ChangedMountPoints(const MountTable& before, const MountTable& after);

// Whether `path` is `directory` or below it.
bool IsAtOrBelow(absl::string_view path, absl::string_view directory);

enum class Polling : std::uint8_t {
  kNo,      // it can be watched
  kStates,  // it has to be looked at: names, sizes, times
  kNames    // the same, but sizes and times say nothing there
};

struct PollReason {
  Polling how = Polling::kNo;
  absl::string_view why = "";  // as a sentence's second half
};

// Of a file system's type: whether changes happen there of which the kernel says nothing to who watches.
//
// inotify(7), and fanotify(7) likewise: only what a program does through this kernel's file system API is
// told, so nothing that others do on a network file system; and pseudo-file systems "such as /proc, /sys, and
// /dev/pts are not monitorable". (/dev/pts is by now: devpts_pty_new() calls fsnotify_create(), and a watch
// was seen to tell of terminals that come and go.) In groups:
// - Network and cluster file systems: systemd's fstype_is_network(), and those of the kernel's
//   Documentation/filesystems that it leaves out.
// - FUSE: its server changes what it serves without the kernel (fuse(4)); that may be another machine (sshfs)
//   or a host. "fuseblk" is a local disk with one writer, the kernel's own (ntfs-3g), and is watched.
// - What a hypervisor or a host shares: virtiofs (github.com/crc-org/vfkit issue 126), 9p, which is also
//   Windows' drives in WSL 2 (github.com/microsoft/WSL issue 4739), and those of VirtualBox, VMware,
//   Parallels and User Mode Linux.
// - What the kernel makes up: values change, and names come and go, without a system call that made them do
//   so. (cgroup.events and what calls kernfs_notify() are exceptions, and are polled with the rest.)
//
// Not among them: overlayfs and ecryptfs, which tell all that is done through them; changes made behind their
// back, in the directories that an overlay is made of, are not seen (Documentation/filesystems/overlayfs.rst:
// the result is undefined).
PollReason MustPoll(absl::string_view type);

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_MOUNT_TABLE_H_
