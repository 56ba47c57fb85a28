// The back end that works everywhere: inotify, and a look from time to time where that cannot watch.
//
// What the kernel's interface asks for (inotify(7), and what was seen in other watchers):
// - A watch says nothing of what a directory already holds: it is set before the directory is listed. All
//   names are known, so that what both tell is told once, and so that what a look at the disk finds is told
//   as exactly the difference.
// - The two halves of a rename share a cookie but may come in two reads: the first waits a little.
// - When a record is read, its path may mean another directory already. A watch is known by the directory,
//   not by the path, so setting it again shows whether a path still leads to the same one. Records that are
//   still to come will move each directory to where it is now; on every such move what is fresh is held
//   against the disk, and what was told of the wrong directory is put right.
// - The kernel changes the tree before it queues the record. So a directory is fresh until the queue was
//   empty after everybody was awaited who was changing the directories on its path
//   (FileKernel::AwaitRecordsOf).
// - A look may be ahead of the records, and a directory be taken for another. What is said of a watch that
//   then belongs to no directory is kept: if the directory is found again, its files were written. Two that
//   change places (RENAME_EXCHANGE) are recorded as one that moves there and back: where a look was ahead, or
//   a half is lost, the place is looked at. What still contradicts the disk when the kernel has said all is
//   put right by the disk.
// - After an overflow everything is looked at again: the difference to what is known is told, and as written
//   what was changed since the queue was last empty.
// - A look at many directories goes on in portions between which records are read. One that is asked for
//   while another is under way begins anew, in its place.
// - What is hidden is not known, and so neither watched nor looked at. A .gitignore is read before the
//   entries of its directory are judged; when it has changed, the directory and all that is known below it
//   are looked at again, and what that finds is the difference to what was told, as ever.
//
// Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_H_
#define LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/file/directory_listing.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/file_teller.h"
#include "lookout/adapters/file/inotify_decoder.h"
#include "lookout/adapters/file/polled_mounts.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/adapters/file/watch_tree.h"
#include "lookout/events/source.h"

namespace lookout::file_internal {

class InotifyWatcher final : public TreeWatcher {
 public:
  // All must outlive the watcher.
  InotifyWatcher(TreeOptions options, FileKernel& kernel, absl::Clock& clock, Receiver& receiver);
  ~InotifyWatcher() override;
  InotifyWatcher(const InotifyWatcher&) = delete;
  InotifyWatcher& operator=(const InotifyWatcher&) = delete;

  // TreeWatcher.
  absl::Status Open(Found found, absl::FunctionRef<bool(std::uint64_t directories)> progress) override;
  int fd() const override { return fd_; }
  absl::Duration Timeout() override;
  absl::Status Step() override;
  absl::Status CatchUp() override;
  void TellGone() override;
  void OnMount(const std::string& path) override;
  bool caught_up() const override;
  bool wanted() const override { return teller_.wanted(); }
  TreeCounters counters() const override;

 private:
  struct HeldRecord {
    int wd;
    std::uint32_t mask;
    std::uint32_t cookie;
    std::string name;
  };

  // How long what is fresh waits for a read that finds nothing.
  static constexpr absl::Duration kSettlingWait = absl::Milliseconds(50);

  using Entry = std::pair<int, std::string>;  // a directory's watch, and a name in it

  // What has come to an entry by a rename.
  struct Arrival {
    Entry from;     // {-1, ""} if that is not watched
    bool replaces;  // something else was there; if not, it may not have been known, as a look was ahead
  };

  // The first half of a rename.
  struct Departure {
    std::uint32_t cookie;
    std::string path;
    bool is_directory;
    bool told;  // or was it gone before it could be?
    Entry from;
    std::optional<Arrival> came;         // what has just taken its place
    std::unique_ptr<WatchNode> subtree;  // null for a file
    absl::Duration deadline;             // by TimePassed(), as are all that are due
    // What was said of the subtree since: of its new path, if the second half comes; else of a tree that is
    // not watched any more.
    std::vector<HeldRecord> held = {};
  };

  void OnMountedFile(WatchNode& node, absl::string_view name);
  // 0 or the negative errno.
  int TakeInstance();
  void TakeTime();
  // Bytes read, 0 if there is nothing to read.
  absl::StatusOr<std::size_t> Read();
  void OnDrained();
  // Of a subtree that lives on elsewhere: ends its watches. Of one that the kernel has ended already: forgets
  // it. Of one that may be found elsewhere in what is watched: keeps its watches until it is known.
  void Unwatch(std::unique_ptr<WatchNode> subtree);
  void Forget(std::unique_ptr<WatchNode> subtree);
  void Abandon(std::unique_ptr<WatchNode> subtree);

