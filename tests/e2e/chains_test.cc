// Chains over gRPC and HTTPS: to their resident by a token, to their
// administration by its certificate, to nobody else; and proofs for anyone.
// What is shown is judged by the verifier's code.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/grpc_status.h"
#include "proto/json.h"
#include "proto/raw_socket.h"
#include "proto/status.h"
#include "proto/test_key.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "verifier/commitment.h"
#include "verifier/encoding.h"
#include "verifier/index.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/signing.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

constexpr char kIssuer[] = "https://id.example";
constexpr int kPage = 3;

std::string NameOf(uint64_t number) { return TestSubject(number).substr(1); }

std::string JwksOf(const TestKey& ed25519, const std::string& kid) {
  return absl::StrCat(R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": ")",
                      Base64UrlEncode(ed25519.first()), R"(", "kid": ")", kid,
                      "\"}]}");
}

// A token of which each part can be made wrong.
struct TokenMaker {
  const TestKey* key = nullptr;
  std::string header = R"({"alg": "EdDSA", "kid": "k1"})";
  std::string issuer = kIssuer;
  std::string audience = kTestOrigin;
  int64_t lifetime_s = 300;
  std::function<std::string(const std::string&)> sign;

  std::string operator()(const std::string& name) const {
    const int64_t now_s = SystemClock()->NowMs() / 1000;
    const std::string claims = absl::StrCat(
        R"({"iss": ")", issuer, R"(", "aud": ")", audience, R"(", "exp": )",
        now_s + lifetime_s, R"(, "sub": ")", name, "\"}");
    const std::string part =
        absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(claims));
    return absl::StrCat(part, ".",
                        Base64UrlEncode(sign ? sign(part) : key->Sign(part)));
  }
};

// What is shown of who asks.
struct Shown {
  std::optional<uint32_t> certificate;
  std::vector<std::string> authorizations;
};

Shown Bearer(const std::string& token) { return {{}, {"Bearer " + token}}; }
Shown Certificate(uint32_t administration) { return {administration, {}}; }

v1::GetChainRequest Request(uint32_t administration,
                            const std::string& subject = "") {
  v1::GetChainRequest request;
  request.set_administration(administration);
  request.set_subject(subject);
  return request;
}

std::vector<Hash> HashesOf(const std::string& bytes) {
  std::vector<Hash> hashes;
  for (size_t i = 0; i + kHashBytes <= bytes.size(); i += kHashBytes) {
    hashes.push_back(*HashFromBytes({bytes.data() + i, kHashBytes}));
  }
  return hashes;
}

class ChainsTest : public testing::Test {
 protected:
  void SetUp() override {
    InitFolder(dir_, kTestOrigin, false, Settings());
    WriteTextFile(dir_ + "/jwks.json", JwksOf(key_, "k1"));
    Start();
  }

  void TearDown() override {
    if (server_ == nullptr) return;
    ASSERT_TRUE(server_->Alive()) << server_->Errors();
    EXPECT_TRUE(
        ReadWholeLog(HttpTo(server_->port("http")).get(), ReadVkey(dir_), true)
            .ok());
    EXPECT_EQ(server_->Terminate().exit_code, 0);
  }

  static std::string Settings(const std::string& quota = "") {
    return absl::StrCat("batches { batch_period_ms: 20 }\n",
                        "limits { chain_entries_max: ", kPage, " }\n", quota,
                        "token_issuer { issuer: \"", kIssuer, "\" audience: \"",
                        kTestOrigin, "\" jwks: \"jwks.json\" id_scheme: 1 }\n");
  }

