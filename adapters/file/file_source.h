// Tells what happens in a directory, in a whole tree, or to a single file.
//
//   auto source = FileSource::Create({.path = "conf", .recursive = true}, clock);
//   if (!source.ok()) return source.status();
//   (*source)->Run(stop, queue);   // "created conf/app.yml", "renamed conf/app.yml", …
//
// Events are of type kFile. actor_name is the path as it was given with what is below it joined to it; names
// are any bytes. kFileRenamed carries renamed_from; events of directories carry kind=directory. The time is
// when the kernel's record was read.
//
// Folding the events over the tree as it was at OnReady() gives the tree as it is. Nothing is told of what
// existed before. In a directory that appears later everything is told once, whenever it came, parents first.
// A move out of the tree is a deletion (of the directory alone, for a directory), a move into it the creation
// of every descendant. Attributes (chmod, touch) are left out, and nothing that reading causes is told.
//
// The path need not exist. It is followed through every directory and symbolic link that leads to it: what
// comes to be at its end is told as created with all that it holds, and as deleted when it leaves, or is
// replaced by another directory. A file that is replaced by another is written.
//
// What `filter` leaves out is not told of, not watched and not looked at, with all that is below it; the path
// itself never is left out. A rename to a name that is left out is a deletion, and one from such a name the
// creation of every descendant. With filter.gitignore, each .gitignore counts as soon as it is there, changed
// or gone: what it hides then is told as deleted, and what it shows as created. Lines of it that make no
// sense go to OnError.
//
// What cannot be watched is looked at every poll_interval; that is said to OnError, with what to do about it,
// as are directories that may not be read. A file whose status may not be had stays as it was told to be: if
// it was written meanwhile, that is told when its status can be had again. When inotify's queue overflows, a
// ForceReload says so, and then comes the difference to what was told, as ordinary events. (fanotify keeps no
// list: kAuto takes it only with a queue that does not overflow, and with kFanotify, where the process may
// not have one, the ForceReload is all.)
//
// A mount over a directory or below it, and its end, is a ForceReload too, with the difference of what is
// there then; a single file that is mounted over is written. Of what is on a network, on FUSE or made up by
// the kernel (/proc), it tells nothing to who watches: that part is looked at, for as long as it is mounted.
// Below /proc and its like only names are compared.
//
// Sources of facts, costs and limits are in this folder's README.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_H_

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/adapters/file/session_control.h"
#include "lookout/events/source.h"

namespace lookout {

struct FileSourceOptions {
  // A directory or a file. Relative paths count from the working directory.
  std::string path = {};
  // Of a directory: with everything below it. Of a file: no difference.
  bool recursive = false;
  FileBackend backend = FileBackend::kAuto;
  // Symbolic links below the path that lead to directories are entered, each directory once. (Links on the
  // way to the path always are.)
  bool follow = false;
  // What of a directory is left out: .filter = {.exclude = {"node_modules/"}, .gitignore = true}. Patterns
  // are those of .gitignore files, and count from the path; see path_filter.h and glob.h.
  PathFilterOptions filter = {};
  // Renames say by kReplaced what was at the new path before: for a SettlingSource, which then need not have
  // seen the file before to know a save of it. fanotify does not know, and kAuto does not take it then.
  bool tell_replaced = false;
  // How often what cannot be watched is looked at; positive.
  absl::Duration poll_interval = absl::Seconds(1);
  // Called while a tree is read for the first time, from the thread that runs, with the directories found.
  absl::AnyInvocable<void(std::uint64_t directories)> on_progress = nullptr;
};

class FileSource final : public Source {
 public:
  // InvalidArgument for an empty path, one with a NUL, a pattern or an interval that makes no sense. `clock`
  // must outlive the source.
  static absl::StatusOr<std::unique_ptr<FileSource>> Create(FileSourceOptions options, absl::Clock& clock);
  // For tests of failing system calls.
  static absl::StatusOr<std::unique_ptr<FileSource>> Create(FileSourceOptions options, absl::Clock& clock,
                                                            file_internal::FileKernel& kernel);

  absl::string_view name() const override { return name_; }

  // Fails, before OnReady(), if the path exists and cannot be watched or looked at: PermissionDenied,
  // ResourceExhausted with the name of the limit; Unimplemented where the back end that is asked for does not
  // work, as fanotify with `follow`. Called again, it tells a ForceReload after OnReady(): what
  // happened between is not known.
  absl::Status Run(std::stop_token stop, Receiver& receiver) override;

  // Returns when all that happened before the call has been given to the receiver. Works on a read-only tree,
  // and takes up to some 50 ms if something was moved out of the tree just before. FailedPrecondition if the
  // source is not running, or stops meanwhile; DeadlineExceeded after `timeout`. Any thread but the
  // receiver's own calls.
  absl::Status Sync(absl::Duration timeout);

  // Of all runs so far. Any thread.
  FileSourceCounters counters() const;

 private:
  FileSource(FileSourceOptions options, absl::Clock& clock, file_internal::FileKernel& kernel);

  FileSourceOptions options_;
  const std::string name_;
  absl::Clock& clock_;
  file_internal::FileKernel& kernel_;
  file_internal::SessionControl control_;
  bool was_live_ = false;
};

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_SOURCE_H_
