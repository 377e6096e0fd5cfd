#include "log/http_door.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "log/proofs.h"
#include "log/receipt.h"
#include "proto/administration.h"
#include "proto/json.h"
#include "proto/metrics.h"
#include "proto/status.h"

namespace vidimus {
namespace {

constexpr char kJson[] = "application/json";
constexpr char kOctets[] = "application/octet-stream";

// What follows the host in an origin, with a slash on both sides.
std::string PrefixOf(const std::string& origin) {
  const size_t slash = origin.find('/');
  return slash == std::string::npos ? std::string("/")
                                    : absl::StrCat(origin.substr(slash), "/");
}

HttpResponse JsonResponse(const google::protobuf::Message& message) {
  absl::StatusOr<std::string> json = ToJson(message);
  return json.ok() ? HttpResponse(200, kJson, *std::move(json))
                   : ErrorResponse(json.status());
}

bool IsRead(const HttpRequest& request) {
  return request.method == HttpMethod::kGet ||
         request.method == HttpMethod::kHead;
}

// An answer to a POST: for who asked alone. A page of any origin may ask, by
// its visitor's token; a certificate does not go with a request to `*`.
HttpResponse Personal(HttpResponse response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  return response;
}

// To a browser that asks whether a page of another origin may POST here.
HttpResponse Preflight() {
  HttpResponse response(204, "", "");
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Allow-Methods", "POST");
  response.headers.emplace_back("Access-Control-Allow-Headers",
                                "authorization, content-type");
  response.headers.emplace_back("Access-Control-Max-Age", "86400");
  return response;
}

HttpResponse ChainError(const absl::Status& status) {
  HttpResponse response = Personal(ErrorResponse(status));
  if (absl::IsUnauthenticated(status)) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
  return response;
}

// Answers on another thread with what `make` gives.
template <typename Make>
void Later(SideWork* side_work, HttpResponder respond, Make make) {
  auto responder = std::make_shared<HttpResponder>(std::move(respond));
  const absl::Status taken = side_work->Run(
      [responder, make = std::move(make)]() mutable { (*responder)(make()); });
  if (!taken.ok()) (*responder)(Personal(ErrorResponse(taken)));
}

}  // namespace

HttpDoor::HttpDoor(const std::vector<HostedLog*>& logs, bool identities,
                   prometheus::Registry* registry, std::function<bool()> ready)
    : logs_(logs),
      identities_(identities),
      registry_(registry),
      ready_(std::move(ready)) {
  for (HostedLog* hosted : logs_) {
    const std::string prefix = PrefixOf(hosted->log->origin());
    routes_.push_back(
        {prefix, hosted, ReadService(hosted->log, hosted->cosigning)});
    if (logs_.size() == 1 && prefix != "/") {
      routes_.push_back(
          {"/", hosted, ReadService(hosted->log, hosted->cosigning)});
    }
  }
}

std::vector<std::string> TakenByLogs(const std::vector<HostedLog*>& logs) {
  std::vector<std::string> taken;
  for (const HostedLog* hosted : logs) {
    const std::string prefix = PrefixOf(hosted->log->origin());
    if (prefix == "/") continue;
    taken.push_back(prefix.substr(1, prefix.find('/', 1) - 1));
  }
  return taken;
}

void HttpDoor::Handle(HttpRequest request, HttpResponder respond) {
  const std::string_view path(request.path().data(), request.path().size());
  if (path == "/metrics" || path == "/healthz" || path == "/readyz") {
    if (!IsRead(request)) return respond(WrongMethod("GET"));
    if (path == "/metrics" && !identities_) {
      return respond(MetricsResponse(registry_));
    }
    if (path == "/metrics") {
      // They tell covers from entries, and when entries come: not for everyone.
      return respond(TextResponse(404, "metrics are served on --http alone"));
    }
    if (path == "/healthz" || ready_()) return respond(TextResponse(200, "ok"));
    return respond(TextResponse(
        503, "not ready: a log is frozen or stopping; see its messages"));
  }
  if (path.substr(0, 4) == "/v1/") {
    const std::string method(path.substr(4));
    return Json(method, std::move(request), std::move(respond));
  }
  if (pages_.operator_page != nullptr && OperatorPage::Takes(request.path())) {
    if (!IsRead(request)) return respond(WrongMethod("GET"));
    return respond(pages_.operator_page->Answer(request.path()));
  }
  if (pages_.sign_in != nullptr && SignIn::Takes(request.path())) {
    return pages_.sign_in->Handle(std::move(request), std::move(respond));
  }
  // It has no name that begins a path of a log's.
  if (pages_.page != nullptr && pages_.page->Has(request.path())) {
    return respond(pages_.page->Answer(request));
  }
  for (Route& route : routes_) {
    if (path.substr(0, route.prefix.size()) != route.prefix) continue;
    const std::string_view below = path.substr(route.prefix.size());
    if (below == "add" && route.hosted->log->opaque()) {
      return Add(&route, std::move(request), std::move(respond));
    }
    if (below == "index/proof") {
      if (request.method == HttpMethod::kOptions) return respond(Preflight());
      return ProveKeys(&route, std::move(request), std::move(respond));
    }
    if (!IsRead(request)) return respond(WrongMethod("GET"));
    return respond(route.read.Read(below, request.AcceptsGzip()));
  }
  respond(TextResponse(404, "no such path"));
}

void HttpDoor::Add(Route* route, HttpRequest request, HttpResponder respond) {
  if (request.method != HttpMethod::kPost) return respond(WrongMethod("POST"));
  route->hosted->submit.AddOpaque(
      std::move(request.body),
      [respond = std::move(respond)](absl::StatusOr<uint64_t> index) mutable {
        respond(index.ok() ? HttpResponse(200, "text/plain; charset=utf-8",
                                          absl::StrCat(*index))
                           : ErrorResponse(index.status()));
      });
}

void HttpDoor::ProveKeys(Route* route, HttpRequest request,
                         HttpResponder respond) {
  if (request.method != HttpMethod::kPost) return respond(WrongMethod("POST"));
  Later(route->hosted->proof_work, std::move(respond),
        [log = route->hosted->log, body = std::move(request.body)] {
          absl::StatusOr<std::string> proof = ProveKeysPlain(log, body);
          return Personal(proof.ok()
                              ? HttpResponse(200, kOctets, *std::move(proof))
                              : ErrorResponse(proof.status()));
        });
}

void HttpDoor::Json(std::string_view method, HttpRequest request,
                    HttpResponder respond) {
  if (request.method == HttpMethod::kOptions) return respond(Preflight());
  if (request.method != HttpMethod::kPost) return respond(WrongMethod("POST"));
  if (method == "submit") {
    return Submit(std::move(request), std::move(respond));
  }
  if (method == "chain") {
    return GetChain(std::move(request), std::move(respond));
  }
  if (method == "check") return Check(std::move(request), std::move(respond));
  if (method == "statements") {
    return FileStatements(std::move(request), std::move(respond));
  }
  if (method == "keys") {
    return Prove<v1::ProveKeysRequest>(std::move(request), std::move(respond),
                                       vidimus::ProveKeys);
  }
  if (method == "leaves") {
    return Prove<v1::ProveLeavesRequest>(std::move(request), std::move(respond),
                                         vidimus::ProveLeaves);
  }
  const absl::StatusOr<HttpResponse> response =
      [&]() -> absl::StatusOr<HttpResponse> {
    if (method == "proof") {
      v1::GetProofRequest proof;
      RETURN_IF_ERROR(FromJson(request.body, &proof));
      ASSIGN_OR_RETURN(HostedLog* const hosted, FindLog(logs_, proof.origin()));
      ASSIGN_OR_RETURN(
          const v1::GetProofResponse answer,
          MakeProof(hosted->log, proof.leaf_index(), proof.size()));
      return JsonResponse(answer);
    }
    if (method == "checkpoint") {
      v1::GetCheckpointRequest checkpoint;
      RETURN_IF_ERROR(FromJson(request.body, &checkpoint));
      ASSIGN_OR_RETURN(HostedLog* const hosted,
                       FindLog(logs_, checkpoint.origin()));
      v1::GetCheckpointResponse answer;
      answer.set_checkpoint(hosted->log->Latest()->checkpoint);
      return JsonResponse(answer);
    }
    return absl::NotFoundError(
        "no such method: /v1/submit, /v1/check, /v1/statements, /v1/chain, "
        "/v1/proof, /v1/keys, /v1/leaves and /v1/checkpoint are there");
  }();
  respond(
      Personal(response.ok() ? *response : ErrorResponse(response.status())));
}

void HttpDoor::Submit(HttpRequest request, HttpResponder respond) {
  v1::SubmitRequest submit;
  const absl::Status parsed = FromJson(request.body, &submit);
  if (!parsed.ok()) return respond(ErrorResponse(parsed));
  const absl::StatusOr<HostedLog*> hosted = FindLog(logs_, submit.origin());
  if (!hosted.ok()) return respond(ErrorResponse(hosted.status()));
  std::optional<uint32_t> administration;
  if (!(*hosted)->log->opaque() && identities_ &&
      request.peer_uris != nullptr) {
    const absl::StatusOr<uint32_t> number =
        AdministrationOfUris(*request.peer_uris);
    if (!number.ok()) return respond(ErrorResponse(number.status()));
    administration = *number;
  }
  (*hosted)->submit.Submit(
      submit, administration,
      [respond = std::move(respond)](
          absl::StatusOr<v1::SubmitResponse> receipt) mutable {
        respond(receipt.ok() ? JsonResponse(*receipt)
                             : ErrorResponse(receipt.status()));
      });
}

absl::Status HttpDoor::JudgePersonal(const HttpRequest& request,
                                     const char* plaintext) const {
  if (!identities_) return absl::UnauthenticatedError(plaintext);
  return JudgeJsonBody(request);
}

absl::StatusOr<ChainCaller> HttpDoor::ChainCallerOf(
    const HttpRequest& request) const {
  RETURN_IF_ERROR(JudgePersonal(
      request, "chains are shown over TLS only: nobody is known on this door"));
  ChainCaller caller;
  if (request.peer_uris != nullptr) {
    ASSIGN_OR_RETURN(caller.administration,
                     AdministrationOfUris(*request.peer_uris));
  }
  for (const absl::string_view value : request.Headers("Authorization")) {
    caller.authorizations.emplace_back(value);
  }
  if (pages_.sign_in == nullptr) return caller;
  ASSIGN_OR_RETURN(const std::optional<std::string> token,
                   SignIn::TokenOf(request));
  if (token.has_value()) {
    caller.authorizations.push_back(absl::StrCat("Bearer ", *token));
  }
  return caller;
}

void HttpDoor::GetChain(HttpRequest request, HttpResponder respond) {
  v1::GetChainRequest chain;
  absl::StatusOr<ChainCaller> caller = ChainCallerOf(request);
  absl::Status status = caller.status();
  if (status.ok()) status = FromJson(request.body, &chain);
  absl::StatusOr<HostedLog*> hosted = nullptr;
  if (status.ok()) {
    hosted = FindLog(logs_, chain.origin());
    status = hosted.status();
  }
  if (!status.ok()) return respond(ChainError(status));
  (*hosted)->chains.Get(
      chain, *std::move(caller),
      [respond = std::move(respond)](
          absl::StatusOr<v1::GetChainResponse> answer) mutable {
        respond(answer.ok() ? Personal(JsonResponse(*answer))
                            : ChainError(answer.status()));
      });
}

void HttpDoor::Check(HttpRequest request, HttpResponder respond) {
  const absl::Status refused = [&]() -> absl::Status {
    RETURN_IF_ERROR(JudgePersonal(
        request,
        "asking first is answered over TLS only: nobody is known on this "
        "door"));
    v1::CheckRequest check;
    RETURN_IF_ERROR(FromJson(request.body, &check));
    ASSIGN_OR_RETURN(HostedLog* const hosted, FindLog(logs_, check.origin()));
    std::optional<uint32_t> administration;
    if (request.peer_uris != nullptr) {
      ASSIGN_OR_RETURN(administration,
                       AdministrationOfUris(*request.peer_uris));
    }
    hosted->checks.Check(
        std::move(check), administration,
        [respond = std::move(respond)](
            absl::StatusOr<v1::CheckResponse> answer) mutable {
          respond(Personal(answer.ok() ? JsonResponse(*answer)
                                       : ErrorResponse(answer.status())));
        });
    return absl::OkStatus();
  }();
  if (!refused.ok()) respond(Personal(ErrorResponse(refused)));
}

void HttpDoor::FileStatements(HttpRequest request, HttpResponder respond) {
  const absl::Status refused = [&]() -> absl::Status {
    RETURN_IF_ERROR(JudgePersonal(
        request, "statements are taken over TLS only: they name a person"));
    v1::FileStatementsRequest filed;
    RETURN_IF_ERROR(FromJson(request.body, &filed));
    ASSIGN_OR_RETURN(HostedLog* const hosted, FindLog(logs_, filed.origin()));
    hosted->statements.File(
        std::move(filed),
        [respond = std::move(respond)](
            absl::StatusOr<v1::FileStatementsResponse> answer) mutable {
          respond(Personal(answer.ok() ? JsonResponse(*answer)
                                       : ErrorResponse(answer.status())));
        });
    return absl::OkStatus();
  }();
  if (!refused.ok()) respond(Personal(ErrorResponse(refused)));
}

template <typename Request, typename Maker>
void HttpDoor::Prove(HttpRequest request, HttpResponder respond, Maker prove) {
  auto parsed = std::make_shared<Request>();
  absl::Status status = FromJson(request.body, parsed.get());
  absl::StatusOr<HostedLog*> hosted = nullptr;
  if (status.ok()) {
    hosted = FindLog(logs_, parsed->origin());
    status = hosted.status();
  }
  if (!status.ok()) return respond(Personal(ErrorResponse(status)));
  Later((*hosted)->proof_work, std::move(respond),
        [log = (*hosted)->log, parsed, prove] {
          const auto made = prove(log, *parsed);
          return Personal(made.ok() ? JsonResponse(*made)
                                    : ErrorResponse(made.status()));
        });
}

}  // namespace vidimus
