// What a log answers to Check, judged: everything that stands in one chain of
// the caller's from an entry on, and that there is no more. And what is kept of
// it, so that the next question is about what came since. What is demanded and
// why: docs/gateway.md.
//
// A statement that the answer leaves out would be a withdrawal hidden. So all
// labels from the last one seen must be in the index of the head shown, the
// next one must not, and each opened entry must open its leaf. Of the caller's
// own accesses only the leaf is shown: the caller has them.
#ifndef VIDIMUS_CLIENT_ASKED_CHAIN_H_
#define VIDIMUS_CLIENT_ASKED_CHAIN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/questions.h"
#include "proto/vidimus.pb.h"
#include "verifier/extract.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/history.h"
#include "verifier/note.h"

namespace vidimus {

// One entry that was seen.
struct AskedEntry {
  uint64_t leaf_index = 0;
  // Of its batch; both 0 of an entry without a record.
  uint64_t position = 0;
  uint64_t seal_time_s = 0;
  // A statement or a notice; empty for the caller's own accesses and for
  // content that is closed.
  std::string record;
  // Whether it is known what it is. Of what the log has not opened, because it
  // is the caller's own, that must be found out: OpenTheRest.
  bool known = false;
};

// A chain as far as it was seen: entry i at place i.
struct AskedChain {
  Hash key = {};         // K
  bool has_key = false;  // else nothing was ever asked
  std::vector<AskedEntry> entries;
};

// The head that an answer rests on.
struct AskedHead {
  TreeHead head;
  uint64_t time_s = 0;  // of the seal that ends it
};

// Judges what a log answered about the entries from chain->entries.size() on,
// and adds them. `extract` has been opened with the answer's checkpoint, and is
// given its leaves and keys. The chain's key, if it was not known, is in the
// answer and judged by `label_key`. kDataLoss says what is wrong; `*chain` is
// then as it was. New entries have no position yet: PlaceEntries.
absl::Status JudgeAnswer(const v1::CheckResponse& response,
                         const std::string& label_key,
                         absl::string_view subject, uint32_t administration,
                         Extract* extract, AskedChain* chain);

// Finds out what the entries are that were shown by their leaf alone: asks for
// them by GetChain, under the extract's head, which must know their leaves. A
// withdrawal that was passed off as our own access is found here (kDataLoss).
// kFailedPrecondition: closed content for which no notice in the chain
// accounts.
absl::Status OpenTheRest(Questions* questions, absl::string_view subject,
                         uint32_t administration, const Extract& extract,
                         AskedChain* chain);

// Finds position and seal time of the statements and notices from entry `first`
// on, by whole batches that the log is asked for under the extract's head.
absl::Status PlaceEntries(Questions* questions, const Extract& extract,
                          size_t first, AskedChain* chain);

// Judges whether the log still holds what it held at `older`: asks for the last
// leaf of it under the extract's head, whose proof begins with what the older
// root is made of. kDataLoss if not; else why it could not be shown.
absl::Status JudgeStillHolds(Questions* questions, const TreeHead& older,
                             Extract* extract);

// Chains on disk, a file for each, 0600, under keyed hashes of the subjects: a
// memory, not a record. What is lost or damaged is asked for again. Any
// thread; of two that put one chain, the last one's stays.
class AskedChains {
 public:
  // Makes the folder (0700) if there is none. `name_key` of 32 bytes (CHECK):
  // with another one all is forgotten.
  static absl::StatusOr<AskedChains> Open(const std::string& folder,
                                          const std::string& name_key);

  // As it was last put; empty if it is not known.
  AskedChain Find(absl::string_view subject) const;
  // Not synced. A failure costs a longer answer next time.
  void Put(absl::string_view subject, const AskedChain& chain) const;

 private:
  AskedChains(std::string folder, std::string name_key)
      : folder_(std::move(folder)), name_key_(std::move(name_key)) {}
  std::string PathOf(absl::string_view subject) const;

  std::string folder_;
  std::string name_key_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_ASKED_CHAIN_H_
