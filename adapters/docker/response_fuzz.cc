// Whatever an engine, or what stands before it, answers: it is an answer within bounds or a clear failure,
// and the same whatever pieces it comes in. The last byte of the input chooses the pieces and how the
// connection ends; all before it is the answer.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/engine_client.h"
#include "lookout/adapters/docker/engine_replies.h"
#include "lookout/adapters/docker/event_stream_decoder.h"
#include "lookout/adapters/docker/memory_connection.h"
#include "lookout/adapters/docker/stoppable_wait.h"
#include "lookout/testing/fake_clock.h"

namespace lookout::docker_internal {
namespace {

constexpr std::size_t kMaxBody = 4096;
constexpr std::size_t kMaxObject = 1024;

// What came of an answer, in words and bytes.
struct Outcome {
  absl::Status status = {};
  std::string told = {};
  int code = 0;
  bool cut = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

class Asker {
 public:
  explicit Asker(MemoryAnswer answer)
      : client_("fuzz", "docker", absl::Seconds(10), AnswerFromMemory(std::move(answer))) {}

  Outcome Get() {
    const absl::StatusOr<EngineReply> reply = client_.Get("/containers/json", Wait(), kMaxBody);
    if (!reply.ok()) return {.status = reply.status()};
    CHECK_LE(reply->body.size(), kMaxBody);
    Check(*reply);
    return {.told = reply->body, .code = reply->status, .cut = reply->cut};
  }

  Outcome Stream() {
    Outcome outcome;
    bool head = false;
    EventStreamDecoder decoder({.max_object_bytes = kMaxObject});
    const absl::StatusOr<EngineReply> reply =
        client_.Stream("/events", Wait(),
                       {.on_sent = [] { return true; },
                        .on_head = [&] { return !std::exchange(head, true); },
                        .on_data =
                            [&](absl::string_view bytes) {
                              CHECK(head);
                              CHECK(!bytes.empty());
                              outcome.told.append(bytes);
                              return decoder.Feed(bytes, absl::UnixEpoch(),
                                                  [](const EventStreamDecoder::Item&) { return true; });
                            }});
    outcome.status = reply.status();
    if (!reply.ok()) return outcome;
    Check(*reply);
    outcome.code = reply->status;
    outcome.cut = reply->cut;
    if (reply->status == 200) {
      CHECK(head);
      CHECK(reply->body.empty());
    } else {
      CHECK(!head);
      outcome.told = reply->body;
    }
    return outcome;
  }

 private:
  static StoppableWait& Wait() {
    static auto& clock = *new FakeClock;
    static auto& wait = *new StoppableWait(clock, {});
    return wait;
  }

  static void Check(const EngineReply& reply) {
    CHECK_GE(reply.status, 200);
    CHECK_LE(reply.status, 599);
    const absl::Status error = ReplyError("fuzz", "events", reply);
    CHECK(!error.ok());
    CHECK_LT(error.message().size(), 4096u);
  }

  EngineClient client_;
};

void CheckAnswer(absl::string_view bytes, std::uint8_t mode) {
  const absl::Status end = mode & 1 ? absl::UnavailableError("reset") : absl::OkStatus();
  const std::size_t largest = std::size_t{1} << (mode >> 5);  // 1 to 128 bytes at once
  std::uint32_t random = mode + 1u;
  const auto piece = [&] {
    random = random * 1664525u + 1013904223u;
    return 1 + (random >> 16) % largest;
  };
  const MemoryAnswer whole{.bytes = std::string(bytes), .end = end};
  const MemoryAnswer pieces{.bytes = std::string(bytes), .piece = piece, .end = end};
  const Outcome got = Asker(whole).Get(), got_in_pieces = Asker(pieces).Get();
  CHECK(got == got_in_pieces) << got.status << " or " << got_in_pieces.status;
  CHECK(got.status.ok() || absl::IsUnavailable(got.status)) << got.status;
  const Outcome streamed = Asker(whole).Stream(), streamed_in_pieces = Asker(pieces).Stream();
  CHECK(streamed == streamed_in_pieces) << streamed.status << " or " << streamed_in_pieces.status;
  CHECK(streamed.status.ok() || absl::IsUnavailable(streamed.status)) << streamed.status;
  CHECK_LE(streamed.told.size(), bytes.size());
}

}  // namespace
}  // namespace lookout::docker_internal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size - 1);
  lookout::docker_internal::CheckAnswer(bytes, data[size - 1]);
  return 0;
}
