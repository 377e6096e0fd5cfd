#include "tests/e2e/log_client.h"

#include <grpcpp/create_channel.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/grpc_status.h"
#include "proto/grpc_tls.h"
#include "proto/status.h"
#include "proto/url.h"
#include "tests/e2e/server_process.h"
#include "verifier/audit.h"
#include "verifier/check.h"
#include "verifier/commitment.h"
#include "verifier/encoding.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

absl::Status Wrong(const std::string& what, Finding finding) {
  return absl::DataLossError(
      absl::StrCat(what, ": ", FindingSentence(finding)));
}

// An idle channel looks at its connection only now and then; seldom enough to
// keep a server that stops waiting for it.
void LookOften() {
  setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "50", 0);
}

std::unique_ptr<HttpClient> ClientOf(const std::string& url,
                                     const HttpClientOptions& options) {
  absl::StatusOr<Url> parsed = ParseUrl(url);
  CHECK(parsed.ok());
  absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::New(*parsed, options);
  CHECK(client.ok());
  return *std::move(client);
}

}  // namespace

VerifierKey ReadVkey(absl::string_view dir) {
  VerifierKey key;
  CHECK(ParseVkey(ReadTextFile(absl::StrCat(dir, "/log.vkey")), &key) ==
        Finding::kOk);
  return key;
}

std::string ReadEntrySeed(const std::string& dir, uint32_t administration) {
  std::string digits = ReadTextFile(
      absl::StrCat(dir, "/administrations/", administration, "/entry.key"));
  digits.pop_back();  // the line feed
  std::string seed;
  CHECK(HexDecode(digits, &seed));
  return seed;
}

Certificate ReadAuthority(const std::string& dir) {
  return {ReadTextFile(dir + "/tls/ca.crt"), ReadTextFile(dir + "/tls/ca.key")};
}

TlsOptions ClientTls(const std::string& dir,
                     std::optional<uint32_t> administration) {
  TlsOptions tls;
  tls.ca_pem = ReadTextFile(dir + "/tls/ca.crt");
  if (administration.has_value()) {
    const std::string stem =
        absl::StrCat(dir, "/administrations/", *administration, "/client");
    tls.certificate_chain_pem = ReadTextFile(stem + ".crt");
    tls.private_key_pem = ReadTextFile(stem + ".key");
  }
  return tls;
}

TlsOptions ClientTls(const std::string& dir, const Certificate& authority,
                     const std::vector<std::string>& uris, int64_t begin_s,
                     int64_t end_s) {
  const int64_t now_s = SystemClock()->NowMs() / 1000;
  CertificateOptions options;
  options.common_name = "a test's client";
  options.not_before_s = now_s + begin_s;
  options.not_after_s = now_s + end_s;
  options.is_client = true;
  options.uris = uris;
  const absl::StatusOr<Certificate> made = MakeCertificate(authority, options);
  CHECK(made.ok());
  TlsOptions tls;
  tls.ca_pem = ReadTextFile(dir + "/tls/ca.crt");
  tls.certificate_chain_pem = made->certificate_pem;
  tls.private_key_pem = made->private_key_pem;
  return tls;
}

std::unique_ptr<HttpClient> HttpTo(uint16_t port) {
  return ClientOf(absl::StrCat("http://127.0.0.1:", port), {});
}

std::unique_ptr<HttpClient> HttpsTo(uint16_t port, const TlsOptions& tls) {
  absl::StatusOr<std::shared_ptr<const TlsContext>> context =
      TlsContext::NewClient(tls);
  CHECK(context.ok());
  HttpClientOptions options;
  options.tls = *context;
  return ClientOf(absl::StrCat("https://127.0.0.1:", port), options);
}

std::shared_ptr<grpc::Channel> GrpcTo(uint16_t port) {
  LookOften();
  return grpc::CreateChannel(absl::StrCat("127.0.0.1:", port),
                             grpc::InsecureChannelCredentials());
}

std::shared_ptr<grpc::Channel> GrpcTo(uint16_t port, const TlsOptions& tls) {
  LookOften();
  const auto credentials = MakeChannelCredentials(tls);
  CHECK(credentials.ok());
  grpc::ChannelArguments arguments;
  // Channels to one address share connections, and with them identities.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                   *credentials, arguments);
}

absl::StatusOr<v1::SubmitResponse> SubmitOver(
    const std::shared_ptr<grpc::Channel>& channel,
    const v1::SubmitRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(10));
  v1::SubmitResponse response;
  const grpc::Status status =
      v1::Log::NewStub(channel)->Submit(&context, request, &response);
  RETURN_IF_ERROR(FromGrpcStatus(status, &context));
  return response;
}

v1::SubmitRequest MakeRequest(const std::string& dir, uint32_t a, int entries,
                              Random* random) {
  std::vector<v1::Entry> made;
  for (int i = 0; i < entries; ++i) {
    made.push_back(MakeTestEntry(a, Be64(random->Draw(8)) % 1000, random));
  }
  return SignTestRequest(a, std::move(made), ReadEntrySeed(dir, a));
}

v1::SubmitRequest MakeOpaqueRequest(const std::vector<std::string>& entries,
                                    Random* random) {
  v1::SubmitRequest request;
  for (const std::string& data : entries) {
    v1::OpaqueEntry* const entry = request.add_opaque();
    entry->set_data(data);
    if (random != nullptr) entry->set_id(random->Draw(16));
  }
  return request;
}

