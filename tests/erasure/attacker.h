// Somebody who has every key of a log and every byte of its folder, knows how
// the vault is made (docs/vault.md), and looks for what it says about a person.
// He needs no tags, no headers and no file names: whatever stands anywhere may
// be a wrapped key, and whatever looks like a page row may be one.
#ifndef VIDIMUS_TESTS_ERASURE_ATTACKER_H_
#define VIDIMUS_TESTS_ERASURE_ATTACKER_H_

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vidimus {

// Files by their names.
using Loot = std::map<std::string, std::string>;

class Attacker {
 public:
  // `keys` have 32 bytes each.
  Attacker(Loot files, std::vector<std::string> keys);

  // Which of `secrets` he finds: in the clear, or by taking the 48 bytes at
  // every offset of every file for a page key wrapped by each of his keys, and
  // decrypting by it what follows everything that may be the head of a page
  // row. Seconds for each million bytes.
  std::set<std::string> Find(const std::vector<std::string>& secrets) const;

  // What may be the head of a page row, in all files: he must have found some.
  size_t rows() const { return rows_.size(); }

 private:
  // A nonce, and what may be encrypted under it.
  struct Row {
    std::string nonce;
    std::string ciphertext;
  };

  const Loot files_;
  const std::vector<std::string> keys_;
  std::vector<Row> rows_;
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_ERASURE_ATTACKER_H_
