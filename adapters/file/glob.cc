#include "lookout/adapters/file/glob.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace lookout::file_internal {
namespace {

constexpr std::size_t npos = absl::string_view::npos;

absl::Status UnclosedBracket() {
  return absl::InvalidArgumentError("a bracket is not closed: close it, or write \\[ for the byte itself");
}

// As Git has them: ASCII, and only four kinds of white space.
bool IsSpace(unsigned char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsGraph(unsigned char c) { return absl::ascii_isgraph(c); }

struct NamedClass {
  absl::string_view name;
  bool (*has)(unsigned char);
};
constexpr NamedClass kClasses[] = {
    {"alnum", [](unsigned char c) { return absl::ascii_isalnum(c); }},
    {"alpha", [](unsigned char c) { return absl::ascii_isalpha(c); }},
    {"blank", [](unsigned char c) { return c == ' ' || c == '\t'; }},
    {"cntrl", [](unsigned char c) { return absl::ascii_iscntrl(c); }},
    {"digit", [](unsigned char c) { return absl::ascii_isdigit(c); }},
    {"graph", IsGraph},
    {"lower", [](unsigned char c) { return absl::ascii_islower(c); }},
    {"print", [](unsigned char c) { return absl::ascii_isprint(c); }},
    {"punct", [](unsigned char c) { return absl::ascii_ispunct(c); }},
    {"space", IsSpace},
    {"upper", [](unsigned char c) { return absl::ascii_isupper(c); }},
    {"xdigit", [](unsigned char c) { return absl::ascii_isxdigit(c); }},
};

// Takes the first name off a path.
absl::string_view TakeName(absl::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  const absl::string_view name = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return name;
}

unsigned char TakeByte(absl::string_view& rest) {
  const auto byte = static_cast<unsigned char>(rest.front());
  rest.remove_prefix(1);
  return byte;
}

// Adds "[:alpha:]" and the like, of which the first bracket is taken already. False if `rest` begins with no
// such thing, and so that bracket stands for itself.
absl::StatusOr<bool> TakeNamedClass(absl::string_view& rest, std::bitset<256>& bytes) {
  const std::size_t end = rest.find(']', 1);
  if (end == npos) return UnclosedBracket();
  if (end < 2 || rest[end - 1] != ':') return false;
  const absl::string_view name = rest.substr(1, end - 2);
  for (const NamedClass& named : kClasses) {
    if (named.name != name) continue;
    for (unsigned c = 0; c < 256; ++c) {
      if (named.has(static_cast<unsigned char>(c))) bytes.set(c);
    }
    rest.remove_prefix(end + 1);
    return true;
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no class [:", name,
                                                 ":]: write one of alnum, alpha, blank, cntrl, digit, graph, "
                                                 "lower, print, punct, space, upper, xdigit"));
}

}  // namespace

absl::StatusOr<Glob> Glob::Parse(absl::string_view pattern) {
  if (pattern.empty())
    return absl::InvalidArgumentError("an empty pattern matches nothing: write one, as *.o");
  if (pattern.find('\0') != npos) {
    return absl::InvalidArgumentError("a pattern cannot contain a NUL byte, as no path does: leave it out");
  }
  absl::string_view rest = pattern;
  Glob glob;
  glob.directories_only_ = absl::ConsumeSuffix(&rest, "/");
  // Wherever the slash is: also in a bracket, as in Git.
  glob.anchored_ = rest.find('/') != npos;
  absl::ConsumePrefix(&rest, "/");
  if (rest.empty()) {
    return absl::InvalidArgumentError(
        "a slash alone names nothing: write the name that it belongs to, as /build");
  }
  while (true) {
    if (absl::Status added = glob.AddName(rest); !added.ok()) return added;
    if (rest.empty()) break;
    rest.remove_prefix(1);  // the slash
    if (rest.empty())
      return absl::InvalidArgumentError("two slashes in a row: no name is empty, so write one");
  }
  // "**/a" is "a".
  if (glob.names_.size() == 2 && glob.names_[0].kind == Name::Kind::kAnyNames &&
      glob.names_[1].kind != Name::Kind::kAnyNames) {
    glob.names_.erase(glob.names_.begin());
    glob.anchored_ = false;
  }
  return glob;
}

// Reads up to the next slash, or the end.
absl::Status Glob::AddName(absl::string_view& rest) {
  Name name;
  bool only_stars = true;
  std::size_t stars = 0;
  while (!rest.empty() && rest.front() != '/') {
    if (absl::StartsWith(rest, "\\/")) {  // a slash all the same
      rest.remove_prefix(1);
      break;
    }
    const absl::StatusOr<Token> token = ReadToken(rest, name);
    if (!token.ok()) return token.status();
    const bool is_star = token->kind == Token::Kind::kStar;
    only_stars = only_stars && is_star;
    if (is_star) ++stars;
    // A star after a star adds nothing.
    if (is_star && !name.tokens.empty() && name.tokens.back().kind == Token::Kind::kStar) continue;
    name.tokens.push_back(*token);
  }
  if (name.tokens.empty()) {
    return absl::InvalidArgumentError("two slashes in a row: no name is empty, so write one");
  }
  if (anchored_ && only_stars && stars > 1) {
    name = {.kind = Name::Kind::kAnyNames};
  } else {
    Simplify(name);
  }
  names_.push_back(std::move(name));
  return absl::OkStatus();
}

absl::StatusOr<Glob::Token> Glob::ReadToken(absl::string_view& rest, Name& name) {
  const unsigned char byte = TakeByte(rest);
  switch (byte) {
    case '*':
      return Token{.kind = Token::Kind::kStar};
    case '?':
      return Token{.kind = Token::Kind::kAny};
    case '\\':
      if (rest.empty()) {
        return absl::InvalidArgumentError(
            "a backslash at the end escapes nothing: write \\\\ for the byte itself");
      }
      return Token{.kind = Token::Kind::kByte, .byte = TakeByte(rest)};
    case '[': {
      absl::StatusOr<Class> bytes = ReadClass(rest);
      if (!bytes.ok()) return bytes.status();
      if (name.classes.size() >= std::numeric_limits<std::uint16_t>::max()) {
        return absl::InvalidArgumentError("more brackets than a name has bytes: write fewer");
      }
      name.classes.push_back(*bytes);
      return Token{.kind = Token::Kind::kClass, .index = static_cast<std::uint16_t>(name.classes.size() - 1)};
    }
    default:
      return Token{.kind = Token::Kind::kByte, .byte = byte};
  }
}

// What follows a '[', with the ']'. A ']' that comes first, a '-' at an end and a '[' stand for themselves.
absl::StatusOr<Glob::Class> Glob::ReadClass(absl::string_view& rest) {
  Class bytes;
  const bool negated = absl::ConsumePrefix(&rest, "!") || absl::ConsumePrefix(&rest, "^");
  int last = -1;  // what a range can begin with
  for (bool first = true; first || rest.empty() || rest.front() != ']'; first = false) {
    if (rest.empty()) return UnclosedBracket();
    unsigned char byte = TakeByte(rest);
    const bool is_range = byte == '-' && last >= 0 && !rest.empty() && rest.front() != ']';
    if (byte == '[' && !rest.empty() && rest.front() == ':') {
      const absl::StatusOr<bool> named = TakeNamedClass(rest, bytes);
      if (!named.ok()) return named.status();
      if (*named) {
        last = -1;
        continue;
      }
    }
    if (is_range) byte = TakeByte(rest);
    if (byte == '\\') {
      if (rest.empty()) return UnclosedBracket();
      byte = TakeByte(rest);
    }
    for (int c = is_range ? last : byte; c <= byte; ++c) bytes.set(static_cast<std::size_t>(c));
    last = is_range ? -1 : byte;
  }
  rest.remove_prefix(1);
  return negated ? ~bytes : bytes;
}

// Nearly all patterns are a name, or a star and the end of one.
void Glob::Simplify(Name& name) {
  const bool star = name.tokens.front().kind == Token::Kind::kStar;
  std::string literal;
  for (std::size_t i = star ? 1 : 0; i < name.tokens.size(); ++i) {
    if (name.tokens[i].kind != Token::Kind::kByte) return;
    literal += static_cast<char>(name.tokens[i].byte);
  }
  name = {.kind = star ? Name::Kind::kSuffix : Name::Kind::kLiteral, .literal = std::move(literal)};
}

bool Glob::MatchesToken(const Name& name, const Token& token, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  switch (token.kind) {
    case Token::Kind::kByte:
      return token.byte == value;
    case Token::Kind::kClass:
      return name.classes[token.index].test(value);
    default:
      return true;
  }
}

// Only the last star is ever tried again: what comes before it has matched as early as it can.
bool Glob::MatchesName(const Name& name, absl::string_view text) {
  if (name.kind == Name::Kind::kLiteral) return text == name.literal;
  if (name.kind == Name::Kind::kSuffix) return absl::EndsWith(text, name.literal);
  std::size_t token = 0, at = 0, star = npos, star_at = 0;
  while (at < text.size()) {
    if (token < name.tokens.size() && name.tokens[token].kind == Token::Kind::kStar) {
      star = token++;
      star_at = at;
    } else if (token < name.tokens.size() && MatchesToken(name, name.tokens[token], text[at])) {
      ++token;
      ++at;
    } else if (star != npos) {
      token = star + 1;
      at = ++star_at;
    } else {
      return false;
    }
  }
  while (token < name.tokens.size() && name.tokens[token].kind == Token::Kind::kStar) ++token;
  return token == name.tokens.size();
}

bool Glob::Matches(absl::string_view path, bool is_directory) const {
  if (directories_only_ && !is_directory) return false;
  if (anchored_) return MatchesPath(path);
  const std::size_t slash = path.rfind('/');
  return MatchesName(names_.front(), slash == npos ? path : path.substr(slash + 1));
}

// The same with names in place of bytes, and "**" in place of stars.
bool Glob::MatchesPath(absl::string_view path) const {
  std::size_t name = 0, stars = npos;
  absl::string_view rest = path, stars_rest;
  while (!rest.empty()) {
    if (name < names_.size() && names_[name].kind == Name::Kind::kAnyNames) {
      stars = name++;
      if (name == names_.size()) return true;  // at least one name is left
      stars_rest = rest;
      continue;
    }
    absl::string_view after = rest;
    if (name < names_.size() && MatchesName(names_[name], TakeName(after))) {
      ++name;
      rest = after;
    } else if (stars != npos) {
      name = stars + 1;
      TakeName(stars_rest);
      rest = stars_rest;
    } else {
      return false;
    }
  }
  return name == names_.size();
}

bool Glob::MayMatchBelow(absl::string_view directory) const {
  if (!anchored_) return true;
  // How many of the names may be matched by what was read so far.
  std::vector<bool> matched(names_.size() + 1), next;
  matched[0] = true;
  while (!directory.empty()) {
    const absl::string_view text = TakeName(directory);
    next.assign(names_.size() + 1, false);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!matched[i]) continue;
      if (names_[i].kind == Name::Kind::kAnyNames) {
        next[i] = true;
        matched[i + 1] = true;  // it stands for no name as well
      } else if (MatchesName(names_[i], text)) {
        next[i + 1] = true;
      }
    }
    matched.swap(next);
  }
  // Whatever is left of it, some name matches.
  return std::find(matched.begin(), matched.end() - 1, true) != matched.end() - 1;
}

}  // namespace lookout::file_internal
