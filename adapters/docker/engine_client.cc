#include "lookout/adapters/docker/engine_client.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "httplib.h"
#include "lookout/adapters/docker/hang_up.h"
#include "lookout/adapters/docker/http_framing.h"

namespace lookout::docker_internal {
namespace {

// What httplib reads from and writes to: a connection that remembers why it failed. Of the answer, httplib is
// given the head without its framing, then the body until its end.
class ConnectionStream final : public httplib::Stream {
 public:
  // `on_sent` is called when the request is written, `on_head_begins` when there is a byte of the answer.
  // False ends all.
  struct Hooks {
    std::function<bool()> on_sent;
    std::function<bool()> on_head_begins;
  };

  ConnectionStream(EngineConnection& connection, Hooks hooks)
      : connection_(connection), hooks_(std::move(hooks)) {}

  bool is_readable() const override { return false; }
  bool wait_readable() const override { return true; }  // read() waits
  bool wait_writable() const override { return true; }  // write() waits
  socket_t socket() const override { return INVALID_SOCKET; }
  time_t duration() const override { return 0; }
  void get_remote_ip_and_port(std::string& /*ip*/, int& port) const override { port = 0; }
  void get_local_ip_and_port(std::string& /*ip*/, int& port) const override { port = 0; }

  ssize_t read(char* into, std::size_t size) override {
    if (failure_.ok() && !body_) failure_ = ReadHead();
    if (!failure_.ok()) return -1;
    if (given_ < head_.text().size()) {
      const std::size_t n = head_.text().copy(into, size, given_);
      given_ += n;
      return static_cast<ssize_t>(n);
    }
    const absl::StatusOr<std::size_t> n = ReadBody(absl::MakeSpan(into, size));
    failure_ = n.status();
    return n.ok() ? static_cast<ssize_t>(*n) : -1;
  }

  ssize_t write(const char* bytes, std::size_t size) override {
    failure_ = connection_.Write({bytes, size});
    return failure_.ok() ? static_cast<ssize_t>(size) : -1;
  }

  // OK if no read or write failed.
  const absl::Status& failure() const { return failure_; }

 private:
  // httplib reads only after it has written all of the request.
  absl::Status ReadHead() {
    if (!hooks_.on_sent()) return absl::CancelledError("stopped");
    std::array<char, 4 << 10> buffer;
    while (!head_.whole()) {
      const absl::StatusOr<std::size_t> n = connection_.Read(absl::MakeSpan(buffer));
      if (!n.ok()) return n.status();
      if (*n == 0) return HangUp(begun_ ? "the answer broke off" : "closed without an answer");
      if (!std::exchange(begun_, true) && !hooks_.on_head_begins()) return absl::CancelledError("stopped");
      const absl::string_view read(buffer.data(), *n);
      const absl::StatusOr<std::size_t> taken = head_.Feed(read);
      if (!taken.ok()) return taken.status();
      ahead_.assign(read.substr(*taken));
    }
    body_.emplace(head_);
    return absl::OkStatus();
  }

  // At least a byte of the body, or 0 at its end.
  absl::StatusOr<std::size_t> ReadBody(absl::Span<char> into) {
    while (!body_->done()) {
      if (!body_->failure().ok()) return body_->failure();
      absl::StatusOr<std::size_t> n = ahead_.copy(into.data(), into.size());
      ahead_.erase(0, *n);
      if (*n == 0) n = connection_.Read(into);
      if (!n.ok()) return n.status();
      if (*n == 0) {
        const absl::Status end = body_->AtEnd();
        if (!end.ok()) return end;
        break;
      }
      if (const std::size_t kept = body_->Decode(into.first(*n)); kept > 0) return kept;
    }
    return 0;
  }

  EngineConnection& connection_;
  const Hooks hooks_;
  HttpHead head_;
  std::optional<HttpBody> body_;
  bool begun_ = false;
  std::size_t given_ = 0;  // of the head, to httplib
  std::string ahead_;      // what was read beyond the head
  absl::Status failure_;
};

// httplib's HTTP without its sockets.
class HttpClient final : public httplib::ClientImpl {
 public:
  HttpClient() : ClientImpl("localhost") {}

  bool Exchange(httplib::Stream& stream, httplib::Request& request, httplib::Response& response,
                httplib::Error& error) {
    const bool close_connection = true;
    return process_request(stream, request, response, close_connection, error);
  }
};

httplib::Request MakeRequest(absl::string_view path, const std::string& host) {
  httplib::Request request;
  request.method = "GET";
  request.path = std::string(path);
  request.headers = {{"Host", host}, {"User-Agent", "lookout"}, {"Accept-Encoding", "identity"}};
  return request;
}

std::optional<absl::Time> ParseDate(const std::string& text) {
  absl::Time time;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &time, nullptr)) return std::nullopt;
  return time;
}

EngineReply ReadHeaders(const httplib::Response& response) {
  return {.status = response.status,
          .api_version = response.get_header_value("Api-Version"),
          .server = response.get_header_value("Server"),
          .libpod_version = response.get_header_value("Libpod-API-Version"),
          .content_type = response.get_header_value("Content-Type"),
          .location = response.get_header_value("Location"),
          .date = ParseDate(response.get_header_value("Date"))};
}

