// A resident's wallet: a folder with the keys by which they speak, for each
// family of logs its own. What is in it and how to keep it: docs/wallet.md.
//
//   FOLDER/                          0700; every file in it 0600
//     lock                           held while a program works with it
//     <hash of the family>/wallet    who, which keys, what was last seen
//     <hash of the family>/keys/     private keys, one a file
//     <hash of the family>/outbox/   statements that are not filed yet
//
// Every change is one file written whole beside the old one, synced and
// renamed, and a key file is there before anything speaks of it: killed at any
// moment, the wallet is the one before or the one after. Private keys are never
// shown, printed or sent.
#ifndef VIDIMUS_CLIENT_WALLET_H_
#define VIDIMUS_CLIENT_WALLET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/wallet.pb.h"
#include "verifier/signing.h"

namespace vidimus {

// $XDG_DATA_HOME/vidimus/wallet, or ~/.local/share/vidimus/wallet.
// kFailedPrecondition if there is no home either.
absl::StatusOr<std::string> DefaultWalletFolder();

// The 16 hexadecimal digits by which people compare public keys.
std::string KeyFingerprint(absl::string_view public_key);

// The part of a wallet for one family. One thread; other programs wait outside
// (kUnavailable) until it is gone.
class Wallet {
 public:
  // Opens what is there. kNotFound: there is no wallet for this family, and the
  // message says how to make one. kPermissionDenied: others may read it.
  // kFailedPrecondition: it is damaged, and which file is.
  static absl::StatusOr<std::unique_ptr<Wallet>> Open(
      const std::string& folder, const std::string& family);

  // Makes it, and the folders above it. `subject` is scheme(1) id.
  // kAlreadyExists if there is one for this family.
  static absl::StatusOr<std::unique_ptr<Wallet>> Make(
      const std::string& folder, const std::string& family,
      const std::string& subject);

  // The families that a folder has wallets for, sorted.
  static absl::StatusOr<std::vector<std::string>> Families(
      const std::string& folder);

  ~Wallet();
  Wallet(const Wallet&) = delete;
  Wallet& operator=(const Wallet&) = delete;

  const std::string& family() const { return state_.family(); }
  const std::string& subject() const { return state_.subject(); }
  const v1::WalletState& state() const { return state_; }

  // Draws a key; its public half. Durable when this returns.
  absl::StatusOr<std::string> AddKey(const std::string& name, bool recovery,
                                     uint64_t now_s);

  // kFailedPrecondition if the file does not hold the key that it should.
  absl::StatusOr<std::unique_ptr<Ed25519Signer>> Signer(
      absl::string_view public_key) const;

  // Keeps how a chain looked, and what was said with which words.
  absl::Status Remember(std::vector<v1::WalletChain> chains);
  absl::Status RememberWords(const v1::SaidWords& said);

  // Statements on their way, by their ids (16 bytes; any length is taken as a
  // name). Keep replaces one of the same id; Drop overwrites the file.
  absl::Status Keep(absl::string_view id, const v1::PendingStatement& pending);
  absl::Status Drop(absl::string_view id);
  absl::StatusOr<std::vector<std::pair<std::string, v1::PendingStatement>>>
  Pending() const;

  static constexpr size_t kKeysMax = 256;
  static constexpr size_t kSaidMax = 4096;
  static constexpr size_t kPendingMax = 256;

 private:
  Wallet() = default;
  absl::Status Save(const v1::WalletState& state);

  std::string path_;  // of the family's folder
  int lock_ = -1;
  v1::WalletState state_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_WALLET_H_
