// proto/certificates.h
//
// Makes a certificate authority and certificates under it, for trying a log out
// and for tests. A city in earnest brings its own. Keys are EC P-256, which
// every TLS library takes; signatures ECDSA with SHA-256. Randomness is the
// system's. Implemented over OpenSSL in tls_certificates.cc.

#ifndef VIDIMUS_PROTO_CERTIFICATES_H_
#define VIDIMUS_PROTO_CERTIFICATES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace vidimus {

// PEM texts. The key is unencrypted: write it to a file only its owner reads.
struct Certificate {
  std::string certificate_pem;
  std::string private_key_pem;
};

struct CertificateOptions {
  // At most 64 bytes of ASCII.
  std::string common_name;

  // POSIX seconds: valid from, and to (inclusive). May lie in the past.
  int64_t not_before_s = 0;
  int64_t not_after_s = 0;

  // What it is for; at least one.
  bool is_server = false;
  bool is_client = false;

  // Subject alternative names: of a server the DNS names and numeric addresses
  // it is reached by; of a submitter AdministrationUri(number).
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  std::vector<std::string> uris;
};

// A self-signed authority that may sign certificates but no authorities.
// kInvalidArgument for a name or times that can't be in a certificate.
absl::StatusOr<Certificate> MakeAuthority(const std::string& common_name,
                                          int64_t not_before_s,
                                          int64_t not_after_s);

// A certificate with a new key, signed by `authority`. kInvalidArgument for
// names or times that can't be in a certificate, or an unreadable authority.
absl::StatusOr<Certificate> MakeCertificate(const Certificate& authority,
                                            const CertificateOptions& options);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_CERTIFICATES_H_
