#include "lookout/adapters/file/polled_mounts.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {
namespace {

constexpr absl::string_view kTwice =
    "it is in the tree by another path too, and would be watched by that alone";

// A part of a file system, and where it is seen.
struct Region {
  const MountEntry* mount;
  std::string root;  // in the file system
  std::string point;
};

// Whether the top of what `b` shows is seen in `a` as well.
bool Shows(const MountTable& table, const Region& a, const Region& b) {
  if (a.mount->device != b.mount->device || !IsAtOrBelow(b.root, a.root)) return false;
  return table.At(Rebase(b.root, a.root, a.point)) == a.mount;
}

PollReason ReasonToPoll(const MountTable& table, const Region& region, const std::vector<Region>& watched) {
  const PollReason reason = MustPoll(region.mount->type);
  if (reason.how != Polling::kNo) return reason;
  const bool twice = std::any_of(watched.begin(), watched.end(), [&](const Region& other) {
    return Shows(table, other, region) || Shows(table, region, other);
  });
  return twice ? PollReason{Polling::kStates, kTwice} : PollReason{};
}

}  // namespace

std::string Rebase(absl::string_view path, absl::string_view from, absl::string_view to) {
  path.remove_prefix(std::min(path.size(), from.size()));
  while (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return path.empty() ? std::string(to) : JoinPath(to, path);
}

PolledMounts::PolledMounts(const MountTable& table, const std::string& real, absl::string_view given) {
  std::vector<Region> regions;
  if (const MountEntry* top = table.At(real); top != nullptr) {
    regions.push_back({top, Rebase(real, top->point, top->root), real});
  }
  for (const MountEntry* mount : table.Below(real)) {
    has_mounts_below_ = true;
    regions.push_back({mount, mount->root, mount->point});
  }
  std::vector<Region> watched;
  std::vector<PolledMount> inner;
  for (const Region& region : regions) {
    const PollReason reason = ReasonToPoll(table, region, watched);
    PolledMount mount = {Rebase(region.point, real, given), region.mount->type, reason};
    if (reason.how == Polling::kNo) {
      watched.push_back(region);
      inner.push_back(std::move(mount));
    } else {
      mounts_.push_back(std::move(mount));
    }
  }
  const auto is_in_polled = [this](const PolledMount& mount) { return At(mount.path) != nullptr; };
  std::vector<PolledMount> islands;
  std::copy_if(inner.begin(), inner.end(), std::back_inserter(islands), is_in_polled);
  mounts_.insert(mounts_.end(), islands.begin(), islands.end());
}

const PolledMount* PolledMounts::At(absl::string_view path) const {
  const PolledMount* innermost = nullptr;
  for (const PolledMount& mount : mounts_) {
    const bool deeper = innermost == nullptr || mount.path.size() > innermost->path.size();
    if (deeper && IsAtOrBelow(path, mount.path)) innermost = &mount;
  }
  return innermost == nullptr || innermost->reason.how == Polling::kNo ? nullptr : innermost;
}

}  // namespace lookout::file_internal
