#include "lookout/adapters/docker/engine_client.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "httplib.h"
#include "lookout/adapters/docker/engine_connection.h"

namespace lookout::docker_internal {
namespace {

// httplib matches the status line with std::regex, whose stack grows with the line; no engine's is longer.
constexpr std::size_t kMaxStatusLine = 1024;

// What httplib reads from and writes to: a connection, buffered, that remembers why it failed.
class ConnectionStream final : public httplib::Stream {
 public:
  explicit ConnectionStream(EngineConnection& connection) : connection_(connection) {}

  bool is_readable() const override { return begin_ < end_; }
  bool wait_readable() const override { return true; }  // read() waits
  bool wait_writable() const override { return true; }  // write() waits
  socket_t socket() const override { return connection_.fd(); }
  time_t duration() const override { return 0; }
  void get_remote_ip_and_port(std::string& /*ip*/, int& port) const override { port = 0; }
  void get_local_ip_and_port(std::string& /*ip*/, int& port) const override { port = 0; }

  ssize_t read(char* into, std::size_t size) override {
    if (begin_ == end_ && !Fill()) return failure_.ok() ? 0 : -1;
    const std::size_t n = std::min(size, end_ - begin_);
    std::copy_n(buffer_.begin() + begin_, n, into);
    begin_ += n;
    if (!status_line_read_ && !CheckStatusLine(absl::string_view(into, n))) return -1;
    return static_cast<ssize_t>(n);
  }

  ssize_t write(const char* bytes, std::size_t size) override {
    failure_ = connection_.Write({bytes, size});
    return failure_.ok() ? static_cast<ssize_t>(size) : -1;
  }

  // OK if no read or write failed.
  const absl::Status& failure() const { return failure_; }

 private:
  bool Fill() {
    absl::StatusOr<std::size_t> n = connection_.Read(absl::MakeSpan(buffer_));
    failure_ = n.status();
    begin_ = 0;
    end_ = n.value_or(0);
    return end_ > 0;
  }

  bool CheckStatusLine(absl::string_view read) {
    status_line_read_ = read.find('\n') != absl::string_view::npos;
    status_line_size_ += read.size();
    if (status_line_read_ || status_line_size_ <= kMaxStatusLine) return true;
    failure_ = absl::UnavailableError("an answer that is not HTTP");
    return false;
  }

  EngineConnection& connection_;
  std::array<char, 32 << 10> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool status_line_read_ = false;
  std::size_t status_line_size_ = 0;
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

httplib::Request MakeRequest(absl::string_view path) {
  httplib::Request request;
  request.method = "GET";
  request.path = std::string(path);
  // An engine on a socket has no name; docker's own client sends this one.
  request.headers = {{"Host", "docker"}, {"User-Agent", "lookout"}, {"Accept-Encoding", "identity"}};
  return request;
}

// One request over one connection.
class Exchange {
 public:
  Exchange(EngineConnection& connection, absl::string_view path)
      : stream_(connection), request_(MakeRequest(path)) {
    request_.response_handler = [this](const httplib::Response& response) {
      reply_.status = response.status;
      reply_.api_version = response.get_header_value("Api-Version");
      reply_.content_type = response.get_header_value("Content-Type");
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
    if (client.Exchange(stream_, request_, response, error)) return std::move(reply_);
    if (!stream_.failure().ok()) return stream_.failure();
    // A body that was cut short: what came of it is still an answer to show, but for a stream.
    if (reply_.status != 0 && !on_body) return std::move(reply_);
    if (error == httplib::Error::Canceled) return absl::CancelledError("stopped");
    return absl::UnavailableError(reply_.status == 0 ? "an answer that is not HTTP" : "the answer broke off");
  } catch (const std::exception& e) {
    return absl::UnavailableError(absl::StrCat("an answer that cannot be read: ", e.what()));
  }

  const EngineReply& reply() const { return reply_; }

  std::function<bool()> on_head = nullptr;  // false: no more is wanted
  std::function<bool(absl::string_view)> on_body = nullptr;

 private:
  // An answer that is too long is cut.
  bool Keep(absl::string_view data) {
    reply_.body.append(data.substr(0, kMaxReplyBody - reply_.body.size()));
    return reply_.body.size() < kMaxReplyBody;
  }

  ConnectionStream stream_;
  httplib::Request request_;
  EngineReply reply_;
};

absl::Status Name(const DockerEndpoint& endpoint, const absl::Status& failure) {
  if (failure.ok() || absl::IsCancelled(failure)) return failure;
  return absl::Status(failure.code(), absl::StrCat(ToString(endpoint), ": ", failure.message()));
}

}  // namespace

absl::StatusOr<EngineReply> EngineClient::Get(absl::string_view path, StoppableWait& wait) {
  const absl::Time deadline = wait.clock().TimeNow() + timeout_;
  auto connection = EngineConnection::Open(endpoint_, resolver_, wait, deadline);
  if (!connection.ok()) return Name(endpoint_, connection.status());
  absl::StatusOr<EngineReply> reply = Exchange(**connection, path).Run();
  if (!reply.ok()) return Name(endpoint_, reply.status());
  return reply;
}

absl::StatusOr<EngineReply> EngineClient::Stream(absl::string_view path, StoppableWait& wait,
                                                 absl::FunctionRef<bool()> on_live,
                                                 absl::FunctionRef<bool(absl::string_view)> on_data) {
  const absl::Time deadline = wait.clock().TimeNow() + timeout_;
  auto connection = EngineConnection::Open(endpoint_, resolver_, wait, deadline);
  if (!connection.ok()) return Name(endpoint_, connection.status());
  Exchange exchange(**connection, path);
  exchange.on_head = [&] {
    if (exchange.reply().status != 200) return true;
    (*connection)->set_deadline(absl::InfiniteFuture());
    exchange.on_body = on_data;
    return on_live();
  };
  absl::StatusOr<EngineReply> reply = exchange.Run();
  if (!reply.ok()) return Name(endpoint_, reply.status());
  return reply;
}

}  // namespace lookout::docker_internal
