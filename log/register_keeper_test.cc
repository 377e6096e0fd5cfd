#include "log/register_keeper.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "log/log_testing.h"
#include "log/memory_log.h"
#include "log/proofs.h"
#include "proto/register.pb.h"
#include "verifier/crypto.h"
#include "verifier/extract.h"
#include "verifier/register_proof.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

using vault::OperatorAnswer;
using vault::OperatorRequest;

constexpr RegisterId kLaw = {RegisterType::kProvision, 0, 0};

void AddName(const char* text,
             google::protobuf::RepeatedPtrField<v1::LocalizedText>* names) {
  v1::LocalizedText* const name = names->Add();
  name->set_language("en");
  name->set_text(text);
}

v1::Provision Law(const std::string& citation = "Act 1/2000") {
  v1::Provision law;
  law.add_basis("A6-1-e");
  law.set_citation(citation);
  AddName("Act", law.mutable_name());
  law.add_administration(0);
  law.add_purpose("ServiceProvision");
  law.add_data_category("pd:Address");
  return law;
}

class RegisterKeeperTest : public ::testing::Test, protected MemoryLog {
 protected:
  RegisterKeeperTest() { Open(); }

  // Opens the log, again as after a restart.
  void Open() {
    keeper_.reset();
    OpenLog();
    keeper_ = std::make_unique<RegisterKeeper>(
        log_.get(), [this] { EXPECT_TRUE(log_->RunOnce().ok()); });
  }

  RegisterDocument Sign(const RegisterId& id,
                        const google::protobuf::Message& message) {
    return {id, SignTestDocument(message, id, register_.publisher_seed)};
  }

  absl::StatusOr<OperatorAnswer> Put(
      const std::vector<RegisterDocument>& documents, bool dry_run = false) {
    OperatorRequest request;
    request.set_verb(OperatorRequest::REGISTER_PUT);
    request.set_dry_run(dry_run);
    for (const RegisterDocument& document : documents) {
      vault::RegisterDocument* const one = request.add_documents();
      one->set_type(static_cast<uint32_t>(document.id.type));
      one->set_number(document.id.number);
      one->set_version(document.id.version);
      one->set_document(document.bytes);
    }
    return keeper_->Do(request);
  }

  absl::StatusOr<OperatorAnswer> Ask(OperatorRequest::Verb verb,
                                     RegisterType type, uint32_t number) {
    OperatorRequest request;
    request.set_verb(verb);
    request.add_documents()->set_type(static_cast<uint32_t>(type));
    request.mutable_documents(0)->set_number(number);
    return keeper_->Do(request);
  }

  uint64_t size() const { return log_->Latest()->head.size; }

  void ExpectSound() {
    const absl::Status sound =
        JudgeStoredLog(storage_.get(), /*access_log=*/true, signer_.key(),
                       log_->Latest()->checkpoint);
    EXPECT_TRUE(sound.ok()) << sound;
  }

  // Submits one entry of administration 0, signed with `seed`.
  absl::Status Submit(const std::string& seed) {
    return MemoryLog::Submit(0, {MakeTestEntry(0, 7, &random_)}, seed).status();
  }

  std::unique_ptr<RegisterKeeper> keeper_;
};

TEST_F(RegisterKeeperTest, EntersADocumentOnceHoweverOftenOneAsks) {
  const RegisterDocument law = Sign(kLaw, Law());
  auto answer = Put({law});
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->documents_size(), 1);
  EXPECT_TRUE(answer->documents(0).entered());
  const uint64_t leaf = answer->documents(0).leaf_index();
  // The notice runs from its own seal.
  EXPECT_EQ(answer->documents(0).counts_from_s(),
            answer->documents(0).seal_time_s() + 604800);
  const uint64_t before = size();
  for (int k = 0; k < 2; ++k) {
    answer = Put({law});
    ASSERT_TRUE(answer.ok());
    EXPECT_FALSE(answer->documents(0).entered());
    EXPECT_EQ(answer->documents(0).leaf_index(), leaf);
    EXPECT_EQ(size(), before);
    Open();  // read back by the next start
  }
  ASSERT_NE(log_->documents()->Find(Sha256(law.bytes)), nullptr);
  EXPECT_EQ(*log_->documents()->Find(Sha256(law.bytes)), law.bytes);
  ExpectSound();
}

