// The back end for who may mark a whole file system: fanotify. Ready at once whatever the size of the tree,
// and keeps no list of it.
//
// Records name directories by handles. A record's path must be the one at its place in the stream of records,
// not the one that the directory has when the record is read. So:
// - Places (parent and name) of directories that records speak of are kept, moved along by the records, for
// as
//   long as there is room. They can be forgotten at any time, for they can be found again:
// - The place of a directory that is not known is that which the next record of its own move or removal says
//   it had; if no such record is queued, it is where the kernel has it now. To know that, everything that is
//   queued is read ahead, after waiting for who was changing the directory's parent.
// - A tree that is moved in is listed. The listing is later than the record: everything that is queued is
// read
//   ahead, and what it says of the names in a directory is undone, so that what is told is the tree as it
//   was.
// - The kernel merges records of one entry into one with several bits, at the place of the first. The order
// of
//   the bits is that of a life: created, written, deleted. Where an entry was renamed as well, more than one
//   order is possible; such entries are looked up on the disk once the queue is empty, and put right.
//
// Sources: fanotify(7); fanotify_should_merge() in Linux's fs/notify/fanotify/fanotify.c. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_FANOTIFY_WATCHER_H_
#define LOOKOUT_ADAPTERS_FILE_FANOTIFY_WATCHER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/adapters/file/fanotify_decoder.h"
#include "lookout/adapters/file/fanotify_kernel.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/file_teller.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/source.h"

namespace lookout::file_internal {

class FanotifyWatcher final : public TreeWatcher {
 public:
  // All must outlive the watcher. `unlimited`: fail rather than have a queue that can overflow.
  FanotifyWatcher(TreeOptions options, bool unlimited, FanotifyKernel& kernel, FileKernel& files,
                  absl::Clock& clock, Receiver& receiver);
  ~FanotifyWatcher() override;
  FanotifyWatcher(const FanotifyWatcher&) = delete;
  FanotifyWatcher& operator=(const FanotifyWatcher&) = delete;

  // TreeWatcher. Open() fails where the process may not, or the file system cannot.
  absl::Status Open(Found found, absl::FunctionRef<bool(std::uint64_t directories)> progress) override;
  int fd() const override { return fd_; }
  absl::Duration Timeout() override;
  absl::Status Step() override;
  absl::Status CatchUp() override;
  void TellGone() override;
  void OnMount(const std::string& path) override;
  bool caught_up() const override { return chunks_.empty() && !suspicious_; }
  bool wanted() const override { return teller_.wanted(); }
  TreeCounters counters() const override {
    TreeCounters counters = counters_;
    counters.events = teller_.events();
    return counters;
  }

 private:
  // What one read brought.
  struct Chunk {
    std::string bytes;
    std::vector<FanotifyRecord> records;
    std::size_t next = 0;
    absl::Status broken = {};  // what is behind the records is no record
  };
  // A move or removal of a directory that is read but not handled: where it was before.
  struct Leaving {
    std::uint64_t number;
    DirectoryPlace place;
  };
  // A directory's handle, and a name in it.
  using Entry = std::pair<std::string, std::string>;
  using EntryView = std::pair<absl::string_view, absl::string_view>;
  struct EntryHash {
    using is_transparent = void;
    std::size_t operator()(const EntryView& entry) const { return absl::HashOf(entry); }
  };
  struct EntryEq {
    using is_transparent = void;
    bool operator()(const EntryView& a, const EntryView& b) const { return a == b; }
  };

  // What was moved, or is otherwise not as plain as its records.
  struct Suspect {
    std::vector<Entry> names;  // that it had
    bool is_directory = false;
    int renames = 0;            // more than one may stand for any number
    bool ambiguous = false;     // created and deleted, in either order
    std::uint64_t touched = 0;  // in which period between two empty queues
  };
  // What a directory holds under a name; in listings the target is "" of what is no directory, or is one that
  // cannot be listed.
  struct Name {
    bool is_directory;
    std::string target;
  };
  // What a record that is read but not handled says of a name in a directory.
  struct Upcoming {
    std::uint64_t number;
    absl::string_view name;
    absl::string_view target;
    bool is_directory;
    bool was_there;   // and leaves; or it comes
    bool is_renamed;  // and may replace what is there
  };
  using UpcomingOfName = absl::InlinedVector<Upcoming, 1>;  // in the order of the records

  absl::StatusOr<bool> Read();
  void ReadAhead();
  void Lose(std::string reason, absl::Status why);
  void ForgetAll();
  void HandleAll();
  void Handle(const FanotifyRecord& record);
  void HandleRename(const FanotifyRecord& record);
  bool HandleRoot(const FanotifyRecord& record);
  void Created(const FanotifyRecord& record, const std::string& path);
  void Written(const FanotifyRecord& record, const std::string& path);
  void Deleted(const FanotifyRecord& record, const std::string& path);

