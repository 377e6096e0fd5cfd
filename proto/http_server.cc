// How it is built. Each worker is a thread with an event loop of its own and
// the connections dealt to it; nothing of a connection is touched by any other
// thread, so nothing of it is locked. Answers and new connections reach a
// worker through its mailbox, which wakes the loop only when it was empty.
//
// A connection is a small state machine (HttpConnection::Run) over non-blocking
// recv and sendmsg; Asio only tells when to try again. Deadlines are points in
// time that a tick compares with the clock, a few times a second: a timer for
// each would cost more than the request.
//
// Invariants:
// - A connection has at most one request under way, and at most one wait for
//   reading and one for writing.
// - Input that is not parsed yet is bounded: while a request is handled nothing
//   is read, and what the parser can't use yet is at most header_bytes_max plus
//   one read.
// - An answer reaches the connection that asked or none: ids are never reused.

#include "proto/http_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstring>
#include <optional>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/address.h"
#include "proto/mutex.h"
#include "proto/status.h"

namespace vidimus {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Descriptor =
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

namespace {

constexpr size_t kReadBytes = 64 * 1024;
// Smaller bodies are copied behind their header: one buffer is sent faster than
// two.
constexpr size_t kCopiedBodyBytes = 8 * 1024;
constexpr size_t kTlsPieceBytes = 64 * 1024;
// After refusing a request that may still be arriving, how much of it and how
// long is read and dropped, so that the client sees the answer and not a reset.
constexpr size_t kLingerBytesMax = 1024 * 1024;
constexpr std::chrono::milliseconds kLingerTimeout(2000);
constexpr std::chrono::milliseconds kAcceptPause(50);
// With more than this share of connections_max open, idle ones are closed after
// kCrowdedIdleTimeout: those who hold connections must not lock out those who
// use them.
constexpr double kCrowdedShare = 0.75;
constexpr std::chrono::milliseconds kCrowdedIdleTimeout(1000);
constexpr int kBacklog = 4096;

absl::string_view View(boost::beast::string_view text) {
  return absl::string_view(text.data(), text.size());
}

HttpMethod MethodOf(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return HttpMethod::kGet;
    case http::verb::head:
      return HttpMethod::kHead;
    case http::verb::post:
      return HttpMethod::kPost;
    case http::verb::options:
      return HttpMethod::kOptions;
    default:
      return HttpMethod::kOther;
  }
}

absl::string_view ReasonOf(int status) {
  const http::status known = http::int_to_status(status);
  if (known == http::status::unknown) return "Unknown";
  return View(http::obsolete_reason(known));
}

void AppendHeaderValue(absl::string_view value, std::string* out) {
  const size_t begin = out->size();
  out->append(value.data(), value.size());
  for (size_t i = begin; i < out->size(); ++i) {
    const unsigned char c = static_cast<unsigned char>((*out)[i]);
    if (c < 0x20 || c == 0x7f) (*out)[i] = ' ';
  }
}

// Beast's parser, collecting into an HttpRequest. One for each request.
class RequestParser : public http::basic_parser<true> {
 public:
  RequestParser(size_t header_bytes_max, size_t body_bytes_max) {
    header_limit(static_cast<uint32_t>(header_bytes_max));
    body_limit(body_bytes_max);
    eager(true);
  }

  HttpRequest& request() { return request_; }
  bool expects_continue() const { return expects_continue_; }
  bool is_http_1_0() const { return is_http_1_0_; }

