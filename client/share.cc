#include "client/share.h"

#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/door.h"
#include "client/file.h"
#include "client/prosecutor.h"
#include "client/terminal.h"
#include "client/tree_reader.h"
#include "client/verify.h"
#include "proto/bundle.pb.h"
#include "proto/status.h"
#include "verifier/chain.h"
#include "verifier/checkpoint.h"
#include "verifier/entry_bundle.h"
#include "verifier/index.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/tlog_proof.h"

namespace vidimus {
namespace {

constexpr size_t kFileBytesMax = size_t{1} << 20;
// Numbers of the register that are looked up ahead.
constexpr uint32_t kNumbersAhead = 16;
// Leaves after a document among which its seal is looked for: more than any
// batch has.
constexpr uint64_t kSealDistanceMax = uint64_t{1} << 20;

class Sharer {
 public:
  Sharer(Fetcher* fetcher, const VerifierKey& log_key, uint64_t leaf_index)
      : fetcher_(fetcher),
        log_key_(log_key),
        leaf_index_(leaf_index),
        prove_keys_(ProverOf(fetcher)) {}

  absl::StatusOr<std::string> Share(const v1::Opening& opening) {
    ASSIGN_OR_RETURN(const std::string note,
                     fetcher_->Get("checkpoint", kNoteBytesMax));
    Checkpoint checkpoint;
    const Finding finding = OpenCheckpoint(note, log_key_, &checkpoint);
    if (finding != Finding::kOk) {
      return absl::DataLossError(
          absl::StrCat("checkpoint: ", FindingSentence(finding)));
    }
    size_ = checkpoint.head.size;
    if (size_ < 2 || leaf_index_ >= size_) {
      return absl::OutOfRangeError(absl::StrCat(
          "the log's newest head has ", size_, " leaves and not leaf ",
          leaf_index_, "; is it the right log?"));
    }
    tree_.emplace(fetcher_, size_);
    std::string seal;
    RETURN_IF_ERROR(Read(size_ - 1, &seal));
    index_root_ = *HashFromBytes(std::string_view(seal).substr(1, 32));

    bundle_.set_format(std::string(kEntryBundleFormat));
    bundle_.set_checkpoint(note);
    RETURN_IF_ERROR(FindRegister());
    RETURN_IF_ERROR(AddDocuments());
    RETURN_IF_ERROR(AddLeaves());
    RETURN_IF_ERROR(AddKeys());
    bundle_.set_leaf_index(leaf_index_);
    *bundle_.mutable_opening() = opening;
    std::string bytes = bundle_.SerializeAsString();
    EntryBundleReport report;
    const Finding judged = JudgeEntryBundle(bytes, log_key_, &report);
    if (judged != Finding::kOk) {
      return absl::DataLossError(
          absl::StrCat("this cannot be shared, for it is not so: ", report.part,
                       ": ", FindingSentence(judged)));
    }
    return bytes;
  }

 private:
  // A leaf of an access log.
  absl::Status Read(uint64_t index, std::string* entry) {
    if (!tree_->Entry(index, entry)) return tree_->status();
    return entry->size() == kLeafBytes ? absl::OkStatus()
                                       : absl::DataLossError(absl::StrCat(
                                             "leaf ", index, " is no leaf"));
  }

  // Looks the ids up that were not yet.
  absl::Status Ask(const std::vector<RegisterId>& ids) {
    std::set<Hash> keys;
    for (const RegisterId& id : ids) {
      const Hash key = RegisterKey(id);
      if (answers_.count(key) == 0) keys.insert(key);
    }
    if (keys.empty()) return absl::OkStatus();
    const std::vector<Hash> asked(keys.begin(), keys.end());
    ASSIGN_OR_RETURN(const std::string proof, prove_keys_(size_ - 1, asked));
    std::vector<IndexAnswer> answers;
    const Finding finding =
        VerifySeveral(asked, index_root_, size_ - 1, proof, &answers);
    if (finding != Finding::kOk) {
      return absl::DataLossError(
          absl::StrCat("proof of keys: ", FindingSentence(finding)));
    }
    for (size_t k = 0; k < asked.size(); ++k) answers_[asked[k]] = answers[k];
    return absl::OkStatus();
  }

