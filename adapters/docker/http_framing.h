// Where an HTTP/1 answer's head and body begin and end (RFC 9112), read strictly and within bounds.
//
//   HttpHead head;
//   absl::StatusOr<std::size_t> taken = head.Feed(bytes);        // until head.whole()
//   HttpBody body(head);
//   std::size_t n = body.Decode(absl::MakeSpan(buffer, read));   // buffer[0, n) is body
//
// cpp-httplib speaks HTTP; this stands before it, so that what an answer means does not depend on its version
// (0.41 and later differ in chunk sizes), its regular expression sees no long line, and a body costs one call
// for what was read at once, not one for each of the small chunks that an engine sends.
//
// Pure: no clock, no I/O. Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_DOCKER_HTTP_FRAMING_H_
#define LOOKOUT_ADAPTERS_DOCKER_HTTP_FRAMING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace lookout::docker_internal {

// What is larger is refused. httplib's own bounds are 8 KiB a field and 100 fields.
inline constexpr std::size_t kMaxStatusLine = 1 << 10;
inline constexpr std::size_t kMaxFieldLine = 8 << 10;
inline constexpr std::size_t kMaxFields = 100;
inline constexpr std::size_t kMaxHead = 64 << 10;  // all of it, informational (1xx) heads before it included

// An answer's head. Lines may end in LF alone. Informational answers (100, 102, 103) are passed over.
class HttpHead {
 public:
  // Takes bytes up to the end of the head and says how many; all of them while it is not whole(). Unavailable
  // for what is no HTTP/1, too large, or says something of the body that cannot be read: a transfer coding
  // other than chunked, a content coding (none was asked for), lengths that differ.
  absl::StatusOr<std::size_t> Feed(absl::string_view bytes);

  bool whole() const { return whole_; }
  int status() const { return status_; }

  // The head once more: every line ends in CRLF, and nothing is said of the body's framing.
  const std::string& text() const { return text_; }

  bool chunked() const { return chunked_; }
  // Absent if the body is chunked or ends with the connection; 0 if the status allows none.
  std::optional<std::uint64_t> length() const { return length_; }

 private:
  absl::Status EndLine();
  absl::Status StatusLine();
  absl::Status Field();
  absl::Status ContentLength(absl::string_view value);
  absl::Status EndHead();

  bool whole_ = false;
  int status_ = 0;
  std::string text_;
  std::string line_;  // so far, without its end
  std::size_t size_ = 0;
  std::size_t fields_ = 0;
  bool http_1_0_ = false;
  bool chunked_ = false;
  std::optional<std::uint64_t> length_;
};

// An answer's body. Chunk extensions and trailers are passed over.
class HttpBody {
 public:
  explicit HttpBody(const HttpHead& head);

  // Turns what was read into what it holds of the body, in place, and says how many bytes that is: maybe
  // none. What follows the body's end is dropped. Check failure() afterwards.
  std::size_t Decode(absl::Span<char> read);

  // Whether the body is whole: nothing more need be read.
  bool done() const { return state_ == State::kDone; }

  // Unavailable once the framing is broken. What came before is good.
  const absl::Status& failure() const { return failure_; }

  // What it means that the connection ends here: OK, or Unavailable if more was promised.
  absl::Status AtEnd() const;

 private:
  enum class State {
    kSize,
    kAfterSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kUntilEnd,
    kDone
  };

  void StepInFraming(char c);
  bool AddDigit(char c);
  void Fail(absl::string_view what);

  State state_;
  bool chunked_;
  std::uint64_t left_ = 0;     // of the chunk, or of a body with a length
  bool has_digit_ = false;     // of the chunk's size
  std::size_t line_size_ = 0;  // of the chunk's size and extension; of all trailers
  bool trailer_empty_ = true;  // the line so far
  absl::Status failure_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_HTTP_FRAMING_H_
