// Statements in the making: from what a resident wants to say and how their
// chain stands, to the exact bytes that are signed, and the entry that is
// filed. Formats: docs/statements.md; which statements count: docs/verdicts.md.
// No network, no clock; any thread.
#ifndef VIDIMUS_CLIENT_STATEMENT_MAKER_H_
#define VIDIMUS_CLIENT_STATEMENT_MAKER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/wallet.pb.h"
#include "proto/record.pb.h"
#include "proto/vidimus.pb.h"
#include "verifier/history.h"
#include "verifier/signing.h"
#include "verifier/standing.h"

namespace vidimus {

// Where the next statement of somebody goes.
struct NextInChain {
  uint64_t sequence = 0;
  std::string previous;  // hash of the statement before; empty at 0
};

// A key that some statement of the chain brought.
struct StandingKey {
  std::string key_id;  // 16 bytes
  std::string public_key;
  std::string name;
  std::optional<uint32_t> identity_service;  // who vouched for it in the end
  bool revoked = false;
  bool delegate = false;  // somebody else's, who may speak for the resident
  // From when on it counts for more than restraint, POSIX seconds of seals; of
  // a key that did not wait, 0.
  uint64_t full_from_s = 0;
  NextInChain next;
};

// How a chain stands, as far as the next statement needs it.
struct ChainStanding {
  uint32_t administration = 0;
  uint64_t head_time_s = 0;
  std::vector<StandingKey> keys;
  // For an identity service.
  NextInChain next;

  // By key id, or null.
  const StandingKey* Find(absl::string_view key_id) const;
};

// Of a history and what JudgeStatements says of it. Looks at its newest log's
// limits and head.
ChainStanding StandingOf(const History& history,
                         const std::vector<StandingStatement>& statements);

// As the wallet keeps it, and back: what a withdrawal needs when the log does
// not answer.
v1::WalletChain ToWallet(const ChainStanding& standing, uint64_t now_s);
ChainStanding FromWallet(const v1::WalletChain& chain);

// Whether a statement only restrains (a withdrawal, prohibition, objection or
// dispute), so that it counts by less: standing.h.
bool OnlyRestrains(const v1::Statement& statement);

// The key that signs: of those in `own` (public keys, 32 bytes) one that the
// chain knows and that may say this now; one in full force before one that
// waits. kFailedPrecondition says why there is none, and the way out.
absl::StatusOr<const StandingKey*> ChooseKey(
    const ChainStanding& standing, const std::vector<std::string>& own,
    const v1::Statement& draft);

// A statement that a chain has not filled in yet: an id drawn at random, the
// words' hash. The caller sets the event.
v1::Statement DraftStatement(const std::string& language,
                             const std::string& words, uint64_t now_ms);

// Signs `draft` for one chain and wraps it as an entry with a fresh id and
// fresh salts. kInvalidArgument with the field's name if what was made is no
// statement by the verifier's rules: nothing that would be refused is signed.
absl::StatusOr<v1::Entry> SignStatement(v1::Statement draft,
                                        const std::string& family,
                                        const std::string& subject,
                                        uint32_t administration,
                                        const StandingKey& key,
                                        const Ed25519Signer& signer);

// The same by an identity service of the register: the record alone.
absl::StatusOr<std::string> SignAsIdentityService(
    v1::Statement draft, const std::string& family, const std::string& subject,
    uint32_t administration, const NextInChain& next, uint32_t number,
    const Ed25519Signer& signer);

// An entry for a record that is signed: its id as the record repeats it, fresh
// salts, no actor. kInvalidArgument if it is no statement.
absl::StatusOr<v1::Entry> EntryOf(const std::string& record);

// --- Requests to an identity service -----------------------------------------

// Completes a request with the possession of its key. `signer` is that key's.
void SignRequest(const Ed25519Signer& signer, v1::KeyRequest* request);

// What the identity service signs, one record for each chain of the request.
// kInvalidArgument if the request is not whole, or not made by who has the key;
// kFailedPrecondition if it is for another family or person than expected
// (empty: not compared).
absl::StatusOr<v1::KeyStatements> SignRequested(const v1::KeyRequest& request,
                                                const std::string& family,
                                                const std::string& subject,
                                                uint32_t number,
                                                const Ed25519Signer& signer);

// Entries for what an identity service signed, checked against the wallet that
// asked: same family and person, a key of `own`. kInvalidArgument or
// kFailedPrecondition.
absl::StatusOr<v1::PendingStatement> TakeKeyStatements(
    const v1::KeyStatements& statements, const std::string& family,
    const std::string& subject, const std::vector<std::string>& own);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_STATEMENT_MAKER_H_
