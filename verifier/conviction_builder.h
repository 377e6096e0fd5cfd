// Making the files that conviction.h judges, from a log's own bytes. A builder
// believes what it is given: judge the finished file before it is shown to
// anybody. Format: docs/convictions.md.
#ifndef VERIFIER_CONVICTION_BUILDER_H_
#define VERIFIER_CONVICTION_BUILDER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "verifier/commitment.h"
#include "verifier/hash.h"
#include "verifier/index.h"
#include "verifier/label.h"
#include "verifier/merkle.h"

namespace vidimus {

// Gives the entry at a leaf index; false if it cannot be had.
using EntryReader = std::function<bool(uint64_t index, std::string* entry)>;

// Two checkpoints of one log; `subtrees` as RootsFromSubtrees takes them, none
// for heads of one size.
std::string ForkConviction(std::string_view larger_note,
                           std::string_view smaller_note, Path subtrees);

// A chain and the proof of its key, for the two convictions that name a person.
struct ChainEvidence {
  ChainName name;  // its origin is the log's
  std::string_view vrf_proof;
  std::string_view config;  // the document of config version 0
};

// Makes files about leaves under one head. Each gives nothing if a reader does.
class ConvictionBuilder {
 public:
  // `note` is the signed checkpoint of `size` leaves, `nodes` and `entries`
  // read its tree.
  ConvictionBuilder(std::string_view note, uint64_t size, NodeReader nodes,
                    EntryReader entries)
      : note_(note),
        size_(size),
        nodes_(std::move(nodes)),
        entries_(std::move(entries)) {}

  std::optional<std::string> ImpossibleLeaf(uint64_t index) const;
  // `config` only for seals too close to each other; else empty.
  std::optional<std::string> ImpossibleLeaves(uint64_t first, uint64_t second,
                                              std::string_view config) const;
  std::optional<std::string> Omission(uint64_t leaf, uint64_t seal,
                                      const AbsenceProof& absence) const;
  std::optional<std::string> Duplicate(uint64_t first, uint64_t second) const;
  // The proof leads to `leaf`.
  std::optional<std::string> WrongIndexEntry(
      const Hash& key, uint64_t leaf, uint64_t seal,
      const PresenceProof& presence) const;
  // Reads every leaf of run `run` in force at `seal`.
  std::optional<std::string> WrongSeal(uint64_t seal, Path run_roots,
                                       uint32_t run) const;
  std::optional<std::string> Hole(const ChainEvidence& chain, uint64_t leaf,
                                  uint64_t entry, uint64_t missing_entry,
                                  uint64_t seal,
                                  const AbsenceProof& absence) const;
  // The leaf carries the label of entry `entry`.
  std::optional<std::string> WrongContent(const ChainEvidence& chain,
                                          uint64_t leaf, const Opening& opening,
                                          uint64_t entry) const;
  // The leaf carries none of the chain's `count` labels.
  std::optional<std::string> WrongLabel(const ChainEvidence& chain,
                                        uint64_t leaf, const Opening& opening,
                                        uint64_t count, uint64_t seal,
                                        const AbsenceProof& absence) const;

 private:
  // A ProvenLeaf message.
  std::optional<std::string> Prove(uint64_t index) const;
  std::optional<std::string> File(uint32_t kind, std::string_view config,
                                  const std::optional<std::string>& body) const;

  const std::string note_;
  const uint64_t size_;
  const NodeReader nodes_;
  const EntryReader entries_;
};

}  // namespace vidimus

#endif  // VERIFIER_CONVICTION_BUILDER_H_