absl::Status JudgeReceipt(const VerifierKey& key,
                          const v1::SubmitRequest& request,
                          const v1::SubmitResponse& receipt, TreeHead* head) {
  Checkpoint checkpoint;
  Finding finding = OpenCheckpoint(receipt.checkpoint(), key, &checkpoint);
  if (finding != Finding::kOk) return Wrong("checkpoint", finding);
  const bool access = request.entries_size() > 0;
  const int count = access ? request.entries_size() : request.opaque_size();
  if (receipt.leaf_index_size() != count ||
      receipt.placed_size() != (access ? count : 0)) {
    return absl::DataLossError("not one place for each entry");
  }
  std::map<uint64_t, Hash> leaves;
  for (int i = 0; i < count; ++i) {
    if (!access) {
      leaves[receipt.leaf_index(i)] = LeafHash(request.opaque(i).data());
      continue;
    }
    Leaf leaf;
    finding = ParseLeaf(receipt.placed(i).leaf(), &leaf);
    if (finding != Finding::kOk) return Wrong("leaf", finding);
    const v1::Entry& entry = request.entries(i);
    if (leaf.kind != LeafKind::kSubject ||
        leaf.b != Commitment({entry.record_salt(), entry.record(),
                              entry.actor_salt(), entry.actor()})) {
      return absl::DataLossError("a leaf commits to something else");
    }
    leaves[receipt.leaf_index(i)] = LeafHash(receipt.placed(i).leaf());
  }
  std::vector<uint64_t> indices;
  std::vector<Hash> hashes;
  for (const auto& [index, hash] : leaves) {
    indices.push_back(index);
    hashes.push_back(hash);
  }
  std::vector<Hash> proof;
  for (size_t i = 0; i + kHashBytes <= receipt.proof().size();
       i += kHashBytes) {
    proof.push_back(*HashFromBytes({receipt.proof().data() + i, kHashBytes}));
  }
  finding = VerifyMultiInclusion(indices, hashes, checkpoint.head, proof);
  if (finding != Finding::kOk) return Wrong("inclusion", finding);
  if (head != nullptr) *head = checkpoint.head;
  return absl::OkStatus();
}

absl::StatusOr<WholeLog> ReadWholeLog(HttpClient* client,
                                      const VerifierKey& key, bool access) {
  const auto get =
      [client](const std::string& path) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(HttpReply reply, client->Get(path));
    RETURN_IF_ERROR(Annotate(StatusOfReply(reply), path));
    return std::move(reply.body);
  };
  ASSIGN_OR_RETURN(const std::string note, get("checkpoint"));
  Checkpoint checkpoint;
  Finding finding = OpenCheckpoint(note, key, &checkpoint);
  if (finding != Finding::kOk) return Wrong("checkpoint", finding);

  absl::Status failed;
  AuditOptions options;
  options.access_log = access;
  options.origin = key.name;
  options.tile_judge = [&](const TileSpan& span) {
    const absl::StatusOr<std::string> tile =
        get(TilePath({span.level, span.n,
                      span.first + static_cast<int>(span.hashes.size())}));
    if (!tile.ok()) failed = tile.status();
    return tile.ok() && tile->substr(span.first * kHashBytes) ==
                            BytesOfHashes(span.hashes)
               ? Finding::kOk
               : Finding::kTileMismatch;
  };
  if (access) {
    options.documents = [&](const Hash& hash, std::string* document) {
      absl::StatusOr<std::string> got = get(RegisterPath(hash));
      if (!got.ok()) return false;
      *document = *std::move(got);
      return true;
    };
  }
  WholeLog log{checkpoint.head, {}};
  Auditor auditor(std::move(options));
  while (finding == Finding::kOk && auditor.size() < log.head.size) {
    const uint64_t n = auditor.size() / kTileWidth;
    const int width = TileWidthAt(log.head.size, 0, n);
    ASSIGN_OR_RETURN(const std::string bundle,
                     get(TilePath({TileAddress::kEntries, n, width})));
    std::vector<std::string_view> entries;
    finding = ParseBundle(bundle, width, &entries);
    if (finding != Finding::kOk) break;
    log.entries.insert(log.entries.end(), entries.begin(), entries.end());
    finding = auditor.AddBundle(auditor.size(), bundle);
  }
  if (finding == Finding::kOk) finding = auditor.Finish(log.head);
  RETURN_IF_ERROR(failed);
  if (finding != Finding::kOk) {
    return Wrong(absl::StrCat("leaf ", auditor.place().leaf_index), finding);
  }
  return log;
}

Neighbour::Neighbour(std::shared_ptr<grpc::Channel> channel, VerifierKey key,
                     std::function<v1::SubmitRequest()> make)
    : channel_(std::move(channel)),
      key_(std::move(key)),
      make_(std::move(make)),
      thread_([this] { Live(); }) {}

Neighbour::~Neighbour() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<int> Neighbour::Finish() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
  RETURN_IF_ERROR(wrong_);
  return receipts_;
}

void Neighbour::Live() {
  // Once at least, however short the test.
  do {
    const v1::SubmitRequest request = make_();
    const absl::StatusOr<v1::SubmitResponse> receipt =
        SubmitOver(channel_, request);
    wrong_ =
        receipt.ok() ? JudgeReceipt(key_, request, *receipt) : receipt.status();
    if (!wrong_.ok()) return;
    ++receipts_;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  } while (!ending_);
}

}  // namespace vidimus
