#include "lookout/adapters/docker/json_framer.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace lookout::docker_internal {
namespace {

constexpr char kRecordSeparator = '\x1e';

}  // namespace

bool JsonFramer::Feed(absl::string_view bytes, OnItem on_item) {
  begin_ = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    switch (state_) {
      case State::kBetween:
        if (!Begin(bytes, i, on_item)) return false;
        break;
      case State::kSkippingLine:
        if (c == '\n') state_ = State::kBetween;
        break;
      case State::kObject:
      case State::kSkippingObject:
        if (c == '\n') {
          if (!BreakOff(on_item)) return false;
          break;
        }
        StepInObject(c);
        if (depth_ == 0) {
          if (!End(bytes, i, on_item)) return false;
        } else if (state_ == State::kObject && kept_.size() + (i + 1 - begin_) >= max_object_bytes_) {
          if (!TooLarge(on_item)) return false;
        }
        break;
    }
  }
  if (state_ == State::kObject) kept_.append(bytes.substr(begin_));
  return true;
}

bool JsonFramer::Begin(absl::string_view bytes, std::size_t at, OnItem on_item) {
  const char c = bytes[at];
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == kRecordSeparator) return true;
  if (c != '{') {
    state_ = State::kSkippingLine;
    return on_item(absl::InvalidArgumentError("a line that does not begin with a JSON object"));
  }
  state_ = State::kObject;
  depth_ = 1;
  in_string_ = escaped_ = false;
  begin_ = at;
  kept_.clear();
  return true;
}

void JsonFramer::StepInObject(char c) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
    }
  } else if (c == '"') {
    in_string_ = true;
  } else if (c == '{') {
    ++depth_;
  } else if (c == '}') {
    --depth_;
  }
}

bool JsonFramer::End(absl::string_view bytes, std::size_t at, OnItem on_item) {
  const bool skipped = state_ == State::kSkippingObject;
  state_ = State::kBetween;
  if (skipped) return true;
  absl::string_view text = bytes.substr(begin_, at + 1 - begin_);
  if (kept_.empty()) return on_item(text);
  kept_.append(text);
  return on_item(absl::string_view(kept_));
}

bool JsonFramer::BreakOff(OnItem on_item) {
  const bool skipped = state_ == State::kSkippingObject;
  state_ = State::kBetween;
  return skipped || on_item(absl::DataLossError("an object that breaks off at the end of its line"));
}

bool JsonFramer::TooLarge(OnItem on_item) {
  state_ = State::kSkippingObject;
  kept_.clear();
  kept_.shrink_to_fit();
  return on_item(
      absl::ResourceExhaustedError(absl::StrCat("an object larger than ", max_object_bytes_, " bytes")));
}

}  // namespace lookout::docker_internal
