#include "lookout/events/model/settings.h"

#include <vector>

#include "absl/log/log.h"
#include "absl/strings/string_view.h"
#include "lookout/events/event_queue.h"
#include "lookout/events/model/setting.h"

namespace lookout::queue_model {

std::vector<Setting> Settings() {
  return {
      // Full, stop, flush and errors together, under each policy.
      {.name = "AllBlock", .threads = {"aa", "a", "S", "F", "E"}, .flush_throws = 1},
      {.name = "AllFlushEarly",
       .when_full = WhenFull::kFlushEarly,
       .interval = true,
       .on_stop = OnStop::kDrain,
       .threads = {"aa", "a", "S", "F", "E"}},
      {.name = "AllDropOldest",
       .when_full = WhenFull::kDropOldest,
       .on_stop = OnStop::kDrain,
       .threads = {"aa", "R", "S", "F", "E"},
       .flush_throws = 1},
      {.name = "AllDropNewest",
       .when_full = WhenFull::kDropNewest,
       .interval = true,
       .threads = {"aa", "R", "S", "F", "E"},
       .flush_throws = 1},
      {.name = "AllKeepLatest",
       .when_full = WhenFull::kKeepLatest,
       .on_stop = OnStop::kDrain,
       .deadline = true,
       .threads = {"ab", "a", "S", "F", "E"}},

      // Full, and who waits.
      {.name = "Block", .threads = {"aa", "aa", "S", "S"}},
      {.name = "BlockInterval", .interval = true, .threads = {"aa", "aa", "F"}},
      {.name = "BlockIntervalStop", .interval = true, .threads = {"aa", "aa", "S", "F"}},
      {.name = "BlockDrain", .on_stop = OnStop::kDrain, .threads = {"aa", "aa", "S", "F"}},
      {.name = "BlockDrainDeadline",
       .interval = true,
       .on_stop = OnStop::kDrain,
       .deadline = true,
       .threads = {"aa", "a", "S", "S"}},
      {.name = "BlockTwo", .capacity = 2, .threads = {"(aa)a", "(aa)a", "F"}},
      {.name = "BlockThreeWait", .capacity = 2, .interval = true, .threads = {"aa", "aa", "a"}},
      {.name = "BlockBatches",
       .capacity = 2,
       .max_batch = 1,
       .interval = true,
       .threads = {"aa", "aa", "S", "F"}},
      {.name = "EarlyInterval",
       .when_full = WhenFull::kFlushEarly,
       .interval = true,
       .threads = {"aa", "aa", "F"}},

      // Losses.
      {.name = "DropOldest",
       .when_full = WhenFull::kDropOldest,
       .capacity = 2,
       .threads = {"aaa", "aRa", "F"}},
      {.name = "DropOldestStop",
       .when_full = WhenFull::kDropOldest,
       .interval = true,
       .threads = {"aRR", "a", "S"}},
      {.name = "DropNewest",
       .when_full = WhenFull::kDropNewest,
       .capacity = 2,
       .threads = {"aaa", "aRa", "F"}},
      {.name = "DropNewestDrain",
       .when_full = WhenFull::kDropNewest,
       .max_batch = 1,
       .interval = true,
       .on_stop = OnStop::kDrain,
       .threads = {"aRR", "aa", "S"}},
      {.name = "KeepLatest",
       .when_full = WhenFull::kKeepLatest,
       .capacity = 2,
       .interval = true,
       .threads = {"aba", "bca"}},
      {.name = "KeepLatestBarrier",
       .when_full = WhenFull::kKeepLatest,
       .capacity = 2,
       .interval = true,
       .threads = {"aRa", "ba", "F"}},

      // A sender that flushes.
      {.name = "OnSender", .flush_on_sender = true, .threads = {"aa", "aa", "F"}},
      {.name = "OnSenderStop", .flush_on_sender = true, .threads = {"a(aa)", "aa", "S"}, .flush_throws = 1},
      {.name = "OnSenderDrain",
       .capacity = 2,
       .max_batch = 1,
       .flush_on_sender = true,
       .on_stop = OnStop::kDrain,
       .threads = {"(aa)", "aa", "S", "F"}},
      {.name = "OnSenderDeadline",
       .flush_on_sender = true,
       .on_stop = OnStop::kDrain,
       .deadline = true,
       .threads = {"aa", "a", "S", "E"}},

      // Callbacks that call the queue.
      {.name = "FlushPushes", .interval = true, .threads = {"aa", "S", "F"}, .in_flush = "aa"},
      {.name = "FlushFlushesAndStops", .threads = {"aa", "a", "F"}, .in_flush = "FaS", .in_error = "a"},
      {.name = "FlushReports", .threads = {"aa", "E", "S"}, .in_flush = "EaE", .in_error = "E", .flush_throws = 1, .error_throws = 1},
      {.name = "ErrorPushesAndStops", .threads = {"aa", "E", "F"}, .in_error = "aFS", .flush_throws = 1},
      {.name = "OnSenderCallsAll",
       .flush_on_sender = true,
       .on_stop = OnStop::kDrain,
       .threads = {"aa", "a", "F"},
       .in_flush = "aFS",
       .in_error = "aE",
       .flush_throws = 1},

      // Destruction.
      {.name = "Destroy", .threads = {"aa", "a", "E", "D"}, .flush_throws = 1, .error_throws = 1},
      {.name = "DestroyDrain",
       .interval = true,
       .on_stop = OnStop::kDrain,
       .deadline = true,
       .threads = {"aa", "a", "E", "D"},
       .in_flush = "a"},
      {.name = "DestroyInFlush", .threads = {"aa", "aa", "E"}, .in_flush = "D", .flush_throws = 1},
      {.name = "DestroyInError",
       .interval = true,
       .on_stop = OnStop::kDrain,
       .threads = {"aa", "a", "E"},
       .in_error = "D",
       .flush_throws = 1},
      {.name = "DestroyOnSender",
       .flush_on_sender = true,
       .on_stop = OnStop::kDrain,
       .threads = {"aa", "a", "E", "D"},
       .flush_throws = 1},
      {.name = "DestroyOnSenderDeadline",
       .flush_on_sender = true,
       .on_stop = OnStop::kDrain,
       .deadline = true,
       .threads = {"aa", "a", "D"}},
      {.name = "DestroyInSendersFlush",
       .flush_on_sender = true,
       .threads = {"aa", "a", "E"},
       .in_flush = "aD",
       .in_error = "D",
       .flush_throws = 1},

      // The beginning.
      {.name = "StartLate", .threads = {"aa", "a", "G", "S", "F"}},
      {.name = "StartLateDrain",
       .when_full = WhenFull::kFlushEarly,
       .interval = true,
       .on_stop = OnStop::kDrain,
       .deadline = true,
       .threads = {"aa", "a", "G", "C"}},
  };
}

std::vector<Setting> DeepSettings() {
  return {
      {.name = "DeepBlock",
       .capacity = 2,
       .interval = true,
       .threads = {"aa", "aa", "aa", "S", "F"},
       .in_flush = "a",
       .flush_throws = 1},
  };
}

Setting SettingNamed(absl::string_view name) {
  for (const Setting& setting : Settings()) {
    if (setting.name == name) return setting;
  }
  LOG(FATAL) << "no setting is named " << name;
}

}  // namespace lookout::queue_model
