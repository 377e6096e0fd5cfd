// The front door of verifier/: what is true about a log, for whoever does not
// trust it. C++17 on std::string_view, no I/O, no clock, no threads, no
// exceptions; nothing here allocates without a bound, and nothing from outside
// stops the program. The same code runs natively and as wasm32 on a resident's
// device. The cryptography is behind crypto.h and crypto_curve.h.
//
// Every judgement is a Finding (finding.h): kOk, or the first thing that is
// wrong. Every parser is strict: what it accepts formats back to the same
// bytes.
//
// Where to begin, if you came to find out whether a log lies:
//
//   tlog_proof.h   one file that says "this leaf is in the log": judge it.
//   checkpoint.h   a log's signed tree head; note.h has the signatures.
//   merkle.h       why a path of hashes proves inclusion, or that a log grew.
//   leaf.h         what an access log's leaves are; batch.h how they are
//   ordered. commitment.h   how a leaf stands for a record without showing it.
//   submission.h   who said that the record is so: the administration's key.
//   record.h       the record itself; register.h the documents it refers to.
//   statement.h    what a resident says, and who signed it.
//   label.h        how the entries of one resident and one administration are
//   found, and by nobody else; vrf.h why there is only one way; subject.h how
//   the resident is named.
//   index.h        why a label is in the log, or is not; runs.h what the index
//   is made of, index_builder.h how.
//   chain.h        none is missing: all of one resident's chains, judged whole.
//   extract.h, proven_register.h and opening.h are its parts.
//   verdict.h      was each access allowed, and wanted? history.h is what that
//   is judged from, standing.h which statements count.
//   audit.h        a whole log, re-derived leaf by leaf; index_judge.h its
//   index.
//   entry_bundle.h one entry with all that a complaint needs.
//   witness.h      what a log asks of a witness; policy.h whose word counts.
//   c_api.h        all of this for other languages.
//   conviction.h   a file that shows what a log did; conviction_builder.h makes
//   it.
//
// Each format has a page in docs/ and vectors in tests/vectors/. Making
// signatures is signing.h, making proofs of the VRF vrf_proving.h; the wasm
// build leaves both out.
#ifndef VERIFIER_VERIFIER_H_
#define VERIFIER_VERIFIER_H_

#include "verifier/audit.h"
#include "verifier/batch.h"
#include "verifier/chain.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/compact_range.h"
#include "verifier/conviction.h"
#include "verifier/conviction_builder.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"
#include "verifier/entry_bundle.h"
#include "verifier/extract.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/history.h"
#include "verifier/index.h"
#include "verifier/index_builder.h"
#include "verifier/index_judge.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/note.h"
#include "verifier/opening.h"
#include "verifier/policy.h"
#include "verifier/proven_register.h"
#include "verifier/record.h"
#include "verifier/register.h"
#include "verifier/runs.h"
#include "verifier/standing.h"
#include "verifier/statement.h"
#include "verifier/subject.h"
#include "verifier/submission.h"
#include "verifier/tile.h"
#include "verifier/tlog_proof.h"
#include "verifier/verdict.h"
#include "verifier/vrf.h"
#include "verifier/wire.h"
#include "verifier/witness.h"

#endif  // VERIFIER_VERIFIER_H_
