#include "lookout/adapters/docker/stream_pump.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/adapters/docker/engine_replies.h"
#include "lookout/adapters/docker/hang_up.h"
#include "lookout/events/wait.h"

namespace lookout::docker_internal {
namespace {

// A reader's buffer that a flood has made larger is given back.
constexpr std::size_t kMaxSpare = std::size_t{1} << 20;

StreamPump::Run RunOf(EngineClient client, std::string path) {
  return
      [client = std::move(client), path = std::move(path)](StoppableWait& wait, StreamEvents events) mutable {
        const absl::StatusOr<EngineReply> reply = client.Stream(path, wait, events);
        if (!reply.ok()) return reply.status();
        if (reply->status != 200) return ReplyError(client.name(), "events", *reply);
        return HangUp(absl::StrCat(client.name(), ": the engine ended the stream"));
      };
}

}  // namespace

StreamPump::StreamPump(EngineClient client, std::string path, StreamPumpOptions options, absl::Clock& clock)
    : StreamPump(RunOf(std::move(client), std::move(path)), options, clock) {}

StreamPump::StreamPump(Run run, StreamPumpOptions options, absl::Clock& clock)
    : run_(std::move(run)), options_(options), clock_(clock), last_sign_(TimePassed(clock)) {
  try {
    thread_ = std::jthread([this](std::stop_token stop) { Pump(std::move(stop)); });
  } catch (const std::system_error& e) {
    absl::MutexLock lock(mu_);
    end_ = absl::ResourceExhaustedError(absl::StrCat("no thread to read events: ", e.what()));
  }
}

StreamPump::~StreamPump() = default;

void StreamPump::Pump(std::stop_token stop) {
  StoppableWait wait(clock_, std::move(stop));
  absl::Status end = run_(wait, {.on_sent = [this] { return OnSent(); },
                                 .on_head = [this] { return OnHead(); },
                                 .on_data = [this](absl::string_view bytes) { return OnData(bytes); }});
  absl::MutexLock lock(mu_);
  end_ = given_up_.ok() ? std::move(end) : given_up_;
}

bool StreamPump::OnSent() {
  absl::MutexLock lock(mu_);
  sent_ = true;
  last_sign_ = TimePassed(clock_);
  return true;
}

bool StreamPump::OnHead() {
  absl::MutexLock lock(mu_);
  head_seen_ = true;
  last_sign_ = TimePassed(clock_);
  return true;
}

bool StreamPump::OnData(absl::string_view bytes) {
  absl::MutexLock lock(mu_);
  last_sign_ = TimePassed(clock_);
  counters_.received_bytes += bytes.size();
  if (bytes.size() > options_.max_buffered_bytes - buffer_.size()) {
    given_up_ = absl::ResourceExhaustedError(
        absl::StrCat("given up: ", buffer_.size(), " bytes of events wait to be taken"));
    return false;
  }
  buffer_.append(bytes);
  // The mutex wakes the reader, when it is unlocked: once, since then it waits no more.
  if (HasNews() && std::exchange(waiting_, false)) ++counters_.wakeups;
  return true;
}

bool StreamPump::HasNews() const { return !buffer_.empty() || end_.has_value() || stopped_; }

bool StreamPump::SentOrEnded() const { return sent_ || end_.has_value() || stopped_; }

bool StreamPump::Await(bool (StreamPump::*condition)() const, absl::Duration timeout, std::stop_token stop) {
  const std::stop_callback on_stop(std::move(stop), [this] {
    absl::MutexLock lock(mu_);
    stopped_ = true;
  });
  struct Wanted {
    const StreamPump* pump;
    bool (StreamPump::*condition)() const;
  } wanted{this, condition};
  absl::MutexLock lock(mu_);
  return AwaitFor(clock_, mu_,
                  absl::Condition(+[](Wanted* w) { return (w->pump->*w->condition)(); }, &wanted), timeout);
}

absl::Status StreamPump::AwaitSent(std::stop_token stop) {
  {
    absl::MutexLock lock(mu_);
    stopped_ = false;
  }
  Await(&StreamPump::SentOrEnded, absl::InfiniteDuration(), std::move(stop));
  absl::MutexLock lock(mu_);
  if (stopped_) return absl::CancelledError("stopped");
  return sent_ ? absl::OkStatus() : *end_;
}

bool StreamPump::head_seen() const {
  absl::MutexLock lock(mu_);
  return head_seen_;
}

absl::StatusOr<std::string> StreamPump::Next(absl::Duration timeout, std::stop_token stop,
                                             std::string spare) {
  bool wait = false;
  {
    absl::MutexLock lock(mu_);
    stopped_ = stop.stop_requested();
    wait = !HasNews();
    waiting_ = wait;
  }
  if (wait) Await(&StreamPump::HasNews, timeout, std::move(stop));
  spare.clear();
  if (spare.capacity() > kMaxSpare) spare = std::string();

  absl::MutexLock lock(mu_);
  waiting_ = false;
  if (stopped_) return absl::CancelledError("stopped");
  if (!buffer_.empty()) return std::exchange(buffer_, std::move(spare));
  if (end_) return *end_;
  return "";
}

absl::Duration StreamPump::quiet_for() const {
  absl::MutexLock lock(mu_);
  return TimePassed(clock_) - last_sign_;
}

StreamPump::Counters StreamPump::counters() const {
  absl::MutexLock lock(mu_);
  return counters_;
}

}  // namespace lookout::docker_internal
