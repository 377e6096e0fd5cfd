// The sample world in a log that runs: residents' statements and all
// administrations' accesses go in by its doors, over mTLS, and come back as
// each resident's own bundle with proofs. The verdicts that a stranger makes of
// that file alone are those that the accesses were built for.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/resident.h"
#include "client/resident_door.h"
#include "proto/grpc_status.h"
#include "proto/record.pb.h"
#include "proto/register.pb.h"
#include "proto/status.h"
#include "proto/test_key.h"
#include "tests/e2e/log_client.h"
#include "tests/e2e/server_process.h"
#include "tests/verdicts/judge.h"
#include "tests/world/submission.h"
#include "tests/world/world.h"
#include "verifier/chain.h"
#include "verifier/chain_history.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr char kIssuer[] = "https://id.example";
constexpr uint64_t kLateS = 7200;
constexpr int kStatementsMax = 64;

WorldOptions Live() {
  WorldOptions options;
  options.cities = 1;
  options.residents = 24;
  options.accesses = 600;
  options.chains_each = 2;
  options.signing = WorldSigning::kEd25519;
  options.live = true;
  return options;
}

std::unique_ptr<google::protobuf::Message> MessageOf(WorldType type) {
  switch (type) {
    case WorldType::kAdministration:
      return std::make_unique<v1::Administration>();
    case WorldType::kProvision:
      return std::make_unique<v1::Provision>();
    case WorldType::kPurpose:
      return std::make_unique<v1::Purpose>();
    case WorldType::kCategory:
      return std::make_unique<v1::Category>();
    case WorldType::kAiSystem:
      return std::make_unique<v1::AiSystem>();
    case WorldType::kAnalysis:
      return std::make_unique<v1::Analysis>();
    case WorldType::kIdentityService:
      return std::make_unique<v1::IdentityService>();
    default:
      return nullptr;
  }
}

const char* NameOf(WorldType type) {
  constexpr const char* kNames[] = {
      "config",    "administration", "provision", "purpose",         "category",
      "ai_system", "analysis",       "count",     "identity_service"};
  return kNames[static_cast<size_t>(type)];
}

// What a city's log opens with, as its operator writes it.
void WriteRegister(const City& city, const std::string& folder) {
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  for (const WorldDocument& document : city.logs()[0].documents) {
    if (document.batch != 1) continue;
    const auto message = MessageOf(document.type);
    ASSERT_NE(message, nullptr);
    // Nobody can enter what is garbled: the lost one stands in its place.
    const bool garbled = document.type == WorldType::kProvision &&
                         document.number == City::kGarbled;
    const WorldDocument& from = garbled ? *(&document - 1) : document;
    ASSERT_TRUE(message->ParseFromString(from.message));
    std::string text;
    ASSERT_TRUE(google::protobuf::TextFormat::PrintToString(*message, &text));
    WriteTextFile(absl::StrCat(folder, "/", NameOf(document.type), ".",
                               document.number, ".textproto"),
                  text);
  }
}

// A chain of the world on its way into a log. Its batches are told apart by
// their order alone: what stands in the r-th of them goes in in phase r.
struct LiveChain {
  World::Plan plan;
  WorldChain chain;
  std::vector<uint32_t> batches;  // ascending, each once
  // By entry id, what was chosen.
  std::map<std::string, Chosen> chosen;
};

