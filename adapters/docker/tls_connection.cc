#include "lookout/adapters/docker/tls_connection.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lookout/adapters/docker/hang_up.h"
#include "lookout/adapters/docker/tls_context.h"

namespace lookout::docker_internal {
namespace {

constexpr std::size_t kRecord = 16 << 10;  // of TLS, at most
constexpr std::size_t kMaxNamesTold = 8;
constexpr std::size_t kMaxNameTold = 64;

// Records of TLS begin with one of these types.
constexpr char kAlertRecord = 21;
constexpr char kHandshakeRecord = 22;

bool IsAddress(const std::string& host) {
  in6_addr unused;
  return ::inet_pton(AF_INET, host.c_str(), &unused) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

// A name as certificates have it: an address without its zone, a name without the dot at its end.
std::string NameToProve(absl::string_view host) {
  std::string name(host.substr(0, host.find('%')));
  if (!IsAddress(name)) name = std::string(absl::StripSuffix(name, "."));
  return name;
}

std::string NameOf(const GENERAL_NAME& name) {
  if (name.type != GEN_DNS && name.type != GEN_IPADD) return "";
  const ASN1_STRING* value = name.type == GEN_DNS ? name.d.dNSName : name.d.iPAddress;
  const auto* bytes = ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
  if (name.type == GEN_DNS) {
    return absl::CHexEscape({reinterpret_cast<const char*>(bytes), std::min(size, kMaxNameTold)});
  }
  char text[INET6_ADDRSTRLEN] = "";
  if (size == 4 || size == 16) ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text));
  return text;
}

// What a certificate says it is for, for a message.
std::string NamesOf(X509* certificate) {
  const TlsPtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> told;
  for (std::size_t i = 0; names != nullptr && i < static_cast<std::size_t>(sk_GENERAL_NAME_num(names.get()));
       ++i) {
    std::string name = NameOf(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) told.push_back(std::move(name));
    if (told.size() == kMaxNamesTold) break;
  }
  return told.empty() ? "no name at all" : absl::StrJoin(told, ", ");
}

class TlsConnection final : public EngineConnection {
 public:
  TlsConnection(DockerTls tls, absl::string_view host, std::unique_ptr<EngineConnection> inner,
                TlsPtr<SSL_CTX> context)
      : EngineConnection(inner->deadline()),
        tls_(std::move(tls)),
        name_(NameToProve(host)),
        inner_(std::move(inner)),
        context_(std::move(context)) {}

  absl::Status Handshake(absl::Time now);

  absl::StatusOr<std::size_t> Read(absl::Span<char> into) override;
  absl::Status Write(absl::string_view bytes) override;

 private:
  static int OnVerified(int ok, X509_STORE_CTX* store);
  static int OnCertificateAsked(SSL* ssl, X509** certificate, EVP_PKEY** key);

  bool SetUp(absl::Time now);
  absl::Status Flush();  // what the library has to send
  absl::Status Fill();   // with what the engine sends
  absl::Status CheckFirstAnswer(absl::string_view answer) const;
  // Why the library's last call gave `result`; OK if it only wants more from the engine.
  absl::Status Failure(int result) const;
  absl::Status VerificationFailure() const;
  absl::Status AlertFailure(int alert) const;
  // Why the engine hung up, if it said so; else `failure`.
  absl::Status LastWords(absl::Status failure);

  const DockerTls tls_;
  const std::string name_;
  const std::unique_ptr<EngineConnection> inner_;
  const TlsPtr<SSL_CTX> context_;
  TlsPtr<SSL> ssl_;
  BIO* incoming_ = nullptr;  // owned by ssl_
  BIO* outgoing_ = nullptr;
  std::array<char, kRecord> buffer_;
  bool answered_ = false;           // by anything at all
  bool certificate_asked_ = false;  // and there is none to show
  int verify_error_ = X509_V_OK;    // the first one
  std::string certificate_names_;   // of the one that failed
};

int TlsConnection::OnVerified(int ok, X509_STORE_CTX* store) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& self = *static_cast<TlsConnection*>(SSL_get_ex_data(ssl, 0));
  if (ok == 0 && self.verify_error_ == X509_V_OK) {
    self.verify_error_ = X509_STORE_CTX_get_error(store);
    X509* certificate = X509_STORE_CTX_get_current_cert(store);
    if (certificate != nullptr) self.certificate_names_ = NamesOf(certificate);
  }
  return ok;
}