  // In inotify_watcher_records.cc: what the records mean.

  void Handle(const InotifyRecord& record);
  void OnUnclaimed(const InotifyRecord& record);
  void HandleSelf(WatchNode& node, const InotifyRecord& record);
  void OnWritten(WatchNode& node, const InotifyRecord& record);
  void OnCreated(WatchNode& node, const InotifyRecord& record);
  void OnDeleted(WatchNode& node, const InotifyRecord& record);
  void OnMovedFrom(WatchNode& node, const InotifyRecord& record);
  void OnMovedTo(WatchNode& node, const InotifyRecord& record);
  void Arrive(WatchNode& node, absl::string_view name, bool is_directory);
  void Move(Departure departure, WatchNode& node, absl::string_view name);
  // Whether it may have been looked at later than the records that are still to come.
  bool IsAhead(const WatchNode& node) const;
  std::optional<Departure> TakeDeparture(std::uint32_t cookie);
  // Whether the directory knows of the entry, as what the record says it is.
  static bool Knows(const WatchNode& node, const InotifyRecord& record);
  // Deletions whose time is over; all if `now` is InfiniteDuration.
  void ExpireDepartures(absl::Duration now);
  // The deletion of what was at `path`, before something new there is told; and of what was below it, before
  // it is deleted or moves on itself.
  void ExpireDepartureOf(absl::string_view path, std::uint32_t except_cookie);
  void ExpireDeparturesBelow(absl::string_view directory);
  void ExpireDeparturesIf(absl::FunctionRef<bool(const Departure&)> over);
  void TellLeft(Departure departure);
  // The departure that the directory went with, or null.
  Departure* DepartureOf(const WatchNode& node);
  void Hold(Departure& departure, const InotifyRecord& record);
  void DirectoryAppears(WatchNode& parent, absl::string_view name, bool link);

  // In inotify_watcher_scan.cc: the look at the disk.

  // Looks at some of what is pending.
  void ScanSome();
  absl::Status Scan(WatchNode& node);
  // Watches and lists many at once, for Scan() to find. Returns nothing: it is but a short cut.
  void LookAhead();
  DirectoryLook Look(const WatchNode& node);
  DirectoryLook LookFor(const WatchNode& node) const;
  // Whether the look's watch is of a directory that may be taken for the node's; which it then is.
  absl::StatusOr<bool> Bind(WatchNode& node, const DirectoryLook& look);
  absl::StatusOr<bool> BindFailed(WatchNode& node, const DirectoryLook& look);
  void BindPolled(WatchNode& node, const DirectoryLook& look);
  void NoteUnreadable(WatchNode& node);
  void GiveUpWatch(WatchNode& node);
  bool StillThere(const WatchNode& node, const std::string& path);
  // Tells how the listing differs from what is known, and takes it over.
  void Compare(WatchNode& node, const DirectoryListing& listing);
  void TakeOver(WatchNode& node);
  void CompareGone(WatchNode& node, const DirectoryListing& listing);
  void CompareFile(WatchNode& node, const ListedEntry& entry);
  void CompareDirectory(WatchNode& node, absl::string_view name, bool link);
  bool WasWritten(WatchNode& node, absl::string_view name, const FileVersion& version) const;
  void AddPending(WatchNode& node);
  // What is fresh or was not looked at in the scan under way.
  void AddPendingBelow(WatchNode& node);
  // Everything, from the root.
  void BeginScan();
  void BeginRecovery(absl::string_view why);

  // In inotify_watcher_settle.cc: whether the records have caught up.

  // Holds what is fresh in a subtree that has just moved against the disk.
  void Verify(WatchNode& moved);
  // After a read; `rests`: that has found nothing. Where each finds something, now and then between two.
  void SettleInTime(bool rests);
  // The queue was empty: brings what is fresh nearer to being settled.
  void Settle();
  bool PutRight(WatchNode& node);
  void FinishSettling();

  // In inotify_watcher_polls.cc: what is looked at from time to time.