  void Start() {
    auto server =
        ServerProcess::Start({"--dir", dir_, "--https", "127.0.0.1:0", "--grpc",
                              "127.0.0.1:0", "--http", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  void Restart() {
    EXPECT_EQ(server_->Terminate().exit_code, 0);
    Start();
  }

  TlsOptions Tls(const Shown& shown) {
    return ClientTls(dir_, shown.certificate);
  }

  absl::StatusOr<v1::GetChainResponse> OverGrpc(
      const Shown& shown, const v1::GetChainRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(10));
    for (const std::string& value : shown.authorizations) {
      context.AddMetadata("authorization", value);
    }
    v1::GetChainResponse response;
    const grpc::Status status =
        v1::Log::NewStub(GrpcTo(server_->port("grpcs"), Tls(shown)))
            ->GetChain(&context, request, &response);
    RETURN_IF_ERROR(FromGrpcStatus(status, &context));
    return response;
  }

  absl::StatusOr<HttpReply> Post(const Shown& shown,
                                 const v1::GetChainRequest& request,
                                 const std::string& type = "application/json") {
    std::vector<std::pair<std::string, std::string>> headers;
    for (const std::string& value : shown.authorizations) {
      headers.emplace_back("Authorization", value);
    }
    return HttpsTo(server_->port("https"), Tls(shown))
        ->Post("v1/chain", type, *ToJson(request), headers);
  }

  absl::StatusOr<v1::GetChainResponse> OverHttp(
      const Shown& shown, const v1::GetChainRequest& request) {
    ASSIGN_OR_RETURN(const HttpReply reply, Post(shown, request));
    RETURN_IF_ERROR(StatusOfReply(reply));
    EXPECT_EQ(reply.Header("Cache-Control"), "no-store");
    EXPECT_EQ(reply.Header("Access-Control-Allow-Origin"), "*");
    v1::GetChainResponse response;
    RETURN_IF_ERROR(FromJson(reply.body, &response));
    return response;
  }

  // All pages of a chain, at one size, the doors in turn.
  absl::StatusOr<v1::GetChainResponse> Whole(const Shown& shown,
                                             v1::GetChainRequest request) {
    v1::GetChainResponse whole;
    bool http = false;
    do {
      ASSIGN_OR_RETURN(
          const v1::GetChainResponse page,
          http ? OverHttp(shown, request) : OverGrpc(shown, request));
      http = !http;
      EXPECT_LE(page.chain().entries_size(), kPage);
      EXPECT_TRUE(!page.more() || page.chain().entries_size() == kPage);
      if (request.size() == 0) {
        whole = page;
      } else {
        EXPECT_EQ(page.size(), whole.size());
        EXPECT_EQ(page.chain().chain_key(), whole.chain().chain_key());
        whole.mutable_chain()->mutable_entries()->MergeFrom(
            page.chain().entries());
      }
      whole.set_more(page.more());
      request.set_size(whole.size());
      request.set_first_entry(whole.chain().entries_size());
    } while (whole.more());
    return whole;
  }

  // Both doors refuse with these codes.
  void ExpectRefused(const Shown& shown, const v1::GetChainRequest& request,
                     absl::StatusCode code, int http_status,
                     const std::string& says) {
    const absl::Status status = OverGrpc(shown, request).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), says)) << status;
    const auto reply = Post(shown, request);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, http_status) << reply->body;
    EXPECT_TRUE(absl::StrContains(reply->body, says)) << reply->body;
    if (http_status == 401) {
      EXPECT_EQ(reply->Header("WWW-Authenticate"), "Bearer");
    }
    // Nothing that was sent comes back.
    for (const std::string& text :
         {std::string(status.message()), reply->body}) {
      EXPECT_FALSE(absl::StrContains(text, NameOf(1).substr(20))) << text;
      EXPECT_FALSE(absl::StrContains(text, "eyJ")) << text;
    }
  }

  // Submits accesses of administration `a`, one batch each, to residents by
  // number.
  void Submit(uint32_t a, const std::vector<uint64_t>& numbers) {
    std::vector<v1::Entry> entries;
    for (const uint64_t number : numbers) {
      entries.push_back(MakeTestEntry(a, number, SystemRandom()));
    }
    const v1::SubmitRequest request =
        SignTestRequest(a, std::move(entries), ReadEntrySeed(dir_, a));
    const auto receipt =
        SubmitOver(GrpcTo(server_->port("grpcs"), ClientTls(dir_, a)), request);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    for (size_t i = 0; i < numbers.size(); ++i) {
      submitted_[{a, numbers[i]}].push_back(request.entries(i));
    }
  }

  Config ReadConfig() {
    config_bytes_ = ReadTextFile(dir_ + "/register/config");
    Document document;
    Config config;
    EXPECT_EQ(SplitDocument(config_bytes_, &document), Finding::kOk);
    EXPECT_EQ(ParseConfig(document.message, 0, &config, nullptr), Finding::kOk);
    return config;
  }

  template <typename Request, typename Response>
  absl::StatusOr<Response> ProveOverHttp(const std::string& path,
                                         const Request& request) {
    // Plaintext: nobody's name is asked for.
    ASSIGN_OR_RETURN(const HttpReply reply,
                     HttpTo(server_->port("http"))
                         ->Post(path, "application/json", *ToJson(request)));
    RETURN_IF_ERROR(StatusOfReply(reply));
    EXPECT_EQ(reply.Header("Access-Control-Allow-Origin"), "*");
    Response response;
    RETURN_IF_ERROR(FromJson(reply.body, &response));
    return response;
  }

  // Judges that `whole` is the chain of resident `number` with `a`, has what
  // was submitted, in order, and nothing after it.
  void ExpectComplete(uint32_t a, uint64_t number,
                      const v1::GetChainResponse& whole) {
    const v1::Chain& chain = whole.chain();
    EXPECT_EQ(chain.administration(), a);
    EXPECT_EQ(chain.subject(), TestSubject(number));
    Hash key;
    ASSERT_EQ(VerifyChainKey(ReadConfig().label_key,
                             {kTestOrigin, a, TestSubject(number)},
                             chain.vrf_proof(), &key),
              Finding::kOk);
    ASSERT_EQ(chain.chain_key(), Bytes(key));
    const std::vector<v1::Entry>& submitted = submitted_[{a, number}];
    ASSERT_EQ(static_cast<size_t>(chain.entries_size()), submitted.size());

    const Ed25519Signer entry_key(ReadEntrySeed(dir_, a));
    std::map<Hash, std::optional<uint64_t>> labels;
    std::map<uint64_t, Hash> leaves;
    for (int i = 0; i < chain.entries_size(); ++i) {
      const v1::ChainEntry& entry = chain.entries(i);
      EXPECT_LT(entry.leaf_index(), whole.size());
      labels[ChainLabel(key, i)] = entry.leaf_index();
      leaves[entry.leaf_index()] = LeafHash(entry.leaf());
      Leaf leaf;
      ASSERT_EQ(ParseLeaf(entry.leaf(), &leaf), Finding::kOk);
      EXPECT_EQ(leaf.kind, LeafKind::kSubject);
      EXPECT_EQ(leaf.a, ChainLabel(key, i));
      ASSERT_EQ(entry.state(), v1::OPEN);
      const v1::Opening& opening = entry.opening();
      EXPECT_EQ(opening.entry_id(), submitted[i].entry_id());
      EXPECT_EQ(opening.record(), submitted[i].record());
      EXPECT_EQ(opening.actor(), submitted[i].actor());
      EXPECT_EQ(leaf.b, Commitment({opening.record_salt(), opening.record(),
                                    opening.actor_salt(), opening.actor()}));
      EXPECT_EQ(VerifySubmittedEntry(
                    entry_key.public_key(), kTestOrigin, a,
                    SubmissionLeafHash(opening.entry_id(), leaf.b),
                    {opening.request().index(), opening.request().count(),
                     HashesOf(opening.request().path()),
                     opening.request().signature()}),
                Finding::kOk);
    }
    labels[ChainLabel(key, chain.entries_size())] = std::nullopt;
    ExpectProven(whole.size(), labels, leaves);
  }

  // By ProveLeaves and ProveKeys, under a checkpoint of the log.
  void ExpectProven(uint64_t size,
                    const std::map<Hash, std::optional<uint64_t>>& labels,
                    std::map<uint64_t, Hash> leaves) {
    v1::ProveLeavesRequest leaves_request;
    leaves[size - 1] = Hash{};  // the seal
    for (const auto& [index, hash] : leaves) {
      leaves_request.add_leaf_index(index);
    }
    const auto proven =
        ProveOverHttp<v1::ProveLeavesRequest, v1::ProveLeavesResponse>(
            "v1/leaves", leaves_request);
    ASSERT_TRUE(proven.ok()) << proven.status();
    Checkpoint checkpoint;
    ASSERT_EQ(OpenCheckpoint(proven->checkpoint(), ReadVkey(dir_), &checkpoint),
              Finding::kOk);
    ASSERT_EQ(proven->size(), checkpoint.head.size);
    ASSERT_EQ(static_cast<size_t>(proven->leaf_size()), leaves.size());
    std::vector<Hash> hashes;
    for (const std::string& leaf : proven->leaf()) {
      hashes.push_back(LeafHash(leaf));
    }
    EXPECT_EQ(VerifyMultiInclusion({leaves_request.leaf_index().begin(),
                                    leaves_request.leaf_index().end()},
                                   hashes, checkpoint.head,
                                   HashesOf(proven->proof())),
              Finding::kOk);
    size_t place = 0;
    for (const auto& [index, hash] : leaves) {
      EXPECT_TRUE(index == size - 1 || hashes[place] == hash);
      ++place;
    }
    Leaf seal;
    ASSERT_EQ(ParseLeaf(proven->leaf(proven->leaf_size() - 1), &seal),
              Finding::kOk);
    ASSERT_EQ(seal.kind, LeafKind::kSeal);

    v1::ProveKeysRequest request;
    request.set_size(size - 1);
    std::vector<Hash> keys;
    std::string body;
    AppendBe64(size - 1, &body);
    for (const auto& [label, index] : labels) {
      keys.push_back(label);
      request.add_keys(std::string(Bytes(label)));
      body += Bytes(label);
    }
    const auto proof =
        ProveOverHttp<v1::ProveKeysRequest, v1::ProveKeysResponse>("v1/keys",
                                                                   request);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_EQ(proof->size(), size - 1);
    const auto answer =
        HttpTo(server_->port("http"))
            ->Post("index/proof", "application/octet-stream", body);
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_EQ(answer->status, 200) << answer->body;
    EXPECT_EQ(answer->body, body.substr(0, 8) + proof->proof());
    EXPECT_EQ(answer->Header("Access-Control-Allow-Origin"), "*");
    std::vector<IndexAnswer> answers;
    ASSERT_EQ(VerifySeveral(keys, SealOf(seal).index_root, size - 1,
                            proof->proof(), &answers),
              Finding::kOk);
    place = 0;
    for (const auto& [label, index] : labels) {
      EXPECT_EQ(answers[place++], index);
    }

    // The same by the log's word.
    request.set_without_proof(true);
    const auto told =
        ProveOverHttp<v1::ProveKeysRequest, v1::ProveKeysResponse>("v1/keys",
                                                                   request);
    ASSERT_TRUE(told.ok()) << told.status();
    EXPECT_EQ(told->size(), size - 1);
    EXPECT_TRUE(told->proof().empty());
    std::vector<IndexAnswer> said(keys.size());
    for (const v1::KeyPlace& key : told->place()) {
      ASSERT_LT(key.key(), said.size());
      said[key.key()] = key.leaf_index();
    }
    EXPECT_EQ(said, answers);
    // What stands at that size or beyond is not there yet.
    request.set_size(1);
    const auto before =
        ProveOverHttp<v1::ProveKeysRequest, v1::ProveKeysResponse>("v1/keys",
                                                                   request);
    ASSERT_TRUE(before.ok()) << before.status();
    EXPECT_EQ(before->place_size(), 0);
  }

  // The looks that the chain `self` of resident `number` shows.
  std::vector<uint32_t> LooksInto(uint64_t number) {
    const auto self = Whole(Bearer(token_(NameOf(number))), Request(kSelf));
    EXPECT_TRUE(self.ok()) << self.status();
    std::vector<uint32_t> looks;
    if (!self.ok()) return looks;
    std::map<Hash, std::optional<uint64_t>> labels;
    std::map<uint64_t, Hash> leaves;
    const Hash key = *HashFromBytes(self->chain().chain_key());
    for (int i = 0; i < self->chain().entries_size(); ++i) {
      const v1::ChainEntry& entry = self->chain().entries(i);
      Notice notice;
      EXPECT_EQ(ParseNotice(entry.opening().record(), &notice, nullptr),
                Finding::kOk);
      EXPECT_EQ(notice.event, NoticeEvent::kKeyFetch);
      EXPECT_EQ(notice.subject, TestSubject(number));
      EXPECT_EQ(notice.administration, kSelf);
      EXPECT_EQ(notice.fetched_by, notice.chain_administration);
      EXPECT_FALSE(entry.opening().has_request());
      looks.push_back(notice.fetched_by);
      labels[ChainLabel(key, i)] = entry.leaf_index();
      leaves[entry.leaf_index()] = LeafHash(entry.leaf());
    }
    labels[ChainLabel(key, looks.size())] = std::nullopt;
    ExpectProven(self->size(), labels, leaves);
    return looks;
  }

  const TempFolder temp_;
  const std::string dir_ = temp_ / "log";
  const TestKey key_{TestKey::Kind::kEd25519};
  const TokenMaker token_ = [this] {
    TokenMaker maker;
    maker.key = &key_;
    return maker;
  }();
  std::string config_bytes_;
  std::map<std::pair<uint32_t, uint64_t>, std::vector<v1::Entry>> submitted_;
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(ChainsTest, ShowsResidentsAllOfTheirChains) {
  for (int i = 0; i < 4; ++i) {
    Submit(0, {1, 2, 1});
    Submit(1, {1});
  }
  for (const uint64_t number : {1, 2, 3}) {
    for (const uint32_t a : {0u, 1u, 2u, 3u}) {
      const auto whole = Whole(Bearer(token_(NameOf(number))), Request(a));
      ASSERT_TRUE(whole.ok()) << whole.status();
      ExpectComplete(a, number, *whole);
    }
    EXPECT_TRUE(LooksInto(number).empty());
  }
  // Who names themselves is not refused for it.
  EXPECT_TRUE(
      OverGrpc(Bearer(token_(NameOf(1))), Request(0, TestSubject(1))).ok());
}