 private:
  void on_request_impl(http::verb verb, boost::beast::string_view,
                       boost::beast::string_view target, int version,
                       error_code&) override {
    is_http_1_0_ = version < 11;
    request_.method = MethodOf(verb);
    request_.target.assign(target.data(), target.size());
  }
  void on_response_impl(int, boost::beast::string_view, int,
                        error_code&) override {}
  void on_field_impl(http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code&) override {
    if (is_header_done_) return;  // A trailer: nobody asked for it.
    request_.AddHeader(View(name), View(value));
    if (field == http::field::expect &&
        absl::EqualsIgnoreCase(View(value), "100-continue")) {
      expects_continue_ = true;
    }
  }
  void on_header_impl(error_code&) override { is_header_done_ = true; }
  void on_body_init_impl(const boost::optional<uint64_t>& content_length,
                         error_code&) override {
    if (content_length.has_value()) {
      request_.body.reserve(std::min<uint64_t>(*content_length, kReadBytes));
    }
  }
  size_t on_body_impl(boost::beast::string_view body, error_code&) override {
    request_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(uint64_t, boost::beast::string_view,
                            error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, boost::beast::string_view body,
                            error_code&) override {
    request_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  HttpRequest request_;
  bool is_header_done_ = false;
  bool expects_continue_ = false;
  bool is_http_1_0_ = false;
};

// The request whose handler runs on this thread, if any: an answer that comes
// before the handler returns takes no detour.
struct CurrentRequest {
  const HttpMailbox* mailbox = nullptr;
  uint64_t connection_id = 0;
  std::optional<HttpResponse> answer;
};
thread_local CurrentRequest t_current;

}  // namespace

absl::string_view HttpRequest::path() const {
  return absl::string_view(target).substr(0, target.find('?'));
}

absl::string_view HttpRequest::query() const {
  const size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  return absl::string_view(target).substr(mark + 1);
}

absl::string_view HttpRequest::Header(absl::string_view name) const {
  const absl::string_view bytes(fields_bytes_);
  for (const Field& field : fields_) {
    if (field.name_size == name.size() &&
        absl::EqualsIgnoreCase(bytes.substr(field.name_begin, field.name_size),
                               name)) {
      return bytes.substr(field.value_begin, field.value_size);
    }
  }
  return {};
}

std::vector<absl::string_view> HttpRequest::Headers(
    absl::string_view name) const {
  const absl::string_view bytes(fields_bytes_);
  std::vector<absl::string_view> values;
  for (const Field& field : fields_) {
    if (absl::EqualsIgnoreCase(bytes.substr(field.name_begin, field.name_size),
                               name)) {
      values.push_back(bytes.substr(field.value_begin, field.value_size));
    }
  }
  return values;
}

bool HttpRequest::AcceptsGzip() const {
  bool accepts = false;
  for (absl::string_view item :
       absl::StrSplit(Header("Accept-Encoding"), ',')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(item, absl::MaxSplits(';', 1));
    const absl::string_view coding = absl::StripAsciiWhitespace(parts.first);
    const bool is_gzip = absl::EqualsIgnoreCase(coding, "gzip") ||
                         absl::EqualsIgnoreCase(coding, "x-gzip");
    if (!is_gzip && coding != "*") continue;
    absl::string_view weight = absl::StripAsciiWhitespace(parts.second);
    double q = 1;
    if (absl::ConsumePrefix(&weight, "q=") &&
        (!absl::SimpleAtod(weight, &q) || !(q >= 0 && q <= 1))) {
      q = 0;
    }
    if (is_gzip) return q > 0;
    accepts = q > 0;
  }
  return accepts;
}

void HttpRequest::AddHeader(absl::string_view name, absl::string_view value) {
  if (fields_.empty()) {
    // What a common client sends.
    fields_.reserve(8);
    fields_bytes_.reserve(256);
  }
  Field field;
  field.name_begin = static_cast<uint32_t>(fields_bytes_.size());
  field.name_size = static_cast<uint32_t>(name.size());
  field.value_begin = field.name_begin + field.name_size;
  field.value_size = static_cast<uint32_t>(value.size());
  absl::StrAppend(&fields_bytes_, name, value);
  fields_.push_back(field);
}

HttpResponse::HttpResponse(int status, absl::string_view content_type,
                           std::string body)
    : status(status), content_type(content_type), own_body_(std::move(body)) {}

void HttpResponse::SetBody(std::string body) {
  own_body_ = std::move(body);
  shared_body_.reset();
}

void HttpResponse::SetSharedBody(std::shared_ptr<const std::string> body,
                                 size_t begin, size_t size) {
  shared_body_ = std::move(body);
  const size_t stored = shared_body_ == nullptr ? 0 : shared_body_->size();
  shared_begin_ = std::min(begin, stored);
  shared_size_ = std::min(size, stored - shared_begin_);
}

absl::string_view HttpResponse::body() const {
  if (shared_body_ == nullptr) return own_body_;
  return absl::string_view(*shared_body_).substr(shared_begin_, shared_size_);
}

HttpResponse TextResponse(int status, absl::string_view line) {
  return HttpResponse(status, "text/plain; charset=utf-8",
                      absl::StrCat(line, "\n"));
}

HttpResponse ErrorResponse(const absl::Status& status) {
  HttpResponse response = TextResponse(
      HttpStatusOf(status),
      absl::string_view(status.message().data(), status.message().size()));
  const std::optional<std::chrono::milliseconds> delay = RetryAfterOf(status);
  if (delay.has_value()) {
    response.headers.emplace_back("Retry-After",
                                  absl::StrCat((delay->count() + 999) / 1000));
  }
  return response;
}

HttpResponse WrongMethod(absl::string_view allowed) {
  HttpResponse response =
      TextResponse(405, absl::StrCat("this path takes ", allowed));
  response.headers.emplace_back("Allow", std::string(allowed));
  return response;
}

absl::Status JudgeJsonBody(const HttpRequest& request) {
  const absl::string_view type = request.Header("Content-Type");
  if (absl::EqualsIgnoreCase(
          absl::StripAsciiWhitespace(type.substr(0, type.find(';'))),
          "application/json")) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "the body must be sent with Content-Type: application/json");
}

class HttpConnection;
class HttpWorker;

// What other threads may touch of a worker. Shared with responders, which may
// outlive it.
class HttpMailbox {
 public:
  explicit HttpMailbox(HttpWorker* worker) : worker_(worker) {}

