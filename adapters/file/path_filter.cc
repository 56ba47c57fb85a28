#include "lookout/adapters/file/path_filter.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace lookout::file_internal {
namespace {

constexpr std::size_t npos = absl::string_view::npos;

// Of the broken lines of a file: so that a file which is none of rules does not fill the log.
constexpr std::size_t kMostBrokenLines = 10;

// "" of what is in the top directory.
absl::string_view ParentOf(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == npos ? absl::string_view() : path.substr(0, slash);
}

absl::string_view NameOf(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == npos ? path : path.substr(slash + 1);
}

bool IsBelow(absl::string_view path, absl::string_view directory) {
  if (directory.empty()) return !path.empty();
  return path.size() > directory.size() && path[directory.size()] == '/' && absl::StartsWith(path, directory);
}

absl::string_view RelativeTo(absl::string_view directory, absl::string_view path) {
  return directory.empty() ? path : path.substr(directory.size() + 1);
}

// Calls it with each directory above the entry, the lowest first, and at last with "", until it returns true;
// whether it did.
template <typename F>
bool AnyAbove(absl::string_view path, F f) {
  while (!path.empty()) {
    path = ParentOf(path);
    if (f(path)) return true;
  }
  return false;
}

// Spaces at the end of a line do not count, but for one after a backslash.
absl::string_view WithoutTrailingSpaces(absl::string_view line) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ' ') continue;
    if (line[i] == '\\') ++i;
    end = std::min(i + 1, line.size());
  }
  return line.substr(0, end);
}

absl::Status Wrong(absl::string_view where, absl::string_view pattern, const absl::Status& why) {
  return absl::InvalidArgumentError(absl::StrCat(where, " \"", pattern, "\": ", why.message()));
}

