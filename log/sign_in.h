// Residents sign in on the door that serves their page: by OpenID Connect's
// authorization code with PKCE, which the server exchanges, so that the page
// leaves its origin by navigation alone and no script ever holds a token. What
// a browser keeps is a cookie that no script reads. docs/sign_in.md.
//
//   GET  /sign-in            to the provider, with state, nonce and challenge
//   GET  /sign-in/callback   from there: code against id token, cookie, to /
//   GET  /session            whether a browser is signed in, and until when
//   POST /sign-out           forgets
//   POST /enrol              a wallet's request, relayed to the identity
//   service
//
// What it promises:
// - A cookie is set for an id token only that the log's TokenJudge believes,
//   that is of the provider and for the client which the settings name, and
//   that holds the nonce of this very browser's attempt.
// - Nothing that a foreign page does signs anybody in or out, enrols a key or
//   reads a chain: the state is bound to a cookie which only we can set, what
//   changes or tells something must be asked for by our own origin.
// - Outsiders make us call nobody without bound: sign-ins are counted together,
//   enrolments by resident and with a token alone; calls have a deadline and
//   limits, and run on threads of their own.
// - No message, metric or address holds a subject, token, code, state or nonce.
#ifndef VIDIMUS_LOG_SIGN_IN_H_
#define VIDIMUS_LOG_SIGN_IN_H_

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "log/chain_quota.h"
#include "log/clock.h"
#include "log/folder.h"
#include "log/oidc.h"
#include "log/side_work.h"
#include "proto/http_client.h"
#include "proto/http_server.h"
#include "proto/mutex.h"
#include "proto/settings.pb.h"
#include "proto/tls.h"
#include "proto/url.h"

namespace vidimus {

// An id token that is longer does not fit into a cookie.
inline constexpr size_t kSessionTokenBytesMax = 3800;
inline constexpr size_t kEnrolBytesMax = 64 * 1024;
inline constexpr size_t kEnrolAnswerBytesMax = 512 * 1024;

inline constexpr char kSessionCookie[] = "__Host-vidimus";
// The secret of one attempt, from which its state, nonce and PKCE verifier are
// made.
inline constexpr char kAttemptCookie[] = "__Host-vidimus-sign-in";
inline constexpr int kAttemptS = 600;

// What became of a sign-in. Of all but the first, the page is told the word:
// /?sign-in=failed&reason=WORD.
enum class SignInOutcome {
  kDone,
  kExpired,   // "expired": no attempt of this browser is known, or too old
  kMixedUp,   // "mixed-up": an answer to another attempt, or from elsewhere
  kDenied,    // "denied": the resident, or the provider, said no
  kProvider,  // "provider": it did not answer, or not as it should
  kToken,     // "token": its id token is not accepted
  kBusy,      // "busy": too many at once
};
inline constexpr int kSignInOutcomes = 7;
const char* SignInOutcomeWord(SignInOutcome outcome);

struct SignInOptions {
  std::string issuer;
  std::string client_id;
  std::string client_secret;  // empty: a public client
  std::string authorization_endpoint;
  Url token_endpoint;
  std::string redirect_url;
  std::string scope = "openid";
  std::optional<Url> identity_service;
  // For calls to both. Null: the system's authorities.
  std::shared_ptr<const TlsContext> tls;
  std::chrono::milliseconds timeout{5000};
  // Exchanges of all browsers together, averaged over ten seconds; 0: no limit.
  double per_s = 20;
  int threads = 2;
  int waiting_max = 32;
};

// Reads the block `sign_in` of `settings`, those of the log in `folder`.
// kInvalidArgument names the field that is wrong: an address without https, a
// client id that is the audience of no token_issuer of this name; kNotFound and
// kFailedPrecondition for files as in log/folder.h.
absl::StatusOr<SignInOptions> ReadSignIn(const v1::Settings& settings,
                                         const LogFolder& folder);

// Any thread. The destructor waits for calls under way, at most the timeout.
class SignIn {
 public:
  // None is owned; all outlive this. `say` tells the operator why sign-ins
  // fail, once for each reason until one is done again.
  struct Parts {
    const TokenJudge* tokens;
    Clock* clock;
    Random* random;
    prometheus::Registry* registry;
    std::function<void(const std::string& why)> say;
  };

  SignIn(SignInOptions options, Parts parts);
  ~SignIn();

  // Whether a path is one of the above.
  static bool Takes(absl::string_view path);

  // Answers a request for one of them; from another thread if somebody else is
  // called for it.
  void Handle(HttpRequest request, HttpResponder respond);

  // The token that a request shows by cookie: nothing if it has none.
  // kInvalidArgument for two cookies, or one beside an Authorization;
  // kPermissionDenied if the browser does not say that our own origin asks.
  static absl::StatusOr<std::optional<std::string>> TokenOf(
      const HttpRequest& request);

 private:
  void Begin(HttpResponder respond);
  void Return(const HttpRequest& request, HttpResponder respond);
  HttpResponse Session(const HttpRequest& request);
  HttpResponse SignOut(const HttpRequest& request);
  void Enrol(HttpRequest request, HttpResponder respond);

  // What the query of a callback says, judged by the attempt's secret: the code
  // to exchange, or why there is none.
  struct Callback {
    SignInOutcome outcome = SignInOutcome::kDone;
    std::string secret;
    std::string code;
  };
  Callback Judge(const HttpRequest& request) const;
  HttpResponse Exchange(const Callback& callback);
  absl::StatusOr<std::string> FetchToken(const Callback& callback) const;
  // The seconds that a token is valid for still.
  absl::StatusOr<int64_t> JudgeToken(const std::string& token,
                                     const std::string& secret) const;
  HttpResponse Relay(const std::string& token, const std::string& body) const;
  HttpResponse Failed(SignInOutcome outcome, absl::string_view why);

  int64_t NowS() const { return parts_.clock->NowMs() / 1000; }

  const SignInOptions options_;
  const Parts parts_;
  prometheus::Counter* counters_[kSignInOutcomes];
  std::atomic<bool> stopping_{false};
  ChainQuota exchanges_;
  ChainQuota enrolments_;

  Mutex mu_;
  std::string said_ ABSL_GUARDED_BY(mu_);

  SideWork work_;  // last: it ends first
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SIGN_IN_H_
