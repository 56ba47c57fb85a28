#include "lookout/tools/lookout/help.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lookout/tools/lookout/options.h"

namespace lookout {
namespace {

TEST(HelpTest, FitsATerminal) {
  EXPECT_TRUE(absl::EndsWith(HelpText(), "\n"));
  for (absl::string_view line : absl::StrSplit(HelpText(), '\n')) {
    EXPECT_LE(line.size(), 80u) << line;
    for (char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << line;
  }
}

TEST(HelpTest, TheExamplesAreUnderstood) {
  int examples = 0;
  for (absl::string_view line : absl::StrSplit(HelpText(), '\n')) {
    if (!absl::StartsWith(line, "  lookout ")) continue;
    ++examples;
    // What comes after two spaces explains, what comes after a bar is another command.
    line = line.substr(2, line.find("   ", 2) - 2);
    line = line.substr(0, line.find(" |"));
    std::vector<absl::string_view> args = absl::StrSplit(line, ' ');
    args.erase(args.begin());
    const auto options = ParseOptions(args);
    EXPECT_TRUE(options.ok()) << line << ": " << options.status();
  }
  EXPECT_EQ(examples, 8);
}

}  // namespace
}  // namespace lookout