  void Answer(uint64_t connection_id, HttpResponse response);
  // Takes the descriptor; closes it if the worker is gone.
  void Connect(int fd);
  void Drain();
  // After this the worker is not touched any more.
  void Close();

  struct Content {
    std::vector<std::pair<uint64_t, HttpResponse>> answers;
    std::vector<int> connections;
    bool drain = false;
  };
  // Everything that came since the last call.
  void TakeAll(Content* content);

 private:
  void WakeIfEmpty() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Mutex mu_;
  HttpWorker* worker_ ABSL_GUARDED_BY(mu_);
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  Content content_ ABSL_GUARDED_BY(mu_);
};

// What all workers share.
struct HttpShared {
  HttpServerOptions options;
  HttpHandler handler;
  std::atomic<uint64_t> connections{0};
  std::function<void()> observe;  // On the first worker's tick.

  Mutex mu;
  CondVar closed;  // A connection of a draining worker has closed.
};

class HttpWorker {
 public:
  HttpWorker(HttpShared* shared, bool is_first);
  ~HttpWorker();

  void Run();  // Until Stop.
  void Stop() { io_.stop(); }

  asio::io_context& io() { return io_; }
  const std::shared_ptr<HttpMailbox>& mailbox() const { return mailbox_; }
  void OpenMailbox();

  struct Counts {
    std::atomic<uint64_t> requests{0}, bad_requests{0}, timeouts{0},
        tls_failures{0};
  };
  const Counts& counts() const { return counts_; }

 private:
  friend class HttpConnection;

  static void Add(std::atomic<uint64_t>* count) {
    // One writer: cheaper than fetch_add.
    count->store(count->load(std::memory_order_relaxed) + 1,
                 std::memory_order_relaxed);
  }
  void Tick();
  void Release(HttpConnection* connection);
  HttpResponder MakeResponder(uint64_t connection_id) {
    return HttpResponder(mailbox_, connection_id);
  }

  HttpShared* const shared_;
  const bool is_first_;
  asio::io_context io_{1};
  asio::steady_timer timer_{io_};
  const std::chrono::milliseconds tick_;
  const std::shared_ptr<HttpMailbox> mailbox_;
  const std::unique_ptr<char[]> scratch_{new char[kReadBytes]};
  Counts counts_;

  // Of the last tick: exact enough for deadlines, and free.
  Clock::time_point now_ = Clock::now();
  bool is_crowded_ = false;  // As of the last tick.
  bool draining_ = false;
  HttpMailbox::Content incoming_;
  // An id is generation << 32 | slot.
  uint32_t generation_ = 0;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<uint32_t> free_slots_;
};

class HttpConnection {
 public:
  HttpConnection(HttpWorker* worker, uint64_t id, int fd)
      : worker_(worker), id_(id), descriptor_(worker->io_, fd) {
    const HttpServerOptions& options = worker_->shared_->options;
    deadline_ = worker_->now_ + options.request_timeout;
    if (options.tls != nullptr) tls_ = TlsSession::Accept(options.tls);
  }

  uint64_t id() const { return id_; }

  // Goes as far as it can without blocking, then has arranged to be called
  // again, or is closed.
  void Run();

  void OnAnswer(HttpResponse response) {
    if (state_ != State::kHandling) return;
    BeginWrite(std::move(response));
    Run();
  }

  void OnTick();
  void OnDrain() {
    if (state_ == State::kReading || state_ == State::kLingering) Close();
  }

 private:
  enum class State : uint8_t {
    kReading,    // For a request, or between requests.
    kHandling,   // The handler has it.
    kWriting,    // The answer.
    kLingering,  // The answer is out; dropping what still comes.
    kClosed,     // Waiting for Asio to let go.
  };

  void WaitRead();
  void WaitWrite();
  void OnReadable();
  void Parse();
  void Handle();
  void Refuse(int status, absl::string_view line);
  void BeginWrite(HttpResponse response);
  bool Flush();
  void FinishWrite();
  void Close();
  // Keeps what Parse has not used where the next read can add to it.
  void Stash();

  HttpWorker* const worker_;
  const uint64_t id_;
  Descriptor descriptor_;
  std::unique_ptr<TlsSession> tls_;

  State state_ = State::kReading;
  bool waits_read_ = false;
  bool waits_write_ = false;
  bool keep_alive_ = false;
  bool refused_ = false;  // What still comes is not a request.
  bool sent_continue_ = false;
  bool said_goodbye_ = false;
  Clock::time_point deadline_;

