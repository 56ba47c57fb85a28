#include "lookout/watchers/known_names.h"

#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lookout/events/action.h"
#include "lookout/events/event.h"

namespace lookout::watchers_internal {

absl::string_view Parent(absl::string_view path) {
  if (path == "/" || path == ".") return "";
  const std::size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool IsBelow(absl::string_view path, absl::string_view directory) {
  if (directory == ".") return path != "." && !absl::StartsWith(path, "/");
  if (path.size() <= directory.size() || !absl::StartsWith(path, directory)) return false;
  return path[directory.size()] == '/' || absl::EndsWith(directory, "/");
}

std::string PrefixBelow(absl::string_view directory) {
  if (directory == ".") return "";
  return absl::StrCat(directory, absl::EndsWith(directory, "/") ? "" : "/");
}

void KnownNames::Set(absl::string_view path, Place place) {
  if (names_.size() >= max_names_) names_.clear();
  names_.insert_or_assign(std::string(path), place);
}

void KnownNames::ForgetBelow(absl::string_view path) {
  const std::string prefix = PrefixBelow(path);
  auto name = names_.lower_bound(prefix);
  while (name != names_.end() && absl::StartsWith(name->first, prefix)) {
    name = IsBelow(name->first, path) ? names_.erase(name) : std::next(name);
  }
}

void KnownNames::Rename(absl::string_view from, const std::string& to, Place place) {
  std::vector<std::pair<std::string, Place>> moved;
  const std::string prefix = PrefixBelow(from);
  for (auto name = names_.lower_bound(prefix); name != names_.end() && absl::StartsWith(name->first, prefix);
       ++name) {
    moved.emplace_back(absl::StrCat(PrefixBelow(to), name->first.substr(prefix.size())), name->second);
  }
  ForgetBelow(from);
  ForgetBelow(to);
  Set(from, Place::kNothing);
  Set(to, place);
  for (auto& [path, what] : moved) Set(path, what);
}

void KnownNames::Fold(const Event& event) {
  if (event.type != EventType::kFile) return;
  const bool is_directory = event.attributes.Get(kKind) == kKindDirectory;
  const Place place = is_directory ? Place::kDirectory : Place::kFile;
  switch (event.action) {
    case Action::kFileCreated:
    case Action::kFileWritten:
      return Set(event.actor_name, place);
    case Action::kFileDeleted:
      ForgetBelow(event.actor_name);
      return Set(event.actor_name, Place::kNothing);
    case Action::kFileRenamed:
      return Rename(event.attributes.Get(kRenamedFrom), event.actor_name, place);
    default:
      return;
  }
}

Place KnownNames::Find(absl::string_view path) const {
  if (const auto name = names_.find(path); name != names_.end()) return name->second;
  // In what is not there nothing is.
  for (absl::string_view above = Parent(path); !above.empty(); above = Parent(above)) {
    const auto name = names_.find(above);
    if (name == names_.end()) continue;
    return name->second == Place::kNothing ? Place::kNothing : Place::kUnknown;
  }
  return Place::kUnknown;
}

}  // namespace lookout::watchers_internal
