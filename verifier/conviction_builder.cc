#include "verifier/conviction_builder.h"

#include <vector>

#include "verifier/conviction.h"
#include "verifier/leaf.h"
#include "verifier/runs.h"
#include "verifier/wire.h"

namespace vidimus {
namespace {

using MaybeMessage = std::optional<std::string>;

// A message under way, of which a part may be missing.
class Message {
 public:
  Message& Number(uint32_t field, uint64_t value) {
    AppendWireNumber(field, value, &bytes_);
    return *this;
  }
  Message& Bytes(uint32_t field, std::string_view value) {
    AppendWireBytes(field, value, &bytes_);
    return *this;
  }
  Message& Part(uint32_t field, const MaybeMessage& part) {
    if (part) {
      Bytes(field, *part);
    } else {
      whole_ = false;
    }
    return *this;
  }
  MaybeMessage Done() const {
    return whole_ ? MaybeMessage(bytes_) : std::nullopt;
  }

 private:
  std::string bytes_;
  bool whole_ = true;
};

std::string ChainMessage(const ChainEvidence& chain) {
  Message message;
  message.Number(1, chain.name.administration)
      .Bytes(2, chain.name.subject)
      .Bytes(3, chain.vrf_proof);
  return *message.Done();
}

std::string OpeningMessage(const Opening& opening) {
  Message message;
  message.Bytes(2, opening.salt_r)
      .Bytes(3, opening.record)
      .Bytes(4, opening.salt_a);
  if (!opening.actor.empty()) message.Bytes(5, opening.actor);
  return *message.Done();
}

}  // namespace

std::string ForkConviction(std::string_view larger_note,
                           std::string_view smaller_note, Path subtrees) {
  Message fork;
  fork.Bytes(1, smaller_note);
  if (!subtrees.empty()) fork.Bytes(2, BytesOfHashes(subtrees));
  Message file;
  file.Bytes(1, kConvictionFormat).Bytes(2, larger_note).Part(10, fork.Done());
  return *file.Done();
}

MaybeMessage ConvictionBuilder::Prove(uint64_t index) const {
  std::string entry;
  if (index >= size_ || !entries_(index, &entry)) return std::nullopt;
  const auto path = InclusionPath(index, size_, nodes_);
  if (!path) return std::nullopt;
  Message leaf;
  leaf.Number(1, index).Bytes(2, entry).Bytes(3, BytesOfHashes(*path));
  return leaf.Done();
}

MaybeMessage ConvictionBuilder::File(uint32_t kind, std::string_view config,
                                     const MaybeMessage& body) const {
  Message file;
  file.Bytes(1, kConvictionFormat).Bytes(2, note_).Part(3, Prove(0));
  if (!config.empty()) file.Bytes(4, config);
  file.Part(kind, body);
  return file.Done();
}

MaybeMessage ConvictionBuilder::ImpossibleLeaf(uint64_t index) const {
  return File(11, "", Message().Part(1, Prove(index)).Done());
}

MaybeMessage ConvictionBuilder::ImpossibleLeaves(
    uint64_t first, uint64_t second, std::string_view config) const {
  return File(11, config,
              Message().Part(1, Prove(first)).Part(1, Prove(second)).Done());
}

MaybeMessage ConvictionBuilder::Omission(uint64_t leaf, uint64_t seal,
                                         const AbsenceProof& absence) const {
  return File(12, "",
              Message()
                  .Part(1, Prove(leaf))
                  .Part(2, Prove(seal))
                  .Bytes(3, FormatAbsence(absence))
                  .Done());
}

MaybeMessage ConvictionBuilder::Duplicate(uint64_t first,
                                          uint64_t second) const {
  return File(13, "",
              Message().Part(1, Prove(first)).Part(2, Prove(second)).Done());
}

MaybeMessage ConvictionBuilder::WrongIndexEntry(
    const Hash& key, uint64_t leaf, uint64_t seal,
    const PresenceProof& presence) const {
  return File(14, "",
              Message()
                  .Part(1, Prove(seal))
                  .Bytes(2, Bytes(key))
                  .Bytes(3, FormatPresence(presence))
                  .Part(4, Prove(leaf))
                  .Done());
}

MaybeMessage ConvictionBuilder::WrongSeal(uint64_t seal, Path run_roots,
                                          uint32_t run) const {
  const std::vector<RunRange> runs = RunsInForce(seal);
  if (seal >= size_ || run >= runs.size()) return std::nullopt;
  std::vector<uint64_t> indices;
  std::string leaves, entry;
  for (uint64_t index = runs[run].start; index < runs[run].end; ++index) {
    if (!entries_(index, &entry) || entry.size() != kLeafBytes) {
      return std::nullopt;
    }
    indices.push_back(index);
    leaves += entry;
  }
  const auto proof = MultiInclusionProof(indices, size_, nodes_);
  if (!proof) return std::nullopt;
  return File(15, "",
              Message()
                  .Part(1, Prove(seal))
                  .Bytes(2, BytesOfHashes(run_roots))
                  .Number(3, run)
                  .Bytes(4, leaves)
                  .Bytes(5, BytesOfHashes(*proof))
                  .Done());
}

MaybeMessage ConvictionBuilder::Hole(const ChainEvidence& chain, uint64_t leaf,
                                     uint64_t entry, uint64_t missing_entry,
                                     uint64_t seal,
                                     const AbsenceProof& absence) const {
  return File(16, chain.config,
              Message()
                  .Bytes(1, ChainMessage(chain))
                  .Part(2, Prove(leaf))
                  .Number(3, entry)
                  .Number(4, missing_entry)
                  .Part(5, Prove(seal))
                  .Bytes(6, FormatAbsence(absence))
                  .Done());
}

MaybeMessage ConvictionBuilder::WrongContent(const ChainEvidence& chain,
                                             uint64_t leaf,
                                             const Opening& opening,
                                             uint64_t entry) const {
  return File(17, chain.config,
              Message()
                  .Bytes(1, ChainMessage(chain))
                  .Part(2, Prove(leaf))
                  .Bytes(3, OpeningMessage(opening))
                  .Number(4, entry)
                  .Done());
}

MaybeMessage ConvictionBuilder::WrongLabel(const ChainEvidence& chain,
                                           uint64_t leaf,
                                           const Opening& opening,
                                           uint64_t count, uint64_t seal,
                                           const AbsenceProof& absence) const {
  return File(17, chain.config,
              Message()
                  .Bytes(1, ChainMessage(chain))
                  .Part(2, Prove(leaf))
                  .Bytes(3, OpeningMessage(opening))
                  .Number(5, count)
                  .Part(6, Prove(seal))
                  .Bytes(7, FormatAbsence(absence))
                  .Done());
}

}  // namespace vidimus
