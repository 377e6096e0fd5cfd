// What the prosecutors have in common: the log's leaves and tiles as they are
// needed for a file that convicts it (docs/convictions.md), and the judgement
// of that file by verifier/conviction.h before it is given out.
#ifndef VIDIMUS_CLIENT_CONVICTION_MAKER_H_
#define VIDIMUS_CLIENT_CONVICTION_MAKER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/fetcher.h"
#include "client/tree_reader.h"
#include "verifier/conviction_builder.h"
#include "verifier/hash.h"
#include "verifier/leaf.h"
#include "verifier/note.h"

namespace vidimus {

struct ConvictionFile {
  std::string bytes;
  std::string name;      // such as "omission-12345.conviction"
  std::string sentence;  // who did what
};

// The log and the head that is to be held against it.
struct SignedHead {
  VerifierKey log_key;
  std::string note;
  TreeHead head;
};

// The file, if it convicts; else kDataLoss.
absl::StatusOr<ConvictionFile> JudgedConviction(const SignedHead& head,
                                                std::string bytes);

// Not synchronised.
class ConvictionMaker {
 public:
  // Both must outlive the maker.
  ConvictionMaker(Fetcher* fetcher, const SignedHead& head);
  ConvictionMaker(const ConvictionMaker&) = delete;
  ConvictionMaker& operator=(const ConvictionMaker&) = delete;

  const SignedHead& head() const { return head_; }

  // Reads what it needs over the network, for Made.
  const ConvictionBuilder& builder() const { return builder_; }
  // The judged file. If the builder could make none: why.
  absl::StatusOr<ConvictionFile> Made(std::optional<std::string> bytes) const;

  // kDataLoss if what stands there is no leaf.
  absl::Status ReadLeaf(uint64_t index, Leaf* leaf);
  // The document of config version 0, which leaf 0 names.
  absl::StatusOr<std::string> ReadConfig();

 private:
  Fetcher* const fetcher_;
  const SignedHead& head_;
  TreeReader tree_;
  const ConvictionBuilder builder_;
};

}  // namespace vidimus

#endif  // VIDIMUS_CLIENT_CONVICTION_MAKER_H_
