// The inotify back end without a thread: what to watch, and what the kernel's records mean.
//
// FileSource calls Open(), then Step() whenever fd() is readable or Timeout() is over.
//
// What the kernel's interface asks for (inotify(7), and what was seen in other watchers):
// - A watch says nothing of what a directory already holds: it is set before the directory is listed. What
//   both tell is told once, by the set of names that were told (WatchNode::known).
// - The two halves of a rename share a cookie but may come in two reads: the first waits a little.
// - When a record is read, its path may mean another directory already. A watch is known by the directory,
//   not by the path, so setting it again shows whether a path still leads to the same one. Records that are
//   still to come will move each directory to where it is now; on every such move what is fresh is held
//   against the disk, and what was told of the wrong directory is put right.
// - The kernel changes the tree before it queues the record. So a directory is fresh until the queue was
//   empty after everybody was awaited who was changing the directories on its path
//   (FileKernel::AwaitRecordsOf).
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

#include "absl/functional/function_ref.h"
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
  struct HeldRecord {
    int wd;
    std::uint32_t mask;
    std::uint32_t cookie;
    std::string name;
  };

  // The first half of a rename.
  struct Departure {
    std::uint32_t cookie;
    std::string path;
    bool is_directory;
    bool told;                           // or was it gone before it could be?
    std::unique_ptr<WatchNode> subtree;  // null for a file, or a directory that was not watched
    absl::Time deadline;
    // What was said of the subtree since: of its new path, if the second half comes; else of a tree that is
    // not watched any more.
    std::vector<HeldRecord> held = {};
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
  // The deletion of what was at `path`, before something new there is told.
  void ExpireDepartureOf(absl::string_view path, std::uint32_t except_cookie);
  // Those of what was in the directory, before it is deleted or moves on itself.
  void ExpireDeparturesBelow(absl::string_view directory);
  void ExpireDeparturesIf(absl::FunctionRef<bool(const Departure&)> over);
  void Tell(Departure departure);
  // The departure that the directory went with, or null.
  Departure* DepartureOf(const WatchNode& node);
  void Hold(Departure& departure, const InotifyRecord& record);
  void DirectoryAppears(WatchNode& parent, absl::string_view name);

  // The rest is in inotify_watcher_crawl.cc.

  // Whether it is news that `name` is in, or has left, the directory; and keeps account of it.
  static bool Arrives(WatchNode& node, absl::string_view name);
  static bool Leaves(WatchNode& node, absl::string_view name);

  // Watches `first`, and with `recursive` all below it. Unless silent, tells how what they hold differs from
  // what is known of them.
  absl::Status Crawl(WatchNode& first);
  absl::Status CrawlOne(WatchNode& node, const std::string& path, std::vector<WatchNode*>& below);
  // Whether `path` leads to a directory that may be taken for the node's, which is then watched.
  absl::StatusOr<bool> Bind(WatchNode& node, const std::string& path);
  absl::Status List(WatchNode& node, const std::string& path, std::vector<WatchNode*>& below);
  int AddWatch(const WatchNode& node, const std::string& path);
  // Holds what is fresh in a subtree that has just moved against the disk.
  void Verify(WatchNode& moved);
  // The queue is empty: brings what is fresh nearer to being settled.
  void Settle();
  // Ends the watches of a subtree that lives on elsewhere; forgets one that the kernel has ended already.
  void Unwatch(std::unique_ptr<WatchNode> subtree);
  void Forget(std::unique_ptr<WatchNode> subtree);
  // Everything anew from the disk, with the same descriptor.
  absl::Status Rebuild();

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
  std::string buffer_;
  absl::Time now_;            // of the read under way
  std::string last_written_;  // the path just told as written, to tell it once in a row
  absl::Status gone_;         // why the root is no more
  bool only_exists_ = false;
  bool silent_ = true;  // until Open() is done
  bool overflowed_ = false;
  bool out_of_watches_ = false;  // said once
  bool awaited_ = false;         // who was changing fresh directories' paths, since those were looked up last
  bool read_since_settling_ = true;  // whether the kernel had something to say since Settle() looked
  bool wanted_ = true;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_H_
