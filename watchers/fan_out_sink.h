// Gives every batch to several Sinks, each whatever becomes of the others.
//
//   std::vector<std::unique_ptr<Sink>> sinks;
//   sinks.push_back(std::make_unique<PrintSink>());
//   sinks.push_back(std::make_unique<MetricsSink>());
//   FanOutSink all(std::move(sinks));
#ifndef LOOKOUT_WATCHERS_FAN_OUT_SINK_H_
#define LOOKOUT_WATCHERS_FAN_OUT_SINK_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"

namespace lookout {

// As thread-safe as a Sink has to be: one Write() at a time, GiveUp() at any.
class FanOutSink final : public Sink {
 public:
  explicit FanOutSink(std::vector<std::unique_ptr<Sink>> sinks);

  // Writes to each sink in turn, also after one has failed or thrown. OK if all took the batch; otherwise the
  // first failure's code, and the text of each failure with the number of its sink, counted from 1.
  absl::Status Write(absl::Span<const Event> batch) override;

  // Passed on to each sink; what one throws is ignored.
  void GiveUp() override;

 private:
  std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace lookout

#endif  // LOOKOUT_WATCHERS_FAN_OUT_SINK_H_
