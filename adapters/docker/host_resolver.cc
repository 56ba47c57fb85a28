#include "lookout/adapters/docker/host_resolver.h"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace lookout::docker_internal {

// Shared with the thread that looks up, which may outlive the resolver.
struct HostResolver::Pending {
  explicit Pending(std::string asked) : key(std::move(asked)), done_fd(::eventfd(0, EFD_CLOEXEC)) {}
  ~Pending() {
    if (done_fd >= 0) ::close(done_fd);
  }

  const std::string key;
  const int done_fd;  // readable when `result` is there
  absl::Mutex mu;
  absl::StatusOr<std::vector<SocketAddress>> result ABSL_GUARDED_BY(mu) = absl::UnknownError("pending");
};

absl::StatusOr<std::vector<SocketAddress>> SystemLookup(const std::string& host, int port,
                                                        bool numeric_only) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = numeric_only ? AI_NUMERICHOST : AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &list);
  if (error != 0) return absl::UnavailableError(absl::StrCat("host ", host, ": ", ::gai_strerror(error)));
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return addresses;
}

HostResolver::HostResolver(Lookup lookup) : lookup_(std::move(lookup)) {}
HostResolver::~HostResolver() = default;

absl::StatusOr<std::vector<SocketAddress>> HostResolver::Resolve(const std::string& host, int port,
                                                                 StoppableWait& wait,
                                                                 absl::Duration deadline) {
  if (auto numeric = SystemLookup(host, port, true); numeric.ok()) return numeric;
  const std::string key = absl::StrCat(host, " ", port);
  if (pending_ == nullptr || pending_->key != key) {
    auto pending = std::make_shared<Pending>(key);
    if (pending->done_fd < 0) return absl::ErrnoToStatus(errno, "eventfd");
    try {
      std::thread([pending, lookup = lookup_, host, port] {
        absl::StatusOr<std::vector<SocketAddress>> result = lookup(host, port);
        absl::MutexLock lock(pending->mu);
        pending->result = std::move(result);
        ::eventfd_write(pending->done_fd, 1);
      }).detach();
    } catch (const std::system_error& e) {
      return absl::ResourceExhaustedError(absl::StrCat("no thread to look up host ", host, ": ", e.what()));
    }
    pending_ = std::move(pending);
  }
  if (absl::Status done = wait.For(pending_->done_fd, POLLIN, deadline); !done.ok()) {
    if (absl::IsDeadlineExceeded(done)) {
      return absl::DeadlineExceededError(absl::StrCat("host ", host, ": its name server does not answer"));
    }
    return done;
  }
  const std::shared_ptr<Pending> finished = std::exchange(pending_, nullptr);
  absl::MutexLock lock(finished->mu);
  return finished->result;
}

}  // namespace lookout::docker_internal