  std::optional<RequestParser> parser_;  // While a request is arriving.
  absl::string_view unparsed_;  // In input_ or, within one Run, in the scratch.
  std::string input_;

  std::string out_;  // Sent from out_begin_ on, then body_.
  size_t out_begin_ = 0;
  absl::string_view body_;  // Of response_; with TLS not yet encrypted.
  HttpResponse response_;
  bool out_is_head_ = false;
  bool out_is_http_1_0_ = false;
  size_t lingered_bytes_ = 0;
};

void HttpMailbox::WakeIfEmpty() {
  if (woken_) return;
  woken_ = true;
  asio::post(worker_->io(), [worker = worker_] { worker->OpenMailbox(); });
}

void HttpMailbox::Answer(uint64_t connection_id, HttpResponse response) {
  MutexLock lock(&mu_);
  if (worker_ == nullptr) return;
  content_.answers.emplace_back(connection_id, std::move(response));
  WakeIfEmpty();
}

void HttpMailbox::Connect(int fd) {
  MutexLock lock(&mu_);
  if (worker_ == nullptr) {
    ::close(fd);
    return;
  }
  content_.connections.push_back(fd);
  WakeIfEmpty();
}

void HttpMailbox::Drain() {
  MutexLock lock(&mu_);
  if (worker_ == nullptr) return;
  content_.drain = true;
  WakeIfEmpty();
}

void HttpMailbox::Close() {
  MutexLock lock(&mu_);
  worker_ = nullptr;
  for (int fd : content_.connections) ::close(fd);
  content_ = Content();
}

void HttpMailbox::TakeAll(Content* content) {
  content->answers.clear();
  content->connections.clear();
  content->drain = false;
  MutexLock lock(&mu_);
  std::swap(*content, content_);
  woken_ = false;
}

HttpResponder::HttpResponder(std::shared_ptr<HttpMailbox> mailbox,
                             uint64_t connection_id)
    : mailbox_(std::move(mailbox)), connection_id_(connection_id) {}

HttpResponder::HttpResponder(HttpResponder&& other) noexcept
    : mailbox_(std::move(other.mailbox_)),
      connection_id_(other.connection_id_) {}

HttpResponder& HttpResponder::operator=(HttpResponder&& other) noexcept {
  if (this != &other) {
    if (mailbox_ != nullptr) (*this)(TextResponse(500, "no answer"));
    mailbox_ = std::move(other.mailbox_);
    connection_id_ = other.connection_id_;
  }
  return *this;
}

HttpResponder::~HttpResponder() {
  if (mailbox_ != nullptr) (*this)(TextResponse(500, "no answer"));
}

void HttpResponder::operator()(HttpResponse response) {
  if (mailbox_ == nullptr) return;
  const std::shared_ptr<HttpMailbox> mailbox = std::move(mailbox_);
  if (t_current.mailbox == mailbox.get() &&
      t_current.connection_id == connection_id_) {
    t_current.answer = std::move(response);
  } else {
    mailbox->Answer(connection_id_, std::move(response));
  }
}

HttpWorker::HttpWorker(HttpShared* shared, bool is_first)
    : shared_(shared),
      is_first_(is_first),
      tick_(std::clamp(std::min(shared->options.request_timeout,
                                shared->options.idle_timeout) /
                           20,
                       std::chrono::milliseconds(5),
                       std::chrono::milliseconds(250))),
      mailbox_(std::make_shared<HttpMailbox>(this)) {}

HttpWorker::~HttpWorker() {
  mailbox_->Close();
  for (const auto& connection : connections_) {
    if (connection != nullptr) shared_->connections.fetch_sub(1);
  }
}

void HttpWorker::Run() {
  Tick();
  io_.run();
}

void HttpWorker::Tick() {
  now_ = Clock::now();
  is_crowded_ =
      static_cast<double>(shared_->connections.load()) >
      kCrowdedShare * static_cast<double>(shared_->options.connections_max);
  for (size_t slot = 0; slot < connections_.size(); ++slot) {
    if (connections_[slot] != nullptr) connections_[slot]->OnTick();
  }
  if (is_first_ && shared_->observe) shared_->observe();
  timer_.expires_at(now_ + tick_);
  timer_.async_wait([this](error_code error) {
    if (!error) Tick();
  });
}

void HttpWorker::OpenMailbox() {
  mailbox_->TakeAll(&incoming_);
  if (incoming_.drain) {
    draining_ = true;
    for (size_t slot = 0; slot < connections_.size(); ++slot) {
      if (connections_[slot] != nullptr) connections_[slot]->OnDrain();
    }
    // For those that closed before anybody waited for them.
    MutexLock lock(&shared_->mu);
    shared_->closed.SignalAll();
  }
  for (auto& [id, response] : incoming_.answers) {
    const size_t slot = id & 0xffffffff;
    if (slot < connections_.size() && connections_[slot] != nullptr &&
        connections_[slot]->id() == id) {
      connections_[slot]->OnAnswer(std::move(response));
    }
  }
  for (int fd : incoming_.connections) {
    if (draining_) {
      ::close(fd);
      shared_->connections.fetch_sub(1);
      continue;
    }
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<uint32_t>(connections_.size()));
      connections_.emplace_back();
    }
    const uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    const uint64_t id = uint64_t{++generation_} << 32 | slot;
    connections_[slot] = std::make_unique<HttpConnection>(this, id, fd);
    connections_[slot]->Run();
  }
}

