// One pattern in the language of .gitignore files, held against paths. Pure, and of bytes: no encoding is
// known.
//
//   auto glob = Glob::Parse("src/**/*.o");
//   if (!glob.ok()) return glob.status();   // says what is wrong with it, and what to write instead
//   glob->Matches("src/a/b.o", /*is_directory=*/false);   // true
//
//   *            any bytes but '/'                 **/a    a at any level, as a alone
//   ?            one byte but '/'                  a/**    all that is below a, but not a itself
//   [a-z] [!a]   one of these, none of these       a/**/b  b anywhere below a, also a/b
//   [[:alpha:]]  and the other classes of ASCII    \*      the byte '*' itself
//   a            what is called a, at any level    /a a/b  only there, counted from the top
//   a/           a if it is a directory
//
// A '!' or '#' that begins a pattern is that byte: what they mean in a file is for who reads the file. Where
// Git departs from its own documentation (gitignore(5)), this does as is documented: see this folder's
// README.
//
// The time of a match is polynomial: of names, length of the pattern times length of the name.
#ifndef LOOKOUT_ADAPTERS_FILE_GLOB_H_
#define LOOKOUT_ADAPTERS_FILE_GLOB_H_

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lookout::file_internal {

// A value; immutable once it is made, and so safe to share between threads.
class Glob {
 public:
  // InvalidArgument for a pattern that could never match: an empty one, one that is only a slash or has an
  // empty name in it, an unclosed bracket, an unknown class, a backslash at the end, a NUL.
  static absl::StatusOr<Glob> Parse(absl::string_view pattern);

  // `path` is relative to where patterns count from: no '/' at either end, and not empty.
  bool Matches(absl::string_view path, bool is_directory) const;
  // False only if no path below `directory` matches.
  bool MayMatchBelow(absl::string_view directory) const;

  // Whether it ends in a slash.
  bool directories_only() const { return directories_only_; }
  // Whether a match of what is in a directory depends on where that directory is.
  bool depends_on_place() const { return anchored_ && names_.size() > 1; }

 private:
  using Class = std::bitset<256>;
  struct Token {
    enum class Kind : std::uint8_t { kByte, kAny, kStar, kClass };
    Kind kind;
    std::uint8_t byte = 0;
    std::uint16_t index = 0;  // of the class
  };
  // The pattern of one name on the path.
  struct Name {
    enum class Kind : std::uint8_t { kTokens, kLiteral, kSuffix, kAnyNames };
    Kind kind = Kind::kTokens;
    std::string literal = {};  // or what is behind the only star, which comes first
    std::vector<Token> tokens = {};
    std::vector<Class> classes = {};
  };

  Glob() = default;
  static absl::StatusOr<Token> ReadToken(absl::string_view& rest, Name& name);
  static absl::StatusOr<Class> ReadClass(absl::string_view& rest);
  absl::Status AddName(absl::string_view& rest);
  static void Simplify(Name& name);
  static bool MatchesName(const Name& name, absl::string_view text);
  static bool MatchesToken(const Name& name, const Token& token, char byte);
  bool MatchesPath(absl::string_view path) const;

  std::vector<Name> names_;
  bool anchored_ = false;
  bool directories_only_ = false;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_GLOB_H_
