// proto/http_client.h
//
// An HTTP/1.1 client for one server that trusts nothing it is told: the
// deadline covers the whole call, from looking up the name to the last byte;
// header and body are bounded, also after decompression; redirects are refused;
// a body that ends too early is an error. For checkers (fsck, monitors) and for
// talking to witnesses. Blocking.
//
//   ASSIGN_OR_RETURN(const Url url, ParseUrl("https://log.example/2026h2"));
//   ASSIGN_OR_RETURN(auto client, HttpClient::New(url, {}));
//   ASSIGN_OR_RETURN(HttpReply reply, client->Get("checkpoint"));
//   RETURN_IF_ERROR(StatusOfReply(reply));

#ifndef VIDIMUS_PROTO_HTTP_CLIENT_H_
#define VIDIMUS_PROTO_HTTP_CLIENT_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/tls.h"
#include "proto/url.h"

namespace vidimus {

struct HttpClientOptions {
  // For https: whom to believe and what to show. Null believes the system's
  // authorities and shows nothing.
  std::shared_ptr<const TlsContext> tls;

  // For each whole call.
  std::chrono::milliseconds timeout{30000};

  size_t header_bytes_max = 16 * 1024;
  // Of an answer, after decompression.
  size_t body_bytes_max = 64 * 1024 * 1024;

  // Ask for gzip. What comes compressed is decompressed in any case: a log may
  // send entry bundles so without being asked (C2SP tlog-tiles).
  bool asks_for_gzip = true;
};

struct HttpReply {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The first header of this name (any case); empty if there is none.
  absl::string_view Header(absl::string_view name) const;
};

// OK for 200 to 299. Otherwise the code that status.h's table gives, the first
// line of the body as message (shortened, control characters replaced: it is
// the server's word), and Retry-After if it is there.
absl::Status StatusOfReply(const HttpReply& reply);

// One connection, kept from call to call while the server keeps it. One thread
// at a time: threads that read in parallel each have their own.
class HttpClient {
 public:
  // Does not connect yet. kInvalidArgument if TLS can't be set up.
  static absl::StatusOr<std::unique_ptr<HttpClient>> New(
      Url base, const HttpClientOptions& options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `relative` is a path below the base URL, and may have a query. Any status
  // but a redirect is a reply, not an error. Errors:
  //   kInvalidArgument   `relative` can't stand in a request
  //   kUnavailable       could not connect, or the connection broke
  //   kUnauthenticated   TLS: the server is not whom we believe
  //   kDeadlineExceeded  not whole within the timeout
  //   kInternal          the answer is not HTTP, over a limit, cut short, or a
  //                      redirect
  // Get is tried once more if a kept connection turns out to be closed. Post is
  // not: after kUnavailable nobody knows whether the server acted.
  absl::StatusOr<HttpReply> Get(absl::string_view relative);
  absl::StatusOr<HttpReply> Post(
      absl::string_view relative, absl::string_view content_type,
      absl::string_view body,
      const std::vector<std::pair<std::string, std::string>>& headers = {});

  const Url& base() const;

 private:
  class Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_HTTP_CLIENT_H_