void HttpWorker::Release(HttpConnection* connection) {
  const size_t slot = connection->id() & 0xffffffff;
  connections_[slot].reset();
  free_slots_.push_back(static_cast<uint32_t>(slot));
  shared_->connections.fetch_sub(1);
  if (draining_) {
    MutexLock lock(&shared_->mu);
    shared_->closed.SignalAll();
  }
}

void HttpConnection::Run() {
  for (;;) {
    switch (state_) {
      case State::kReading:
        if (!Flush()) return Stash();
        if (unparsed_.empty()) {
          WaitRead();
          return Stash();
        }
        Parse();
        if (state_ == State::kReading && parser_.has_value()) {
          // Wants more than there is.
          if (!Flush()) return Stash();
          WaitRead();
          return Stash();
        }
        break;
      case State::kHandling:
        return Stash();
      case State::kWriting:
        if (!Flush()) return Stash();
        FinishWrite();
        break;
      case State::kLingering:
        unparsed_ = {};
        input_.clear();
        return WaitRead();
      case State::kClosed:
        return;
    }
  }
}

void HttpConnection::WaitRead() {
  if (waits_read_ || state_ == State::kClosed) return;
  waits_read_ = true;
  descriptor_.async_wait(Descriptor::wait_read, [this](error_code) {
    waits_read_ = false;
    if (state_ == State::kClosed) {
      if (!waits_write_) worker_->Release(this);
      return;
    }
    OnReadable();
  });
}

void HttpConnection::WaitWrite() {
  if (waits_write_ || state_ == State::kClosed) return;
  waits_write_ = true;
  descriptor_.async_wait(Descriptor::wait_write, [this](error_code) {
    waits_write_ = false;
    if (state_ == State::kClosed) {
      if (!waits_read_) worker_->Release(this);
      return;
    }
    Run();
  });
}

