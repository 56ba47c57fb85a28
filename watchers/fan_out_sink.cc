#include "lookout/watchers/fan_out_sink.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/watchers/contain.h"

namespace lookout {

FanOutSink::FanOutSink(std::vector<std::unique_ptr<Sink>> sinks) : sinks_(std::move(sinks)) {}

absl::Status FanOutSink::Write(absl::Span<const Event> batch) {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string text;
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    const absl::Status status = watchers_internal::Contain([&] { return sinks_[i]->Write(batch); });
    if (status.ok()) continue;
    if (code == absl::StatusCode::kOk) code = status.code();
    absl::StrAppend(&text, text.empty() ? "" : "; ", "sink ", i + 1, " of ", sinks_.size(), ": ",
                    status.message());
  }
  return absl::Status(code, text);
}

void FanOutSink::GiveUp() {
  for (const std::unique_ptr<Sink>& sink : sinks_) {
    watchers_internal::Contain([&] {
      sink->GiveUp();
      return absl::OkStatus();
    }).IgnoreError();
  }
}

}  // namespace lookout
