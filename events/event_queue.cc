#include "lookout/events/event_queue.h"

#include <memory>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock_interface.h"
#include "absl/types/span.h"
#include "lookout/events/event.h"
#include "lookout/events/event_queue_core.h"

namespace lookout {

EventQueue::EventQueue(absl::string_view name, absl::Clock& clock, EventQueueOptions options,
                       FlushCallback on_flush, ErrorCallback on_error)
    : core_(std::make_shared<events_internal::EventQueueCore>(name, clock, options, std::move(on_flush),
                                                              std::move(on_error))) {}

EventQueue::~EventQueue() {
  on_stop_.reset();
  core_->Retire();
}

void EventQueue::Closer::operator()() const { core->Close(); }

absl::Status EventQueue::Start(std::stop_token stop) {
  if (absl::Status status = core_->Start(); !status.ok()) return status;
  on_stop_.emplace(std::move(stop), Closer{core_.get()});
  return absl::OkStatus();
}

bool EventQueue::Push(Event&& event) { return core_->PushAll(absl::MakeSpan(&event, 1)); }

bool EventQueue::PushAll(absl::Span<Event> events) { return core_->PushAll(events); }

bool EventQueue::OnEvent(Event event) { return core_->PushAll(absl::MakeSpan(&event, 1)); }

bool EventQueue::Flush() { return core_->Flush(); }

void EventQueue::ReportError(absl::Status error) {
  // on_error may destroy the queue.
  const std::shared_ptr<events_internal::EventQueueCore> keep = core_;
  keep->ReportError(std::move(error));
}

void EventQueue::Stop() { core_->Stop(); }

void EventQueue::Close() { core_->Close(); }

EventQueueCounters EventQueue::counters() const { return core_->counters(); }

absl::string_view EventQueue::name() const { return core_->name(); }

}  // namespace lookout
