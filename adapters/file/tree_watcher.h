// What FileSource asks of a back end: a directory, and with `recursive` all that is below it, watched without
// a thread.
//
// FileSource calls Open(), then Step() whenever fd() is readable or Timeout() is over.
#ifndef LOOKOUT_ADAPTERS_FILE_TREE_WATCHER_H_
#define LOOKOUT_ADAPTERS_FILE_TREE_WATCHER_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lookout::file_internal {

class PathFilter;
class PolledMounts;

// How long the first half of a rename waits for the second before it is a deletion. The kernel queues both
// within one system call, so only a preempted writer makes them come apart.
inline constexpr absl::Duration kRenameWait = absl::Milliseconds(50);

struct TreeOptions {
  // What leads to it, and what it is called in events.
  std::string directory = {};
  bool recursive = false;
  // Symbolic links to directories are entered, each directory once.
  bool follow = false;
  // Renames say what they replaced (kReplaced), where that is known.
  bool tell_replaced = false;
  // Null: nothing is left out.
  PathFilter* filter = nullptr;
  // What below it cannot be watched for what is mounted there; true of now before each OnMount(). Null:
  // nothing.
  const PolledMounts* mounts = nullptr;
  // How often what cannot be watched is looked at.
  absl::Duration poll_interval = absl::Seconds(1);
  // Whether to watch at all, rather than to poll everything; or else, whether to begin with it when there is
  // an inotify instance to be had.
  bool watch = true;
  bool watch_later = false;
};

struct TreeCounters {
  std::uint64_t events = 0;       // told
  std::uint64_t records = 0;      // read from the kernel
  std::uint64_t overflows = 0;    // of the kernel's queue
  std::uint64_t scans = 0;        // directories listed
  std::uint64_t directories = 0;  // known now
  std::uint64_t watched = 0;      // of them
  std::uint64_t polled = 0;       // of them
};

class TreeWatcher {
 public:
  virtual ~TreeWatcher() = default;

  enum class Found { kSilent, kTold };
  // Sets up. What is already there is told as created, the directory itself included, or not at all; what
  // happens meanwhile likewise. Fails if the directory itself cannot be watched, or is gone before all of it
  // was seen: what was told of it is then told as deleted. What is below it and cannot be watched goes to the
  // receiver's OnError. `progress` is called from time to time with the directories found
  // so far, and asks for the end by returning false.
  virtual absl::Status Open(Found found, absl::FunctionRef<bool(std::uint64_t directories)> progress) = 0;

  // -1 if there is none.
  virtual int fd() const = 0;
  // Until Step() has something to do even if nothing is readable.
  virtual absl::Duration Timeout() = 0;
  // Reads once, looks at the disk where that is due, and tells what it means. Unavailable when the directory
  // is no more; any other failure means that nothing can be watched any longer.
  virtual absl::Status Step() = 0;
  // Steps through all that is queued now, and begins a look at what is polled: what happened before the call
  // is told once caught_up() is true.
  virtual absl::Status CatchUp() = 0;
  // Tells that the directory and what is in it are deleted, as far as they were told; the last call.
  virtual void TellGone() = 0;

  // A file system was mounted on, or unmounted from, this path, which is below the directory.
  virtual void OnMount(const std::string& path) = 0;

  // False while something that was read, or that is due to be looked at, is not told yet.
  virtual bool caught_up() const = 0;
  // False once the receiver took no more.
  virtual bool wanted() const = 0;
  virtual TreeCounters counters() const = 0;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_TREE_WATCHER_H_
