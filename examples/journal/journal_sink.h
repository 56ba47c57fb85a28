// A Sink of the application's own: each of lookout's events becomes one of the journal's.
#ifndef EXAMPLES_JOURNAL_JOURNAL_SINK_H_
#define EXAMPLES_JOURNAL_JOURNAL_SINK_H_

#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "events/event.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"

namespace journal {

class JournalSink final : public lookout::Sink {
 public:
  // `append` is false when the journal cannot take a line.
  using Append = absl::AnyInvocable<bool(const Event&)>;
  explicit JournalSink(Append append) : append_(std::move(append)) {}

  absl::Status Write(absl::Span<const lookout::Event> batch) override {
    for (const lookout::Event& event : batch) {
      if (!append_({.time = event.time, .text = event.ToString()})) {
        return absl::UnavailableError("the journal takes no lines");
      }
    }
    return absl::OkStatus();
  }

 private:
  Append append_;
};

}  // namespace journal

#endif  // EXAMPLES_JOURNAL_JOURNAL_SINK_H_
