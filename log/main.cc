// vidimus-log: makes and serves logs.

#include <stdio.h>

#include <string>
#include <vector>

#include "log/clock.h"
#include "log/flags.h"
#include "log/folder.h"
#include "log/init.h"
#include "log/register_verb.h"
#include "log/serve.h"
#include "log/token_issuers.h"
#include "log/vault_verb.h"

namespace vidimus {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr uint64_t kTokenLifetimeMaxS = 24 * 3600;

constexpr char kHelp[] = R"(vidimus log: an audit log that proves what it says.

  vidimus log init --dir D --origin ORIGIN [--opaque]
      makes a log: keys, settings and, for an access log, its register
  vidimus log serve --dir D ...
      serves it
  vidimus log register VERB ...
      signs documents of the public register, enters them, lists, shows, proves
  vidimus log vault VERB --dir D ...
      erases, withholds, restricts what entries say; rotates the vault key
  vidimus log token --dir D --subject ID
      a resident's token, for trying out

`vidimus log VERB --help` tells each verb's flags.
)";

int Fail(const absl::Status& status) {
  fprintf(stderr, "vidimus-log: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kUsage : kFailed;
}

bool WantsHelp(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") return true;
  }
  return false;
}

int Init(const std::vector<std::string>& arguments) {
  InitOptions options;
  Flags flags;
  flags.Add("dir", "D", "The folder to make; it must not exist or be empty.",
            &options.dir);
  flags.Add("origin", "ORIGIN",
            "The log's name for ever: the URL its public files will be read "
            "under, without scheme and trailing slash, such as "
            "log.example/helsinki/2026h2.",
            &options.origin);
  flags.Add("opaque",
            "Make a log of any bytes from anyone (C2SP tlog-tiles and POST "
            "/add), not one of accesses to residents' data.",
            &options.opaque);
  flags.Add("administrations", "N",
            "How many administrations the register opens with; each gets a "
            "certificate and an entry key for trying out, in "
            "D/administrations. Default 4, at most 8.",
            &options.administrations);
  flags.Add("register", "DIR",
            "The register to open with: documents' texts, named "
            "TYPE.NUMBER.textproto (docs/register.md); administrations and "
            "identity services in it that have no keys get some for trying "
            "out.",
            &options.register_folder);
  flags.Add("min_batch", "N",
            "Leaves that every batch has at least; cover leaves fill it. "
            "Fixed for the log's life. Default 8.",
            &options.min_batch);
  flags.Add("wasm", "FILE",
            "The verifier as WASM that residents are served; its hash stands "
            "in the register, for whoever wants to know what judged. May be "
            "given several times.",
            &options.wasm);
  flags.Add("try_out_issuer",
            "Make an issuer of residents' tokens too, in D/oidc, whose tokens "
            "`vidimus log token` makes. Who holds its key can read every "
            "chain: for trying out.",
            &options.try_out_issuer);
  if (WantsHelp(arguments)) {
    printf("vidimus log init --dir D --origin ORIGIN [flags]\n\n%s",
           flags.Describe().c_str());
    return kOk;
  }
  absl::Status status = flags.Parse(arguments);
  if (status.ok() && (options.dir.empty() || options.origin.empty())) {
    status =
        absl::InvalidArgumentError("init needs --dir and --origin; see --help");
  }
  if (status.ok()) status = InitLog(options, SystemClock(), SystemRandom());
  if (!status.ok()) return Fail(status);
  const LogFolder folder{options.dir};
  printf(
      "made %s, the log %s\n"
      "  %s is its public key: give it to everybody who checks it\n"
      "  %s are its secrets: back them up apart from the data\n"
      "  %s can be tuned\n",
      folder.path.c_str(), options.origin.c_str(), folder.Vkey().c_str(),
      folder.Keys().c_str(), folder.Settings().c_str());
  if (options.opaque) {
    printf("next: vidimus log serve --dir %s --http 127.0.0.1:8080\n",
           folder.path.c_str());
  } else {
    printf(
        "  %s/administrations holds certificates and entry keys to try it "
        "out\n"
        "next: vidimus log serve --dir %s --https 127.0.0.1:8443 --grpc "
        "127.0.0.1:8444\n",
        folder.path.c_str(), folder.path.c_str());
  }
  return kOk;
}

