// One run of a FileSource: follows the path, and keeps a watcher on the tree that is there, if one is.
//
// One thread uses it.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_SESSION_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_SESSION_H_

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/file/file_counters.h"
#include "lookout/adapters/file/file_kernel.h"
#include "lookout/adapters/file/file_teller.h"
#include "lookout/adapters/file/path_filter.h"
#include "lookout/adapters/file/path_mounts.h"
#include "lookout/adapters/file/path_watch.h"
#include "lookout/adapters/file/session_control.h"
#include "lookout/adapters/file/tree_watcher.h"
#include "lookout/events/source.h"

namespace lookout::file_internal {

struct FileSessionOptions {
  std::string path = {};
  FileBackend backend = FileBackend::kAuto;
  // Whether kAuto may choose fanotify, which does not use the FileKernel alone.
  bool may_probe_fanotify = true;
  // Of the tree that may be at the end of the path.
  TreeOptions tree = {};
  // What of it is left out; null for nothing. It takes the place of the tree's own.
  std::unique_ptr<PathFilter> filter = nullptr;
  absl::AnyInvocable<void(std::uint64_t directories)>* on_progress = nullptr;  // may be null
};

class FileSession {
 public:
  // All must outlive it.
  FileSession(FileSessionOptions options, FileKernel& kernel, absl::Clock& clock, Receiver& receiver,
              SessionControl& control);
  ~FileSession();
  FileSession(const FileSession&) = delete;
  FileSession& operator=(const FileSession&) = delete;

  // Sets the watches; nothing is told of what is there.
  absl::Status Open(std::stop_token stop);
  // Tells, until `stop` or the receiver takes no more, or until there is nothing left that could be watched.
  absl::Status Run(std::stop_token stop);

 private:
  absl::Duration Timeout();
  absl::Status Step();
  void OnMounts();
  void OnPathNews(PathNews news);
  void OnArrived(FileKind kind);
  void OnWritten();
  void OnLoss(absl::string_view why);
  // After the path may lead elsewhere. `lost`: and the file at its end may have been written.
  void LookAgain(bool lost = false);
  absl::Status Reconsider();
  // What is at the end of the path now, is news.
  void Arrive();
  void Leave();
  absl::Status OpenTree(TreeWatcher::Found found);
  // What it counted stays.
  void DropTree();
  absl::Status StepTree();
  absl::Status CatchUp();
  bool MayUseFanotify() const;
  // Whether the path has to be looked at from time to time.
  bool MustAsk() const;
  // OK, or why what the path leads to is not known.
  absl::Status NotKnown() const;
  // Says what keeps the path from being followed, once.
  void SayTrouble();
  // OK, or that the path has to be looked at for the file system that it is on.
  absl::Status IsPolled() const;
  // Whether sizes and times say nothing there.
  bool HasNamesAlone() const;
  void TellFile(Action action);
  void Publish();

  FileSessionOptions options_;
  FileKernel& kernel_;
  absl::Clock& clock_;
  Receiver& receiver_;
  SessionControl& control_;
  std::stop_token stop_;
  FileTeller teller_;  // of the path itself
  PathWatch path_;
  PathMounts mounts_;
  PathTarget told_;                    // what the path was told to lead to; its tree is told by tree_
  std::unique_ptr<TreeWatcher> tree_;  // null while there is no directory
  FileSourceCounters before_;          // of trees that are no more
  FileBackend backend_ = FileBackend::kAuto;
  absl::Status failed_;
  absl::Status unopened_;                               // why the directory that is there is not watched
  absl::Status said_;                                   // of what keeps the path from being followed
  absl::Duration next_ask_ = absl::InfiniteDuration();  // by TimePassed()
  std::uint64_t asked_ = 0;
  bool path_ready_ = false;    // something can be read of it
  bool mounts_ready_ = false;  // the table of mounts has changed
  bool path_changed_ = false;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_SESSION_H_
