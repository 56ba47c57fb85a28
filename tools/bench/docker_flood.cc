// docker_flood N: an engine on a unix socket, with N events for whoever listens.
//
// Prints the engine's address ("unix:///…"), and "subscribed" once there is a stream. For every line of its
// standard input from then on, N events go out as fast as the socket takes them: create, start, die, destroy
// of containers with labels, each in a chunk of its own, made beforehand. Ends when its standard input does.
#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/time/clock_interface.h"
#include "lookout/testing/fake_container_engine.h"

namespace {

void Say(const char* line) {
  std::puts(line);
  std::fflush(stdout);
}

// Waits for `milliseconds`, or until there is something of it, its end included.
bool HasInput(int milliseconds) {
  pollfd input = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, milliseconds) > 0;
}

}  // namespace

int main(int argc, char** argv) {
  int events = 0;
  if (argc != 2 || !absl::SimpleAtoi(argv[1], &events) || events <= 0) {
    std::fputs("docker_flood: how many events?\n", stderr);
    return 2;
  }
  lookout::FakeContainerEngine engine(absl::Clock::GetRealClock());
  engine.PrepareFlood(events);
  Say(engine.host().c_str());
  while (engine.streams() == 0) {
    if (HasInput(/*milliseconds=*/10)) return 0;  // nobody waits for it any more
  }
  Say("subscribed");
  char c;
  while (::read(STDIN_FILENO, &c, 1) == 1) {
    if (c == '\n') engine.Flood();
  }
  return 0;
}
