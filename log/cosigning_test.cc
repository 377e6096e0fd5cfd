#include "log/cosigning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/clock.h"
#include "log/disk.h"
#include "proto/http_server.h"
#include "verifier/checkpoint.h"
#include "verifier/merkle.h"
#include "verifier/signing.h"
#include "verifier/witness.h"

namespace vidimus {
namespace {

using testing::HasSubstr;

constexpr char kOrigin[] = "log.example/a";

std::vector<Hash> Leaves(size_t count) {
  std::vector<Hash> leaves;
  for (size_t i = 0; i < count; ++i) {
    leaves.push_back(LeafHash(absl::StrCat("entry ", i)));
  }
  return leaves;
}

NodeReader ReaderOf(const std::vector<Hash>& leaves) {
  return [&leaves](int level, uint64_t index, Hash* hash) {
    std::vector<Hash> row(leaves.begin() + (index << level),
                          leaves.begin() + ((index + 1) << level));
    while (row.size() > 1) {
      for (size_t i = 0; i < row.size() / 2; ++i) {
        row[i] = NodeHash(row[2 * i], row[2 * i + 1]);
      }
      row.resize(row.size() / 2);
    }
    *hash = row[0];
    return true;
  };
}

// A witness as the specification has it, on a real port, with one or more keys.
class Witness {
 public:
  Witness(const VerifierKey& log_key, std::vector<char> seeds)
      : log_key_(log_key) {
    for (const char seed : seeds) {
      signers_.push_back(std::make_unique<Ed25519NoteSigner>(
          absl::StrCat("witness.example/", std::string(1, seed)),
          kKeyTypeCosignatureEd25519, std::string(32, seed)));
    }
    HttpServerOptions options;
    options.address = "127.0.0.1:0";
    server_ = *HttpServer::Start(
        options, [this](HttpRequest request, HttpResponder respond) {
          respond(Answer(request));
        });
  }

  std::string url() const {
    return absl::StrCat("http://127.0.0.1:", server_->port(), "/w");
  }
  std::string PolicyLine(const std::string& name, size_t key = 0) const {
    return absl::StrCat("witness ", name, " ", FormatVkey(signers_[key]->key()),
                        " ", url(), "\n");
  }

  void set_time_s(uint64_t time_s) {
    MutexLock lock(&mu_);
    time_s_ = time_s;
  }
  void set_last(const TreeHead& last) {
    MutexLock lock(&mu_);
    last_ = last;
  }
  // What is answered instead, until it is null again.
  void set_instead(std::function<HttpResponse()> instead) {
    MutexLock lock(&mu_);
    instead_ = std::move(instead);
  }
  TreeHead last() {
    MutexLock lock(&mu_);
    return last_;
  }
  int calls() {
    MutexLock lock(&mu_);
    return calls_;
  }

 private:
  HttpResponse Answer(const HttpRequest& request) {
    MutexLock lock(&mu_);
    ++calls_;
    if (instead_ != nullptr) return instead_();
    if (request.method != HttpMethod::kPost ||
        request.path() != "/w/add-checkpoint") {
      return TextResponse(404, "nothing here");
    }
    WitnessRequest parsed;
    if (ParseWitnessRequest(request.body, &parsed) != Finding::kOk) {
      return TextResponse(400, "not a request");
    }
    const WitnessJudgement judgement =
        JudgeWitnessRequest(parsed, {log_key_}, last_);
    if (judgement.status == WitnessStatus::kConflict) {
      return HttpResponse(409, "text/x.tlog.size",
                          absl::StrCat(last_.size, "\n"));
    }
    if (judgement.status != WitnessStatus::kCosign) {
      return TextResponse(static_cast<int>(judgement.status),
                          FindingSentence(judgement.finding));
    }
    last_ = judgement.checkpoint.head;
    std::string lines;
    for (const auto& signer : signers_) {
      std::string line;
      EXPECT_TRUE(
          signer->Sign(FormatCheckpoint(judgement.checkpoint), time_s_, &line));
      lines += line;
    }
    return HttpResponse(200, "text/plain; charset=utf-8", lines);
  }

