// proto/tls.h
//
// TLS 1.2 and 1.3 without sockets: bytes in, bytes out. HTTP's server and
// client both use it, so OpenSSL is seen only in tls*.cc (its headers have the
// same names as BoringSSL's). gRPC brings its own TLS: grpc_tls.h.

#ifndef VIDIMUS_PROTO_TLS_H_
#define VIDIMUS_PROTO_TLS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vidimus {

// What a server or client shows and whom it believes. All PEM text; see
// ReadTlsFiles for files.
struct TlsOptions {
  // Our certificate, then its intermediates, and the private key. A server must
  // have both; a client may.
  std::string certificate_chain_pem;
  std::string private_key_pem;

  // Certificates of the authorities believed when they sign the peer's. A
  // client without any uses the system's. A server without any asks for no
  // client certificate.
  std::string ca_pem;

  // Server with a CA: refuse clients without a certificate. Otherwise they are
  // let in without an identity. A certificate that is shown must verify in
  // either case, or the handshake fails.
  bool require_client_certificate = false;
};

// Shared by all connections of a server or client; immutable; any thread.
class TlsContext {
 public:
  // kInvalidArgument if a PEM can't be read or the key is not the
  // certificate's.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> NewServer(
      const TlsOptions& options);
  static absl::StatusOr<std::shared_ptr<const TlsContext>> NewClient(
      const TlsOptions& options);
  ~TlsContext();

 private:
  friend class TlsSession;
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

// One connection's TLS. One thread at a time.
class TlsSession {
 public:
  // The server's side.
  static std::unique_ptr<TlsSession> Accept(
      std::shared_ptr<const TlsContext> context);
  // The client's: the server's certificate must be for `host`, a DNS name or a
  // numeric address.
  static absl::StatusOr<std::unique_ptr<TlsSession>> Connect(
      std::shared_ptr<const TlsContext> context, const std::string& host);
  ~TlsSession();

  // Takes `received` from the wire, appends what it decrypts to to `plain`, and
  // to `send` what must go out (handshake, alerts). Call once with nothing to
  // begin as a client. On failure (a peer that is not believed, a damaged
  // record) returns kUnauthenticated, with an alert in `send` worth sending.
  absl::Status Receive(absl::string_view received, std::string* plain,
                       std::string* send);

  // Encrypts `plain` to the end of `send`. Only once handshake_done.
  absl::Status Encrypt(absl::string_view plain, std::string* send);

  // Appends the close_notify alert.
  void Close(std::string* send);

  bool handshake_done() const { return handshake_done_; }

  // The peer said that nothing more comes. A connection that ends without it
  // may have been cut by someone in between.
  bool peer_closed() const { return peer_closed_; }

  // The URIs among the subject alternative names of the peer's verified
  // certificate; null if it showed none. After handshake_done.
  std::shared_ptr<const std::vector<std::string>> peer_uris() const {
    return peer_uris_;
  }

 private:
  struct Impl;
  TlsSession(std::shared_ptr<const TlsContext> context,
             std::unique_ptr<Impl> impl);

  const std::shared_ptr<const TlsContext> context_;
  const std::unique_ptr<Impl> impl_;
  bool handshake_done_ = false;
  bool peer_closed_ = false;
  std::shared_ptr<const std::vector<std::string>> peer_uris_;
};

// Reads the PEM files named; an empty name is left empty. kNotFound or
// kPermissionDenied name the file. The key's file must not be readable by
// others than its owner, or kPermissionDenied says so.
absl::StatusOr<TlsOptions> ReadTlsFiles(const std::string& certificate_file,
                                        const std::string& key_file,
                                        const std::string& ca_file);

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_TLS_H_