int ServeVerb(const std::vector<std::string>& arguments) {
  ServeOptions options;
  Flags flags;
  flags.Add("dir", "D",
            "A log's folder, made by `vidimus log init`. May be given several "
            "times: the process then serves several logs, each under the path "
            "of its origin.",
            &options.dirs);
  flags.Add("http", "HOST:PORT",
            "Plaintext HTTP: public reads, POST /add of an opaque log, "
            "/metrics, /operator, /healthz, /readyz. Loopback only. Port 0 "
            "takes a free "
            "one, here and below.",
            &options.http);
  flags.Add("https", "HOST:PORT",
            "Reads over TLS, and /v1/: submissions with the client certificate "
            "of an administration; residents' sign-in. No /metrics: they tell "
            "more than the log's public bytes.",
            &options.https);
  flags.Add("grpc", "HOST:PORT",
            "gRPC over TLS; every caller shows a client certificate, or, if "
            "settings name a token_issuer, a resident's token.",
            &options.grpc);
  flags.Add("grpc_plaintext", "HOST:PORT",
            "gRPC without TLS, for an opaque log. Loopback only.",
            &options.grpc_plaintext);
  flags.Add("page", "DIR",
            "A folder for browsers, such as the residents' page, served at the "
            "root of --https. It is read once, at the start.",
            &options.page);
  flags.Add("insecure_listen", "HOST:PORT",
            "Allows --http or --grpc_plaintext to listen on this one address "
            "outside of loopback: behind a proxy, say, that speaks TLS.",
            &options.insecure_listen);
  flags.Add("lock", "FILE",
            "The signing lock, if not D/signing.lock. Best on another disk "
            "than the data: it is what notices that they went back in time.",
            &options.lock);
  flags.Add("scrub_period", "SECONDS",
            "Everything stored is verified again in this time; 0: never. "
            "Default from settings, a day.",
            &options.scrub_period);
  if (WantsHelp(arguments)) {
    printf("vidimus log serve --dir D [flags]\n\n%s\n%s",
           flags.Describe().c_str(),
           "Prints `listening URL` for each door and then `ready`. SIGTERM "
           "answers what was taken and stops.\nExit: 0 stopped in order, 1 "
           "the log can't go on (the message says why), 2 wrong flags or "
           "settings.\n");
    return kOk;
  }
  absl::Status status = flags.Parse(arguments);
  if (status.ok() && options.dirs.empty()) {
    status = absl::InvalidArgumentError("serve needs --dir; see --help");
  }
  if (status.ok()) status = Serve(options);
  return status.ok() ? kOk : Fail(status);
}

int Token(const std::vector<std::string>& arguments) {
  std::string dir;
  std::string subject;
  uint64_t lifetime_s = 600;
  Flags flags;
  flags.Add("dir", "D",
            "A log's folder, made by `vidimus log init --try_out_issuer`.",
            &dir);
  flags.Add("subject", "ID",
            "Whose: an id in the form of the id scheme that `token_issuer` in "
            "settings.textproto names, such as a UUID in lower case.",
            &subject);
  flags.Add("lifetime_s", "SECONDS", "Default 600.", &lifetime_s);
  if (WantsHelp(arguments)) {
    printf("vidimus log token --dir D --subject ID [flags]\n\n%s",
           flags.Describe().c_str());
    return kOk;
  }
  absl::Status status = flags.Parse(arguments);
  if (status.ok() && (dir.empty() || subject.empty() || lifetime_s == 0 ||
                      lifetime_s > kTokenLifetimeMaxS)) {
    status = absl::InvalidArgumentError(
        "token needs --dir, --subject, and a lifetime of at most a day; see "
        "--help");
  }
  if (!status.ok()) return Fail(status);
  const absl::StatusOr<std::string> token =
      TryOutToken(LogFolder{dir}, subject, SystemClock()->NowMs() / 1000,
                  static_cast<int64_t>(lifetime_s));
  if (!token.ok()) return Fail(token.status());
  printf("%s\n", token->c_str());
  return kOk;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "help") {
    printf("%s", kHelp);
    return words.empty() ? kUsage : kOk;
  }
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (words[0] == "init") return Init(rest);
  if (words[0] == "serve") return ServeVerb(rest);
  if (words[0] == "token") return Token(rest);
  if (words[0] == "register") return RegisterVerb(rest);
  if (words[0] == "vault") return VaultVerb(rest);
  fprintf(stderr, "vidimus-log: no verb \"%s\"\n%s", words[0].c_str(), kHelp);
  return kUsage;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  return vidimus::Main(std::vector<std::string>(argv + 1, argv + argc));
}