void HttpConnection::OnReadable() {
  // A wait that was begun before the answer was written may end while the next
  // request is under way already.
  if (state_ != State::kReading && state_ != State::kLingering) return;
  char* const scratch = worker_->scratch_.get();
  const ssize_t got =
      ::recv(descriptor_.native_handle(), scratch, kReadBytes, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return WaitRead();
  if (got <= 0) return Close();
  const absl::string_view received(scratch, static_cast<size_t>(got));
  if (state_ == State::kLingering) {
    lingered_bytes_ += received.size();
    return lingered_bytes_ > kLingerBytesMax ? Close() : WaitRead();
  }
  if (tls_ != nullptr) {
    const absl::Status status = tls_->Receive(received, &input_, &out_);
    if (!status.ok()) {
      HttpWorker::Add(&worker_->counts_.tls_failures);
      Flush();  // The alert, if it goes out at once.
      return Close();
    }
    if (tls_->peer_closed() && input_.empty()) return Close();
    unparsed_ = input_;
  } else if (input_.empty()) {
    unparsed_ = received;
  } else {
    input_.append(received.data(), received.size());
    unparsed_ = input_;
  }
  Run();
}

void HttpConnection::Stash() {
  if (state_ == State::kClosed) return;
  if (unparsed_.empty()) {
    input_.clear();
    if (input_.capacity() > kReadBytes) input_.shrink_to_fit();
  } else if (input_.empty()) {
    input_.assign(unparsed_.data(), unparsed_.size());
  } else {
    input_.erase(0, input_.size() - unparsed_.size());
  }
  unparsed_ = input_;
}

void HttpConnection::Parse() {
  const HttpServerOptions& options = worker_->shared_->options;
  if (!parser_.has_value()) {
    // Blank lines before a request are to be ignored (RFC 9112, 2.2).
    while (absl::ConsumePrefix(&unparsed_, "\r\n")) {
    }
    if (unparsed_.empty()) return;
    parser_.emplace(options.header_bytes_max, options.body_bytes_max);
    sent_continue_ = false;
    // The first request's time began with the connection.
    if (keep_alive_) deadline_ = worker_->now_ + options.request_timeout;
  }
  for (;;) {
    error_code error;
    const size_t used = parser_->put(
        asio::const_buffer(unparsed_.data(), unparsed_.size()), error);
    unparsed_.remove_prefix(used);
    if (error == http::error::need_more) error.clear();
    if (error == http::error::header_limit) {
      return Refuse(431, absl::StrCat("request header too large: limit is ",
                                      options.header_bytes_max, " bytes"));
    }
    if (error == http::error::body_limit) {
      return Refuse(413, absl::StrCat("request body too large: limit is ",
                                      options.body_bytes_max, " bytes"));
    }
    if (error) {
      return Refuse(400, absl::StrCat("bad request: ", error.message()));
    }
    if (parser_->is_done()) return Handle();
    if (used == 0 || unparsed_.empty()) break;
  }
  if (unparsed_.size() > options.header_bytes_max + kReadBytes) {
    return Refuse(400, "bad request: chunk header too large");
  }
  if (parser_->is_header_done() && parser_->expects_continue() &&
      !sent_continue_ && parser_->request().body.empty()) {
    sent_continue_ = true;
    constexpr absl::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (tls_ == nullptr) {
      absl::StrAppend(&out_, kContinue);
    } else if (!tls_->Encrypt(kContinue, &out_).ok()) {
      Close();
    }
  }
}

void HttpConnection::Handle() {
  HttpWorker::Add(&worker_->counts_.requests);
  keep_alive_ = parser_->keep_alive();
  HttpRequest request = std::move(parser_->request());
  if (tls_ != nullptr) request.peer_uris = tls_->peer_uris();
  // HEAD gets its answer without its body, whatever the handler makes.
  const bool is_head = request.method == HttpMethod::kHead;
  const bool is_http_1_0 = parser_->is_http_1_0();
  parser_.reset();
  state_ = State::kHandling;
  out_is_head_ = is_head;
  out_is_http_1_0_ = is_http_1_0;

  t_current.mailbox = worker_->mailbox_.get();
  t_current.connection_id = id_;
  t_current.answer.reset();
  worker_->shared_->handler(std::move(request), worker_->MakeResponder(id_));
  t_current.mailbox = nullptr;
  if (t_current.answer.has_value()) {
    BeginWrite(*std::move(t_current.answer));
    t_current.answer.reset();
  }
}

void HttpConnection::Refuse(int status, absl::string_view line) {
  HttpWorker::Add(&worker_->counts_.bad_requests);
  parser_.reset();
  unparsed_ = {};
  refused_ = true;
  keep_alive_ = false;
  out_is_head_ = false;
  out_is_http_1_0_ = false;
  BeginWrite(TextResponse(status, line));
}

void HttpConnection::BeginWrite(HttpResponse response) {
  response_ = std::move(response);
  body_ = response_.body();
  if (worker_->draining_) keep_alive_ = false;
  const bool has_no_body = response_.status == 204 || response_.status == 304;

  std::string head;
  head.reserve(256 + (body_.size() <= kCopiedBodyBytes ? body_.size() : 0));
  absl::StrAppend(&head, "HTTP/1.1 ", response_.status, " ",
                  ReasonOf(response_.status), "\r\n");
  if (!response_.content_type.empty()) {
    absl::StrAppend(&head, "Content-Type: ");
    AppendHeaderValue(response_.content_type, &head);
    absl::StrAppend(&head, "\r\n");
  }
  if (!has_no_body) {
    absl::StrAppend(&head, "Content-Length: ", body_.size(), "\r\n");
  }
  for (const auto& [name, value] : response_.headers) {
    absl::StrAppend(&head, name, ": ");
    AppendHeaderValue(value, &head);
    absl::StrAppend(&head, "\r\n");
  }
  if (!keep_alive_) {
    absl::StrAppend(&head, "Connection: close\r\n");
  } else if (out_is_http_1_0_) {
    absl::StrAppend(&head, "Connection: keep-alive\r\n");
  }
  absl::StrAppend(&head, "\r\n");
  if (has_no_body || out_is_head_) body_ = {};
  if (body_.size() <= kCopiedBodyBytes) {
    head.append(body_.data(), body_.size());
    body_ = {};
  }

  state_ = State::kWriting;
  const HttpServerOptions& options = worker_->shared_->options;
  deadline_ =
      worker_->now_ + options.request_timeout +
      std::chrono::seconds(body_.size() / options.write_bytes_per_second_min);
  if (tls_ == nullptr) {
    if (out_.empty()) {
      out_ = std::move(head);
    } else {
      out_ += head;
    }
  } else if (!tls_->Encrypt(head, &out_).ok()) {
    Close();
  }
}

// Returns whether all is sent. If not, the connection waits or is closed.
bool HttpConnection::Flush() {
  for (;;) {
    if (out_begin_ == out_.size()) {
      out_.clear();
      out_begin_ = 0;
      if (body_.empty()) return true;
      if (tls_ != nullptr) {
        const absl::string_view piece = body_.substr(0, kTlsPieceBytes);
        if (!tls_->Encrypt(piece, &out_).ok()) {
          Close();
          return false;
        }
        body_.remove_prefix(piece.size());
      }
    }
    std::array<iovec, 2> parts;
    size_t count = 0;
    if (out_begin_ < out_.size()) {
      parts[count++] = {&out_[out_begin_], out_.size() - out_begin_};
    }
    if (tls_ == nullptr && !body_.empty()) {
      parts[count++] = {const_cast<char*>(body_.data()), body_.size()};
    }
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t sent =
        ::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        WaitWrite();
      } else {
        Close();
      }
      return false;
    }
    const size_t from_out =
        std::min(static_cast<size_t>(sent), out_.size() - out_begin_);
    out_begin_ += from_out;
    if (tls_ == nullptr) body_.remove_prefix(sent - from_out);
  }
}

