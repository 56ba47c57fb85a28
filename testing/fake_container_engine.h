// A whole container engine in the test's own process: containers that live, a memory of events, and its API
// on a socket. It behaves as moby does (daemon/events, api/server/router/system), or as Podman's compatible
// API where they differ, and goes wrong in all the ways that engines do.
//
//   FakeClock clock;
//   FakeContainerEngine engine(clock);
//   … run a DockerSource on engine.host() in a thread …
//   engine.AwaitStreams(1);
//   engine.RunOnce("web");            // create, start, die, destroy
//   engine.BreakStreams();
//   engine.OtherEvents(300);          // the engine remembers nothing of web any more
//
// Served: GET /_ping, /events (since, until, filters; Podman's stream=false), /containers/json (all,
// filters), each with or without a version before it. GET /events answers before it subscribes, as moby does.
//
// Threads: every method may be called from any thread; no thread of a test ever waits for a client but in the
// Await… methods. The engine's own threads do not wait on the clock but for an `until` that lies ahead, so
// that a test that counts waiters counts its own. What a test asks for that cannot be (start a container that
// is not there) ends the test program.
//
// For an engine that says exactly what a test tells it, byte by byte: fake_docker_engine.h.
#ifndef LOOKOUT_TESTING_FAKE_CONTAINER_ENGINE_H_
#define LOOKOUT_TESTING_FAKE_CONTAINER_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/events/attributes.h"
#include "lookout/testing/fake_engine_json.h"
#include "lookout/testing/fake_engine_server.h"

namespace lookout {

struct FakeEngineOptions {
  bool tcp = false;                  // a port of the loopback instead of a unix socket
  bool podman = false;               // its headers, verbs, filters and history instead of Docker's
  std::string api_version = "1.51";  // in answers to /_ping; "" names none. Podman's is 1.41
  bool date = true;                  // header Date
  std::size_t ring = 256;            // events that are remembered (moby: eventsLimit); Podman remembers all
  std::size_t channel = 1024;     // events that wait for a slow reader (moby: bufferSize); then they are lost
  bool epoch_is_no_bound = true;  // `until=0` is none (moby); else nothing is as old
};

class FakeContainerEngine {
 public:
  explicit FakeContainerEngine(absl::Clock& clock, FakeEngineOptions options = {});
  ~FakeContainerEngine();
  FakeContainerEngine(const FakeContainerEngine&) = delete;
  FakeContainerEngine& operator=(const FakeContainerEngine&) = delete;

  // "unix:///…/d.sock" or "tcp://127.0.0.1:port".
  const std::string& host() const { return server_->host(); }
  // Of the unix socket, or "".
  const std::string& socket_path() const { return server_->socket_path(); }

  // --- What containers do. They are called by their names. ---

  // Returns its ID, of 64 digits, which no other ever has.
  std::string Create(absl::string_view name, absl::string_view image = "busybox:test",
                     Attributes labels = {});
  void Start(absl::string_view name);
  void Die(absl::string_view name, int exit_code = 0);
  void Stop(absl::string_view name);                  // kill, stop, die
  void Kill(absl::string_view name, int signal = 9);  // kill, and die if the signal is 9
  void Pause(absl::string_view name);
  void Unpause(absl::string_view name);
  void Destroy(absl::string_view name);  // which does not run
  void Rename(absl::string_view name, absl::string_view to);
  void Health(absl::string_view name, bool healthy);
  void Run(absl::string_view name);                   // create, start
  void RunOnce(absl::string_view name);               // create, start, die, destroy
  void RunOnce(absl::string_view prefix, int count);  // of <prefix>0, <prefix>1, …
  void ForceRemove(absl::string_view name);           // kill, die, destroy
  // No event: as when it happens while the engine is down.
  void DieSilently(absl::string_view name);
  void DestroySilently(absl::string_view name);
  // What the list says of its state, whatever it is: "restarting", "dead", …
  void ShowState(absl::string_view name, absl::string_view state);
  // Events of networks, and of commands in containers, which fill the ring as any others.
  void OtherEvents(int count);
  // The states of all containers, by name.
  std::map<std::string, std::string> states() const;
  std::string id(absl::string_view name) const;

  // --- Events that get lost, or come late. ---

  // The next `count` events happen, and are neither sent nor remembered.
  void SwallowEvents(int count);
  // Events happen, and the list shows what they did, but are not logged until ReleaseEvents(): moby notes a
  // container's new state before it logs the event.
  void HoldEvents();
  void ReleaseEvents();
  // How many did not fit into a stream's channel.
  std::uint64_t lost_events() const;

  // --- Time. An event's time is a millisecond before the engine's clock, and a nanosecond after the last at
  // least, so that it never lies ahead of what a client may ask for. ---

  // For the next events, one each, instead: late ones, swapped ones, such as go back.
  void SetEventTimes(std::vector<absl::Time> times);
  // The engine's clock is ahead of the injected one by so much.
  void SetClockOffset(absl::Duration offset);
  absl::Time Now() const;

  // --- Connections. ---

