#include "tests/world/submission.h"

#include "proto/record.pb.h"
#include "verifier/check.h"
#include "verifier/commitment.h"
#include "verifier/crypto.h"
#include "verifier/signing.h"
#include "verifier/submission.h"

namespace vidimus {
namespace {

std::string Sixteen(std::string_view what, std::string_view seed,
                    std::string_view bytes) {
  return std::string(Bytes(Sha256({what, seed, bytes})).substr(0, kSaltBytes));
}

}  // namespace

v1::Entry EntryOf(const WorldEntry& from, const std::string& salt_seed) {
  v1::Record record;
  v1::Entry entry;
  if (record.ParseFromString(from.record)) {
    entry.set_entry_id(record.has_access()      ? record.access().entry_id()
                       : record.has_statement() ? record.statement().entry_id()
                                                : record.notice().entry_id());
  }
  if (entry.entry_id().size() != kEntryIdBytes) {
    entry.set_entry_id(Sixteen("id", salt_seed, from.record));
  }
  entry.set_record_salt(Sixteen("record", salt_seed, entry.entry_id()));
  entry.set_actor_salt(Sixteen("actor", salt_seed, entry.entry_id()));
  entry.set_record(from.record);
  entry.set_actor(from.actor);
  return entry;
}

v1::SubmitRequest RequestOf(const std::string& origin, uint32_t administration,
                            const std::string& entry_seed,
                            const std::vector<v1::Entry>& entries) {
  CHECK_LT(size_t{0}, entries.size());
  v1::SubmitRequest request;
  request.set_origin(origin);
  request.set_administration(administration);
  std::vector<Hash> leaf_hashes;
  for (const v1::Entry& entry : entries) {
    leaf_hashes.push_back(SubmissionLeafHash(
        entry.entry_id(), Commitment({entry.record_salt(), entry.record(),
                                      entry.actor_salt(), entry.actor()})));
    *request.add_entries() = entry;
  }
  request.set_signature(
      Ed25519Signer(entry_seed)
          .Sign(SubmissionSignedBytes(origin, administration,
                                      static_cast<uint32_t>(leaf_hashes.size()),
                                      SubmissionRoot(leaf_hashes))));
  return request;
}

bool IsStatement(const WorldEntry& entry) {
  v1::Record record;
  return !entry.judged && record.ParseFromString(entry.record) &&
         record.has_statement();
}

bool IsAccess(const WorldEntry& entry) { return entry.judged; }

}  // namespace vidimus
