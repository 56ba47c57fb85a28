// A client's side of TLS, made ready from its files. Private to tls_connection.cc and its tests: the only
// headers that show the TLS library's types.
#ifndef LOOKOUT_ADAPTERS_DOCKER_TLS_CONTEXT_H_
#define LOOKOUT_ADAPTERS_DOCKER_TLS_CONTEXT_H_

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/status/statusor.h"
#include "lookout/adapters/docker/docker_endpoint.h"

namespace lookout::docker_internal {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <typename T>
using TlsPtr = std::unique_ptr<T, FreeTls>;

// Reads the files. FailedPrecondition or PermissionDenied that names the file and what is wrong with it.
absl::StatusOr<TlsPtr<SSL_CTX>> MakeTlsContext(const DockerTls& tls);

}  // namespace lookout::docker_internal

#endif  // LOOKOUT_ADAPTERS_DOCKER_TLS_CONTEXT_H_