int TlsConnection::OnCertificateAsked(SSL* ssl, X509** /*certificate*/, EVP_PKEY** /*key*/) {
  static_cast<TlsConnection*>(SSL_get_ex_data(ssl, 0))->certificate_asked_ = true;
  return 0;  // there is none
}

bool TlsConnection::SetUp(absl::Time now) {
  if (tls_.certificate_file.empty()) SSL_CTX_set_client_cert_cb(context_.get(), OnCertificateAsked);
  ssl_.reset(SSL_new(context_.get()));
  incoming_ = BIO_new(BIO_s_mem());
  outgoing_ = BIO_new(BIO_s_mem());
  if (ssl_ == nullptr || incoming_ == nullptr || outgoing_ == nullptr) {
    BIO_free(incoming_);
    BIO_free(outgoing_);
    return false;
  }
  SSL* ssl = ssl_.get();
  SSL_set_bio(ssl, incoming_, outgoing_);  // takes both
  SSL_set_ex_data(ssl, 0, this);
  SSL_set_connect_state(ssl);
  const bool is_address = IsAddress(name_);
  if (!is_address && SSL_set_tlsext_host_name(ssl, name_.c_str()) != 1) return false;
  if (!tls_.verify) {
    SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
    return true;
  }
  SSL_set_verify(ssl, SSL_VERIFY_PEER, OnVerified);
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_time(rules, absl::ToTimeT(now));
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  // Whatever is in the CA file is trusted, as by the docker command: an engine's own certificate, too.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  return is_address ? X509_VERIFY_PARAM_set1_ip_asc(rules, name_.c_str()) == 1
                    : X509_VERIFY_PARAM_set1_host(rules, name_.data(), name_.size()) == 1;
}

absl::Status TlsConnection::Flush() {
  inner_->set_deadline(deadline());
  while (BIO_pending(outgoing_) > 0) {
    std::array<char, kRecord> record;
    const int n = BIO_read(outgoing_, record.data(), static_cast<int>(record.size()));
    if (n <= 0) break;
    absl::Status written = inner_->Write({record.data(), static_cast<std::size_t>(n)});
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

absl::Status TlsConnection::Fill() {
  inner_->set_deadline(deadline());
  const absl::StatusOr<std::size_t> n = inner_->Read(absl::MakeSpan(buffer_));
  if (!n.ok()) return n.status();
  if (*n == 0) {
    return HangUp(answered_ ? "the engine ended the connection without TLS's farewell"
                            : "the peer hung up when TLS began: is TLS spoken on this port?");
  }
  if (!std::exchange(answered_, true)) {
    if (absl::Status tls = CheckFirstAnswer({buffer_.data(), *n}); !tls.ok()) return tls;
  }
  BIO_write(incoming_, buffer_.data(), static_cast<int>(*n));
  return absl::OkStatus();
}

absl::Status TlsConnection::CheckFirstAnswer(absl::string_view answer) const {
  if (answer.front() == kAlertRecord || answer.front() == kHandshakeRecord) return absl::OkStatus();
  if (absl::StartsWith(answer, "HTTP/")) {
    return absl::FailedPreconditionError(
        "the engine speaks plain HTTP on this port, not TLS: use its TLS port (2376 by custom), or unset "
        "DOCKER_TLS_VERIFY and DOCKER_TLS if it has none");
  }
  return absl::UnavailableError("the peer does not speak TLS");
}

absl::Status TlsConnection::Handshake(absl::Time now) {
  ERR_clear_error();
  if (!SetUp(now)) return absl::InvalidArgumentError(absl::StrCat("TLS cannot be set up for ", name_));
  while (true) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    const absl::Status failure = result == 1 ? absl::OkStatus() : Failure(result);
    const absl::Status flushed = Flush();  // an alert, too
    if (!failure.ok()) return failure;
    if (!flushed.ok()) return LastWords(flushed);
    if (result == 1) return absl::OkStatus();
    if (absl::Status filled = Fill(); !filled.ok()) return filled;
  }
}

absl::StatusOr<std::size_t> TlsConnection::Read(absl::Span<char> into) {
  while (true) {
    ERR_clear_error();
    const int n = SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min(into.size(), kRecord)));
    if (n > 0) return static_cast<std::size_t>(n);
    if (SSL_get_error(ssl_.get(), n) == SSL_ERROR_ZERO_RETURN) return 0;
    if (absl::Status failure = Failure(n); !failure.ok()) return failure;
    if (absl::Status flushed = Flush(); !flushed.ok())
      return LastWords(flushed);  // an answer to a key update
    if (absl::Status filled = Fill(); !filled.ok()) return filled;
  }
}