  const VerifierKey log_key_;
  std::vector<std::unique_ptr<Ed25519NoteSigner>> signers_;
  Mutex mu_;
  TreeHead last_ ABSL_GUARDED_BY(mu_) = {0, EmptyRoot()};
  uint64_t time_s_ ABSL_GUARDED_BY(mu_) = 2000000000;
  int calls_ ABSL_GUARDED_BY(mu_) = 0;
  std::function<HttpResponse()> instead_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<HttpServer> server_;
};

class CosigningTest : public testing::Test {
 protected:
  CosigningTest()
      : folder_(absl::StrCat(
            testing::TempDir(), "/",
            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    options_.period = std::chrono::milliseconds(10);
    options_.timeout = std::chrono::milliseconds(2000);
    options_.fresh = std::chrono::seconds(60);
    Grow(5);
  }

  TreeHead Head(uint64_t size) const {
    return {size, *RootFrom(size, ReaderOf(leaves_))};
  }

  void Grow(uint64_t size) {
    auto published = std::make_shared<Published>();
    published->head = Head(size);
    const std::string text = FormatCheckpoint({kOrigin, published->head});
    std::string line;
    EXPECT_TRUE(signer_.Sign(text, 0, &line));
    published->checkpoint = JoinNote(text, {line});
    MutexLock lock(&mu_);
    published_ = published;
  }

  Cosigning::Parts Parts() {
    return {[this] {
              MutexLock lock(&mu_);
              return std::shared_ptr<const Published>(published_);
            },
            [this](uint64_t older, uint64_t newer) {
              return *ConsistencyPath(older, newer, ReaderOf(leaves_));
            },
            SystemClock(),
            PosixDisk(),
            folder_ + "/cosigned",
            [this](const std::string& what) {
              MutexLock lock(&mu_);
              said_.push_back(what);
            }};
  }

  absl::StatusOr<std::unique_ptr<Cosigning>> Open(const std::string& policy) {
    Policy parsed;
    EXPECT_EQ(ParsePolicy(policy, &parsed, nullptr), Finding::kOk) << policy;
    policy_ = parsed;
    return Cosigning::Open(options_, signer_.key(), parsed, Parts());
  }

  // Waits until a head of this size is shown.
  static std::shared_ptr<const Cosigned> WaitFor(
      Cosigning* cosigning,
      const std::function<bool(const Cosigned&)>& condition) {
    for (int i = 0; i < 2000; ++i) {
      const auto latest = cosigning->Latest();
      if (latest != nullptr && condition(*latest)) return latest;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return nullptr;
  }
  static std::function<bool(const Cosigned&)> HasSize(uint64_t size) {
    return [size](const Cosigned& cosigned) { return cosigned.size == size; };
  }

  size_t SaidCount(const std::string& what) {
    MutexLock lock(&mu_);
    size_t count = 0;
    for (const std::string& one : said_) {
      count += one.find(what) != std::string::npos;
    }
    return count;
  }

  const Ed25519NoteSigner signer_{kOrigin, kKeyTypeEd25519,
                                  std::string(32, 'l')};
  const std::vector<Hash> leaves_ = Leaves(64);
  const std::string folder_;
  CosigningOptions options_;
  Policy policy_;
  Mutex mu_;
  std::shared_ptr<Published> published_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> said_ ABSL_GUARDED_BY(mu_);
};

TEST_F(CosigningTest, ShowsWhatAQuorumCosigned) {
  Witness a(signer_.key(), {'a'}), b(signer_.key(), {'b'});
  auto cosigning = Open(absl::StrCat(a.PolicyLine("a"), b.PolicyLine("b"),
                                     "group both all a b\nquorum both\n"));
  ASSERT_TRUE(cosigning.ok()) << cosigning.status();
  EXPECT_EQ((*cosigning)->Latest(), nullptr);
  (*cosigning)->Start();
  for (const uint64_t size : {5, 6, 17, 64}) {
    Grow(size);
    const auto shown = WaitFor(cosigning->get(), HasSize(size));
    ASSERT_NE(shown, nullptr);
    EXPECT_EQ(shown->time_s, 2000000000u);
    Checkpoint checkpoint;
    ASSERT_EQ(OpenCheckpoint(shown->note, signer_.key(), &checkpoint),
              Finding::kOk);
    EXPECT_EQ(checkpoint.head, Head(size));
    CosignatureTimes times;
    ASSERT_EQ(ReadCosignatures(shown->note, policy_, &times), Finding::kOk);
    EXPECT_TRUE(SatisfiedAt(policy_, *policy_.quorum, times).has_value());
  }
  EXPECT_EQ((*cosigning)->counts().cosigners, 2u);
  EXPECT_EQ((*cosigning)->counts().answered, 2u);
  // One who is at rest is not asked all the time.
  const int calls = a.calls();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(a.calls(), calls);
}

TEST_F(CosigningTest, WithoutAQuorumNothingIsShown) {
  Witness a(signer_.key(), {'a'}), b(signer_.key(), {'b'});
  b.set_instead([] { return TextResponse(500, "out of order"); });
  auto cosigning = Open(absl::StrCat(a.PolicyLine("a"), b.PolicyLine("b"),
                                     "group both all a b\nquorum both\n"));
  ASSERT_TRUE(cosigning.ok());
  (*cosigning)->Start();
  while (a.calls() == 0 || b.calls() < 2) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ((*cosigning)->Latest(), nullptr);
  EXPECT_EQ(SaidCount("out of order"), 1u);  // once, however often it fails
  b.set_instead(nullptr);
  EXPECT_NE(WaitFor(cosigning->get(), HasSize(5)), nullptr);
  EXPECT_EQ(SaidCount("answer again"), 1u);
}

// One who never answers holds nobody up.
TEST_F(CosigningTest, ASlowCosignerIsNotWaitedFor) {
  Witness a(signer_.key(), {'a'}), slow(signer_.key(), {'b'});
  slow.set_instead([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return TextResponse(503, "busy");
  });
  auto cosigning = Open(absl::StrCat(a.PolicyLine("a"), slow.PolicyLine("b"),
                                     "group one any a b\nquorum one\n"));
  ASSERT_TRUE(cosigning.ok());
  (*cosigning)->Start();
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t size = 6; size < 16; ++size) {
    Grow(size);
    ASSERT_NE(WaitFor(cosigning->get(), HasSize(size)), nullptr);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

// Several cosigners at one address are asked in one call: a second one would
// find the head cosigned already.
TEST_F(CosigningTest, OneCallForEachAddress) {
  Witness two(signer_.key(), {'a', 'b'});
  auto cosigning =
      Open(absl::StrCat(two.PolicyLine("a", 0), two.PolicyLine("b", 1),
                        "group both all a b\nquorum both\n"));
  ASSERT_TRUE(cosigning.ok());
  (*cosigning)->Start();
  ASSERT_NE(WaitFor(cosigning->get(), HasSize(5)), nullptr);
  EXPECT_EQ(two.calls(), 1);
}

TEST_F(CosigningTest, AConflictIsAnsweredFromTheSizeThatItNames) {
  Witness a(signer_.key(), {'a'});
  a.set_last(Head(3));
  auto cosigning = Open(a.PolicyLine("a") + "quorum a\n");
  ASSERT_TRUE(cosigning.ok());
  (*cosigning)->Start();
  ASSERT_NE(WaitFor(cosigning->get(), HasSize(5)), nullptr);
  EXPECT_EQ(a.calls(), 2);
  // As if it had been taken back.
  a.set_last(Head(2));
  Grow(9);
  ASSERT_NE(WaitFor(cosigning->get(), HasSize(9)), nullptr);
}

TEST_F(CosigningTest, AHeadAtRestIsCosignedAgainWhenItIsOld) {
  Witness a(signer_.key(), {'a'});
  const auto now_s = static_cast<uint64_t>(SystemClock()->NowMs() / 1000);
  a.set_time_s(now_s - 100);
  auto cosigning = Open(a.PolicyLine("a") + "quorum a\n");
  ASSERT_TRUE(cosigning.ok());
  (*cosigning)->Start();
  ASSERT_NE(WaitFor(cosigning->get(), HasSize(5)), nullptr);
  a.set_time_s(now_s);
  EXPECT_NE(WaitFor(cosigning->get(),
                    [&](const Cosigned& shown) {
                      return shown.size == 5 && shown.time_s == now_s;
                    }),
            nullptr);
}

TEST_F(CosigningTest, WhatIsShownOnlyGrowsAlsoAfterARestart) {
  Witness a(signer_.key(), {'a'});
  const std::string policy = a.PolicyLine("a") + "quorum a\n";
  for (const uint64_t size : {5, 6, 7, 20}) {
    Grow(size);
    auto cosigning = Open(policy);
    ASSERT_TRUE(cosigning.ok()) << cosigning.status();
    if (size > 5) {
      ASSERT_NE((*cosigning)->Latest(), nullptr);
      EXPECT_LT((*cosigning)->Latest()->size, size);
      EXPECT_EQ((*cosigning)->Latest()->time_s, 2000000000u);
    }
    (*cosigning)->Start();
    ASSERT_NE(WaitFor(cosigning->get(), HasSize(size)), nullptr);
  }
  // A write that was cut leaves the head before it.
  for (int cut = 0; cut < 2; ++cut) {
    const std::string file = absl::StrCat(folder_, "/cosigned.", cut);
    std::filesystem::copy_file(file, file + ".whole");
    std::filesystem::resize_file(file, 100);
    const auto cosigning = Open(policy);
    ASSERT_TRUE(cosigning.ok()) << cosigning.status();
    ASSERT_NE((*cosigning)->Latest(), nullptr);
    EXPECT_THAT((*cosigning)->Latest()->size, testing::AnyOf(7, 20));
    std::filesystem::rename(file + ".whole", file);
  }
}

TEST_F(CosigningTest, SaysWhatIsWrongWithWhatWasKept) {
  Witness a(signer_.key(), {'a'});
  const std::string policy = a.PolicyLine("a") + "quorum a\n";
  for (const uint64_t size : {5, 6}) {
    Grow(size);
    auto cosigning = Open(policy);
    ASSERT_TRUE(cosigning.ok());
    (*cosigning)->Start();
    ASSERT_NE(WaitFor(cosigning->get(), HasSize(size)), nullptr);
  }
  for (int i = 0; i < 2; ++i) {
    std::filesystem::resize_file(absl::StrCat(folder_, "/cosigned.", i), 100);
  }
  const auto damaged = Open(policy);
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr("move them"));

  const auto elsewhere = Cosigning::Open(
      options_, signer_.key(),
      [&] {
        Policy parsed;
        EXPECT_EQ(
            ParsePolicy("witness a " +
                            FormatVkey(Ed25519NoteSigner(
                                           "w", kKeyTypeCosignatureEd25519,
                                           std::string(32, 'w'))
                                           .key()) +
                            " ftp://nowhere\nquorum a\n",
                        &parsed, nullptr),
            Finding::kOk);
        return parsed;
      }(),
      Parts());
  EXPECT_EQ(elsewhere.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CosigningTest, ALargerHeadSomewhereStopsTheStart) {
  Witness a(signer_.key(), {'a'}), b(signer_.key(), {'b'});
  const std::string policy = absl::StrCat(a.PolicyLine("a"), b.PolicyLine("b"),
                                          "group g any a b\nquorum g\n");
  b.set_last(Head(9));
  auto cosigning = Open(policy);
  ASSERT_TRUE(cosigning.ok());
  const absl::Status behind = (*cosigning)->AskLastSizes();
  EXPECT_EQ(behind.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(behind.message()), HasSubstr("a tree of 9 leaves"));
  EXPECT_THAT(std::string(behind.message()), HasSubstr("old backup"));
  // A smaller one, the same, or none is fine; so is one who does not answer.
  for (const uint64_t size : {0, 1, 5}) {
    b.set_last(size == 0 ? TreeHead{0, EmptyRoot()} : Head(size));
    auto again = Open(policy);
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE((*again)->AskLastSizes().ok());
    EXPECT_EQ(b.last(), Head(5));
  }
  b.set_instead([] { return TextResponse(500, "out of order"); });
  auto again = Open(policy);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE((*again)->AskLastSizes().ok());
  EXPECT_EQ(SaidCount("out of order"), 1u);
}

// Whatever an address answers, it is no cosignature unless it verifies.
TEST_F(CosigningTest, HostileAnswersAreNotBelieved) {
  Witness a(signer_.key(), {'a'}), other(signer_.key(), {'o'});
  const Ed25519NoteSigner key("witness.example/a", kKeyTypeCosignatureEd25519,
                              std::string(32, 'a'));
  const std::string text = FormatCheckpoint({kOrigin, Head(5)});
  const std::string other_text = FormatCheckpoint({kOrigin, Head(6)});
  std::string good, of_other_head, without_time, by_stranger;
  ASSERT_TRUE(key.Sign(text, 7, &good));
  ASSERT_TRUE(key.Sign(other_text, 7, &of_other_head));
  ASSERT_TRUE(key.Sign(text, 0, &without_time));
  ASSERT_TRUE(Ed25519NoteSigner("witness.example/z", kKeyTypeCosignatureEd25519,
                                std::string(32, 'z'))
                  .Sign(text, 7, &by_stranger));
  const std::string bodies[] = {"",
                                "\n",
                                "no line\n",
                                std::string(100000, 'x'),
                                good.substr(0, good.size() - 1),
                                good + "\n" + good,
                                "more\n\n" + good,
                                of_other_head,
                                without_time,
                                by_stranger};
  for (const std::string& body : bodies) {
    a.set_instead([body] {
      return HttpResponse(200, "text/plain; charset=utf-8", body);
    });
    auto cosigning = Open(a.PolicyLine("a") + "quorum a\n");
    ASSERT_TRUE(cosigning.ok());
    ASSERT_TRUE((*cosigning)->AskLastSizes().ok());
    EXPECT_EQ((*cosigning)->Latest(), nullptr) << body.substr(0, 200);
  }
  for (const std::string size : {"x\n", "5\n\n", "05\n", "-1\n", "", "0\n"}) {
    a.set_instead(
        [size] { return HttpResponse(409, "text/x.tlog.size", size); });
    auto cosigning = Open(a.PolicyLine("a") + "quorum a\n");
    ASSERT_TRUE(cosigning.ok());
    EXPECT_TRUE((*cosigning)->AskLastSizes().ok());
    EXPECT_EQ((*cosigning)->Latest(), nullptr);
  }
  a.set_instead([&] {
    return HttpResponse(200, "text/plain; charset=utf-8", by_stranger + good);
  });
  auto cosigning = Open(a.PolicyLine("a") + "quorum a\n");
  ASSERT_TRUE(cosigning.ok());
  EXPECT_TRUE((*cosigning)->AskLastSizes().ok());
  EXPECT_NE((*cosigning)->Latest(), nullptr);
}

}  // namespace
}  // namespace vidimus
