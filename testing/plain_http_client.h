// The plainest HTTP client there is, to test FakeContainerEngine with.
#ifndef LOOKOUT_TESTING_PLAIN_HTTP_CLIENT_H_
#define LOOKOUT_TESTING_PLAIN_HTTP_CLIENT_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace lookout::testing_internal {

// A connection of its own for one request, which it sends at once. What it reads it waits for.
class PlainHttpClient {
 public:
  // `host`: "unix:///…" or "tcp://127.0.0.1:port".
  PlainHttpClient(absl::string_view host, absl::string_view target);
  ~PlainHttpClient();
  PlainHttpClient(const PlainHttpClient&) = delete;
  PlainHttpClient& operator=(const PlainHttpClient&) = delete;

  bool connected() const { return fd_ >= 0; }

  std::string ReadHead();
  // Head and body of an answer that has a length.
  std::string ReadAnswer();
  // The next chunk; "" for the last, or where the connection ended.
  std::string ReadChunk();
  // "start web", of the next chunk; "" where there is none.
  std::string ReadEvent();
  std::vector<std::string> ReadEvents(int count);
  // Until the answer ends.
  std::vector<std::string> ReadAllEvents();

  // Wait for the connection's end: whether it came in order, or by a reset.
  bool IsClosed();
  bool IsReset();
  // Whether nothing has come, so far.
  bool IsSilent() const;

 private:
  // Up to and with the next `end`; what there is if the connection ends before.
  std::string ReadTo(absl::string_view end);
  std::string ReadBytes(std::size_t count);

  const int fd_;
  ssize_t last_ = 1;  // what recv(2) returned
};

}  // namespace lookout::testing_internal

#endif  // LOOKOUT_TESTING_PLAIN_HTTP_CLIENT_H_