TEST_F(ChainsTest, ShowsAChainAsItStoodAtAnEarlierSize) {
  Submit(0, {1});
  const Shown resident = Bearer(token_(NameOf(1)));
  const auto before = Whole(resident, Request(0));
  ASSERT_TRUE(before.ok()) << before.status();
  Submit(0, {1, 1});
  v1::GetChainRequest request = Request(0);
  request.set_size(before->size());
  const auto again = OverHttp(resident, request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->chain().SerializeAsString(),
            before->chain().SerializeAsString());
  EXPECT_NE(again->checkpoint(), before->checkpoint());
  request.set_size(before->size() - 1);
  ExpectRefused(resident, request, absl::StatusCode::kOutOfRange, 404,
                "no batch ended there");
  request.set_size(1000000);
  ExpectRefused(resident, request, absl::StatusCode::kOutOfRange, 404,
                "newest");
  // Beyond its end a chain is empty.
  request = Request(0);
  request.set_first_entry(UINT64_MAX);
  const auto beyond = OverGrpc(resident, request);
  ASSERT_TRUE(beyond.ok()) << beyond.status();
  EXPECT_EQ(beyond->chain().entries_size(), 0);
  EXPECT_FALSE(beyond->more());
}

TEST_F(ChainsTest, RefusesWhoShowsNoGoodToken) {
  Submit(0, {1});
  const auto refuse = [this](const Shown& shown, const std::string& says) {
    ExpectRefused(shown, Request(0), absl::StatusCode::kUnauthenticated, 401,
                  says);
  };
  const std::string resident = NameOf(1);
  refuse({}, "bearer token");
  refuse({{}, {"Basic YW5uYTpwdw=="}}, "not a bearer token");
  refuse({{}, {"Bearer eyJhbGciOiJub25lIn0"}}, "three parts");
  refuse({{}, {"Bearer " + token_(resident) + ".AAAA"}}, "three parts");
  refuse({{}, {"Bearer " + token_(resident) + "="}}, "base64url");

  TokenMaker wrong = token_;
  wrong.audience = "vidimus.example/other/2026h1";
  refuse(Bearer(wrong(resident)), "another audience");
  wrong = token_;
  wrong.issuer = "https://mallory.example";
  refuse(Bearer(wrong(resident)), "another issuer");
  wrong = token_;
  wrong.lifetime_s = -61;
  refuse(Bearer(wrong(resident)), "expired");
  wrong = token_;
  wrong.header = R"({"alg": "none", "kid": "k1"})";
  wrong.sign = [](const std::string&) { return std::string(); };
  refuse(Bearer(wrong(resident)), "algorithm");
  wrong.header = R"({"alg": "HS256", "kid": "k1"})";
  wrong.sign = [this](const std::string& text) {
    return TestHmac(key_.first(), text);
  };
  refuse(Bearer(wrong(resident)), "algorithm");
  const TestKey p256(TestKey::Kind::kP256);
  wrong.header = R"({"alg": "ES256", "kid": "k1"})";
  wrong.sign = [&p256](const std::string& text) { return p256.Sign(text); };
  refuse(Bearer(wrong(resident)), "not that of the key");
  wrong = token_;
  wrong.header = R"({"alg": "EdDSA", "kid": "k2"})";
  refuse(Bearer(wrong(resident)), "does not have");
  wrong = token_;
  wrong.header = R"({"alg": "EdDSA", "kid": "k1", "kid": "k1"})";
  refuse(Bearer(wrong(resident)), "all differ");
  const TestKey mallory(TestKey::Kind::kEd25519);
  wrong = token_;
  wrong.key = &mallory;
  refuse(Bearer(wrong(resident)), "signature");

  // Well signed, but no id that the log knows how to spell.
  for (const std::string& name :
       {std::string("resident"), absl::StrReplaceAll(resident, {{"-", ""}}),
        absl::StrCat("urn:uuid:", resident), absl::StrCat(resident, " "),
        std::string("ABCDEF00-0000-0000-0000-000000000001")}) {
    refuse(Bearer(token_(name)), "not spelled");
  }

  const std::string good = "Bearer " + token_(resident);
  ExpectRefused({{}, {good, good}}, Request(0),
                absl::StatusCode::kInvalidArgument, 400,
                "several authorizations");
  // Too large for gRPC's own bound of headers; over HTTP we see it.
  const auto large = Post({{}, {good + std::string(8192, 'A')}}, Request(0));
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_EQ(large->status, 401);
  EXPECT_TRUE(absl::StrContains(large->body, "8192 bytes")) << large->body;
}

