#include "lookout/tools/lookout/printable.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace lookout {
namespace {

struct Character {
  std::uint32_t code_point = 0;
  std::size_t size = 0;  // in bytes; 0 if what stands here is not UTF-8
};

// The character at the front of `bytes`, which is not empty. Strict: nothing overlong, no surrogates.
Character FirstCharacter(absl::string_view bytes) {
  const auto byte = [&bytes](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {.code_point = lead, .size = 1};

  Character character;
  std::uint32_t smallest = 0;  // that needs this many bytes
  if ((lead & 0xE0) == 0xC0) {
    character = {.code_point = lead & 0x1Fu, .size = 2};
    smallest = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    character = {.code_point = lead & 0x0Fu, .size = 3};
    smallest = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    character = {.code_point = lead & 0x07u, .size = 4};
    smallest = 0x10000;
  }
  if (character.size == 0 || bytes.size() < character.size) return {};
  for (std::size_t i = 1; i < character.size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    character.code_point = character.code_point << 6 | (byte(i) & 0x3Fu);
  }
  const bool is_surrogate = character.code_point >= 0xD800 && character.code_point <= 0xDFFF;
  if (character.code_point < smallest || character.code_point > 0x10FFFF || is_surrogate) return {};
  return character;
}

bool IsHarmless(std::uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return false;       // controls; U+009B begins escapes too
  if (c == 0x061C || c == 0x200E || c == 0x200F) return false;  // direction marks
  if (c >= 0x2028 && c <= 0x202E) return false;                 // line breaks, direction overrides
  return !(c >= 0x2066 && c <= 0x2069);                         // direction isolates
}

void AppendEscaped(char c, std::string& out) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      absl::StrAppend(&out, "\\x", absl::Hex(static_cast<std::uint8_t>(c), absl::kZeroPad2));
  }
}

}  // namespace

void AppendPrintable(absl::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const Character character = FirstCharacter(bytes);
    const std::size_t size = character.size == 0 ? 1 : character.size;
    if (bytes.front() == '\\') {
      out += "\\\\";
    } else if (character.size > 0 && IsHarmless(character.code_point)) {
      out.append(bytes.data(), size);
    } else {
      for (char c : bytes.substr(0, size)) AppendEscaped(c, out);
    }
    bytes.remove_prefix(size);
  }
}

std::string Printable(absl::string_view bytes) {
  std::string out;
  AppendPrintable(bytes, out);
  return out;
}

}  // namespace lookout