  // In fanotify_watcher_places.cc.

  // The directory's path at the present place in the stream; nothing if it is not in what is watched.
  std::optional<std::string> PathOf(absl::string_view directory);
  const DirectoryPlace* PlaceOf(absl::string_view directory);
  // The others are forgotten where there are too many.
  const DirectoryPlace& SetPlace(absl::string_view directory, DirectoryPlace place);
  void MovePlaces(const FanotifyRecord& record);

  // In fanotify_watcher_arrivals.cc: directories that come with all they hold.

  // Tells the directory and all that is in it, as it was at the present place in the stream.
  void TellTree(const std::string& directory, const std::string& path);
  bool IsEntered(const Name& found) const {
    return options_.recursive && found.is_directory && !found.target.empty();
  }
  absl::flat_hash_map<std::string, Name> List(const std::string& directory, const std::string& path);
  // The handle of the directory that `name` is in the open one; "" of one that cannot be listed.
  std::string DirectoryIn(int fd, const std::string& name, const std::string& path);
  void Rewind(const std::string& directory, absl::flat_hash_map<std::string, Name>& names) const;
  // What is there of a name before what is to be said of it, which is not nothing; null for nothing.
  static const Upcoming* WhatIsThere(absl::Span<const Upcoming> of_name);
  void LeaveOutReplaced(const std::string& directory, const absl::flat_hash_map<std::string, Name>& names);
  // What is at an entry at the present place in the stream, if after what is read ahead it is `now`: a
  // handle,
  // "" for nothing; no value if something is about to replace it, and so it makes no difference.
  std::optional<absl::string_view> WhatWasThere(EntryView at, absl::string_view now) const;
  // Of one name, without what is handled by now: of that the bytes are gone.
  absl::Span<const Upcoming> Unhandled(const UpcomingOfName& upcoming) const;
  absl::Span<const Upcoming> UpcomingAt(EntryView at) const;
  // Whether the first that is still to be said of the entry is that the target comes there: so it is not yet.
  bool IsToCome(absl::string_view target, EntryView at) const;
  // What is at the entry, and is to leave it to the record's target, which comes from where nothing is told.
  const Upcoming* WhatIsExchanged(const FanotifyRecord& record, EntryView at);
  // Whether the write is said before the file's arrival where it was written; then it waits for that.
  bool IsEarly(const FanotifyRecord& write);
  void HandleEarlyWrite(const FanotifyRecord& arrival);
  // Nothing is missing then, of what is to be said after the present record, that began before it was read.
  void AwaitUpcoming(absl::string_view directory);
  // Who is changing the directory is waited for, and so his record.
  void AwaitRecordsIn(absl::string_view directory);
  void KeepUpcoming();
  void AddUpcoming(const FanotifyRecord& record, std::uint64_t number);

  // In fanotify_watcher_names.cc: what is left out.

  bool Hidden(absl::string_view path, bool is_directory);
  absl::string_view RelativePath(absl::string_view path) const;
  // Takes over the .gitignore files on the way to the entry, as far as that is not done.
  void LoadIgnoresFor(absl::string_view relative);
  bool LoadIgnores(absl::string_view relative);
  void LoadAllIgnores(absl::FunctionRef<bool(std::uint64_t)> progress);
  // To be called before anything is asked of a directory whose .gitignore changes: one of which nothing was
  // asked yet had none.
  void ExpectIgnores(const std::string& path);
  enum class Rules { kWritten, kCame, kLeft };
  // Tells what has become hidden as deleted, and what is hidden no more as created; but for what comes and
  // leaves by the record itself. `was_hidden`: the .gitignore was, before the record; `to` is where it went,
  // if it did.
  void OnIgnoresChanged(absl::string_view directory, const std::string& path, Rules what, bool was_hidden,
                        const std::string& to = {});
  void TakeOverShown(const absl::btree_map<std::string, bool>& before,
                     const absl::btree_map<std::string, bool>& after);
  absl::btree_map<std::string, bool> Shown(absl::string_view directory, const std::string& path);
  void ForgetIgnores(absl::string_view path);
  // The directory is somewhere else now, with its rules.
  void MoveIgnores(absl::string_view from, absl::string_view to);
  // Of the directory and those below it, which are no more in ignores_loaded_.
  std::vector<std::pair<std::string, bool>> TakeLoaded(const std::string& relative);
  bool IgnoresMatter(absl::string_view from, absl::string_view to);

