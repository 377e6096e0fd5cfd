#include "client/conviction_maker.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/status.h"
#include "verifier/conviction.h"

namespace vidimus {

absl::StatusOr<ConvictionFile> JudgedConviction(const SignedHead& head,
                                                std::string bytes) {
  ConvictionReport report;
  const Finding finding = JudgeConviction(bytes, head.log_key, &report);
  if (finding != Finding::kOk) {
    return absl::DataLossError(absl::StrCat(
        "what the log shows does not add up to a file that convicts it: ",
        FindingSentence(finding)));
  }
  ConvictionFile file;
  file.bytes = std::move(bytes);
  file.sentence = ConvictionSentence(head.log_key.name, report);
  file.name = absl::StrCat(
      absl::StrReplaceAll(ConvictionKindName(report.kind), {{" ", "-"}}), "-",
      report.kind == ConvictionKind::kFork ? report.smaller_size : report.leaf,
      ".conviction");
  return file;
}

ConvictionMaker::ConvictionMaker(Fetcher* fetcher, const SignedHead& head)
    : fetcher_(fetcher),
      head_(head),
      tree_(fetcher, head.head.size),
      builder_(
          head.note, head.head.size,
          [this](int level, uint64_t index, Hash* hash) {
            return tree_.Node(level, index, hash);
          },
          [this](uint64_t index, std::string* entry) {
            return tree_.Entry(index, entry);
          }) {}

absl::StatusOr<ConvictionFile> ConvictionMaker::Made(
    std::optional<std::string> bytes) const {
  if (!bytes.has_value()) {
    return tree_.status().ok()
               ? absl::DataLossError("the head does not cover the leaf")
               : tree_.status();
  }
  return JudgedConviction(head_, *std::move(bytes));
}

absl::Status ConvictionMaker::ReadLeaf(uint64_t index, Leaf* leaf) {
  std::string entry;
  if (!tree_.Entry(index, &entry)) return tree_.status();
  return ParseLeaf(entry, leaf) == Finding::kOk
             ? absl::OkStatus()
             : absl::DataLossError(
                   absl::StrCat("leaf ", index, " cannot be read"));
}

absl::StatusOr<std::string> ConvictionMaker::ReadConfig() {
  Leaf leaf;
  RETURN_IF_ERROR(ReadLeaf(0, &leaf));
  return GetDocument(fetcher_, leaf.b);
}

}  // namespace vidimus
