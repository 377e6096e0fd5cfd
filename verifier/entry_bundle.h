// One entry with all that a complaint about it needs: that it is in the log,
// what it says, and who said so. Judged with nothing but the log's verifier
// key; holds nothing of the chain but the entry's own label. Pure functions.
// Format: docs/bundles.md; message: proto/bundle.proto.
#ifndef VERIFIER_ENTRY_BUNDLE_H_
#define VERIFIER_ENTRY_BUNDLE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verifier/extract.h"
#include "verifier/finding.h"
#include "verifier/note.h"
#include "verifier/opening.h"
#include "verifier/proven_register.h"
#include "verifier/wire.h"

namespace vidimus {

// The text that an entry bundle begins with, as its field 1.
inline constexpr std::string_view kEntryBundleFormat =
    "vidimus/v1 entry bundle";

// What such a file may weigh: an entry, and the register.
inline constexpr size_t kEntryBundleBytesMax = size_t{64} << 20;

// The table of proto/bundle.proto.
extern const MessageRule kEntryBundleRule;

// What was found. Views point into the bundle's bytes.
struct EntryBundleReport {
  Checkpoint checkpoint;
  uint64_t leaf_index = 0;
  // Whose entry it is by its record.
  uint32_t administration = 0;
  ProvenRegister proven_register;
  OpenedEntry opened;

  // What a finding is about: a document of the register, or the name of a part
  // of the file. Static storage.
  RegisterPlace document;
  const char* part = "";
};

// Whether the file says of itself that it is an entry bundle.
bool LooksLikeEntryBundle(std::string_view file);

// Judges an entry bundle by the log's key. kOk: the entry stands in the log and
// says what the opening shows, and if it is an access, a key signed it that
// stood in the newest version of the administration's document before the
// entry's batch. Of a statement, who signed it and whether it counts is not
// judged: that takes the whole chain. Else the first thing that is wrong:
// kEvidenceMalformed (no such file, or an entry that is no subject leaf), a
// finding of wire.h, Extract or ProveRegister, or why the content is forged or
// cannot be read (JudgeOpening). `bundle` must outlive `*report`.
Finding JudgeEntryBundle(std::string_view bundle, const VerifierKey& log_key,
                         EntryBundleReport* report);

}  // namespace vidimus

#endif  // VERIFIER_ENTRY_BUNDLE_H_
