#include "lookout/tools/lookout/print_sink.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "lookout/events/event_json.h"
#include "lookout/tools/lookout/write_all.h"

namespace lookout {

PrintSink::PrintSink(PrintSinkOptions options, absl::AnyInvocable<void()> on_count_reached)
    : options_(std::move(options)), on_count_reached_(std::move(on_count_reached)) {}

absl::Status PrintSink::Write(absl::Span<const Event> batch) {
  if (options_.count.has_value()) {
    const std::uint64_t left = *options_.count - printed_;
    batch = batch.first(static_cast<std::size_t>(std::min<std::uint64_t>(batch.size(), left)));
  }
  if (batch.empty()) return absl::OkStatus();

  text_.clear();
  for (const Event& event : batch) {
    if (options_.format == OutputFormat::kJson) {
      AppendEventJson(event, text_);
    } else {
      AppendEventText(event, options_.color, text_);
    }
    text_ += '\n';
  }
  if (absl::Status written = WriteAll(options_.fd, text_, "stdout"); !written.ok()) return written;

  printed_ += batch.size();
  if (printed_ == options_.count && on_count_reached_) on_count_reached_();
  return absl::OkStatus();
}

}  // namespace lookout
