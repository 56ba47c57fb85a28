// A place in an engine's stream: that of the last object which the engine remembers, see engine_session.h.
// And what the stream must have shown before it.
//
// Pure.
#ifndef LOOKOUT_ADAPTERS_DOCKER_STREAM_MARK_H_
#define LOOKOUT_ADAPTERS_DOCKER_STREAM_MARK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/adapters/docker/continuity.h"
#include "lookout/adapters/docker/event_stream_decoder.h"

namespace lookout::docker_internal {

struct StreamMark {
  struct Remembered {
    std::uint64_t key = 0;
    std::string id = {};      // of the container
    bool follows_on = false;  // on something that was seen: it is no older than what is kept in mind
  };

  std::optional<std::uint64_t> key;                    // none: nothing is remembered
  bool has_last = false;                               // the last object that was seen is remembered
  absl::flat_hash_set<std::uint64_t> unreadable = {};  // remembered as well, but may look like something else
  std::vector<Remembered> events = {};                 // that are told of; Docker's alone, which are few
  // Podman's alone: what is remembered from before the last object that was seen. It was seen as well, or is
  // older than the source, however long ago that is.
  absl::flat_hash_set<std::uint64_t> before_last = {};
};

// Of `replay`, what an engine remembers, against what was seen.
StreamMark ReadMark(absl::string_view replay, const EventStreamDecoderOptions& options,
                    const Continuity& seen);

// Events that a stream did not send though it sent later ones of the same container: an engine
// passes over a reader for whom it has no room. (Of containers apart, an engine may remember what happens at
// once in one order and send it in the other: that is only late.) Of a stream that was read up to the mark,
// or is over.
std::vector<StreamMark::Remembered> LeftOut(const StreamMark& mark, const Continuity& seen);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_STREAM_MARK_H_
