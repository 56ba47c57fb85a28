#include "lookout/adapters/docker/utf8.h"

namespace lookout::docker_internal {
namespace {

// Of the character that begins with this byte; 0 if none does.
std::size_t SizeOf(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::size_t Utf8Prefix(absl::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = SizeOf(static_cast<unsigned char>(text[at]));
    if (size == 0 || size > text.size() - at) return at;
    for (std::size_t i = 1; i < size; ++i) {
      if (!Continues(text[at + i])) return at;
    }
    at += size;
  }
  return at;
}

}  // namespace lookout::docker_internal