  // Closes the event streams, and returns when they are closed. `reset`: with a TCP reset.
  void BreakStreams(bool reset = false);
  // The engine's process ends: nobody can connect (the socket's file stays), everything is closed. What
  // containers do meanwhile leaves no event, but with Podman, whose history is a file.
  void Down();
  // It comes back, on a new socket file or the same port, and remembers nothing; Podman all.
  // `containers_died`: those that ran are exited, without an event.
  void Up(bool containers_died = false);
  // A new file in the place of the socket; connections to the old one go on.
  void ReplaceSocket();
  // As under SIGSTOP: connections are taken by the kernel, and nothing is read or sent until Thaw().
  void Freeze();
  void Thaw();
  // As a proxy does: the head of GET /events is sent with the first event only, or with the end.
  void WithholdHeads(bool withhold);

  // --- Answers. ---

  // Answers requests whose target holds `part` ("/events", "until=") so, until AnswerNormally(part).
  struct Answer {
    int status = 500;
    std::string body = {};
    std::string content_type = "application/json";
  };
  void AnswerInstead(absl::string_view part, Answer answer);
  void AnswerNormally(absl::string_view part);
  // 403 with a page of HTML, as from a proxy that guards the socket.
  void ForbidLists(bool forbid);
  void IgnoreFilters(bool ignore);
  void SetApiVersion(absl::string_view version);
  // Called in a stream's thread between the answer's head and the subscription, and in a list's between the
  // look at the containers and the answer, each time until it is set to null. May call the engine, but not to
  // close the very connection it runs for.
  void SetBeforeSubscribe(std::function<void()> hook);
  void SetAfterLook(std::function<void()> hook);

  // --- Floods, for benchmarks. ---

  // Prepares the lines of `events` events, of different times and containers: create, start, die, destroy.
  void PrepareFlood(int events);
  // Hands what was prepared to every stream, past its filters and its channel, to be sent as fast as the
  // socket takes it. It is not remembered.
  void Flood();
  // Both.
  void Flood(int events);

  // --- What clients do. ---

  // The targets of all requests so far, in order of arrival.
  std::vector<std::string> requests() const;
  // How many of them hold `part`.
  int CountRequests(absl::string_view part) const;
  // Blocks until there are `count` of them; a client that never sends them makes the test time out.
  void AwaitRequests(absl::string_view part, int count) const;
  // Streams that are subscribed, and that end by no `until`.
  int streams() const;
  void AwaitStreams(int count) const;  // so many, or more
  void AwaitNoStreams() const;

 private:
  using Container = testing_internal::FakeContainer;
  using EngineEvent = testing_internal::FakeEngineEvent;
  using Filters = testing_internal::FakeEngineFilters;
  using Connection = testing_internal::FakeServerConnection;
  using Target = testing_internal::FakeEngineTarget;
  using Bytes = std::shared_ptr<const std::string>;

  struct Stream {
    Connection& connection;
    Filters filters;
    bool endless;
    std::optional<absl::Time> after = {};  // Podman sends nothing older, and nothing as old
    std::deque<Bytes> channel = {};
  };

  // Of containers (fake_container_engine.cc).
  Container& Get(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Happen(const Container& container, absl::string_view verb, Attributes more = {})
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Move(absl::string_view name, absl::string_view verb, std::vector<absl::string_view> from,
            absl::string_view to) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string CreateLocked(absl::string_view name, absl::string_view image, Attributes labels)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void DieLocked(absl::string_view name, int exit_code) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void KillLocked(absl::string_view name, int signal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void DestroyLocked(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Publish(EngineEvent event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Log(EngineEvent event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Time NextEventTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Of requests (fake_container_engine_http.cc).
  bool Serve(const std::string& target, Connection& connection);
  bool ServeEvents(const Target& target, Connection& connection);
  bool ServeList(const Target& target, Connection& connection);
  bool Refuse(int status, absl::string_view message, Connection& connection);
  std::string Headers(absl::string_view content_type) const;
  std::optional<Answer> AnswerFor(absl::string_view target) const;
  std::string RefusedVersion(absl::string_view version) const;
  std::string Replay(std::optional<absl::Time> since, std::optional<absl::Time> until,
                     const Filters& filters) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool SendStream(Stream& stream, std::optional<absl::Time> until);
  int CountStreams() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  int CountTargets(absl::string_view part) const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  absl::Clock& clock_;
  const FakeEngineOptions options_;
  mutable absl::Mutex mu_;

  std::vector<Container> containers_ ABSL_GUARDED_BY(mu_);
  std::uint64_t made_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<EngineEvent> ring_ ABSL_GUARDED_BY(mu_);
  std::list<Stream*> streams_ ABSL_GUARDED_BY(mu_);
  bool holds_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<EngineEvent> held_ ABSL_GUARDED_BY(mu_);
  int swallow_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t lost_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<absl::Time> event_times_ ABSL_GUARDED_BY(mu_);
  absl::Time last_event_ ABSL_GUARDED_BY(mu_) = absl::InfinitePast();
  absl::Duration clock_offset_ ABSL_GUARDED_BY(mu_);
  Bytes flood_ ABSL_GUARDED_BY(mu_);

  bool down_ ABSL_GUARDED_BY(mu_) = false;
  bool withhold_heads_ ABSL_GUARDED_BY(mu_) = false;
  bool ignore_filters_ ABSL_GUARDED_BY(mu_) = false;
  std::string api_version_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Answer> answers_ ABSL_GUARDED_BY(mu_);
  std::function<void()> before_subscribe_ ABSL_GUARDED_BY(mu_);
  std::function<void()> after_look_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);

  // Last: its threads use the others.
  std::unique_ptr<testing_internal::FakeEngineServer> server_;
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_FAKE_CONTAINER_ENGINE_H_
