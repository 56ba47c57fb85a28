// The part of InotifyWatcher that decides what is looked at from time to time, and when.
#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/inotify_watcher.h"
#include "lookout/adapters/file/mount_table.h"
#include "lookout/events/wait.h"

namespace lookout::file_internal {
namespace {

// So that a look at a large tree leaves the processor to others most of the time.
constexpr int kPollRest = 4;

}  // namespace

void InotifyWatcher::FinishScan() {
  const absl::Duration began = std::min(std::exchange(poll_began_, absl::InfiniteDuration()), now_);
  if (tree_.polled().empty()) {
    next_poll_ = absl::InfiniteDuration();
    said_polled_ = 0;
    unread_since_ = 0;
    return;
  }
  const absl::Duration now = TimePassed(clock_);
  if (next_poll_ == absl::InfiniteDuration() || next_poll_ <= now) {
    next_poll_ = now + std::max(options_.poll_interval, kPollRest * (now - began));
  }
  if (!out_of_watches_ || tree_.polled().size() <= said_polled_) return;
  said_polled_ = tree_.polled().size();
  teller_.Complain(
      OutOfWatchesError(options_.directory, tree_.watches(), said_polled_, options_.poll_interval));
}

void InotifyWatcher::DuePoll() {
  if (!tree_.HasPending() && now_ >= next_poll_) BeginPoll();
}

void InotifyWatcher::BeginPoll() {
  if (tree_.polled().empty()) return;
  if (options_.watch_later && fd_ < 0 && TakeInstance() == 0) drained_at_ = kernel_.FileTime();
  out_of_watches_ = false;
  poll_began_ = std::min(poll_began_, now_);
  for (WatchNode* node : tree_.polled()) AddPending(*node);
}

const PolledMount* InotifyWatcher::PolledMountAt(absl::string_view path) const {
  return options_.mounts == nullptr ? nullptr : options_.mounts->At(path);
}

bool InotifyWatcher::HasNamesAlone(absl::string_view path) const {
  const PolledMount* mount = PolledMountAt(path);
  return mount != nullptr && mount->reason.how == Polling::kNames;
}

// Once; and who asked for polling is told only what that cannot see.
void InotifyWatcher::SayPolledMount(const PolledMount& mount) {
  if (!said_mounts_.insert(mount.path).second) return;
  const bool names_alone = mount.reason.how == Polling::kNames;
  if (!options_.watch && !options_.watch_later && !names_alone) return;
  teller_.Complain(
      PolledMountError(mount.path, mount.type, mount.reason.why, names_alone, options_.poll_interval));
}

}  // namespace lookout::file_internal