void HttpConnection::FinishWrite() {
  response_ = HttpResponse();
  if (keep_alive_ && !worker_->draining_) {
    state_ = State::kReading;
    deadline_ = worker_->now_ + worker_->shared_->options.idle_timeout;
    return;
  }
  if (tls_ != nullptr && !said_goodbye_) {
    said_goodbye_ = true;
    tls_->Close(&out_);
    if (!Flush()) return;  // Comes back here.
  }
  if (!refused_) return Close();
  ::shutdown(descriptor_.native_handle(), SHUT_WR);
  state_ = State::kLingering;
  deadline_ = worker_->now_ + kLingerTimeout;
}

void HttpConnection::OnTick() {
  if (state_ == State::kHandling || state_ == State::kClosed) return;
  const bool is_idle =
      state_ == State::kReading && !parser_.has_value() && keep_alive_;
  Clock::time_point deadline = deadline_;
  if (is_idle && worker_->is_crowded_) {
    deadline +=
        std::min(kCrowdedIdleTimeout, worker_->shared_->options.idle_timeout) -
        worker_->shared_->options.idle_timeout;
  }
  if (worker_->now_ < deadline) return;
  if (state_ == State::kReading && parser_.has_value()) {
    HttpWorker::Add(&worker_->counts_.timeouts);
    const std::chrono::milliseconds timeout =
        worker_->shared_->options.request_timeout;
    Refuse(408, absl::StrCat("the request did not arrive within ",
                             timeout.count(), " ms"));
    return Run();
  }
  if (state_ == State::kWriting) HttpWorker::Add(&worker_->counts_.timeouts);
  Close();
}

// The object lives on until Run has returned and Asio has let go of it.
void HttpConnection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  unparsed_ = {};
  error_code ignored;
  descriptor_.close(ignored);
  if (!waits_read_ && !waits_write_) {
    asio::post(worker_->io_, [this] { worker_->Release(this); });
  }
}

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, HttpHandler handler) {
    shared_.options = options;
    shared_.handler = std::move(handler);
    if (shared_.options.observe) {
      shared_.observe = [this] { shared_.options.observe(counts()); };
    }
  }

  ~Impl() {
    if (listener_ != nullptr) {
      error_code ignored;
      listener_->close(ignored);
    }
    // They belong to the first worker's event loop.
    listener_.reset();
    accept_pause_.reset();
    workers_.clear();
  }

  absl::Status Start();
  void Shutdown(std::chrono::milliseconds timeout);
  uint16_t port() const { return port_; }
  HttpServerCounts counts() const;

 private:
  void Accept();
  void AcceptAll();

  HttpShared shared_;
  std::vector<std::unique_ptr<HttpWorker>> workers_;
  std::vector<std::thread> threads_;
  uint16_t port_ = 0;
  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> refused_connections_{0};

  // Only the first worker's thread, once it runs.
  std::unique_ptr<Descriptor> listener_;
  std::unique_ptr<asio::steady_timer> accept_pause_;
  size_t next_worker_ = 0;
  bool stopped_accepting_ = false;

  Mutex mu_;
  bool is_shut_down_ ABSL_GUARDED_BY(mu_) = false;
};