TEST_F(ChainsTest, ShowsResidentsNobodyElses) {
  Submit(0, {1, 2});
  const Shown resident = Bearer(token_(NameOf(1)));
  for (const uint32_t a : {0u, 1u, kSelf}) {
    ExpectRefused(resident, Request(a, TestSubject(2)),
                  absl::StatusCode::kPermissionDenied, 403, "another subject");
  }
  for (const uint32_t a : {4u, 1000u, kSelf - 1}) {
    ExpectRefused(resident, Request(a), absl::StatusCode::kNotFound, 404,
                  "register");
  }
}

TEST_F(ChainsTest, ShowsAnAdministrationItsOwnChainsAlone) {
  Submit(0, {1, 1, 1, 1, 2});
  Submit(1, {1});
  const auto whole = Whole(Certificate(0), Request(0, TestSubject(1)));
  ASSERT_TRUE(whole.ok()) << whole.status();
  ExpectComplete(0, 1, *whole);
  for (const uint32_t a : {1u, 2u, 7u, kSelf}) {
    ExpectRefused(Certificate(0), Request(a, TestSubject(1)),
                  absl::StatusCode::kPermissionDenied, 403, "certificate");
  }
  ExpectRefused({0, {"Bearer " + token_(NameOf(1))}},
                Request(0, TestSubject(1)), absl::StatusCode::kInvalidArgument,
                400, "certificate and a token");
  // Not even one look was entered by what was refused.
  EXPECT_EQ(LooksInto(1), std::vector<uint32_t>{0});
}