class LiveTest : public testing::Test {
 protected:
  LiveTest() : world_(Live()), city_(world_.city(0)) {}

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(WriteRegister(city_, folder_ / "texts"));
    const Ended ended = RunLog({"init", "--dir", dir_, "--origin", origin(),
                                "--register", folder_ / "texts"});
    ASSERT_EQ(ended.exit_code, 0) << ended.errors;
    WriteTextFile(
        dir_ + "/settings.textproto",
        absl::StrCat("origin: \"", origin(),
                     "\"\nface: ACCESS\nbatches { batch_period_ms: 20 }\n"
                     "token_issuer { issuer: \"",
                     kIssuer, "\" audience: \"", origin(),
                     "\" jwks: \"jwks.json\" id_scheme: 1 }\n"));
    WriteTextFile(
        dir_ + "/jwks.json",
        absl::StrCat(R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": ")",
                     Base64UrlEncode(key_.first()), R"(", "kid": "k1"}]})"));
    auto server = ServerProcess::Start(
        {"--dir", dir_, "--https", "127.0.0.1:0", "--grpc", "127.0.0.1:0"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  const std::string& origin() const { return city_.logs()[0].origin; }

  // A call by an administration, or by nobody.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(
      std::optional<uint32_t> who,
      grpc::Status (v1::Log::Stub::*call)(grpc::ClientContext*, const Request&,
                                          Response*),
      const Request& request) {
    auto& channel = channels_[who];
    if (channel == nullptr) {
      channel = GrpcTo(server_->port("grpcs"), ClientTls(dir_, who));
    }
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    const auto stub = v1::Log::NewStub(channel);
    Response response;
    const grpc::Status status = (*stub.*call)(&context, request, &response);
    RETURN_IF_ERROR(FromGrpcStatus(status, &context));
    return response;
  }

  uint64_t HeadSize() {
    const auto head = Call<v1::GetCheckpointResponse>(
        0, &v1::Log::Stub::GetCheckpoint, v1::GetCheckpointRequest());
    EXPECT_TRUE(head.ok()) << head.status();
    if (!head.ok()) return 0;
    // Second line of the note.
    const std::string& note = head->checkpoint();
    const size_t begin = note.find('\n') + 1;
    uint64_t size = 0;
    EXPECT_TRUE(DecimalDecode(
        note.substr(begin, note.find('\n', begin) - begin), &size));
    return size;
  }

  // The access as it happens now: as of what stood at the end of the same
  // batch, at the time that was chosen for it.
  WorldEntry Now(const LiveChain& chain, WorldEntry entry) {
    v1::Record record;
    EXPECT_TRUE(record.ParseFromString(entry.record));
    v1::AccessRecord* access = record.mutable_access();
    const WorldLog& log = city_.logs()[0];
    const uint64_t now_ms = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now().time_since_epoch())
            .count());
    access->set_occurred_at_ms(now_ms -
                               (entry.chosen.late ? kLateS * 1000 : 0));
    const auto at = std::lower_bound(log.sizes.begin(), log.sizes.end(),
                                     access->as_of().size());
    if (std::string(entry.chosen.failed) == "as of") {
      if (access->as_of().origin() == origin()) {
        // A batch is larger than one leaf.
        access->mutable_as_of()->set_size(sizes_.back() - 1);
      }
    } else {
      const auto batch = static_cast<uint32_t>(at - log.sizes.begin());
      const auto phase = static_cast<size_t>(
          std::upper_bound(chain.batches.begin(), chain.batches.end(), batch) -
          chain.batches.begin());
      EXPECT_LT(phase, sizes_.size());
      access->mutable_as_of()->set_size(sizes_[phase]);
    }
    entry.record = record.SerializeAsString();
    return entry;
  }

  void SubmitWorld() {
    size_t phases = 0;
    for (size_t c = 0; c < world_.plans().size(); ++c) {
      LiveChain chain;
      chain.plan = world_.plans()[c];
      chain.chain = world_.Make(c);
      std::set<uint32_t> batches;
      for (const WorldEntry& entry : chain.chain.entries) {
        ASSERT_EQ(entry.log, 0u);
        batches.insert(entry.batch);
      }
      chain.batches.assign(batches.begin(), batches.end());
      phases = std::max(phases, chain.batches.size());
      chains_.push_back(std::move(chain));
    }
    sizes_ = {HeadSize()};
    for (size_t phase = 0; phase < phases; ++phase) {
      v1::FileStatementsRequest filing;
      const auto file = [&] {
        if (filing.entries().empty()) return;
        const auto filed = Call<v1::FileStatementsResponse>(
            std::nullopt, &v1::Log::Stub::FileStatements, filing);
        ASSERT_TRUE(filed.ok()) << filed.status() << ", phase " << phase;
        filing.clear_entries();
      };
      std::map<uint32_t, std::vector<v1::Entry>> accesses;
      for (LiveChain& chain : chains_) {
        if (phase >= chain.batches.size()) continue;
        // What one says in one batch stays in one.
        std::vector<v1::Entry> statements;
        for (const WorldEntry& entry : chain.chain.entries) {
          if (entry.batch != chain.batches[phase]) continue;
          if (IsStatement(entry)) {
            statements.push_back(EntryOf(entry, "live"));
            ++statements_;
            continue;
          }
          const v1::Entry one = EntryOf(Now(chain, entry), "live");
          chain.chosen[one.entry_id()] = entry.chosen;
          accesses[chain.plan.administration].push_back(one);
        }
        if (filing.entries_size() + static_cast<int>(statements.size()) >
            kStatementsMax) {
          ASSERT_NO_FATAL_FAILURE(file());
        }
        for (const v1::Entry& one : statements) *filing.add_entries() = one;
      }
      ASSERT_NO_FATAL_FAILURE(file());
      for (const auto& [a, entries] : accesses) {
        administrations_.insert(a);
        const auto receipt = Call<v1::SubmitResponse>(
            a, &v1::Log::Stub::Submit,
            RequestOf(origin(), a, city_.EntrySeed(a), entries));
        ASSERT_TRUE(receipt.ok()) << receipt.status() << ", phase " << phase;
      }
      sizes_.push_back(HeadSize());
    }
  }

  std::string TokenOf(const std::string& subject) const {
    const int64_t now_s =
        std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::system_clock::now().time_since_epoch())
            .count();
    const std::string claims = absl::StrCat(
        R"({"iss": ")", kIssuer, R"(", "aud": ")", origin(), R"(", "exp": )",
        now_s + 300, R"(, "sub": ")", subject.substr(1), "\"}");
    const std::string part =
        absl::StrCat(Base64UrlEncode(R"({"alg": "EdDSA", "kid": "k1"})"), ".",
                     Base64UrlEncode(claims));
    return absl::StrCat(part, ".", Base64UrlEncode(key_.Sign(part)));
  }

  // All that the log holds about a resident, as they take it away.
  void TakeAway(const std::string& subject, std::string* bundle) {
    auto door = NewResidentDoor(
        absl::StrCat("https://127.0.0.1:", server_->port("https")),
        ReadAuthority(dir_).certificate_pem, TokenOf(subject));
    ASSERT_TRUE(door.ok()) << door.status();
    ResidentOptions options;
    options.log_key = ReadVkey(dir_);
    options.now_s = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::system_clock::now().time_since_epoch())
            .count());
    const ResidentCheck check = CheckResident(door->get(), options);
    ASSERT_FALSE(check.bundle.empty()) << check.text;
    *bundle = check.bundle;
  }

  const World world_;
  const City& city_;
  TempFolder folder_;
  const std::string dir_ = folder_ / "log";
  const TestKey key_{TestKey::Kind::kEd25519};
  std::unique_ptr<ServerProcess> server_;
  std::map<std::optional<uint32_t>, std::shared_ptr<grpc::Channel>> channels_;
  std::vector<LiveChain> chains_;
  std::vector<uint64_t> sizes_;  // after phase i; before any, at 0
  std::set<uint32_t> administrations_;
  uint64_t statements_ = 0;
};

