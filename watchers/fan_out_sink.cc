#include "lookout/watchers/fan_out_sink.h"

#include <cstddef>
#include <exception>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lookout {
namespace {

absl::Status WriteContained(Sink& sink, absl::Span<const Event> batch) {
  try {
    return sink.Write(batch);
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("threw: ", e.what()));
  } catch (...) {
    return absl::InternalError("threw something that is no std::exception");
  }
}

}  // namespace

FanOutSink::FanOutSink(std::vector<std::unique_ptr<Sink>> sinks) : sinks_(std::move(sinks)) {}

absl::Status FanOutSink::Write(absl::Span<const Event> batch) {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string text;
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    const absl::Status status = WriteContained(*sinks_[i], batch);
    if (status.ok()) continue;
    if (code == absl::StatusCode::kOk) code = status.code();
    absl::StrAppend(&text, text.empty() ? "" : "; ", "sink ", i + 1, " of ", sinks_.size(), ": ",
                    status.message());
  }
  return absl::Status(code, text);
}

}  // namespace lookout