TEST_F(ChainsTest, RefusesASubjectThatIsUnknownOrBadlySpelled) {
  const std::string id = NameOf(1);
  for (const std::string& subject :
       {std::string(), std::string("\1"), id, "\1" + id.substr(1),
        "\1" + id + " ", "\1urn:uuid:" + id,
        "\1" + absl::StrReplaceAll(id, {{"-", ""}}), "\x09" + id, "\2" + id,
        std::string("\2") + "010190-999A", "\1" + std::string(300, 'a')}) {
    ExpectRefused(Certificate(0), Request(0, subject),
                  absl::StatusCode::kInvalidArgument, 400, "subject");
  }
}

TEST_F(ChainsTest, EntersAFirstLookBeforeItIsAnswered) {
  Submit(0, {1});
  // Whether there is something to see or not, known to the log or not.
  for (const uint64_t number : {1, 2}) {
    EXPECT_TRUE(LooksInto(number).empty());
    const auto seen = Whole(Certificate(0), Request(0, TestSubject(number)));
    ASSERT_TRUE(seen.ok()) << seen.status();
    ExpectComplete(0, number, *seen);
    EXPECT_EQ(LooksInto(number), std::vector<uint32_t>{0});
  }
  // Once is enough, also for one who was restarted.
  ASSERT_TRUE(OverHttp(Certificate(0), Request(0, TestSubject(2))).ok());
  EXPECT_EQ(LooksInto(2), std::vector<uint32_t>{0});
  Restart();
  ASSERT_TRUE(OverHttp(Certificate(0), Request(0, TestSubject(2))).ok());
  EXPECT_EQ(LooksInto(2), std::vector<uint32_t>{0});
  // Each administration for itself.
  ASSERT_TRUE(OverHttp(Certificate(1), Request(1, TestSubject(2))).ok());
  ASSERT_TRUE(OverGrpc(Certificate(1), Request(1, TestSubject(2))).ok());
  EXPECT_EQ(LooksInto(2), (std::vector<uint32_t>{0, 1}));
  // What was refused is no look.
  ASSERT_FALSE(OverHttp(Certificate(2), Request(1, TestSubject(2))).ok());
  EXPECT_EQ(LooksInto(2), (std::vector<uint32_t>{0, 1}));
}

