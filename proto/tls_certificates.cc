#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/certificates.h"
#include "proto/status.h"

namespace vidimus {
namespace {

template <typename T, void (*kFree)(T*)>
struct Freer {
  void operator()(T* object) const { kFree(object); }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO, BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509, X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using NamesPtr =
    std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES, GENERAL_NAMES_free>>;

constexpr size_t kCommonNameBytesMax = 64;
constexpr int kSerialBytes = 16;

// PEM readers must not ask a terminal for a pass phrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::Status Failed(absl::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return absl::InvalidArgumentError(
      absl::StrCat("make certificate: ", what,
                   reason == nullptr ? "" : absl::StrCat(": ", reason)));
}

absl::Status SetNames(X509* certificate, const std::string& common_name,
                      const X509_NAME* issuer) {
  if (common_name.empty() || common_name.size() > kCommonNameBytesMax) {
    return Failed("the common name must have 1 to 64 bytes");
  }
  X509_NAME* const name = X509_get_subject_name(certificate);
  if (X509_NAME_add_entry_by_txt(
          name, "CN", MBSTRING_ASC,
          reinterpret_cast<const unsigned char*>(common_name.data()),
          static_cast<int>(common_name.size()), -1, 0) != 1 ||
      X509_set_issuer_name(certificate, issuer == nullptr ? name : issuer) !=
          1) {
    return Failed("common name");
  }
  return absl::OkStatus();
}

absl::Status SetSerialAndTimes(X509* certificate, int64_t not_before_s,
                               int64_t not_after_s) {
  unsigned char serial[kSerialBytes];
  if (RAND_bytes(serial, sizeof(serial)) != 1) return Failed("serial number");
  serial[0] &= 0x7f;  // Positive,
  serial[0] |= 0x40;  // and of full length.
  BIGNUM* const number = BN_bin2bn(serial, sizeof(serial), nullptr);
  const bool has_serial =
      number != nullptr &&
      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  if (!has_serial) return Failed("serial number");
  if (not_after_s < not_before_s ||
      ASN1_TIME_set(X509_getm_notBefore(certificate), not_before_s) ==
          nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate), not_after_s) == nullptr) {
    return Failed("times of validity");
  }
  return absl::OkStatus();
}

absl::Status AddExtension(X509* certificate, X509* issuer, int nid,
                          const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  const bool is_added =
      extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return is_added ? absl::OkStatus() : Failed(OBJ_nid2sn(nid));
}

// Built by hand rather than from a configuration string, in which a comma of a
// name would begin the next one.
absl::Status AddAlternativeNames(X509* certificate,
                                 const CertificateOptions& options) {
  NamesPtr names(sk_GENERAL_NAME_new_null());
  const auto add_text = [&names](int type, const std::string& text) {
    GENERAL_NAME* const name = GENERAL_NAME_new();
    ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(names.get(), name);
  };
  for (const std::string& dns : options.dns_names) add_text(GEN_DNS, dns);
  for (const std::string& uri : options.uris) add_text(GEN_URI, uri);
  for (const std::string& ip : options.ip_addresses) {
    ASN1_OCTET_STRING* const value = a2i_IPADDRESS(ip.c_str());
    if (value == nullptr) return Failed("numeric address");
    GENERAL_NAME* const name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_IPADD, value);
    sk_GENERAL_NAME_push(names.get(), name);
  }
  if (sk_GENERAL_NAME_num(names.get()) == 0) return absl::OkStatus();
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) !=
      1) {
    return Failed("subject alternative names");
  }
  return absl::OkStatus();
}

absl::StatusOr<Certificate> SignAndWrite(X509* certificate, EVP_PKEY* key,
                                         EVP_PKEY* issuer_key) {
  if (X509_sign(certificate, issuer_key, EVP_sha256()) == 0) {
    return Failed("signature");
  }
  BioPtr certificate_bio(BIO_new(BIO_s_mem()));
  BioPtr key_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0,
                                    nullptr, nullptr) != 1) {
    return Failed("write PEM");
  }
  Certificate result;
  char* bytes = nullptr;
  long size = BIO_get_mem_data(certificate_bio.get(), &bytes);
  result.certificate_pem.assign(bytes, static_cast<size_t>(size));
  size = BIO_get_mem_data(key_bio.get(), &bytes);
  result.private_key_pem.assign(bytes, static_cast<size_t>(size));
  return result;
}

}  // namespace

absl::StatusOr<Certificate> MakeAuthority(const std::string& common_name,
                                          int64_t not_before_s,
                                          int64_t not_after_s) {
  KeyPtr key(EVP_EC_gen("P-256"));
  X509Ptr certificate(X509_new());
  if (key == nullptr || certificate == nullptr ||
      X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key.get()) != 1) {
    return Failed("key");
  }
  RETURN_IF_ERROR(SetNames(certificate.get(), common_name, nullptr));
  RETURN_IF_ERROR(
      SetSerialAndTimes(certificate.get(), not_before_s, not_after_s));
  const std::pair<int, const char*> kExtensions[] = {
      {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
      {NID_key_usage, "critical,keyCertSign,cRLSign"},
      {NID_subject_key_identifier, "hash"},
  };
  for (const auto& [nid, value] : kExtensions) {
    RETURN_IF_ERROR(
        AddExtension(certificate.get(), certificate.get(), nid, value));
  }
  return SignAndWrite(certificate.get(), key.get(), key.get());
}

absl::StatusOr<Certificate> MakeCertificate(const Certificate& authority,
                                            const CertificateOptions& options) {
  if (!options.is_server && !options.is_client) {
    return Failed("is it for a server or for a client?");
  }
  BioPtr bio(
      BIO_new_mem_buf(authority.certificate_pem.data(),
                      static_cast<int>(authority.certificate_pem.size())));
  X509Ptr issuer(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  bio.reset(
      BIO_new_mem_buf(authority.private_key_pem.data(),
                      static_cast<int>(authority.private_key_pem.size())));
  KeyPtr issuer_key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (issuer == nullptr || issuer_key == nullptr ||
      X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return Failed("the authority's certificate or key");
  }

  KeyPtr key(EVP_EC_gen("P-256"));
  X509Ptr certificate(X509_new());
  if (key == nullptr || certificate == nullptr ||
      X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key.get()) != 1) {
    return Failed("key");
  }
  RETURN_IF_ERROR(SetNames(certificate.get(), options.common_name,
                           X509_get_subject_name(issuer.get())));
  RETURN_IF_ERROR(SetSerialAndTimes(certificate.get(), options.not_before_s,
                                    options.not_after_s));
  std::string usage;
  if (options.is_server) usage = "serverAuth";
  if (options.is_client) {
    absl::StrAppend(&usage, usage.empty() ? "" : ",", "clientAuth");
  }
  const std::pair<int, std::string> kExtensions[] = {
      {NID_basic_constraints, "critical,CA:FALSE"},
      {NID_key_usage, "critical,digitalSignature"},
      {NID_ext_key_usage, usage},
      {NID_subject_key_identifier, "hash"},
      {NID_authority_key_identifier, "keyid:always"},
  };
  for (const auto& [nid, value] : kExtensions) {
    RETURN_IF_ERROR(AddExtension(certificate.get(), issuer.get(), nid, value));
  }
  RETURN_IF_ERROR(AddAlternativeNames(certificate.get(), options));
  return SignAndWrite(certificate.get(), key.get(), issuer_key.get());
}

}  // namespace vidimus
