// Reads a log from its first leaf to its head, as a stranger would, and says
// the first thing that is wrong and where. fsck, scrub and tests use it: they
// bring the bytes, it judges them.
//
// From the entries it derives leaf hashes, the tree and every tile hash; those
// it hands out, to be compared with what the log serves or stores. Of an access
// log it also judges each batch, and the register against its documents. Index
// roots, and that no key stands twice, are judged by an index judge
// (index_judge.h); without one, a log whose index lies passes. Labels only
// those can judge who hold a chain's key.
//
// Memory: a tile per level, the tree's right edge, and for an access log one
// entry per register document and per register leaf of the current batch.
#ifndef VERIFIER_AUDIT_H_
#define VERIFIER_AUDIT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/batch.h"
#include "verifier/compact_range.h"
#include "verifier/finding.h"
#include "verifier/hash.h"
#include "verifier/leaf.h"
#include "verifier/tile.h"

namespace vidimus {

// Hashes `first` to first + hashes.size() - 1 of tile n at `level`. first is 0
// unless the audit began within the tile.
struct TileSpan {
  int level = 0;
  uint64_t n = 0;
  int first = 0;
  Path hashes;  // valid during the call
};

// Compares a span with what the log has: kOk, or kTileMismatch and the audit
// stops there. Called once for each tile that fills up, and at Finish for the
// partial ones.
using TileJudge = std::function<Finding(const TileSpan& span)>;

// Gives the document with this hash. False if it cannot be had. The auditor
// checks that it is the one.
using DocumentSource =
    std::function<bool(const Hash& document_hash, std::string* document)>;

// Judges index roots: is shown each leaf in order, and each seal; Finish when
// all that was shown is to be judged together.
class IndexJudge {
 public:
  virtual ~IndexJudge() = default;
  virtual Finding Add(uint64_t index, const Leaf& leaf) = 0;
  virtual Finding AddSeal(uint64_t index, const Seal& seal) = 0;
  virtual Finding Finish() { return Finding::kOk; }
};

struct AuditOptions {
  // An opaque log's entries are any bytes; an access log's are judged.
  bool access_log = false;

  // The log's origin, which documents are signed for.
  std::string origin;

  // Null: tiles are not compared.
  TileJudge tile_judge;

  // Null: register leaves are taken as they are, and batches are judged by
  // `min_batch`. Else every document is fetched, hashed, matched with the next
  // number or version of its type and, if `document_signatures`, judged by
  // config's publishers; min_batch is then config's.
  DocumentSource documents;
  bool document_signatures = true;
  uint64_t min_batch = 8;

  // Not owned; may be null.
  IndexJudge* index_judge = nullptr;
};

// Where the first finding is.
struct AuditPlace {
  uint64_t leaf_index = 0;          // the leaf being judged, or the size
  std::optional<TileAddress> tile;  // for kTileMismatch
};

// Not synchronised. Copyable at any time: a copy goes on from the same place.
class Auditor {
 public:
  // From leaf 0.
  explicit Auditor(AuditOptions options);

  // From the end of a tree that was verified before. Of an access log, `tree`
  // must end in a seal, whose time is `last_seal_time_s`; what the register
  // held before is unknown, so options.documents must be null (CHECK).
  Auditor(AuditOptions options, const CompactRange& tree,
          uint64_t last_seal_time_s);

  Auditor(const Auditor& other);
  Auditor& operator=(const Auditor& other);
  ~Auditor();

  // What an auditor that goes on here must know, between two batches (CHECK) of
  // an access log whose documents it reads. Bytes in docs/following.md: a few
  // for each register document, 32 for each bit of the size.
  bool between_batches() const;
  std::string Save() const;

  // An auditor that goes on where one was saved; with options.documents
  // (CHECK). Nothing unless `saved` is exactly what Save gives at some place.
  // Whether it is the right place shows in tree().Root() alone: keep it where
  // nobody else writes.
  static std::optional<Auditor> Restore(AuditOptions options,
                                        std::string_view saved);

  // Judges the entries of a bundle, or any part of one that begins and ends
  // with an entry. `first_index` must be size() (else kIndexOutOfTurn). Once
  // anything but kOk came back, it comes back for ever.
  Finding AddBundle(uint64_t first_index, std::string_view bundle);

  // Judges one entry.
  Finding AddEntry(std::string_view entry);
  // The same for one who made LeafHash(entry) ahead, on another thread.
  Finding AddEntry(std::string_view entry, const Hash& leaf_hash);

  // Judges that what was read is exactly `head`: partial tiles, the batch's end
  // (kBatchUnfinished), the size (kIndexOutOfTurn) and the root
  // (kRootMismatch), and what the index judge says at its Finish. More may be
  // added afterwards, and Finish called again.
  Finding Finish(const TreeHead& head);

  const AuditPlace& place() const;
  uint64_t size() const;
  // Up to 255 hashes.
  CompactRange tree() const;
  uint64_t last_seal_time_s() const;
  // Batches that were complete, 0 for an opaque log.
  uint64_t batch_count() const;
  // Register documents of complete batches, each version counted.
  uint64_t document_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vidimus

#endif  // VERIFIER_AUDIT_H_
