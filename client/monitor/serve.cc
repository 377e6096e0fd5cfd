#include "client/monitor/serve.h"

#include <prometheus/registry.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/file.h"
#include "client/monitor/monitor.h"
#include "proto/address.h"
#include "proto/http_server.h"
#include "proto/metrics.h"
#include "proto/status.h"
#include "proto/stop_signals.h"
#include "proto/tls.h"
#include "verifier/witness.h"

namespace vidimus {
namespace {

constexpr int kHttpThreads = 2;
constexpr size_t kUrlBytesMax = 2048;

std::string BoundUrl(const char* scheme, const std::string& address, int port) {
  HostPort bound = *ParseHostPort(address);
  bound.port = static_cast<uint16_t>(port);
  return absl::StrCat(scheme, "://", bound.ToString());
}

void Announce(const std::string& url) {
  std::printf("listening %s\n", url.c_str());
  std::fflush(stdout);
}

absl::Status JudgeDoors(const v1::MonitorDoors& doors) {
  for (const std::string& address :
       {doors.https(), doors.http(), doors.gossip()}) {
    if (address.empty()) continue;
    RETURN_IF_ERROR(
        Annotate(ParseHostPort(address).status(), "an address in `doors`"));
  }
  if (doors.https().empty() && doors.http().empty()) {
    return absl::InvalidArgumentError(
        "`doors` opens neither https nor http: nobody could ask it anything");
  }
  if (!doors.http().empty() && !ParseHostPort(doors.http())->IsLoopback()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "`doors`: http ", doors.http(),
        " would serve plaintext and /metrics beyond this machine: the "
        "operator's door is on loopback; the public one is https"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> OperatorUrl(const MonitorFolder& folder) {
  ASSIGN_OR_RETURN(const std::string line,
                   ReadFile(folder.State() + "/operator_url", kUrlBytesMax));
  return std::string(absl::StripSuffix(line, "\n"));
}

absl::Status ServeMonitor(const MonitorServeOptions& options) {
  StopSignals signals;
  prometheus::Registry registry;
  const MonitorFolder folder{options.dir};
  ASSIGN_OR_RETURN(MonitorContent content, ReadMonitorFolder(folder));
  const v1::MonitorDoors doors = content.config.doors();
  RETURN_IF_ERROR(Annotate(JudgeDoors(doors), folder.Config()));
  if (content.logs.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder.Config(), " follows no log: `vidimus monitor follow --dir ",
        folder.path, " --vkey FILE URL` adds one"));
  }
  MonitorOptions monitor_options;
  monitor_options.folder = folder;
  monitor_options.accept_fresh_state = options.accept_fresh_state;
  monitor_options.registry = &registry;
  monitor_options.now_s = [] { return static_cast<uint64_t>(time(nullptr)); };
  monitor_options.say = [](const std::string& sentence) {
    std::fprintf(stderr, "vidimus: monitor: %s\n", sentence.c_str());
  };
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Monitor> monitor,
      Monitor::Open(std::move(monitor_options), std::move(content)));

  HttpServerMetrics http_metrics(&registry, "http");
  HttpServerMetrics https_metrics(&registry, "https");
  HttpServerOptions http;
  http.threads = kHttpThreads;
  http.body_bytes_max = kWitnessRequestBytesMax;
  http.connections_max = doors.connections_max();
  http.request_timeout = std::chrono::milliseconds(doors.request_timeout_ms());
  std::unique_ptr<HttpServer> http_server, https_server;
  if (!doors.http().empty()) {
    http.address = doors.http();
    http.observe = [&](const HttpServerCounts& counts) {
      http_metrics.Update(counts);
    };
    ASSIGN_OR_RETURN(http_server,
                     HttpServer::Start(http, [&](HttpRequest request,
                                                 HttpResponder respond) {
                       // How often whom is asked is not for everybody.
                       if (request.path() == "/metrics" &&
                           request.method == HttpMethod::kGet) {
                         respond(MetricsResponse(&registry));
                         return;
                       }
                       monitor->Handle(std::move(request), std::move(respond));
                     }));
    const std::string url = BoundUrl("http", doors.http(), http_server->port());
    RETURN_IF_ERROR(WriteFile(folder.State() + "/operator_url",
                              absl::StrCat(url, "\n"), 0600, /*sync=*/false));
    Announce(url);
  }
  if (!doors.https().empty()) {
    ASSIGN_OR_RETURN(const TlsOptions tls,
                     ReadTlsFiles(folder.Resolve(doors.tls_certificate()),
                                  folder.Resolve(doors.tls_key()), ""));
    ASSIGN_OR_RETURN(http.tls, TlsContext::NewServer(tls));
    http.address = doors.https();
    http.observe = [&](const HttpServerCounts& counts) {
      https_metrics.Update(counts);
    };
    ASSIGN_OR_RETURN(https_server,
                     HttpServer::Start(http, [&](HttpRequest request,
                                                 HttpResponder respond) {
                       monitor->Handle(std::move(request), std::move(respond));
                     }));
    Announce(BoundUrl("https", doors.https(), https_server->port()));
  }
  if (monitor->gossip_port() != 0) {
    Announce(BoundUrl("grpcs", doors.gossip(), monitor->gossip_port()));
  }
  monitor->Start();
  std::printf("ready\n");
  std::fflush(stdout);
  signals.Wait();
  // The doors first: what is under way is answered by a monitor that works.
  const std::chrono::milliseconds drain(doors.drain_timeout_ms());
  if (https_server != nullptr) https_server->Shutdown(drain);
  if (http_server != nullptr) http_server->Shutdown(drain);
  std::promise<void> stopped;
  std::thread stopper([&] {
    monitor->Stop();
    stopped.set_value();
  });
  if (stopped.get_future().wait_for(drain) != std::future_status::ready) {
    // A log that hangs may take minutes. What is kept is durable at any time.
    std::fprintf(stderr,
                 "vidimus: monitor: ended while a log still kept us waiting\n");
    std::fflush(nullptr);
    _exit(0);
  }
  stopper.join();
  return absl::OkStatus();
}

}  // namespace vidimus
