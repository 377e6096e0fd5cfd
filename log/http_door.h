// The HTTP door: public reads and proofs for anyone, POST /add of an opaque
// log, and the JSON twin of the gRPC service under /v1/, of which all that
// needs an identity only over TLS; there, too, a folder for browsers and
// residents' sign-in, and on the plaintext one the operator's page. It turns
// targets into calls of read_service.h and the services of hosted_log.h.
// docs/api.md.
#ifndef VIDIMUS_LOG_HTTP_DOOR_H_
#define VIDIMUS_LOG_HTTP_DOOR_H_

#include <prometheus/registry.h>

#include <functional>
#include <vector>

#include "log/hosted_log.h"
#include "log/operator_page.h"
#include "log/page_folder.h"
#include "log/read_service.h"
#include "log/sign_in.h"
#include "proto/http_server.h"

namespace vidimus {

// What a door may have for people. Not owned; null: it is not here.
struct DoorPages {
  const PageFolder* page = nullptr;
  SignIn* sign_in = nullptr;
  OperatorPage* operator_page = nullptr;
};

// First segments of the paths under which logs are served, for PageFolder.
std::vector<std::string> TakenByLogs(const std::vector<HostedLog*>& logs);

// Routes requests of one listener. A log is served under the path of its origin
// (what follows the host), and at the root if it is the only one.
class HttpDoor {
 public:
  // Not owned. `identities`: callers may show a certificate or a token, so
  // /v1/submit, /v1/chain, /v1/check and /v1/statements are served. `ready`
  // says whether every log takes submissions. `pages` may be given later, and
  // before the first request.
  HttpDoor(const std::vector<HostedLog*>& logs, bool identities,
           prometheus::Registry* registry, std::function<bool()> ready);

  void SetPages(const DoorPages& pages) { pages_ = pages; }

  // An HttpHandler; any thread.
  void Handle(HttpRequest request, HttpResponder respond);

 private:
  struct Route {
    std::string prefix;  // "/" or "/helsinki/2026h2/"
    HostedLog* hosted;
    ReadService read;
  };

  void Add(Route* route, HttpRequest request, HttpResponder respond);
  void ProveKeys(Route* route, HttpRequest request, HttpResponder respond);
  void Json(std::string_view method, HttpRequest request,
            HttpResponder respond);
  void Submit(HttpRequest request, HttpResponder respond);
  void GetChain(HttpRequest request, HttpResponder respond);
  void Check(HttpRequest request, HttpResponder respond);
  void FileStatements(HttpRequest request, HttpResponder respond);
  // Answers with what `prove` makes of the request, on another thread.
  template <typename Request, typename Maker>
  void Prove(HttpRequest request, HttpResponder respond, Maker prove);
  absl::StatusOr<ChainCaller> ChainCallerOf(const HttpRequest& request) const;
  // Whether the body of a request may be about a person.
  absl::Status JudgePersonal(const HttpRequest& request,
                             const char* plaintext) const;

  const std::vector<HostedLog*> logs_;
  const bool identities_;
  prometheus::Registry* const registry_;
  const std::function<bool()> ready_;
  DoorPages pages_;  // constant once there are requests
  std::vector<Route> routes_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_HTTP_DOOR_H_
