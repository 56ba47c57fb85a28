// An engine that says, byte by byte, what a test tells it to.
//
//   FakeDockerEngine engine;
//   … run a DockerSource on engine.host() in a thread …
//   FakeEngineConnection stream = engine.AcceptEvents();   // … until the source is ready
//   stream.SendChunk(R"({"Type":"container","Action":"start",…})" "\n");
//   stream.Close();
//
// It has no thread: the test's own thread plays the engine, so that what happens has one order. Calls block
// until the client has done its part; a client that never does makes the test time out. What cannot be done
// at all (a socket that cannot be made) ends the test program.
#ifndef LOOKOUT_TESTING_FAKE_DOCKER_ENGINE_H_
#define LOOKOUT_TESTING_FAKE_DOCKER_ENGINE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout {

// The engine's end of one connection. Movable; closed when destroyed.
class FakeEngineConnection {
 public:
  explicit FakeEngineConnection(int fd) : fd_(fd) {}
  ~FakeEngineConnection() { Close(); }
  FakeEngineConnection(FakeEngineConnection&& other) noexcept;
  FakeEngineConnection& operator=(FakeEngineConnection&& other) noexcept;

  // The next request, up to and with the blank line that ends its head; "" if the client hung up.
  std::string ReadRequest();

  // Sends bytes as they are. A client that hung up meanwhile is no error.
  void Send(absl::string_view bytes);
  // The same in as many packets as there are bytes.
  void SendByteByByte(absl::string_view bytes);
  // A whole answer: "200 OK", with a length and the connection's end.
  void SendReply(absl::string_view status, absl::string_view headers, absl::string_view body);
  // The head of an endless answer, and a chunk of it.
  void SendStreamHead();
  void SendChunk(absl::string_view data);

  // Whether there is no connection: see FakeDockerEngine::Stop.
  bool closed() const { return fd_ < 0; }

  // Blocks until the client hangs up.
  void AwaitHangUp();
  void Close();

 private:
  int fd_;
};

class FakeDockerEngine {
 public:
  enum class Transport { kUnix, kTcp };

  // Listens on a unix socket in a directory of its own (a test's TEST_TMPDIR may be longer than a socket's
  // path can be), or on a free port of the loopback.
  explicit FakeDockerEngine(Transport transport = Transport::kUnix);
  // Listens on a unix socket in the place of what is at the path, as an engine does that was restarted.
  explicit FakeDockerEngine(absl::string_view socket_path);
  ~FakeDockerEngine();
  FakeDockerEngine(const FakeDockerEngine&) = delete;
  FakeDockerEngine& operator=(const FakeDockerEngine&) = delete;

  // "unix:///…/d.sock" or "tcp://127.0.0.1:port".
  const std::string& host() const { return host_; }
  // Of the unix socket, or "".
  const std::string& socket_path() const { return socket_path_; }

  // Blocks until a client connects.
  FakeEngineConnection Accept();

  // Connects nobody any more: Accept(), also one that blocks in another thread, returns what is closed.
  void Stop();

  // Accepts a connection, expects a ping, and answers as an engine of this API version; "" names none. False
  // once it is stopped, or if the client hung up.
  bool AnswerPing(absl::string_view api_version = "1.51");

  // Accepts a connection, expects a request whose path holds `part`, and answers it with 200 and `body`.
  // False as AnswerPing().
  bool Answer(absl::string_view part, absl::string_view body);

  // Answers as an engine does that remembers nothing, which is asked twice: for all, and for all until now.
  // False as AnswerPing().
  bool AnswerNothingRemembered();

  // Plays an engine without containers that remembers nothing, until the source is ready: AnswerPing(), the
  // stream's head, and what the source asks beside it. Returns the stream; its request is kept in `*request`
  // if given. Closed where AnswerPing() is false.
  FakeEngineConnection AcceptEvents(std::string* request = nullptr);

  // The last part of it: answers what a source asks beside its stream before it is ready. False as
  // AnswerPing().
  bool AnswerBeforeReady();

  // The same for a source that was ready before: the engine remembers `replay`, and lets the source know by
  // the stream as well. A source that saw nothing before, or finds that this does not follow on what
  // it saw, asks for a list and again for what is remembered next.
  FakeEngineConnection AcceptAgain(absl::string_view replay = "");

 private:
  FakeEngineConnection AcceptStream(std::string* request);
  void ListenOnSocket();
  void ListenOnLoopback();

  int fd_ = -1;
  std::string directory_;  // to be removed, if not empty
  std::string socket_path_;
  std::string host_;
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_FAKE_DOCKER_ENGINE_H_
