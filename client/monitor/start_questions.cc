#include "client/monitor/start_questions.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/monitor/gossip.h"
#include "proto/gossip.grpc.pb.h"
#include "proto/grpc_tls.h"
#include "proto/http_client.h"
#include "proto/status.h"
#include "proto/tls.h"
#include "proto/url.h"

namespace vidimus {
namespace {

using Notes = absl::StatusOr<std::vector<ShownNote>>;

Notes AskLog(const FollowedLogConfig& log, std::chrono::milliseconds timeout) {
  HttpClientOptions options;
  options.timeout = timeout;
  options.body_bytes_max = kNoteBytesMax;
  if (!log.ca_pem.empty()) {
    TlsOptions tls;
    tls.ca_pem = log.ca_pem;
    ASSIGN_OR_RETURN(options.tls, TlsContext::NewClient(tls));
  }
  ASSIGN_OR_RETURN(const Url url, ParseUrl(log.url));
  ASSIGN_OR_RETURN(const auto client, HttpClient::New(url, options));
  ASSIGN_OR_RETURN(HttpReply reply, client->Get("cosigned/checkpoint"));
  // A log that nobody cosigns answers too.
  if (reply.status == 404) return std::vector<ShownNote>();
  RETURN_IF_ERROR(StatusOfReply(reply));
  return std::vector<ShownNote>{{log.key.name, log.url, std::move(reply.body)}};
}

Notes AskPeer(const MonitorPeerConfig& peer,
              const std::vector<FollowedLogConfig>& logs,
              std::chrono::milliseconds timeout) {
  TlsOptions tls;
  tls.ca_pem = peer.ca_pem;
  ASSIGN_OR_RETURN(const auto credentials, MakeChannelCredentials(tls));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kGossipMessageBytesMax);
  const auto stub = v1::Gossip::NewStub(
      grpc::CreateCustomChannel(peer.grpc, credentials, arguments));
  const auto deadline = std::chrono::system_clock::now() + timeout;
  std::vector<ShownNote> shown;
  for (size_t begin = 0; begin < logs.size(); begin += kGossipLogsPerMessage) {
    v1::GossipMessage request, response;
    const size_t end = std::min(logs.size(), begin + kGossipLogsPerMessage);
    for (size_t i = begin; i < end; ++i) {
      request.add_logs()->set_origin(logs[i].key.name);
    }
    grpc::ClientContext context;
    context.set_deadline(deadline);
    const grpc::Status status = stub->Exchange(&context, request, &response);
    if (!status.ok()) return absl::UnavailableError(status.error_message());
    for (const v1::LogGossip& log : response.logs()) {
      for (const std::string& note : log.notes()) {
        shown.push_back({log.origin(), peer.grpc, note});
      }
    }
  }
  return shown;
}

}  // namespace

std::vector<ShownNote> AskForHeads(const std::vector<FollowedLogConfig>& logs,
                                   const std::vector<MonitorPeerConfig>& peers,
                                   std::chrono::milliseconds timeout,
                                   std::vector<std::string>* silent) {
  std::vector<std::pair<std::string, std::future<Notes>>> asked;
  for (const FollowedLogConfig& log : logs) {
    asked.emplace_back(log.url, std::async(std::launch::async, AskLog,
                                           std::cref(log), timeout));
  }
  for (const MonitorPeerConfig& peer : peers) {
    if (logs.empty()) break;
    asked.emplace_back(peer.grpc,
                       std::async(std::launch::async, AskPeer, std::cref(peer),
                                  std::cref(logs), timeout));
  }
  std::vector<ShownNote> shown;
  for (auto& [address, answer] : asked) {
    Notes notes = answer.get();
    if (!notes.ok()) {
      silent->push_back(address);
      continue;
    }
    shown.insert(shown.end(), notes->begin(), notes->end());
  }
  return shown;
}

}  // namespace vidimus
