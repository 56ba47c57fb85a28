#include "lookout/adapters/docker/testdata.h"

#include <fstream>
#include <iterator>

#include "absl/log/log.h"
#include "absl/strings/str_cat.h"

namespace lookout {

std::string ReadTestData(absl::string_view file) {
  // Tests run in the directory of their runfiles; the second name is that of a consumer's workspace.
  for (const absl::string_view root : {"", "../lookout+/", "../lookout/"}) {
    std::ifstream in(absl::StrCat(root, "adapters/docker/testdata/", file), std::ios::binary);
    if (in) return std::string(std::istreambuf_iterator<char>(in), {});
  }
  LOG(FATAL) << "no test data " << file;
}

}  // namespace lookout
