// Whatever a client sends before it stops, the server answers in HTTP or not at
// all, closes, and goes on. Over real sockets: slow, but with nothing left out.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "proto/http_server.h"
#include "proto/raw_socket.h"

namespace {

vidimus::HttpServer* Server() {
  static vidimus::HttpServer* const server = [] {
    vidimus::HttpServerOptions options;
    options.threads = 1;
    options.header_bytes_max = 1024;
    options.body_bytes_max = 1024;
    auto started = vidimus::HttpServer::Start(
        options,
        [](vidimus::HttpRequest request, vidimus::HttpResponder respond) {
          if (request.body.size() > 1024) abort();
          (void)request.AcceptsGzip();
          respond(vidimus::HttpResponse(200, "x/y", std::move(request.target)));
        });
    if (!started.ok()) abort();
    return started->release();
  }();
  return server;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vidimus::RawSocket socket = vidimus::RawSocket::Connect(Server()->port());
  if (!socket.ok()) abort();
  socket.Send(absl::string_view(reinterpret_cast<const char*>(data), size));
  socket.CloseWrite();
  const std::string answer = socket.ReadAll();
  if (!socket.closed()) abort();
  if (!answer.empty() && !absl::StartsWith(answer, "HTTP/1.1 ")) abort();
  return 0;
}
