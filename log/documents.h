// The register as the server needs it: the public documents by their hash, the
// config that rules the log, each administration's newest entry keys, and which
// document may come next.
//
// Any thread. It grows at a commit (Add) and never else; config version 0, and
// with it all that has no lock below, is fixed. Held in memory: a register is
// hundreds of small documents. Format and rules: docs/register.md.
#ifndef VIDIMUS_LOG_DOCUMENTS_H_
#define VIDIMUS_LOG_DOCUMENTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/chain_counters.h"
#include "log/storage.h"
#include "proto/mutex.h"
#include "verifier/hash.h"
#include "verifier/register.h"

namespace vidimus {

// What one document may weigh, and how many may be entered at once.
inline constexpr size_t kDocumentBytesMax = 256 << 10;
inline constexpr size_t kDocumentsAtOnceMax = 1024;

struct RegisterDocument {
  RegisterId id;
  std::string bytes;  // signature and message
};

// The documents a log opens with: config version 0; as versions 0 numbered from
// 0 in this order, the administrations; and versions 0 of the other types.
struct OpeningRegister {
  std::string config;
  std::vector<std::string> administrations;
  std::vector<RegisterDocument> others = {};
};

// What an administration signs its requests with.
struct EntryKeySet {
  uint64_t version = 0;  // of its document
  std::vector<std::string> keys;
};

// A document that stands, or is about to: the opening register is known before
// it is entered.
struct KnownDocument {
  RegisterId id;
  Hash hash = {};
  std::optional<uint64_t> leaf_index;
};

class Documents {
 public:
  // Judges `opening` as the register of a log named `origin`: signatures, form,
  // dense numbers. kInvalidArgument says what is wrong with which document.
  static absl::StatusOr<std::unique_ptr<Documents>> FromOpening(
      const OpeningRegister& opening, const std::string& origin);

  // The config that rules a log which has begun; Load adds the rest. kDataLoss
  // if it is not what it should be.
  static absl::StatusOr<std::unique_ptr<Documents>> FromStorage(
      Storage* storage, const std::string& origin);

  // Adds all documents that `find` (the index) leads to. kDataLoss if they are
  // not what their leaves name, or could not have been entered.
  absl::Status Load(Storage* storage, const IndexFinder& find)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Judges documents that are to stand in the next batch together, in any
  // order: each is known already or the next number of its type or version of
  // its number, of good form, signed by the publisher that config names for its
  // type. Sets `*fresh` to those that are not known, in the order of their ids.
  //   kInvalidArgument: form, signature, a type without a publisher, too large;
  //   kFailedPrecondition: another number or version is the next;
  //   kAlreadyExists: this version is another document.
  // Whoever enters them sees to it that nothing is entered in between.
  absl::Status JudgeNext(std::vector<RegisterDocument> documents,
                         std::vector<RegisterDocument>* fresh) const
      ABSL_LOCKS_EXCLUDED(mu_);

  // A document that JudgeNext let pass was committed at that leaf: it counts
  // from the next batch on. The sequencer's thread.
  void Add(const RegisterId& id, const std::string& bytes, uint64_t leaf_index)
      ABSL_LOCKS_EXCLUDED(mu_);

  // The document with this hash, or null.
  std::shared_ptr<const std::string> Find(const Hash& document_hash) const
      ABSL_LOCKS_EXCLUDED(mu_);

  // The document with this id, if there is one.
  std::optional<KnownDocument> Lookup(const RegisterId& id) const
      ABSL_LOCKS_EXCLUDED(mu_);

  // All of them, by type, number and version.
  std::vector<KnownDocument> List() const ABSL_LOCKS_EXCLUDED(mu_);

  // How many versions a number has; 0: there is no such number.
  uint64_t Versions(RegisterType type, uint32_t number) const
      ABSL_LOCKS_EXCLUDED(mu_);

  // Config's min_batch.
  uint64_t min_batch() const { return min_batch_; }

  // Config's label key, 32 bytes: the public half.
  const std::string& label_key() const { return label_key_; }

  // Config's id schemes, by which subjects are named: for JudgeSubject.
  const std::vector<IdScheme>& id_schemes() const { return id_schemes_; }

  // Config's keep_min: seconds after its seal before which nothing is erased
  // unless the resident wishes it.
  uint64_t keep_min_s() const { return keep_min_s_; }

  // Config's notice_s.
  uint64_t notice_s() const { return notice_s_; }

  // The entry keys of an administration, by its newest document; null if the
  // register has no such number.
  std::shared_ptr<const EntryKeySet> EntryKeys(uint32_t administration) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // How many versions each number has.
  using Counts = std::array<std::vector<uint64_t>, kRegisterTypeCount>;

  Documents() = default;

  absl::Status TakeConfig(const std::string& bytes, const std::string& origin);
  // Judges one document that is not known, after `counts`, and counts it.
  absl::Status JudgeOne(const RegisterDocument& document, Counts* counts) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Take(const RegisterId& id, const std::string& bytes,
            std::optional<uint64_t> leaf_index)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  std::string origin_;
  uint64_t min_batch_ = 0;
  uint64_t keep_min_s_ = 0;
  uint64_t notice_s_ = 0;
  std::string label_key_;
  std::shared_ptr<const std::string> config_;
  std::vector<IdScheme> id_schemes_;  // views into config_

  mutable Mutex mu_;
  std::map<Hash, std::shared_ptr<const std::string>> by_hash_
      ABSL_GUARDED_BY(mu_);
  std::map<std::tuple<RegisterType, uint32_t, uint64_t>, KnownDocument> by_id_
      ABSL_GUARDED_BY(mu_);
  Counts counts_ ABSL_GUARDED_BY(mu_);
  // By type; empty: config names none.
  std::array<std::string, kRegisterTypeCount> publishers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<const EntryKeySet>> entry_keys_
      ABSL_GUARDED_BY(mu_);
};

// "administration 3 version 1".
std::string RegisterIdText(const RegisterId& id);

// The name of a type, as in docs/register.md, and the type of a name.
const char* RegisterTypeName(RegisterType type);
std::optional<RegisterType> RegisterTypeFromName(absl::string_view name);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_DOCUMENTS_H_
