#include "client/outbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

#include "client/random.h"

namespace vidimus {
namespace {

v1::SubmitRequest Request(int first, int count) {
  v1::SubmitRequest request;
  request.set_origin("log.example/test");
  request.set_administration(3);
  for (int k = 0; k < count; ++k) {
    v1::Entry* entry = request.add_entries();
    char id[17];
    snprintf(id, sizeof(id), "id%014d", first + k);
    entry->set_entry_id(id);
    entry->set_record("PERSONAL record of somebody");
    entry->set_record_salt(RandomBytes(16));
    entry->set_actor_salt(RandomBytes(16));
  }
  return request;
}

EntryId Id(int number) {
  char text[17];
  snprintf(text, sizeof(text), "id%014d", number);
  EntryId id;
  EXPECT_TRUE(EntryIdFromBytes(text, &id));
  return id;
}

std::vector<std::string> Names(const std::string& folder) {
  std::vector<std::string> names;
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return names;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(dir);
  return names;
}

std::string Content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// Whether any file below `folder` holds something personal.
bool HoldsPersonal(const std::string& folder) {
  for (const std::string& name : Names(folder)) {
    const std::string path = folder + "/" + name;
    if (!Names(path).empty() && HoldsPersonal(path)) return true;
    if (Content(path).find("PERSONAL") != std::string::npos) return true;
  }
  return false;
}

class OutboxTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/outbox_" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    Open();
  }

  void Open() {
    outbox_.reset();
    auto outbox = Outbox::Open(folder_);
    ASSERT_TRUE(outbox.ok()) << outbox.status();
    outbox_ = *std::move(outbox);
  }

  std::string RequestFile(uint64_t number) const {
    char name[40];
    snprintf(name, sizeof(name), "/%012llu.request",
             static_cast<unsigned long long>(number));
    return folder_ + name;
  }

