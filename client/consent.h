// What a resident says to those who hold data about them: made, signed, filed,
// and looked at again. The logic of `vidimus consent` and `vidimus wallet`;
// their command lines are in consent_verb.h. Words and steps: docs/consent.md.
//
// A statement is on disk before it is sent and stays there until the log has
// shown that it holds it, so a crash or a log that is away loses nothing. To
// withdraw takes no more than to grant, and less: what only restrains is signed
// by any key that the chain knows, also by one that still waits, and if the log
// does not answer, on the ground of what was last seen.
#ifndef VIDIMUS_CLIENT_CONSENT_H_
#define VIDIMUS_CLIENT_CONSENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/consent_log.h"
#include "client/consent_receipt.h"
#include "client/wallet.h"
#include "proto/record.pb.h"

namespace vidimus {

// What became of a statement.
struct Filing {
  // In the log, and shown to be. Else it waits in the wallet and goes out with
  // the next call.
  bool filed = false;
  std::string why;  // it waits
};

// A resident at work with one wallet and one log; neither is owned. One thread.
class ConsentDesk {
 public:
  ConsentDesk(Wallet* wallet, ConsentLog* log, uint64_t now_ms);

  // Looks at the log, remembers what it shows, and files what waits. OK also if
  // the log does not answer (view() is then null, and away() says why).
  // kDataLoss: what the log says is wrong. kFailedPrecondition: the log knows
  // the caller by another id than the wallet.
  absl::Status Open();

  const ResidentView* view() const { return view_.get(); }
  const absl::Status& away() const { return away_; }
  // Of what waited: how many were filed at Open, and why others were not and
  // never will be.
  int flushed() const { return flushed_; }
  const std::vector<std::string>& refused() const { return refused_; }
  // Statements that still wait.
  absl::StatusOr<size_t> Waiting() const;

  // Of a chain as it was seen now, or, for what only restrains, last.
  // kNotFound: no such administration; kUnavailable: the log does not answer;
  // kFailedPrecondition: the chain can't be judged.
  absl::StatusOr<ChainStanding> Standing(uint32_t administration,
                                         bool only_restrains) const;

  // Signs the draft for each chain, keeps it, files it. The words must be those
  // whose hash is in the draft. Errors: nothing was signed, or the log refused
  // it (then it is not kept); kDataLoss: the log's answer is wrong (it is).
  absl::StatusOr<Filing> Say(const v1::Statement& draft,
                             const std::string& words,
                             const std::vector<uint32_t>& administrations);

  // Files what an identity service signed.
  absl::StatusOr<Filing> FileSigned(const v1::PendingStatement& pending);

  // Looks again, and says in one sentence what holds now of this statement:
  // that it counts in each of its chains, or where not and why.
  struct Outcome {
    bool counts = false;
    std::string sentence;
  };
  Outcome WhatHolds(absl::string_view language, const v1::Statement& draft,
                    const std::vector<uint32_t>& administrations);

  // Chains in which the statement of this id stands and nothing ended it; the
  // whole id by its first hexadecimal digits. kNotFound, or kInvalidArgument if
  // several begin so.
  struct Found {
    std::string statement_id;
    std::vector<uint32_t> administrations;
  };
  absl::StatusOr<Found> FindStatement(absl::string_view hex) const;

  // Everything that was said, chain by chain, as lines. Keys that this wallet
  // does not hold come first.
  std::string List(absl::string_view language, bool color) const;

  // A receipt of ISO/IEC TS 27560 for the grant of this id.
  absl::StatusOr<std::string> Receipt(absl::string_view language,
                                      absl::string_view hex) const;

  // What a receipt's names are understood by.
  ReceiptRegister KnownRegister() const;

  // The wallet's public keys.
  std::vector<std::string> OwnKeys() const;

 private:
  absl::Status Look();
  absl::StatusOr<v1::PendingStatement> Sign(
      const v1::Statement& draft,
      const std::vector<uint32_t>& administrations) const;
  absl::StatusOr<Filing> Send(const std::string& id,
                              v1::PendingStatement pending);
  absl::Status Flush();

  Wallet* const wallet_;
  ConsentLog* const log_;
  const uint64_t now_ms_;
  std::unique_ptr<ResidentView> view_;
  absl::Status away_;
  int flushed_ = 0;
  std::vector<std::string> refused_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CONSENT_H_
