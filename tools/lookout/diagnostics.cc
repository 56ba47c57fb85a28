#include "lookout/tools/lookout/diagnostics.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "lookout/tools/lookout/printable.h"
#include "lookout/tools/lookout/write_all.h"

namespace lookout {
namespace {

std::string Line(absl::string_view text) {
  std::string line = "lookout: ";
  AppendPrintable(text, line);
  return line;
}

}  // namespace

void Diagnostics::Say(absl::string_view text) {
  const std::string line = Line(text);
  absl::MutexLock lock(mu_);
  WriteAll(fd_, absl::StrCat(TakeWiper(), line, "\n"), "stderr").IgnoreError();
}

void Diagnostics::Show(absl::string_view text) {
  const std::string line = Line(text);
  absl::MutexLock lock(mu_);
  if (show_ended_) return;
  const std::string wiper = TakeWiper();
  shown_ = line.size();
  WriteAll(fd_, absl::StrCat(wiper, line), "stderr").IgnoreError();
}

void Diagnostics::Wipe() {
  absl::MutexLock lock(mu_);
  WriteAll(fd_, TakeWiper(), "stderr").IgnoreError();
}

void Diagnostics::EndShow() {
  absl::MutexLock lock(mu_);
  show_ended_ = true;
  WriteAll(fd_, TakeWiper(), "stderr").IgnoreError();
}

// With spaces, which the dumbest terminal knows too.
std::string Diagnostics::TakeWiper() {
  const std::size_t columns = std::exchange(shown_, 0);
  return columns == 0 ? "" : absl::StrCat("\r", std::string(columns, ' '), "\r");
}

}  // namespace lookout
