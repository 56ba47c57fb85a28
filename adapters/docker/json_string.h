// A JSON string as it stands in a text: found without being copied, read when somebody wants it.
//
// Pure, no allocation but in ToString().
#ifndef LOOKOUT_ADAPTERS_DOCKER_JSON_STRING_H_
#define LOOKOUT_ADAPTERS_DOCKER_JSON_STRING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lookout::docker_internal {

// Room for a word that a string is compared with.
using ShortBuffer = std::array<char, 32>;

// What stands between the quotes of a well-formed string, or no string at all. Valid as long as the text that
// it is of. Two words, so that it is passed in registers: strings are what a message is made of.
class JsonString {
 public:
  JsonString() = default;
  JsonString(const char* begin, std::size_t size, bool escaped)
      : begin_(begin), size_(size), escaped_(escaped ? 1 : 0) {}

  // Whether there is a string.
  explicit operator bool() const { return begin_ != nullptr; }
  // Whether there is none, or one that stands for nothing.
  bool empty() const { return size_ == 0; }
  absl::string_view raw() const { return {begin_, size_}; }
  bool escaped() const { return escaped_ != 0; }  // there is a backslash in raw()

  // Whether what it stands for is `text`.
  bool Is(absl::string_view text) const;
  // What it stands for, if that is shorter than `buffer`; else empty. Valid as long as both.
  absl::string_view Short(ShortBuffer& buffer) const {
    if (escaped()) return ShortUnescaped(buffer);
    return size_ < buffer.size() ? raw() : absl::string_view();
  }
  // A \u escape that is half a surrogate pair stands for U+FFFD, as in Go; bytes that are no UTF-8 stand for
  // themselves.
  std::string ToString() const;
  // Of what it stands for, whatever its spelling. Another in another process.
  std::uint64_t Hash() const;

 private:
  absl::string_view ShortUnescaped(ShortBuffer& buffer) const;

  const char* begin_ = nullptr;
  std::size_t size_ : 63 = 0;
  std::size_t escaped_ : 1 = 0;
};

// Undoes the escapes of a well-formed string, piece by piece.
class JsonUnescaper {
 public:
  explicit JsonUnescaper(absl::string_view raw) : raw_(raw) {}

  // Fills `into` from the front; less than all of it only at the end. Returns how many bytes.
  std::size_t Read(absl::Span<char> into);

 private:
  void TakeEscape();
  std::uint32_t TakeUnicode();

  absl::string_view raw_;               // what is not read yet
  std::array<char, 4> character_ = {};  // the UTF-8 of an escape…
  absl::string_view pending_;           // …and what of it is not handed out yet
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_JSON_STRING_H_
