#include "log/http_door.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "log/receipt.h"
#include "proto/administration.h"
#include "proto/json.h"
#include "proto/metrics.h"
#include "proto/status.h"

namespace vidimus {
namespace {

constexpr char kJson[] = "application/json";

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

HttpResponse WrongMethod(const char* allowed) {
  HttpResponse response =
      TextResponse(405, absl::StrCat("this path takes ", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
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
    routes_.push_back({prefix, hosted, ReadService(hosted->log)});
    if (logs_.size() == 1 && prefix != "/") {
      routes_.push_back({"/", hosted, ReadService(hosted->log)});
    }
  }
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
  for (Route& route : routes_) {
    if (path.substr(0, route.prefix.size()) != route.prefix) continue;
    const std::string_view below = path.substr(route.prefix.size());
    if (below == "add" && route.hosted->log->opaque()) {
      return Add(&route, std::move(request), std::move(respond));
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

void HttpDoor::Json(std::string_view method, HttpRequest request,
                    HttpResponder respond) {
  if (request.method != HttpMethod::kPost) return respond(WrongMethod("POST"));
  if (method == "submit") {
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
    return (*hosted)->submit.Submit(
        submit, administration,
        [respond = std::move(respond)](
            absl::StatusOr<v1::SubmitResponse> receipt) mutable {
          respond(receipt.ok() ? JsonResponse(*receipt)
                               : ErrorResponse(receipt.status()));
        });
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
        "no such method: /v1/submit, /v1/proof and /v1/checkpoint are there");
  }();
  respond(response.ok() ? *response : ErrorResponse(response.status()));
}

}  // namespace vidimus
