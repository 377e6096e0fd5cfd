// Idempotency: the same submission twice is one entry. A submitter gives each
// entry a 16-byte id; for 7 days (across restarts) a second submission of the
// same id with the same content is answered with the leaf of the first, and
// with other content is refused. Formats: docs/idempotency.md.
//
// What is kept is HMAC(id key, administration, id), cut to 16 bytes, and a
// keyed digest of the content, so the table tells nobody which ids there were.
// The truth is the kIds row of each batch, committed with its entries. Over the
// rows lies a table in memory, in segments that follow each other: an id leads
// to a leaf, the leaf's row has the last word. Segments are saved to files
// while they grow, so that a start has few rows to read; the files are derived,
// checksummed, and rebuilt from the rows when missing or damaged.
//
// A segment is dropped whole when its newest entry is older than the promise.
// When the byte bound is reached, new ids are refused (pushback): the promise
// never gets shorter.
//
// Threads: one (the sequencer's), except where a method says otherwise.
// Cost: a look-up is about one cache miss for each segment; 11 to 13 bytes of
// memory per remembered entry.
#ifndef VIDIMUS_LOG_IDEMPOTENCY_H_
#define VIDIMUS_LOG_IDEMPOTENCY_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "log/disk.h"
#include "log/storage.h"
#include "verifier/crypto.h"

namespace vidimus {

// A submitted id as the table knows it. Made by any thread.
struct IdTag {
  std::array<uint8_t, 16> id;      // HMAC(id key, 00 administration(4) id(16))
  std::array<uint8_t, 16> digest;  // HMAC(id key, 01 content)
};

// Computes tags; immutable, any thread. `key` is the log's 32-byte id key.
class IdTagger {
 public:
  explicit IdTagger(absl::string_view key);
  // `content` is what must be equal for a retry to count as the same.
  IdTag Tag(uint32_t administration, absl::string_view id,
            absl::string_view content) const;

 private:
  const HmacSha256Key key_;
};

struct IdempotencyOptions {
  int64_t keep_s = 7 * 24 * 3600;
  uint64_t bytes_max = 512 << 20;  // of memory for the whole table
  // A segment closes when full, or when this old and at least 1/16 full.
  uint32_t segment_entries = 1 << 20;
  int64_t segment_age_s = 3600;
  // New entries after which the newest segment is saved again: so many rows at
  // most are read at start.
  uint32_t save_entries = 1 << 17;
  // Saves files on a thread of its own. Off: within the calls, so that a
  // simulation replays exactly.
  bool background = true;
};

class Idempotency {
 public:
  // One of a batch's entries: its leaf and tag. Entries without an id are
  // left out.
  struct Placed {
    uint64_t leaf_index;
    IdTag tag;
  };
  struct Known {
    uint64_t leaf_index;
    bool same_content;
  };

  // Rebuilds the table from `storage` (committed up to `size`) and the segment
  // files in `folder` of `disk`, made if absent; `now_s` is POSIX time. Neither
  // is owned; both outlive it. kDataLoss if a row that must be read is damaged.
  // With its files 10 million ids take 0.1 to 0.2 s, without them 5 to 10.
  static absl::StatusOr<std::unique_ptr<Idempotency>> Open(
      const IdempotencyOptions& options, absl::string_view key,
      Storage* storage, uint64_t size, Disk* disk, const std::string& folder,
      int64_t now_s);
  virtual ~Idempotency() = default;

  // The leaf that carries this id, if it was seen within the promise; the
  // newest if it was given another one after that. Reads the leaf's row if the
  // table knows the id: kDataLoss, kUnavailable as Storage::Get.
  virtual absl::StatusOr<std::optional<Known>> Find(const IdTag& tag) = 0;

  // kUnavailable (with the bound and its flag in the message) if `count` more
  // ids do not fit.
  virtual absl::Status Reserve(size_t count) = 0;

  // The kIds row of the batch at leaf `first`: to be committed with it. Ends in
  // a keyed checksum so that a flipped bit is found. `placed` is not empty and
  // ascends by leaf index.
  virtual std::string EncodeRow(const std::vector<Placed>& placed,
                                uint64_t first, int64_t now_s) = 0;
  // After the batch was committed. A file that can't be saved is no error: the
  // next start reads the rows instead.
  virtual void Remember(const std::vector<Placed>& placed, int64_t now_s) = 0;
  // Drops segments that are older than the promise, and their files.
  virtual void Expire(int64_t now_s) = 0;

  virtual uint64_t bytes() const = 0;
  virtual uint64_t entries() const = 0;
};

// Judges the stored kIds row of the batch at leaf `first`; kDataLoss if its
// checksum or form is wrong. Used by the scrub. Any thread.
absl::Status CheckIdsRow(absl::string_view key, uint64_t first,
                         absl::string_view row);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_IDEMPOTENCY_H_