  // All versions of one document, and the next one. Sets whether there is any.
  absl::Status FindVersions(RegisterType type, uint32_t number, bool* present) {
    *present = false;
    for (uint64_t version = 0; version < kVersionsMax; ++version) {
      const RegisterId id = {type, number, version};
      RETURN_IF_ERROR(Ask({id, {type, number, version + 1}}));
      const Hash key = RegisterKey(id);
      wanted_keys_.insert(key);
      const IndexAnswer& answer = answers_.at(key);
      if (!answer.has_value()) return absl::OkStatus();
      *present = true;
      register_leaves_.push_back(*answer);
    }
    return absl::DataLossError("a document with too many versions");
  }

  absl::Status FindRegister() {
    bool present = false;
    RETURN_IF_ERROR(FindVersions(RegisterType::kConfig, 0, &present));
    for (uint32_t number = 0; number < kNumbersMax; ++number) {
      if (number % kNumbersAhead == 0) {
        std::vector<RegisterId> ahead;
        for (uint32_t k = 0; k < kNumbersAhead; ++k) {
          for (uint64_t version = 0; version < 2; ++version) {
            ahead.push_back(
                {RegisterType::kAdministration, number + k, version});
          }
        }
        RETURN_IF_ERROR(Ask(ahead));
      }
      RETURN_IF_ERROR(
          FindVersions(RegisterType::kAdministration, number, &present));
      if (!present) break;
    }
    return absl::OkStatus();
  }

  absl::Status AddDocuments() {
    for (const uint64_t index : register_leaves_) {
      std::string entry;
      RETURN_IF_ERROR(Read(index, &entry));
      const Hash hash = *HashFromBytes(std::string_view(entry).substr(33));
      ASSIGN_OR_RETURN(std::string document, GetDocument(fetcher_, hash));
      bundle_.add_document(std::move(document));
    }
    return absl::OkStatus();
  }

  // The leaves that show whether a document stands in a batch before the
  // entry's: a seal between them, or all leaves if there is none.
  absl::Status WantBetween(uint64_t document) {
    std::vector<uint64_t> passed;
    for (uint64_t index = document + 1; index < leaf_index_; ++index) {
      std::string entry;
      RETURN_IF_ERROR(Read(index, &entry));
      if (static_cast<LeafKind>(entry[0]) == LeafKind::kSeal) {
        wanted_leaves_.insert(index);
        return absl::OkStatus();
      }
      passed.push_back(index);
      if (passed.size() > kSealDistanceMax) {
        return absl::DataLossError("a batch without an end");
      }
    }
    wanted_leaves_.insert(passed.begin(), passed.end());
    return absl::OkStatus();
  }

  absl::Status AddLeaves() {
    wanted_leaves_.insert({0, leaf_index_, size_ - 1});
    for (const uint64_t index : register_leaves_) {
      wanted_leaves_.insert(index);
      RETURN_IF_ERROR(WantBetween(index));
    }
    const std::vector<uint64_t> indices(wanted_leaves_.begin(),
                                        wanted_leaves_.end());
    v1::LeavesProof* leaves = bundle_.add_leaves();
    for (const uint64_t index : indices) {
      std::string entry;
      RETURN_IF_ERROR(Read(index, &entry));
      leaves->add_leaf_index(index);
      leaves->add_leaf(std::move(entry));
    }
    const auto proof = MultiInclusionProof(
        indices, size_, [this](int level, uint64_t index, Hash* hash) {
          return tree_->Node(level, index, hash);
        });
    if (!proof.has_value()) return tree_->status();
    leaves->set_proof(BytesOfHashes(*proof));
    return absl::OkStatus();
  }

