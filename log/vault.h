// The vault: the openings of an access log's entries, encrypted from the first
// day. Each batch has a page, each page version a fresh key; the page lies in
// the database with its batch, the key outside of it, in small key files that
// can be overwritten, wrapped by the vault key. To forget a page is to
// overwrite 64 bytes. Format, and who can read what: docs/vault.md.
//
// Page row: version(1) = 01, key slot(8), nonce(12), ciphertext. Key file
// NNNNNNNN (hexadecimal block number): 4,096 slots of 64 bytes: nonce(12)
// wrapped key(32) tag(16) zero(4). A slot's number is block * 4096 + place.
//
// Threads: Seal by one at a time (the sequencer's); Open from any.
#ifndef VIDIMUS_LOG_VAULT_H_
#define VIDIMUS_LOG_VAULT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/clock.h"
#include "log/disk.h"
#include "log/vault.pb.h"

namespace vidimus {

class Vault {
 public:
  // `folder` holds the key files (made if absent); `vault_key` has 32 bytes.
  // Neither `disk` nor `random` is owned. Every start begins a new block of
  // keys, so a slot whose use may have been lost in a crash is not used again.
  static absl::StatusOr<std::unique_ptr<Vault>> Open(Disk* disk,
                                                     const std::string& folder,
                                                     std::string_view vault_key,
                                                     Random* random);
  virtual ~Vault() = default;

  // The kVaultPage row for the batch that begins at leaf `first`. Its key is
  // durable before this returns: keys are drawn and synced a block at a time.
  virtual absl::StatusOr<std::string> Seal(uint64_t first,
                                           const vault::Page& page) = 0;

  // The page of a stored row. kDataLoss if the row, its key file or the vault
  // key is not the one it was sealed with.
  virtual absl::StatusOr<vault::Page> Open(uint64_t first,
                                           std::string_view row) = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_VAULT_H_
