#include "proto/http_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <optional>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/gzip.h"
#include "proto/mutex.h"
#include "proto/status.h"

namespace vidimus {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kReserveBytesMax = 1024 * 1024;
constexpr int kInterimRepliesMax = 8;
constexpr size_t kMessageBytesMax = 200;
constexpr int64_t kRetryAfterSecondsMax = 86400;

class ResponseParser : public http::basic_parser<false> {
 public:
  ResponseParser(size_t header_bytes_max, size_t body_bytes_max) {
    header_limit(static_cast<uint32_t>(header_bytes_max));
    body_limit(body_bytes_max);
    eager(true);
  }
  HttpReply& reply() { return reply_; }

 private:
  void on_request_impl(http::verb, boost::beast::string_view,
                       boost::beast::string_view, int, error_code&) override {}
  void on_response_impl(int status, boost::beast::string_view, int,
                        error_code&) override {
    reply_.status = status;
  }
  void on_field_impl(http::field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code&) override {
    if (is_header_done_) return;
    reply_.headers.emplace_back(std::string(name.data(), name.size()),
                                std::string(value.data(), value.size()));
  }
  void on_header_impl(error_code&) override { is_header_done_ = true; }
  void on_body_init_impl(const boost::optional<uint64_t>& content_length,
                         error_code&) override {
    if (content_length.has_value()) {
      reply_.body.reserve(
          std::min<uint64_t>(*content_length, kReserveBytesMax));
    }
  }
  size_t on_body_impl(boost::beast::string_view body, error_code&) override {
    reply_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(uint64_t, boost::beast::string_view,
                            error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, boost::beast::string_view body,
                            error_code&) override {
    reply_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  HttpReply reply_;
  bool is_header_done_ = false;
};

// A name's addresses. The system's resolver can't be interrupted, so it runs
// on a thread that is left behind when the deadline comes; it ends by itself.
struct Lookup {
  ~Lookup() {
    if (addresses != nullptr) ::freeaddrinfo(addresses);
  }
  Mutex mu;
  CondVar finished;
  bool is_finished ABSL_GUARDED_BY(mu) = false;
  int result ABSL_GUARDED_BY(mu) = EAI_AGAIN;
  addrinfo* addresses = nullptr;  // Set before is_finished, then constant.
};

addrinfo Hints(int flags) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  return hints;
}

absl::StatusOr<std::shared_ptr<const Lookup>> LookUp(
    const std::string& host, uint16_t port, Clock::time_point deadline) {
  const auto lookup = std::make_shared<Lookup>();
  const std::string service = absl::StrCat(port);
  const addrinfo numeric = Hints(AI_NUMERICHOST);
  if (::getaddrinfo(host.c_str(), service.c_str(), &numeric,
                    &lookup->addresses) == 0) {
    return std::shared_ptr<const Lookup>(lookup);
  }
  lookup->addresses = nullptr;
  std::thread([lookup, host, service] {
    const addrinfo hints = Hints(0);
    addrinfo* addresses = nullptr;
    const int result =
        ::getaddrinfo(host.c_str(), service.c_str(), &hints, &addresses);
    MutexLock lock(&lookup->mu);
    if (result == 0) lookup->addresses = addresses;
    lookup->result = result;
    lookup->is_finished = true;
    lookup->finished.SignalAll();
  }).detach();
  MutexLock lock(&lookup->mu);
  while (!lookup->is_finished) {
    if (!lookup->finished.WaitUntil(&lookup->mu, deadline) &&
        !lookup->is_finished) {
      return absl::DeadlineExceededError(
          absl::StrCat("look up ", host, ": no answer in time"));
    }
  }
  if (lookup->result != 0) {
    return absl::UnavailableError(
        absl::StrCat("look up ", host, ": ", ::gai_strerror(lookup->result)));
  }
  return std::shared_ptr<const Lookup>(lookup);
}

// Waits for one of `events`; false when the deadline has come.
bool Wait(int fd, short events, Clock::time_point deadline, short* happened) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting = {fd, events, 0};
    const int ready =
        ::poll(&waiting, 1,
               static_cast<int>(std::min<int64_t>(left.count(), 1000 * 1000)));
    if (ready > 0) {
      *happened = waiting.revents;
      return true;
    }
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool IsRequestTarget(absl::string_view target) {
  if (target.empty() || target[0] != '/') return false;
  for (char c : target) {
    if (!absl::ascii_isgraph(c)) return false;
  }
  return true;
}

bool IsHeaderText(absl::string_view text) {
  for (char c : text) {
    if (absl::ascii_iscntrl(c)) return false;
  }
  return true;
}

}  // namespace

absl::string_view HttpReply::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

absl::Status StatusOfReply(const HttpReply& reply) {
  const absl::StatusCode code = CodeOfHttpStatus(reply.status);
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  std::string line =
      reply.body.substr(0, std::min(reply.body.find('\n'), kMessageBytesMax));
  for (char& c : line) {
    if (!absl::ascii_isprint(c)) c = '?';
  }
  absl::Status status(code, absl::StrCat("HTTP ", reply.status,
                                         line.empty() ? "" : ": ", line));
  int64_t seconds = 0;
  if (absl::SimpleAtoi(reply.Header("Retry-After"), &seconds) && seconds >= 0) {
    status = WithRetryAfter(
        status, std::chrono::seconds(std::min(seconds, kRetryAfterSecondsMax)));
  }
  return status;
}

class HttpClient::Impl {
 public:
  Impl(Url base, const HttpClientOptions& options)
      : base_(std::move(base)), options_(options) {}
  ~Impl() { Disconnect(); }

