#include "lookout/testing/plain_http_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace lookout::testing_internal {
namespace {

// A socket that was connected to a host, or not.
int Connect(absl::string_view host) {
  if (absl::ConsumePrefix(&host, "unix://")) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    host.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
    ::close(fd);
    return -1;
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int port = 0;
  CHECK(absl::SimpleAtoi(host.substr(host.rfind(':') + 1), &port)) << host;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return fd;
  ::close(fd);
  return -1;
}

std::string Between(absl::string_view text, absl::string_view begin) {
  const std::size_t at = text.find(begin);
  if (at == text.npos) return "";
  text.remove_prefix(at + begin.size());
  return std::string(text.substr(0, text.find('"')));
}

}  // namespace

PlainHttpClient::PlainHttpClient(absl::string_view host, absl::string_view target) : fd_(Connect(host)) {
  if (fd_ < 0) return;
  const std::string request = absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: docker\r\n\r\n");
  CHECK_EQ(::send(fd_, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
}

PlainHttpClient::~PlainHttpClient() {
  if (fd_ >= 0) ::close(fd_);
}

std::string PlainHttpClient::ReadTo(absl::string_view end) {
  std::string text;
  char c;
  while (!absl::EndsWith(text, end) && (last_ = ::recv(fd_, &c, 1, 0)) == 1) text += c;
  return text;
}

std::string PlainHttpClient::ReadBytes(std::size_t count) {
  std::string text(count, '\0');
  last_ = ::recv(fd_, text.data(), count, MSG_WAITALL);
  text.resize(last_ > 0 ? static_cast<std::size_t>(last_) : 0);
  return text;
}

std::string PlainHttpClient::ReadHead() { return ReadTo("\r\n\r\n"); }

std::string PlainHttpClient::ReadAnswer() {
  const std::string head = ReadHead();
  std::size_t length = 0;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(head, "Content-Length: ");
  CHECK(absl::SimpleAtoi(parts.second.substr(0, parts.second.find('\r')), &length)) << head;
  return head + ReadBytes(length);
}

std::string PlainHttpClient::ReadChunk() {
  const std::string size = ReadTo("\r\n");
  std::size_t length = 0;
  if (!absl::SimpleHexAtoi(absl::StripSuffix(size, "\r\n"), &length)) return "";
  std::string chunk = ReadBytes(length);
  ReadTo("\r\n");
  return chunk;
}

std::string PlainHttpClient::ReadEvent() {
  const std::string chunk = ReadChunk();
  if (chunk.empty()) return "";
  return absl::StrCat(Between(chunk, "\"Action\":\""), " ", Between(chunk, "\"name\":\""));
}

std::vector<std::string> PlainHttpClient::ReadEvents(int count) {
  std::vector<std::string> events;
  for (int i = 0; i < count; ++i) events.push_back(ReadEvent());
  return events;
}

std::vector<std::string> PlainHttpClient::ReadAllEvents() {
  std::vector<std::string> events;
  for (std::string event = ReadEvent(); !event.empty(); event = ReadEvent()) events.push_back(event);
  return events;
}

bool PlainHttpClient::IsClosed() { return ReadBytes(1).empty() && last_ == 0; }
bool PlainHttpClient::IsReset() { return ReadBytes(1).empty() && last_ < 0 && errno == ECONNRESET; }

bool PlainHttpClient::IsSilent() const {
  char c;
  return ::recv(fd_, &c, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

}  // namespace lookout::testing_internal