  void FinishScan();
  void DuePoll();
  void BeginPoll();
  // What to poll the directory for; null if it is to be watched.
  const PolledMount* PolledMountAt(absl::string_view path) const;
  // Whether sizes and times say nothing there.
  bool HasNamesAlone(absl::string_view path) const;
  void SayPolledMount(const PolledMount& mount);

  // In inotify_watcher_names.cc: links, and what is left out.

  bool Hidden(const WatchNode& node, absl::string_view name, bool is_directory) const;
  // Of a path in the tree, as the filter knows it.
  absl::string_view RelativePath(absl::string_view path) const;
  // Whether the entry is a link that leads to a directory which is to be entered.
  bool IsFollowed(const WatchNode& node, absl::string_view name) const;
  bool LoopsBack(const WatchNode& node, const FileStatus& target) const;
  // Whether an entered link leads to no directory any more.
  bool IsDangling(const WatchNode& link) const;
  // What it leads to is told by another path.
  void RefuseLink(WatchNode& link);
  // What is watched by a path no more may be by that of a link that was refused.
  void ReconsiderLinks();
  // Where they lead from their new places is to be seen.
  void FreshenLinks(WatchNode& moved);
  // Takes the rules of the directory's .gitignore over, or forgets them. False if what was read may be
  // another directory's.
  bool LoadIgnores(WatchNode& node, const DirectoryListing& listing);
  void SetIgnores(WatchNode& node, int error, absl::string_view contents, const std::string& path);
  void OnIgnoresChanged(WatchNode& node);
  // What is below the node has to be judged again, when it is looked at next.
  static void MakeUnlooked(WatchNode& node);
  // The rules go where the directory has gone, or with it.
  void MoveIgnores(WatchNode& moved, absl::string_view from);
  void ForgetIgnores(const WatchNode* subtree);

  void Tell(Action action, std::string path, bool is_directory, std::string renamed_from = {});

  const TreeOptions options_;
  FileKernel& kernel_;
  absl::Clock& clock_;
  FileTeller teller_;
  int fd_ = -1;
  WatchTree tree_;
  std::vector<Departure> departures_;  // oldest first
  absl::flat_hash_set<int> abandoned_;
  absl::flat_hash_map<std::string, DirectoryLook> looks_;  // made ahead, by path
  std::string buffer_;
  TreeCounters counters_;
  absl::Duration now_;  // of the read under way
  absl::Duration next_poll_ = absl::InfiniteDuration();
  absl::Duration poll_began_ = absl::InfiniteDuration();  // if one is under way
  absl::flat_hash_set<std::string> said_mounts_;          // that they are polled
  std::string last_written_;  // the path just told as written, to tell it once in a row
  // What has replaced something since the queue was empty, or may have.
  // Two that change places (RENAME_EXCHANGE) look like one that moves there and back.
  absl::flat_hash_map<Entry, Arrival> arrived_;
  // What a listing showed to be gone since the queue was empty, and which records may still speak of.
  absl::flat_hash_set<Entry> gone_early_;
  // Files that records of watches without a directory spoke of, until all is settled; "" for any file.
  absl::flat_hash_set<Entry> unclaimed_;
  absl::Status gone_;  // why the root is no more
  std::uint64_t bytes_read_ = 0;
  std::uint32_t scan_ = 0;
  std::int64_t drained_at_ = 0;      // by FileKernel::FileTime()
  std::int64_t lost_since_ = 0;      // the same; 0 if nothing was lost
  std::int64_t unread_since_ = 0;    // the same, of what could not be read then and still is to be
  bool silent_ = true;               // until Open() is done
  bool moved_while_silent_ = false;  // a directory
  absl::string_view loss_;           // why something was lost since the last look at everything began; or ""
  bool arrivals_awaited_ = false;    // who may still be changing places, since there was something to read
  bool root_ahead_ = false;          // it was looked at since the queue was empty; it is never fresh
  bool out_of_watches_ = false;      // in the scan or poll under way
  std::size_t said_polled_ = 0;      // how many were said to be without a watch
  bool awaited_ = false;  // who was changing fresh directories' paths, since those were looked up last
  bool read_since_settling_ = true;  // whether the kernel had more to say than writes since Settle() looked
  bool link_refused_ = false;        // since ReconsiderLinks()
  bool drained_ = true;              // whether the read under way has left nothing
  // When what is fresh is settled though each read finds something; and whether that was begun.
  absl::Duration settle_by_ = absl::InfiniteDuration();
  bool settling_ = false;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_INOTIFY_WATCHER_H_