TEST_F(RegisterKeeperTest, EntersAllTypesInOneBatchOrNone) {
  v1::Purpose purpose;
  purpose.set_term("ServiceProvision");
  AddName("Services", purpose.mutable_name());
  v1::Category category;
  category.set_term("pd:Address");
  AddName("Address", category.mutable_name());
  const RegisterDocument services =
      Sign({RegisterType::kPurpose, 0, 0}, purpose);
  const RegisterDocument address =
      Sign({RegisterType::kCategory, 0, 0}, category);
  const RegisterDocument later =
      Sign({RegisterType::kProvision, 0, 1}, Law("Act 2/2001"));
  const uint64_t before = size();
  // The second version of a law whose first is not there.
  EXPECT_EQ(Put({services, later, address}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(size(), before);
  // In any order, with both versions.
  auto answer = Put({later, address, Sign(kLaw, Law()), services});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(size(), before + 9);
  for (const vault::RegisterDocument& document : answer->documents()) {
    EXPECT_EQ(document.position(), before);
  }
  OperatorRequest all;
  all.set_verb(OperatorRequest::REGISTER_LIST);
  auto list = keeper_->Do(all);
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->documents_size(), 7);
  auto newest =
      Ask(OperatorRequest::REGISTER_SHOW, RegisterType::kProvision, 0);
  ASSERT_TRUE(newest.ok());
  EXPECT_EQ(newest->documents(0).version(), 1u);
  EXPECT_EQ(newest->documents(0).document(), later.bytes);
  EXPECT_TRUE(absl::IsNotFound(
      Ask(OperatorRequest::REGISTER_SHOW, RegisterType::kProvision, 1)
          .status()));
  Open();
  EXPECT_EQ(log_->documents()->Versions(RegisterType::kProvision, 0), 2u);
  ExpectSound();
}

TEST_F(RegisterKeeperTest, RefusesWhatIsNotTheNextOrOfNobody) {
  const uint64_t before = size();
  const auto refused = [&](const RegisterDocument& document) {
    return Put({document}).status().code();
  };
  const auto kInvalid = absl::StatusCode::kInvalidArgument;
  const auto kNotNext = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(refused(Sign({RegisterType::kProvision, 1, 0}, Law())), kNotNext);
  EXPECT_EQ(refused(Sign({RegisterType::kProvision, 0, 1}, Law())), kNotNext);
  EXPECT_EQ(refused(Sign({RegisterType::kProvision, kSelf, 0}, Law())),
            kInvalid);
  EXPECT_EQ(refused(Sign({RegisterType::kConfig, 1, 0}, Law())), kInvalid);
  // Signed for another number, by another key, or not at all.
  RegisterDocument moved = Sign({RegisterType::kProvision, 1, 0}, Law());
  moved.id.number = 0;
  EXPECT_EQ(refused(moved), kInvalid);
  EXPECT_EQ(refused({kLaw, SignTestDocument(Law(), kLaw, random_.Draw(32))}),
            kInvalid);
  EXPECT_EQ(refused({kLaw, "short"}), kInvalid);
  // Well signed and not of its form.
  EXPECT_EQ(refused(Sign(kLaw, v1::Provision())), kInvalid);
  EXPECT_EQ(refused(Sign(kLaw, Law(std::string(kDocumentBytesMax, 'x')))),
            kInvalid);
  EXPECT_EQ(size(), before);
  // One that stands already, as another.
  ASSERT_TRUE(Put({Sign(kLaw, Law())}).ok());
  EXPECT_EQ(refused(Sign(kLaw, Law("Act 3/2003"))),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Put({}).status().code(), kInvalid);
  // Trying changes nothing.
  auto tried = Put({Sign({RegisterType::kProvision, 1, 0}, Law())}, true);
  ASSERT_TRUE(tried.ok());
  EXPECT_EQ(tried->documents_size(), 1);
  EXPECT_EQ(size(), before + 9);
}

TEST_F(RegisterKeeperTest, ALaterConfigMayOnlyAddPublishers) {
  v1::Config later;
  v1::Publisher* const publisher = later.add_publisher();
  publisher->set_type(2);
  publisher->set_public_key(
      std::string(Ed25519Signer(random_.Draw(32)).public_key()));
  publisher->set_name("another");
  // The one that stands for provisions stays for the log's life.
  EXPECT_EQ(Put({Sign({RegisterType::kConfig, 0, 1}, later)}).status().code(),
            absl::StatusCode::kInvalidArgument);
  later.clear_publisher();
  later.add_wasm_sha256(std::string(32, 'w'));
  EXPECT_TRUE(Put({Sign({RegisterType::kConfig, 0, 1}, later)}).ok());
  Open();
  EXPECT_EQ(log_->documents()->Versions(RegisterType::kConfig, 0), 2u);
  ExpectSound();
}

TEST_F(RegisterKeeperTest, ANewEntryKeyCountsFromTheNextBatchOn) {
  const std::string old_seed = register_.entry_seeds[0];
  const std::string new_seed = random_.Draw(32);
  v1::Administration administration;
  AddName("administration 0", administration.mutable_name());
  administration.add_entry_key(
      std::string(Ed25519Signer(new_seed).public_key()));
  EXPECT_TRUE(Submit(old_seed).ok());
  const uint64_t old_version = log_->documents()->EntryKeys(0)->version;
  ASSERT_TRUE(
      Put({Sign({RegisterType::kAdministration, 0, 1}, administration)}).ok());
  EXPECT_EQ(log_->documents()->EntryKeys(0)->version, old_version + 1);

  // Judged by the old document and overtaken by the new one on its way, it
  // would stand where nobody could verify it.
  Submission overtaken;
  overtaken.request = std::make_unique<RequestSignature>();
  overtaken.request->document_version = old_version;
  overtaken.entries.emplace_back();
  overtaken.entries.back().opening = std::make_unique<PendingOpening>();
  absl::Status answer;
  overtaken.done = [&](absl::StatusOr<Placement> placement) {
    answer = placement.status();
  };
  log_->pool().Add(std::move(overtaken));
  EXPECT_TRUE(log_->RunOnce().ok());
  EXPECT_TRUE(absl::IsUnavailable(answer)) << answer;

  for (int k = 0; k < 2; ++k) {
    EXPECT_TRUE(absl::IsPermissionDenied(Submit(old_seed)));
    EXPECT_TRUE(Submit(new_seed).ok());
    Open();
  }
  ExpectSound();
}

TEST_F(RegisterKeeperTest, ProvesWhichVersionIsTheNewest) {
  ASSERT_TRUE(Put({Sign(kLaw, Law())}).ok());
  ASSERT_TRUE(
      Put({Sign({RegisterType::kProvision, 0, 1}, Law("Act 2/2001"))}).ok());
  RegisterProofReport report;
  std::string bytes;  // what the report points into
  const auto judge = [&](RegisterType type, uint32_t number) {
    auto answer = Ask(OperatorRequest::REGISTER_PROVE, type, number);
    EXPECT_TRUE(answer.ok()) << answer.status();
    bytes = answer->register_proof();
    return JudgeRegisterProof(bytes, signer_.key(), &report);
  };
  EXPECT_EQ(judge(RegisterType::kProvision, 0), Finding::kOk) << report.part;
  EXPECT_EQ(report.versions.size(), 2u);
  EXPECT_EQ(judge(RegisterType::kProvision, 1), Finding::kOk);
  EXPECT_TRUE(report.versions.empty());
  EXPECT_EQ(judge(RegisterType::kAdministration, 1), Finding::kOk);
  EXPECT_EQ(report.versions.size(), 1u);
  EXPECT_EQ(judge(RegisterType::kConfig, 0), Finding::kOk);
  EXPECT_EQ(report.versions.size(), 1u);
}

TEST_F(RegisterKeeperTest, OpensWithDocumentsOfAnyType) {
  OpeningRegister opening = register_.opening;
  opening.others.push_back(Sign(kLaw, Law()));
  auto documents = Documents::FromOpening(opening, kTestOrigin);
  ASSERT_TRUE(documents.ok()) << documents.status();
  EXPECT_EQ((*documents)->Versions(RegisterType::kProvision, 0), 1u);
  opening.others[0].id.number = 1;
  EXPECT_FALSE(Documents::FromOpening(opening, kTestOrigin).ok());
}

// --- Whole batches -----------------------------------------------------------

TEST_F(RegisterKeeperTest, ShowsWholeBatchesWithTheSealsAroundThem) {
  ASSERT_TRUE(Put({Sign(kLaw, Law())}).ok());          // leaves 11 to 19
  ASSERT_TRUE(Submit(register_.entry_seeds[0]).ok());  // 20 to 28
  ASSERT_EQ(size(), 29u);
  const auto ask = [&](const std::vector<uint64_t>& indices) {
    v1::ProveLeavesRequest request;
    request.set_whole_batches(true);
    *request.mutable_leaf_index() = {indices.begin(), indices.end()};
    auto response = ProveLeaves(log_.get(), request);
    EXPECT_TRUE(response.ok()) << response.status();
    const std::vector<uint64_t> shown(response->leaf_index().begin(),
                                      response->leaf_index().end());
    Extract extract;
    EXPECT_EQ(extract.Open(log_->Latest()->checkpoint, signer_.key()),
              Finding::kOk);
    EXPECT_EQ(extract.AddLeaves(
                  shown, {response->leaf().begin(), response->leaf().end()},
                  response->proof()),
              Finding::kOk);
    return shown;
  };
  const auto range = [](uint64_t first, uint64_t end) {
    std::vector<uint64_t> all;
    for (uint64_t index = first; index < end; ++index) all.push_back(index);
    return all;
  };
  EXPECT_EQ(ask({0}), range(0, 2));
  EXPECT_EQ(ask({1}), range(0, 2));  // a seal stands in the batch it ends
  EXPECT_EQ(ask({2}), range(1, 11));
  EXPECT_EQ(ask({13}), range(10, 20));
  EXPECT_EQ(ask({13, 14, 19}), range(10, 20));
  EXPECT_EQ(ask({13, 20}), range(10, 29));
  std::vector<uint64_t> both = range(0, 2);
  for (const uint64_t index : range(19, 29)) both.push_back(index);
  EXPECT_EQ(ask({0, 28}), both);
}

TEST_F(RegisterKeeperTest, ShowsAsManyWholeBatchesAsFit) {
  // Ten documents of 200 KiB are an answer, eleven are not.
  std::vector<uint64_t> leaves;
  for (uint64_t version = 0; version < 12; ++version) {
    const RegisterId id{RegisterType::kProvision, 0, version};
    auto answer = Put({Sign(id, Law(std::string(200 << 10, 'x')))});
    ASSERT_TRUE(answer.ok()) << answer.status();
    leaves.push_back(answer->documents(0).leaf_index());
  }
  v1::ProveLeavesRequest request;
  request.set_whole_batches(true);
  *request.mutable_leaf_index() = {leaves.begin(), leaves.end()};
  auto response = ProveLeaves(log_.get(), request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->document_size(), 10);
  const uint64_t last = response->leaf_index(response->leaf_index_size() - 1);
  EXPECT_GE(last, leaves[9]);
  EXPECT_LT(last, leaves[10]);
  // The rest, in another answer.
  *request.mutable_leaf_index() = {leaves.begin() + 10, leaves.end()};
  response = ProveLeaves(log_.get(), request);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->document_size(), 2);

  // A batch that is larger than an answer may be.
  std::vector<RegisterDocument> many;
  for (uint32_t number = 1; number <= 12; ++number) {
    many.push_back(Sign({RegisterType::kProvision, number, 0},
                        Law(std::string(200 << 10, 'x'))));
  }
  auto answer = Put(many);
  ASSERT_TRUE(answer.ok()) << answer.status();
  request.clear_leaf_index();
  request.add_leaf_index(answer->documents(0).leaf_index());
  EXPECT_TRUE(
      absl::IsInvalidArgument(ProveLeaves(log_.get(), request).status()));
  request.set_whole_batches(false);
  EXPECT_TRUE(ProveLeaves(log_.get(), request).ok());
}

}  // namespace
}  // namespace vidimus
