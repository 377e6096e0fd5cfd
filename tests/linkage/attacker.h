// Somebody who has every public byte of a log and knows a great deal besides:
// when each access came, to the millisecond, and of all past ones, whose they
// were. Of two leaves of one batch, whose is which? Each byte that a log shows
// follows from its leaves and seals (tiles, index tiles, proofs, sizes), so
// they are all there is to look at.
#ifndef VIDIMUS_TESTS_LINKAGE_ATTACKER_H_
#define VIDIMUS_TESTS_LINKAGE_ATTACKER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vidimus {

// The leaves of one batch in the log's order, its seal last.
struct PublicBatch {
  uint64_t first_index = 0;
  std::vector<std::string> leaves;
};

// Of the accesses of `who[0]` and `who[1]`, which came at these times, one
// stands at each of these places of the batch. Who is a resident, or an
// administration.
struct LinkQuestion {
  std::array<uint32_t, 2> who = {};
  std::array<uint64_t, 2> arrival_ms = {};
  std::array<size_t, 2> place = {};  // ascending
};

// Looks at a leaf in many ways, keeps book of which way was right so far, and
// guesses by the best. Not synchronised.
class Attacker {
 public:
  // Whether the leaf at place[0] is that of who[0].
  bool Guess(const PublicBatch& batch, const LinkQuestion& question);

  // The truth about the question asked last.
  void Learn(bool first_is_first);

  // The way of looking that is best so far, for the record.
  const char* best() const;

  struct Traits;

 private:
  // What is known of the leaves of one resident or administration.
  struct Person {
    uint64_t leaves = 0;
    // By length and first bytes of label and of commitment.
    std::map<std::string, uint32_t> prefixes;
    // How often each bit of leaf, leaf hash and leaf index was 1.
    std::array<uint32_t, 8 * (64 + 32 + 8)> bits = {};
    // Sums, for means.
    double place = 0;
    double gap = 0;
    double depth = 0;
    std::string last_label;
  };

  // How well a leaf fits to a person, by each way of looking.
  static std::vector<double> Look(const Person& person, const Traits& traits);

  std::map<uint32_t, Person> people_;
  // Of each way of looking: how often it said something, and was right.
  std::vector<uint64_t> said_, right_;
  std::vector<double> signs_;  // of the last question
  std::vector<Traits> traits_;
  LinkQuestion question_;
};

// What is seen of one leaf.
struct Attacker::Traits {
  std::string bytes;  // label, commitment, leaf hash, leaf index
  double place = 0;   // from 0 to 1
  double gap = 0;     // to the key before, as a fraction of what is expected
  double depth = 0;   // of its key in a trie of the batch
};

}  // namespace vidimus

#endif  // VIDIMUS_TESTS_LINKAGE_ATTACKER_H_
