// The vault: the openings of an access log's entries, encrypted from the first
// day. Each batch has a page, each page version a fresh key; the page lies in
// the database with its batch, the key outside of it, in small key files that
// can be overwritten, wrapped by the vault key. To forget a page version is to
// overwrite 64 bytes. Format, and who can read what: docs/vault.md.
//
// Page row: version(1) = 01, key slot(8), nonce(12), ciphertext. Key file
// NNNNNNNN (hexadecimal block number): 4,096 slots of 64 bytes: nonce(12)
// wrapped key(32) tag(16) zero(4); a destroyed slot is all zeros. A slot's
// number is block * 4096 + place.
//
// Threads: Seal and SealBytes by one at a time (the sequencer's), Rotate
// likewise; the others from any, at any time.
#ifndef VIDIMUS_LOG_VAULT_H_
#define VIDIMUS_LOG_VAULT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/clock.h"
#include "log/disk.h"
#include "log/vault.pb.h"

namespace vidimus {

// Slots [begin, end).
struct SlotRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

class Vault {
 public:
  // `folder` holds the key files (made if absent); `vault_key` has 32 bytes and
  // stands in the file `key_file`, which Rotate rewrites; empty: it can't be
  // rotated. Neither `disk` nor `random` is owned. Every start begins a new
  // block of keys, so a slot whose use may have been lost in a crash is not
  // used again. A rotation that was interrupted is taken up by Rotate; until
  // then both keys count.
  static absl::StatusOr<std::unique_ptr<Vault>> Open(
      Disk* disk, const std::string& folder, std::string_view vault_key,
      Random* random, const std::string& key_file = "");
  virtual ~Vault() = default;

  // The kVaultPage row for the batch that begins at leaf `first`. Its key is
  // durable before this returns: keys are drawn and synced a block at a time.
  // Slots ascend.
  virtual absl::StatusOr<std::string> Seal(uint64_t first,
                                           const vault::Page& page) = 0;

  // The same of a page that was serialized already, which is wiped.
  virtual absl::StatusOr<std::string> SealBytes(uint64_t first,
                                                std::string* page) = 0;

  // The page of a stored row. kDataLoss if the row, its key file or the vault
  // key is not the one it was sealed with, or its key was destroyed.
  virtual absl::StatusOr<vault::Page> Open(uint64_t first,
                                           std::string_view row) = 0;

  // The key slot that a row names; kDataLoss if it is none.
  static absl::StatusOr<uint64_t> SlotOf(std::string_view row);

  // Overwrites the keys in `ranges` with zeros, durable on return: what they
  // sealed can't be read again. Slots without a key file are gone already.
  // Those that hold zeros are written again if `again`: what is read may stand
  // in memory only, left by a process whose sync failed.
  virtual absl::Status Destroy(const std::vector<SlotRange>& ranges,
                               bool again) = 0;

  // Destroys all slots after `last_used`, or all if there is none, but for the
  // block that this start began and those that another process draws from: what
  // they sealed was never committed. Before the first Seal.
  virtual absl::Status DestroyUnused(std::optional<uint64_t> last_used) = 0;

  // Replaces the vault key: draws a new one, wraps every key again, destroys
  // the old one. Crash-safe; goes on where an interrupted one stopped. Between
  // two blocks calls `pace` with how many of how many are done; if it returns
  // false stops with kCancelled. kFailedPrecondition without a key file,
  // kDataLoss if a slot opens under neither key (the old one is then kept).
  virtual absl::Status Rotate(
      const std::function<bool(uint64_t done, uint64_t blocks)>& pace) = 0;
  // Whether a rotation waits to be taken up.
  virtual bool rotating() = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_VAULT_H_
