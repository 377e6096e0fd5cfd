// The provider as a program: provider.h. Its folder holds what it made at its
// first start: an authority and a certificate for 127.0.0.1, and the key of its
// tokens.

#include <stdio.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/door.h"
#include "client/file.h"
#include "log/clock.h"
#include "log/flags.h"
#include "proto/certificates.h"
#include "proto/http_server.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "proto/stop_signals.h"
#include "proto/tls.h"
#include "tests/provider/provider.h"

namespace vidimus {
namespace {

constexpr int kSecret = 0600;
constexpr int kPublic = 0644;
constexpr int64_t kDay = 24 * 3600;

struct Words {
  std::string dir, listen = "127.0.0.1:0", client_id, redirect_url, residents,
                   service_key, family;
  uint64_t service_number = 0;
  uint64_t token_lifetime_s = 3600;
};

absl::Status MakeDir(const std::string& dir, int64_t now_s) {
  if (access((dir + "/server.key").c_str(), F_OK) == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Certificate authority,
                   MakeAuthority("Try-out provider's authority", now_s - kDay,
                                 now_s + 365 * kDay));
  CertificateOptions server;
  server.common_name = "Try-out provider";
  server.not_before_s = now_s - kDay;
  server.not_after_s = now_s + 365 * kDay;
  server.is_server = true;
  server.dns_names = {"localhost"};
  server.ip_addresses = {"127.0.0.1"};
  ASSIGN_OR_RETURN(const Certificate certificate,
                   MakeCertificate(authority, server));
  const auto write = [&dir](const char* name, const std::string& pem,
                            int mode) {
    return WriteFile(absl::StrCat(dir, "/", name), pem, mode, /*sync=*/false);
  };
  RETURN_IF_ERROR(write("ca.crt", authority.certificate_pem, kPublic));
  RETURN_IF_ERROR(write("server.crt", certificate.certificate_pem, kPublic));
  return write("server.key", certificate.private_key_pem, kSecret);
}

absl::Status Serve(const Words& words) {
  StopSignals signals;
  const auto now_s = [] { return SystemClock()->NowMs() / 1000; };
  RETURN_IF_ERROR(MakeDir(words.dir, now_s()));
  ProviderOptions options;
  options.client_id = words.client_id;
  options.redirect_url = words.redirect_url;
  options.token_lifetime_s = static_cast<int64_t>(words.token_lifetime_s);
  options.family = words.family;
  options.service_number = static_cast<uint32_t>(words.service_number);
  ASSIGN_OR_RETURN(options.token_seed,
                   ReadOrMakeKeyFile(words.dir + "/token.key"));
  if (!words.service_key.empty()) {
    ASSIGN_OR_RETURN(options.service_seed, ReadKeyFile(words.service_key));
  }
  std::ifstream residents(words.residents);
  std::string id, passphrase;
  while (residents >> id >> passphrase) options.residents[id] = passphrase;
  if (options.residents.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no resident in ", words.residents));
  }
  HttpServerOptions http;
  http.address = words.listen;
  ASSIGN_OR_RETURN(
      const TlsOptions tls,
      ReadTlsFiles(words.dir + "/server.crt", words.dir + "/server.key", ""));
  ASSIGN_OR_RETURN(http.tls, TlsContext::NewServer(tls));
  // Its name has the port that it gets.
  std::unique_ptr<Provider> provider;
  Mutex mu;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<HttpServer> server,
      HttpServer::Start(http, [&](HttpRequest request, HttpResponder respond) {
        Provider* ready = nullptr;
        {
          MutexLock lock(&mu);
          ready = provider.get();
        }
        if (ready == nullptr) return respond(TextResponse(503, "not ready"));
        ready->Handle(std::move(request), std::move(respond));
      }));
  options.issuer = absl::StrCat("https://127.0.0.1:", server->port());
  printf("listening %s\n", options.issuer.c_str());
  {
    MutexLock lock(&mu);
    provider = std::make_unique<Provider>(
        std::move(options), now_s,
        [](size_t bytes) { return SystemRandom()->Draw(bytes); });
  }
  printf("ready\n");
  fflush(stdout);
  signals.Wait();
  server->Shutdown(std::chrono::seconds(1));
  return absl::OkStatus();
}

int Main(const std::vector<std::string>& arguments) {
  Words words;
  Flags flags;
  flags.Add("dir", "DIR", "Its folder, which must exist.", &words.dir);
  flags.Add("listen", "HOST:PORT", "Port 0 takes a free one, and prints it.",
            &words.listen);
  flags.Add("client_id", "ID", "The client that it serves.", &words.client_id);
  flags.Add("redirect_url", "URL", "Where that is sent to.",
            &words.redirect_url);
  flags.Add("residents", "FILE", "Lines of an id, a space, a passphrase.",
            &words.residents);
  flags.Add("service_key", "FILE",
            "The key of an identity service: 64 hexadecimal digits, 0600.",
            &words.service_key);
  flags.Add("service_number", "N", "Its number in the register.",
            &words.service_number);
  flags.Add("family", "NAME", "It signs for logs of this family alone.",
            &words.family);
  flags.Add("token_lifetime_s", "SECONDS", "Default 3600.",
            &words.token_lifetime_s);
  absl::Status status = flags.Parse(arguments);
  if (status.ok() && (words.dir.empty() || words.client_id.empty() ||
                      words.redirect_url.empty())) {
    status = absl::InvalidArgumentError("flags:\n" + flags.Describe());
  }
  if (status.ok()) status = Serve(words);
  if (status.ok()) return 0;
  fprintf(stderr, "provider: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  return vidimus::Main(std::vector<std::string>(argv + 1, argv + argc));
}
