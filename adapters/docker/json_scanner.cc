#include "lookout/adapters/docker/json_scanner.h"

#include <charconv>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "lookout/adapters/docker/json_plain.h"

namespace lookout::docker_internal {

bool JsonScanner::Fail(const char* error) {
  if (error_ == nullptr) error_ = error;
  at_ = end_;
  return false;
}

void JsonScanner::SkipBlanks() {
  while (at_ != end_ && *at_ <= ' ' && (*at_ == ' ' || *at_ == line_break_ || *at_ == '\t' || *at_ == '\r'))
    ++at_;
}

bool JsonScanner::EnterObject() {
  SkipBlanks();
  if (at_ == end_ || *at_ != '{') return false;
  if (depth_ == kMaxDepth) return Fail("it is nested too deeply");
  ++depth_;
  ++at_;
  first_ = true;
  return true;
}

JsonString JsonScanner::NextMember() {
  SkipBlanks();
  if (at_ == end_) return Fail("an object without an end"), JsonString();
  if (*at_ == '}') {
    ++at_;
    --depth_;
    first_ = false;  // of the object around it
    return {};
  }
  if (!first_) {
    if (*at_ != ',') return Fail("no comma between members"), JsonString();
    ++at_;
    SkipBlanks();
  }
  first_ = false;
  const JsonString key = ReadString();
  SkipBlanks();
  if (at_ == end_ || *at_ != ':') return Fail("a name without a value"), JsonString();
  ++at_;
  SkipBlanks();
  return key;
}

JsonValue JsonScanner::Take() {
  const char* const begin = at_;
  bool escaped = false;
  if (at_ != end_ && *at_ == '"') {
    escaped = ReadString().escaped();
  } else {
    SkipValue();
  }
  if (error_ != nullptr) return {};
  return {begin, static_cast<std::size_t>(at_ - begin), escaped};
}

std::optional<std::int64_t> JsonScanner::TakeInteger() {
  const absl::string_view text = Take().text();
  const char* const end = text.data() + text.size();
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

bool JsonScanner::AtEnd() {
  SkipBlanks();
  return error_ == nullptr && at_ == end_;
}

JsonString JsonScanner::ReadString() {
  if (at_ == end_ || *at_ != '"') return Fail("no string where one must be"), JsonString();
  const char* const begin = ++at_;
  bool escaped = false;
  while (true) {
    at_ = FindEndOfPlain(at_, end_);
    if (at_ == end_) return Fail("a string without an end"), JsonString();
    if (*at_ == '"') break;
    if (*at_ != '\\') return Fail("a control character in a string"), JsonString();
    escaped = true;
    if (!SkipEscape()) return {};
  }
  return {begin, static_cast<std::size_t>(at_++ - begin), escaped};
}

bool JsonScanner::SkipEscape() {
  const absl::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  if (rest.size() < 2) return Fail("a string without an end");
  if (rest[1] != 'u') {
    if (!absl::StrContains("\"\\/bfnrt", rest[1])) return Fail("an unknown escape in a string");
    at_ += 2;
    return true;
  }
  if (rest.size() < 6) return Fail("a string without an end");
  for (const char c : rest.substr(2, 4)) {
    if (!absl::ascii_isxdigit(c)) return Fail("an unknown escape in a string");
  }
  at_ += 6;
  return true;
}

bool JsonScanner::SkipValue() {
  if (at_ == end_) return Fail("a value is missing");
  switch (*at_) {
    case '"':
      return static_cast<bool>(ReadString());
    case '{':
      return SkipObject();
    case '[':
      return SkipArray();
    case 't':
      return SkipWord("true");
    case 'f':
      return SkipWord("false");
    case 'n':
      return SkipWord("null");
    default:
      return SkipNumber();
  }
}

// These two call SkipValue in turn: never deeper than kMaxDepth.
bool JsonScanner::SkipObject() {
  if (!EnterObject()) return false;
  while (NextMember()) SkipValue();
  return error_ == nullptr;
}

bool JsonScanner::SkipArray() {
  if (depth_ == kMaxDepth) return Fail("it is nested too deeply");
  ++depth_;
  ++at_;
  SkipBlanks();
  bool more = at_ == end_ || *at_ != ']';
  while (more) {
    SkipBlanks();
    if (!SkipValue()) return false;
    SkipBlanks();
    if (at_ == end_ || (*at_ != ',' && *at_ != ']')) return Fail("an array without an end");
    more = *at_ == ',';
    if (more) ++at_;
  }
  ++at_;
  --depth_;
  first_ = false;  // of the object around it
  return true;
}

bool JsonScanner::SkipWord(absl::string_view word) {
  if (!absl::StartsWith(absl::string_view(at_, static_cast<std::size_t>(end_ - at_)), word)) {
    return Fail("an unknown word");
  }
  at_ += word.size();
  return true;
}

// One at least.
bool JsonScanner::SkipDigits() {
  const char* const begin = at_;
  while (at_ != end_ && absl::ascii_isdigit(*at_)) ++at_;
  return at_ != begin || Fail("no value where one must be");
}

bool JsonScanner::SkipNumber() {
  if (*at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;  // and no digit may follow
  } else if (!SkipDigits()) {
    return false;
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!SkipDigits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!SkipDigits()) return false;
  }
  return true;
}

}  // namespace lookout::docker_internal