absl::Status HttpServer::Impl::Start() {
  const std::string& text = shared_.options.address;
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(text));
  error_code error;
  const asio::ip::address ip = asio::ip::make_address(
      address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "listen on ", text, ": the host must be a numeric address"));
  }
  sockaddr_storage name = {};
  socklen_t name_size;
  if (ip.is_v4()) {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    const auto bytes = ip.to_v4().to_bytes();
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&name, &v4, sizeof(v4));
    name_size = sizeof(v4);
  } else {
    sockaddr_in6 v6 = {};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    const auto bytes = ip.to_v6().to_bytes();
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&name, &v6, sizeof(v6));
    name_size = sizeof(v6);
  }
  const int fd =
      ::socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (ip.is_v6())
      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (fd < 0 ||
      ::bind(fd, reinterpret_cast<sockaddr*>(&name), name_size) != 0 ||
      ::listen(fd, kBacklog) != 0) {
    const std::string reason = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return absl::UnavailableError(
        absl::StrCat("listen on ", text, ": ", reason));
  }
  name_size = sizeof(name);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &name_size);
  port_ = ntohs(ip.is_v4() ? reinterpret_cast<sockaddr_in*>(&name)->sin_port
                           : reinterpret_cast<sockaddr_in6*>(&name)->sin6_port);

  const int threads = std::max(1, shared_.options.threads);
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<HttpWorker>(&shared_, i == 0));
  }
  listener_ = std::make_unique<Descriptor>(workers_[0]->io(), fd);
  accept_pause_ = std::make_unique<asio::steady_timer>(workers_[0]->io());
  Accept();
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([worker = workers_[i].get()] { worker->Run(); });
    ::pthread_setname_np(threads_.back().native_handle(),
                         absl::StrCat("http-", i).c_str());
  }
  return absl::OkStatus();
}

void HttpServer::Impl::Accept() {
  listener_->async_wait(Descriptor::wait_read, [this](error_code error) {
    if (!error && !stopped_accepting_) AcceptAll();
  });
}

void HttpServer::Impl::AcceptAll() {
  for (;;) {
    const int fd = ::accept4(listener_->native_handle(), nullptr, nullptr,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return Accept();
      // Out of descriptors or memory: trying at once would only spin.
      accept_pause_->expires_after(kAcceptPause);
      accept_pause_->async_wait([this](error_code error) {
        if (!error && !stopped_accepting_) AcceptAll();
      });
      return;
    }
    accepted_.fetch_add(1, std::memory_order_relaxed);
    if (shared_.connections.fetch_add(1) >= shared_.options.connections_max) {
      shared_.connections.fetch_sub(1);
      refused_connections_.fetch_add(1, std::memory_order_relaxed);
      if (shared_.options.tls == nullptr) {
        constexpr absl::string_view kFull =
            "HTTP/1.1 503 Service Unavailable\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 21\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
            "too many connections\n";
        (void)!::send(fd, kFull.data(), kFull.size(), MSG_NOSIGNAL);
      }
      ::close(fd);
      continue;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    workers_[next_worker_]->mailbox()->Connect(fd);
    next_worker_ = (next_worker_ + 1) % workers_.size();
  }
}

void HttpServer::Impl::Shutdown(std::chrono::milliseconds timeout) {
  {
    MutexLock lock(&mu_);
    if (is_shut_down_) return;
    is_shut_down_ = true;
  }
  if (workers_.empty() || threads_.empty()) return;
  const Clock::time_point deadline = Clock::now() + timeout;
  asio::post(workers_[0]->io(), [this] {
    stopped_accepting_ = true;
    error_code ignored;
    listener_->close(ignored);
    accept_pause_->cancel();
    // Only now: connections accepted before are with their workers already.
    for (const auto& worker : workers_) worker->mailbox()->Drain();
  });
  {
    MutexLock lock(&shared_.mu);
    while (shared_.connections.load() > 0 &&
           shared_.closed.WaitUntil(&shared_.mu, deadline)) {
    }
  }
  for (const auto& worker : workers_) worker->mailbox()->Close();
  for (const auto& worker : workers_) worker->Stop();
  for (std::thread& thread : threads_) thread.join();
}

HttpServerCounts HttpServer::Impl::counts() const {
  HttpServerCounts sum;
  sum.connections = shared_.connections.load(std::memory_order_relaxed);
  sum.accepted = accepted_.load(std::memory_order_relaxed);
  sum.refused_connections =
      refused_connections_.load(std::memory_order_relaxed);
  for (const auto& worker : workers_) {
    const HttpWorker::Counts& counts = worker->counts();
    sum.requests += counts.requests.load(std::memory_order_relaxed);
    sum.bad_requests += counts.bad_requests.load(std::memory_order_relaxed);
    sum.timeouts += counts.timeouts.load(std::memory_order_relaxed);
    sum.tls_failures += counts.tls_failures.load(std::memory_order_relaxed);
  }
  return sum;
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HttpServerOptions& options, HttpHandler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { Shutdown(std::chrono::milliseconds(0)); }

uint16_t HttpServer::port() const { return impl_->port(); }

void HttpServer::Shutdown(std::chrono::milliseconds timeout) {
  impl_->Shutdown(timeout);
}

HttpServerCounts HttpServer::counts() const { return impl_->counts(); }

}  // namespace vidimus
