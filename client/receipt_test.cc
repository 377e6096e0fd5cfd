#include "client/receipt.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "client/client.h"
#include "client/fake_log.h"
#include "client/secret.pb.h"
#include "client/verify.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/test/2026h2";

v1::SubmitRequest AccessRequest(int count, int first = 0) {
  v1::SubmitRequest request;
  request.set_origin(kOrigin);
  for (int k = 0; k < count; ++k) {
    v1::Entry* entry = request.add_entries();
    std::string id(16, 'i');
    id.replace(0, 4, std::to_string(1000 + first + k));
    entry->set_entry_id(id);
    entry->set_record_salt(std::string(16, 'r'));
    entry->set_actor_salt(std::string(16, 'a'));
    entry->set_record("record " + std::to_string(first + k));
    entry->set_actor("actor");
  }
  return request;
}

v1::SubmitRequest OpaqueRequest(std::initializer_list<std::string> data) {
  v1::SubmitRequest request;
  for (const std::string& bytes : data) request.add_opaque()->set_data(bytes);
  return request;
}

class ReceiptTest : public testing::Test {
 protected:
  FakeLog log_{kOrigin, /*access_log=*/true};
  HeadKeeper heads_{log_.key()};

  absl::StatusOr<Receipt> Check(const v1::SubmitRequest& request,
                                const v1::SubmitResponse& response) {
    Expectation expectation = ExpectationOf(request);
    expectation.size_min = heads_.size();
    return CheckReceipt(response, expectation, /*paths=*/true, &heads_);
  }
};

TEST_F(ReceiptTest, AcceptsAnHonestAnswerAndGivesEachEntryItsOwnPath) {
  for (const int count : {1, 2, 3, 8, 255, 256, 257}) {
    const v1::SubmitRequest request = AccessRequest(count, count * 1000);
    const auto receipt = Check(request, log_.Submit(request));
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    ASSERT_EQ(receipt->entries.size(), static_cast<size_t>(count));
    for (const EntryReceipt& entry : receipt->entries) {
      EXPECT_EQ(VerifyInclusion(LeafHash(entry.leaf), entry.leaf_index,
                                entry.path, receipt->head),
                Finding::kOk);
    }
    EXPECT_EQ(heads_.size(), receipt->head.size);
  }
}

TEST_F(ReceiptTest, AcceptsTheSameLeafAgainForAResentRequest) {
  const v1::SubmitRequest request = AccessRequest(5);
  const auto first = Check(request, log_.Submit(request));
  ASSERT_TRUE(first.ok());
  const v1::SubmitRequest other = AccessRequest(5, 100);
  ASSERT_TRUE(Check(other, log_.Submit(other)).ok());
  const auto again = Check(request, log_.Submit(request));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->entries[3].leaf_index, first->entries[3].leaf_index);
}

TEST_F(ReceiptTest, RefusesEveryLie) {
  const v1::SubmitRequest before = AccessRequest(9);
  ASSERT_TRUE(Check(before, log_.Submit(before)).ok());
  int first = 100;
  for (int lie = 1; lie <= static_cast<int>(Lie::kShrunk); ++lie) {
    const v1::SubmitRequest request = AccessRequest(3, first += 100);
    const auto receipt =
        Check(request, log_.Submit(request, static_cast<Lie>(lie)));
    EXPECT_TRUE(absl::IsDataLoss(receipt.status()))
        << "lie " << lie << ": " << receipt.status();
  }
  // And is none the worse for it: the truth is accepted still.
  const v1::SubmitRequest after = AccessRequest(3, 90000);
  EXPECT_TRUE(Check(after, log_.Submit(after)).ok());
}

TEST_F(ReceiptTest, RefusesAnAnswerToAnotherRequest) {
  const v1::SubmitRequest request = AccessRequest(3);
  const v1::SubmitRequest other = AccessRequest(3, 50);
  const v1::SubmitResponse response = log_.Submit(request);
  EXPECT_TRUE(absl::IsDataLoss(Check(other, response).status()));
  EXPECT_TRUE(Check(request, response).ok());
}

TEST_F(ReceiptTest, RefusesASecondRootForASizeItHasSeen) {
  const v1::SubmitRequest request = AccessRequest(4);
  ASSERT_TRUE(Check(request, log_.Submit(request)).ok());
  // Another history of the same log, signed with the same key.
  FakeLog twin(kOrigin, /*access_log=*/true);
  const v1::SubmitRequest forked = AccessRequest(4, 77);
  const auto receipt = Check(forked, twin.Submit(forked));
  EXPECT_TRUE(absl::IsDataLoss(receipt.status()));
  EXPECT_NE(receipt.status().message().find("another root"), std::string::npos)
      << receipt.status();
}

TEST_F(ReceiptTest, RefusesAHeadSmallerThanOneSeenBefore) {
  const std::string old = log_.Checkpoint();
  const v1::SubmitRequest request = AccessRequest(4);
  ASSERT_TRUE(Check(request, log_.Submit(request)).ok());
  const auto head = heads_.Admit(old, heads_.size());
  EXPECT_TRUE(absl::IsDataLoss(head.status()));
  // As a checkpoint that was on its way meanwhile it is no lie.
  EXPECT_TRUE(heads_.Admit(old, 0).ok());
  EXPECT_EQ(heads_.newest(), log_.Checkpoint());
}

