// For tests: a log that may show several histories, with real trees and real
// signatures, and nothing in its leaves. Honest as long as nobody calls Fork.
#ifndef VIDIMUS_CLIENT_MONITOR_BRANCHING_LOG_H_
#define VIDIMUS_CLIENT_MONITOR_BRANCHING_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "client/monitor/gossip.h"
#include "verifier/compact_range.h"
#include "verifier/hash.h"
#include "verifier/merkle.h"
#include "verifier/note.h"
#include "verifier/signing.h"

namespace vidimus {

// Not synchronised.
class BranchingLog {
 public:
  // With branch 0, which is empty. The key follows from the origin.
  explicit BranchingLog(const std::string& origin);

  const VerifierKey& key() const { return signer_.key(); }

  // A new branch: the first `size` leaves of another, and a leaf of its own.
  // Returns its number.
  size_t Fork(size_t branch, uint64_t size);
  // Adds leaves of its own to a branch.
  void Grow(size_t branch, uint64_t leaves);

  size_t branches() const { return branches_.size(); }
  uint64_t size(size_t branch) const { return branches_[branch].range.size(); }
  TreeHead Head(size_t branch, uint64_t size) const;
  // Whether two branches differ in their first `size` leaves.
  bool Differ(size_t a, size_t b, uint64_t size) const {
    return Head(a, size) != Head(b, size);
  }

  // The signed head of the branch at a size, also one beyond it: that has a
  // root which no tree has. The same bytes each time.
  const std::string& Note(size_t branch, uint64_t size);

  // What somebody whose tree is the first `tree_size` leaves of a branch makes
  // of a note.
  TreeComparison Compare(size_t branch, uint64_t tree_size,
                         const std::string& note);

 private:
  struct Branch {
    CompactRange range;
    std::vector<std::vector<Hash>> levels;
  };

  void Append(Branch* branch, const Hash& leaf);
  NodeReader Nodes(size_t branch) const;

  const Ed25519NoteSigner signer_;
  uint64_t drawn_ = 0;
  std::vector<Branch> branches_;
  std::map<std::pair<size_t, uint64_t>, std::string> notes_;
};

// The note with a further line by `cosigner`.
std::string Cosigned(const std::string& note, const NoteSigner& cosigner,
                     uint64_t time_s);

// A key for tests that follows from its name.
Ed25519NoteSigner TestSigner(const std::string& name, uint8_t type);

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_MONITOR_BRANCHING_LOG_H_
