// What the events so far say of which names there are. Bounded: forgets everything rather than grow.
//
//   KnownNames names(10000);
//   names.Fold(FileEvent(Action::kFileWritten, "/etc/app.yml"));
//   names.Find("/etc/app.yml")   // Place::kFile
//   names.Find("/etc/other")     // Place::kUnknown
//
// Thread-compatible.
#ifndef LOOKOUT_WATCHERS_KNOWN_NAMES_H_
#define LOOKOUT_WATCHERS_KNOWN_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "lookout/events/event.h"

namespace lookout::watchers_internal {

// What is at a path.
enum class Place : std::uint8_t { kUnknown, kNothing, kFile, kDirectory };

// What `path` is in: "a" of "a/b", "/" of "/a", "." of "a"; empty of "/" and of ".".
absl::string_view Parent(absl::string_view path);
// Whether `path` is inside of what is at `directory`, at any depth.
bool IsBelow(absl::string_view path, absl::string_view directory);
// What begins every path that is below `directory`, and few others.
std::string PrefixBelow(absl::string_view directory);

class KnownNames {
 public:
  explicit KnownNames(std::size_t max_names) : max_names_(max_names) {}

  // A file event; others say nothing.
  void Fold(const Event& event);
  void Clear() { names_.clear(); }
  Place Find(absl::string_view path) const;

 private:
  void Set(absl::string_view path, Place place);
  void ForgetBelow(absl::string_view path);
  void Rename(absl::string_view from, const std::string& to, Place place);

  const std::size_t max_names_;
  std::map<std::string, Place, std::less<>> names_;
};

}  // namespace lookout::watchers_internal

#endif  // LOOKOUT_WATCHERS_KNOWN_NAMES_H_
