// What stands under a commitment: the record that a resident sees, and the
// actor. Both are protobuf messages of proto/record.proto, kept and hashed as
// the bytes that came, read by the rules of wire.h. A record is an access, a
// statement (parsed by statement.h) or a notice, the log's own. Pure functions.
// Field tables: docs/record.md.
#ifndef VERIFIER_RECORD_H_
#define VERIFIER_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "verifier/finding.h"
#include "verifier/wire.h"

namespace vidimus {

// What a record and an actor may weigh together; an opening is kept whole in
// memory while it is judged.
inline constexpr size_t kRecordBytesMax = 65535;
// scheme(1) id.
inline constexpr size_t kSubjectBytesMax = 255;

// The tables of proto/record.proto.
extern const MessageRule kRecordRule;
extern const MessageRule kAccessRecordRule;
extern const MessageRule kSignedStatementRule;
extern const MessageRule kNoticeRule;
extern const MessageRule kActorRule;

// What a record holds by its first field, for those who must choose how to
// parse it; the parser judges whether it is so.
enum class RecordContent : uint8_t { kUnknown, kAccess, kStatement, kNotice };
RecordContent ContentOf(std::string_view record);

struct LegalBasis {
  std::string_view basis;             // DPV term: "A6-1-e"
  std::optional<uint32_t> provision;  // number of a provision in the register
  std::string_view citation;
};

// What is judged at the door, and what the log must compare. The other fields
// stay in the bytes; WireReader with kAccessRecordRule reads them. Views point
// into the record.
struct AccessRecord {
  std::string_view entry_id;       // 16 bytes
  uint64_t occurred_at_ms = 0;     // POSIX milliseconds
  std::string_view source_origin;  // may be empty
  std::string_view controller_id;  // not empty
  uint32_t actor_kind = 0;         // may be 0; unknown values are kept
  std::string_view ai_system_id;   // may be empty
  std::string_view subject;        // s: scheme(1) id, 2 to 255 bytes
  uint32_t administration = 0;     // a; not `self`
  uint32_t operation = 0;          // not 0; unknown values are kept
  std::vector<std::string_view> data_categories;  // at least one, none empty
  std::string_view purpose;                       // not empty
  std::optional<uint32_t> purpose_number;         // in the register
  std::vector<LegalBasis> legal_bases;            // at least one
  std::string_view as_of_origin;                  // not empty
  uint64_t as_of_size = 0;                        // not 0
  std::string_view statement_id;                  // may be empty
  std::string_view recipient_id;                  // may be empty
  uint32_t outcome = 0;  // may be 0; unknown values are kept
};

// Parses a record and judges whether it is an access as the door demands: rows
// 1, 2, 5, 13, 14, 16, 18, 20 and 21 of the field table stand and are within
// their ranges. kOk, a finding of wire.h, kRecordFieldMissing or
// kRecordFieldInvalid; on the last two `*field`, if not null, is the field's
// name (static storage).
Finding ParseAccess(std::string_view record, AccessRecord* access,
                    const char** field);

enum class NoticeEvent : uint8_t {
  kKeyFetch,     // somebody else than the resident got a chain's key
  kErasure,      // a tombstone
  kWithholding,  // an entry is not shown until a date
  kRestriction,  // an entry is kept but not used; or is used again
};

// What the log itself has to say in a chain. Nobody signs it. Views point into
// the record.
struct Notice {
  std::string_view entry_id;    // 16 bytes
  std::string_view subject;     // s: scheme(1) id, 2 to 255 bytes
  uint32_t administration = 0;  // a; kSelf for a key fetch
  uint64_t at_s = 0;            // POSIX seconds, by the log's clock
  NoticeEvent event = NoticeEvent::kKeyFetch;

  // Of a key fetch: which chain's key, and which administration got it.
  uint32_t chain_administration = 0;
  uint32_t fetched_by = 0;

  // Of the others: the number in this chain of the entry it is about, and on
  // what ground, by whose decision (neither is empty).
  uint64_t entry = 0;
  std::string_view ground;
  std::string_view authority;
  std::optional<uint32_t> provision;  // number of a provision in the register
  std::string_view statement_id;      // of an erasure; may be empty
  uint64_t until_s = 0;               // of a withholding: POSIX seconds, not 0
  bool lifted = false;                // of a restriction: it ends
};

// Parses a record and judges whether it is a notice in full. kOk, a finding of
// wire.h, kRecordFieldMissing or kRecordFieldInvalid with `*field` as above.
Finding ParseNotice(std::string_view record, Notice* notice,
                    const char** field);

// Who looked; each may be empty.
struct Actor {
  std::string_view id;
  std::string_view client_id;
  std::string_view service;
  std::string_view ip;
};

// kOk or a finding of wire.h. Zero bytes are an actor with nothing in it.
Finding ParseActor(std::string_view bytes, Actor* actor);

}  // namespace vidimus

#endif  // VERIFIER_RECORD_H_
