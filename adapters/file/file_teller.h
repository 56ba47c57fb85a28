// How the watchers of files speak: makes events of what they see, and hands them on a step's worth at a time.
//
// Thread-compatible.
#ifndef LOOKOUT_ADAPTERS_FILE_FILE_TELLER_H_
#define LOOKOUT_ADAPTERS_FILE_FILE_TELLER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lookout/events/event.h"
#include "lookout/events/source.h"

namespace lookout::file_internal {

class FileTeller {
 public:
  // The receiver must outlive it.
  explicit FileTeller(Receiver& receiver) : receiver_(receiver) {}
  FileTeller(const FileTeller&) = delete;
  FileTeller& operator=(const FileTeller&) = delete;

  // Of the events from now on.
  void SetTime(absl::Time now) { now_ = now; }

  // Keeps the event until Flush(), which it calls itself when there are many.
  void Tell(Action action, std::string path, bool is_directory, std::string renamed_from = {});
  // The same for a rename of which it is known what it replaced: a value of kReplaced.
  void TellRename(std::string path, bool is_directory, std::string from, absl::string_view replaced);
  void TellLoss(std::string path, std::string reason);
  // At once.
  void Complain(absl::Status error) { receiver_.OnError(std::move(error)); }

  // Hands on what was told.
  void Flush();

  // False once the receiver took no more; what is told then is dropped.
  bool wanted() const { return wanted_; }
  // What was told so far.
  std::uint64_t events() const { return events_; }

 private:
  void Add(Event event);

  Receiver& receiver_;
  absl::Time now_;
  std::vector<Event> told_;
  std::uint64_t events_ = 0;
  bool wanted_ = true;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_FILE_TELLER_H_
