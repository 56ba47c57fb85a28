// Cuts a stream of bytes into the JSON objects that it holds, without reading them.
//
//   JsonFramer framer(kDefaultMaxObjectBytes);
//   framer.Feed(bytes, [](absl::StatusOr<absl::string_view> object) { …; return true; });
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
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace lookout::docker_internal {

class JsonFramer {
 public:
  // Takes an object's text, valid until it returns, or what was wrong with bytes that are passed over: too
  // large (ResourceExhausted), broken off (DataLoss), no object (InvalidArgument). False ends the feeding.
  using OnItem = absl::FunctionRef<bool(absl::StatusOr<absl::string_view>)>;

  explicit JsonFramer(std::size_t max_object_bytes) : max_object_bytes_(max_object_bytes) {}

  // False if `on_item` returned false: the rest of `bytes` is not looked at.
  bool Feed(absl::string_view bytes, OnItem on_item);

  // Whether the bytes so far end within an object.
  bool within_object() const { return state_ != State::kBetween; }

 private:
  enum class State { kBetween, kObject, kSkippingObject, kSkippingLine };

  bool Begin(absl::string_view bytes, std::size_t at, OnItem on_item);
  bool End(absl::string_view bytes, std::size_t at, OnItem on_item);
  bool BreakOff(OnItem on_item);
  bool TooLarge(OnItem on_item);
  void StepInObject(char c);

  const std::size_t max_object_bytes_;
  State state_ = State::kBetween;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  std::size_t begin_ = 0;  // of the object in the current chunk; 0 if it began in an earlier one
  std::string kept_;       // what earlier chunks held of the object
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_JSON_FRAMER_H_