absl::Status TlsConnection::Write(absl::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    const int n = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), kRecord)));
    const absl::Status failure = n > 0 ? absl::OkStatus() : Failure(n);
    if (!failure.ok()) return failure;
    if (absl::Status flushed = Flush(); !flushed.ok()) return LastWords(flushed);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (absl::Status filled = Fill(); !filled.ok()) {
      return filled;
    }
  }
  return absl::OkStatus();
}

absl::Status TlsConnection::Failure(int result) const {
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ) return absl::OkStatus();
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (verify_error_ != X509_V_OK) return VerificationFailure();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    return AlertFailure(reason - SSL_AD_REASON_OFFSET);
  }
  const char* why = ERR_reason_error_string(error);
  return absl::UnavailableError(absl::StrCat("TLS failed: ", why != nullptr ? why : "the connection broke"));
}

absl::Status TlsConnection::VerificationFailure() const {
  const std::string authority = tls_.ca_file.empty() ? "an authority that this machine trusts"
                                                     : absl::StrCat("the CA in ", tls_.ca_file);
  switch (verify_error_) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return absl::FailedPreconditionError(
          absl::StrCat("the engine's certificate is not for ", name_, ": it has ", certificate_names_));
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return absl::UnavailableError("the engine's certificate has expired, or this machine's clock is wrong");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return absl::UnavailableError(
          "the engine's certificate is not valid yet, or this machine's clock is wrong");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return absl::FailedPreconditionError(
          absl::StrCat("the engine's certificate is not signed by ", authority));
    default:
      return absl::FailedPreconditionError(absl::StrCat("the engine's certificate is not accepted: ",
                                                        X509_verify_cert_error_string(verify_error_)));
  }
}

absl::Status TlsConnection::AlertFailure(int alert) const {
  const std::string words = absl::StrCat("(TLS alert: ", SSL_alert_desc_string_long(alert), ")");
  switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      break;
    default:
      return absl::UnavailableError(absl::StrCat("the engine ended TLS ", words));
  }
  if (certificate_asked_) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the engine wants a client certificate, and there is none: DOCKER_CERT_PATH says where cert.pem and "
        "key.pem are ",
        words));
  }
  if (!tls_.certificate_file.empty()) {
    return absl::PermissionDeniedError(
        absl::StrCat("the engine refuses the client certificate ", tls_.certificate_file, " ", words));
  }
  return absl::UnavailableError(absl::StrCat("the engine ended TLS ", words));
}

absl::Status TlsConnection::LastWords(absl::Status failure) {
  if (!absl::IsUnavailable(failure)) return failure;
  char first;
  while (true) {
    ERR_clear_error();
    const int n = SSL_peek(ssl_.get(), &first, 1);
    if (n > 0) return failure;
    if (absl::Status told = Failure(n); !told.ok()) return told;
    if (!Fill().ok()) return failure;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<EngineConnection>> StartTls(const DockerTls& tls, absl::string_view host,
                                                           std::unique_ptr<EngineConnection> inner,
                                                           absl::Time now) {
  absl::StatusOr<TlsPtr<SSL_CTX>> context = MakeTlsContext(tls);
  if (!context.ok()) return context.status();
  auto connection = std::make_unique<TlsConnection>(tls, host, std::move(inner), *std::move(context));
  if (absl::Status shaken = connection->Handshake(now); !shaken.ok()) return shaken;
  return connection;
}

}  // namespace lookout::docker_internal
