// A host's addresses, without ever keeping a stop waiting.
//
// getaddrinfo(3) cannot be interrupted and may take half a minute, so it runs in a thread of its own, which
// is left behind when the wait for it ends. At most one such thread per resolver: a new Resolve() waits for
// the one that is still under way. Numeric addresses need no thread.
#ifndef LOOKOUT_ADAPTERS_DOCKER_HOST_RESOLVER_H_
#define LOOKOUT_ADAPTERS_DOCKER_HOST_RESOLVER_H_

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

// Unavailable with the resolver's words if the name has no address.
using Lookup = std::function<absl::StatusOr<std::vector<SocketAddress>>(std::string host, int port)>;

// getaddrinfo(3); with `numeric_only` no name is asked for.
absl::StatusOr<std::vector<SocketAddress>> SystemLookup(const std::string& host, int port, bool numeric_only);

// Used by one thread at a time.
class HostResolver {
 public:
  // `lookup` may be called in another thread, and outlive the resolver there.
  explicit HostResolver(Lookup lookup = [](const std::string& host, int port) {
    return SystemLookup(host, port, false);
  });
  ~HostResolver();

  // Fails as `lookup` does, or as the wait; `deadline` as there.
  absl::StatusOr<std::vector<SocketAddress>> Resolve(const std::string& host, int port, StoppableWait& wait,
                                                     absl::Duration deadline);

 private:
  struct Pending;

  const Lookup lookup_;
  std::shared_ptr<Pending> pending_;
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_HOST_RESOLVER_H_