TEST_F(LiveTest, VerdictsFromEachResidentsOwnFileAreThoseThatWereChosen) {
  ASSERT_NO_FATAL_FAILURE(SubmitWorld());
  EXPECT_EQ(administrations_.size(), City::kAdministrations);

  Tally headlines;
  Tally failed;
  uint64_t judged = 0;
  for (size_t first = 0; first < chains_.size();) {
    const uint64_t resident = chains_[first].plan.resident;
    const std::string& subject = chains_[first].chain.subject;
    std::string bundle;
    ASSERT_NO_FATAL_FAILURE(TakeAway(subject, &bundle));

    // From here on only the file is looked at.
    ChainsReport report;
    ASSERT_EQ(JudgeChainBundle(bundle, ReadVkey(dir_), {}, &report),
              Finding::kOk);
    const std::vector<JudgedChain> chains = JudgeAccesses(report, nullptr);
    for (; first < chains_.size() && chains_[first].plan.resident == resident;
         ++first) {
      LiveChain& live = chains_[first];
      const auto found =
          std::find_if(chains.begin(), chains.end(), [&](const JudgedChain& c) {
            return c.administration == live.plan.administration;
          });
      ASSERT_NE(found, chains.end());
      ASSERT_EQ(found->gap.finding, Finding::kOk)
          << FindingName(found->gap.finding);
      // Whoever has the file sees who vouched for each key.
      bool own = false;
      for (const StandingStatement& statement : found->verdicts.statements) {
        ASSERT_TRUE(statement.identity_service.has_value());
        own = own || statement.identity_service == City::kOwn;
      }
      // The same chain, in the words of the world.
      WorldChain shown;
      for (const Verdict& verdict : found->verdicts.verdicts) {
        const std::string record(
            found->history.logs[0].entries[verdict.entry].record);
        v1::Record access;
        ASSERT_TRUE(access.ParseFromString(record));
        WorldEntry& entry = shown.entries.emplace_back();
        entry.number = verdict.entry;
        entry.judged = true;
        ASSERT_EQ(live.chosen.count(access.access().entry_id()), 1u);
        entry.chosen = live.chosen[access.access().entry_id()];
        EXPECT_FALSE(own && verdict.headline == Headline::kUnderConsent);
      }
      EXPECT_EQ(shown.entries.size(), live.plan.accesses);
      EXPECT_EQ(Difference(shown, found->verdicts), "")
          << "resident " << resident << ", administration "
          << live.plan.administration;
      Count(shown, &headlines, &failed);
      judged += found->verdicts.verdicts.size();
    }
  }
  EXPECT_EQ(judged, Live().accesses);
  for (const char* headline : {"violation", "unproven", "against your wish",
                               "race", "late", "under consent", "under law"}) {
    EXPECT_GT(headlines[headline], 0u) << headline;
  }
  EXPECT_GE(failed.size(), 17u);
  std::printf(
      "%llu accesses, %llu statements, %zu phases, %zu headlines, %zu failed\n",
      static_cast<unsigned long long>(judged),
      static_cast<unsigned long long>(statements_), sizes_.size() - 1,
      headlines.size(), failed.size());
}

