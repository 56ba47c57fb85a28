// What the tests of FakeContainerEngine share: an engine, and a client that asks it.
#ifndef LOOKOUT_TESTING_FAKE_CONTAINER_ENGINE_HARNESS_H_
#define LOOKOUT_TESTING_FAKE_CONTAINER_ENGINE_HARNESS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lookout/testing/fake_clock.h"
#include "lookout/testing/fake_container_engine.h"
#include "lookout/testing/plain_http_client.h"

namespace lookout::testing_internal {

// A request to an engine.
class Client : public PlainHttpClient {
 public:
  Client(const FakeContainerEngine& engine, absl::string_view target)
      : PlainHttpClient(engine.host(), target) {}
};

inline constexpr absl::string_view kOfContainers = "filters=%7B%22type%22%3A%5B%22container%22%5D%7D";

// An engine, and what it remembers.
class FakeContainerEngineHarness : public ::testing::Test {
 protected:
  FakeClock clock_;
  FakeContainerEngine engine_{clock_};

  static std::vector<std::string> Remembered(const FakeContainerEngine& engine,
                                             absl::string_view query = "") {
    Client client(engine, absl::StrCat("/v1.41/events?since=0&until=", Seconds(engine.Now()), query));
    client.ReadHead();
    return client.ReadAllEvents();
  }
  std::vector<std::string> Remembered(absl::string_view query = "") { return Remembered(engine_, query); }

  // Just before `time`.
  static std::string Seconds(absl::Time time) {
    const std::int64_t nanos = absl::ToUnixNanos(time - absl::Nanoseconds(1));
    return absl::StrCat(nanos / 1000000000, ".", absl::Dec(nanos % 1000000000, absl::kZeroPad9));
  }
};

}  // namespace lookout::testing_internal

#endif  // LOOKOUT_TESTING_FAKE_CONTAINER_ENGINE_HARNESS_H_
