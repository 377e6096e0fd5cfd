#include "client/monitor/monitor_verb.h"

#include <cstdio>
#include <ctime>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/door.h"
#include "client/monitor/monitor_folder.h"
#include "client/monitor/serve.h"
#include "client/monitor/status_page.h"
#include "proto/http_client.h"
#include "proto/json.h"
#include "proto/status.h"
#include "proto/url.h"

namespace vidimus {
namespace {

constexpr char kHelp[] =
    R"(vidimus monitor: follows logs, cosigns what it verified, keeps what convicts.

  vidimus monitor init --dir D --name monitor.example/uni
      makes one folder: two keys, a certificate, a configuration
  vidimus monitor follow --dir D --vkey log.vkey URL
      adds a log
  vidimus monitor serve --dir D
      runs until SIGTERM
  vidimus monitor status --dir D
      says how the logs are; exits 0 (fine), 1 (a log is wrong), 2 (an alarm,
      or the monitor does not answer)

`vidimus monitor VERB --help` tells each verb's flags. docs/monitor.md.
)";

int Unusable(const char* verb, const absl::Status& status) {
  std::fprintf(stderr, "vidimus monitor %s: %s\n", verb,
               std::string(status.message()).c_str());
  return kExitUnusable;
}

int Init(const std::vector<std::string>& arguments) {
  MonitorInitOptions options;
  CommandLine line("monitor init --dir D --name NAME [flags]",
                   "Makes the folder of a monitor: two keys that cosign, a "
                   "certificate by an authority of\nits own, a configuration "
                   "with every default.");
  line.Text("dir", "D", "the folder to make; must not exist or be empty",
            &options.dir);
  line.Text("name", "NAME",
            "the monitor's name for ever, a URL without scheme such as "
            "monitor.example/uni: its keys are NAME/witness and NAME/monitor",
            &options.name);
  line.Texts("host", "HOST",
             "a DNS name or address that its certificate is for, beside "
             "localhost; may stand several times",
             &options.hosts);
  line.Text("locks", "DIR",
            "where it is noted what was cosigned last, best on another disk "
            "(default: D/locks)",
            &options.locks);
  line.Require({"dir", "name"});
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  options.now_s = static_cast<int64_t>(time(nullptr));
  const absl::Status made = InitMonitor(options);
  if (!made.ok()) return Unusable("init", made);
  const MonitorFolder folder{options.dir};
  std::printf(
      "made %s, the monitor %s\n"
      "  %s is for the policies of logs that it shall vouch for\n"
      "  %s likewise, for those whom a witness is enough\n"
      "  %s are its secrets; never run two monitors with them\n"
      "  %s can be tuned\n"
      "next: vidimus monitor follow --dir %s --vkey log.vkey URL\n",
      folder.path.c_str(), options.name.c_str(),
      folder.Vkey(Voice::kMonitor).c_str(),
      folder.Vkey(Voice::kWitness).c_str(), folder.Keys().c_str(),
      folder.Config().c_str(), folder.path.c_str());
  return kExitTrue;
}

int Follow(const std::vector<std::string>& arguments) {
  std::string dir, vkey, ca, policy;
  std::vector<std::string> operands;
  CommandLine line(
      "monitor follow --dir D --vkey FILE URL [flags]",
      "Adds a log to those that a monitor follows: to its "
      "configuration, and the locks of\nits keys. Read at the next "
      "start of `serve`.");
  line.Text("dir", "D", "the monitor's folder", &dir);
  line.Text("vkey", "FILE", "the log's verifier key (log.vkey)", &vkey);
  line.Text("ca", "FILE",
            "authority that vouches for the log's door, if it is not one of "
            "the system's",
            &ca);
  line.Text("policy", "FILE",
            "the log's policy (docs/policy.md): its cosigners are shown, and "
            "the loss of their quorum is an alarm",
            &policy);
  line.Require({"dir", "vkey"});
  line.Operands(1, 1, &operands);
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  v1::FollowedLog log;
  log.set_url(operands[0]);
  if (!ca.empty()) log.set_ca(ca);
  if (!policy.empty()) log.set_policy(policy);
  const absl::Status followed = FollowLog(MonitorFolder{dir}, vkey, log);
  if (!followed.ok()) return Unusable("follow", followed);
  std::printf(
      "%s is followed at the next start of: vidimus monitor serve "
      "--dir %s\n",
      operands[0].c_str(), dir.c_str());
  return kExitTrue;
}

int ServeVerb(const std::vector<std::string>& arguments) {
  MonitorServeOptions options;
  CommandLine line(
      "monitor serve --dir D [flags]",
      "Follows the logs of the configuration, cosigns, gossips, "
      "shows what it knows. Prints\n`listening URL` for each door, "
      "then `ready`.");
  line.Text("dir", "D", "the monitor's folder", &options.dir);
  line.Switch("accept_fresh_state",
              "start though it is not known what these keys have cosigned: "
              "where a lock is missing, make one. Only for keys that are sure "
              "to have cosigned nothing that is lost; what logs and peers show "
              "still counts",
              &options.accept_fresh_state);
  line.Require({"dir"});
  line.Epilogue(
      "Exit: 0 stopped in order (SIGTERM), 2 could not begin; the message says "
      "why.");
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  const absl::Status served = ServeMonitor(options);
  return served.ok() ? kExitTrue : Unusable("serve", served);
}

absl::StatusOr<std::string> AskStatus(const std::string& url_text,
                                      const std::string& ca) {
  ASSIGN_OR_RETURN(const Url url, ParseUrl(url_text));
  HttpClientOptions options;
  options.timeout = std::chrono::milliseconds(10000);
  if (!ca.empty()) {
    TlsOptions tls;
    ASSIGN_OR_RETURN(tls.ca_pem, ReadAuthorities(ca));
    ASSIGN_OR_RETURN(options.tls, TlsContext::NewClient(tls));
  }
  ASSIGN_OR_RETURN(const auto client, HttpClient::New(url, options));
  ASSIGN_OR_RETURN(HttpReply reply, client->Get("status.json"));
  RETURN_IF_ERROR(StatusOfReply(reply));
  return std::move(reply.body);
}

int StatusVerb(const std::vector<std::string>& arguments) {
  std::string dir, url, ca;
  bool json = false;
  CommandLine line("monitor status --dir D | --url URL [flags]",
                   "Asks a running monitor how its logs are.");
  line.Text("dir", "D", "a monitor's folder on this machine", &dir);
  line.Text("url", "URL", "or its public address (https://...)", &url);
  line.Text("ca", "FILE",
            "authority that vouches for that, if it is not one of the system's",
            &ca);
  line.Switch("json", "print what it says as it is", &json);
  line.Epilogue(
      "Exit: 0 nothing is wrong, 1 a log is wrong under its own signature, 2 "
      "an alarm stands,\nor the monitor does not answer.");
  if (const std::optional<int> exit_code = line.Parse(arguments)) {
    return *exit_code;
  }
  if (dir.empty() == url.empty()) {
    std::fputs("vidimus monitor status: give --dir or --url\n", stderr);
    return kExitUsage;
  }
  if (url.empty()) {
    const auto known = OperatorUrl(MonitorFolder{dir});
    if (!known.ok()) {
      return Unusable("status",
                      absl::NotFoundError(absl::StrCat(
                          "no `vidimus monitor serve --dir ", dir,
                          "` with an http door has run; give --url for the "
                          "public one")));
    }
    url = *known;
  }
  const auto answer = AskStatus(url, ca);
  if (!answer.ok()) return Unusable("status", Annotate(answer.status(), url));
  v1::MonitorStatus status;
  const absl::Status parsed = FromJson(*answer, &status);
  if (!parsed.ok()) return Unusable("status", Annotate(parsed, url));
  std::fputs(json ? answer->c_str() : TextStatus(status).c_str(), stdout);
  return StatusExitCode(status);
}

}  // namespace

int MonitorMain(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::fputs(kHelp, stderr);
    return kExitUsage;
  }
  const std::string& verb = arguments[0];
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (verb == "init") return Init(rest);
  if (verb == "follow") return Follow(rest);
  if (verb == "serve") return ServeVerb(rest);
  if (verb == "status") return StatusVerb(rest);
  if (verb == "--help" || verb == "-h" || verb == "help") {
    std::fputs(kHelp, stdout);
    return kExitTrue;
  }
  std::fprintf(stderr, "vidimus monitor: there is no verb %s\n\n%s",
               verb.c_str(), kHelp);
  return kExitUsage;
}

}  // namespace vidimus
