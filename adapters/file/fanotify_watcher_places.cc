// The part of FanotifyWatcher that knows where directories are.
#include <sys/fanotify.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/file/fanotify_watcher.h"
#include "lookout/adapters/file/file_errors.h"
#include "lookout/adapters/file/paths.h"

namespace lookout::file_internal {
namespace {

// At some 200 bytes each.
constexpr std::size_t kMostPlaces = 16'384;
constexpr std::size_t kDeepest = 100'000;

}  // namespace

std::optional<std::string> FanotifyWatcher::PathOf(absl::string_view directory) {
  if (last_path_.has_value() && directory == last_directory_) return last_path_;
  std::vector<std::string> names;
  for (std::string at(directory); at != root_;) {
    const DirectoryPlace* place = PlaceOf(at);
    if (place == nullptr || place->parent.empty() || names.size() > kDeepest) return std::nullopt;
    // Something else, or nothing, was told to be there since: the directory's own record is still to come.
    const EntryView entry(place->parent, place->name);
    const auto told = told_at_.find(entry);
    if (told != told_at_.end() ? told->second.target != at : HasLeft(entry, at)) return std::nullopt;
    names.push_back(place->name);
    at = std::string(place->parent);
  }
  std::string path = options_.directory;
  for (auto name = names.rbegin(); name != names.rend(); ++name) path = JoinPath(path, *name);
  last_directory_ = std::string(directory);
  last_path_ = path;
  return path;
}

const DirectoryPlace* FanotifyWatcher::PlaceOf(absl::string_view directory) {
  if (const auto known = places_.find(directory); known != places_.end()) return &known->second;
  const auto from_records = [&]() -> const DirectoryPlace* {
    const auto leaving = leaving_.find(directory);
    if (leaving == leaving_.end()) return nullptr;
    return &SetPlace(directory, leaving->second.front().place);
  };
  if (const DirectoryPlace* place = from_records()) return place;
  DirectoryPlace now;
  const int error = kernel_.Locate(root_fd_, directory, now);
  ReadAhead();
  if (const DirectoryPlace* place = from_records()) return place;
  if (error == -ESTALE || error == -ENOENT) return nullptr;  // its removal was in a record handled already
  if (error < 0) {
    Lose("a directory cannot be looked up; what happens in it is not told",
         error == -EMFILE || error == -ENFILE
             ? OutOfDescriptorsError(options_.directory)
             : ErrnoError(-error, absl::StrCat(options_.directory, ": a directory cannot be looked up")));
    return nullptr;
  }
  return &SetPlace(directory, std::move(now));
}

const DirectoryPlace& FanotifyWatcher::SetPlace(absl::string_view directory, DirectoryPlace place) {
  // They are also of what is elsewhere on the file system, of which there is no end.
  if (places_.size() >= kMostPlaces && !places_.contains(directory)) places_.clear();
  return places_[directory] = std::move(place);
}

void FanotifyWatcher::MovePlaces(const FanotifyRecord& record) {
  if ((record.mask & FAN_ONDIR) == 0 || record.target.empty()) return;
  if (const auto leaving = leaving_.find(record.target);
      leaving != leaving_.end() && leaving->second.front().number == handled_) {
    leaving->second.pop_front();
    if (leaving->second.empty()) leaving_.erase(leaving);
  }
  last_path_.reset();
  if ((record.mask & FAN_DELETE) != 0) {
    places_.erase(record.target);
  } else if ((record.mask & (FAN_CREATE | FAN_RENAME)) != 0) {
    SetPlace(record.target, {std::string(record.directory), std::string(record.name)});
  }
}

}  // namespace lookout::file_internal
