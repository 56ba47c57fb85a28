#include "lookout/adapters/docker/plain_connection.h"

#include <utility>

#include "absl/strings/match.h"

namespace lookout::docker_internal {
namespace {

// How a record of TLS with an alert begins: what a server of TLS answers to plain HTTP.
constexpr absl::string_view kTlsAlert = "\x15\x03";
// Go's server, which docker's engine is, answers in plain text.
constexpr absl::string_view kGoAsksForTls =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.";

class PlainConnection final : public EngineConnection {
 public:
  explicit PlainConnection(std::unique_ptr<EngineConnection> inner)
      : EngineConnection(inner->deadline()), inner_(std::move(inner)) {}

  absl::StatusOr<std::size_t> Read(absl::Span<char> into) override {
    inner_->set_deadline(deadline());
    absl::StatusOr<std::size_t> n = inner_->Read(into);
    if (n.ok() && !std::exchange(answered_, true)) {
      const absl::string_view answer(into.data(), *n);
      if (absl::StartsWith(answer, kTlsAlert) || absl::StartsWith(answer, kGoAsksForTls)) {
        return absl::FailedPreconditionError(
            "the engine speaks TLS on this port, and was spoken to without: set DOCKER_TLS_VERIFY=1 and "
            "DOCKER_CERT_PATH, or use a docker context that has its certificates");
      }
    }
    return n;
  }

  absl::Status Write(absl::string_view bytes) override {
    inner_->set_deadline(deadline());
    return inner_->Write(bytes);
  }

 private:
  const std::unique_ptr<EngineConnection> inner_;
  bool answered_ = false;
};

}  // namespace

std::unique_ptr<EngineConnection> ExpectPlain(std::unique_ptr<EngineConnection> inner) {
  return std::make_unique<PlainConnection>(std::move(inner));
}

}  // namespace lookout::docker_internal
