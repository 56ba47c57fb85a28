// One call of Source::Run on a thread of its own.
//
//   SourceRun run(source, receiver);
//   receiver.WaitForReady();
//   ...
//   EXPECT_EQ(run.Stop(), absl::OkStatus());
//
// The source and the receiver must outlive it. One thread uses it.
#ifndef LOOKOUT_TESTING_SOURCE_RUN_H_
#define LOOKOUT_TESTING_SOURCE_RUN_H_

#include <stop_token>
#include <thread>

#include "absl/status/status.h"
#include "lookout/events/source.h"

namespace lookout {

class SourceRun {
 public:
  SourceRun(Source& source, Receiver& receiver)
      : thread_([this, &source, &receiver] { result_ = source.Run(stop_.get_token(), receiver); }) {}
  // Stops it if nobody waited for its end.
  ~SourceRun() {
    if (thread_.joinable()) Stop().IgnoreError();
  }
  SourceRun(const SourceRun&) = delete;
  SourceRun& operator=(const SourceRun&) = delete;

  // Asks the run to stop, without waiting for it.
  void RequestStop() { stop_.request_stop(); }

  // Blocks until the run has ended, by itself or by RequestStop(). Returns its result. Once.
  absl::Status AwaitEnd() {
    thread_.join();
    return result_;
  }

  // Both.
  absl::Status Stop() {
    RequestStop();
    return AwaitEnd();
  }

 private:
  std::stop_source stop_;
  absl::Status result_;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace lookout

#endif  // LOOKOUT_TESTING_SOURCE_RUN_H_
