// For tests: the base of fixtures that hold an access log on memory and the
// test's disk. It runs on the test's thread and nothing happens but by the
// test's hand; it can be killed and opened again.
#ifndef VIDIMUS_LOG_MEMORY_LOG_H_
#define VIDIMUS_LOG_MEMORY_LOG_H_

#include <prometheus/registry.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "log/log.h"
#include "log/log_testing.h"
#include "log/memory_storage.h"
#include "log/signing_lock.h"
#include "proto/vidimus.pb.h"
#include "verifier/signing.h"

namespace vidimus {

class MemoryLog {
 protected:
  // Two administrations. Its files lie in `folder`, which is made. Opened by
  // the fixture, which may change what it opens with before.
  explicit MemoryLog(std::string folder = FolderOfTest(), uint64_t seed = 42);
  ~MemoryLog() = default;

  // A folder by the name of the test that runs.
  static std::string FolderOfTest();

  // Kills the process, if there is one, and starts another on what is durable.
  // Whoever holds the log must have let go of it.
  void OpenLog();

  // Hands in entries of administration `a`, signed by `entry_seed`, and runs
  // the sequencer once.
  absl::StatusOr<v1::SubmitResponse> Submit(
      uint32_t a, const std::vector<v1::Entry>& entries,
      const std::string& entry_seed);

  SeededRandom random_;
  FakeClock clock_;
  MemoryRows rows_;
  const Ed25519NoteSigner signer_;
  const std::string id_key_, vault_key_, folder_;
  TestRegister register_;
  // But for opening_register, which is register_'s.
  LogOptions options_;
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<MemoryStorage> storage_;
  std::unique_ptr<SigningLock> lock_;
  std::unique_ptr<Log> log_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_MEMORY_LOG_H_
