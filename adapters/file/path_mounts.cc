#include "lookout/adapters/file/path_mounts.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/string_view.h"
#include "lookout/adapters/file/mount_table.h"
#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {
namespace {

// Of what exists of the path, with the rest as it is; "" if not even that is known.
std::string RealPathOf(absl::string_view path, FileKernel& kernel) {
  std::string rest, real;
  while (kernel.RealPath(path.empty() ? "." : std::string(path), real) != 0) {
    if (path.empty() || path == "/") return "";
    const std::size_t cut = path.rfind('/');
    const absl::string_view name = path.substr(cut == absl::string_view::npos ? 0 : cut + 1);
    rest = rest.empty() ? std::string(name) : JoinPath(name, rest);
    path = path.substr(0, cut == absl::string_view::npos ? 0 : std::max<std::size_t>(cut, 1));
  }
  return rest.empty() ? real : JoinPath(real, rest);
}

}  // namespace

PathMounts::PathMounts(std::string path, FileKernel& kernel)
    : path_(std::move(path)), kernel_(kernel), mounts_(kernel) {
  Resolve();
}

void PathMounts::Resolve() {
  real_ = RealPathOf(path_, kernel_);
  polled_ = real_.empty() ? PolledMounts() : PolledMounts(mounts_.table(), real_, path_);
}

MountNews PathMounts::Step() {
  const std::vector<std::string> points = mounts_.Step();
  if (points.empty()) return {};
  Resolve();
  MountNews news{.any = true};
  for (const std::string& point : points) {
    if (IsAtOrBelow(real_, point)) {
      news.above = true;
    } else if (!real_.empty() && IsAtOrBelow(point, real_)) {
      std::string below = Rebase(point, real_, path_);
      const bool in_another =
          std::any_of(news.below.begin(), news.below.end(),
                      [&](const std::string& other) { return IsAtOrBelow(below, other); });
      if (!in_another) news.below.push_back(std::move(below));
    }
  }
  return news;
}

}  // namespace lookout::file_internal
