// The register as the server needs it: the public documents by their hash, the
// config that rules the log, and each administration's newest document.
//
// Immutable; any thread. Held in memory: a register is hundreds of small
// documents.
#ifndef VIDIMUS_LOG_DOCUMENTS_H_
#define VIDIMUS_LOG_DOCUMENTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/storage.h"
#include "verifier/hash.h"
#include "verifier/register.h"

namespace vidimus {

// The documents a log opens with: config version 0 and, as versions 0 numbered
// from 0 in this order, the administrations.
struct OpeningRegister {
  std::string config;
  std::vector<std::string> administrations;
};

class Documents {
 public:
  // Judges `opening` as the register of a log named `origin`: signatures, form,
  // and the numbers by which others know the administrations.
  // kInvalidArgument says what is wrong with which document.
  static absl::StatusOr<Documents> FromOpening(const OpeningRegister& opening,
                                               const std::string& origin);

  // The same from what the log has committed: the documents of its first two
  // batches. kDataLoss if they are not what their leaves name.
  static absl::StatusOr<Documents> FromStorage(Storage* storage,
                                               const std::string& origin);

  Documents(Documents&&) = default;
  Documents& operator=(Documents&&) = default;

  // The document with this hash, or null.
  std::shared_ptr<const std::string> Find(const Hash& document_hash) const;

  // Config's min_batch.
  uint64_t min_batch() const { return min_batch_; }

  // Config's label key, 32 bytes: the public half.
  const std::string& label_key() const { return label_key_; }

  // Config's id schemes, by which subjects are named: for JudgeSubject.
  const std::vector<IdScheme>& id_schemes() const { return id_schemes_; }

  // Config's keep_min: seconds after its seal before which nothing is erased
  // unless the resident wishes it.
  uint64_t keep_min_s() const { return keep_min_s_; }

  // The entry keys of an administration; null if the register has no such
  // number.
  const std::vector<std::string>* EntryKeys(uint32_t administration) const;

  uint32_t administrations() const {
    return static_cast<uint32_t>(entry_keys_.size());
  }

  // The opening register itself, as it was given.
  const OpeningRegister& opening() const { return opening_; }

 private:
  Documents() = default;

  OpeningRegister opening_;
  std::map<Hash, std::shared_ptr<const std::string>> by_hash_;
  uint64_t min_batch_ = 0;
  uint64_t keep_min_s_ = 0;
  std::string label_key_;
  std::vector<IdScheme> id_schemes_;  // views into the document of by_hash_
  std::vector<std::vector<std::string>> entry_keys_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_DOCUMENTS_H_
