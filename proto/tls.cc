// The sessions run over OpenSSL's memory BIOs, so that whoever owns the socket
// decides when to wait and how long.

#include "proto/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace vidimus {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freer {
  void operator()(T* object) const { kFree(object); }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO, BIO_free_all>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509, X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;

// The first thing OpenSSL complained about, and forgets the rest.
std::string OpensslError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? absl::StrCat("OpenSSL error ", code) : reason;
}

BioPtr ReadingBio(const std::string& bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// PEM readers must not ask a terminal for a pass phrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::Status UseCertificate(SSL_CTX* context, const TlsOptions& options) {
  BioPtr bio = ReadingBio(options.certificate_chain_pem);
  CertificatePtr leaf(
      PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  if (leaf == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("TLS certificate: ", OpensslError()));
  }
  while (true) {
    CertificatePtr next(
        PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (next == nullptr) break;
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("TLS certificate chain: ", OpensslError()));
    }
  }
  ERR_clear_error();
  bio = ReadingBio(options.private_key_pem);
  KeyPtr key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr || SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("TLS private key: ", OpensslError()));
  }
  return absl::OkStatus();
}

absl::Status UseCa(SSL_CTX* context, const std::string& ca_pem,
                   bool is_server) {
  BioPtr bio = ReadingBio(ca_pem);
  int count = 0;
  while (true) {
    CertificatePtr ca(
        PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (ca == nullptr) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get()) != 1 ||
        (is_server && SSL_CTX_add_client_CA(context, ca.get()) != 1)) {
      return absl::InvalidArgumentError(
          absl::StrCat("TLS certificate authority: ", OpensslError()));
    }
    ++count;
  }
  ERR_clear_error();
  if (count == 0) {
    return absl::InvalidArgumentError(
        "TLS certificate authority: no certificate in the PEM text");
  }
  return absl::OkStatus();
}

std::vector<std::string> UrisOf(X509* certificate) {
  std::vector<std::string> uris;
  GENERAL_NAMES* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  GENERAL_NAMES_free(names);
  return uris;
}

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     absl::string_view what) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) {
    return absl::NotFoundError(absl::StrCat("read ", what, " ", path,
                                            ": cannot be opened or is empty"));
  }
  return bytes.str();
}

}  // namespace

struct TlsContext::Impl {
  ~Impl() { SSL_CTX_free(context); }
  SSL_CTX* context = nullptr;
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::NewServer(
    const TlsOptions& options) {
  auto impl = std::make_unique<Impl>();
  SSL_CTX* const context = impl->context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return absl::InternalError(OpensslError());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  // Sessions would have to remember whose certificate they stand for.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  RETURN_IF_ERROR(UseCertificate(context, options));
  if (!options.ca_pem.empty()) {
    RETURN_IF_ERROR(UseCa(context, options.ca_pem, /*is_server=*/true));
    SSL_CTX_set_verify(context,
                       SSL_VERIFY_PEER | (options.require_client_certificate
                                              ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                                              : 0),
                       nullptr);
  } else if (options.require_client_certificate) {
    return absl::InvalidArgumentError(
        "TLS: client certificates are required, but no certificate authority "
        "is given to verify them with");
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::NewClient(
    const TlsOptions& options) {
  auto impl = std::make_unique<Impl>();
  SSL_CTX* const context = impl->context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return absl::InternalError(OpensslError());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (!options.certificate_chain_pem.empty()) {
    RETURN_IF_ERROR(UseCertificate(context, options));
  }
  if (!options.ca_pem.empty()) {
    RETURN_IF_ERROR(UseCa(context, options.ca_pem, /*is_server=*/false));
  } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return absl::InternalError(
        absl::StrCat("TLS: the system's authorities: ", OpensslError()));
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

struct TlsSession::Impl {
  ~Impl() { SSL_free(ssl); }  // Frees the BIOs too.
  void TakeOutput(std::string* send) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(output, &bytes);
    if (size > 0) send->append(bytes, static_cast<size_t>(size));
    (void)BIO_reset(output);
  }
  SSL* ssl = nullptr;
  BIO* input = nullptr;   // From the wire.
  BIO* output = nullptr;  // To the wire.
  bool failed = false;
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context,
                       std::unique_ptr<Impl> impl)
    : context_(std::move(context)), impl_(std::move(impl)) {
  impl_->ssl = SSL_new(context_->impl_->context);
  impl_->input = BIO_new(BIO_s_mem());
  impl_->output = BIO_new(BIO_s_mem());
  SSL_set_bio(impl_->ssl, impl_->input, impl_->output);
}

TlsSession::~TlsSession() = default;

std::unique_ptr<TlsSession> TlsSession::Accept(
    std::shared_ptr<const TlsContext> context) {
  auto session = std::unique_ptr<TlsSession>(
      new TlsSession(std::move(context), std::make_unique<Impl>()));
  SSL_set_accept_state(session->impl_->ssl);
  return session;
}

absl::StatusOr<std::unique_ptr<TlsSession>> TlsSession::Connect(
    std::shared_ptr<const TlsContext> context, const std::string& host) {
  auto session = std::unique_ptr<TlsSession>(
      new TlsSession(std::move(context), std::make_unique<Impl>()));
  SSL* const ssl = session->impl_->ssl;
  SSL_set_connect_state(ssl);
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) != 1) {
    ERR_clear_error();
    if (X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) != 1 ||
        SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("TLS to ", host, ": ", OpensslError()));
    }
  }
  return session;
}

