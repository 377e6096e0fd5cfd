#include "client/resident_door.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/random.h"
#include "proto/http_client.h"
#include "proto/json.h"
#include "proto/status.h"
#include "proto/tls.h"
#include "proto/url.h"

namespace vidimus {
namespace {

using std::chrono::milliseconds;

constexpr int kTriesMax = 4;
constexpr milliseconds kPauseMax{10000};
constexpr size_t kAnswerBytesMax = size_t{64} << 20;

class HttpsDoor : public ResidentDoor {
 public:
  HttpsDoor(std::unique_ptr<HttpClient> client, const std::string& token)
      : client_(std::move(client)), token_(token) {}

  absl::StatusOr<std::string> Get(const std::string& path,
                                  size_t bytes_max) override {
    ASSIGN_OR_RETURN(std::string body,
                     Try(path, [&] { return client_->Get(path); }));
    if (body.size() > bytes_max) {
      return absl::OutOfRangeError(absl::StrCat(path, ": ", body.size(),
                                                " bytes where at most ",
                                                bytes_max, " can be"));
    }
    return body;
  }

  absl::StatusOr<v1::GetChainResponse> GetChain(
      const v1::GetChainRequest& request) override {
    return Post<v1::GetChainResponse>(
        "v1/chain", request,
        {{"Authorization", absl::StrCat("Bearer ", token_)}});
  }

  absl::StatusOr<v1::ProveKeysResponse> ProveKeys(
      const v1::ProveKeysRequest& request) override {
    return Post<v1::ProveKeysResponse>("v1/keys", request, {});
  }

  absl::StatusOr<v1::ProveLeavesResponse> ProveLeaves(
      const v1::ProveLeavesRequest& request) override {
    return Post<v1::ProveLeavesResponse>("v1/leaves", request, {});
  }

  // Without the token: the signature says who may.
  absl::StatusOr<v1::FileStatementsResponse> FileStatements(
      const v1::FileStatementsRequest& request) override {
    return Post<v1::FileStatementsResponse>("v1/statements", request, {});
  }

  uint64_t bytes_read() const override { return bytes_read_; }

 private:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  absl::StatusOr<std::string> Try(
      const std::string& path,
      const std::function<absl::StatusOr<HttpReply>()>& call) {
    absl::Status status;
    for (int tries = 0; tries < kTriesMax; ++tries) {
      if (tries > 0) {
        const milliseconds asked =
            RetryAfterOf(status).value_or(milliseconds(50 << tries));
        std::this_thread::sleep_for(
            std::min(asked, kPauseMax) +
            milliseconds(static_cast<int64_t>(RandomBelow(100))));
      }
      absl::StatusOr<HttpReply> reply = call();
      status = reply.status();
      if (status.ok()) {
        bytes_read_ += reply->body.size();
        status = StatusOfReply(*reply);
        if (status.ok()) return std::move(reply->body);
      }
      if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status) &&
          !absl::IsResourceExhausted(status)) {
        break;
      }
    }
    // The log's own word that it is damaged is no judgement of ours.
    if (absl::IsDataLoss(status))
      status = absl::InternalError(status.message());
    return Annotate(status, path);
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Post(const std::string& path, const Request& request,
                                const Headers& headers) {
    ASSIGN_OR_RETURN(const std::string body, ToJson(request));
    ASSIGN_OR_RETURN(const std::string answer, Try(path, [&] {
                       return client_->Post(path, "application/json", body,
                                            headers);
                     }));
    Response response;
    RETURN_IF_ERROR(Annotate(FromJson(answer, &response),
                             absl::StrCat("answer of ", path)));
    return response;
  }

  const std::unique_ptr<HttpClient> client_;
  const std::string token_;
  uint64_t bytes_read_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ResidentDoor>> NewResidentDoor(
    const std::string& url, const std::string& ca_pem,
    const std::string& token) {
  ASSIGN_OR_RETURN(Url base, ParseUrl(url));
  if (!base.is_https) {
    return absl::InvalidArgumentError(absl::StrCat(
        url, ": a token is shown over TLS alone; say https://..."));
  }
  HttpClientOptions options;
  options.body_bytes_max = kAnswerBytesMax;
  if (!ca_pem.empty()) {
    TlsOptions tls;
    tls.ca_pem = ca_pem;
    ASSIGN_OR_RETURN(options.tls, TlsContext::NewClient(tls));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client,
                   HttpClient::New(std::move(base), options));
  return std::make_unique<HttpsDoor>(std::move(client), token);
}

}  // namespace vidimus
