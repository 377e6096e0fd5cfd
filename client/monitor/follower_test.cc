#include "client/monitor/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/fetcher.h"
#include "client/file.h"
#include "client/monitor/follower_internal.h"
#include "client/monitor/live_log.h"
#include "proto/http_server.h"
#include "proto/mutex.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction.h"
#include "verifier/crypto.h"
#include "verifier/signing.h"
#include "verifier/witness.h"

namespace vidimus {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr uint64_t kStartS = 1800000000;
constexpr char kOrigin[] = "log.example/followed/2026h2";

class FollowerTest : public testing::Test {
 protected:
  FollowerTest() {
    root_ = absl::StrCat(
        testing::TempDir(), "/follower-",
        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    folder_ = root_ + "/log";
    ends_.push_back(log_.size());
  }

  // A batch with so many leaves besides the seal.
  void Batch(int leaves) {
    for (int i = 0; i < leaves; ++i) {
      log_.AddLeaf(
          FormatSubjectLeaf(Sha256(absl::StrCat("label ", labels_)),
                            Sha256(absl::StrCat("commitment ", labels_))));
      ++labels_;
    }
    Seal();
  }
  void Seal() {
    log_.Seal(++seal_s_);
    ends_.push_back(log_.size());
  }
  // Some batches, some of them with documents.
  void Grow(int batches, int leaves = 20) {
    for (int i = 0; i < batches; ++i) {
      if (i % 5 == 1) {
        log_.PutAdministration(administrations_++ % 3);
      }
      Batch(leaves);
    }
  }

  FollowerOptions Options(const std::string& folder) {
    FollowerOptions options;
    options.log_key = log_.key();
    options.folder = folder;
    options.threads = 2;
    options.now_s = [this] { return now_s_; };
    options.say = [this](const std::string& sentence) {
      said_.push_back(sentence);
    };
    return options;
  }
  absl::StatusOr<std::unique_ptr<Follower>> OpenAt(
      const std::string& folder, DurableStepWatcher watcher = nullptr) {
    return OpenFollower(Options(folder), std::make_unique<LiveFetcher>(&live_),
                        std::move(watcher));
  }
  void Open() {
    follower_.reset();
    auto opened = OpenAt(folder_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    follower_ = *std::move(opened);
  }
  FollowerStatus Look() {
    follower_->Look();
    return follower_->status();
  }

  static const Alarm* Find(const FollowerStatus& status, AlarmKind kind) {
    static Alarm found;
    for (const Alarm& alarm : status.alarms) {
      if (alarm.kind != kind) continue;
      found = alarm;
      return &found;
    }
    return nullptr;
  }

  void ExpectVerified(const FollowerStatus& status, uint64_t size) {
    EXPECT_EQ(status.verified, log_.Head(size));
    EXPECT_EQ(status.verified_note, log_.Checkpoint(size));
    EXPECT_EQ(status.stopped, "");
    EXPECT_TRUE(follower_->Approve({kOrigin, log_.Head(size)}, 0).ok());
  }

  // A checkpoint by the log's key of what it does not hold.
  std::string Forged(const SmallLog& other, uint64_t size) {
    EXPECT_EQ(FormatVkey(other.key()), FormatVkey(log_.key()));
    return other.Checkpoint(size);
  }

  std::string root_, folder_;
  uint64_t now_s_ = kStartS + 100;
  uint64_t seal_s_ = kStartS;
  uint64_t labels_ = 0;
  uint32_t administrations_ = 0;
  SmallLog log_{kOrigin, kStartS};
  std::vector<uint64_t> ends_;  // of batches
  LiveLog live_{&log_};
  std::vector<std::string> said_;
  std::unique_ptr<Follower> follower_;
};

TEST_F(FollowerTest, VerifiesEachHeadOfAGrowingLog) {
  Open();
  for (int i = 0; i < 30; ++i) {
    Grow(1, 20 + 7 * i);
    live_.ShowAll();
    const FollowerStatus status = Look();
    ExpectVerified(status, log_.size());
    EXPECT_EQ(status.batches, static_cast<uint64_t>(i + 2));
    EXPECT_EQ(status.verified_s, now_s_);
    EXPECT_EQ(status.seal_s, seal_s_);
    EXPECT_TRUE(status.alarms.empty());
  }
  EXPECT_TRUE(said_.empty());
  // Every head that ends a batch is a prefix; what lies between is no head.
  for (const uint64_t end : ends_) {
    EXPECT_TRUE(follower_->Approve({kOrigin, log_.Head(end)}, 0).ok());
    const auto compared = follower_->Compare(log_.Checkpoint(end));
    ASSERT_TRUE(compared.ok());
    EXPECT_EQ(compared->relation, Follower::Relation::kPrefix);
  }
}

TEST_F(FollowerTest, ALogAtRestCostsOneCheckpoint) {
  Grow(10);
  live_.ShowAll();
  Open();
  Look();
  live_.Asked();
  ExpectVerified(Look(), log_.size());
  EXPECT_EQ(live_.Asked(), std::vector<std::string>{"checkpoint"});
}

TEST_F(FollowerTest, AFewNewLeavesCostTheirBundlesAndNoTile) {
  Grow(30);
  live_.ShowAll();
  Open();
  Look();
  live_.Asked();
  Grow(1);
  live_.ShowAll();
  ExpectVerified(Look(), log_.size());
  for (const std::string& path : live_.Asked()) {
    EXPECT_EQ(path.find("tile/0"), std::string::npos) << path;
  }
}

TEST_F(FollowerTest, ReadsALongLogAsItComes) {
  for (int i = 0; i < 7; ++i) Batch(2900 + i);
  live_.ShowAll();
  Open();
  ExpectVerified(Look(), log_.size());
  EXPECT_THAT(live_.Asked(), Contains("tile/1/000.p/79"));
  // And goes on from within a bundle.
  for (int i = 0; i < 6; ++i) Batch(3000 + i);
  live_.ShowAll();
  ExpectVerified(Look(), log_.size());
  Open();
  ExpectVerified(follower_->status(), log_.size());
}

// Goal: stopping never changes what is found. Method: at every step anew from
// the folder, beside one that never stops.
TEST_F(FollowerTest, GoesOnFromTheFolderAfterEveryHead) {
  auto other = OpenAt(root_ + "/other");
  ASSERT_TRUE(other.ok());
  for (int i = 0; i < 25; ++i) {
    Grow(1, i % 6 == 5 ? 3000 : 30);
    live_.ShowAll();
    Open();
    const FollowerStatus status = Look();
    ExpectVerified(status, log_.size());
    (*other)->Look();
    EXPECT_EQ((*other)->status().verified, status.verified);
    EXPECT_EQ((*other)->status().batches, status.batches);
    EXPECT_EQ((*other)->status().documents, status.documents);
    EXPECT_EQ((*other)->status().held_bytes, status.held_bytes);
  }
  // What was read is not asked for again.
  live_.Asked();
  Open();
  ExpectVerified(Look(), log_.size());
  EXPECT_EQ(live_.Asked(), std::vector<std::string>{"checkpoint"});
}

// What a loss of power leaves: names and contents that were made durable, and
// of others nothing.
class DurableImage {
 public:
  explicit DurableImage(std::string folder) : folder_(std::move(folder)) {}

  void Watch(DurableStep step, const std::string& name) {
    switch (step) {
      case DurableStep::kSynced:
        synced_[name] = Read(name);
        // A file whose name is durable already.
        if (named_.count(name) > 0) durable_[name] = synced_[name];
        break;
      case DurableStep::kReplaced:
        durable_[name] = Read(name);
        // Only of a file in the folder itself.
        if (name.find('/') == std::string::npos) Names();
        break;
      case DurableStep::kNames:
        Names();
        break;
      case DurableStep::kRemoved:
        break;
    }
  }

  // Writes it to `folder`.
  void Restore(const std::string& folder) const {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder + "/documents");
    for (const auto& [name, content] : durable_) {
      std::ofstream(folder + "/" + name, std::ios::binary) << content;
    }
  }

 private:
  std::string Read(const std::string& name) const {
    const auto bytes = ReadFile(folder_ + "/" + name, size_t{1} << 30);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.ok() ? *bytes : "";
  }
  void Names() {
    for (const auto& [name, content] : synced_) {
      named_.insert(name);
      durable_[name] = content;
    }
  }

  const std::string folder_;
  std::map<std::string, std::string> synced_, durable_;
  std::set<std::string> named_;
};

// Goal: whatever step the power goes at, what is left is gone on from, and says
// nothing that is not so. Each twice: what was not made durable is gone, or it
// is there.
TEST_F(FollowerTest, GoesOnWhateverALossOfPowerLeaves) {
  std::vector<std::string> left;
  DurableImage image(folder_);
  const auto keep = [&](DurableStep step, const std::string& name) {
    image.Watch(step, name);
    left.push_back(absl::StrCat(root_, "/left-", left.size()));
    image.Restore(left.back());
    left.push_back(absl::StrCat(root_, "/left-", left.size()));
    std::filesystem::copy(folder_, left.back(),
                          std::filesystem::copy_options::recursive);
  };
  auto opened = OpenAt(folder_, keep);
  ASSERT_TRUE(opened.ok()) << opened.status();
  follower_ = *std::move(opened);
  std::set<uint64_t> heads = {0};
  for (int i = 0; i < 9; ++i) {
    Grow(1, i % 4 == 3 ? 3500 : 40);
    live_.ShowAll();
    ExpectVerified(Look(), log_.size());
    heads.insert(log_.size());
  }
  const FollowerStatus whole = follower_->status();
  follower_.reset();
  ASSERT_GT(left.size(), 60u);
  uint64_t last = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    SCOPED_TRACE(absl::StrCat(i, " of ", left.size()));
    auto again = OpenAt(left[i]);
    ASSERT_TRUE(again.ok()) << again.status();
    follower_ = *std::move(again);
    const uint64_t size = follower_->status().verified.size;
    EXPECT_EQ(heads.count(size), 1u) << size;
    EXPECT_GE(size, last);
    last = size;
    const FollowerStatus status = Look();
    ExpectVerified(status, log_.size());
    EXPECT_EQ(status.batches, whole.batches);
    EXPECT_EQ(status.documents, whole.documents);
    follower_.reset();
    std::filesystem::remove_all(left[i]);
  }
  EXPECT_EQ(last, log_.size());
}

TEST_F(FollowerTest, RefusesAFolderThatIsDamaged) {
  for (int i = 0; i < 4; ++i) Batch(3000);
  live_.ShowAll();
  Open();
  Look();
  const std::string path = folder_ + "/state";
  const std::string state = *ReadFile(path, 1 << 30);
  follower_.reset();
  for (size_t at = 0; at < state.size(); at += 7) {
    std::string other = state;
    other[at] = static_cast<char>(other[at] ^ 4);
    ASSERT_TRUE(WriteFile(path, other, 0600, false).ok());
    const auto opened = OpenAt(folder_);
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << at;
    EXPECT_THAT(std::string(opened.status().message()),
                HasSubstr("Remove the folder"));
  }
  ASSERT_TRUE(WriteFile(path, state.substr(0, 90), 0600, false).ok());
  EXPECT_EQ(OpenAt(folder_).status().code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(WriteFile(path, state, 0600, false).ok());
  // Files that the state speaks of.
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    const std::string name = file.path().filename();
    if (name == "in_use" || name == "state" || file.is_directory()) continue;
    if (std::filesystem::file_size(file) == 0) continue;
    const std::string content = *ReadFile(file.path(), 1 << 30);
    ASSERT_TRUE(WriteFile(file.path(), content.substr(0, content.size() - 1),
                          0600, false)
                    .ok());
    EXPECT_EQ(OpenAt(folder_).status().code(), absl::StatusCode::kDataLoss)
        << name;
    ASSERT_TRUE(WriteFile(file.path(), content, 0600, false).ok());
  }
  EXPECT_TRUE(OpenAt(folder_).ok());
}

TEST_F(FollowerTest, AFolderIsFollowedInByOneProcess) {
  Open();
  EXPECT_EQ(OpenAt(folder_).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

// A run that the disk has spoilt must not accuse an honest log.
TEST_F(FollowerTest, ADamagedRunIsOurTroubleAndNotTheLogs) {
  for (int i = 0; i < 4; ++i) Batch(3000);
  live_.ShowAll();
  Open();
  Look();
  follower_.reset();
  int spoilt = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    const std::string name = file.path().filename();
    if (name.find("run-") != 0) continue;
    std::string content = *ReadFile(file.path(), 1 << 30);
    content[40 * 17 + 5] ^= 1;
    ASSERT_TRUE(WriteFile(file.path(), content, 0600, false).ok());
    ++spoilt;
  }
  ASSERT_GT(spoilt, 0);
  Open();
  FollowerStatus status;
  // Until the run is merged with others.
  for (int i = 0; i < 8; ++i) {
    Batch(3000);
    live_.ShowAll();
    status = Look();
    EXPECT_EQ(status.stopped, "");
    if (!status.alarms.empty()) break;
  }
  ASSERT_NE(Find(status, AlarmKind::kOwnState), nullptr);
  EXPECT_LT(status.verified.size, log_.size());
  EXPECT_FALSE(follower_->Approve({kOrigin, log_.Head(log_.size())}, 0).ok());
}

// --- What is withheld
// ---------------------------------------------------------------

TEST_F(FollowerTest, WhatIsWithheldIsAnAlarmAndTriedAgain) {
  Grow(20);
  live_.ShowAll();
  Open();
  Look();
  const uint64_t before = log_.size();
  log_.PutAdministration(administrations_++ % 3);
  Grow(3);
  const auto documents = log_.documents();
  const auto last = std::prev(documents.end());
  const std::string document =
      RegisterPath(*HashFromBytes(log_.Leaf(last->first).substr(33)));
  const std::string bundle =
      TilePath({TileAddress::kEntries, log_.size() / kTileWidth,
                static_cast<int>(log_.size() % kTileWidth)});
  const absl::StatusOr<std::string> answers[] = {
      absl::NotFoundError("gone"), absl::UnavailableError("down"),
      std::string(), std::string(100, 'x'), std::string(size_t{1} << 24, 0)};
  for (const std::string& path : {document, bundle}) {
    for (const auto& answer : answers) {
      live_.ShowAll();
      live_.Answer(path, answer);
      const FollowerStatus status = Look();
      EXPECT_EQ(status.stopped, "");
      EXPECT_EQ(status.verified.size, before);
      const Alarm* const alarm = Find(status, AlarmKind::kWithheld);
      ASSERT_NE(alarm, nullptr) << path;
      EXPECT_EQ(alarm->path, path);
      EXPECT_FALSE(
          follower_->Approve({kOrigin, log_.Head(log_.size())}, 0).ok());
      // Not after a restart either.
      Open();
      EXPECT_EQ(Look().verified.size, before);
    }
    live_.AnswerAsItIs(path);
  }
  const FollowerStatus status = Look();
  ExpectVerified(status, log_.size());
  EXPECT_EQ(Find(status, AlarmKind::kWithheld), nullptr);
}

TEST_F(FollowerTest, ABundleThatNobodySignedIsNoEvidence) {
  for (int i = 0; i < 7; ++i) Batch(2900);
  live_.ShowAll();
  // Both when it is read whole and as it comes.
  for (const uint64_t size : {ends_[2], log_.size()}) {
    live_.Show(size);
    const std::string path = "tile/entries/003";
    std::string bundle = *live_.Get(path, size_t{1} << 20);
    bundle[2 + 40] ^= 1;
    live_.Answer(path, bundle);
    Open();
    FollowerStatus status = Look();
    EXPECT_EQ(status.stopped, "");
    ASSERT_NE(Find(status, AlarmKind::kWithheld), nullptr);
    EXPECT_EQ(Find(status, AlarmKind::kWithheld)->path, path);
    live_.AnswerAsItIs(path);
    ExpectVerified(Look(), size);
    follower_.reset();
    std::filesystem::remove_all(folder_);
  }
}

TEST_F(FollowerTest, HostileTilesAreWithheldTiles) {
  for (int i = 0; i < 7; ++i) Batch(2900);
  live_.ShowAll();
  for (const std::string path : {"tile/1/000.p/79", "tile/0/079.p/85"}) {
    for (const std::string& answer :
         {std::string(), std::string(31, 'x'), std::string(79 * 32, 'x'),
          std::string(85 * 32, 'x'), std::string(size_t{1} << 20, 'x')}) {
      live_.Answer(path, answer);
      Open();
      const FollowerStatus status = Look();
      EXPECT_EQ(status.stopped, "");
      EXPECT_EQ(status.verified.size, 0u);
      EXPECT_NE(Find(status, AlarmKind::kWithheld), nullptr) << path;
    }
    live_.AnswerAsItIs(path);
  }
  ExpectVerified(Look(), log_.size());
}

// --- Heads
// --------------------------------------------------------------------------

TEST_F(FollowerTest, HostileCheckpointsAreAlarms) {
  Grow(5);
  live_.ShowAll();
  Open();
  Look();
  const SmallLog stranger("log.example/other");
  std::string damaged = log_.Checkpoint(log_.size());
  damaged[damaged.size() - 9] ^= 1;
  for (const std::string& answer :
       {std::string(), std::string(1 << 16, 'x'), damaged,
        stranger.Checkpoint(stranger.size()), damaged.substr(0, 40)}) {
    live_.Answer("checkpoint", answer);
    const FollowerStatus status = Look();
    ASSERT_NE(Find(status, AlarmKind::kUnsound), nullptr);
    EXPECT_EQ(status.verified.size, log_.size());
    EXPECT_EQ(status.stopped, "");
  }
  live_.Answer("checkpoint", std::string(size_t{1} << 20, 'x'));
  Look();
  live_.AnswerAsItIs("checkpoint");
  EXPECT_TRUE(Look().alarms.empty());
}

TEST_F(FollowerTest, AHeadOfAbsurdSizeIsNotReadUpTo) {
  Grow(5);
  live_.ShowAll();
  // As small_log.h makes its key.
  const Ed25519NoteSigner signer(
      kOrigin, kKeyTypeEd25519,
      std::string(Bytes(Sha256(absl::StrCat("small log: log ", kOrigin)))));
  ASSERT_EQ(FormatVkey(signer.key()), FormatVkey(log_.key()));
  for (const uint64_t size :
       {uint64_t{1} << 49, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{0} - 255,
        ~uint64_t{0} - 256}) {
    SCOPED_TRACE(size);
    follower_.reset();
    std::filesystem::remove_all(folder_);
    Open();
    Look();
    const std::string text = FormatCheckpoint({kOrigin, {size, Sha256("x")}});
    std::string line;
    ASSERT_TRUE(signer.Sign(text, 0, &line));
    live_.Answer("checkpoint", JoinNote(text, {line}));
    for (int i = 0; i < 2; ++i) {
      const FollowerStatus status = Look();
      EXPECT_EQ(status.verified, log_.Head(log_.size()));
      EXPECT_EQ(status.stopped, "");
      EXPECT_FALSE(status.alarms.empty());
    }
    live_.AnswerAsItIs("checkpoint");
  }
}

// Goal: servers that never answer, or never end, hold up nobody else, and each
// look at them ends. Method: real ones, on the loopback.
TEST_F(FollowerTest, HostileServersHoldUpNobodyElse) {
  Mutex mu;
  std::vector<HttpResponder> kept;
  const auto huge = std::make_shared<const std::string>(size_t{40} << 20, 'x');
  const std::string note = log_.Checkpoint(log_.size());
  auto server =
      HttpServer::Start({}, [&](HttpRequest request, HttpResponder respond) {
        const std::string path(request.path());
        if (path.find("/huge/") == 0) {
          HttpResponse response(200, "text/plain", "");
          response.SetSharedBody(huge);
          respond(std::move(response));
        } else if (path == "/head/checkpoint") {
          respond(HttpResponse(200, "text/plain", note));
        } else if (path.find("/moved/") == 0) {
          HttpResponse response(302, "text/plain", "");
          response.headers.emplace_back("Location", "/head/checkpoint");
          respond(std::move(response));
        } else {
          MutexLock lock(&mu);
          kept.push_back(std::move(respond));
        }
      });
  ASSERT_TRUE(server.ok()) << server.status();
  std::vector<std::unique_ptr<Follower>> followers;
  FetchLimits limits;
  limits.timeout = std::chrono::milliseconds(150);
  limits.tries_max = 1;
  for (const std::string way : {"huge", "silent", "head", "moved"}) {
    auto fetcher = NewFetcher(
        absl::StrCat("http://127.0.0.1:", (*server)->port(), "/", way), "",
        limits);
    ASSERT_TRUE(fetcher.ok());
    FollowerOptions options = Options(root_ + "/" + way);
    options.say = nullptr;
    options.period_ms = 10;
    auto opened = OpenFollower(options, *std::move(fetcher), nullptr);
    ASSERT_TRUE(opened.ok());
    followers.push_back(*std::move(opened));
    followers.back()->Start();
  }
  Open();
  follower_->Start();
  for (int i = 0; i < 5; ++i) {
    live_.Meanwhile([this] { Grow(1); });
    live_.ShowAll();
    EXPECT_TRUE(
        follower_->Approve({kOrigin, log_.Head(log_.size())}, 20000).ok());
  }
  follower_->Stop();
  for (const auto& follower : followers) {
    follower->Stop();
    const FollowerStatus status = follower->status();
    EXPECT_EQ(status.verified.size, 0u);
    EXPECT_EQ(status.stopped, "");
    EXPECT_FALSE(follower->Approve({kOrigin, log_.Head(2)}, 0).ok());
  }
  EXPECT_NE(Find(followers[2]->status(), AlarmKind::kWithheld), nullptr);
  MutexLock lock(&mu);
  kept.clear();
}

TEST_F(FollowerTest, AHeadThatShrinksIsAnAlarm) {
  Grow(5);
  live_.ShowAll();
  Open();
  Look();
  live_.Show(ends_[2]);
  FollowerStatus status = Look();
  ASSERT_NE(Find(status, AlarmKind::kShrank), nullptr);
  EXPECT_EQ(status.verified.size, log_.size());
  EXPECT_EQ(status.stopped, "");
  // Also against what was shown before a restart.
  Open();
  EXPECT_NE(Find(Look(), AlarmKind::kShrank), nullptr);
  live_.ShowAll();
  EXPECT_TRUE(Look().alarms.empty());
}

TEST_F(FollowerTest, SilenceAndAgeAreAlarmsThatEnd) {
  Grow(2);
  live_.ShowAll();
  Open();
  Look();
  live_.Answer("checkpoint", absl::UnavailableError("down"));
  now_s_ += 50;
  EXPECT_TRUE(Look().alarms.empty());
  now_s_ += 11;
  const FollowerStatus status = Look();
  ASSERT_NE(Find(status, AlarmKind::kSilent), nullptr);
  EXPECT_EQ(Find(status, AlarmKind::kSilent)->since_s, now_s_);
  now_s_ += 3600;
  EXPECT_NE(Find(Look(), AlarmKind::kStale), nullptr);
  live_.AnswerAsItIs("checkpoint");
  EXPECT_EQ(Find(Look(), AlarmKind::kSilent), nullptr);
  seal_s_ = now_s_;
  Grow(1);
  live_.ShowAll();
  EXPECT_TRUE(Look().alarms.empty());
  EXPECT_EQ(said_.size(), 4u);
}

TEST_F(FollowerTest, ApproveWaitsForTheReading) {
  Grow(3);
  Open();
  follower_->Start();
  live_.ShowAll();
  EXPECT_TRUE(
      follower_->Approve({kOrigin, log_.Head(log_.size())}, 20000).ok());
  // What the log has not shown is not verified, and nobody waits for ever.
  const uint64_t shown = log_.size();
  live_.Meanwhile([this] { Grow(1); });
  EXPECT_EQ(follower_->Approve({kOrigin, log_.Head(log_.size())}, 50).code(),
            absl::StatusCode::kUnavailable);
  // A head that ends within a batch, or with another root.
  EXPECT_EQ(follower_->Approve({kOrigin, log_.Head(shown - 1)}, 0).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(follower_->Approve({kOrigin, {shown, {}}}, 0).code(),
            absl::StatusCode::kFailedPrecondition);
  follower_->Stop();
}

TEST_F(FollowerTest, ACosignerIsAskedForWhatIsVerified) {
  Open();
  EXPECT_EQ(follower_->CosignatureRequest(0).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Grow(7);
  live_.ShowAll();
  Look();
  const uint64_t size = log_.size();
  for (const uint64_t old_size : ends_) {
    if (old_size == size) continue;
    SCOPED_TRACE(old_size);
    const auto asked = follower_->CosignatureRequest(old_size);
    ASSERT_TRUE(asked.ok()) << asked.status();
    WitnessRequest request;
    ASSERT_EQ(ParseWitnessRequest(*asked, &request), Finding::kOk);
    EXPECT_EQ(request.old_size, old_size);
    EXPECT_EQ(request.note, log_.Checkpoint(size));
    EXPECT_EQ(
        JudgeWitnessRequest(request, {log_.key()}, log_.Head(old_size)).status,
        WitnessStatus::kCosign);
    // Who cosigned another history is not talked into this one.
    TreeHead other = log_.Head(old_size);
    other.root[0] ^= 1;
    EXPECT_NE(JudgeWitnessRequest(request, {log_.key()}, other).status,
              WitnessStatus::kCosign);
  }
  for (const uint64_t old_size : {size, size + 1}) {
    EXPECT_EQ(follower_->CosignatureRequest(old_size).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

// --- Cosigned heads
// ----------------------------------------------------------------------

class CosignedFollowerTest : public FollowerTest {
 protected:
  CosignedFollowerTest() {
    const std::string policy =
        absl::StrCat("log ", FormatVkey(log_.key()), "\nwitness a ",
                     FormatVkey(a_.key()), "\nwitness b ", FormatVkey(b_.key()),
                     "\ngroup both all a b\n", "quorum both\n");
    Policy parsed;
    EXPECT_EQ(ParsePolicy(policy, &parsed, nullptr), Finding::kOk);
    policy_ = parsed;
  }

  void OpenWithPolicy() {
    follower_.reset();
    FollowerOptions options = Options(folder_);
    options.policy = policy_;
    options.cosigned_period_ms = 0;
    auto opened =
        OpenFollower(options, std::make_unique<LiveFetcher>(&live_), nullptr);
    ASSERT_TRUE(opened.ok()) << opened.status();
    follower_ = *std::move(opened);
  }

  std::string Cosigned(const std::string& note,
                       const std::vector<const NoteSigner*>& signers,
                       uint64_t time_s) {
    std::string cosigned = note;
    Note parts;
    EXPECT_EQ(SplitNote(note, &parts), Finding::kOk);
    for (const NoteSigner* const signer : signers) {
      std::string line;
      EXPECT_TRUE(signer->Sign(parts.text, time_s, &line));
      cosigned += line;
    }
    return cosigned;
  }

  const Ed25519NoteSigner a_{"witness.example/a", kKeyTypeCosignatureEd25519,
                             std::string(32, 'a')};
  const Ed25519NoteSigner b_{"witness.example/b", kKeyTypeCosignatureEd25519,
                             std::string(32, 'b')};
  std::optional<Policy> policy_;
};

TEST_F(CosignedFollowerTest, AQuorumHasAnAgeAndIsLost) {
  Grow(4);
  live_.ShowAll();
  OpenWithPolicy();
  EXPECT_TRUE(Look().alarms.empty());
  const std::string note = log_.Checkpoint(log_.size());
  live_.Answer("cosigned/checkpoint", Cosigned(note, {&a_, &b_}, now_s_ - 10));
  FollowerStatus status = Look();
  EXPECT_EQ(status.cosigned, log_.Head(log_.size()));
  EXPECT_EQ(status.cosigned_s, now_s_ - 10);
  now_s_ += 595;
  EXPECT_NE(Find(Look(), AlarmKind::kQuorumLost), nullptr);
  // One of the two is not the quorum; both are.
  live_.Answer("cosigned/checkpoint", Cosigned(note, {&a_}, now_s_));
  EXPECT_NE(Find(Look(), AlarmKind::kQuorumLost), nullptr);
  live_.Answer("cosigned/checkpoint", Cosigned(note, {&a_, &b_}, now_s_));
  status = Look();
  EXPECT_TRUE(status.alarms.empty());
  EXPECT_EQ(status.cosigned_s, now_s_);
}

TEST_F(CosignedFollowerTest, ADamagedOneIsAnAlarm) {
  Grow(4);
  live_.ShowAll();
  OpenWithPolicy();
  std::string note = Cosigned(log_.Checkpoint(log_.size()), {&a_, &b_}, now_s_);
  note[note.size() - 5] ^= 1;
  for (const std::string& answer : {note, std::string("x")}) {
    live_.Answer("cosigned/checkpoint", answer);
    const FollowerStatus status = Look();
    ASSERT_NE(Find(status, AlarmKind::kUnsound), nullptr);
    EXPECT_EQ(Find(status, AlarmKind::kUnsound)->path, "cosigned/checkpoint");
    EXPECT_EQ(status.cosigned.size, 0u);
  }
}

// The log shows us one history, and to its cosigners another.
TEST_F(CosignedFollowerTest, AnotherHistoryThereConvicts) {
  Grow(2);
  for (const bool ahead : {false, true}) {
    SmallLog twin = log_;
    twin.Seal(seal_s_ + 1);
    if (ahead) {
      for (int i = 0; i < 40; ++i) twin.Seal(seal_s_ + 1);
    }
    Grow(3);
    live_.ShowAll();
    follower_.reset();
    std::filesystem::remove_all(folder_);
    OpenWithPolicy();
    live_.Answer("cosigned/checkpoint",
                 Cosigned(twin.Checkpoint(twin.size()), {&a_, &b_}, now_s_));
    FollowerStatus status = Look();
    if (ahead) {
      EXPECT_EQ(status.stopped, "");
      while (log_.size() < twin.size()) Grow(3);
      live_.ShowAll();
      status = Look();
    }
    EXPECT_NE(status.stopped, "");
    ConvictionReport report;
    EXPECT_EQ(JudgeConviction(*ReadFile(status.conviction_path, 1 << 20),
                              log_.key(), &report),
              Finding::kOk);
    EXPECT_EQ(report.kind, ConvictionKind::kFork);
  }
}

// --- Two histories
// --------------------------------------------------------------------------

class FollowerForkTest : public FollowerTest {
 protected:
  // Our history up to `end`, and then another.
  SmallLog Twin(size_t end, int batches, int leaves = 20) {
    SmallLog twin = at_.at(end);
    for (int i = 0; i < batches; ++i) {
      for (int k = 0; k < leaves; ++k) {
        twin.AddLeaf(FormatSubjectLeaf(
            Sha256(absl::StrCat("other ", i, " ", k)), Sha256("x")));
      }
      twin.Seal(seal_s_ + 1);
    }
    return twin;
  }
  void GrowAndKeep(int batches) {
    for (int i = 0; i < batches; ++i) {
      at_.emplace(ends_.size() - 1, log_);
      Batch(20);
    }
  }

  void ExpectForkFile(const std::string& bytes) {
    ConvictionReport report;
    EXPECT_EQ(JudgeConviction(bytes, log_.key(), &report), Finding::kOk);
    EXPECT_EQ(report.kind, ConvictionKind::kFork);
  }
  void ExpectStopped(const FollowerStatus& status) {
    EXPECT_THAT(status.stopped, HasSubstr(kOrigin));
    EXPECT_NE(status.conviction_path, "");
    ExpectForkFile(*ReadFile(status.conviction_path, 1 << 20));
    for (const uint64_t end : ends_) {
      EXPECT_EQ(follower_->Approve({kOrigin, log_.Head(end)}, 0).code(),
                absl::StatusCode::kFailedPrecondition);
    }
    EXPECT_EQ(follower_->CosignatureRequest(0).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }

  std::map<size_t, SmallLog> at_;  // by number of batches
};

TEST_F(FollowerForkTest, IsConvictedByWhatTheLogShowsUs) {
  GrowAndKeep(12);
  const std::vector<uint64_t> shown = {ends_[4], ends_[8], log_.size()};
  for (const uint64_t size : shown) {
    // Another head of the size, a smaller and a larger one.
    for (const int batches : {1, 2, 40}) {
      SCOPED_TRACE(batches);
      follower_.reset();
      std::filesystem::remove_all(folder_);
      live_.Show(size);
      Open();
      ExpectVerified(Look(), size);
      const SmallLog twin = Twin(3, batches);
      LiveLog other(&twin);
      auto opened =
          OpenFollower(Options(root_ + "/none"),
                       std::make_unique<LiveFetcher>(&other), nullptr);
      ASSERT_TRUE(opened.ok());
      // The same state, another history.
      follower_.reset();
      opened = OpenFollower(Options(folder_),
                            std::make_unique<LiveFetcher>(&other), nullptr);
      ASSERT_TRUE(opened.ok()) << opened.status();
      follower_ = *std::move(opened);
      const FollowerStatus status = Look();
      EXPECT_EQ(status.verified, log_.Head(size));
      ExpectStopped(status);
      // For good.
      Open();
      live_.ShowAll();
      ExpectStopped(Look());
      EXPECT_EQ(follower_->status().verified, log_.Head(size));
    }
  }
}

TEST_F(FollowerForkTest, IsConvictedByANoteFromElsewhereWithoutTheLog) {
  GrowAndKeep(12);
  live_.ShowAll();
  for (const size_t batches : {1, 3, 9}) {
    follower_.reset();
    std::filesystem::remove_all(folder_);
    Open();
    Look();
    live_.Asked();
    const SmallLog twin = Twin(2, static_cast<int>(batches));
    const auto compared = follower_->Compare(twin.Checkpoint(twin.size()));
    ASSERT_TRUE(compared.ok()) << compared.status();
    EXPECT_EQ(compared->relation, Follower::Relation::kFork);
    ASSERT_TRUE(compared->conviction.has_value());
    ExpectForkFile(compared->conviction->bytes);
    ExpectStopped(follower_->status());
    EXPECT_TRUE(live_.Asked().empty());
  }
}

TEST_F(FollowerForkTest, NotesOfOthersSayNothing) {
  GrowAndKeep(3);
  live_.ShowAll();
  Open();
  Look();
  const SmallLog stranger("log.example/other");
  EXPECT_EQ(follower_->Compare(stranger.Checkpoint(2)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(follower_->Compare("x").status().code(),
            absl::StatusCode::kInvalidArgument);
  GrowAndKeep(1);
  EXPECT_EQ(follower_->Compare(log_.Checkpoint(log_.size()))->relation,
            Follower::Relation::kAhead);
  EXPECT_EQ(follower_->status().stopped, "");
}

TEST_F(FollowerForkTest, AHeadWithinABatchConvicts) {
  GrowAndKeep(3);
  live_.ShowAll();
  Open();
  Look();
  const auto compared = follower_->Compare(log_.Checkpoint(log_.size() - 3));
  ASSERT_TRUE(compared.ok());
  EXPECT_EQ(compared->relation, Follower::Relation::kNoBatch);
  ASSERT_TRUE(compared->conviction.has_value());
  EXPECT_NE(follower_->status().conviction_path, "");
}

}  // namespace
}  // namespace vidimus
