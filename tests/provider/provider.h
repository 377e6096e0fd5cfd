// For tests and the demo: a city's identity provider, small and whole, that
// speaks OpenID Connect's authorization code with PKCE to residents who exist
// nowhere else, and an identity service, which signs the requests of their
// wallets. Real enough that a browser and a log can't tell; no model for a
// provider of real people: it has passphrases, no second factor, and forgets
// everything when it ends.
//
//   GET  /.well-known/openid-configuration   where what is
//   GET  /jwks                               the key of its tokens
//   GET, POST /authorize                     a form, and where it leads
//   POST /token                              a code, once, for an id token
//   POST /enrol                              a wallet's request, for statements
#ifndef VIDIMUS_TESTS_PROVIDER_PROVIDER_H_
#define VIDIMUS_TESTS_PROVIDER_PROVIDER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/oidc.h"
#include "proto/http_server.h"
#include "proto/mutex.h"
#include "verifier/signing.h"

namespace vidimus {

// How long a code can be exchanged, seconds.
inline constexpr int64_t kProviderCodeS = 60;

struct ProviderOptions {
  // Its address without a trailing slash: `iss`.
  std::string issuer;
  // The one client that it serves, and where that may be sent to.
  std::string client_id;
  std::string redirect_url;
  // Passphrases by the ids of residents, in the form of `id_scheme`.
  std::map<std::string, std::string> residents;
  uint8_t id_scheme = 1;
  int64_t token_lifetime_s = 3600;
  // Of its tokens; 32 bytes.
  std::string token_seed;
  // Of the identity service, by the log's register; empty: there is none.
  std::string service_seed;
  uint32_t service_number = 0;
  // The family of logs that it signs for; empty: any.
  std::string family;
};

// Any thread.
class Provider {
 public:
  using NowS = std::function<int64_t()>;
  using Draw = std::function<std::string(size_t bytes)>;

  Provider(ProviderOptions options, NowS now_s, Draw draw);

  // An HttpHandler.
  void Handle(HttpRequest request, HttpResponder respond);
  // What it answers.
  HttpResponse Answer(const HttpRequest& request) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // What a code stands for.
  struct Grant {
    std::string resident, nonce, challenge;
    int64_t until_s = 0;
  };

  HttpResponse Configuration() const;
  HttpResponse Authorize(const HttpRequest& request) ABSL_LOCKS_EXCLUDED(mu_);
  HttpResponse Form(const std::string& query, bool refused) const;
  HttpResponse Token(const HttpRequest& request) ABSL_LOCKS_EXCLUDED(mu_);
  std::string IdToken(const Grant& grant) const;
  absl::StatusOr<std::string> Enrol(const HttpRequest& request) const;

  const ProviderOptions options_;
  const NowS now_s_;
  const Draw draw_;
  std::unique_ptr<TokenJudge> judge_;  // of its own tokens

  Mutex mu_;
  std::map<std::string, Grant> grants_ ABSL_GUARDED_BY(mu_);
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_PROVIDER_PROVIDER_H_
