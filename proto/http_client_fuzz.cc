// Whatever a server sends before it closes, the client says in time what it
// made of it, and never keeps more than its bounds.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "proto/http_client.h"
#include "proto/raw_socket.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static vidimus::RawListener* const listener = new vidimus::RawListener();
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::thread server([bytes] {
    vidimus::RawSocket socket = listener->Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send(bytes);
  });
  vidimus::HttpClientOptions options;
  options.timeout = std::chrono::seconds(5);
  options.header_bytes_max = 1024;
  options.body_bytes_max = 1024;
  const auto client = vidimus::HttpClient::New(
      *vidimus::ParseUrl(absl::StrCat("http://127.0.0.1:", listener->port())),
      options);
  const auto reply = (*client)->Get("a");
  server.join();
  if (reply.ok()) {
    if (reply->body.size() > 1024) abort();
    (void)vidimus::StatusOfReply(*reply);
  } else if (reply.status().code() == absl::StatusCode::kDeadlineExceeded) {
    abort();
  }
  return 0;
}