  std::string folder_;
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(OutboxTest, GivesBackAfterARestartWhatWasPut) {
  const v1::SubmitRequest one = Request(0, 3), two = Request(10, 1);
  const uint64_t first = *outbox_->Put(one);
  const uint64_t second = *outbox_->Put(two);
  Open();
  EXPECT_EQ(outbox_->Pending(), (std::vector<uint64_t>{first, second}));
  EXPECT_EQ(outbox_->Read(first)->SerializeAsString(), one.SerializeAsString());
  EXPECT_EQ(outbox_->Read(second)->SerializeAsString(),
            two.SerializeAsString());
  EXPECT_EQ(outbox_->Find(Id(2)), Outbox::Known::kPending);
  EXPECT_EQ(outbox_->Find(Id(3)), Outbox::Known::kNo);
  EXPECT_GT(*outbox_->Put(Request(20, 1)), second);
}

TEST_F(OutboxTest, IsItsOwnersAlone) {
  const uint64_t number = *outbox_->Put(Request(0, 1));
  struct stat info;
  ASSERT_EQ(stat(RequestFile(number).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(folder_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(OutboxTest, ErasesThePersonalPartOnceDoneAndRemembersTheIds) {
  const v1::SubmitRequest request = Request(0, 3);
  const uint64_t number = *outbox_->Put(request);
  ASSERT_TRUE(HoldsPersonal(folder_));
  // A second name shows what becomes of the bytes.
  const std::string same = folder_ + "/same";
  ASSERT_EQ(link(RequestFile(number).c_str(), same.c_str()), 0);
  ASSERT_TRUE(outbox_->Done(number, request, {7, 5, 6}).ok());
  ASSERT_TRUE(outbox_->Flush().ok());
  EXPECT_FALSE(HoldsPersonal(folder_));
  EXPECT_EQ(Content(same).find_first_not_of('\0'), std::string::npos);
  EXPECT_TRUE(outbox_->Pending().empty());
  EXPECT_EQ(*outbox_->LeafIndexOf(Id(1)), 5u);
  Open();
  EXPECT_TRUE(outbox_->Pending().empty());
  EXPECT_EQ(outbox_->Find(Id(2)), Outbox::Known::kDone);
  EXPECT_EQ(*outbox_->LeafIndexOf(Id(2)), 6u);
  EXPECT_FALSE(outbox_->LeafIndexOf(Id(3)).ok());
}

TEST_F(OutboxTest, FinishesWhatIsDoneWhenItCloses) {
  for (int i = 0; i < 20; ++i) {
    const v1::SubmitRequest request = Request(i * 10, 2);
    const uint64_t number = *outbox_->Put(request);
    ASSERT_TRUE(outbox_->Done(number, request, {1, 2}).ok());
  }
  outbox_.reset();
  EXPECT_FALSE(HoldsPersonal(folder_));
}

TEST_F(OutboxTest, IsOpenOnce) {
  const auto second = Outbox::Open(folder_);
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
}

TEST_F(OutboxTest, KeepsTheCheckpointWithTheNextThatIsDone) {
  EXPECT_EQ(outbox_->checkpoint_at_open(), "");
  const v1::SubmitRequest request = Request(0, 1);
  const uint64_t number = *outbox_->Put(request);
  outbox_->SetCheckpoint("newest\n");
  ASSERT_TRUE(outbox_->Done(number, request, {0}).ok());
  Open();
  EXPECT_EQ(outbox_->checkpoint_at_open(), "newest\n");
}

TEST_F(OutboxTest, PutsRefusedEntriesAsideAndGoesOnWithTheRest) {
  const uint64_t number = *outbox_->Put(Request(0, 3));
  v1::SubmitRequest refused = Request(1, 1), rest = Request(0, 1);
  *rest.add_entries() = Request(2, 1).entries(0);
  const uint64_t next = *outbox_->Refuse(number, refused, rest);
  EXPECT_EQ(outbox_->Pending(), std::vector<uint64_t>{next});
  EXPECT_EQ(outbox_->refused_files(), 1u);
  // Who mends the cause may submit it again.
  EXPECT_EQ(outbox_->Find(Id(1)), Outbox::Known::kNo);
  EXPECT_EQ(outbox_->Find(Id(2)), Outbox::Known::kPending);
  Open();
  EXPECT_EQ(outbox_->Pending(), std::vector<uint64_t>{next});
  EXPECT_EQ(outbox_->Read(next)->entries_size(), 2);
  EXPECT_EQ(outbox_->refused_files(), 1u);
  EXPECT_EQ(*outbox_->Refuse(next, rest, v1::SubmitRequest()), 0u);
  EXPECT_TRUE(outbox_->Pending().empty());
}

TEST_F(OutboxTest, KeepsEvidence) {
  const auto path = outbox_->KeepEvidence("the answer");
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(Content(*path), "the answer");
}

TEST_F(OutboxTest, DropsWhatPutNeverSaidOkTo) {
  std::ofstream(folder_ + "/000000000007.request.new") << "PERSONAL half a re";
  Open();
  EXPECT_TRUE(outbox_->Pending().empty());
  EXPECT_FALSE(HoldsPersonal(folder_));
}

TEST_F(OutboxTest, FinishesErasingAfterACrash) {
  std::ofstream(folder_ + "/000000000007.erase") << "PERSONAL half erased";
  Open();
  EXPECT_TRUE(outbox_->Pending().empty());
  EXPECT_FALSE(HoldsPersonal(folder_));
}

TEST_F(OutboxTest, TakesADoneFileThatBreaksOff) {
  const v1::SubmitRequest request = Request(0, 2);
  const uint64_t number = *outbox_->Put(request);
  ASSERT_TRUE(outbox_->Done(number, request, {8, 9}).ok());
  outbox_.reset();
  const std::string done = folder_ + "/done/" + Names(folder_ + "/done")[0];
  const std::string whole = Content(done);
  ASSERT_EQ(whole.size(), 48u);
  for (const std::string& torn :
       {whole.substr(0, 30), whole + "half", whole + std::string(24, '\0')}) {
    std::ofstream(done, std::ios::trunc) << torn;
    Open();
    EXPECT_EQ(*outbox_->LeafIndexOf(Id(0)), 8u);
    EXPECT_EQ(outbox_->Find(Id(1)),
              torn.size() < 48 ? Outbox::Known::kNo : Outbox::Known::kDone);
    outbox_.reset();
  }
}

TEST_F(OutboxTest, RefusesADamagedRequestByName) {
  const uint64_t number = *outbox_->Put(Request(0, 2));
  outbox_.reset();
  const std::string path = RequestFile(number);
  const std::string whole = Content(path);
  for (const size_t at :
       {size_t{0}, size_t{20}, size_t{60}, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    std::ofstream(path, std::ios::trunc) << damaged;
    const absl::Status status = Outbox::Open(folder_).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_NE(status.message().find(path), std::string::npos);
    EXPECT_EQ(status.message().find("PERSONAL"), std::string::npos);
  }
  std::ofstream(path, std::ios::trunc) << whole.substr(0, whole.size() - 1);
  EXPECT_TRUE(absl::IsDataLoss(Outbox::Open(folder_).status()));
}

TEST_F(OutboxTest, ForgetsIdsAfterEightDays) {
  const v1::SubmitRequest request = Request(0, 1);
  const uint64_t number = *outbox_->Put(request);
  ASSERT_TRUE(outbox_->Done(number, request, {0}).ok());
  outbox_.reset();
  const std::string done = folder_ + "/done/" + Names(folder_ + "/done")[0];
  const auto age = [&](int days) {
    timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= days * 86400;
    times[1] = times[0];
    ASSERT_EQ(utimensat(AT_FDCWD, done.c_str(), times, 0), 0);
  };
  age(7);
  Open();
  EXPECT_EQ(outbox_->Find(Id(0)), Outbox::Known::kDone);
  age(9);
  Open();
  EXPECT_EQ(outbox_->Find(Id(0)), Outbox::Known::kNo);
}

// Goal: what Put said OK to is there after the process died at any moment, and
// what Done's Flush said OK to is erased. Method: a child puts and finishes
// requests and tells each step through a pipe; it is killed at random.
TEST_F(OutboxTest, LosesNothingWhenItsProcessIsKilled) {
  outbox_.reset();
  int put_in_all = 0;
  std::set<int> put, done;
  for (int round = 0; round < 8; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      auto outbox = Outbox::Open(folder_);
      if (!outbox.ok()) _exit(1);
      for (int i = put_in_all;; ++i) {
        const v1::SubmitRequest request = Request(i, 1);
        const auto number = (*outbox)->Put(request);
        if (!number.ok()) _exit(1);
        const int said[2] = {i, 0};
        if (write(pipe_ends[1], said, sizeof(said)) < 0) _exit(1);
        if (i % 3 != 0) continue;
        if (!(*outbox)->Done(*number, request, {uint64_t(i)}).ok()) _exit(1);
        if (i % 6 == 0) {
          if (!(*outbox)->Flush().ok()) _exit(1);
          const int finished[2] = {i, 1};
          if (write(pipe_ends[1], finished, sizeof(finished)) < 0) _exit(1);
        }
      }
    }
    close(pipe_ends[1]);
    usleep(static_cast<useconds_t>(20000 + RandomBelow(60000)));
    kill(child, SIGKILL);
    int said[2];
    while (read(pipe_ends[0], said, sizeof(said)) == sizeof(said)) {
      (said[1] == 0 ? put : done).insert(said[0]);
      put_in_all = std::max(put_in_all, said[0] + 2);
    }
    close(pipe_ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "child failed in round " << round;

    Open();
    for (const int i : put) {
      const Outbox::Known known = outbox_->Find(Id(i));
      EXPECT_NE(known, Outbox::Known::kNo) << i;
      if (done.count(i) > 0) {
        EXPECT_EQ(known, Outbox::Known::kDone) << i;
      }
      if (i % 3 != 0) {
        EXPECT_EQ(known, Outbox::Known::kPending) << i;
      }
    }
    outbox_.reset();
  }
  EXPECT_GT(put.size(), 8u);
}

// A full disk, by a limit on the size of files.
TEST_F(OutboxTest, StopsForGoodWhenAWriteFails) {
  const uint64_t number = *outbox_->Put(Request(0, 1));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 10;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto failed = outbox_->Put(Request(5, 1));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(failed.ok());
  // The disk is well again, but what is on it is not known.
  EXPECT_FALSE(outbox_->Put(Request(6, 1)).ok());
  EXPECT_FALSE(outbox_->Flush().ok());
  Open();
  EXPECT_EQ(outbox_->Pending(), std::vector<uint64_t>{number});
  EXPECT_TRUE(outbox_->Put(Request(7, 1)).ok());
}

}  // namespace
}  // namespace vidimus
