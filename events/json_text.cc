#include "lookout/events/json_text.h"

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace lookout::events_internal {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

unsigned char ByteAt(absl::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

bool IsContinuation(absl::string_view bytes, std::size_t i) {
  return i < bytes.size() && (ByteAt(bytes, i) & 0xC0) == 0x80;
}

// The length of the code point in valid UTF-8 that begins at `i`, or 0 if none does: neither overlong forms
// nor surrogates nor numbers beyond U+10FFFF (Unicode 15, table 3-7).
std::size_t CodePointLength(absl::string_view bytes, std::size_t i) {
  const unsigned char lead = ByteAt(bytes, i);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4 || !IsContinuation(bytes, i + 1)) return 0;
  if (lead < 0xE0) return 2;
  const unsigned char second = ByteAt(bytes, i + 1);
  if (!IsContinuation(bytes, i + 2)) return 0;
  if (lead < 0xF0) {
    const bool overlong = lead == 0xE0 && second < 0xA0;
    const bool surrogate = lead == 0xED && second > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = lead == 0xF0 && second < 0x90;
  const bool beyond = lead == 0xF4 && second > 0x8F;
  return overlong || beyond || !IsContinuation(bytes, i + 3) ? 0 : 4;
}

// Whether the three bytes at `i` are one of U+EF80 to U+EFFF, which stand for raw bytes.
bool IsRawByteCodePoint(absl::string_view bytes, std::size_t i) {
  return ByteAt(bytes, i) == 0xEE && i + 2 < bytes.size() && ByteAt(bytes, i + 1) >= 0xBE &&
         ByteAt(bytes, i + 1) <= 0xBF && IsContinuation(bytes, i + 2);
}

void AppendRawByte(unsigned char byte, std::string& out) {
  out += "\\uef";
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 0xF];
}

// Whether it stands for itself in a JSON string. DEL is legal there, but no friend of terminals.
bool IsPlain(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

// The length of what is plain at the front.
std::size_t PlainLength(absl::string_view bytes) {
  std::size_t length = 0;
  while (length < bytes.size() && IsPlain(bytes[length])) ++length;
  return length;
}

// Of those that are not plain.
void AppendAscii(unsigned char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += kHexDigits[c >> 4];
  out += kHexDigits[c & 0xF];
}

}  // namespace

void AppendJsonString(absl::string_view bytes, std::string& out) {
  out.reserve(out.size() + bytes.size() + 2);
  out += '"';
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t plain = PlainLength(bytes.substr(i));
    out.append(bytes, i, plain);  // all of it, nearly always
    i += plain;
    if (i == bytes.size()) break;
    const std::size_t length = CodePointLength(bytes, i);
    if (length == 1) {
      AppendAscii(ByteAt(bytes, i), out);
      i += 1;
    } else if (length == 0 || IsRawByteCodePoint(bytes, i)) {
      // Of a genuine U+EF80 to U+EFFF this takes the first byte; the other two follow, as what they are by
      // themselves: no valid UTF-8.
      AppendRawByte(ByteAt(bytes, i), out);
      i += 1;
    } else {
      out.append(bytes, i, length);
      i += length;
    }
  }
  out += '"';
}

std::string BytesFromJsonText(absl::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (IsRawByteCodePoint(text, i)) {
      // U+EF80 + n has n's upper bit in its second byte and the lower six in its third.
      bytes += static_cast<char>((ByteAt(text, i + 1) & 0x03) << 6 | (ByteAt(text, i + 2) & 0x3F));
      i += 3;
    } else {
      bytes += text[i];
      i += 1;
    }
  }
  return bytes;
}

}  // namespace lookout::events_internal
