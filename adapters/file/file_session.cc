#include "lookout/adapters/file/file_session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "lookout/adapters/file/fanotify_kernel.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/adapters/file/mount_table.h"
#include "lookout/adapters/file/polled_mounts.h"
#include "lookout/events/wait.h"

namespace lookout::file_internal {
namespace {

void Add(const TreeCounters& tree, FileSourceCounters& counters) {
  counters.events += tree.events;
  counters.records += tree.records;
  counters.overflows += tree.overflows;
  counters.scans += tree.scans;
}

}  // namespace

FileSession::FileSession(FileSessionOptions options, FileKernel& kernel, absl::Clock& clock,
                         Receiver& receiver, SessionControl& control)
    : options_(std::move(options)),
      kernel_(kernel),
      clock_(clock),
      receiver_(receiver),
      control_(control),
      teller_(receiver),
      path_(options_.path, options_.tree.watch, kernel),
      mounts_(options_.path, kernel),
      before_(control.counters()) {
  options_.tree.filter = options_.filter.get();
  control_.Begin();
}

FileSession::~FileSession() {
  Publish();
  control_.End();
}

absl::Status FileSession::Open(std::stop_token stop) {
  if (options_.backend == FileBackend::kFanotify && options_.tree.follow) {
    return absl::UnimplementedError(
        absl::StrCat(options_.path, ": the fanotify back end follows no links: take inotify"));
  }
  stop_ = std::move(stop);
  path_.Resolve();
  told_ = path_.target();
  if (absl::Status why = LookUpError(told_.error, options_.path); !why.ok() && !absl::IsNotFound(why))
    return why;
  SayTrouble();
  if (MustAsk()) next_ask_ = TimePassed(clock_) + options_.tree.poll_interval;
  if (told_.is_directory()) {
    absl::Status opened = OpenTree(TreeWatcher::Found::kSilent);
    Publish();
    if (!absl::IsUnavailable(opened) && !absl::IsNotFound(opened)) return opened;
    told_ = {.error = ENOENT};
    path_changed_ = true;  // since it was looked up
  } else if (!told_.exists()) {
    receiver_.OnError(
        absl::NotFoundError(absl::StrCat(options_.path, ": does not exist yet; it is watched for")));
  }
  return absl::OkStatus();
}

absl::Status FileSession::Run(std::stop_token stop) {
  StopFd stop_fd(stop);
  if (!stop_fd.ok()) return OutOfDescriptorsError(options_.path);
  while (!stop.stop_requested() && failed_.ok() && teller_.wanted() &&
         (tree_ == nullptr || tree_->wanted())) {
    std::array<pollfd, 5> fds = {stop_fd.entry(), pollfd{.fd = path_.fd(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = control_.wake_fd(), .events = POLLIN, .revents = 0},
                                 pollfd{.fd = tree_ ? tree_->fd() : -1, .events = POLLIN, .revents = 0},
                                 mounts_.entry()};
    if (PollFor(clock_, absl::MakeSpan(fds), Timeout()) < 0 && errno != EINTR)
      return ErrnoError(errno, absl::StrCat(options_.path, ": poll"));
    if (stop.stop_requested()) break;
    path_ready_ = fds[1].revents != 0;
    mounts_ready_ = fds.back().revents != 0;
    if (absl::Status stepped = Step(); !stepped.ok()) return stepped;
  }
  return failed_;
}

absl::Duration FileSession::Timeout() {
  if (path_changed_) return absl::ZeroDuration();
  absl::Duration timeout = tree_ ? tree_->Timeout() : absl::InfiniteDuration();
  timeout = std::min(timeout, next_ask_ - TimePassed(clock_));
  return std::max(timeout, absl::ZeroDuration());
}

absl::Status FileSession::Step() {
  const std::uint64_t asked = control_.Asked();
  const bool catch_up = asked != std::exchange(asked_, asked);
  const absl::Duration now = TimePassed(clock_);
  teller_.SetTime(clock_.TimeNow());
  const auto on_news = [this](PathNews news) { OnPathNews(news); };
  if (catch_up) {
    path_.CatchUp(on_news);
  } else if (path_ready_) {
    path_.Step(on_news);
  }
  if (now >= next_ask_ || (catch_up && MustAsk())) {
    next_ask_ = now + options_.tree.poll_interval;
    LookAgain();
  }
  if (absl::Status stepped = catch_up ? CatchUp() : StepTree(); !stepped.ok()) return stepped;
  // A mount may be why the path leads elsewhere.
  if (mounts_ready_ || catch_up || path_changed_) OnMounts();
  if (std::exchange(path_changed_, false)) {
    if (absl::Status reconsidered = Reconsider(); !reconsidered.ok()) return reconsidered;
  }
  SayTrouble();
  next_ask_ = MustAsk() ? std::min(next_ask_, now + options_.tree.poll_interval) : absl::InfiniteDuration();
  teller_.Flush();
  Publish();
  if (tree_ == nullptr || tree_->caught_up()) control_.Answer(asked_);
  return absl::OkStatus();
}

absl::Status FileSession::StepTree() {
  if (tree_ == nullptr) return absl::OkStatus();
  absl::Status stepped = tree_->Step();
  if (!absl::IsUnavailable(stepped)) return stepped;
  path_changed_ = true;
  told_ = {.error = ENOENT};  // whatever is there now is another
  return absl::OkStatus();
}

absl::Status FileSession::CatchUp() {
  if (tree_ == nullptr) return absl::OkStatus();
  absl::Status caught_up = tree_->CatchUp();
  return absl::IsUnavailable(caught_up) ? StepTree() : caught_up;
}

// The kernel says nothing of what was mounted, and so it is all looked at that may be another by now.
void FileSession::OnMounts() {
  const MountNews news = mounts_.Step();
  if (!news.any) return;
  const bool has_tree = tree_ != nullptr;
  LookAgain();
  if (!has_tree) return;
  if (!NotKnown().ok()) return;
  if (!path_.target().IsSameAs(told_)) {
    if (news.above) teller_.TellLoss(options_.path, "a file system was mounted or unmounted over it");
    teller_.Flush();
    return;
  }
  for (const std::string& point : news.below) tree_->OnMount(point);
}

bool FileSession::MustAsk() const {
  return !unopened_.ok() || !path_.unwatched().ok() || !NotKnown().ok() || mounts_.polled_path() != nullptr;
}

absl::Status FileSession::NotKnown() const {
  const int error = path_.target().error;
  const bool leads_nowhere = error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
  return leads_nowhere ? absl::OkStatus() : LookUpError(error, options_.path);
}

void FileSession::SayTrouble() {
  absl::Status trouble = options_.tree.watch ? path_.unwatched() : absl::OkStatus();
  if (trouble.ok() && !told_.is_directory()) trouble = IsPolled();  // a directory's tree says it
  if (absl::Status why = NotKnown(); !why.ok()) trouble = std::move(why);
  if (trouble == said_) return;
  said_ = trouble;
  if (!trouble.ok()) receiver_.OnError(std::move(trouble));
}

absl::Status FileSession::IsPolled() const {
  const PolledMount* mount = mounts_.polled_path();
  const bool names_alone = HasNamesAlone();
  if (mount == nullptr || (!options_.tree.watch && !names_alone)) return absl::OkStatus();
  return PolledMountError(options_.path, mount->type, mount->reason.why, names_alone,
                          options_.tree.poll_interval);
}

bool FileSession::HasNamesAlone() const {
  const PolledMount* mount = mounts_.polled_path();
  return mount != nullptr && mount->reason.how == Polling::kNames;
}

void FileSession::OnPathNews(PathNews news) {
  if (news == PathNews::kOverflow) ++before_.overflows;
  if (tree_ != nullptr) {
    path_changed_ = path_changed_ || news != PathNews::kWritten;
    return;  // after what the tree has to say
  }
  switch (news) {
    case PathNews::kWritten:
      OnWritten();
      break;
    case PathNews::kLeft:
      Leave();
      path_.Resolve();
      break;
    case PathNews::kArrived:
      OnArrived(FileKind::kFile);
      break;
    case PathNews::kDirectoryArrived:
      OnArrived(FileKind::kDirectory);
      break;
    case PathNews::kOnTheWay:
      LookAgain();
      break;
    case PathNews::kOverflow:
      OnLoss("the kernel's event queue overflowed (fs.inotify.max_queued_events)");
      break;
    case PathNews::kGarbage:
      OnLoss("what the kernel said of it makes no sense");
      break;
  }
}

// What has left again since is told by the news to come.
void FileSession::OnArrived(FileKind kind) {
  path_.Resolve();
  if (path_.target().exists() || path_.target().through_link) return Arrive();
  const bool is_directory = kind == FileKind::kDirectory;
  if (is_directory || told_.is_directory()) Leave();
  const Action action = told_.exists() ? Action::kFileWritten : Action::kFileCreated;
  teller_.Tell(action, options_.path, is_directory);
  told_ = {.status = {.kind = kind}};
}

// Looks at the file before it is told: who is told sees all that a later look does not find written.
void FileSession::OnWritten() {
  if (!told_.exists()) return;
  PathTarget now;
  now.error = -kernel_.Status(options_.path, /*follow=*/true, now.status);
  if (now.IsSameAs(told_)) told_.status = now.status;
  TellFile(Action::kFileWritten);
}

void FileSession::OnLoss(absl::string_view why) {
  teller_.TellLoss(options_.path, std::string(why));
  LookAgain(/*lost=*/true);
}

void FileSession::LookAgain(bool lost) {
  if (tree_ != nullptr) {
    path_.Resolve();
    path_changed_ = path_changed_ || !path_.target().IsSameAs(told_);
    return;
  }
  const PathTarget before = told_;
  const bool asks = lost || MustAsk();  // up to now
  path_.Resolve();
  const PathTarget& now = path_.target();
  if (!NotKnown().ok()) return;  // and asked again
  if (!now.exists()) return Leave();
  if (now.is_directory() || !now.IsSameAs(before)) return Arrive();
  if (!asks && !MustAsk()) return;  // the kernel tells
  if (!HasNamesAlone() && IsWritten(before.status.version, now.status.version)) Arrive();
}

// The tree may have been replaced: tells the rest of the old one, then the new one.
absl::Status FileSession::Reconsider() {
  if (tree_ == nullptr) {
    LookAgain();
    return absl::OkStatus();
  }
  if (told_.exists()) {
    absl::Status caught_up = tree_->CatchUp();
    if (absl::IsUnavailable(caught_up)) {
      told_ = {.error = ENOENT};
    } else if (!caught_up.ok()) {
      return caught_up;
    }
  }
  path_.CatchUp([](PathNews) {});  // what it says is looked at now
  path_.Resolve();
  if (path_.target().IsSameAs(told_)) return absl::OkStatus();
  if (told_.exists() && !NotKnown().ok())
    return absl::OkStatus();  // the tree is followed as ever, and the path asked for again
  tree_->TellGone();
  DropTree();
  told_ = {.error = ENOENT};
  if (path_.target().exists()) Arrive();
  return absl::OkStatus();
}

void FileSession::DropTree() {
  Add(tree_->counters(), before_);
  tree_ = nullptr;
}

void FileSession::Arrive() {
  const PathTarget& now = path_.target();
  if (!now.exists()) return Leave();
  // A directory that was told without having been looked at has left again.
  if (told_.exists() && (now.is_directory() || told_.is_directory())) Leave();
  if (!now.is_directory()) {
    TellFile(told_.exists() ? Action::kFileWritten : Action::kFileCreated);
    told_ = now;
    return;
  }
  teller_.Flush();
  told_ = now;
  absl::Status opened = OpenTree(TreeWatcher::Found::kTold);
  const absl::Status said = std::exchange(unopened_, opened);
  if (opened.ok()) return;
  told_ = {.error = ENOENT};
  const bool vanished = absl::IsUnavailable(opened) || absl::IsNotFound(opened);
  if (!vanished && opened != said) receiver_.OnError(std::move(opened));
}

void FileSession::Leave() {
  unopened_ = absl::OkStatus();  // what comes next is another
  if (!told_.exists()) return;
  teller_.Tell(Action::kFileDeleted, options_.path, told_.is_directory());
  told_ = {.error = ENOENT};
}

absl::Status FileSession::OpenTree(TreeWatcher::Found found) {
  const auto progress = [this](std::uint64_t directories) {
    if (options_.on_progress != nullptr && *options_.on_progress != nullptr)
      (*options_.on_progress)(directories);
    return !stop_.stop_requested();
  };
  mounts_.Resolve();
  TreeOptions options = options_.tree;
  options.mounts = &mounts_.polled();
  if (options_.backend == FileBackend::kFanotify || MayUseFanotify()) {
    backend_ = FileBackend::kFanotify;
    tree_ = std::make_unique<FanotifyWatcher>(options, options_.backend == FileBackend::kAuto,
                                              FanotifyKernel::System(), kernel_, clock_, receiver_);
    absl::Status opened = tree_->Open(found, progress);
    if (opened.ok()) return opened;
    DropTree();
    if (options_.backend == FileBackend::kFanotify) return opened;
  }
  backend_ = options.watch ? FileBackend::kInotify : FileBackend::kPoll;
  tree_ = std::make_unique<InotifyWatcher>(options, kernel_, clock_, receiver_);
  absl::Status opened = tree_->Open(found, progress);
  if (absl::IsResourceExhausted(opened) && options.watch && options_.backend == FileBackend::kAuto) {
    receiver_.OnError(absl::ResourceExhaustedError(
        absl::StrCat(opened.message(), options.follow ? "; " : "; until then ", options.directory,
                     " is looked at every ", absl::FormatDuration(options.poll_interval))));
    options.watch = false;
    options.watch_later = !options.follow;  // each directory once is what the watches see to
    backend_ = FileBackend::kPoll;
    DropTree();
    tree_ = std::make_unique<InotifyWatcher>(options, kernel_, clock_, receiver_);
    opened = tree_->Open(found, progress);
  }
  if (!opened.ok()) DropTree();
  return opened;
}

// A single directory needs but one watch, links and mounts lead to other file systems, and what a rename
// replaced is not known there.
bool FileSession::MayUseFanotify() const {
  return options_.backend == FileBackend::kAuto && options_.tree.recursive && !options_.tree.follow &&
         !options_.tree.tell_replaced && options_.may_probe_fanotify && mounts_.polled_path() == nullptr &&
         !mounts_.polled().has_mounts_below();
}

void FileSession::TellFile(Action action) {
  // A path that ends in a link to nowhere, or in a directory, is told of by its tree.
  teller_.Tell(action, options_.path, false);
}

void FileSession::Publish() {
  FileSourceCounters counters = before_;
  const TreeCounters tree = tree_ ? tree_->counters() : TreeCounters{};
  counters.events += teller_.events();
  Add(tree, counters);
  counters.directories = tree.directories;
  counters.watched = tree.watched;
  counters.polled = tree.polled;
  counters.backend = backend_ == FileBackend::kPoll && tree_ != nullptr && tree_->fd() >= 0
                         ? FileBackend::kInotify
                         : backend_;
  control_.Publish(counters);
}

}  // namespace lookout::file_internal
