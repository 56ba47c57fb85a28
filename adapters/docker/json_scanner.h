// Walks through one JSON text from front to back, without copying or allocating: the caller pulls the members
// that it knows, and passes over the rest, which is looked at just as strictly.
//
//   JsonScanner scanner(text);
//   scanner.EnterObject();
//   while (const JsonString key = scanner.NextMember()) {
//     if (key.Is("id")) id = scanner.TakeString(); else scanner.Skip();
//   }
//   if (scanner.AtEnd()) …
//
// An error is sticky: everything after it finds nothing, so that one look at error() at the end will do. What
// it takes for JSON is RFC 8259, but for what careless engines and labels hold: bytes that are no UTF-8 are
// kept, and
// \u escapes may be half a surrogate pair. Nested deeper than 32 is an error. Names that come twice are told
// twice.
//
// Thread-compatible. The text must outlive it, and the strings that it hands out.
#ifndef LOOKOUT_ADAPTERS_DOCKER_JSON_SCANNER_H_
#define LOOKOUT_ADAPTERS_DOCKER_JSON_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "lookout/adapters/docker/json_string.h"

namespace lookout::docker_internal {

// The text of a value, well-formed; or of none, after an error.
class JsonValue {
 public:
  JsonValue() = default;
  JsonValue(const char* begin, std::size_t size, bool escaped)
      : begin_(begin), size_(size), escaped_(escaped ? 1 : 0) {}

  absl::string_view text() const { return {begin_, size_}; }
  bool is_null() const { return text() == "null"; }
  // The string that it is; none if it is of another kind.
  JsonString string() const {
    if (size_ == 0 || *begin_ != '"') return {};
    return {begin_ + 1, static_cast<std::size_t>(size_) - 2, escaped_ != 0};
  }

 private:
  const char* begin_ = nullptr;
  std::size_t size_ : 63 = 0;
  std::size_t escaped_ : 1 = 0;  // it is a string with a backslash
};

class JsonScanner {
 public:
  static constexpr int kMaxDepth = 32;

  enum class LineBreaks {
    kBlank,  // as in any JSON
    kError,  // for an object of a stream, whose rest is missing then
  };

  explicit JsonScanner(absl::string_view text, LineBreaks line_breaks = LineBreaks::kBlank)
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        line_break_(line_breaks == LineBreaks::kBlank ? '\n' : ' ') {}

  // Goes into the object that begins here. False, and nothing is passed over, if what begins here is none.
  bool EnterObject();
  // To the next member of the object that was entered last, so that its value begins here; returns its name.
  // None at the object's end, which is passed over, and at an error.
  JsonString NextMember();

  // Passes over the value that begins here, and returns it.
  JsonValue Take();
  // The same for one kind: empty if it is of another.
  JsonString TakeString() { return Take().string(); }
  std::optional<std::int64_t> TakeInteger();  // written without fraction and exponent, and one of 64 bits
  void Skip() { SkipValue(); }

  // Whether only white space is left, and there was no error.
  bool AtEnd();
  // Where in the text it is: how much has been passed over.
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  // What was wrong first; null if nothing was.
  const char* error() const { return error_; }

 private:
  bool Fail(const char* error);
  void SkipBlanks();
  bool SkipWord(absl::string_view word);
  bool SkipDigits();
  bool SkipNumber();
  bool SkipArray();
  bool SkipObject();
  bool SkipValue();
  bool SkipEscape();
  JsonString ReadString();

  const char* const begin_;
  const char* at_;  // == end_ after an error
  const char* const end_;
  const char line_break_;  // or another blank
  int depth_ = 0;
  bool first_ = false;  // the next member is the object's first
  const char* error_ = nullptr;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_JSON_SCANNER_H_
