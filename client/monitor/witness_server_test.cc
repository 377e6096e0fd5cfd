#include "client/monitor/witness_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/file.h"
#include "client/monitor/cosigned_head.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"
#include "verifier/signing.h"

namespace vidimus {
namespace {

using testing::HasSubstr;

class WitnessServerTest : public testing::Test {
 protected:
  WitnessServerTest()
      : folder_(absl::StrCat(
            testing::TempDir(), "/",
            testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    EXPECT_TRUE(CosignedHead::Init(Lock()).ok());
    for (int i = 0; i < 64; ++i) {
      leaves_.push_back(LeafHash(absl::StrCat("entry ", i)));
    }
    options_.prefix = "/w";
    options_.now_s = [this] { return now_s_.load(); };
    options_.refused = [this](const RefusedCheckpoint& refused) {
      refused_.emplace_back(refused.body);
    };
    Start();
  }

  std::string File() const { return folder_ + "/head"; }
  std::string Lock() const { return folder_ + "/lock"; }

  absl::StatusOr<std::unique_ptr<CosignedHead>> OpenHead() const {
    return CosignedHead::Open(File(), Lock(), {log_.key()}, witness_.key());
  }
  void Start() {
    auto head = OpenHead();
    ASSERT_TRUE(head.ok()) << head.status();
    std::vector<WitnessServer::Followed> logs;
    logs.push_back({{log_.key()}, *std::move(head)});
    server_ =
        std::make_unique<WitnessServer>(options_, &witness_, std::move(logs));
  }

  NodeReader Reader() const {
    return [this](int level, uint64_t index, Hash* hash) {
      std::vector<Hash> row(leaves_.begin() + (index << level),
                            leaves_.begin() + ((index + 1) << level));
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
  TreeHead Head(uint64_t size) const {
    return {size, *RootFrom(size, Reader())};
  }
  std::string Note(const TreeHead& head,
                   const std::string& origin = "log.example/a") const {
    const std::string text = FormatCheckpoint({origin, head});
    std::string line;
    EXPECT_TRUE(log_.Sign(text, 0, &line));
    return JoinNote(text, {line});
  }
  std::string Body(uint64_t older, uint64_t newer) const {
    const std::string note = Note(Head(newer));
    WitnessRequest request;
    request.old_size = older;
    if (older > 0 && older < newer) {
      request.proof = *ConsistencyPath(older, newer, Reader());
    }
    request.note = note;
    return FormatWitnessRequest(request);
  }

  HttpResponse Call(HttpMethod method, const std::string& target,
                    const std::string& body = "") {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = body;
    return server_->Handle(request);
  }
  HttpResponse Post(const std::string& body) {
    return Call(HttpMethod::kPost, "/w/add-checkpoint", body);
  }
  HttpResponse Get(const std::string& origin) {
    return Call(
        HttpMethod::kGet,
        absl::StrCat("/w/", HexEncode(Bytes(Sha256(origin))), "/checkpoint"));
  }

  // Expects a cosignature on the head of `size`.
  void ExpectCosigned(const HttpResponse& response, uint64_t size) {
    EXPECT_EQ(response.status, 200) << response.body();
    const std::string text = FormatCheckpoint({"log.example/a", Head(size)});
    OpenedNote opened;
    EXPECT_EQ(OpenNote(JoinNote(text, {std::string(response.body())}),
                       {witness_.key()}, &opened),
              Finding::kOk);
    EXPECT_EQ(opened.signatures.size(), 1u);
    EXPECT_EQ(opened.signatures[0].time_s, now_s_);
  }

  const Ed25519NoteSigner log_{"log.example/a", kKeyTypeEd25519,
                               std::string(32, 'l')};
  const Ed25519NoteSigner witness_{
      "witness.example/w", kKeyTypeCosignatureEd25519, std::string(32, 'w')};
  std::vector<Hash> leaves_;
  const std::string folder_;
  std::atomic<uint64_t> now_s_{1767225600};
  WitnessServer::Options options_;
  std::vector<std::string> refused_;
  std::unique_ptr<WitnessServer> server_;
};

TEST_F(WitnessServerTest, CosignsWhatFollowsAndShowsIt) {
  EXPECT_EQ(Get("log.example/a").status, 404);
  ExpectCosigned(Post(Body(0, 5)), 5);
  ExpectCosigned(Post(Body(5, 9)), 9);
  now_s_ += 100;
  ExpectCosigned(Post(Body(9, 9)), 9);  // the same once more, with a new time
  const HttpResponse shown = Get("log.example/a");
  EXPECT_EQ(shown.status, 200);
  OpenedNote opened;
  EXPECT_EQ(OpenNote(std::string(shown.body()), {log_.key(), witness_.key()},
                     &opened),
            Finding::kOk);
  EXPECT_EQ(opened.signatures.size(), 2u);
  EXPECT_EQ(opened.signatures[1].time_s, now_s_);
}

TEST_F(WitnessServerTest, AnswersEachRowOfTheTable) {
  EXPECT_EQ(Post("").status, 400);
  EXPECT_EQ(Post("old 5\n").status, 400);
  EXPECT_EQ(Post("old 0\n\n" + Note(Head(5), "log.example/b")).status, 404);
  std::string unsigned_note = Note(Head(5));
  unsigned_note.replace(unsigned_note.find("\n5\n"), 3, "\n6\n");
  EXPECT_EQ(Post("old 0\n\n" + unsigned_note).status, 403);
  EXPECT_EQ(Post("old 6\n\n" + Note(Head(5))).status, 400);
  EXPECT_EQ(Post("old 0\n\n" + Note({0, Hash()})).status, 422);
  ExpectCosigned(Post(Body(0, 5)), 5);
  for (const uint64_t older : {0, 4, 6}) {
    const HttpResponse conflict = Post(Body(older, 9));
    EXPECT_EQ(conflict.status, 409);
    EXPECT_EQ(conflict.content_type, "text/x.tlog.size");
    EXPECT_EQ(conflict.body(), "5\n");
  }
  TreeHead forked = Head(5);
  forked.root[0] ^= 1;
  EXPECT_EQ(Post("old 5\n\n" + Note(forked)).status, 422);
  EXPECT_EQ(Post("old 5\n\n" + Note(Head(9))).status, 422);  // no proof
  // What the log signed and does not follow is handed on, nothing else is.
  EXPECT_EQ(refused_.size(), 3u);
  ExpectCosigned(Post(Body(5, 9)), 9);
}

TEST_F(WitnessServerTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(Call(HttpMethod::kGet, "/w/add-checkpoint").status, 405);
  EXPECT_EQ(Call(HttpMethod::kPost, "/add-checkpoint").status, 404);
  EXPECT_EQ(Call(HttpMethod::kGet, "/w").status, 404);
  EXPECT_EQ(Call(HttpMethod::kGet, "/w/").status, 404);
  EXPECT_EQ(Call(HttpMethod::kGet, "/w/00/checkpoint").status, 404);
  EXPECT_EQ(Call(HttpMethod::kPost,
                 absl::StrCat("/w/", HexEncode(Bytes(Sha256("log.example/a"))),
                              "/checkpoint"))
                .status,
            405);
}

// Calls at once: of those that start from one size, one is cosigned, or the
// same head several times; what is kept never falls.
TEST_F(WitnessServerTest, CallsAtOnceNeverTakeItBack) {
  ASSERT_EQ(Post(Body(0, 1)).status, 200);
  std::atomic<uint64_t> newest{1};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      uint64_t older = 1;
      for (uint64_t newer = 2 + t; newer < 64; newer += 1 + t % 3) {
        for (;;) {
          if (older > newer) break;
          const HttpResponse response = Post(Body(older, newer));
          if (response.status == 200) {
            older = newer;
            uint64_t seen = newest;
            while (seen < newer && !newest.compare_exchange_weak(seen, newer)) {
            }
            break;
          }
          ASSERT_EQ(response.status, 409);
          ASSERT_TRUE(DecimalDecode(std::string(response.body())
                                        .substr(0, response.body().size() - 1),
                                    &older));
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ((*OpenHead())->head(), Head(newest));
}

TEST_F(WitnessServerTest, RemembersAfterARestart) {
  ExpectCosigned(Post(Body(0, 5)), 5);
  ExpectCosigned(Post(Body(5, 7)), 7);
  Start();
  EXPECT_EQ(Post(Body(5, 9)).status, 409);
  EXPECT_EQ(Get("log.example/a").status, 200);
  ExpectCosigned(Post(Body(7, 9)), 9);
}

// A crash between the two files leaves the state one step ahead of its lock.
TEST_F(WitnessServerTest, AStateAheadOfItsLockIsACrash) {
  ExpectCosigned(Post(Body(0, 5)), 5);
  std::filesystem::copy_file(Lock(), folder_ + "/lock.old");
  ExpectCosigned(Post(Body(5, 7)), 7);
  std::filesystem::rename(folder_ + "/lock.old", Lock());
  Start();
  ExpectCosigned(Post(Body(7, 9)), 9);
}

TEST_F(WitnessServerTest, AnOldStateIsRefused) {
  ExpectCosigned(Post(Body(0, 5)), 5);
  std::filesystem::copy_file(File(), folder_ + "/head.old");
  ExpectCosigned(Post(Body(5, 7)), 7);
  std::filesystem::rename(folder_ + "/head.old", File());
  absl::Status status = OpenHead().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ends at 5 leaves"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("has cosigned 7"));

  std::filesystem::remove(File());
  EXPECT_EQ(OpenHead().status().code(), absl::StatusCode::kFailedPrecondition);
  std::filesystem::remove(Lock());
  status = OpenHead().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--accept_fresh_state"));
}

TEST_F(WitnessServerTest, WhatIsKeptMustVerify) {
  ExpectCosigned(Post(Body(0, 5)), 5);
  const std::string good = *ReadFile(File(), 1 << 20);
  for (size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    ASSERT_TRUE(WriteFile(File(), bad, 0600, false).ok());
    EXPECT_EQ(OpenHead().status().code(), absl::StatusCode::kDataLoss) << at;
  }
  ASSERT_TRUE(WriteFile(File(), Note(Head(5)), 0600, false).ok());
  EXPECT_EQ(OpenHead().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CosignedHead::Init(Lock()).code(),
            absl::StatusCode::kAlreadyExists);
}

// What can't be kept is not said, and nothing is after it.
TEST_F(WitnessServerTest, WhatCannotBeKeptIsNotCosigned) {
  ExpectCosigned(Post(Body(0, 5)), 5);
  std::filesystem::remove(Lock());
  std::filesystem::create_directory(Lock());  // can't be written over
  EXPECT_EQ(Post(Body(5, 7)).status, 503);
  std::filesystem::remove(Lock());
  EXPECT_EQ(Post(Body(5, 7)).status, 503);
}

TEST_F(WitnessServerTest, AMonitorApprovesFirst) {
  options_.approve = [](const Checkpoint& checkpoint) {
    return checkpoint.head.size <= 7
               ? absl::OkStatus()
               : absl::UnavailableError("not read that far yet");
  };
  Start();
  ExpectCosigned(Post(Body(0, 7)), 7);
  const HttpResponse early = Post(Body(7, 9));
  EXPECT_EQ(early.status, 503);
  EXPECT_THAT(std::string(early.body()), HasSubstr("not read that far"));
  EXPECT_EQ(Post(Body(7, 7)).status, 200);
}

}  // namespace
}  // namespace vidimus
