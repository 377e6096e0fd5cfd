// doctored KIND DIR: serves a doctored log until it is killed, over http for
// fsck and over https for the resident's check. Leaves in DIR what they need:
// log.vkey, ca.crt, token and, of a fork, other.checkpoint.
//
// doctored --list: the kinds, one a line, with who sees them and in words.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "proto/certificates.h"
#include "proto/http_server.h"
#include "proto/json.h"
#include "proto/tls.h"
#include "tests/doctored/doctored_log.h"
#include "verifier/check.h"
#include "verifier/note.h"

namespace vidimus {
namespace {

constexpr int64_t kDay = 24 * 60 * 60;

template <typename Request, typename Answer>
HttpResponse AnswerJson(const std::string& body, Answer answer) {
  Request request;
  const absl::Status parsed = FromJson(body, &request);
  if (!parsed.ok()) return ErrorResponse(parsed);
  const auto response = answer(request);
  if (!response.ok()) return ErrorResponse(response.status());
  const auto json = ToJson(*response);
  if (!json.ok()) return ErrorResponse(json.status());
  return HttpResponse(200, "application/json", *json);
}

class Handler {
 public:
  explicit Handler(const DoctoredLog* log) : log_(log), paths_(log->Paths()) {}

  HttpResponse Answer(const HttpRequest& request) const {
    const std::string path(request.path());
    if (path == "/v1/chain") {
      return AnswerJson<v1::GetChainRequest>(
          request.body,
          [this](const auto& asked) { return log_->GetChain(asked); });
    }
    if (path == "/v1/keys") {
      return AnswerJson<v1::ProveKeysRequest>(
          request.body,
          [this](const auto& asked) { return log_->ProveKeys(asked); });
    }
    if (path == "/v1/leaves") {
      return AnswerJson<v1::ProveLeavesRequest>(
          request.body,
          [this](const auto& asked) { return log_->ProveLeaves(asked); });
    }
    if (path == "/index/proof") {
      const auto proof = log_->ProveKeysPlain(request.body);
      return proof.ok() ? HttpResponse(200, "application/octet-stream", *proof)
                        : ErrorResponse(proof.status());
    }
    const auto found = paths_.find(path.substr(1));
    if (found == paths_.end()) return TextResponse(404, "no such path");
    return HttpResponse(200, "application/octet-stream", found->second);
  }

 private:
  const DoctoredLog* const log_;
  const std::map<std::string, std::string> paths_;
};

void Write(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  CHECK(file.good());
}

std::shared_ptr<const TlsContext> MakeTls(const std::string& folder,
                                          int64_t now_s) {
  const auto authority =
      MakeAuthority("Doctored logs", now_s - kDay, now_s + kDay);
  CHECK(authority.ok());
  CertificateOptions options;
  options.common_name = "127.0.0.1";
  options.not_before_s = now_s - kDay;
  options.not_after_s = now_s + kDay;
  options.is_server = true;
  options.ip_addresses = {"127.0.0.1"};
  const auto certificate = MakeCertificate(*authority, options);
  CHECK(certificate.ok());
  Write(folder + "/ca.crt", authority->certificate_pem);
  TlsOptions tls;
  tls.certificate_chain_pem = certificate->certificate_pem;
  tls.private_key_pem = certificate->private_key_pem;
  auto context = TlsContext::NewServer(tls);
  CHECK(context.ok());
  return *context;
}

int Main(const std::string& kind, const std::string& folder) {
  bool known = false;
  for (const Doctored& each : DoctoredKinds()) known |= each.name == kind;
  if (!known) {
    std::fprintf(stderr, "doctored: there is no kind %s; see --list\n",
                 kind.c_str());
    return 64;
  }
  const auto now_s = static_cast<int64_t>(time(nullptr));
  const DoctoredLog log(kind, static_cast<uint64_t>(now_s));
  const Handler handler(&log);
  Write(folder + "/log.vkey", FormatVkey(log.log().key()) + "\n");
  Write(folder + "/token", "anybody\n");
  CHECK(chmod((folder + "/token").c_str(), 0600) == 0);
  if (!log.other_checkpoint().empty()) {
    Write(folder + "/other.checkpoint", log.other_checkpoint());
  }
  const auto answer = [&handler](const HttpRequest& request,
                                 HttpResponder respond) {
    respond(handler.Answer(request));
  };
  HttpServerOptions options;
  options.threads = 1;
  auto plain = HttpServer::Start(options, answer);
  options.tls = MakeTls(folder, now_s);
  auto secure = HttpServer::Start(options, answer);
  CHECK(plain.ok() && secure.ok());
  std::printf(
      "listening http://127.0.0.1:%u\nlistening https://127.0.0.1:%u\nready\n",
      (*plain)->port(), (*secure)->port());
  std::fflush(stdout);
  while (true) pause();
}

int List() {
  for (const Doctored& kind : DoctoredKinds()) {
    std::printf("%s\t%s\t%s\n", kind.name,
                kind.seen_by_fsck       ? "fsck"
                : kind.seen_by_resident ? "resident"
                                        : "nobody",
                kind.words);
  }
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--list") return vidimus::List();
  if (argc == 3) return vidimus::Main(argv[1], argv[2]);
  std::fprintf(stderr, "doctored KIND DIR | doctored --list\n");
  return 64;
}
