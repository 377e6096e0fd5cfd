// A log as a wallet sees it: how the resident's chains stand, judged by the
// verifier, and a door by which statements are filed.
#ifndef VIDIMUS_CLIENT_CONSENT_LOG_H_
#define VIDIMUS_CLIENT_CONSENT_LOG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/resident.h"
#include "client/resident_door.h"
#include "client/statement_maker.h"
#include "client/statement_words.h"
#include "proto/vidimus.pb.h"
#include "verifier/chain.h"
#include "verifier/history.h"
#include "verifier/standing.h"

namespace vidimus {

// One chain.
struct ChainView {
  uint32_t administration = 0;
  // Why it can't be judged; empty if it is. Nothing else is then set.
  std::string gap;
  History history;
  std::vector<StandingStatement> statements;
  ChainStanding standing;
};

// All chains of a resident at one head. Views point into what it owns.
struct ResidentView {
  ResidentView() = default;
  ResidentView(const ResidentView&) = delete;

  std::string origin;
  std::string subject;
  std::vector<ChainView> chains;  // by number; `self` last
  uint32_t administrations = 0;   // in the register
  // By number; empty for one that has none.
  std::vector<std::string> organisations;
  uint64_t head_time_s = 0;
  uint64_t recovery_s = 0;
  // What the check said beyond the chains, if not all is well: its first line.
  std::string warning;

  const ChainView* Find(uint32_t administration) const;
  // What people call things, in this language if the register has it.
  Names NamesIn(absl::string_view language) const;

  // Names by language.
  std::map<std::string, Names> names;
  std::string bundle;
  ChainsReport report;
};

// One thread at a time.
class ConsentLog {
 public:
  virtual ~ConsentLog() = default;

  // Asks for everything and judges it. kUnavailable: the log does not answer;
  // kDataLoss: what it says is wrong; kUnauthenticated: who is asking?
  virtual absl::StatusOr<std::unique_ptr<ResidentView>> Look() = 0;

  // Files these, all or none, and judges the answer: OK only if the log shows
  // that each is in it. kDataLoss: its answer is wrong. Else what the log said
  // (proto/vidimus.proto), kUnavailable if nothing.
  virtual absl::Status File(const std::vector<v1::Entry>& entries) = 0;
};

// By a resident's door. Neither is owned.
std::unique_ptr<ConsentLog> NewConsentLog(ResidentDoor* door,
                                          const ResidentOptions* options);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CONSENT_LOG_H_
