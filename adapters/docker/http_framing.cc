#include "lookout/adapters/docker/http_framing.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lookout/adapters/docker/hang_up.h"

namespace lookout::docker_internal {
namespace {

// Of a chunk's size and its extension; of all trailers together.
constexpr std::size_t kMaxChunkLine = 4 << 10;
constexpr std::size_t kMaxTrailers = 16 << 10;

absl::Status Bad(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("an answer that is not HTTP: ", what));
}

absl::Status Unreadable(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("an answer that cannot be read: ", what));
}

bool IsTokenChar(char c) { return absl::ascii_isgraph(c) && !absl::StrContains("()<>@,;:\\\"/[]?={}", c); }

}  // namespace

absl::StatusOr<std::size_t> HttpHead::Feed(absl::string_view bytes) {
  std::size_t taken = 0;
  while (!whole_ && taken < bytes.size()) {
    const absl::string_view rest = bytes.substr(taken);
    const std::size_t end = rest.find('\n');
    const absl::string_view part = rest.substr(0, end);  // all of it if the line goes on
    const std::size_t max_line = status_ == 0 ? kMaxStatusLine : kMaxFieldLine;
    const bool line_fits = line_.size() + part.size() <= max_line;
    if (status_ == 0 && !line_fits) return Bad("its first line is too long");
    if (!line_fits || size_ + part.size() > kMaxHead) return Unreadable("its header is too large");
    line_.append(part);
    size_ += part.size() + 1;
    taken += part.size();
    if (end == absl::string_view::npos) break;
    ++taken;
    if (absl::Status read = EndLine(); !read.ok()) return read;
  }
  return taken;
}

absl::Status HttpHead::EndLine() {
  if (absl::EndsWith(line_, "\r")) line_.pop_back();
  for (const char c : line_) {
    if (absl::ascii_iscntrl(c) && c != '\t') return Bad("a control character in its header");
  }
  absl::Status read = status_ == 0 ? StatusLine() : line_.empty() ? EndHead() : Field();
  line_.clear();
  return read;
}

// "HTTP/1.1 200 OK": the reason, and the blank before it, may be missing.
absl::Status HttpHead::StatusLine() {
  const absl::string_view line = line_;
  const bool http_1_1 = absl::StartsWith(line, "HTTP/1.1 ");
  http_1_0_ = absl::StartsWith(line, "HTTP/1.0 ");
  const absl::string_view code = line.substr(std::min<std::size_t>(9, line.size()), 3);
  const bool ends = line.size() == 12 || (line.size() > 12 && line[12] == ' ');
  if ((!http_1_1 && !http_1_0_) || !ends || !std::all_of(code.begin(), code.end(), absl::ascii_isdigit) ||
      code[0] < '1' || code[0] > '5') {
    return Bad(absl::StrCat("it begins \"", absl::CHexEscape(line.substr(0, 40)), "\""));
  }
  status_ = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
  text_ = absl::StrCat(line, "\r\n");
  return absl::OkStatus();
}

absl::Status HttpHead::Field() {
  const std::size_t colon = line_.find(':');
  const absl::string_view name = absl::string_view(line_).substr(0, colon);
  if (colon == std::string::npos || name.empty() || !std::all_of(name.begin(), name.end(), IsTokenChar)) {
    return Bad("a line in its header that is no field");
  }
  if (++fields_ > kMaxFields) return Unreadable("its header is too large");
  const absl::string_view value = absl::StripAsciiWhitespace(absl::string_view(line_).substr(colon + 1));
  if (absl::EqualsIgnoreCase(name, "Content-Length")) return ContentLength(value);
  if (absl::EqualsIgnoreCase(name, "Transfer-Encoding")) {
    if (absl::EqualsIgnoreCase(value, "identity")) return absl::OkStatus();
    if (chunked_ || http_1_0_ || !absl::EqualsIgnoreCase(value, "chunked")) {
      return Unreadable(absl::StrCat("Transfer-Encoding \"", absl::CHexEscape(value.substr(0, 40)), "\""));
    }
    chunked_ = true;
    return absl::OkStatus();
  }
  if (absl::EqualsIgnoreCase(name, "Content-Encoding")) {
    if (value.empty() || absl::EqualsIgnoreCase(value, "identity")) return absl::OkStatus();
    return Unreadable(absl::StrCat("Content-Encoding \"", absl::CHexEscape(value.substr(0, 40)),
                                   "\" though none was asked for"));
  }
  absl::StrAppend(&text_, name, ": ", value, "\r\n");
  return absl::OkStatus();
}

