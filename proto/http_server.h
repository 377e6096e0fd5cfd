// proto/http_server.h
//
// An HTTP/1.1 server on Boost.Asio and Beast's parser that is cheap per request
// and hard to hold up. It knows nothing of logs: a handler gets each request
// and answers it, at once or later, from any thread.
//
// What a caller may rely on:
// - The deadline covers the whole request, TLS handshake and body included: a
//   client that sends a byte a second is gone after `request_timeout`, with
//   408 if it had begun a request. A client that reads its answer slower than
//   64 KiB/s for longer than that is gone too.
// - Bounds with names: header (431), body (413), connections (503).
// - Keep-alive, pipelining (requests of one connection are handled one after
//   the other), chunked request bodies, Expect: 100-continue, HEAD.
// - Answers that come from other threads are gathered: a thread that answers
//   thousands of requests in a row wakes each I/O thread about once.
// - Shutdown lets what is under way finish.
//
// Cost, measured: docs/transport.md.

#ifndef VIDIMUS_PROTO_HTTP_SERVER_H_
#define VIDIMUS_PROTO_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/tls.h"

namespace vidimus {

enum class HttpMethod : uint8_t { kGet, kHead, kPost, kOptions, kOther };

// A whole request. Its bytes are its own; it may be kept and moved.
class HttpRequest {
 public:
  HttpMethod method = HttpMethod::kOther;

  // As it stood in the request line: not decoded, not normalised. "/a?b" for
  // well-behaved clients, but anything printable for others.
  std::string target;

  // What came with the request, chunks joined; at most
  // HttpServerOptions::body_bytes_max.
  std::string body;

  // The URIs among the subject alternative names of the client's verified
  // certificate; null without TLS or without a certificate.
  std::shared_ptr<const std::vector<std::string>> peer_uris;

  // The target up to its first '?', and what follows that.
  absl::string_view path() const;
  absl::string_view query() const;

  // The value of the first header of this name (any case), spaces around it
  // removed; empty if there is none.
  absl::string_view Header(absl::string_view name) const;

  // The values of all headers of this name, in their order: for those of which
  // there must not be two.
  std::vector<absl::string_view> Headers(absl::string_view name) const;

  // Whether Accept-Encoding allows gzip (RFC 9110, 12.5.3; q=0 refuses).
  bool AcceptsGzip() const;

  // Name and value must have been checked as HTTP's; for the parser and for
  // tests of handlers.
  void AddHeader(absl::string_view name, absl::string_view value);

 private:
  struct Field {
    uint32_t name_begin, name_size, value_begin, value_size;
  };
  std::string fields_bytes_;
  std::vector<Field> fields_;
};

// An answer. The server adds Content-Length and, where needed, Connection.
class HttpResponse {
 public:
  int status = 200;
  // Omitted if empty.
  std::string content_type;
  // Further headers. Control characters in a value are sent as spaces.
  std::vector<std::pair<std::string, std::string>> headers;

  HttpResponse() = default;
  HttpResponse(int status, absl::string_view content_type, std::string body);

  void SetBody(std::string body);
  // Sends the bytes [begin, begin + size) of `body` without copying them, and
  // keeps `body` alive until they are sent; they must not change. Clamped to
  // what `body` has.
  void SetSharedBody(std::shared_ptr<const std::string> body, size_t begin = 0,
                     size_t size = std::string::npos);
  absl::string_view body() const;

 private:
  std::string own_body_;
  std::shared_ptr<const std::string> shared_body_;
  size_t shared_begin_ = 0;
  size_t shared_size_ = 0;
};

// text/plain, one line: `line` and a line feed.
HttpResponse TextResponse(int status, absl::string_view line);

// The answer to a request that failed: the status of status.h's table, the
// message as a line of text, and Retry-After if the status says so.
HttpResponse ErrorResponse(const absl::Status& status);

// The answer to another method than those of a path: 405, with `allowed`
// ("GET") in its text and as Allow.
HttpResponse WrongMethod(absl::string_view allowed);

// Whether a request's body is sent as application/json: kInvalidArgument. A
// page of another origin can make a browser send a form, with its cookies and
// its certificate, but not JSON: for that the browser asks first.
absl::Status JudgeJsonBody(const HttpRequest& request);

class HttpMailbox;

// The right and the duty to answer one request, exactly once. Moves; may be
// called from any thread, never blocks, and may outlive the server (the answer
// is dropped then). Destroyed without an answer, it answers 500.
class HttpResponder {
 public:
  HttpResponder() = default;
  HttpResponder(HttpResponder&& other) noexcept;
  HttpResponder& operator=(HttpResponder&& other) noexcept;
  ~HttpResponder();

  // Answers. Further calls have no effect.
  void operator()(HttpResponse response);

 private:
  friend class HttpWorker;
  HttpResponder(std::shared_ptr<HttpMailbox> mailbox, uint64_t connection_id);

  std::shared_ptr<HttpMailbox> mailbox_;
  uint64_t connection_id_ = 0;
};

// Runs on an I/O thread, which serves nobody else meanwhile: it must be quick,
// or hand over to another thread and let the responder be called there.
using HttpHandler = std::function<void(HttpRequest, HttpResponder)>;

// For metrics. All but `connections` count from the start of the server.
struct HttpServerCounts {
  uint64_t connections = 0;  // Open now.
  uint64_t accepted = 0;
  uint64_t refused_connections = 0;  // Beyond connections_max.
  uint64_t requests = 0;
  uint64_t bad_requests = 0;  // Answered 400, 413 or 431 by the server itself.
  uint64_t timeouts = 0;  // Given up while a request or answer was under way.
  uint64_t tls_failures = 0;  // Handshakes and records that failed.
};

struct HttpServerOptions {
  // host:port; the host is a numeric address (IPv6 in brackets) or "localhost".
  // Port 0 takes a free one.
  std::string address = "127.0.0.1:0";

  // Null serves plaintext.
  std::shared_ptr<const TlsContext> tls;

  // I/O threads. Each connection belongs to one of them for its life.
  int threads = 2;

  size_t header_bytes_max = 16 * 1024;
  size_t body_bytes_max = 4 * 1024 * 1024;
  size_t connections_max = 4096;

  // From the first byte of a request (from the connection's beginning for the
  // first one) to its last.
  std::chrono::milliseconds request_timeout{10000};
  // Between requests; 1 s while more than three quarters of connections_max
  // are open.
  std::chrono::milliseconds idle_timeout{60000};
  // An answer may take request_timeout and as long as this rate needs.
  size_t write_bytes_per_second_min = 64 * 1024;

  // Called a few times a second on one of the server's threads, never twice at
  // once and never after Shutdown has returned. May be null.
  std::function<void(const HttpServerCounts&)> observe;
};

class HttpServer {
 public:
  // Listens and starts the threads. kInvalidArgument for an address that can't
  // be read; kUnavailable if it can't be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      const HttpServerOptions& options, HttpHandler handler);

  // Shutdown(0).
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // The port listened on.
  uint16_t port() const;

  // Stops accepting, closes idle connections, lets requests that have arrived
  // whole get their answers, then closes all and ends the threads; waits at
  // most `timeout` for the answers. Responders not called by then have no
  // effect. Only the first call does anything. Not from the handler.
  void Shutdown(std::chrono::milliseconds timeout);

  HttpServerCounts counts() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace vidimus

#endif  // VIDIMUS_PROTO_HTTP_SERVER_H_
