// Reads names from standard input and prints them in batches: an EventQueue by itself, without sources,
// sinks or anything else of lookout.
//
//   printf 'a\nb\n' | ../bazelw run //queue_only      # 2: written a, written b
#include <iostream>
#include <string>

#include "lookout/events/event_queue.h"

int main() {
  absl::Clock& clock = absl::Clock::GetRealClock();
  lookout::EventQueue queue(
      "names", clock, {.flush_interval = absl::Milliseconds(500), .on_stop = lookout::OnStop::kDrain},
      [](absl::Span<lookout::Event> batch) {
        std::cout << batch.size() << ": ";
        for (const lookout::Event& event : batch) {
          std::cout << (&event == batch.data() ? "" : ", ") << event.ToString();
        }
        std::cout << std::endl;
      },
      [](const absl::Status& error) { std::cerr << error << std::endl; });
  if (absl::Status started = queue.Start(); !started.ok()) {
    std::cerr << started << std::endl;
    return 1;
  }
  for (std::string name; std::getline(std::cin, name);) {
    queue.Push({.type = lookout::EventType::kFile,
                .actor_name = name,
                .action = lookout::Action::kFileWritten,
                .time = clock.TimeNow()});
  }
  queue.Stop();  // drains: what was read is printed
}
