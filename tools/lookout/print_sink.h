// Prints batches to a file descriptor, an event a line.
//
//   PrintSink sink({.fd = STDOUT_FILENO, .format = OutputFormat::kJson, .count = 10},
//                  [&] { stop.request_stop(); });
#ifndef LOOKOUT_TOOLS_LOOKOUT_PRINT_SINK_H_
#define LOOKOUT_TOOLS_LOOKOUT_PRINT_SINK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"
#include "lookout/tools/lookout/event_format.h"

namespace lookout {

struct PrintSinkOptions {
  int fd = 1;  // open for as long as the sink is used, and not the sink's to close
  OutputFormat format = OutputFormat::kText;
  bool color = false;  // text only
  // How many events to print in all. What comes after them is taken and dropped.
  std::optional<std::uint64_t> count = std::nullopt;
};

// As thread-safe as a Sink has to be: one Write() at a time.
class PrintSink final : public Sink {
 public:
  // `on_count_reached` is called once, from the Write() that prints the last of `count` events, after it is
  // printed. It must not call the sink.
  explicit PrintSink(PrintSinkOptions options, absl::AnyInvocable<void()> on_count_reached = nullptr);

  // Prints the batch with one write(2) where the kernel takes it at once, and blocks as long as the reader
  // does. A failure names stdout and what the system says; a part of the batch may be printed then, and
  // none of it counts. SIGPIPE must be ignored.
  absl::Status Write(absl::Span<const Event> batch) override;

 private:
  const PrintSinkOptions options_;
  absl::AnyInvocable<void()> on_count_reached_;
  std::uint64_t printed_ = 0;
  std::string text_;  // of one batch; kept for its memory
};

}  // namespace lookout

#endif  // LOOKOUT_TOOLS_LOOKOUT_PRINT_SINK_H_