  absl::Status SetUpTls() {
    if (!base_.is_https || options_.tls != nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(options_.tls, TlsContext::NewClient({}));
    return absl::OkStatus();
  }

  absl::StatusOr<HttpReply> Call(absl::string_view method,
                                 absl::string_view relative,
                                 absl::string_view headers,
                                 absl::string_view body);
  const Url& base() const { return base_; }

 private:
  absl::Status Connect(Clock::time_point deadline);
  void Disconnect();
  bool IsStale() const;
  absl::Status Handshake(Clock::time_point deadline);
  // Sends and reads until the reply is whole. Sets *answered once a byte came.
  absl::StatusOr<HttpReply> Exchange(std::string request,
                                     Clock::time_point deadline,
                                     bool* answered);
  absl::Status TimedOut() const {
    return absl::DeadlineExceededError(
        absl::StrCat(base_.Authority(), ": no whole answer within ",
                     options_.timeout.count(), " ms"));
  }
  absl::Status Broken(absl::string_view why) const {
    return absl::UnavailableError(absl::StrCat(base_.Authority(), ": ", why));
  }
  absl::Status Bad(absl::string_view why) const {
    return absl::InternalError(absl::StrCat(base_.Authority(), ": ", why));
  }

  const Url base_;
  HttpClientOptions options_;
  int fd_ = -1;
  std::unique_ptr<TlsSession> tls_;
  const std::unique_ptr<char[]> buffer_{new char[kReadBytes]};
};

void HttpClient::Impl::Disconnect() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  tls_.reset();
}

// Between calls a server has nothing to say but goodbye.
bool HttpClient::Impl::IsStale() const {
  pollfd waiting = {fd_, POLLIN, 0};
  return ::poll(&waiting, 1, 0) != 0;
}

absl::Status HttpClient::Impl::Connect(Clock::time_point deadline) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const Lookup> lookup,
                   LookUp(base_.host, base_.EffectivePort(), deadline));
  std::string reason = "no address";
  for (const addrinfo* address = lookup->addresses; address != nullptr;
       address = address->ai_next) {
    fd_ = ::socket(address->ai_family,
                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
      reason = std::strerror(errno);
      continue;
    }
    int error = 0;
    if (::connect(fd_, address->ai_addr, address->ai_addrlen) != 0) {
      error = errno;
      short happened = 0;
      if (error == EINPROGRESS) {
        if (!Wait(fd_, POLLOUT, deadline, &happened)) {
          Disconnect();
          return TimedOut();
        }
        socklen_t size = sizeof(error);
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    if (error == 0) {
      const int on = 1;
      ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      if (!base_.is_https) return absl::OkStatus();
      ASSIGN_OR_RETURN(tls_, TlsSession::Connect(options_.tls, base_.host));
      return Handshake(deadline);
    }
    reason = std::strerror(error);
    Disconnect();
  }
  return Broken(absl::StrCat("connect: ", reason));
}

absl::Status HttpClient::Impl::Handshake(Clock::time_point deadline) {
  std::string out, plain;
  RETURN_IF_ERROR(tls_->Receive("", &plain, &out));
  while (!tls_->handshake_done() || !out.empty()) {
    short happened = 0;
    const short events =
        static_cast<short>(out.empty() ? POLLIN : POLLIN | POLLOUT);
    if (!Wait(fd_, events, deadline, &happened)) return TimedOut();
    if ((happened & POLLOUT) != 0 && !out.empty()) {
      const ssize_t sent = ::send(fd_, out.data(), out.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        return Broken(absl::StrCat("TLS: ", std::strerror(errno)));
      }
      if (sent > 0) out.erase(0, static_cast<size_t>(sent));
      continue;
    }
    const ssize_t got = ::recv(fd_, buffer_.get(), kReadBytes, 0);
    if (got == 0) return Broken("closed during the TLS handshake");
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return Broken(absl::StrCat("TLS: ", std::strerror(errno)));
    }
    const absl::Status status =
        tls_->Receive(absl::string_view(buffer_.get(), got), &plain, &out);
    if (!status.ok()) {
      (void)!::send(fd_, out.data(), out.size(), MSG_NOSIGNAL);
      return Annotate(status, base_.Authority());
    }
    if (!plain.empty() || tls_->peer_closed()) {
      return Bad("spoke before it was asked");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<HttpReply> HttpClient::Impl::Exchange(std::string request,
                                                     Clock::time_point deadline,
                                                     bool* answered) {
  std::string out;
  if (tls_ != nullptr) {
    RETURN_IF_ERROR(tls_->Encrypt(request, &out));
  } else {
    out = std::move(request);
  }
  size_t sent_bytes = 0;
  bool is_cut = false;
  std::string plain;  // Not parsed yet.
  std::optional<ResponseParser> parser(std::in_place, options_.header_bytes_max,
                                       options_.body_bytes_max);
  int interim_replies = 0;
  while (true) {
    const bool is_sending = sent_bytes < out.size();
    short happened = 0;
    if (!Wait(fd_, static_cast<short>(is_sending ? POLLIN | POLLOUT : POLLIN),
              deadline, &happened)) {
      return TimedOut();
    }
    if (is_sending && (happened & POLLOUT) != 0 && (happened & POLLIN) == 0) {
      const ssize_t sent = ::send(fd_, out.data() + sent_bytes,
                                  out.size() - sent_bytes, MSG_NOSIGNAL);
      if (sent > 0) {
        sent_bytes += static_cast<size_t>(sent);
        continue;
      }
      if (errno == EAGAIN || errno == EINTR) continue;
      // The server takes no more; it may have said why.
      out.resize(sent_bytes);
      is_cut = true;
      continue;
    }
    const ssize_t got = ::recv(fd_, buffer_.get(), kReadBytes, 0);
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return Broken(std::strerror(errno));
    }
    bool is_end = got == 0;
    if (got > 0) {
      *answered = true;
      const absl::string_view received(buffer_.get(), static_cast<size_t>(got));
      if (tls_ != nullptr) {
        std::string control;
        RETURN_IF_ERROR(Annotate(tls_->Receive(received, &plain, &control),
                                 base_.Authority()));
        // A key update's answer; small, and lost only with the connection.
        (void)!::send(fd_, control.data(), control.size(), MSG_NOSIGNAL);
        is_end = tls_->peer_closed();
      } else {
        plain.append(received.data(), received.size());
      }
    } else if (tls_ != nullptr && !tls_->peer_closed()) {
      return Broken("the TLS connection was cut");
    }
    while (!plain.empty()) {
      error_code error;
      const size_t used = parser->put(
          boost::asio::const_buffer(plain.data(), plain.size()), error);
      plain.erase(0, used);
      if (error == http::error::header_limit) {
        return Bad(absl::StrCat("header of the answer too large: limit is ",
                                options_.header_bytes_max, " bytes"));
      }
      if (error == http::error::body_limit) {
        return Bad(absl::StrCat("body of the answer too large: limit is ",
                                options_.body_bytes_max, " bytes"));
      }
      if (error && error != http::error::need_more) {
        return Bad(absl::StrCat("answer is not HTTP: ", error.message()));
      }
      if (parser->is_done()) {
        const int status = parser->reply().status;
        if (status >= 200) break;
        if (status == 101 || ++interim_replies > kInterimRepliesMax) {
          return Bad("answers without end before the answer");
        }
        parser.emplace(options_.header_bytes_max, options_.body_bytes_max);
        continue;
      }
      if (used == 0) break;
    }
    if (!parser->is_done() &&
        plain.size() > options_.header_bytes_max + kReadBytes) {
      return Bad("chunk header of the answer too large");
    }
    if (!parser->is_done() && is_end) {
      if (!parser->got_some()) return Broken("closed without an answer");
      error_code error;
      parser->put_eof(error);
      if (error || !parser->is_done()) return Bad("answer was cut short");
    }
    if (parser->is_done()) {
      // More than was asked for, or less taken than was sent: who knows where
      // the next answer would begin.
      if (!parser->keep_alive() || is_end || !plain.empty() || is_cut ||
          sent_bytes < out.size()) {
        Disconnect();
      }
      return std::move(parser->reply());
    }
  }
}

absl::StatusOr<HttpReply> HttpClient::Impl::Call(absl::string_view method,
                                                 absl::string_view relative,
                                                 absl::string_view headers,
                                                 absl::string_view body) {
  const Clock::time_point deadline = Clock::now() + options_.timeout;
  const std::string target = base_.PathOf(relative);
  if (!IsRequestTarget(target)) {
    return absl::InvalidArgumentError(
        "HTTP request: its path holds a space or a control character");
  }
  const std::string request = absl::StrCat(
      method, " ", target, " HTTP/1.1\r\nHost: ", base_.Authority(),
      "\r\nUser-Agent: vidimus\r\nAccept-Encoding: ",
      options_.asks_for_gzip ? "gzip" : "identity", "\r\n", headers, "\r\n",
      body);
  if (fd_ >= 0 && IsStale()) Disconnect();
  while (true) {
    const bool was_kept = fd_ >= 0;
    if (!was_kept) {
      const absl::Status connected = Connect(deadline);
      if (!connected.ok()) {
        Disconnect();
        return connected;
      }
    }
    bool answered = false;
    absl::StatusOr<HttpReply> reply = Exchange(request, deadline, &answered);
    if (!reply.ok()) {
      Disconnect();
      if (was_kept && !answered && method == "GET" &&
          reply.status().code() == absl::StatusCode::kUnavailable) {
        continue;
      }
      return reply;
    }
    if (reply->status >= 300 && reply->status < 400 && reply->status != 304) {
      return Bad(absl::StrCat("redirects (HTTP ", reply->status,
                              "), which is not followed"));
    }
    const absl::string_view coding = reply->Header("Content-Encoding");
    if (absl::EqualsIgnoreCase(coding, "gzip")) {
      absl::StatusOr<std::string> plain =
          Gunzip(reply->body, options_.body_bytes_max);
      if (!plain.ok()) return Bad(plain.status().message());
      reply->body = *std::move(plain);
    } else if (!coding.empty() && !absl::EqualsIgnoreCase(coding, "identity")) {
      return Bad("the answer's content coding is none we asked for");
    }
    return reply;
  }
}

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::New(
    Url base, const HttpClientOptions& options) {
  auto impl = std::make_unique<Impl>(std::move(base), options);
  RETURN_IF_ERROR(impl->SetUpTls());
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

const Url& HttpClient::base() const { return impl_->base(); }

absl::StatusOr<HttpReply> HttpClient::Get(absl::string_view relative) {
  return impl_->Call("GET", relative, "", "");
}

absl::StatusOr<HttpReply> HttpClient::Post(
    absl::string_view relative, absl::string_view content_type,
    absl::string_view body,
    const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string lines = absl::StrCat("Content-Type: ", content_type,
                                   "\r\nContent-Length: ", body.size(), "\r\n");
  bool is_text = IsHeaderText(content_type);
  for (const auto& [name, value] : headers) {
    is_text = is_text && IsHeaderText(name) && IsHeaderText(value);
    absl::StrAppend(&lines, name, ": ", value, "\r\n");
  }
  if (!is_text) {
    return absl::InvalidArgumentError(
        "HTTP request: a header holds a control character");
  }
  return impl_->Call("POST", relative, lines, body);
}

}  // namespace vidimus