TEST_F(ChainsTest, AnswersOneOfManyFirstLooksAtOnceAndEntersOne) {
  std::vector<std::thread> threads;
  std::atomic<int> answered{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto seen = OverGrpc(Certificate(0), Request(0, TestSubject(1)));
      if (seen.ok()) {
        ++answered;
      } else {
        EXPECT_TRUE(absl::IsUnavailable(seen.status())) << seen.status();
        EXPECT_TRUE(RetryAfterOf(seen.status()).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(answered, 0);
  EXPECT_EQ(LooksInto(1), std::vector<uint32_t>{0});
}

TEST_F(ChainsTest, RefusesWhoAsksTooOften) {
  EXPECT_EQ(server_->Terminate().exit_code, 0);
  WriteTextFile(
      dir_ + "/settings.textproto",
      absl::StrCat("origin: \"", kTestOrigin, "\"\nface: ACCESS\n",
                   Settings("quota { administration_chains_per_second: 1 "
                            "resident_chains_per_second: 1 }\n")));
  Start();
  const auto ask_until_refused = [this](const Shown& shown,
                                        const v1::GetChainRequest& request) {
    int answered = 0;
    absl::Status status;
    while (answered < 1000) {
      status = OverGrpc(shown, request).status();
      if (!status.ok()) break;
      ++answered;
    }
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_TRUE(RetryAfterOf(status).has_value());
    EXPECT_TRUE(absl::StrContains(status.message(), "too often")) << status;
    const auto reply = Post(shown, request);
    if (reply.ok() && reply->status != 200) {
      EXPECT_EQ(reply->status, 429);
      EXPECT_NE(reply->Header("Retry-After"), "");
    }
    return answered;
  };
  EXPECT_GE(ask_until_refused(Certificate(0), Request(0, TestSubject(1))), 20);
  EXPECT_GE(ask_until_refused(Bearer(token_(NameOf(1))), Request(0)), 200);
  // Others are not held up.
  EXPECT_TRUE(OverGrpc(Certificate(1), Request(1, TestSubject(1))).ok());
  EXPECT_TRUE(OverGrpc(Bearer(token_(NameOf(2))), Request(0)).ok());
}

TEST_F(ChainsTest, KnowsNobodyOnThePlainDoor) {
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Authorization", "Bearer " + token_(NameOf(1))}};
  const auto reply =
      HttpTo(server_->port("http"))
          ->Post("v1/chain", "application/json", *ToJson(Request(0)), headers);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 401) << reply->body;
  EXPECT_TRUE(absl::StrContains(reply->body, "over TLS only")) << reply->body;
}

TEST_F(ChainsTest, TakesNoFormsThatAPageCouldSendForItsVisitor) {
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded",
                           "", "multipart/form-data", "application/jsonp"}) {
    const auto reply = Post(Certificate(0), Request(0, TestSubject(1)), type);
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->status, 400) << type << reply->body;
  }
  EXPECT_TRUE(LooksInto(1).empty());
  const auto good = Post(Certificate(0), Request(0, TestSubject(1)),
                         "Application/JSON; charset=utf-8");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->status, 200) << good->body;
}

TEST_F(ChainsTest, LetsNobodySubmitWithoutACertificate) {
  // gRPC lets residents in, who have none.
  const auto refused =
      SubmitOver(GrpcTo(server_->port("grpcs"), ClientTls(dir_, std::nullopt)),
                 MakeRequest(dir_, 0, 1, SystemRandom()));
  EXPECT_TRUE(absl::IsUnauthenticated(refused.status())) << refused.status();
  // But not with a certificate that nobody vouches for.
  const auto authority = MakeAuthority("Mallory", 0, 4102444800);
  ASSERT_TRUE(authority.ok());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(5));
  context.AddMetadata("authorization", "Bearer " + token_(NameOf(1)));
  v1::GetChainResponse response;
  EXPECT_FALSE(
      v1::Log::NewStub(
          GrpcTo(server_->port("grpcs"),
                 ClientTls(dir_, *authority, {"urn:vidimus:administration:0"},
                           -10, 1000)))
          ->GetChain(&context, Request(0), &response)
          .ok());
}