TEST_F(ReceiptTest, ForgetsTheSmallestHeadsFirst) {
  FakeLog opaque(kOrigin, /*access_log=*/false);
  HeadKeeper heads(opaque.key());
  for (int i = 0; i < 40; ++i) {
    opaque.Append("entry");
    ASSERT_TRUE(heads.Admit(opaque.Checkpoint(), 0).ok());
  }
  EXPECT_EQ(heads.size(), 40u);
}

TEST(OpaqueReceiptTest, SharesALeafOnlyBetweenEqualEntries) {
  FakeLog log(kOrigin, /*access_log=*/false);
  HeadKeeper heads(log.key());
  v1::SubmitRequest twice = OpaqueRequest({"same", "same"});
  twice.mutable_opaque(0)->set_id(std::string(16, '1'));
  twice.mutable_opaque(1)->set_id(std::string(16, '1'));
  EXPECT_TRUE(
      CheckReceipt(log.Submit(twice), ExpectationOf(twice), true, &heads).ok());
  const v1::SubmitRequest two = OpaqueRequest({"one", "two"});
  EXPECT_TRUE(
      absl::IsDataLoss(CheckReceipt(log.Submit(two, Lie::kOneIndexForTwo),
                                    ExpectationOf(two), true, &heads)
                           .status()));
}

// --- The two files -----------------------------------------------------------

class ReceiptFilesTest : public ReceiptTest {
 protected:
  void SetUp() override {
    const v1::SubmitRequest request = AccessRequest(5);
    auto receipt = Check(request, log_.Submit(request));
    ASSERT_TRUE(receipt.ok());
    receipt_ = *std::move(receipt);
    entry_ = receipt_.entries[2];
    vkey_ = FormatVkey(log_.key()) + "\n";
    proof_ = ProofFile(receipt_, entry_);
    secret_ = SecretFile(entry_, request.entries(2).entry_id());
  }

  Receipt receipt_;
  EntryReceipt entry_;
  std::string vkey_, proof_, secret_;
};

TEST_F(ReceiptFilesTest, VerifyAsOnePair) {
  const Judgement judgement = VerifyWithSecret(vkey_, proof_, secret_);
  EXPECT_EQ(judgement.exit_code, kExitTrue) << judgement.sentence;
  v1::Secret secret;
  ASSERT_TRUE(secret.ParseFromString(secret_));
  EXPECT_EQ(secret.leaf(), entry_.leaf);
  EXPECT_EQ(secret.entry_id().size(), 16u);
  EXPECT_EQ(secret.chain_index(), 2u);
}

TEST_F(ReceiptFilesTest, AreFalseForAnotherLeaf) {
  const std::string other = SecretFile(receipt_.entries[1], "another entry id");
  EXPECT_EQ(VerifyWithSecret(vkey_, proof_, other).exit_code, kExitFalse);
}

TEST_F(ReceiptFilesTest, AreFalseForAnotherLogsKey) {
  FakeLog other("other.example/log", true);
  const std::string vkey = FormatVkey(other.key());
  EXPECT_EQ(VerifyWithSecret(vkey, proof_, secret_).exit_code, kExitFalse);
}

TEST_F(ReceiptFilesTest, AreNotTrueWithAnyBitFlipped) {
  for (size_t i = 0; i < proof_.size(); ++i) {
    std::string flipped = proof_;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_NE(VerifyWithSecret(vkey_, flipped, secret_).exit_code, kExitTrue)
        << "byte " << i;
  }
}

TEST_F(ReceiptFilesTest, AreUnusableWhenTheyAreSomethingElse) {
  EXPECT_EQ(VerifyWithSecret(vkey_, "hello\n", secret_).exit_code,
            kExitUnusable);
  EXPECT_EQ(VerifyWithSecret(vkey_, proof_, "hello\n").exit_code,
            kExitUnusable);
  EXPECT_EQ(VerifyWithSecret(vkey_, proof_, "").exit_code, kExitUnusable);
  EXPECT_EQ(VerifyWithSecret("hello\n", proof_, secret_).exit_code,
            kExitUnusable);
  EXPECT_EQ(VerifyWithSecret(vkey_, "", secret_).exit_code, kExitUnusable);
}

TEST_F(ReceiptFilesTest, AreWrittenWithTheSecretForItsOwnerAlone) {
  const std::string folder = testing::TempDir() + "/receipts";
  mkdir(folder.c_str(), 0700);
  ASSERT_TRUE(
      WriteReceiptFiles(folder, receipt_, entry_, std::string(16, 'x')).ok());
  ASSERT_TRUE(SyncFiles(folder).ok());
  const std::string stem = folder + "/" + std::to_string(entry_.leaf_index);
  struct stat info;
  ASSERT_EQ(stat((stem + ".secret").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::ifstream file(stem + ".tlog-proof");
  std::stringstream content;
  content << file.rdbuf();
  EXPECT_EQ(content.str(), proof_);
}

TEST(OpaqueVerifyTest, TakesTheEntryItself) {
  FakeLog log(kOrigin, /*access_log=*/false);
  HeadKeeper heads(log.key());
  const v1::SubmitRequest request = OpaqueRequest({"hello", "world", "!"});
  const auto receipt =
      CheckReceipt(log.Submit(request), ExpectationOf(request), true, &heads);
  ASSERT_TRUE(receipt.ok());
  const std::string vkey = FormatVkey(log.key());
  const std::string proof = ProofFile(*receipt, receipt->entries[1]);
  EXPECT_EQ(VerifyWithEntry(vkey, proof, "world").exit_code, kExitTrue);
  EXPECT_EQ(VerifyWithEntry(vkey, proof, "worlds").exit_code, kExitFalse);
}

}  // namespace
}  // namespace vidimus
