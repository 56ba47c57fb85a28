#include "lookout/adapters/docker/json_framer.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/docker/json_plain.h"

namespace lookout::docker_internal {
namespace {

// White space, and what RFC 7464 puts before each object.
constexpr absl::string_view kBetweenObjects = " \t\r\n\x1e";

// FNV-1a: a byte at a time, so that pieces do not matter.
std::uint64_t AddToHash(std::uint64_t hash, absl::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return hash;
}

}  // namespace

std::uint64_t HashOfPieces(absl::string_view first, absl::string_view rest) {
  return std::max<std::uint64_t>(1, AddToHash(AddToHash(0xCBF29CE484222325u, first), rest));
}

bool JsonFramer::AtObject(absl::string_view& bytes) const {
  if (state_ != State::kBetween) return false;
  while (!bytes.empty() && kBetweenObjects.find(bytes.front()) != absl::string_view::npos) {
    bytes.remove_prefix(1);
  }
  return !bytes.empty() && bytes.front() == '{';
}

std::optional<JsonFramer::Item> JsonFramer::Next(absl::string_view& bytes) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kBetween:
        if (AtObject(bytes)) {
          Begin();
        } else if (!bytes.empty()) {
          state_ = State::kSkippingLine;
          failed_key_ = 0;
          return absl::InvalidArgumentError("a line that does not begin with a JSON object");
        }
        break;
      case State::kObject:
        if (std::optional<Item> item = NextInObject(bytes)) return item;
        break;
      case State::kSkippingObject:
        SkipObject(bytes);
        break;
      case State::kSkippingLine:
        SkipLine(bytes);
        break;
    }
  }
  return std::nullopt;
}

void JsonFramer::Begin() {
  state_ = State::kObject;
  depth_ = 0;
  in_string_ = escaped_ = false;
  kept_.clear();
}

std::optional<JsonFramer::Item> JsonFramer::NextInObject(absl::string_view& bytes) {
  const absl::string_view text = bytes.substr(0, max_object_bytes_ - kept_.size());
  const Extent extent = Walk(text);
  bytes.remove_prefix(extent.size);
  switch (extent.end) {
    case Extent::kClosed:
      state_ = State::kBetween;
      if (kept_.empty()) return text.substr(0, extent.size);
      kept_.append(text.substr(0, extent.size));
      return absl::string_view(kept_);
    case Extent::kBroken:
      state_ = State::kBetween;
      failed_key_ = HashOfPieces(kept_, text.substr(0, extent.size));
      return absl::DataLossError("an object that breaks off at the end of its line");
    case Extent::kOpen:
      if (kept_.size() + text.size() == max_object_bytes_) return TooLarge(text);
      kept_.append(text);
      return std::nullopt;
  }
  return std::nullopt;
}

void JsonFramer::SkipObject(absl::string_view& bytes) {
  const Extent extent = Walk(bytes);
  bytes.remove_prefix(extent.size);
  if (extent.end != Extent::kOpen) state_ = State::kBetween;
}

void JsonFramer::SkipLine(absl::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == absl::string_view::npos) {
    bytes = {};
  } else {
    bytes.remove_prefix(end);
    state_ = State::kBetween;
  }
}

JsonFramer::Item JsonFramer::TooLarge(absl::string_view text) {
  failed_key_ = HashOfPieces(kept_, text);
  state_ = State::kSkippingObject;
  kept_.clear();
  kept_.shrink_to_fit();
  return absl::ResourceExhaustedError(absl::StrCat("an object larger than ", max_object_bytes_, " bytes"));
}

JsonFramer::Extent JsonFramer::Walk(absl::string_view bytes) {
  const char* const end = bytes.data() + bytes.size();
  const auto until = [&bytes](const char* at) { return static_cast<std::size_t>(at - bytes.data()); };
  for (const char* at = bytes.data(); at != end; ++at) {
    if (in_string_ && !escaped_) at = FindEndOfPlain(at, end);
    if (at == end) break;
    if (*at == '\n') return {.size = until(at), .end = Extent::kBroken};
    if (escaped_) {
      escaped_ = false;
    } else if (*at == '"') {
      in_string_ = !in_string_;
    } else if (in_string_) {
      escaped_ = *at == '\\';
    } else if (*at == '{') {
      ++depth_;
    } else if (*at == '}' && --depth_ == 0) {
      return {.size = until(at + 1), .end = Extent::kClosed};
    }
  }
  return {.size = bytes.size(), .end = Extent::kOpen};
}

}  // namespace lookout::docker_internal
