#include "log/memory_log.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "log/disk.h"
#include "log/submit_service.h"
#include "log/worker_pool.h"
#include "verifier/check.h"

namespace vidimus {

MemoryLog::MemoryLog(std::string folder, uint64_t seed)
    : random_(seed),
      signer_(kTestOrigin, kKeyTypeEd25519, random_.Draw(kEd25519SeedBytes)),
      id_key_(random_.Draw(32)),
      vault_key_(random_.Draw(32)),
      folder_(std::move(folder)),
      register_(MakeTestRegister(2, &random_)) {
  CHECK(PosixDisk()->MakeFolder(folder_).ok());
}

std::string MemoryLog::FolderOfTest() {
  return absl::StrCat(
      ::testing::TempDir(), "/",
      ::testing::UnitTest::GetInstance()->current_test_info()->name());
}

void MemoryLog::OpenLog() {
  log_.reset();
  lock_.reset();
  registry_ = std::make_unique<prometheus::Registry>();
  storage_ = std::make_unique<MemoryStorage>(&rows_);
  auto lock = OpenSigningLock(PosixDisk(), folder_ + "/signing.lock");
  ASSERT_TRUE(lock.ok()) << lock.status();
  lock_ = *std::move(lock);
  LogOptions options = options_;
  options.opening_register = register_.opening;
  auto log = Log::Open(
      options, {storage_.get(), lock_.get(), PosixDisk(), &clock_, &random_,
                &signer_, registry_.get(), folder_ + "/ids", folder_ + "/vault",
                id_key_, vault_key_, register_.label_seed, folder_ + "/index",
                folder_ + "/erasures"});
  ASSERT_TRUE(log.ok()) << log.status();
  log_ = *std::move(log);
}

absl::StatusOr<v1::SubmitResponse> MemoryLog::Submit(
    uint32_t a, const std::vector<v1::Entry>& entries,
    const std::string& entry_seed) {
  absl::StatusOr<v1::SubmitResponse> answer =
      absl::InternalError("not answered");
  WorkerPool workers(0);
  SubmitService service({}, log_.get(), &workers);
  service.Submit(SignTestRequest(a, entries, entry_seed), a,
                 [&](absl::StatusOr<v1::SubmitResponse> response) {
                   answer = std::move(response);
                 });
  EXPECT_TRUE(log_->RunOnce().ok());
  return answer;
}

}  // namespace vidimus