  absl::Status AddKeys() {
    for (auto next = wanted_keys_.begin(); next != wanted_keys_.end();) {
      std::vector<Hash> keys;
      for (; next != wanted_keys_.end() && keys.size() < kKeysAskedMax;
           ++next) {
        keys.push_back(*next);
      }
      v1::KeysProof* proof = bundle_.add_keys();
      for (const Hash& key : keys) proof->add_key(std::string(Bytes(key)));
      ASSIGN_OR_RETURN(*proof->mutable_proof(), prove_keys_(size_ - 1, keys));
    }
    return absl::OkStatus();
  }

  Fetcher* const fetcher_;
  const VerifierKey& log_key_;
  const uint64_t leaf_index_;
  const KeyProver prove_keys_;
  uint64_t size_ = 0;
  Hash index_root_ = {};
  std::optional<TreeReader> tree_;
  std::map<Hash, IndexAnswer> answers_;
  std::vector<uint64_t> register_leaves_;
  std::set<uint64_t> wanted_leaves_;
  std::set<Hash> wanted_keys_;
  v1::EntryBundle bundle_;
};

// Where the entry stands and what opens it.
struct SharedEntry {
  uint64_t leaf_index = 0;
  v1::Opening opening;
};

// From a receipt, which must be true, and the opening beside it.
absl::StatusOr<SharedEntry> FromReceipt(const std::string& vkey,
                                        const std::string& proof_file,
                                        const std::string& opening_file) {
  absl::string_view stem = proof_file;
  absl::ConsumeSuffix(&stem, ".tlog-proof");
  ASSIGN_OR_RETURN(const std::string proof,
                   ReadFile(proof_file, kFileBytesMax));
  ASSIGN_OR_RETURN(
      const std::string secret,
      ReadPrivateFile(absl::StrCat(stem, ".secret"), kFileBytesMax));
  const Judgement judgement = VerifyWithSecret(vkey, proof, secret);
  if (judgement.exit_code != kExitTrue) {
    return absl::DataLossError(judgement.sentence);
  }
  ASSIGN_OR_RETURN(const std::string opening,
                   ReadPrivateFile(opening_file, kFileBytesMax));
  SharedEntry entry;
  TlogProof parsed;
  if (ParseTlogProof(proof, &parsed) != Finding::kOk ||
      !entry.opening.ParseFromString(opening)) {
    return absl::InvalidArgumentError(
        absl::StrCat(opening_file, " is no opening (proto/chain.proto)"));
  }
  entry.leaf_index = parsed.index;
  return entry;
}

// From a chain bundle: `which` is "ADMINISTRATION/NUMBER".
absl::StatusOr<SharedEntry> FromChains(const std::string& bundle_file,
                                       const std::string& which) {
  ASSIGN_OR_RETURN(const std::string bytes,
                   ReadPrivateFile(bundle_file, kChainBundleBytesMax));
  v1::ChainBundle bundle;
  uint32_t administration = 0;
  uint64_t number = 0;
  const std::vector<std::string> parts = absl::StrSplit(which, '/');
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &administration) ||
      !absl::SimpleAtoi(parts[1], &number)) {
    return absl::InvalidArgumentError(
        "--entry: an administration's number and the entry's, such as 0/3");
  }
  if (!bundle.ParseFromString(bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat(bundle_file, " is no chain bundle"));
  }
  for (const v1::ProbedChain& chain : bundle.chain()) {
    if (chain.chain().administration() != administration) continue;
    if (number >= static_cast<uint64_t>(chain.chain().entries_size())) break;
    const v1::ChainEntry& entry =
        chain.chain().entries(static_cast<int>(number));
    if (!entry.has_opening()) {
      return absl::NotFoundError("the content of this entry is not shown");
    }
    return SharedEntry{entry.leaf_index(), entry.opening()};
  }
  return absl::NotFoundError(
      absl::StrCat("the chain bundle has no entry ", which));
}

