// Held against `git check-ignore` once, with the table here and with 200,000 random cases.
#include "lookout/adapters/file/path_filter.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lookout::file_internal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The entries of a tree, directories with a slash.
constexpr absl::string_view kTree =
    "a|b|ab|x.o|keep.o|d/|d/a|d/b|d/x.o|d/e/|d/e/a|d/e/x.o|d/build/|d/build/out|e/|e/d/|e/d/a|e/b|"
    "build/|build/out|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]";

// A .gitignore, and what of the tree is hidden: of a directory that is, it alone.
struct Case {
  absl::string_view rules, hidden;
};
constexpr Case kCases[] = {
    {"a", "a|d/a|d/e/a|e/d/a"},
    {"x.o", "x.o|d/x.o|d/e/x.o"},
    {"*.o", "x.o|keep.o|d/x.o|d/e/x.o"},
    {"*", "a|b|ab|x.o|keep.o|d/|e/|build/|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"**", "a|b|ab|x.o|keep.o|d/|e/|build/|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"?", "a|b|d/|e/|\351|1|A|-|]"},
    {"??", "ab|#a|!a|a*"},
    {"a?", "ab|a*"},
    {"a*", "a|ab|d/a|d/e/a|e/d/a|a*|a\\b"},
    {"*a", "a|d/a|d/e/a|e/d/a|#a|!a"},
    {"*b*", "b|ab|d/b|d/build/|e/b|build/|a\\b"},
    {"[ab]", "a|b|d/a|d/b|d/e/a|e/d/a|e/b"},
    {"[!ab]", "d/|e/|\351|1|A|-|]"},
    {"[^ab]", "d/|e/|\351|1|A|-|]"},
    {"[a-c]", "a|b|d/a|d/b|d/e/a|e/d/a|e/b"},
    {"[]-]", "-|]"},
    {"[-a]", "a|d/a|d/e/a|e/d/a|-"},
    {"[[:digit:][:upper:]]", "1|A"},
    {"[[:alpha:]]", "a|b|d/|e/|A"},
    {"[\\]a]", "a|d/a|d/e/a|e/d/a|]"},
    {"[z-a]", ""},
    {"[[:]", ""},
    {"[b-a]*", "b|d/b|d/build/|e/b|build/"},
    {"[a", ""},
    {"[[:nope:]]", ""},
    {"a\\", ""},
    {"\\a", "a|d/a|d/e/a|e/d/a"},
    {"\\*", ""},
    {"a\\*", "a*"},
    {"a\\\\b", "a\\b"},
    {"\\[a]", "[a]"},
    {"[[]a]", "[a]"},
    {"#a", ""},
    {"\\#a", "#a"},
    {"!a", ""},
    {"\\!a", "!a"},
    {"c d", "c d"},
    {"c d ", "c d"},
    {"c d\\ ", "c d "},
    {"c d\\  ", "c d "},
    {"a\t", ""},
    {"build", "d/build/|build/"},
    {"build/", "d/build/|build/"},
    {"/build", "build/"},
    {"/build/", "build/"},
    {"build/*", "build/out"},
    {"build/**", "build/out"},
    {"d", "d/|e/d/"},
    {"d/", "d/|e/d/"},
    {"/d", "d/"},
    {"d/a", "d/a"},
    {"/d/a", "d/a"},
    {"e/d", "e/d/"},
    {"e/d/", "e/d/"},
    {"d/*", "d/a|d/b|d/x.o|d/e/|d/build/"},
    {"d/**", "d/a|d/b|d/x.o|d/e/|d/build/"},
    {"d/**/a", "d/a|d/e/a"},
    {"d/**/**/a", "d/a|d/e/a"},
    {"**/a", "a|d/a|d/e/a|e/d/a"},
    {"**/d", "d/|e/d/"},
    {"**/d/a", "d/a|e/d/a"},
    {"**/d/**", "d/a|d/b|d/x.o|d/e/|d/build/|e/d/a"},
    {"**/e/a", "d/e/a"},
    {"/**", "a|b|ab|x.o|keep.o|d/|e/|build/|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"/**/a", "a|d/a|d/e/a|e/d/a"},
    {"/*", "a|b|ab|x.o|keep.o|d/|e/|build/|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"/*/a", "d/a"},
    {"*/a", "d/a"},
    {"*/*/a", "d/e/a|e/d/a"},
    {"d/e/*", "d/e/a|d/e/x.o"},
    {"d/*/a", "d/e/a"},
    {"d*/a", "d/a"},
    {"**a", "a|d/a|d/e/a|e/d/a|#a|!a"},
    {"a**", "a|ab|d/a|d/e/a|e/d/a|a*|a\\b"},
    {"***/a", "a|d/a|d/e/a|e/d/a"},
    {"d/***/a", "d/a|d/e/a"},
    {"?/a", "d/a"},
    {"d?e", ""},
    {"d[/]e", ""},
    {"d/?/a", "d/e/a"},
    {"[de]/a", "d/a"},
    {"/a/", ""},
    {"//a", ""},
    {"a//", ""},
    {"d//a", ""},
    {"/", ""},
    {"d/**/", "d/e/|d/build/"},
    {"d\\/a", "d/a"},
    {"*.o\n!keep.o", "x.o|d/x.o|d/e/x.o"},
    {"!keep.o\n*.o", "x.o|keep.o|d/x.o|d/e/x.o"},
    {"*\n!a", "b|ab|x.o|keep.o|d/|e/|build/|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"*\n!*/\n!a",
     "b|ab|x.o|keep.o|d/b|d/x.o|d/e/x.o|d/build/out|e/b|build/out|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"/*\n!/d/\n/d/*\n!/d/e/",
     "a|b|ab|x.o|keep.o|d/a|d/b|d/x.o|d/build/|e/|build/|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"d/*\n!d/a", "d/b|d/x.o|d/e/|d/build/"},
    {"d\n!d/a", "d/|e/d/"},
    {"d/\n!d/a", "d/|e/d/"},
    {"*.o\r\nbuild/\r\n", "x.o|keep.o|d/x.o|d/e/x.o|d/build/|build/"},
    {"\357\273\277a\nb", "a|b|d/a|d/b|d/e/a|e/d/a|e/b"},
    {"a\n\n# c\n   \nb", "a|b|d/a|d/b|d/e/a|e/d/a|e/b"},
    {"a\n[x\nb", "a|b|d/a|d/b|d/e/a|e/d/a|e/b"},
    {"a\n!a\na", "a|d/a|d/e/a|e/d/a"},
    {"**/e/**\n!d/e/a", "d/e/x.o|e/d/|e/b"},
    {"build/\n!build/out\n!d/build/", "build/"},
    {"*\n!d\n!d/e\n!x.o",
     "a|b|ab|keep.o|d/a|d/b|d/e/a|d/build/|e/|build/|c d|c d |[a]|#a|!a|a*|a\\b|\351|1|A|-|]"},
    {"a  \nb\t\n", "a|d/a|d/e/a|e/d/a"},
    {"!\na\n", "a|d/a|d/e/a|e/d/a"},
};

// The same with several of them, by directory.
struct NestedCase {
  std::vector<std::pair<absl::string_view, absl::string_view>> files;
  absl::string_view hidden;
};
const NestedCase kNestedCases[] = {
    {{{"", "*.o"}, {"d", "!x.o"}}, "x.o|keep.o"},
    {{{"", "*.o"}, {"d", "!x.o"}, {"d/e", "*.o"}}, "x.o|keep.o|d/e/x.o"},
    {{{"d", "a"}}, "d/a|d/e/a"},
    {{{"d", "/a"}}, "d/a"},
    {{{"d", "e/a"}}, "d/e/a"},
    {{{"d", "/e/"}}, "d/e/"},
    {{{"d", "*\n!e/"}, {"d/e", "!a"}}, "d/a|d/b|d/x.o|d/e/x.o|d/build/"},
    {{{"", "d/"}, {"d", "!a"}}, "d/|e/d/"},
    {{{"", "!a"}, {"d", "a"}}, "d/a|d/e/a"},
    {{{"d", "**/a"}, {"e", "b"}}, "d/a|d/e/a|e/b"},
    {{{"d/e", "*"}}, "d/e/a|d/e/x.o"},
    {{{"", "/d/a"}, {"d", "!/a"}}, ""},
    {{{"", "a"}, {"d", "!a"}, {"d/e", "a"}, {"e/d", "!b"}}, "a|d/e/a|e/d/a"},
};

std::unique_ptr<PathFilter> MakeFilter(const PathFilterOptions& options) {
  auto filter = PathFilter::Create(options);
  EXPECT_TRUE(filter.ok()) << filter.status();
  return *std::move(filter);
}

// As a caller asks: what is below a hidden directory is not asked for.
std::string Hidden(const PathFilter& filter, absl::string_view tree = kTree) {
  std::vector<std::string> hidden;
  for (absl::string_view path : absl::StrSplit(tree, '|')) {
    const std::string entry(path);
    const bool is_directory = absl::ConsumeSuffix(&path, "/");
    bool entered = true;
    for (const std::string& above : hidden) {
      entered = entered && !(absl::EndsWith(above, "/") && absl::StartsWith(path, above));
    }
    EXPECT_EQ(filter.HidesOnTheWay(path, is_directory), !entered || filter.Hides(path, is_directory))
        << entry;
    if (entered && filter.Hides(path, is_directory)) hidden.push_back(entry);
  }
  return absl::StrJoin(hidden, "|");
}

bool Set(PathFilter& filter, absl::string_view directory, absl::string_view contents) {
  std::vector<absl::Status> broken;
  return filter.SetIgnores(directory, contents, broken);
}

TEST(PathFilterTest, IgnoresWhatGitIgnores) {
  for (const auto& [rules, hidden] : kCases) {
    const auto filter = MakeFilter({.gitignore = true});
    Set(*filter, "", rules);
    EXPECT_EQ(Hidden(*filter), hidden) << rules;
  }
}

TEST(PathFilterTest, IgnoresWhatGitIgnoresByNestedFiles) {
  for (const auto& [files, hidden] : kNestedCases) {
    const auto filter = MakeFilter({.gitignore = true});
    for (const auto& [directory, rules] : files) Set(*filter, directory, rules);
    EXPECT_EQ(Hidden(*filter), hidden) << files.front().second;
  }
}

TEST(PathFilterTest, NothingIsLeftOutByDefault) {
  EXPECT_TRUE(PathFilterOptions().empty());
  EXPECT_EQ(Hidden(*MakeFilter({})), "");
}

TEST(PathFilterTest, TheTopIsNeverHidden) {
  const auto filter = MakeFilter({.include = {"x"}, .exclude = {"*", "**", "/**"}, .gitignore = true});
  Set(*filter, "", "*");
  EXPECT_FALSE(filter->Hides("", true));
  EXPECT_FALSE(filter->HidesOnTheWay("", true));
}

TEST(PathFilterTest, ExcludesAndIncludes) {
  struct Row {
    std::vector<std::string> include, exclude;
    absl::string_view tree, hidden;
  };
  const absl::string_view tree =
      "a.cc|b.h|src/|src/a.cc|src/x/|src/x/b.h|doc/|doc/a.cc|doc/src/|doc/src/c.cc";
  for (const Row& row : {
           Row{{}, {"doc"}, tree, "doc/"},
           {{}, {"src/"}, tree, "src/|doc/src/"},
           {{}, {"/src/", "b.h"}, tree, "b.h|src/"},
           // A pattern without a slash may match at any level.
           {{"*.cc"}, {}, tree, "b.h|src/x/b.h"},
           {{"b.h"}, {}, tree, "a.cc|src/a.cc|doc/a.cc|doc/src/c.cc"},
           {{"src/**"}, {}, tree, "a.cc|b.h|doc/"},
           {{"/src/*.cc"}, {}, tree, "a.cc|b.h|src/x/|doc/"},
           {{"**/src/*.cc"}, {}, tree, "a.cc|b.h|src/x/b.h|doc/a.cc"},
           {{"/a.cc"}, {}, tree, "b.h|src/|doc/"},
           {{"src/x/", "doc/**/*.cc"}, {}, tree, "a.cc|b.h|src/a.cc"},
           // A directory takes in all that is below it if it is said to be one.
           {{"src/"}, {}, tree, "a.cc|b.h|doc/a.cc"},
           {{"/src/"}, {}, tree, "a.cc|b.h|doc/"},
           {{"src"}, {}, tree, "a.cc|b.h|src/a.cc|src/x/b.h|doc/a.cc|doc/src/c.cc"},
           // Excluded is excluded, whatever else is said.
           {{"*.cc"}, {"doc"}, tree, "b.h|src/x/b.h|doc/"},
           {{"*.cc", "*.h"}, {"*.h"}, tree, "b.h|src/x/b.h"},
       }) {
    EXPECT_EQ(Hidden(*MakeFilter({.include = row.include, .exclude = row.exclude}), row.tree), row.hidden)
        << absl::StrJoin(row.include, " ") << " - " << absl::StrJoin(row.exclude, " ");
  }
}

TEST(PathFilterTest, AllThreeHaveTheirSay) {
  const auto filter = MakeFilter({.include = {"*.o", "*.c"}, .exclude = {"x.c"}, .gitignore = true});
  Set(*filter, "", "*.o\n!keep.o\n!x.c\n!a\n");
  EXPECT_EQ(Hidden(*filter, "a|a.c|a.o|keep.o|x.c"), "a|a.o|x.c");
}

TEST(PathFilterTest, GitsOwnDirectoriesAreHiddenIfGitIsAskedFor) {
  const absl::string_view tree = ".git/|sub/|sub/.git/|file/|file/.git|.gitignore";
  EXPECT_EQ(Hidden(*MakeFilter({.gitignore = true}), tree), ".git/|sub/.git/");
  EXPECT_EQ(Hidden(*MakeFilter({}), tree), "");
}

TEST(PathFilterTest, RulesAreReplacedAndForgotten) {
  const auto filter = MakeFilter({.gitignore = true});
  EXPECT_FALSE(filter->ForgetIgnores("d"));
  EXPECT_TRUE(Set(*filter, "d", "a"));
  EXPECT_FALSE(Set(*filter, "d", "a"));
  EXPECT_EQ(Hidden(*filter), "d/a|d/e/a");
  EXPECT_TRUE(Set(*filter, "d", "b"));
  EXPECT_EQ(Hidden(*filter), "d/b");
  EXPECT_TRUE(filter->ForgetIgnores("d"));
  EXPECT_EQ(Hidden(*filter), "");
}

TEST(PathFilterTest, RulesGoWithTheirDirectories) {
  const auto filter = MakeFilter({.gitignore = true});
  for (const absl::string_view directory : {"", "d", "d/e", "d!", "d/e/f", "dd", "to", "to/x"}) {
    Set(*filter, directory, absl::StrCat("of-", directory.empty() ? "top" : directory.substr(0, 1)));
  }
  filter->RenameDirectory("d", "to");  // in place of what was there
  EXPECT_EQ(filter->ignores(), 6u);
  EXPECT_EQ(
      Hidden(*filter,
             "of-top|d/|d/of-d|d!/|d!/of-d|dd/|dd/of-d|to/|to/of-d|to/of-t|to/x/|to/x/of-t|to/e/|to/e/of-d"),
      "of-top|d!/of-d|dd/of-d|to/of-d|to/e/of-d");
  filter->RemoveDirectory("to");
  EXPECT_EQ(filter->ignores(), 3u);
  filter->RemoveDirectory("");
  EXPECT_EQ(filter->ignores(), 0u);
}

TEST(PathFilterTest, AMoveMattersIfRulesLookAtMoreThanNames) {
  const auto matters = [](const PathFilterOptions& options, absl::string_view from, absl::string_view to,
                          const std::vector<std::pair<absl::string_view, absl::string_view>>& files = {}) {
    const auto filter = MakeFilter(options);
    for (const auto& [directory, rules] : files) Set(*filter, directory, rules);
    return filter->MoveMatters(from, to);
  };
  EXPECT_FALSE(matters({.include = {"*.cc"}, .exclude = {"a", "/b", "c/"}}, "x", "y/z"));
  EXPECT_TRUE(matters({.exclude = {"x/a"}}, "x", "y"));
  EXPECT_TRUE(matters({.include = {"src/**"}}, "src/x", "y"));
  EXPECT_TRUE(matters({.include = {"src/"}}, "src", "y"));
  EXPECT_FALSE(matters({}, "x", "y", {{"", "a\n/b\n"}, {"x", "c/d"}}));
  EXPECT_TRUE(matters({}, "x", "y", {{"", "a/b"}}));
  EXPECT_TRUE(matters({}, "d/x", "x", {{"d", "a"}}));
  EXPECT_TRUE(matters({}, "x", "d/x", {{"d", "a"}}));
  EXPECT_FALSE(matters({}, "d/x", "d/y", {{"d", "a"}, {"e", "b/c"}, {"d/x", "b/c"}}));
}

TEST(PathFilterTest, AWrongPatternIsNamedWithWhatToDo) {
  const auto message = [](const PathFilterOptions& options) {
    const absl::Status status = PathFilter::Create(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(message({.exclude = {"ok", "[a"}}),
            "exclude \"[a\": a bracket is not closed: close it, or write \\[ for the byte itself");
  EXPECT_THAT(message({.include = {""}}), HasSubstr("include \"\": an empty pattern"));
  EXPECT_THAT(message({.include = {"/"}}), HasSubstr("include \"/\": a slash alone"));
  EXPECT_THAT(message({.include = {std::string("a\0b", 3)}}), HasSubstr("NUL"));
  EXPECT_THAT(message({.exclude = {"!a"}}), HasSubstr("write \\!"));
  EXPECT_EQ(Hidden(*MakeFilter({.exclude = {"\\!a", "#a"}})), "#a|!a");
}

TEST(PathFilterTest, OfAFileWithBrokenLinesTheOthersCountAndEachIsSaidOnce) {
  const auto filter = MakeFilter({.gitignore = true});
  std::vector<absl::Status> broken;
  const absl::string_view contents = "a\n[x\n\n!\n#[\nb";
  EXPECT_TRUE(filter->SetIgnores("", contents, broken));
  ASSERT_THAT(broken, SizeIs(2));
  EXPECT_THAT(std::string(broken[0].message()), HasSubstr("line 2 \"[x\": a bracket is not closed"));
  EXPECT_THAT(std::string(broken[1].message()), HasSubstr("line 4 \"!\": an empty pattern"));
  EXPECT_EQ(Hidden(*filter), "a|b|d/a|d/b|d/e/a|e/d/a|e/b");
  broken.clear();
  EXPECT_FALSE(filter->SetIgnores("", contents, broken));
  EXPECT_THAT(broken, IsEmpty());
}

TEST(PathFilterTest, OfManyBrokenLinesTheFirstAreSaid) {
  std::string contents;
  for (int i = 0; i < 1000; ++i) contents += "[\n";
  std::vector<absl::Status> broken;
  MakeFilter({.gitignore = true})->SetIgnores("", contents, broken);
  ASSERT_THAT(broken, SizeIs(11));
  EXPECT_THAT(std::string(broken.back().message()), HasSubstr("990 more lines"));
}

TEST(PathFilterTest, OfAFileThatIsTooLargeTheLinesThatAreWholeCount) {
  const auto filter = MakeFilter({.gitignore = true});
  const std::string most = "a\n" + std::string(kMostIgnoreBytes - 3, '#') + "\n";
  std::vector<absl::Status> broken;
  filter->SetIgnores("", most, broken);
  EXPECT_THAT(broken, IsEmpty());
  EXPECT_TRUE(filter->SetIgnores("", most + "b", broken));
  ASSERT_THAT(broken, SizeIs(1));
  EXPECT_EQ(broken[0].code(), absl::StatusCode::kResourceExhausted);
  broken.clear();
  filter->SetIgnores("", "b\n" + most, broken);
  EXPECT_THAT(broken, SizeIs(1));
  EXPECT_EQ(Hidden(*filter), "a|b|d/a|d/b|d/e/a|e/d/a|e/b");
  broken.clear();
  filter->SetIgnores("", std::string(kMostIgnoreBytes + 1, 'a'), broken);
  EXPECT_THAT(broken, SizeIs(1));
  EXPECT_EQ(Hidden(*filter), "");
}

}  // namespace
}  // namespace lookout::file_internal