absl::Status TlsSession::Receive(absl::string_view received, std::string* plain,
                                 std::string* send) {
  if (impl_->failed) return absl::UnauthenticatedError("TLS: already failed");
  ERR_clear_error();
  if (!received.empty()) {
    BIO_write(impl_->input, received.data(), static_cast<int>(received.size()));
  }
  int result = 1;
  if (!handshake_done_) {
    result = SSL_do_handshake(impl_->ssl);
    if (result == 1) {
      handshake_done_ = true;
      X509* const peer = SSL_get0_peer_certificate(impl_->ssl);
      if (peer != nullptr) {
        peer_uris_ =
            std::make_shared<const std::vector<std::string>>(UrisOf(peer));
      }
    }
  }
  if (handshake_done_) {
    char buffer[16 * 1024];  // The most that one record holds.
    size_t got = 0;
    while ((result = SSL_read_ex(impl_->ssl, buffer, sizeof(buffer), &got)) ==
           1) {
      plain->append(buffer, got);
    }
  }
  const int error = SSL_get_error(impl_->ssl, result);
  impl_->TakeOutput(send);
  switch (error) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return absl::OkStatus();
    case SSL_ERROR_ZERO_RETURN:
      peer_closed_ = true;
      return absl::OkStatus();
    default: {
      impl_->failed = true;
      const long verdict = SSL_get_verify_result(impl_->ssl);
      std::string reason = OpensslError();
      if (verdict != X509_V_OK) {
        absl::StrAppend(&reason, " (", X509_verify_cert_error_string(verdict),
                        ")");
      }
      return absl::UnauthenticatedError(absl::StrCat("TLS: ", reason));
    }
  }
}

absl::Status TlsSession::Encrypt(absl::string_view plain, std::string* send) {
  if (!handshake_done_ || impl_->failed) {
    return absl::FailedPreconditionError("TLS: no handshake");
  }
  ERR_clear_error();
  if (!plain.empty()) {
    size_t written = 0;
    if (SSL_write_ex(impl_->ssl, plain.data(), plain.size(), &written) != 1 ||
        written != plain.size()) {
      impl_->failed = true;
      return absl::UnauthenticatedError(
          absl::StrCat("TLS: encrypt: ", OpensslError()));
    }
  }
  impl_->TakeOutput(send);
  return absl::OkStatus();
}

void TlsSession::Close(std::string* send) {
  if (!handshake_done_ || impl_->failed) return;
  SSL_shutdown(impl_->ssl);
  ERR_clear_error();
  impl_->TakeOutput(send);
}

absl::StatusOr<TlsOptions> ReadTlsFiles(const std::string& certificate_file,
                                        const std::string& key_file,
                                        const std::string& ca_file) {
  TlsOptions options;
  if (!certificate_file.empty()) {
    ASSIGN_OR_RETURN(options.certificate_chain_pem,
                     ReadFile(certificate_file, "TLS certificate"));
  }
  if (!key_file.empty()) {
    struct stat info;
    if (::stat(key_file.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
      return absl::PermissionDeniedError(
          absl::StrCat("read TLS private key ", key_file,
                       ": others than its owner may read it; chmod 600 it"));
    }
    ASSIGN_OR_RETURN(options.private_key_pem,
                     ReadFile(key_file, "TLS private key"));
  }
  if (!ca_file.empty()) {
    ASSIGN_OR_RETURN(options.ca_pem,
                     ReadFile(ca_file, "TLS certificate authority"));
  }
  return options;
}

}  // namespace vidimus
