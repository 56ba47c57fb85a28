// The system's kernel, but with an inotify queue that holds only so many records, as
// fs.inotify.max_queued_events makes one: for tests of overflows on a real tree.
#ifndef LOOKOUT_ADAPTERS_FILE_SMALL_QUEUE_KERNEL_H_
#define LOOKOUT_ADAPTERS_FILE_SMALL_QUEUE_KERNEL_H_

#include <sys/inotify.h>
#include <sys/types.h>

#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lookout/adapters/file/forwarding_kernel.h"
#include "lookout/adapters/file/inotify_decoder.h"

namespace lookout::file_internal {

class SmallQueueKernel final : public ForwardingKernel {
 public:
  explicit SmallQueueKernel(int most_queued) : most_queued_(most_queued) {}

  // Of what is read at once, what is beyond the queue's size was never there.
  ssize_t Read(int fd, char* buffer, std::size_t size) override {
    const ssize_t got = ForwardingKernel::Read(fd, buffer, size);
    if (got <= 0) return got;
    int records = 0;
    std::size_t kept = 0;
    const absl::string_view bytes(buffer, static_cast<std::size_t>(got));
    DecodeInotify(bytes, [&](const InotifyRecord& record) {
      if (++records > most_queued_) return;
      inotify_event head;
      std::memcpy(&head, buffer + kept, sizeof(head));
      kept += sizeof(head) + head.len;
      static_cast<void>(record);
    }).IgnoreError();
    if (records <= most_queued_) return got;
    inotify_event overflow{};
    overflow.wd = -1;
    overflow.mask = IN_Q_OVERFLOW;
    std::memcpy(buffer + kept, &overflow, sizeof(overflow));  // in place of at least one record
    return static_cast<ssize_t>(kept + sizeof(overflow));
  }

 private:
  const int most_queued_;
};

}  // namespace lookout::file_internal

#endif  // LOOKOUT_ADAPTERS_FILE_SMALL_QUEUE_KERNEL_H_
