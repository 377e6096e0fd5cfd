// Consent receipts of ISO/IEC TS 27560, out of grants and into grants, in the
// terms of the W3C Data Privacy Vocabulary (DPV) as its guide for 27560 has
// them. Fields and what is refused: docs/consent.md. Pure functions.
#ifndef VIDIMUS_CLIENT_CONSENT_RECEIPT_H_
#define VIDIMUS_CLIENT_CONSENT_RECEIPT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/record.pb.h"

namespace vidimus {

// Who a grant was given to, as the register has it.
struct ReceiptParty {
  uint32_t administration = 0;
  std::string name;
  std::string organisation_id;  // may be empty
};

// What a receipt says besides the grant itself.
struct ReceiptFacts {
  std::string origin;   // of the log
  std::string subject;  // scheme(1) id
  std::vector<ReceiptParty> parties;
  uint64_t given_at_s = 0;
  std::optional<uint64_t> withdrawn_at_s;
  // The records as they stand in the log, one for each chain: whoever gets the
  // receipt can judge the signatures.
  std::vector<std::string> records;
};

// The receipt as JSON. `statement` holds a grant (CHECK). `created_at_s` is now
// and `receipt_id` 16 random bytes. The file names the resident.
std::string ConsentReceipt(const v1::Statement& statement,
                           const ReceiptFacts& facts,
                           absl::string_view receipt_id, uint64_t created_at_s);

// What a register has, by which a receipt's names are understood.
struct ReceiptRegister {
  std::string subject;  // of the resident, scheme(1) id
  // By organisation id, and by number.
  std::multimap<std::string, uint32_t> organisations;
  uint32_t administrations = 0;
  // Terms; an empty list knows nothing and takes what comes.
  std::vector<std::string> purposes;
  std::vector<std::string> categories;
};

// The grant that a receipt is about, for the resident to sign anew. Read
// strictly: kInvalidArgument names what is no JSON, is missing, or can't be
// carried by a grant (a second process, a processor, a basis that is no
// consent, consent that has been withdrawn, a purpose the register does not
// have). Nothing is left out in silence that would limit the consent.
absl::StatusOr<v1::Grant> GrantOfReceipt(absl::string_view json,
                                         const ReceiptRegister& known);

inline constexpr size_t kReceiptBytesMax = size_t{1} << 20;

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CONSENT_RECEIPT_H_
