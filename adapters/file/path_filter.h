// What of a tree is left out: what is excluded, what is not included, and what .gitignore files ignore.
//
//   auto filter = PathFilter::Create({.exclude = {"node_modules/"}, .gitignore = true});
//   if (!filter.ok()) return filter.status();
//   (*filter)->SetIgnores("lib", "*.o\n!keep.o\n", broken);   // the contents of lib/.gitignore
//   (*filter)->Hides("lib/a.o", /*is_directory=*/false);      // true
//
// Pure: who uses it reads the files. Paths are relative to the top of the tree, which is "" and never hidden;
// they have no '/' at either end, and are any bytes. Patterns are those of glob.h.
#ifndef LOOKOUT_ADAPTERS_FILE_PATH_FILTER_H_
#define LOOKOUT_ADAPTERS_FILE_PATH_FILTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/file/glob.h"

namespace lookout {

struct PathFilterOptions {
  // If there are any: a file is left out unless it matches one of them, and a directory if nothing below it
  // can. "docs/" takes in all that is below a directory docs, and "docs" only a file of that name.
  std::vector<std::string> include = {};
  // Left out, also where an include matches; a directory with all that is below it.
  std::vector<std::string> exclude = {};
  // Whether the .gitignore files of the tree count. Directories called .git are left out then, too. Not asked
  // are .gitignore files above the tree, .git/info/exclude, core.excludesFile, and Git's index: a file that
  // is ignored and tracked all the same is left out.
  bool gitignore = false;

  bool empty() const { return include.empty() && exclude.empty() && !gitignore; }
};

namespace file_internal {

inline constexpr absl::string_view kIgnoreFile = ".gitignore";
// Of a .gitignore; what is beyond is not read.
inline constexpr std::size_t kMostIgnoreBytes = std::size_t{1} << 20;

// Thread-compatible.
class PathFilter {
 public:
  // InvalidArgument names the pattern that is wrong, and says what to do.
  static absl::StatusOr<std::unique_ptr<PathFilter>> Create(const PathFilterOptions& options);

  // Whether the entry is left out, if its directory is not: what is below a hidden directory is hidden too,
  // so the caller does not enter it, and does not ask. Git says the same: it is not possible to re-include a
  // file if a directory above it is excluded. A symbolic link is no directory, wherever it leads to.
  bool Hides(absl::string_view path, bool is_directory) const;
  // For who has not come by way of the directories above it: whether any of them is hidden, or the entry is.
  bool HidesOnTheWay(absl::string_view path, bool is_directory) const;

  bool gitignore() const { return gitignore_; }
  // Takes over what the directory's .gitignore holds, of which the caller need not read more than one byte
  // beyond kMostIgnoreBytes. Lines that cannot be understood match nothing, and each is added to `broken` (of
  // many, the first few), as is that the file is too large; the other lines count. False if nothing has
  // changed, and then nothing is added.
  bool SetIgnores(absl::string_view directory, absl::string_view contents, std::vector<absl::Status>& broken);
  // The directory has no .gitignore. False if it had none.
  bool ForgetIgnores(absl::string_view directory);

  // The directory is somewhere else now, with what is below it, in place of what was there.
  void RenameDirectory(absl::string_view from, absl::string_view to);
  // It is no more, or not known any longer; "" is all.
  void RemoveDirectory(absl::string_view directory);
  // To be asked before RenameDirectory(): false if what is below the directory is judged as before.
  bool MoveMatters(absl::string_view from, absl::string_view to) const;

  // How many directories have a .gitignore.
  std::size_t ignores() const { return ignores_.size(); }

 private:
  struct Rule {
    Glob glob;
    bool negated;
  };
  struct IgnoreFile {
    std::string contents;
    bool is_cut = false;
    std::vector<Rule> rules;  // a later one beats an earlier one
  };

  PathFilter() = default;
  static std::vector<Rule> ReadRules(absl::string_view contents, std::vector<absl::Status>& broken);
  bool TakesIn(absl::string_view path, bool is_directory) const;
  bool Ignores(absl::string_view path, bool is_directory) const;
  // Whether a .gitignore above `path` may judge what is below it otherwise than one above `other` judges what
  // is below that.
  bool IgnoresDiffer(absl::string_view path, absl::string_view other) const;

  std::vector<Glob> include_;
  std::vector<Glob> exclude_;
  bool gitignore_ = false;
  absl::btree_map<std::string, IgnoreFile> ignores_;  // by directory
};

}  // namespace file_internal
}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_FILE_PATH_FILTER_H_