// The city's own identity service enrols a key for somebody, grants with it to
// the city, and the city looks.
TEST_F(LiveTest, CityThatEnrolsAKeyAndGrantsToItselfIsSeenInTheFile) {
  constexpr uint32_t kBody = 2;
  ChainWriter writer(city_, 1000, kBody, WorldSigning::kEd25519, 5);
  const WorldKey key = writer.Enrol(City::kOwn);
  v1::Grant grant;
  grant.add_administration(kBody);
  grant.mutable_scope()->add_purpose(City::LaneTerm(0));
  grant.mutable_scope()->add_data_category(City::CategoryTerm(0));
  grant.set_assurance(v1::WALLET_KEY);
  grant.set_lawful_basis("A6-1-a");
  writer.MoveTo(writer.batch() + 1);
  writer.Grant(grant, key);
  writer.MoveTo(writer.batch() + 1);
  v1::AccessRecord access = writer.Access();
  access.set_purpose(City::LaneTerm(0));
  access.add_data_category(City::CategoryTerm(0));
  access.add_legal_basis()->set_basis("A6-1-a");
  writer.Add(access, Chosen());
  LiveChain live;
  live.chain = writer.Finish();
  live.batches = {writer.batch() - 2, writer.batch() - 1, writer.batch()};
  ASSERT_EQ(live.chain.entries.size(), 3u);

  sizes_ = {HeadSize()};
  std::vector<absl::Status> filed;
  for (size_t i = 0; i < 2; ++i) {
    v1::FileStatementsRequest filing;
    *filing.add_entries() = EntryOf(live.chain.entries[i], "live");
    filed.push_back(Call<v1::FileStatementsResponse>(
                        std::nullopt, &v1::Log::Stub::FileStatements, filing)
                        .status());
    // Nor does it go in as what the administration submits.
    if (!filed.back().ok()) {
      EXPECT_FALSE(Call<v1::SubmitResponse>(
                       kBody, &v1::Log::Stub::Submit,
                       RequestOf(origin(), kBody, city_.EntrySeed(kBody),
                                 {EntryOf(live.chain.entries[i], "live")}))
                       .ok());
    }
    sizes_.push_back(HeadSize());
  }
  EXPECT_TRUE(filed[0].ok()) << filed[0];
  EXPECT_FALSE(filed[1].ok());
  const auto receipt = Call<v1::SubmitResponse>(
      kBody, &v1::Log::Stub::Submit,
      RequestOf(origin(), kBody, city_.EntrySeed(kBody),
                {EntryOf(Now(live, live.chain.entries[2]), "live")}));
  ASSERT_TRUE(receipt.ok()) << receipt.status();

  std::string bundle;
  ASSERT_NO_FATAL_FAILURE(TakeAway(live.chain.subject, &bundle));
  ChainsReport report;
  ASSERT_EQ(JudgeChainBundle(bundle, ReadVkey(dir_), {}, &report),
            Finding::kOk);
  size_t seen = 0;
  for (const JudgedChain& chain : JudgeAccesses(report, nullptr)) {
    if (chain.administration != kBody) continue;
    ASSERT_EQ(chain.gap.finding, Finding::kOk);
    ASSERT_EQ(chain.verdicts.verdicts.size(), 1u);
    EXPECT_EQ(Sentence(chain.verdicts.verdicts[0]), "violation: ground");
    for (const StandingStatement& statement : chain.verdicts.statements) {
      EXPECT_EQ(statement.identity_service, City::kOwn);
      ++seen;
    }
  }
  EXPECT_GE(seen, 1u);
}

}  // namespace
}  // namespace vidimus
