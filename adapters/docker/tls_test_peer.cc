#include "lookout/adapters/docker/tls_test_peer.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/string_view.h"

namespace lookout::docker_internal {
namespace {

EVP_PKEY* NewKey() {
  EVP_PKEY_CTX* const maker = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr);
  EVP_PKEY* key = nullptr;
  CHECK_EQ(EVP_PKEY_keygen_init(maker), 1);
  CHECK_EQ(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker, NID_X9_62_prime256v1), 1);
  CHECK_EQ(EVP_PKEY_keygen(maker, &key), 1);
  EVP_PKEY_CTX_free(maker);
  return key;
}

std::string Taken(BIO* bio) {
  char buffer[8192];
  const int n = BIO_read(bio, buffer, sizeof(buffer));
  CHECK_GT(n, 0);
  BIO_free(bio);
  return std::string(buffer, static_cast<std::size_t>(n));
}

std::string Pem(X509* certificate) {
  BIO* const bio = BIO_new(BIO_s_mem());
  CHECK_EQ(PEM_write_bio_X509(bio, certificate), 1);
  return Taken(bio);
}

std::string Pem(EVP_PKEY* key) {
  BIO* const bio = BIO_new(BIO_s_mem());
  CHECK_EQ(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
  return Taken(bio);
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  CHECK(extension != nullptr) << value;
  CHECK_EQ(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

X509* NewCertificate(const TestCertificate& wanted, absl::Time now, EVP_PKEY* key) {
  static long serial = 1;
  X509* const certificate = X509_new();
  CHECK_EQ(X509_set_version(certificate, 2), 1);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(now + wanted.from));
  ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(now + wanted.to));
  X509_NAME* const name = X509_NAME_new();
  CHECK_EQ(
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(wanted.subject.c_str()), -1, -1, 0),
      1);
  CHECK_EQ(X509_set_subject_name(certificate, name), 1);
  X509_NAME_free(name);
  CHECK_EQ(X509_set_pubkey(certificate, key), 1);
  if (!wanted.names.empty()) AddExtension(certificate, NID_subject_alt_name, wanted.names);
  return certificate;
}

template <typename T>
T* FromPem(const std::string& pem, T* (*read)(BIO*, T**, pem_password_cb*, void*)) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  T* const made = read(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  CHECK(made != nullptr);
  return made;
}

SSL_CTX* NewContext(const TlsTestServerOptions& options) {
  SSL_CTX* const context = SSL_CTX_new(TLS_method());
  X509* const certificate = FromPem<X509>(options.identity.certificate, PEM_read_bio_X509);
  EVP_PKEY* const key = FromPem<EVP_PKEY>(options.identity.key, PEM_read_bio_PrivateKey);
  CHECK_EQ(SSL_CTX_use_certificate(context, certificate), 1);
  CHECK_EQ(SSL_CTX_use_PrivateKey(context, key), 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (options.tls_1_2) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (!options.client_authority.empty()) {
    X509* const authority = FromPem<X509>(options.client_authority, PEM_read_bio_X509);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

// Sends back what comes. True if the end is to be said.
bool Echo(SSL* ssl) {
  char buffer[4096];
  while (true) {
    const int n = SSL_read(ssl, buffer, sizeof(buffer));
    if (n <= 0) return false;
    const absl::string_view got(buffer, static_cast<std::size_t>(n));
    if (got == "bye" || got == "cut") return got == "bye";
    if (SSL_write(ssl, buffer, n) != n) return false;
  }
}

}  // namespace

struct TestAuthority::Signer {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;

  // `key_of` is the certificate's own. Takes both.
  TestIdentity Sign(X509* certificate_of, EVP_PKEY* key_of) const {
    CHECK_EQ(X509_set_issuer_name(certificate_of, X509_get_subject_name(certificate)), 1);
    CHECK_GT(X509_sign(certificate_of, key, EVP_sha256()), 0);
    TestIdentity identity{.certificate = Pem(certificate_of), .key = Pem(key_of)};
    X509_free(certificate_of);
    EVP_PKEY_free(key_of);
    return identity;
  }
};

TestAuthority::TestAuthority(const std::string& name, absl::Time now)
    : now_(now), signer_(std::make_unique<Signer>()) {
  signer_->key = NewKey();
  signer_->certificate = NewCertificate({.subject = name}, now_, signer_->key);
  AddExtension(signer_->certificate, NID_basic_constraints, "critical,CA:TRUE");
  CHECK_EQ(X509_set_issuer_name(signer_->certificate, X509_get_subject_name(signer_->certificate)), 1);
  CHECK_GT(X509_sign(signer_->certificate, signer_->key, EVP_sha256()), 0);
  certificate_ = Pem(signer_->certificate);
}

TestAuthority::~TestAuthority() {
  EVP_PKEY_free(signer_->key);
  X509_free(signer_->certificate);
}

TestIdentity TestAuthority::Issue(const TestCertificate& wanted) const {
  EVP_PKEY* const key = NewKey();
  return signer_->Sign(NewCertificate(wanted, now_, key), key);
}

TlsTestServer::TlsTestServer(TlsTestServerOptions options)
    : options_(std::move(options)), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  CHECK_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&address), size), 0);
  CHECK_EQ(::listen(listening_, 16), 0);
  CHECK_EQ(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

TlsTestServer::~TlsTestServer() {
  {
    absl::MutexLock lock(mu_);
    stopped_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    if (talking_ >= 0) ::shutdown(talking_, SHUT_RDWR);
  }
  thread_.join();
  ::close(listening_);
}

std::string TlsTestServer::asked_name() const {
  absl::MutexLock lock(mu_);
  return asked_name_;
}

void TlsTestServer::Serve() {
  sigset_t pipe;  // the library writes without MSG_NOSIGNAL
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (true) {
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (fd < 0) return;
    {
      absl::MutexLock lock(mu_);
      if (stopped_) ::shutdown(fd, SHUT_RDWR);
      talking_ = fd;
    }
    Talk(fd);
    absl::MutexLock lock(mu_);
    talking_ = -1;
    ::close(fd);
  }
}

void TlsTestServer::Talk(int fd) {
  SSL_CTX* const context = NewContext(options_);
  SSL* const ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1) {
    {
      absl::MutexLock lock(mu_);
      const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
      asked_name_ = name == nullptr ? "" : name;
    }
    if (Echo(ssl)) SSL_shutdown(ssl);
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
}

}  // namespace lookout::docker_internal
