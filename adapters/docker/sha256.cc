#include "lookout/adapters/docker/sha256.h"

#include <openssl/evp.h>

#include "absl/log/check.h"
#include "absl/strings/escaping.h"

namespace lookout::docker_internal {

std::string Sha256Hex(absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK_EQ(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr), 1);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
}

}  // namespace lookout::docker_internal
