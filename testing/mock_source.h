// A Source by gMock, named "mock". Use FakeSource where a script is enough.
//
// Run() returns OK at once unless told otherwise.
#ifndef LOOKOUT_TESTING_MOCK_SOURCE_H_
#define LOOKOUT_TESTING_MOCK_SOURCE_H_

#include <stop_token>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "lookout/events/source.h"

namespace lookout {

class MockSource : public Source {
 public:
  MockSource() { ON_CALL(*this, name).WillByDefault(::testing::Return("mock")); }

  MOCK_METHOD(absl::string_view, name, (), (const, override));
  MOCK_METHOD(absl::Status, Run, (std::stop_token stop, Receiver& receiver), (override));
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_MOCK_SOURCE_H_