int Share(const std::vector<std::string>& arguments) {
  std::string vkey_file, log, ca_file, opening_file, chains_file, which, out;
  std::vector<std::string> receipts;
  CommandLine command_line(
      "receipt share --vkey FILE --log URL --out FILE [flags] [RECEIPT]",
      "Takes one access out for somebody else to judge: a file that shows that "
      "it is in the\nlog, what it says and who signed it, and nothing else of "
      "the chain. Either from a\nreceipt (RECEIPT.tlog-proof, its .secret "
      "beside it) and the entry's opening, or from\na chain bundle "
      "(vidimus resident check --save).");
  command_line.Text("vkey", "FILE", "the log's verifier key (log.vkey)",
                    &vkey_file);
  command_line.Text("log", "URL", "the log, for its register and proofs", &log);
  command_line.Text("ca", "FILE", "authority to believe, for an https URL",
                    &ca_file);
  command_line.Text("opening", "FILE",
                    "what opens the entry of RECEIPT, as the log keeps it "
                    "(Opening of proto/chain.proto; 0600)",
                    &opening_file);
  command_line.Text("chains", "FILE", "a chain bundle", &chains_file);
  command_line.Text("entry", "A/N",
                    "of a chain bundle: entry N of the chain with "
                    "administration A",
                    &which);
  command_line.Text("out", "FILE", "where the entry bundle goes", &out);
  command_line.Require({"vkey", "log", "out"});
  command_line.Operands(0, 1, &receipts);
  command_line.Epilogue(
      "Exit: 0 written, 2 it could not be made or would not be true, 64 the "
      "command line makes\nno sense.\n\n"
      "  vidimus receipt share --vkey log.vkey --log "
      "https://log.example/2026h2 "
      "\\\n    --chains mine.bundle --entry 0/3 --out complaint.bundle");
  if (const std::optional<int> exit_code = command_line.Parse(arguments)) {
    return *exit_code;
  }
  const bool from_receipt = !receipts.empty() && !opening_file.empty();
  const bool from_chains = !chains_file.empty() && !which.empty();
  if (from_receipt == from_chains) {
    std::fprintf(stderr,
                 "vidimus receipt share: which entry? RECEIPT and --opening, "
                 "or --chains and --entry\n");
    return kExitUsage;
  }
  const auto unusable = [](const absl::Status& status) {
    std::fprintf(stderr, "vidimus receipt share: %s\n",
                 std::string(status.message()).c_str());
    return kExitUnusable;
  };
  const auto vkey = ReadFile(vkey_file, kFileBytesMax);
  if (!vkey.ok()) return unusable(vkey.status());
  const auto log_key = ReadVkey(vkey_file);
  if (!log_key.ok()) return unusable(log_key.status());
  const auto ca_pem = ReadAuthorities(ca_file);
  if (!ca_pem.ok()) return unusable(ca_pem.status());
  const auto fetcher = NewFetcher(log, *ca_pem);
  if (!fetcher.ok()) return unusable(fetcher.status());
  const auto entry = from_receipt
                         ? FromReceipt(*vkey, receipts[0], opening_file)
                         : FromChains(chains_file, which);
  if (!entry.ok()) return unusable(entry.status());
  const auto bundle = MakeEntryBundle(fetcher->get(), *log_key,
                                      entry->leaf_index, entry->opening);
  if (!bundle.ok()) return unusable(bundle.status());
  const absl::Status written = WriteFile(out, *bundle, 0600, /*sync=*/true);
  if (!written.ok()) return unusable(written);
  std::printf(
      "%s\n\nKept in %s (%s bytes): this one access, and nothing else "
      "of the chain.\n",
      VerifyEvidence(*vkey, {}, *bundle).sentence.c_str(), out.c_str(),
      Grouped(bundle->size()).c_str());
  return kExitTrue;
}

}  // namespace

absl::StatusOr<std::string> MakeEntryBundle(Fetcher* fetcher,
                                            const VerifierKey& log_key,
                                            uint64_t leaf_index,
                                            const v1::Opening& opening) {
  return Sharer(fetcher, log_key, leaf_index).Share(opening);
}

int ReceiptMain(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "share") {
    return Share({arguments.begin() + 1, arguments.end()});
  }
  const bool help =
      !arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h");
  std::fprintf(help ? stdout : stderr,
               "vidimus receipt share ...    one access, for somebody else to "
               "judge\n\nvidimus receipt share --help tells what it takes.\n");
  return help ? kExitTrue : kExitUsage;
}

}  // namespace vidimus
