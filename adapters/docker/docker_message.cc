#include "lookout/adapters/docker/docker_message.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/json_scanner.h"

namespace lookout::docker_internal {
namespace {

enum class Member {
  kOther,
  kType,
  kAction,
  kActor,
  kTime,
  kTimeNano,
  kHealthStatus,
  kStatus,
  kId,
  kFrom,
};

Member MemberNamed(absl::string_view name) {
  switch (name.size()) {
    case 2:
      return name == "id" ? Member::kId : Member::kOther;
    case 4:
      return name == "Type"   ? Member::kType
             : name == "time" ? Member::kTime
             : name == "from" ? Member::kFrom
                              : Member::kOther;
    case 5:
      return name == "Actor" ? Member::kActor : Member::kOther;
    case 6:
      return name == "Action" ? Member::kAction : name == "status" ? Member::kStatus : Member::kOther;
    case 8:
      return name == "timeNano" ? Member::kTimeNano : Member::kOther;
    case 12:
      return name == "HealthStatus" ? Member::kHealthStatus : Member::kOther;
    default:
      return Member::kOther;
  }
}

// Reads one message; what is left of the text when it is done is the caller's.
class Reader {
 public:
  Reader(absl::string_view text, JsonScanner::LineBreaks line_breaks, DockerMessage& message)
      : text_(text), scanner_(text, line_breaks), message_(message) {}

  absl::Status Read();
  JsonScanner& scanner() { return scanner_; }

 private:
  absl::Status Malformed() const {
    return absl::InvalidArgumentError(absl::StrCat("an object that is not JSON: ", scanner_.error()));
  }
  void ReadMember(Member member);
  void ReadActor();
  void ReadAttributes();
  absl::Status Settle();

  const absl::string_view text_;
  JsonScanner scanner_;
  DockerMessage& message_;
  JsonString status_, id_, from_;  // what came before API 1.22, and is still sent beside the rest
  std::optional<std::int64_t> seconds_, nanos_;
};

absl::Status Reader::Read() {
  message_ = {};
  if (!scanner_.EnterObject()) return absl::InvalidArgumentError("JSON that is not an object");
  ShortBuffer buffer;
  while (const JsonString key = scanner_.NextMember()) ReadMember(MemberNamed(key.Short(buffer)));
  return scanner_.error() == nullptr ? Settle() : Malformed();
}

void Reader::ReadMember(Member member) {
  switch (member) {
    case Member::kType:
      message_.type = scanner_.TakeString();
      break;
    case Member::kAction:
      message_.action = scanner_.TakeString();
      break;
    case Member::kActor:
      ReadActor();
      break;
    case Member::kTime:
      seconds_ = scanner_.TakeInteger();
      break;
    case Member::kTimeNano:
      nanos_ = scanner_.TakeInteger();
      break;
    case Member::kHealthStatus:
      message_.health = scanner_.TakeString();
      break;
    case Member::kStatus:
      status_ = scanner_.TakeString();
      break;
    case Member::kId:
      id_ = scanner_.TakeString();
      break;
    case Member::kFrom:
      from_ = scanner_.TakeString();
      break;
    case Member::kOther:
      scanner_.Skip();
      break;
  }
}

void Reader::ReadActor() {
  message_.actor_id = {};
  message_.attributes = {};
  if (!scanner_.EnterObject()) return scanner_.Skip();
  while (const JsonString key = scanner_.NextMember()) {
    if (key.Is("ID")) {
      message_.actor_id = scanner_.TakeString();
    } else if (key.Is("Attributes")) {
      ReadAttributes();
    } else {
      scanner_.Skip();
    }
  }
}

// Looked at while the text passes by, so that a message that nobody wants is read but once.
void Reader::ReadAttributes() {
  message_.attributes = {};
  const std::size_t begin = scanner_.position();
  if (!scanner_.EnterObject()) return scanner_.Skip();
  while (const JsonString key = scanner_.NextMember()) {
    const JsonValue value = scanner_.Take();
    const JsonString string = value.string();
    ++message_.attributes.count;
    message_.attributes.hash += string ? absl::HashOf(key.Hash(), string.Hash())
                                       : absl::HashOf(key.Hash(), absl::HashOf(value.text()), false);
  }
  message_.attributes.object = text_.substr(begin, scanner_.position() - begin);
}

absl::Status Reader::Settle() {
  if (message_.type.empty() && message_.action.empty()) {
    message_.legacy = true;
    message_.action = status_;
    message_.legacy_image = from_;
  }
  if (message_.action.empty()) return absl::InvalidArgumentError("an object without an action");
  if (message_.actor_id.empty()) message_.actor_id = id_;
  if (nanos_) {
    message_.time = absl::FromUnixNanos(*nanos_);
  } else if (seconds_) {
    message_.time = absl::FromUnixSeconds(*seconds_);
  }
  return absl::OkStatus();
}

}  // namespace

Attributes DockerMessage::ReadAttributes() const {
  if (attributes.object.empty()) {
    return legacy_image.empty() ? Attributes() : Attributes{{"image", legacy_image.ToString()}};
  }
  absl::InlinedVector<Attributes::value_type, 32> entries;
  entries.reserve(attributes.count);
  std::deque<std::string> unescaped;  // where those are that do not stand in the text
  const auto text_of = [&unescaped](const JsonString& string) -> absl::string_view {
    return string.escaped() ? unescaped.emplace_back(string.ToString()) : string.raw();
  };
  absl::flat_hash_set<absl::string_view> gone;  // their last value is null
  JsonScanner scanner(attributes.object);
  scanner.EnterObject();
  while (const JsonString key = scanner.NextMember()) {
    const JsonValue value = scanner.Take();
    if (value.is_null()) {
      gone.insert(text_of(key));
      continue;
    }
    const JsonString string = value.string();
    entries.emplace_back(text_of(key), string ? text_of(string) : value.text());
    if (!gone.empty()) gone.erase(entries.back().first);
  }
  if (!gone.empty()) {
    entries.erase(std::remove_if(entries.begin(), entries.end(),
                                 [&gone](const auto& entry) { return gone.contains(entry.first); }),
                  entries.end());
  }
  return Attributes(absl::MakeConstSpan(entries));
}

std::uint64_t DockerMessage::Key() const {
  const std::uint64_t key = absl::HashOf(time, type.Hash(), action.Hash(), actor_id.Hash(), health.Hash(),
                                         legacy_image.Hash(), attributes.hash);
  return key == 0 ? 1 : key;
}

absl::StatusOr<std::size_t> ParseDockerMessagePrefix(absl::string_view text, DockerMessage& message) {
  Reader reader(text, JsonScanner::LineBreaks::kError, message);
  if (absl::Status status = reader.Read(); !status.ok()) return status;
  return reader.scanner().position();
}

absl::StatusOr<DockerMessage> ParseDockerMessage(absl::string_view json) {
  DockerMessage message;
  Reader reader(json, JsonScanner::LineBreaks::kBlank, message);
  absl::Status status = reader.Read();
  if (!status.ok()) return status;
  if (!reader.scanner().AtEnd()) return absl::InvalidArgumentError("JSON with more behind its end");
  return message;
}

std::optional<std::string> ParseErrorMessage(absl::string_view json) {
  JsonScanner scanner(json);
  if (!scanner.EnterObject()) return std::nullopt;
  JsonString message;
  while (const JsonString key = scanner.NextMember()) {
    if (key.Is("message")) {
      message = scanner.TakeString();
    } else {
      scanner.Skip();
    }
  }
  if (!scanner.AtEnd() || message.empty()) return std::nullopt;
  return message.ToString();
}

}  // namespace lookout::docker_internal
