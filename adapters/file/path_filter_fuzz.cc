// Any bytes as patterns, as a .gitignore and as paths: nothing may crash, hang, or contradict itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/file/path_filter.h"

namespace {

using ::lookout::PathFilterOptions;
using ::lookout::file_internal::PathFilter;

void Require(bool holds) {
  if (!holds) std::abort();
}

// No path has an empty name in it.
bool IsPath(absl::string_view path) {
  for (const absl::string_view name : absl::StrSplit(path, '/')) {
    if (name.empty()) return false;
  }
  return true;
}

// What is hidden is hidden for who comes by any way; and at the top, there is but one.
void Ask(const PathFilter& filter, absl::string_view path) {
  Require(!filter.HidesOnTheWay(path, false) || filter.Hides(path, false) || path.find('/') != path.npos);
  Require(!filter.Hides(path, true) || filter.HidesOnTheWay(path, true));
}

}  // namespace

// The pieces between NULs: an include, an exclude, a .gitignore of the top and one of "a", then paths.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<absl::string_view> pieces =
      absl::StrSplit(absl::string_view(reinterpret_cast<const char*>(data), size), '\0');
  PathFilterOptions options{.gitignore = true};
  if (!pieces[0].empty()) options.include = {std::string(pieces[0])};
  if (pieces.size() > 1 && !pieces[1].empty()) options.exclude = {std::string(pieces[1])};
  const absl::StatusOr<std::unique_ptr<PathFilter>> filter = PathFilter::Create(options);
  if (!filter.ok()) return 0;
  std::vector<absl::Status> broken;
  if (pieces.size() > 2) Require((*filter)->SetIgnores("", pieces[2], broken));
  if (pieces.size() > 3) Require((*filter)->SetIgnores("a", pieces[3], broken));
  for (std::size_t i = 4; i < pieces.size(); ++i) {
    if (IsPath(pieces[i])) Ask(**filter, pieces[i]);
  }
  const std::size_t files = (*filter)->ignores();
  (*filter)->RenameDirectory("a", "b/c");
  Require((*filter)->ignores() == files);
  (*filter)->RemoveDirectory("");
  Require((*filter)->ignores() == 0);
  return 0;
}
