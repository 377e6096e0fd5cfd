// What does a request cost before the log sees it?
//
//   bazel run -c opt //benches:http_server -- [seconds]
//
// wrk (which must be installed) asks our HTTP server, with two I/O threads, for
// a few bytes: answered at once, and by another thread that answers all that
// have gathered, as a log's publisher does; in plaintext and over TLS. Prints
// the rate, wrk's latencies and the server's own CPU per request. wrk runs on
// the same cores.
#include "proto/http_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proto/certificates.h"
#include "proto/mutex.h"

namespace vidimus {
namespace {

HttpResponse Hello() { return HttpResponse(200, "text/plain", "hello\n"); }

double CpuS() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec +
                                    usage.ru_stime.tv_usec);
}

// Answers what has gathered, over and over.
class Publisher {
 public:
  Publisher() : thread_([this] { Run(); }) {}
  ~Publisher() {
    {
      MutexLock lock(&mu_);
      is_over_ = true;
      arrived_.Signal();
    }
    thread_.join();
  }
  void Add(HttpResponder respond) {
    MutexLock lock(&mu_);
    waiting_.push_back(std::move(respond));
    if (waiting_.size() == 1) arrived_.Signal();
  }

 private:
  void Run() {
    std::vector<HttpResponder> taken;
    while (true) {
      {
        MutexLock lock(&mu_);
        while (waiting_.empty() && !is_over_) arrived_.Wait(&mu_);
        if (is_over_) return;
        taken.swap(waiting_);
      }
      for (HttpResponder& respond : taken) respond(Hello());
      taken.clear();
    }
  }

  Mutex mu_;
  CondVar arrived_;
  std::vector<HttpResponder> waiting_ ABSL_GUARDED_BY(mu_);
  bool is_over_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

// What wrk says after `word` at the beginning of a line.
std::string Find(const std::string& text, const std::string& word) {
  const size_t at = text.find(word);
  if (at == std::string::npos) return "?";
  const size_t begin = text.find_first_not_of(' ', at + word.size());
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

void Measure(const char* name, bool is_later,
             const std::shared_ptr<const TlsContext>& tls, int connections,
             int seconds) {
  Publisher publisher;
  HttpServerOptions options;
  options.tls = tls;
  const auto server =
      HttpServer::Start(options, [&](HttpRequest, HttpResponder respond) {
        if (is_later) return publisher.Add(std::move(respond));
        respond(Hello());
      });
  if (!server.ok()) abort();
  const std::string command =
      "wrk -t2 --latency -c" + std::to_string(connections) + " -d" +
      std::to_string(seconds) + " " + (tls == nullptr ? "http" : "https") +
      "://127.0.0.1:" + std::to_string((*server)->port()) + "/";
  const double cpu_before_s = CpuS();
  FILE* const wrk = popen(command.c_str(), "r");
  std::string said;
  char line[256];
  while (wrk != nullptr && fgets(line, sizeof(line), wrk) != nullptr) {
    said += line;
  }
  if (wrk == nullptr || pclose(wrk) != 0) {
    fprintf(stderr, "wrk failed; is it installed?\n");
    exit(1);
  }
  const double cpu_us = 1e6 * (CpuS() - cpu_before_s);
  printf("%-22s %11d %12s %9s %9s %12.1f\n", name, connections,
         Find(said, "Requests/sec:").c_str(), Find(said, "\n     50%").c_str(),
         Find(said, "\n     99%").c_str(),
         cpu_us / static_cast<double>((*server)->counts().requests));
  fflush(stdout);
}

std::shared_ptr<const TlsContext> MakeTls() {
  const int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  CertificateOptions certificate;
  certificate.common_name = "bench";
  certificate.not_before_s = now_s - 3600;
  certificate.not_after_s = now_s + 3600;
  certificate.is_server = true;
  certificate.ip_addresses = {"127.0.0.1"};
  const auto authority = MakeAuthority("bench", now_s - 3600, now_s + 3600);
  if (!authority.ok()) abort();
  const auto made = MakeCertificate(*authority, certificate);
  if (!made.ok()) abort();
  TlsOptions options;
  options.certificate_chain_pem = made->certificate_pem;
  options.private_key_pem = made->private_key_pem;
  const auto tls = TlsContext::NewServer(options);
  if (!tls.ok()) abort();
  return *tls;
}

int Main(int argc, char** argv) {
  const int seconds = argc > 1 ? atoi(argv[1]) : 5;
  printf("%-22s %11s %12s %9s %9s %12s\n", "handler", "connections",
         "requests/s", "p50", "p99", "CPU us each");
  for (const int connections : {32, 1024}) {
    Measure("at once", false, nullptr, connections, seconds);
    Measure("by another thread", true, nullptr, connections, seconds);
    Measure("by another, TLS", true, MakeTls(), connections, seconds);
  }
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
