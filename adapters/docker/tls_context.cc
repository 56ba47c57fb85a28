#include "lookout/adapters/docker/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "lookout/adapters/docker/small_file.h"

namespace lookout::docker_internal {
namespace {

using Certificates = std::vector<TlsPtr<X509>>;

absl::StatusOr<std::string> ReadPem(absl::string_view what, const std::string& path) {
  absl::StatusOr<std::string> pem = ReadSmallFile(path);
  if (pem.ok()) return pem;
  const absl::StatusCode code =  // missing files will not come by themselves
      absl::IsPermissionDenied(pem.status()) ? pem.status().code() : absl::StatusCode::kFailedPrecondition;
  return absl::Status(code, absl::StrCat("cannot read the ", what, " ", pem.status().message(),
                                         " (DOCKER_CERT_PATH says where certificates are)"));
}

absl::Status BadPem(absl::string_view what, const std::string& path, absl::string_view why) {
  ERR_clear_error();
  return absl::FailedPreconditionError(absl::StrCat("the ", what, " ", path, " ", why));
}

// Never asks at the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*unused*/) { return 0; }

TlsPtr<BIO> Memory(const std::string& text) {
  return TlsPtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::StatusOr<Certificates> ReadCertificates(absl::string_view what, const std::string& path) {
  const absl::StatusOr<std::string> pem = ReadPem(what, path);
  if (!pem.ok()) return pem.status();
  const TlsPtr<BIO> bio = Memory(*pem);
  Certificates certificates;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  ERR_clear_error();  // the end is told as an error
  if (certificates.empty()) return BadPem(what, path, "holds no certificate (PEM)");
  return certificates;
}

absl::Status TrustFile(SSL_CTX* context, const std::string& path) {
  const absl::StatusOr<Certificates> certificates = ReadCertificates("CA file", path);
  if (!certificates.ok()) return certificates.status();
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const TlsPtr<X509>& certificate : *certificates) X509_STORE_add_cert(store, certificate.get());
  ERR_clear_error();
  return absl::OkStatus();
}

absl::Status UseCertificate(SSL_CTX* context, const std::string& path) {
  const absl::StatusOr<Certificates> chain = ReadCertificates("client certificate", path);
  if (!chain.ok()) return chain.status();
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return BadPem("client certificate", path, "cannot be used");
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) {
      return BadPem("client certificate", path, "has a chain that cannot be used");
    }
  }
  return absl::OkStatus();
}

absl::Status UseKey(SSL_CTX* context, const std::string& path) {
  const absl::StatusOr<std::string> pem = ReadPem("client key", path);
  if (!pem.ok()) return pem.status();
  const TlsPtr<BIO> bio = Memory(*pem);
  const TlsPtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return BadPem("client key", path,
                  absl::StrContains(*pem, "ENCRYPTED") ? "is encrypted, which is not supported"
                                                       : "holds no private key (PEM)");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return BadPem("client key", path, "does not belong to the client certificate");
  }
  return absl::OkStatus();
}

absl::Status UseClientFiles(SSL_CTX* context, const DockerTls& tls) {
  if (tls.certificate_file.empty() && tls.key_file.empty()) return absl::OkStatus();
  if (tls.certificate_file.empty() || tls.key_file.empty()) {
    return absl::FailedPreconditionError(
        tls.key_file.empty()
            ? absl::StrCat("there is a client certificate, ", tls.certificate_file, ", but no key for it")
            : absl::StrCat("there is a client key, ", tls.key_file, ", but no certificate for it"));
  }
  if (absl::Status used = UseCertificate(context, tls.certificate_file); !used.ok()) return used;
  return UseKey(context, tls.key_file);
}

}  // namespace

absl::StatusOr<TlsPtr<SSL_CTX>> MakeTlsContext(const DockerTls& tls) {
  ERR_clear_error();
  TlsPtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return absl::ResourceExhaustedError("TLS cannot be set up: no memory");
  }
  if (tls.verify) {
    if (tls.ca_file.empty()) {
      SSL_CTX_set_default_verify_paths(context.get());  // without any, nobody is trusted
    } else if (absl::Status trusted = TrustFile(context.get(), tls.ca_file); !trusted.ok()) {
      return trusted;
    }
  }
  if (absl::Status used = UseClientFiles(context.get(), tls); !used.ok()) return used;
  return context;
}

}  // namespace lookout::docker_internal
