#include "log/operator_socket.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace vidimus {
namespace {

using vault::OperatorAnswer;
using vault::OperatorRequest;

class OperatorSocketTest : public ::testing::Test {
 protected:
  OperatorSocketTest() : folder_(::testing::TempDir() + "/operatorXXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }

  void Open(OperatorSocket::Handler handler) {
    auto opened = OperatorSocket::Open(folder_, "door", std::move(handler));
    ASSERT_TRUE(opened.ok()) << opened.status();
    socket_ = *std::move(opened);
  }

  std::string folder_;
  std::unique_ptr<OperatorSocket> socket_;
};

TEST_F(OperatorSocketTest, AnswersWhatIsAsked) {
  Open([](const OperatorRequest& request) {
    OperatorAnswer answer;
    answer.set_size(request.leaf_index(0) + 1);
    return answer;
  });
  OperatorRequest request;
  request.add_leaf_index(41);
  const auto answer = AskOperatorSocket(folder_, "door", request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->size(), 42u);
}

TEST_F(OperatorSocketTest, GivesRefusalsWithTheirReason) {
  Open([](const OperatorRequest&) {
    return absl::FailedPreconditionError("it is held");
  });
  const auto answer = AskOperatorSocket(folder_, "door", {});
  EXPECT_EQ(answer.status(), absl::FailedPreconditionError("it is held"));
}

TEST_F(OperatorSocketTest, IsItsOwnersAlone) {
  Open([](const OperatorRequest&) { return OperatorAnswer(); });
  struct stat stat;
  ASSERT_EQ(::stat((folder_ + "/door").c_str(), &stat), 0);
  EXPECT_TRUE(S_ISSOCK(stat.st_mode));
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
}

TEST_F(OperatorSocketTest, SaysThatNoServerRuns) {
  EXPECT_TRUE(
      absl::IsUnavailable(AskOperatorSocket(folder_, "door", {}).status()));
  Open([](const OperatorRequest&) { return OperatorAnswer(); });
  socket_.reset();
  EXPECT_TRUE(
      absl::IsUnavailable(AskOperatorSocket(folder_, "door", {}).status()));
}

TEST_F(OperatorSocketTest, TakesThePlaceOfWhatADeadServerLeft) {
  Open([](const OperatorRequest&) { return OperatorAnswer(); });
  ASSERT_EQ(link((folder_ + "/door").c_str(), (folder_ + "/kept").c_str()), 0);
  socket_.reset();
  ASSERT_EQ(rename((folder_ + "/kept").c_str(), (folder_ + "/door").c_str()),
            0);
  EXPECT_FALSE(AskOperatorSocket(folder_, "door", {}).ok());
  Open([](const OperatorRequest&) { return OperatorAnswer(); });
  EXPECT_TRUE(AskOperatorSocket(folder_, "door", {}).ok());
}

TEST_F(OperatorSocketTest, OutlivesCallersWhoTalkNonsense) {
  Open([](const OperatorRequest&) { return OperatorAnswer(); });
  const std::vector<std::string> nonsense = {
      "", "\xff\xff\xff\xff", std::string("\0\0\0\4\xff\xff\xff\xff", 8),
      std::string("\0\0\1\0short", 9)};
  for (const std::string& bytes : nonsense) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    // Short enough in a test's folder, or not connected: then nothing is sent.
    const std::string path = folder_ + "/door";
    if (path.size() < sizeof(address.sun_path)) {
      path.copy(address.sun_path, path.size());
      ASSERT_EQ(
          connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
          0);
      EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(bytes.size()));
    }
    close(fd);
  }
  EXPECT_TRUE(AskOperatorSocket(folder_, "door", {}).ok());
}

TEST_F(OperatorSocketTest, AnswersSeveralAtOnce) {
  Open([](const OperatorRequest& request) {
    OperatorAnswer answer;
    answer.set_size(request.until_s());
    return answer;
  });
  std::vector<std::thread> callers;
  for (uint64_t i = 0; i < 8; ++i) {
    callers.emplace_back([this, i] {
      for (int n = 0; n < 20; ++n) {
        OperatorRequest request;
        request.set_until_s(i);
        const auto answer = AskOperatorSocket(folder_, "door", request);
        ASSERT_TRUE(answer.ok()) << answer.status();
        EXPECT_EQ(answer->size(), i);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace vidimus
