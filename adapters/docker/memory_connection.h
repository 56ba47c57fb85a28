// An engine's whole answer from memory, in pieces of any size: for tests and the fuzzer of what reads it.
#ifndef LOOKOUT_ADAPTERS_DOCKER_MEMORY_CONNECTION_H_
#define LOOKOUT_ADAPTERS_DOCKER_MEMORY_CONNECTION_H_

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/engine_client.h"
#include "lookout/adapters/docker/engine_connection.h"

namespace lookout::docker_internal {

struct MemoryAnswer {
  std::string bytes = {};
  // How many bytes the next Read() gives at most; none: as many as fit.
  std::function<std::size_t()> piece = nullptr;
  // What Read() says behind the last byte: the end, or a failure.
  absl::Status end = {};
};

class MemoryConnection final : public EngineConnection {
 public:
  // `request`, if given, collects what is written.
  MemoryConnection(MemoryAnswer answer, std::string* request)
      : answer_(std::move(answer)), request_(request) {}

  absl::StatusOr<std::size_t> Read(absl::Span<char> into) override {
    const std::size_t piece = answer_.piece ? std::max<std::size_t>(answer_.piece(), 1) : into.size();
    const std::size_t n = answer_.bytes.copy(into.data(), std::min(piece, into.size()), at_);
    at_ += n;
    if (n == 0 && !answer_.end.ok()) return answer_.end;
    return n;
  }

  absl::Status Write(absl::string_view bytes) override {
    if (request_ != nullptr) request_->append(bytes);
    return absl::OkStatus();
  }

 private:
  const MemoryAnswer answer_;
  std::string* const request_;
  std::size_t at_ = 0;
};

// Answers each request with the same.
inline EngineConnector AnswerFromMemory(MemoryAnswer answer, std::string* request = nullptr) {
  return [answer = std::move(answer), request](StoppableWait&, absl::Duration) {
    return absl::StatusOr<std::unique_ptr<EngineConnection>>(
        std::make_unique<MemoryConnection>(answer, request));
  };
}

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_MEMORY_CONNECTION_H_
