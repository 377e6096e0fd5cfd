// What a verdict is made from: one resident's chain at one administration in
// each log of a family, with the register and the seals that it stood among.
// Plain values that chain.h and the register's proofs vouch for; nothing here
// is judged again. Why these and no others: docs/verdicts.md.
#ifndef VERIFIER_HISTORY_H_
#define VERIFIER_HISTORY_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "verifier/opening.h"
#include "verifier/register.h"

namespace vidimus {

// When something stands: the log's place in the family and the size before the
// batch. What stands in one batch is simultaneous.
struct Moment {
  uint32_t log = 0;
  uint64_t position = 0;

  friend bool operator==(const Moment& a, const Moment& b) {
    return a.log == b.log && a.position == b.position;
  }
  friend bool operator<(const Moment& a, const Moment& b) {
    return a.log != b.log ? a.log < b.log : a.position < b.position;
  }
  friend bool operator<=(const Moment& a, const Moment& b) { return !(b < a); }
};
inline constexpr Moment kNever = {std::numeric_limits<uint32_t>::max(),
                                  std::numeric_limits<uint64_t>::max()};

// Entry i of a chain, at place i.
struct HistoryEntry {
  uint64_t position = 0;     // size before its batch
  uint64_t seal_time_s = 0;  // of its batch, POSIX seconds
  // As chain.h found it; of content that is closed, the number of the notice
  // in the chain that says so.
  Content content = Content::kMissing;
  uint64_t notice = 0;
  std::string_view record;  // if kOpen
};

// One version of a document of the register, its signature judged.
struct HistoryDocument {
  RegisterId id;
  uint64_t position = 0;
  uint64_t seal_time_s = 0;
  // Without the signature; nothing if the bytes are not at hand.
  std::optional<std::string_view> message;
};

// A size that ended a batch, and the time of the seal that ended it.
struct HistorySeal {
  uint64_t size = 0;
  uint64_t time_s = 0;
};

// The limits of config version 0, in seconds.
struct Limits {
  uint64_t notice_s = 0;
  uint64_t fresh_s = 0;
  uint64_t late_s = 0;
  uint64_t skew_s = 0;
  uint64_t recovery_s = 0;
  uint64_t keep_min_s = 0;
};
Limits LimitsOf(const Config& config);

struct HistoryLog {
  std::string_view origin;
  Limits limits;
  uint64_t head_time_s = 0;  // time of the seal that ends the head
  std::vector<HistoryDocument> documents;  // position ascending
  std::vector<HistorySeal> seals;          // size ascending strictly
  std::vector<HistoryEntry> entries;       // position ascending
};

// Views that someone else owns.
struct History {
  std::string_view subject;
  uint32_t administration = 0;
  std::vector<HistoryLog> logs;  // of one family, oldest first
};

// --- The register, parsed ----------------------------------------------------

template <typename T>
struct DocumentVersion {
  uint64_t position = 0;
  uint64_t seal_time_s = 0;
  bool readable = false;  // else `document` says nothing
  T document;
};

// All documents of one type, by number, versions in order.
template <typename T>
using DocumentsOf = std::map<uint32_t, std::vector<DocumentVersion<T>>>;

// The newest version that stood before `position`, or null.
template <typename T>
const DocumentVersion<T>* NewestBefore(const DocumentsOf<T>& documents,
                                       uint32_t number, uint64_t position) {
  const auto found = documents.find(number);
  if (found == documents.end()) return nullptr;
  const auto& versions = found->second;
  for (auto version = versions.rbegin(); version != versions.rend();
       ++version) {
    if (version->position < position) return &*version;
  }
  return nullptr;
}

// The documents of one log that verdicts ask for.
struct RegisterIndex {
  explicit RegisterIndex(const HistoryLog& log);

  DocumentsOf<Administration> administrations;
  DocumentsOf<Provision> provisions;
  DocumentsOf<Purpose> purposes;
  DocumentsOf<AiSystem> ai_systems;
  DocumentsOf<IdentityService> identity_services;
  // Which numbers ever had a term or an id, ascending, each once.
  std::map<std::string_view, std::vector<uint32_t>> purposes_by_term;
  std::map<std::string_view, std::vector<uint32_t>> ai_systems_by_id;
  // Position of the first purpose that cannot be read, if there is one.
  std::optional<uint64_t> unreadable_purpose;
};

}  // namespace vidimus

#endif  // VERIFIER_HISTORY_H_
