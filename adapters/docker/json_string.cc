#include "lookout/adapters/docker/json_string.h"

#include <algorithm>
#include <cstring>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"

namespace lookout::docker_internal {
namespace {

// Hashed at a time, so that a string with escapes needs no copy to have the hash of one without.
constexpr std::size_t kHashBlock = 1024;

constexpr std::uint32_t kReplacement = 0xFFFD;

std::uint32_t HexDigit(char c) {
  return static_cast<std::uint32_t>(absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10);
}

// Of the four digits at the front of `digits`.
std::uint32_t HexValue(absl::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits.substr(0, 4)) value = value << 4 | HexDigit(c);
  return value;
}

bool IsLeadingSurrogate(std::uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsTrailingSurrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Returns the number of bytes.
std::size_t EncodeUtf8(std::uint32_t c, std::array<char, 4>& out) {
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out = {static_cast<char>(c)};
    return 1;
  }
  if (c < 0x800) {
    out = {static_cast<char>(0xC0 | c >> 6), tail(0)};
    return 2;
  }
  if (c < 0x10000) {
    out = {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
    return 3;
  }
  out = {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
  return 4;
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // '"', '\\' and '/' stand for themselves
  }
}

}  // namespace

bool JsonString::Is(absl::string_view text) const {
  if (!escaped()) return raw() == text;
  JsonUnescaper unescaper(raw());
  char c;
  for (const char expected : text) {
    if (unescaper.Read(absl::MakeSpan(&c, 1)) == 0 || c != expected) return false;
  }
  return unescaper.Read(absl::MakeSpan(&c, 1)) == 0;
}

absl::string_view JsonString::ShortUnescaped(ShortBuffer& buffer) const {
  const std::size_t size = JsonUnescaper(raw()).Read(absl::MakeSpan(buffer));
  return size < buffer.size() ? absl::string_view(buffer.data(), size) : absl::string_view();
}

std::string JsonString::ToString() const {
  std::string text(raw());
  if (!escaped()) return text;
  text.resize(
      JsonUnescaper(raw()).Read(absl::MakeSpan(text)));  // an escape is longer than what it stands for
  text.shrink_to_fit();
  return text;
}

std::uint64_t JsonString::Hash() const {
  if (!escaped() && size_ <= kHashBlock) return absl::HashOf(raw());
  JsonUnescaper unescaper(raw());
  std::array<char, kHashBlock> buffer;
  const auto next = [&] { return absl::string_view(buffer.data(), unescaper.Read(absl::MakeSpan(buffer))); };
  std::uint64_t hash = absl::HashOf(next());
  for (absl::string_view block = next(); !block.empty(); block = next()) hash = absl::HashOf(hash, block);
  return hash;
}

std::size_t JsonUnescaper::Read(absl::Span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    if (pending_.empty()) {
      if (raw_.empty()) break;
      if (raw_.front() == '\\') {
        TakeEscape();
      } else {
        pending_ = raw_.substr(0, raw_.find('\\'));
        raw_.remove_prefix(pending_.size());
      }
    }
    const std::size_t size = std::min(pending_.size(), into.size() - done);
    std::memcpy(into.data() + done, pending_.data(), size);
    pending_.remove_prefix(size);
    done += size;
  }
  return done;
}

void JsonUnescaper::TakeEscape() {
  const char kind = raw_[1];
  raw_.remove_prefix(2);
  std::size_t size = 1;
  if (kind == 'u') {
    size = EncodeUtf8(TakeUnicode(), character_);
  } else {
    character_[0] = SimpleEscape(kind);
  }
  pending_ = {character_.data(), size};
}

std::uint32_t JsonUnescaper::TakeUnicode() {
  const std::uint32_t unit = HexValue(raw_);
  raw_.remove_prefix(4);
  if (IsTrailingSurrogate(unit)) return kReplacement;
  if (!IsLeadingSurrogate(unit)) return unit;
  if (raw_.substr(0, 2) != "\\u") return kReplacement;
  const std::uint32_t trailing = HexValue(raw_.substr(2));
  if (!IsTrailingSurrogate(trailing)) return kReplacement;  // and what follows stands for itself
  raw_.remove_prefix(6);
  return 0x10000 + ((unit - 0xD800) << 10) + (trailing - 0xDC00);
}

}  // namespace lookout::docker_internal
