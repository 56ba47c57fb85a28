// A Receiver by gMock that takes every event unless told otherwise. Use RecordingReceiver where looking at
// what came is enough.
#ifndef LOOKOUT_TESTING_MOCK_RECEIVER_H_
#define LOOKOUT_TESTING_MOCK_RECEIVER_H_

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"

namespace lookout {

class MockReceiver : public Receiver {
 public:
  MockReceiver() { ON_CALL(*this, OnEvent).WillByDefault(::testing::Return(true)); }

  MOCK_METHOD(void, OnReady, (), (override));
  MOCK_METHOD(bool, OnEvent, (Event event), (override));
  MOCK_METHOD(void, OnError, (absl::Status error), (override));
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_MOCK_RECEIVER_H_
