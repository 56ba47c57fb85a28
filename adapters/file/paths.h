// Paths as strings of any bytes. Pure.
#ifndef LOOKOUT_ADAPTERS_FILE_PATHS_H_
#define LOOKOUT_ADAPTERS_FILE_PATHS_H_

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// "" and "/" need no slash behind them.
inline std::string JoinPath(absl::string_view directory, absl::string_view name) {
  return absl::StrCat(directory, directory.empty() || directory.back() == '/' ? "" : "/", name);
}

// "a" of "a/b", "/" of "/b", "" of "b".
inline std::string ParentPath(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == 0) return "/";
  return std::string(path.substr(0, slash == absl::string_view::npos ? 0 : slash));
}

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_PATHS_H_