// One request over one connection.
class Exchange {
 public:
  Exchange(EngineConnection& connection, ConnectionStream::Hooks hooks, httplib::Request request,
           std::size_t max_body)
      : stream_(connection, std::move(hooks)), request_(std::move(request)), max_body_(max_body) {
    request_.response_handler = [this](const httplib::Response& response) {
      reply_ = ReadHeaders(response);
      return !on_head || on_head();
    };
    request_.content_receiver = [this](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
      return on_body ? on_body({data, size}) : Keep({data, size});
    };
  }

  absl::StatusOr<EngineReply> Run() try {
    HttpClient client;
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    const bool whole = client.Exchange(stream_, request_, response, error);
    if (whole && reply_.status == 0) reply_ = ReadHeaders(response);  // a status that has no body
    if (whole || reply_.cut) return std::move(reply_);
    // A body that was cut short: what came of it is still an answer to show, but for a stream.
    if (absl::IsUnavailable(stream_.failure()) && reply_.status != 0 && !on_body) {
      reply_.cut = true;
      return std::move(reply_);
    }
    if (!stream_.failure().ok()) return stream_.failure();
    if (error == httplib::Error::Canceled) return absl::CancelledError("stopped");
    return absl::UnavailableError("an answer that cannot be read");
  } catch (const std::exception& e) {
    return absl::UnavailableError(absl::StrCat("an answer that cannot be read: ", e.what()));
  }

  const EngineReply& reply() const { return reply_; }

  std::function<bool()> on_head = nullptr;  // false: no more is wanted
  std::function<bool(absl::string_view)> on_body = nullptr;

 private:
  // A body that is too long is cut.
  bool Keep(absl::string_view data) {
    const absl::string_view fits = data.substr(0, max_body_ - reply_.body.size());
    reply_.body.append(fits);
    reply_.cut = fits.size() < data.size();
    return !reply_.cut;
  }

  ConnectionStream stream_;
  httplib::Request request_;
  const std::size_t max_body_;
  EngineReply reply_;
};

absl::Status Name(const std::string& name, const absl::Status& failure) {
  if (failure.ok() || absl::IsCancelled(failure)) return failure;
  const std::string named = absl::StrCat(name, ": ", failure.message());
  return IsHangUp(failure) ? HangUp(named) : absl::Status(failure.code(), named);
}

// What docker's own client sends: the host of a network's endpoint, which a proxy may choose by. An engine on
// a socket has no name.
std::string HostHeader(const DockerEndpoint& endpoint) {
  const std::string name = ToString(endpoint);
  absl::string_view host = name;
  return absl::ConsumePrefix(&host, "tcp://") ? std::string(host) : "docker";
}

}  // namespace

EngineClient::EngineClient(DockerEndpoint endpoint, absl::Duration timeout, HostResolver& resolver)
    : EngineClient(ToString(endpoint), HostHeader(endpoint), timeout,
                   [endpoint, &resolver](StoppableWait& wait, absl::Duration deadline) {
                     return OpenEngineConnection(endpoint, resolver, wait, deadline);
                   }) {}

EngineClient::EngineClient(std::string name, std::string host, absl::Duration timeout,
                           EngineConnector connect)
    : name_(std::move(name)), host_(std::move(host)), timeout_(timeout), connect_(std::move(connect)) {}

absl::StatusOr<EngineReply> EngineClient::Get(absl::string_view path, StoppableWait& wait,
                                              std::size_t max_body) {
  auto connection = connect_(wait, wait.DeadlineIn(timeout_));
  if (!connection.ok()) return Name(name_, connection.status());
  const auto go_on = [] { return true; };
  Exchange exchange(**connection, {.on_sent = go_on, .on_head_begins = go_on}, MakeRequest(path, host_),
                    max_body);
  absl::StatusOr<EngineReply> reply = exchange.Run();
  if (!reply.ok()) return Name(name_, reply.status());
  return reply;
}

absl::StatusOr<EngineReply> EngineClient::Stream(absl::string_view path, StoppableWait& wait,
                                                 StreamEvents events) {
  auto connection = connect_(wait, wait.DeadlineIn(timeout_));
  if (!connection.ok()) return Name(name_, connection.status());
  const auto on_sent = [&] {
    (*connection)->set_deadline(absl::InfiniteDuration());
    return events.on_sent();
  };
  const auto on_head_begins = [&] {
    (*connection)->set_deadline(wait.DeadlineIn(timeout_));
    return true;
  };
  Exchange exchange(**connection, {.on_sent = on_sent, .on_head_begins = on_head_begins},
                    MakeRequest(path, host_), kMaxReplyBody);
  exchange.on_head = [&] {
    if (exchange.reply().status != 200) return true;
    (*connection)->set_deadline(absl::InfiniteDuration());
    exchange.on_body = events.on_data;
    return events.on_head();
  };
  absl::StatusOr<EngineReply> reply = exchange.Run();
  if (!reply.ok()) return Name(name_, reply.status());
  return reply;
}

}  // namespace lookout::docker_internal
