// The recordings in testdata/, for tests.
#ifndef LOOKOUT_ADAPTERS_DOCKER_TESTDATA_H_
#define LOOKOUT_ADAPTERS_DOCKER_TESTDATA_H_

#include <string>

#include "absl/strings/string_view.h"

namespace lookout {

// All of testdata/`file`; ends the test program if it cannot be read.
std::string ReadTestData(absl::string_view file);

}  // namespace lookout

#endif  // LOOKOUT_ADAPTERS_DOCKER_TESTDATA_H_
