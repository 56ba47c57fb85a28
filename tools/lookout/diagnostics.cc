#include "lookout/tools/lookout/diagnostics.h"

#include <string>

#include "lookout/tools/lookout/printable.h"
#include "lookout/tools/lookout/write_all.h"

namespace lookout {

void Diagnostics::Say(absl::string_view text) {
  std::string line = "lookout: ";
  AppendPrintable(text, line);
  line += '\n';
  absl::MutexLock lock(mu_);
  WriteAll(fd_, line, "stderr").IgnoreError();
}

}  // namespace lookout
