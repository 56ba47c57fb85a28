#include "lookout/testing/fake_docker_engine.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lookout {

FakeEngineConnection::FakeEngineConnection(FakeEngineConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FakeEngineConnection& FakeEngineConnection::operator=(FakeEngineConnection&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::string FakeEngineConnection::ReadRequest() {
  std::string request;
  char c;
  while (!absl::EndsWith(request, "\r\n\r\n")) {
    const ssize_t n = ::recv(fd_, &c, 1, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return "";
    request.push_back(c);
  }
  return request;
}

void FakeEngineConnection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void FakeEngineConnection::SendByteByByte(absl::string_view bytes) {
  for (const char& c : bytes) Send({&c, 1});
}

void FakeEngineConnection::SendReply(absl::string_view status, absl::string_view headers,
                                     absl::string_view body) {
  Send(absl::StrCat("HTTP/1.1 ", status, "\r\n", headers, "Content-Length: ", body.size(),
                    "\r\nConnection: close\r\n\r\n", body));
}

void FakeEngineConnection::SendStreamHead() {
  Send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void FakeEngineConnection::SendChunk(absl::string_view data) {
  Send(absl::StrCat(absl::Hex(data.size()), "\r\n", data, "\r\n"));
}

void FakeEngineConnection::AwaitHangUp() {
  char rest[256];
  while (true) {
    const ssize_t n = ::recv(fd_, rest, sizeof(rest), 0);
    if (n == 0 || (n < 0 && errno != EINTR)) return;
  }
}

void FakeEngineConnection::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

FakeDockerEngine::FakeDockerEngine(Transport transport) {
  if (transport == Transport::kTcp) {
    ListenOnLoopback();
    return;
  }
  std::string name = "/tmp/lookout-XXXXXX";
  PCHECK(::mkdtemp(name.data()) != nullptr) << name;
  directory_ = name;
  socket_path_ = absl::StrCat(directory_, "/d.sock");
  ListenOnSocket();
}

FakeDockerEngine::FakeDockerEngine(absl::string_view socket_path) : socket_path_(socket_path) {
  ::unlink(socket_path_.c_str());
  ListenOnSocket();
}

void FakeDockerEngine::ListenOnSocket() {
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  PCHECK(fd_ >= 0) << "socket";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  CHECK_LT(socket_path_.size(), sizeof(address.sun_path)) << socket_path_;
  socket_path_.copy(address.sun_path, socket_path_.size());
  PCHECK(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) << socket_path_;
  PCHECK(::listen(fd_, 16) == 0) << socket_path_;
  host_ = absl::StrCat("unix://", socket_path_);
}

void FakeDockerEngine::ListenOnLoopback() {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  PCHECK(fd_ >= 0) << "socket";
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  PCHECK(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) << "bind to the loopback";
  PCHECK(::listen(fd_, 16) == 0) << "listen on the loopback";
  socklen_t size = sizeof(address);
  PCHECK(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0) << "getsockname";
  host_ = absl::StrCat("tcp://127.0.0.1:", ntohs(address.sin_port));
}

FakeDockerEngine::~FakeDockerEngine() {
  ::close(fd_);
  if (directory_.empty()) return;
  ::unlink(socket_path_.c_str());
  ::rmdir(directory_.c_str());
}

FakeEngineConnection FakeDockerEngine::Accept() {
  while (true) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) return FakeEngineConnection(fd);
    if (errno == EINVAL) return FakeEngineConnection(-1);  // shut down
    PCHECK(errno == EINTR || errno == ECONNABORTED) << "accept";
  }
}

void FakeDockerEngine::Stop() { ::shutdown(fd_, SHUT_RDWR); }

bool FakeDockerEngine::AnswerPing(absl::string_view api_version) {
  FakeEngineConnection connection = Accept();
  const std::string request = connection.ReadRequest();
  if (request.empty()) return false;
  CHECK(absl::StartsWith(request, "GET /_ping HTTP/1.1\r\n")) << "a ping was expected: " << request;
  connection.SendReply("200 OK",
                       api_version.empty() ? "" : absl::StrCat("Api-Version: ", api_version, "\r\n"), "OK");
  connection.AwaitHangUp();
  return true;
}

bool FakeDockerEngine::Answer(absl::string_view part, absl::string_view body) {
  FakeEngineConnection connection = Accept();
  const std::string request = connection.ReadRequest();
  if (request.empty()) return false;
  CHECK(absl::StrContains(request.substr(0, request.find('\r')), part))
      << part << " was expected: " << request;
  connection.SendReply("200 OK", "Content-Type: application/json\r\n", body);
  connection.AwaitHangUp();
  return true;
}

FakeEngineConnection FakeDockerEngine::AcceptStream(std::string* request) {
  if (!AnswerPing()) return FakeEngineConnection(-1);
  FakeEngineConnection connection = Accept();
  const std::string head = connection.ReadRequest();
  if (head.empty()) return FakeEngineConnection(-1);
  CHECK(absl::StrContains(head, "/events?")) << "a request for events was expected: " << head;
  if (request != nullptr) *request = head;
  connection.SendStreamHead();
  return connection;
}

FakeEngineConnection FakeDockerEngine::AcceptEvents(std::string* request) {
  FakeEngineConnection stream = AcceptStream(request);
  return !stream.closed() && AnswerBeforeReady() ? std::move(stream) : FakeEngineConnection(-1);
}

bool FakeDockerEngine::AnswerNothingRemembered() { return Answer("until=0", "") && Answer("until=", ""); }

bool FakeDockerEngine::AnswerBeforeReady() {
  return AnswerNothingRemembered() && Answer("/containers/json", "[]") && AnswerNothingRemembered();
}

FakeEngineConnection FakeDockerEngine::AcceptAgain(absl::string_view replay) {
  FakeEngineConnection stream = AcceptStream(nullptr);
  if (!stream.closed() && !replay.empty()) stream.SendChunk(replay);
  if (stream.closed()) return stream;
  const bool answered = replay.empty() ? AnswerNothingRemembered() : Answer("until=", replay);
  return answered ? std::move(stream) : FakeEngineConnection(-1);
}

}  // namespace lookout
