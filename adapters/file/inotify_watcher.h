// The inotify back end without a thread: what to watch, and what the kernel's records mean.
//
// FileSource calls Open(), then Step() whenever fd() is readable or Timeout() is over.
//
// Rules that the kernel's interface asks for (inotify(7), and what was seen in other watchers):
// - A watch says nothing of what a directory already holds: it is set before the directory is listed, and
//   what the listing reported is remembered until the kernel's queue was empty once, to drop the doubles.
// - The two halves of a rename share a cookie but may come in two reads: the first waits a little.
// - A path may mean another directory by the time that its record is read. A watch is known by the directory,
//   so setting it again by the path that the records lead to shows whether it is still the same one.
// - After an overflow nothing is known but the disk: everything is watched anew.
//
// Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_H_
#define LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/inotify_decoder.h"
#include "lookout/adapters/file/watch_tree.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"

namespace lookout::file_internal {

// How long the first half of a rename waits for the second before it is a deletion. The kernel queues both
// within one system call, so only a preempted writer makes them come apart.
inline constexpr absl::Duration kRenameWait = absl::Milliseconds(50);

struct InotifyWatcherOptions {
  std::string directory;
  // The one entry of `directory` to tell of; empty for all.
  std::string only;
  // What that entry is called in events; the path as the user gave it.
  std::string only_path;
  bool recursive = false;
};

class InotifyWatcher {
 public:
  // All must outlive the watcher.
  InotifyWatcher(InotifyWatcherOptions options, FileKernel& kernel, absl::Clock& clock, Receiver& receiver);
  ~InotifyWatcher();
  InotifyWatcher(const InotifyWatcher&) = delete;
  InotifyWatcher& operator=(const InotifyWatcher&) = delete;

  // Sets the watches. What exists, and what happens meanwhile, is not reported. Fails if the directory itself
  // cannot be watched; what is below it and cannot be goes to the receiver's OnError.
  absl::Status Open();

  int fd() const { return fd_; }
  // Until Step() has something to do even if nothing is readable.
  absl::Duration Timeout();
  // Reads once and tells what it means. Fails when there is nothing left to watch.
  absl::Status Step();

  // False once the receiver took no more.
  bool wanted() const { return wanted_; }

 private:
  // The first half of a rename.
  struct Departure {
    std::uint32_t cookie;
    std::string path;
    bool is_directory;
    std::unique_ptr<WatchNode> subtree;  // null for a file, or a directory that was not watched
    absl::Time deadline;
  };

  absl::Status Drain();
  // Bytes read, 0 if there is nothing to read.
  absl::StatusOr<std::size_t> Read();

  void Handle(const InotifyRecord& record);
  void HandleSelf(WatchNode& node, const InotifyRecord& record);
  void HandleOnly(const InotifyRecord& record);
  void OnCreated(WatchNode& node, const InotifyRecord& record);
  void OnDeleted(WatchNode& node, const InotifyRecord& record);
  void OnMovedFrom(WatchNode& node, const InotifyRecord& record);
  void OnMovedTo(WatchNode& node, const InotifyRecord& record);
  // Deletions whose time is over; all if `now` is InfiniteFuture.
  void ExpireDepartures(absl::Time now);

  void DirectoryAppears(WatchNode& parent, absl::string_view name);
  // Watches `first`, and with `recursive` all below it; reports what they hold unless silent.
  absl::Status WatchSubtree(WatchNode& first);
  absl::Status Watch(WatchNode& node, const std::string& path);
  absl::Status List(WatchNode& node, const std::string& path, std::vector<WatchNode*>& below);
  // Holds each freshly listed directory of a subtree that has just moved against what is at its new path, and
  // takes back what was listed of another one.
  void Verify(WatchNode& moved);
  bool IsStill(const WatchNode& node, const std::string& path);
  // Ends the watches of a subtree that lives on elsewhere; forgets one that the kernel has ended already.
  void Unwatch(std::unique_ptr<WatchNode> subtree);
  void Forget(std::unique_ptr<WatchNode> subtree);
  // Everything anew from the disk, with the same descriptor.
  absl::Status Rebuild();
  void ForgetListed();
  // Both keep account of a fresh directory. Whether `name` was listed, and so is no news:
  static bool Arrives(WatchNode& node, absl::string_view name);
  static void Leaves(WatchNode& node, absl::string_view name);

  void Emit(Action action, std::string path, bool is_directory, std::string renamed_from = {});
  void EmitForceReload(std::string reason);
  void Complain(absl::Status error);

  const InotifyWatcherOptions options_;
  FileKernel& kernel_;
  absl::Clock& clock_;
  Receiver& receiver_;
  int fd_ = -1;
  WatchTree tree_;
  std::vector<Departure> departures_;  // oldest first
  std::vector<int> fresh_;             // watches of fresh directories
  std::string buffer_;
  absl::Time now_;            // of the read under way
  std::string last_written_;  // the path just told as written, to tell it once in a row
  absl::Status gone_;         // why the root is no more
  bool only_exists_ = false;
  bool silent_ = true;  // until Open() is done
  bool overflowed_ = false;
  bool out_of_watches_ = false;  // said once
  bool unsettled_ = false;       // some late directory was not found where its record led
  bool wanted_ = true;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_H_