absl::Status HttpHead::ContentLength(absl::string_view value) {
  for (const absl::string_view part : absl::StrSplit(value, ',')) {
    const absl::string_view digits = absl::StripAsciiWhitespace(part);
    std::uint64_t length = 0;
    if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
        !absl::SimpleAtoi(digits, &length) || (length_ && *length_ != length)) {
      return Unreadable(absl::StrCat("Content-Length \"", absl::CHexEscape(value.substr(0, 40)), "\""));
    }
    length_ = length;
  }
  return absl::OkStatus();
}

absl::Status HttpHead::EndHead() {
  if (status_ == 101) return Unreadable("it changes the protocol, which was not asked for");
  if (status_ < 200) {  // the answer proper is still to come; its bounds are counted on
    *this = [size = size_] {
      HttpHead next;
      next.size_ = size;
      return next;
    }();
    return absl::OkStatus();
  }
  const bool bodiless = status_ == 204 || status_ == 304;
  if (bodiless || chunked_) length_ = std::nullopt;
  if (bodiless) {
    chunked_ = false;
    length_ = 0;
  }
  text_.append("\r\n");
  whole_ = true;
  return absl::OkStatus();
}

HttpBody::HttpBody(const HttpHead& head)
    : state_(head.chunked()        ? State::kSize
             : !head.length()      ? State::kUntilEnd
             : *head.length() == 0 ? State::kDone
                                   : State::kData),
      chunked_(head.chunked()),
      left_(head.length().value_or(0)) {}

std::size_t HttpBody::Decode(absl::Span<char> read) {
  if (state_ == State::kUntilEnd) return read.size();
  std::size_t kept = 0;
  std::size_t at = 0;
  while (at < read.size() && !done() && failure_.ok()) {
    if (state_ != State::kData) {
      StepInFraming(read[at++]);
      continue;
    }
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, read.size() - at));
    if (kept != at) std::memmove(read.data() + kept, read.data() + at, n);
    kept += n;
    at += n;
    left_ -= n;
    if (left_ == 0) state_ = chunked_ ? State::kDataCr : State::kDone;
  }
  return kept;
}

void HttpBody::StepInFraming(char c) {
  switch (state_) {
    case State::kSize:
      if (AddDigit(c)) break;
      if (!has_digit_) return Fail("a chunk without a size");
      state_ = State::kAfterSize;
      [[fallthrough]];
    case State::kAfterSize:  // blanks may follow, then an extension or the line's end
      if (c == '\r') {
        state_ = State::kSizeLf;
      } else if (c == ';') {
        state_ = State::kExtension;
      } else if (c != ' ' && c != '\t') {
        return Fail("a chunk's size is no number");
      }
      break;
    case State::kExtension:
      if (c == '\r') state_ = State::kSizeLf;
      if (c == '\n') return Fail("a chunk's size ends in LF alone");
      break;
    case State::kSizeLf:
      if (c != '\n') return Fail("a chunk's size ends in CR alone");
      state_ = left_ > 0 ? State::kData : State::kTrailer;
      has_digit_ = false;
      line_size_ = 0;
      return;
    case State::kDataCr:
      if (c != '\r') return Fail("a chunk longer than its size");
      state_ = State::kDataLf;
      return;
    case State::kDataLf:
      if (c != '\n') return Fail("a chunk longer than its size");
      state_ = State::kSize;
      return;
    case State::kTrailer:
      if (c == '\n') {
        if (trailer_empty_) state_ = State::kDone;
        trailer_empty_ = true;
      } else if (c != '\r') {
        trailer_empty_ = false;
      }
      if (++line_size_ > kMaxTrailers) Fail("too much behind the last chunk");
      return;
    case State::kData:
    case State::kUntilEnd:
    case State::kDone:
      return;
  }
  if (++line_size_ > kMaxChunkLine) Fail("a chunk's size is too long");
}

bool HttpBody::AddDigit(char c) {
  if (!absl::ascii_isxdigit(c)) return false;
  if (left_ > std::numeric_limits<std::uint64_t>::max() / 16) {
    Fail("a chunk's size is too large");
    return true;
  }
  const int digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
  left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  has_digit_ = true;
  return true;
}

void HttpBody::Fail(absl::string_view what) { failure_ = Unreadable(what); }

absl::Status HttpBody::AtEnd() const {
  if (!failure_.ok() || done() || state_ == State::kUntilEnd) return failure_;
  return HangUp("the answer broke off");
}

}  // namespace lookout::docker_internal