absl::StatusOr<std::vector<Glob>> ParseAll(absl::string_view what, const std::vector<std::string>& patterns) {
  std::vector<Glob> globs;
  for (const std::string& pattern : patterns) {
    if (absl::StartsWith(pattern, "!")) {
      return Wrong(
          what, pattern,
          absl::InvalidArgumentError("a pattern here cannot be negated: use include for what is to be taken "
                                     "in, or write \\! for a name that begins so"));
    }
    absl::StatusOr<Glob> glob = Glob::Parse(pattern);
    if (!glob.ok()) return Wrong(what, pattern, glob.status());
    globs.push_back(*std::move(glob));
  }
  return globs;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PathFilter>> PathFilter::Create(const PathFilterOptions& options) {
  absl::StatusOr<std::vector<Glob>> include = ParseAll("include", options.include);
  if (!include.ok()) return include.status();
  absl::StatusOr<std::vector<Glob>> exclude = ParseAll("exclude", options.exclude);
  if (!exclude.ok()) return exclude.status();
  auto filter = std::unique_ptr<PathFilter>(new PathFilter);
  filter->include_ = *std::move(include);
  filter->exclude_ = *std::move(exclude);
  filter->gitignore_ = options.gitignore;
  return filter;
}

bool PathFilter::Hides(absl::string_view path, bool is_directory) const {
  if (path.empty()) return false;
  for (const Glob& glob : exclude_) {
    if (glob.Matches(path, is_directory)) return true;
  }
  if (!include_.empty() && !TakesIn(path, is_directory)) return true;
  return gitignore_ && Ignores(path, is_directory);
}

bool PathFilter::HidesOnTheWay(absl::string_view path, bool is_directory) const {
  // From the top: what is decided there is decided.
  for (std::size_t slash = path.find('/'); slash != npos; slash = path.find('/', slash + 1)) {
    if (Hides(path.substr(0, slash), /*is_directory=*/true)) return true;
  }
  return Hides(path, is_directory);
}

bool PathFilter::TakesIn(absl::string_view path, bool is_directory) const {
  return std::any_of(include_.begin(), include_.end(), [&](const Glob& glob) {
    if (is_directory && glob.MayMatchBelow(path)) return true;
    if (!glob.directories_only()) return !is_directory && glob.Matches(path, is_directory);
    return glob.Matches(path, is_directory) || AnyAbove(path, [&glob](absl::string_view above) {
             return !above.empty() && glob.Matches(above, /*is_directory=*/true);
           });
  });
}

bool PathFilter::Ignores(absl::string_view path, bool is_directory) const {
  if (is_directory && NameOf(path) == ".git") return true;
  bool ignored = false;
  AnyAbove(path, [&](absl::string_view directory) {
    const auto found = ignores_.find(directory);
    if (found == ignores_.end()) return false;
    const absl::string_view below = RelativeTo(directory, path);
    const std::vector<Rule>& rules = found->second.rules;
    const auto last = std::find_if(rules.rbegin(), rules.rend(),
                                   [&](const Rule& rule) { return rule.glob.Matches(below, is_directory); });
    if (last == rules.rend()) return false;
    ignored = !last->negated;
    return true;
  });
  return ignored;
}

bool PathFilter::SetIgnores(absl::string_view directory, absl::string_view contents,
                            std::vector<absl::Status>& broken) {
  const bool is_cut = contents.size() > kMostIgnoreBytes;
  if (is_cut) {
    // To the last line that is whole.
    const std::size_t end = contents.rfind('\n', kMostIgnoreBytes - 1);
    contents = contents.substr(0, end == npos ? 0 : end + 1);
  }
  const auto [at, is_new] = ignores_.try_emplace(std::string(directory));
  if (!is_new && at->second.contents == contents && at->second.is_cut == is_cut) return false;
  if (is_cut) {
    broken.push_back(absl::ResourceExhaustedError(absl::StrCat(
        "has more than ", kMostIgnoreBytes, " bytes; the rules beyond do not count: make it smaller")));
  }
  at->second = {.contents = std::string(contents), .is_cut = is_cut, .rules = ReadRules(contents, broken)};
  return true;
}

std::vector<PathFilter::Rule> PathFilter::ReadRules(absl::string_view contents,
                                                    std::vector<absl::Status>& broken) {
  std::vector<Rule> rules;
  std::size_t number = 0, wrong = 0;
  absl::ConsumePrefix(&contents, "\xef\xbb\xbf");
  while (!contents.empty()) {
    const std::size_t end = std::min(contents.find('\n'), contents.size());
    absl::string_view line = contents.substr(0, end);
    contents.remove_prefix(std::min(end + 1, contents.size()));
    ++number;
    absl::ConsumeSuffix(&line, "\r");
    if (absl::StartsWith(line, "#")) continue;
    line = WithoutTrailingSpaces(line);
    if (line.empty()) continue;
    absl::string_view pattern = line;
    const bool negated = absl::ConsumePrefix(&pattern, "!");
    absl::StatusOr<Glob> glob = Glob::Parse(pattern);
    if (glob.ok()) {
      rules.push_back({.glob = *std::move(glob), .negated = negated});
    } else if (++wrong <= kMostBrokenLines) {
      broken.push_back(Wrong(absl::StrCat("line ", number), line, glob.status()));
    }
  }
  if (wrong > kMostBrokenLines) {
    broken.push_back(absl::InvalidArgumentError(
        absl::StrCat(wrong - kMostBrokenLines, " more lines cannot be understood: correct or remove them")));
  }
  return rules;
}

bool PathFilter::ForgetIgnores(absl::string_view directory) {
  const auto found = ignores_.find(directory);
  if (found == ignores_.end()) return false;
  ignores_.erase(found);
  return true;
}

void PathFilter::RenameDirectory(absl::string_view from, absl::string_view to) {
  std::vector<std::pair<std::string, IgnoreFile>> moved;
  const auto take = [&](absl::btree_map<std::string, IgnoreFile>::iterator at) {
    moved.emplace_back(absl::StrCat(to, absl::string_view(at->first).substr(from.size())),
                       std::move(at->second));
    return ignores_.erase(at);
  };
  if (const auto itself = ignores_.find(from); itself != ignores_.end()) take(itself);
  for (auto at = ignores_.lower_bound(absl::StrCat(from, "/"));
       at != ignores_.end() && IsBelow(at->first, from);) {
    at = take(at);
  }
  RemoveDirectory(to);
  for (auto& [directory, file] : moved) ignores_.insert_or_assign(std::move(directory), std::move(file));
}

void PathFilter::RemoveDirectory(absl::string_view directory) {
  if (directory.empty()) return ignores_.clear();
  ForgetIgnores(directory);
  auto at = ignores_.lower_bound(absl::StrCat(directory, "/"));
  while (at != ignores_.end() && IsBelow(at->first, directory)) at = ignores_.erase(at);
}

bool PathFilter::MoveMatters(absl::string_view from, absl::string_view to) const {
  const auto depends = [](const Glob& glob) { return glob.depends_on_place(); };
  if (std::any_of(exclude_.begin(), exclude_.end(), depends)) return true;
  // What a directory's name takes in is all that is below it.
  if (std::any_of(include_.begin(), include_.end(),
                  [&](const Glob& glob) { return depends(glob) || glob.directories_only(); })) {
    return true;
  }
  return IgnoresDiffer(from, to) || IgnoresDiffer(to, from);
}

bool PathFilter::IgnoresDiffer(absl::string_view path, absl::string_view other) const {
  if (ignores_.empty()) return false;
  return AnyAbove(path, [&](absl::string_view above) {
    const auto found = ignores_.find(above);
    if (found == ignores_.end()) return false;
    return !IsBelow(other, above) ||
           std::any_of(found->second.rules.begin(), found->second.rules.end(),
                       [](const Rule& rule) { return rule.glob.depends_on_place(); });
  });
}

}  // namespace lookout::file_internal
