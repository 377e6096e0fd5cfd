// For tests: a log with its clock, randomness and storage in the test's hands,
// and the stranger's eye that ends each of them.
#ifndef VIDIMUS_LOG_LOG_TESTING_H_
#define VIDIMUS_LOG_LOG_TESTING_H_

#include <prometheus/registry.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "log/clock.h"
#include "log/log.h"
#include "proto/vidimus.pb.h"
#include "verifier/signing.h"

namespace vidimus {

// Stands still until it is set. Any thread.
class FakeClock : public Clock {
 public:
  int64_t NowMs() override { return now_ms_; }
  int64_t SteadyMs() override { return steady_ms_; }
  void Advance(int64_t ms) {
    now_ms_ += ms;
    steady_ms_ += ms;
  }
  // The wall clock alone: as when somebody sets it.
  void Step(int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<int64_t> now_ms_{1767225600000};  // 2026-01-01
  std::atomic<int64_t> steady_ms_{1000000};
};

// The same bytes for the same seed. One thread at a time.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  std::string Draw(size_t size) override;
  uint64_t Below(uint64_t bound) { return engine_() % bound; }

 private:
  std::mt19937_64 engine_;
};

inline constexpr char kTestOrigin[] = "vidimus.example/test/2026h1";

// The private halves of a test's access log.
struct TestRegister {
  OpeningRegister opening;
  std::vector<std::string> entry_seeds;  // of administration 0, 1, ...
  std::string label_seed;
  std::string publisher_seed;
};
TestRegister MakeTestRegister(int administrations, Random* random,
                              uint64_t min_batch = 8);

// Adds identity service 0, whose key has this seed, to what the log opens with.
void AddTestIdentityService(const std::string& service_seed,
                            TestRegister* added_to);

// A document of the test's register.
std::string SignTestDocument(const google::protobuf::Message& message,
                             const RegisterId& id,
                             const std::string& publisher_seed);

// s of the resident whom `number` names.
std::string TestSubject(uint64_t number);

// A well-formed entry of administration `a` about TestSubject(number); the same
// arguments and `random` state give the same entry.
v1::Entry MakeTestEntry(uint32_t a, uint64_t number, Random* random);
// A signed request of such entries.
v1::SubmitRequest SignTestRequest(uint32_t a, std::vector<v1::Entry> entries,
                                  const std::string& entry_seed);

// An opaque submission of `entries`, whose answer goes to `*answer`; ids make
// it idempotent if given (one for each, 16 bytes).
Submission MakeTestSubmission(const std::vector<std::string>& entries,
                              const std::vector<std::string>& ids,
                              const IdTagger& tagger,
                              absl::StatusOr<Placement>* answer);

// Re-reads all that is stored and verifies it with verifier/ alone, up to
// `checkpoint` (which must be signed by `key`). OK, or what is wrong and where.
absl::Status JudgeStoredLog(Storage* storage, bool access_log,
                            const VerifierKey& key,
                            const std::string& checkpoint);

}  // namespace vidimus

// Ends each test of a log: everything stored verifies under its newest
// checkpoint.
#define EXPECT_LOG_IS_SOUND(log, storage, key)                              \
  EXPECT_TRUE(::vidimus::JudgeStoredLog((storage), !(log)->opaque(), (key), \
                                        (log)->Latest()->checkpoint)        \
                  .ok())                                                    \
      << ::vidimus::JudgeStoredLog((storage), !(log)->opaque(), (key),      \
                                   (log)->Latest()->checkpoint)

#endif  // VIDIMUS_LOG_LOG_TESTING_H_