  // In fanotify_watcher_suspects.cc: what was told to be where, as far as merged records ask for it, and what
  // has to be put right.

  enum class Told { kUnknown, kNothing, kThis, kOther };
  Told WhatIsTold(const FanotifyRecord& record, EntryView at) const;
  // Takes over that `target`, "" for nothing, is told to be there now.
  void SetTold(const FanotifyRecord& record, EntryView at, absl::string_view target);
  // Where the target was told to be, if it is tracked.
  std::optional<Entry> WhereTold(absl::string_view target) const;
  Suspect& Track(const FanotifyRecord& record, EntryView at);
  static void AddName(Suspect& suspect, EntryView at);
  // Tracks what the records of its creation and deletion leave open.
  void NoteLink(const FanotifyRecord& record);
  // What was last told to be at an entry; "" for nothing.
  void SetLast(EntryView at, absl::string_view target);
  void ForgetLast(EntryView at);
  bool HasLast(EntryView at) const;
  // Whether something else was.
  bool HasLeft(EntryView at, absl::string_view target) const;
  void OnDrained();
  bool IsMoreToCome(const std::vector<std::string>& targets);
  void PutRight(const std::string& target);
  // That what was told to be there is no more, before something new is.
  void TellReplaced(const FanotifyRecord& record, EntryView at, const std::string& path);
  void TellArrival(const std::string& target, const std::string& path, bool is_directory);
  // Whether the target is there, at the present place in the stream; nothing where that makes no difference.
  std::optional<bool> IsAt(absl::string_view target, const Entry& entry);
  // Whether what was written has the name by which it was, or may have; takes over what has.
  bool IsWhereWritten(const FanotifyRecord& write, EntryView at);
  // What is there now, "" for nothing, once all that has led to that is read; `expected` may be there on the
  // strength of what is read. False if it cannot be said.
  bool LookUp(EntryView at, absl::string_view expected, std::string& now);
  void ForgetSuspects(std::uint64_t touched_before);

  const TreeOptions options_;
  const bool unlimited_;
  FanotifyKernel& kernel_;
  FileKernel& files_;
  absl::Clock& clock_;
  FileTeller teller_;
  TreeCounters counters_;
  int fd_ = -1;
  int root_fd_ = -1;
  std::string root_;  // its handle
  int mount_ = 0;     // what it is in
  std::string buffer_;
  absl::Time now_;
  absl::Status gone_;
  std::string last_written_;

  std::deque<Chunk> chunks_;
  std::size_t ahead_ = 0;      // bytes in chunks_
  std::uint64_t read_ = 0;     // records, ever
  std::uint64_t handled_ = 0;  // of them
  bool drained_ = true;        // the last read found nothing
  bool lost_ = false;          // something since the queue was empty, and that was said
  absl::flat_hash_map<std::string, std::deque<Leaving>> leaving_;
  absl::flat_hash_map<std::string, DirectoryPlace> places_;
  // The path that was asked for last, as long as no directory has moved.
  std::string last_directory_;
  std::optional<std::string> last_path_;

  // By directory, and the hash of the name in it; once a listing asked for it and until all that was read is
  // handled.
  absl::flat_hash_map<std::string, absl::flat_hash_map<std::size_t, UpcomingOfName>> upcoming_;
  // Of files, by the hash of where they come and of themselves: the record that says it.
  absl::flat_hash_map<std::size_t, std::uint64_t> arrivals_;
  // By the hash of a directory: the record up to which nothing of it can be missing.
  absl::flat_hash_map<std::size_t, std::uint64_t> awaited_;
  bool keeps_upcoming_ = false;
  absl::flat_hash_set<std::size_t> early_writes_;  // by the same hash as arrivals_

  absl::flat_hash_map<std::string, Suspect> suspects_;  // by target
  // What was told to be under the names of suspects; the target is "" for nothing.
  absl::flat_hash_map<Entry, Name, EntryHash, EntryEq> told_at_;
  // Hashes of entries that were created or deleted since the queue was empty. A file with several names can
  // be both, in either order.
  absl::flat_hash_set<std::size_t> linked_;
  // Hashes of what was last told to be at entries, for as long as there is room: who has a file open that was
  // removed or replaced may write to it, a good while later.
  absl::flat_hash_map<std::size_t, std::size_t> last_, last_before_;
  // Directories of which the .gitignore was read, and whether there is one at the present place in the
  // stream, as far as that is known. Those that are hidden are not among them, and have no rules.
  absl::btree_map<std::string, bool> ignores_loaded_;

  std::uint64_t period_ = 0;  // between two empty queues
  bool suspicious_ = false;   // whether some of the suspects are to be looked up
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FANOTIFY_WATCHER_H_
