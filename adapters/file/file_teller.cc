#include "lookout/adapters/file/file_teller.h"

#include <cstddef>
#include <utility>

#include "absl/types/span.h"

namespace lookout::file_internal {
namespace {

// More than a read of the kernel's queue usually brings.
constexpr std::size_t kMostKept = 1024;

}  // namespace

void FileTeller::Tell(Action action, std::string path, bool is_directory, std::string renamed_from) {
  Event event{.type = EventType::kFile, .actor_name = std::move(path), .action = action, .time = now_};
  if (is_directory) event.attributes.Set(kKind, std::string(kKindDirectory));
  if (!renamed_from.empty()) event.attributes.Set(kRenamedFrom, std::move(renamed_from));
  Add(std::move(event));
}

void FileTeller::TellRename(std::string path, bool is_directory, std::string from,
                            absl::string_view replaced) {
  Event event{
      .type = EventType::kFile, .actor_name = std::move(path), .action = Action::kFileRenamed, .time = now_};
  if (is_directory) event.attributes.Set(kKind, std::string(kKindDirectory));
  event.attributes.Set(kRenamedFrom, std::move(from));
  event.attributes.Set(kReplaced, std::string(replaced));
  Add(std::move(event));
}

void FileTeller::TellLoss(std::string path, std::string reason) {
  Add(MakeForceReload(EventType::kFile, std::move(path), std::move(reason), now_));
}

void FileTeller::Add(Event event) {
  if (!wanted_) return;
  ++events_;
  told_.push_back(std::move(event));
  if (told_.size() >= kMostKept) Flush();
}

void FileTeller::Flush() {
  if (told_.empty()) return;
  if (wanted_) wanted_ = receiver_.OnEvents(absl::MakeSpan(told_));
  told_.clear();
}

}  // namespace lookout::file_internal
