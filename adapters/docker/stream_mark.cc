#include "lookout/adapters/docker/stream_mark.h"

#include <utility>

#include "lookout/adapters/docker/docker_dialect.h"

namespace lookout::docker_internal {

using Item = EventStreamDecoder::Item;
using Verdict = EventStreamDecoder::Verdict;

StreamMark ReadMark(absl::string_view replay, const EventStreamDecoderOptions& options,
                    const Continuity& seen) {
  const bool is_podman = options.dialect == DockerDialect::kPodman;
  StreamMark mark;
  bool follows_on = false;
  EventStreamDecoder decoder(options);
  // Times of events that say none are not looked at.
  decoder.Feed(replay, absl::UnixEpoch(), [&](Item item) {
    mark.has_last = mark.has_last || (item.key == seen.last() && item.verdict != Verdict::kMalformed);
    if (is_podman && !mark.has_last && item.key != 0) mark.before_last.insert(item.key);
    if (item.verdict == Verdict::kMalformed) {
      if (item.key != 0) mark.unreadable.insert(item.key);
      return true;
    }
    mark.key = item.key;
    if (!is_podman && item.verdict == Verdict::kEvent && seen.IsToldOf(item.event)) {
      mark.events.push_back(
          {.key = item.key, .id = std::move(item.event.actor_id), .follows_on = follows_on});
    }
    follows_on = follows_on || seen.HasSeen(item.key);
    return true;
  });
  if (!mark.has_last) mark.before_last.clear();
  return mark;
}

std::vector<StreamMark::Remembered> LeftOut(const StreamMark& mark, const Continuity& seen) {
  std::vector<StreamMark::Remembered> left_out;
  absl::flat_hash_set<absl::string_view> went_on;
  for (auto event = mark.events.rbegin(); event != mark.events.rend(); ++event) {
    if (seen.HasSeen(event->key)) {
      went_on.insert(event->id);
    } else if (went_on.contains(event->id)) {
      left_out.push_back(*event);
    }
  }
  return left_out;
}

}  // namespace lookout::docker_internal
