// A Sink by gMock. Use RecordingSink where looking at what came is enough.
#ifndef LOOKOUT_TESTING_MOCK_SINK_H_
#define LOOKOUT_TESTING_MOCK_SINK_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "lookout/events/event.h"
#include "lookout/events/sink.h"

namespace lookout {

class MockSink : public Sink {
 public:
  MOCK_METHOD(absl::Status, Write, (absl::Span<const Event> batch), (override));
  MOCK_METHOD(void, GiveUp, (), (override));
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_MOCK_SINK_H_