TEST_F(ChainsTest, TakesTheIssuersNewKeysAndForgetsTheOld) {
  const TestKey next(TestKey::Kind::kEd25519);
  TokenMaker new_token = token_;
  new_token.key = &next;
  new_token.header = R"({"alg": "EdDSA", "kid": "k2"})";
  const auto answers = [this](const std::string& token) {
    return OverHttp(Bearer(token), Request(0)).ok();
  };
  const auto becomes = [&answers](const std::string& token, bool wanted) {
    for (int i = 0; i < 100 && answers(token) != wanted; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return answers(token) == wanted;
  };
  EXPECT_FALSE(answers(new_token(NameOf(1))));
  WriteTextFile(dir_ + "/jwks.json", JwksOf(next, "k2"));
  EXPECT_TRUE(becomes(new_token(NameOf(1)), true));
  EXPECT_TRUE(becomes(token_(NameOf(1)), false));
  // What can't be used changes nothing, and is told.
  WriteTextFile(dir_ + "/jwks.json", "{\"keys\": []}");
  for (int i = 0; i < 100 && server_->Errors().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_TRUE(absl::StrContains(server_->Errors(), "stay in force"))
      << server_->Errors();
  EXPECT_TRUE(answers(new_token(NameOf(1))));
}

TEST_F(ChainsTest, RefusesToStartWithKeysOfTokensThatWouldNotDo) {
  EXPECT_EQ(server_->Terminate().exit_code, 0);
  const std::string settings = ReadTextFile(dir_ + "/settings.textproto");
  const auto refuses = [this](const std::string& says) {
    const auto server =
        ServerProcess::Start({"--dir", dir_, "--http", "127.0.0.1:0"});
    ASSERT_FALSE(server.ok());
    EXPECT_TRUE(absl::StrContains(server.status().message(), says))
        << server.status();
  };
  WriteTextFile(dir_ + "/jwks.json", R"({"keys": [{"kty": "oct", "k": "A"}]})");
  refuses("is secret");
  WriteTextFile(dir_ + "/jwks.json", "{}");
  refuses("JSON Web Key Set");
  WriteTextFile(dir_ + "/jwks.json", JwksOf(key_, "k1"));
  ASSERT_EQ(chmod((dir_ + "/jwks.json").c_str(), 0666), 0);
  refuses("may be written by others");
  ASSERT_EQ(unlink((dir_ + "/jwks.json").c_str()), 0);
  refuses("jwks.json");
  WriteTextFile(dir_ + "/jwks.json", JwksOf(key_, "k1"));
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{
           {"id_scheme: 1", "id_scheme: 9"},
           {"id_scheme: 1", "id_scheme: 257"},
           {"id_scheme: 1", ""}}) {
    WriteTextFile(dir_ + "/settings.textproto",
                  absl::StrReplaceAll(settings, {{from, to}}));
    refuses("id");
  }
  WriteTextFile(dir_ + "/settings.textproto", settings);
  Start();
}

TEST_F(ChainsTest, RefusesProofsThatCantBeMade) {
  Submit(0, {1, 2, 3});
  // To say where keys stand is refused as to prove it is.
  const auto keys = [this](const std::vector<std::string>& list,
                           uint64_t size = 0) {
    absl::Status status;
    for (const bool without_proof : {true, false}) {
      const absl::Status other = status;
      v1::ProveKeysRequest request;
      request.set_size(size);
      request.set_without_proof(without_proof);
      for (const std::string& key : list) request.add_keys(key);
      status = ProveOverHttp<v1::ProveKeysRequest, v1::ProveKeysResponse>(
                   "v1/keys", request)
                   .status();
      if (!without_proof) {
        EXPECT_EQ(status.code(), other.code());
      }
    }
    return status;
  };
  const std::string a(32, 'a'), b(32, 'b');
  EXPECT_TRUE(keys({a, b}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(keys({})));
  EXPECT_TRUE(absl::IsInvalidArgument(keys({b, a})));
  EXPECT_TRUE(absl::IsInvalidArgument(keys({a, a})));
  EXPECT_TRUE(absl::IsInvalidArgument(keys({std::string(31, 'a')})));
  EXPECT_TRUE(absl::IsInvalidArgument(keys({std::string(33, 'a')})));
  EXPECT_TRUE(absl::IsNotFound(keys({a}, 1000000)));
  EXPECT_TRUE(absl::IsNotFound(keys({a}, 2)));  // no seal there
  std::vector<std::string> many;
  for (int i = 0; i < 1024; ++i) {
    std::string key(30, 'k');
    AppendBe16(static_cast<uint16_t>(i), &key);
    many.push_back(key);
  }
  EXPECT_TRUE(keys(many).ok());
  many.push_back(b + "");
  many.back()[0] = 'z';
  EXPECT_TRUE(absl::IsInvalidArgument(keys(many)));

  const auto plain = [this](const std::string& body) {
    const auto reply =
        HttpTo(server_->port("http"))
            ->Post("index/proof", "application/octet-stream", body);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->status : 0;
  };
  const std::string zero(8, '\0');
  EXPECT_EQ(plain(zero + a), 200);
  EXPECT_EQ(plain(""), 400);
  EXPECT_EQ(plain(zero), 400);
  EXPECT_EQ(plain(zero + a.substr(1)), 400);
  EXPECT_EQ(plain(zero + b + a), 400);
  EXPECT_EQ(plain(std::string(8, '\xff') + a), 404);
  EXPECT_EQ(plain(zero + std::string(1025 * 32, 'a')), 400);

  const auto leaves = [this](const std::vector<uint64_t>& list,
                             uint64_t size = 0) {
    v1::ProveLeavesRequest request;
    request.set_size(size);
    for (const uint64_t index : list) request.add_leaf_index(index);
    return ProveOverHttp<v1::ProveLeavesRequest, v1::ProveLeavesResponse>(
               "v1/leaves", request)
        .status();
  };
  EXPECT_TRUE(leaves({0, 1, 5}).ok());
  EXPECT_TRUE(leaves({0, 1}, 2).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(leaves({})));
  EXPECT_TRUE(absl::IsInvalidArgument(leaves({1, 0})));
  EXPECT_TRUE(absl::IsInvalidArgument(leaves({1, 1})));
  EXPECT_TRUE(absl::IsNotFound(leaves({2}, 2)));
  EXPECT_TRUE(absl::IsNotFound(leaves({0}, 1000000)));
  EXPECT_TRUE(absl::IsNotFound(leaves({UINT64_MAX})));
  std::vector<uint64_t> too_many;
  for (uint64_t i = 0; i < 4097; ++i) too_many.push_back(i);
  EXPECT_TRUE(absl::IsInvalidArgument(leaves(too_many)));
}

TEST_F(ChainsTest, ServesRunsOfTheIndexAsFilesThatNeverChange) {
  const auto get = [this](const std::string& path) {
    const auto reply = HttpTo(server_->port("http"))->Get(path);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : HttpReply();
  };
  EXPECT_EQ(get("index/0-16384/top").status, 404);
  // Few residents, so that few keys of chains are to be made.
  std::vector<uint64_t> numbers;
  for (uint64_t i = 0; i < 4096; ++i) numbers.push_back(i % 50);
  for (const uint32_t a : {0u, 1u, 2u, 3u}) Submit(a, numbers);
  const HttpReply top = get("index/0-16384/top");
  ASSERT_EQ(top.status, 200) << top.body;
  EXPECT_TRUE(absl::StrContains(top.Header("Cache-Control"), "immutable"));
  EXPECT_EQ(top.Header("Access-Control-Allow-Origin"), "*");
  Restart();
  EXPECT_EQ(get("index/0-16384/top").body, top.body);
  for (const char* path : {"index/",
                           "index/0-16384",
                           "index/0-16384/",
                           "index/0-16384/Top",
                           "index/0-16384/top/",
                           "index//0-16384/top",
                           "index/00-16384/top",
                           "index/0-016384/top",
                           "index/0-16385/top",
                           "index/1-16385/top",
                           "index/16384-32768/top",
                           "index/16384-0/top",
                           "index/0-16384/..",
                           "index/0-16384/../0-16384/top",
                           "index/0-16384/%74op",
                           "index/0-18446744073709551616/top",
                           "index/-/top",
                           "index/0-/top",
                           "index/0-16384/fffffffffffffffff",
                           "index/0-16384/-1"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(ChainsTest, SaysToBrowsersWhatAPageMaySend) {
  for (const char* path : {"/index/proof", "/v1/chain", "/v1/keys"}) {
    RawSocket socket = RawSocket::Connect(server_->port("http"));
    ASSERT_TRUE(socket.ok());
    socket.Send(absl::StrCat("OPTIONS ", path,
                             " HTTP/1.1\r\nHost: log\r\nConnection: close\r\n"
                             "Origin: https://app.example\r\n\r\n"));
    const std::string answer = socket.ReadAll();
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 204")) << answer;
    EXPECT_TRUE(absl::StrContains(answer, "Access-Control-Allow-Origin: *"));
    EXPECT_TRUE(absl::StrContains(
        answer, "Access-Control-Allow-Headers: authorization, content-type"));
    EXPECT_FALSE(absl::StrContains(answer, "Allow-Credentials"));
  }
  const auto get = HttpTo(server_->port("http"))->Get("index/proof");
  ASSERT_TRUE(get.ok());
  EXPECT_EQ(get->status, 405);
}

TEST_F(ChainsTest, TellsNobodyElseWhoAsked) {
  Submit(0, {1});
  const std::string token = token_(NameOf(1));
  ASSERT_TRUE(Whole(Bearer(token), Request(0)).ok());
  ASSERT_TRUE(OverHttp(Certificate(0), Request(0, TestSubject(1))).ok());
  EXPECT_FALSE(OverHttp(Bearer(token + "AAAA"), Request(0)).ok());
  EXPECT_FALSE(OverHttp(Certificate(0), Request(0, NameOf(1))).ok());
  const auto chain = OverHttp(Bearer(token), Request(0));
  ASSERT_TRUE(chain.ok());
  const auto metrics = HttpTo(server_->port("http"))->Get("metrics");
  ASSERT_TRUE(metrics.ok());
  for (const std::string& text : {server_->Errors(), metrics->body}) {
    for (const std::string& secret :
         {NameOf(1), token, chain->chain().chain_key(),
          chain->chain().entries(0).leaf().substr(1, 32)}) {
      EXPECT_FALSE(absl::StrContains(text, secret));
      EXPECT_FALSE(absl::StrContains(text, HexEncode(secret)));
      EXPECT_FALSE(absl::StrContains(text, Base64Encode(secret)));
    }
  }
}

TEST(TryOutTest, MakesTokensThatItsOwnLogTakes) {
  const TempFolder temp;
  const std::string dir = temp / "log";
  ASSERT_EQ(RunLog({"init", "--dir", dir, "--origin", kTestOrigin,
                    "--try_out_issuer"})
                .exit_code,
            0);
  auto server = ServerProcess::Start({"--dir", dir, "--https", "127.0.0.1:0"});
  ASSERT_TRUE(server.ok()) << server.status();
  Ended token = RunLog({"token", "--dir", dir, "--subject", NameOf(1)});
  ASSERT_EQ(token.exit_code, 0) << token.errors;
  token.output.pop_back();
  const auto reply =
      HttpsTo((*server)->port("https"), ClientTls(dir, std::nullopt))
          ->Post("v1/chain", "application/json", *ToJson(Request(kSelf)),
                 {{"Authorization", "Bearer " + token.output}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 200) << reply->body;
  EXPECT_EQ((*server)->Terminate().exit_code, 0);

  const std::string plain = temp / "plain";
  ASSERT_EQ(RunLog({"init", "--dir", plain, "--origin", kTestOrigin}).exit_code,
            0);
  const Ended none = RunLog({"token", "--dir", plain, "--subject", "x"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(none.errors, "--try_out_issuer"))
      << none.errors;
  EXPECT_EQ(RunLog({"token", "--dir", dir}).exit_code, 2);
}

}  // namespace
}  // namespace vidimus
