// For tests: a client of a log that talks to its real doors and believes
// nothing it is told. A failure of what the test itself sets up ends the test
// program; what a server answers comes back as a status.
#ifndef VIDIMUS_TESTS_E2E_LOG_CLIENT_H_
#define VIDIMUS_TESTS_E2E_LOG_CLIENT_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "log/log_testing.h"
#include "proto/certificates.h"
#include "proto/http_client.h"
#include "proto/tls.h"
#include "proto/vidimus.grpc.pb.h"
#include "verifier/checkpoint.h"
#include "verifier/note.h"

namespace vidimus {

// A log's folder as its operator hands it out.
VerifierKey ReadVkey(absl::string_view dir);
std::string ReadEntrySeed(const std::string& dir, uint32_t administration);
Certificate ReadAuthority(const std::string& dir);

// What a client of the log in `dir` shows: the certificate that init made for
// `administration`, or nothing.
TlsOptions ClientTls(const std::string& dir,
                     std::optional<uint32_t> administration);
// The same with a certificate of the test's own making: for `uris`, signed by
// `authority`, valid from now + begin_s to now + end_s.
TlsOptions ClientTls(const std::string& dir, const Certificate& authority,
                     const std::vector<std::string>& uris, int64_t begin_s,
                     int64_t end_s);

std::unique_ptr<HttpClient> HttpTo(uint16_t port);
std::unique_ptr<HttpClient> HttpsTo(uint16_t port, const TlsOptions& tls);
std::shared_ptr<grpc::Channel> GrpcTo(uint16_t port);
std::shared_ptr<grpc::Channel> GrpcTo(uint16_t port, const TlsOptions& tls);

// Calls Submit and waits at most ten seconds.
absl::StatusOr<v1::SubmitResponse> SubmitOver(
    const std::shared_ptr<grpc::Channel>& channel,
    const v1::SubmitRequest& request);

// A signed request of `entries` new entries of administration `a`, under
// kTestOrigin.
v1::SubmitRequest MakeRequest(const std::string& dir, uint32_t a, int entries,
                              Random* random);
// Opaque entries; with ids if `random` is given.
v1::SubmitRequest MakeOpaqueRequest(const std::vector<std::string>& entries,
                                    Random* random = nullptr);

// Judges a receipt as a submitter would: checkpoint, commitments, proof. On OK
// `*head` (if any) is the checkpoint's.
absl::Status JudgeReceipt(const VerifierKey& key,
                          const v1::SubmitRequest& request,
                          const v1::SubmitResponse& receipt,
                          TreeHead* head = nullptr);

// Reads the log at `client`'s base URL from its first leaf to its newest
// checkpoint, with all tiles, and judges it. Its entries, or what is wrong.
struct WholeLog {
  TreeHead head;
  std::vector<std::string> entries;
};
absl::StatusOr<WholeLog> ReadWholeLog(HttpClient* client,
                                      const VerifierKey& key, bool access);

// A client who minds his own business: submits to the server all the time, by
// requests of one entry, and judges what comes back. Tells at the end whether
// anybody disturbed him.
class Neighbour {
 public:
  // By `channel`, requests made by `make`.
  Neighbour(std::shared_ptr<grpc::Channel> channel, VerifierKey key,
            std::function<v1::SubmitRequest()> make);
  ~Neighbour();

  // Ends him: the first thing that went wrong, or how many receipts he got.
  absl::StatusOr<int> Finish();

 private:
  void Live();

  const std::shared_ptr<grpc::Channel> channel_;
  const VerifierKey key_;
  const std::function<v1::SubmitRequest()> make_;
  std::atomic<bool> ending_{false};
  absl::Status wrong_;  // the thread's until it is joined
  int receipts_ = 0;    // likewise
  std::thread thread_;
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_E2E_LOG_CLIENT_H_
