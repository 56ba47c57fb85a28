// Cuts a stream of bytes into the JSON objects that it holds, without reading them.
//
//   JsonFramer framer(kDefaultMaxObjectBytes);
//   while (auto object = framer.Next(bytes)) …
//
// Chunks may end anywhere. Objects may follow each other with or without white space, line breaks (LF, CRLF),
// blank lines, or the record separators of RFC 7464 in between. An object never holds a raw line break:
// engines write each with Go's json.Encoder, which escapes those in strings and adds none elsewhere. So a
// line break in an object means that the rest of it is missing, and is where reading goes on.
//
// Pure: no clock, no I/O. Memory is bounded by the cap. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_DOCKER_JSON_FRAMER_H_
#define LOOKOUT_ADAPTERS_DOCKER_JSON_FRAMER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lookout::docker_internal {

// A hash of bytes that come in two pieces, the same wherever they are parted. Not 0.
std::uint64_t HashOfPieces(absl::string_view first, absl::string_view rest);

class JsonFramer {
 public:
  // An object's text, valid until the next call and as long as the chunk, or what was wrong with bytes that
  // are passed over: too large (ResourceExhausted), broken off (DataLoss), no object (InvalidArgument).
  using Item = absl::StatusOr<absl::string_view>;

  explicit JsonFramer(std::size_t max_object_bytes) : max_object_bytes_(max_object_bytes) {}

  // Takes the next item off the front of `bytes`, which are a chunk or what is left of one. Nothing once all
  // of them are taken.
  std::optional<Item> Next(absl::string_view& bytes);

  // Takes what stands between objects from the front of `bytes`; whether an object begins there then. The
  // caller may take all of it itself, if it is no larger than the cap.
  bool AtObject(absl::string_view& bytes) const;

  // Of an object that Next() said last to be too large or broken off: a hash of its bytes, up to the cap, the
  // same however they came in pieces, and not 0. 0 after what is no object.
  std::uint64_t failed_key() const { return failed_key_; }

  // Whether the bytes so far end within an object.
  bool within_object() const { return state_ != State::kBetween; }

 private:
  enum class State { kBetween, kObject, kSkippingObject, kSkippingLine };

  // How far an object goes in some bytes.
  struct Extent {
    std::size_t size;
    enum { kClosed, kBroken, kOpen } end;  // at its brace; before a line break; not yet
  };

  void Begin();
  Extent Walk(absl::string_view bytes);
  std::optional<Item> NextInObject(absl::string_view& bytes);
  void SkipObject(absl::string_view& bytes);
  void SkipLine(absl::string_view& bytes);
  Item TooLarge(absl::string_view text);

  const std::size_t max_object_bytes_;
  State state_ = State::kBetween;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  std::uint64_t failed_key_ = 0;
  std::string kept_;  // what earlier chunks held of the object
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_JSON_FRAMER_H_
