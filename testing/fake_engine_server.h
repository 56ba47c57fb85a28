// The sockets and the HTTP of FakeContainerEngine: a listener with a thread of its own, and a thread for each
// connection, all of which can be told to close, to stand still, or to start anew, from any thread.
//
// What cannot be done at all (a socket that cannot be made) ends the test program.
#ifndef LOOKOUT_TESTING_FAKE_ENGINE_SERVER_H_
#define LOOKOUT_TESTING_FAKE_ENGINE_SERVER_H_

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"

namespace lookout::testing_internal {

// A descriptor that poll(2) sees once Set() was called, until Clear().
class WakeFd {
 public:
  WakeFd();
  ~WakeFd();
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;

  void Set();
  void Clear();
  int fd() const { return fd_; }

 private:
  const int fd_;
};

class FakeEngineServer;

// The engine's end of a connection. Used by the thread that serves it, but for Wake().
class FakeServerConnection {
 public:
  // Takes over `fd`.
  FakeServerConnection(int fd, FakeEngineServer& server) : fd_(fd), server_(server) {}
  ~FakeServerConnection();
  FakeServerConnection(const FakeServerConnection&) = delete;
  FakeServerConnection& operator=(const FakeServerConnection&) = delete;

  // Sends all of it, after the head that was held back. False if the connection is over.
  bool Send(absl::string_view bytes);
  // A whole answer; `headers` are lines with their ends.
  bool SendReply(int status, absl::string_view headers, absl::string_view body);
  // Keeps a head until something else is sent.
  void HoldBack(std::string head) { held_back_ = std::move(head); }
  // Sends what is held back and the end of a chunked answer.
  bool SendLastChunk() { return Send("0\r\n\r\n"); }

  // Blocks until Wake(), the client's hang-up or the end of `timeout` on the server's clock. False if the
  // connection is over. absl::InfiniteDuration() does not wait on the clock at all.
  bool Wait(absl::Duration timeout);
  void Wake() { wake_.Set(); }

  // From now on FakeEngineServer::Close() counts it as a stream.
  void SetStream() { is_stream_ = true; }

 private:
  friend class FakeEngineServer;

  // Of the next request, up to and with the blank line; "" if the connection is over.
  std::string ReadHead();
  bool PollFor(short events, absl::Duration timeout);

  const int fd_;
  FakeEngineServer& server_;
  WakeFd wake_;
  std::string received_;  // beyond the last head
  std::string held_back_;
  std::atomic<bool> is_stream_ = false;
  std::atomic<bool> closing_ = false;
  std::atomic<bool> reset_ = false;  // close with a TCP reset
  std::atomic<bool> done_ = false;   // nothing is served any more, and the descriptor is closed
  std::thread thread_;
};

class FakeEngineServer {
 public:
  // Serves a request for this target ("/v1.51/events?since=0"). False ends the connection.
  using Handler = std::function<bool(const std::string& target, FakeServerConnection& connection)>;

  // Listens on a unix socket in a directory of its own below /tmp (TEST_TMPDIR may be longer than a socket's
  // path can be), or on a free port of the loopback. `clock` must outlive it.
  FakeEngineServer(bool tcp, absl::Clock& clock, Handler handler);
  // Closes everything and joins its threads.
  ~FakeEngineServer();
  FakeEngineServer(const FakeEngineServer&) = delete;
  FakeEngineServer& operator=(const FakeEngineServer&) = delete;

  const std::string& host() const { return host_; }
  const std::string& socket_path() const { return socket_path_; }

  // Who connects is refused, until Listen(). The socket's file stays, as after a kill.
  void StopListening();
  // In the place of what was listened on before: a unix socket is a new file, a port is the same.
  void Listen();
  // Closes connections (`streams_only`: those) and waits until they are closed.
  void Close(bool streams_only, bool reset);
  // While frozen nobody is accepted (the kernel's backlog takes them), and nothing is read or sent.
  void SetFrozen(bool frozen);

 private:
  friend class FakeServerConnection;

  void AcceptLoop();
  void Serve(FakeServerConnection& connection);
  void Adopt(int fd);
  void SwapListener(int fd);
  int MakeListener();
  void ReapDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const bool tcp_;
  absl::Clock& clock_;
  const Handler handler_;
  std::string directory_;
  std::string socket_path_;
  std::string host_;
  int port_ = 0;
  std::atomic<bool> frozen_ = false;
  WakeFd wake_;  // of the thread that accepts

  absl::Mutex mu_;
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  bool swap_pending_ ABSL_GUARDED_BY(mu_) = false;
  int next_listener_ ABSL_GUARDED_BY(mu_) = -1;
  std::list<std::unique_ptr<FakeServerConnection>> connections_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

}  // namespace lookout::testing_internal

#endif  // LOOKOUT_TESTING_FAKE_ENGINE_SERVER_H_
