// Reads an engine's event stream in a thread of its own, so that the socket is always empty whatever becomes
// of its bytes: an engine drops events of a reader that is slow (moby buffers 1,024 of them), and does not
// say so.
//
//   StreamPump pump(client, EventsPath(prefix, query), {.max_buffered_bytes = 64 << 20}, clock);
//   if (absl::Status sent = pump.AwaitSent(stop); !sent.ok()) return sent;
//   while (true) {
//     absl::StatusOr<std::string> bytes = pump.Next(absl::Seconds(30), stop);
//     if (!bytes.ok()) return bytes.status();      // the stream's end, and why
//     Feed(*bytes);                                // none: nothing came for 30 s
//   }
//
// At the bound the stream is given up: what was read before stays, for the reader, and the engine is not kept
// waiting. Whoever asks for another stream then gets from the engine's memory what it still has.
//
// One thread reads; counters() and the like may be called from any.
#ifndef LOOKOUT_ADAPTERS_DOCKER_STREAM_PUMP_H_
#define LOOKOUT_ADAPTERS_DOCKER_STREAM_PUMP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock_interface.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/engine_client.h"
#include "lookout/adapters/docker/stoppable_wait.h"

namespace lookout::docker_internal {

struct StreamPumpOptions {
  // Of bytes that nobody has taken yet. Their buffer may be twice as large, as a string's is that grows.
  std::size_t max_buffered_bytes = std::size_t{64} << 20;
};

class StreamPump {
 public:
  // Reads a stream until its end: EngineClient::Stream() and what its reply means, or a test's. Cancelled
  // when an event wants no more, or the wait is stopped.
  using Run = std::function<absl::Status(StoppableWait& wait, StreamEvents events)>;

  struct Counters {
    std::uint64_t received_bytes = 0;
    std::uint64_t wakeups = 0;  // of a reader that waited, for bytes
  };

  // Connects at once, in its thread. What the client leans on (its resolver) must outlive the pump and be
  // used by nobody else meanwhile. `clock` must outlive it.
  StreamPump(EngineClient client, std::string path, StreamPumpOptions options, absl::Clock& clock);
  StreamPump(Run run, StreamPumpOptions options, absl::Clock& clock);
  // Stops and joins: at once, whatever the thread waits for.
  ~StreamPump();
  StreamPump(const StreamPump&) = delete;
  StreamPump& operator=(const StreamPump&) = delete;

  // Blocks until the request is written. Why it is not: as EngineClient::Stream() fails; Cancelled when
  // `stop` is requested. What the engine answers comes out of Next().
  absl::Status AwaitSent(std::stop_token stop);

  // Whether the engine has answered 200. A proxy may withhold that until the first event.
  bool head_seen() const;

  // All bytes that are there; else those that come first; empty if none came for `timeout`. After the last
  // bytes, the stream's end, each time: HangUp() if the engine ended it, Unavailable if it broke,
  // ReplyError() for an answer other than 200, ResourceExhausted at the bound, or if there was no thread or
  // descriptor for it; Cancelled when `stop` is requested. `spare`: a buffer to use again, such as the last
  // bytes'.
  absl::StatusOr<std::string> Next(absl::Duration timeout, std::stop_token stop, std::string spare = {});

  // How long no byte has come: since the last one, since the request was written, or since the beginning.
  absl::Duration quiet_for() const;

  Counters counters() const;

 private:
  void Pump(std::stop_token stop);
  bool OnSent();
  bool OnHead();
  bool OnData(absl::string_view bytes);
  // Waits for `condition`, stop, or the end of time; false in the last case.
  bool Await(bool (StreamPump::*condition)() const, absl::Duration timeout, std::stop_token stop);
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool SentOrEnded() const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  const Run run_;
  const StreamPumpOptions options_;
  absl::Clock& clock_;

  mutable absl::Mutex mu_;
  bool sent_ ABSL_GUARDED_BY(mu_) = false;
  bool head_seen_ ABSL_GUARDED_BY(mu_) = false;
  std::string buffer_ ABSL_GUARDED_BY(mu_);
  absl::Status given_up_ ABSL_GUARDED_BY(mu_);  // at the bound
  bool waiting_ ABSL_GUARDED_BY(mu_) = false;   // the reader, for bytes
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;   // the reader, by its stop token
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  absl::Duration last_sign_ ABSL_GUARDED_BY(mu_);
  Counters counters_ ABSL_GUARDED_BY(mu_);

  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_STREAM_PUMP_H_
