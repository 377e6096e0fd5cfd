#include "tests/vectors/cases.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "tests/vectors/json.h"
#include "verifier/check.h"
#include "verifier/key_binding.h"
#include "verifier/verifier.h"
#include "verifier/webauthn.h"

namespace vidimus {
namespace {

// Counts what holds and what does not.
class Tally {
 public:
  void Expect(bool holds, std::string about) {
    if (holds) {
      ++result_.passed;
    } else {
      result_.failed.push_back(std::move(about));
    }
  }
  void ExpectOk(Finding finding, const std::string& about) {
    Expect(finding == Finding::kOk, about + ": " + FindingSentence(finding));
  }
  // The case says which finding it wants.
  void ExpectFinding(Finding finding, const Json& test,
                     const std::string& about) {
    Expect(FindingName(finding) == test["finding"].Text(),
           about + ": " + FindingSentence(finding));
  }
  void ExpectRefused(Finding finding, const std::string& about) {
    Expect(finding != Finding::kOk, about + ": not refused");
  }
  VectorResult Result() { return std::move(result_); }

 private:
  VectorResult result_;
};

Hash HashOf(const Json& json) { return *HashFromBytes(json.Hex()); }

std::vector<Hash> HashesOf(const Json& json) {
  std::vector<Hash> hashes;
  for (const Json& hash : json.List()) hashes.push_back(HashOf(hash));
  return hashes;
}

NodeReader ReaderOver(const std::vector<Hash>& leaf_hashes) {
  return [&leaf_hashes](int level, uint64_t index, Hash* hash) {
    CompactRange range;
    for (uint64_t i = index << level; i < (index + 1) << level; ++i) {
      range.Append(leaf_hashes[i]);
    }
    *hash = range.Root();
    return true;
  };
}

// Entry i is byte i mod 256 repeated i mod 5 times, then i as two bytes.
std::vector<Hash> TreeLeafHashes() {
  std::vector<Hash> leaf_hashes;
  for (int i = 0; i < 300; ++i) {
    std::string entry(i % 5, static_cast<char>(i));
    AppendBe16(static_cast<uint16_t>(i), &entry);
    leaf_hashes.push_back(LeafHash(entry));
  }
  return leaf_hashes;
}

void RunInclusion(const Json& test, const std::vector<Hash>& leaf_hashes,
                  Tally* tally) {
  const uint64_t index = test["index"].Number();
  const TreeHead head = {test["size"].Number(), HashOf(test["root"])};
  const std::vector<Hash> path = HashesOf(test["path"]);
  const Finding finding =
      VerifyInclusion(HashOf(test["leaf_hash"]), index, path, head);
  if (!test["ok"].Bool()) {
    tally->ExpectRefused(finding, "inclusion, " + test["why"].Text());
    return;
  }
  tally->ExpectOk(finding, "inclusion");
  tally->Expect(
      InclusionPath(index, head.size, ReaderOver(leaf_hashes)) == path,
      "an inclusion path that we make");
}

void RunConsistency(const Json& test, const std::vector<Hash>& leaf_hashes,
                    Tally* tally) {
  const TreeHead older = {test["old_size"].Number(), HashOf(test["old_root"])};
  const TreeHead newer = {test["size"].Number(), HashOf(test["root"])};
  const std::vector<Hash> path = HashesOf(test["path"]);
  const Finding finding = VerifyConsistency(older, newer, path);
  if (!test["ok"].Bool()) {
    tally->ExpectRefused(finding, "consistency, " + test["why"].Text());
    return;
  }
  tally->ExpectOk(finding, "consistency");
  tally->Expect(
      ConsistencyPath(older.size, newer.size, ReaderOver(leaf_hashes)) == path,
      "a consistency path that we make");
}

void RunTileWidths(const Json& test, Tally* tally) {
  const uint64_t size = test["size"].Number();
  int levels = 0;
  while (TileHashCount(size, levels) > 0) ++levels;
  bool good = test["tiles"].List().size() == static_cast<size_t>(levels);
  for (const Json& tile : test["tiles"].List()) {
    const auto level = static_cast<int>(tile["level"].Number());
    const uint64_t full = tile["full"].Number();
    good =
        good && (full == 0 || TileWidthAt(size, level, full - 1) == kTileWidth);
    good = good && TileWidthAt(size, level, full) ==
                       static_cast<int>(tile["partial"].Number());
    good = good && TileWidthAt(size, level, full + 1) == 0;
  }
  tally->Expect(good, "tile widths at a size");
}

void RunTree(const Json& json, Tally* tally) {
  const std::vector<Hash> leaf_hashes = TreeLeafHashes();
  for (const Json& test : json["roots"].List()) {
    const uint64_t size = test["size"].Number();
    CompactRange range;
    for (uint64_t i = 0; i < size; ++i) range.Append(leaf_hashes[i]);
    tally->Expect(range.Root() == HashOf(test["root"]), "root by appending");
    tally->Expect(RootFrom(size, ReaderOver(leaf_hashes)) == range.Root(),
                  "root from subtrees");
  }
  for (const Json& test : json["inclusion"].List()) {
    RunInclusion(test, leaf_hashes, tally);
  }
  for (const Json& test : json["consistency"].List()) {
    RunConsistency(test, leaf_hashes, tally);
  }
  for (const Json& test : json["tile_widths"].List()) {
    RunTileWidths(test, tally);
  }
  for (const Json& test : json["tile_paths"].List()) {
    TileAddress address;
    address.level = test["level"].IsText()
                        ? TileAddress::kEntries
                        : static_cast<int>(test["level"].Number());
    address.n = test["n"].Number();
    address.width = static_cast<int>(test["width"].Number());
    const std::string& path = test["path"].Text();
    tally->Expect(TilePath(address) == path, "name of " + path);
    tally->Expect(ParseTilePath(path) == address, path);
  }
  for (const Json& path : json["refused_paths"].List()) {
    tally->Expect(!ParseTilePath(path.Text()).has_value(),
                  path.Text() + ": not refused");
  }
}

void RunNote(const Json& json, Tally* tally) {
  VerifierKey log_key;
  tally->ExpectOk(ParseVkey(json["vkey"].Text(), &log_key), "vkey");
  tally->Expect(FormatVkey(log_key) == json["vkey"].Text(), "vkey spelled");
  tally->Expect(log_key.public_key == json["public_key"].Hex(), "public key");

  const Json& cosignature = json["cosignature"];
  const VerifierKey witness =
      MakeVerifierKey(cosignature["name"].Text(), kKeyTypeCosignatureEd25519,
                      cosignature["public_key"].Hex());
  std::string key_id;
  AppendBe32(witness.key_id, &key_id);
  tally->Expect(key_id == cosignature["key_id"].Hex(), "witness's key ID");

  for (const Json& test : json["checkpoints"].List()) {
    const std::string& note = test["note"].Text();
    const TreeHead head = {test["size"].Number(), HashOf(test["root"])};
    Checkpoint checkpoint;
    tally->ExpectOk(OpenCheckpoint(note, log_key, &checkpoint), "checkpoint");
    tally->Expect(
        checkpoint.head == head && checkpoint.origin == json["origin"].Text(),
        "checkpoint's head");
    tally->Expect(FormatCheckpoint(checkpoint) == test["text"].Text(),
                  "checkpoint spelled");
    if (head.size != 2) continue;
    // The cosignature is over the checkpoint of size 2.
    OpenedNote opened;
    tally->ExpectOk(OpenNote(note + cosignature["line"].Text(),
                             {log_key, witness}, &opened),
                    "cosigned checkpoint");
    tally->Expect(
        opened.signatures.size() == 2 && opened.signatures[1].key == 1 &&
            opened.signatures[1].time_s == cosignature["time"].Number(),
        "time of the cosignature");
  }
  Checkpoint checkpoint;
  for (const Json& test : json["accepted"].List()) {
    tally->ExpectOk(OpenCheckpoint(test["note"].Text(), log_key, &checkpoint),
                    test["what"].Text());
  }
  for (const Json& test : json["refused"].List()) {
    tally->ExpectRefused(
        OpenCheckpoint(test["note"].Text(), log_key, &checkpoint),
        test["why"].Text());
  }
}

std::string LeafOf(const Json& test) {
  switch (test["kind"].Number()) {
    case 1:
      return FormatSubjectLeaf(HashOf(test["label"]),
                               HashOf(test["commitment"]));
    case 2:
      return FormatSealLeaf({HashOf(test["index_root"]),
                             test["covered"].Number(),
                             test["time_s"].Number()});
    default:
      return FormatRegisterLeaf(HashOf(test["register_key"]),
                                Sha256(test["document"].Hex()));
  }
}

void RunLeaf(const Json& json, Tally* tally) {
  for (const Json& test : json["leaves"].List()) {
    const std::string entry = test["leaf"].Hex();
    Leaf leaf;
    tally->ExpectOk(ParseLeaf(entry, &leaf), "leaf");
    tally->Expect(FormatLeaf(leaf) == entry, "leaf spelled");
    tally->Expect(LeafOf(test) == entry, "leaf from its parts");
    tally->Expect(LeafHash(entry) == HashOf(test["leaf_hash"]), "leaf hash");
  }
  for (const Json& test : json["refused_leaves"].List()) {
    Leaf leaf;
    tally->ExpectRefused(ParseLeaf(test["leaf"].Hex(), &leaf),
                         "leaf, " + test["why"].Text());
  }
  for (const Json& test : json["batches"].List()) {
    std::vector<std::string> entries;
    for (const Json& leaf : test["leaves"].List()) {
      entries.push_back(leaf.Hex());
    }
    const Finding finding = JudgeBatch(
        {test["first"].Number(), test["last_time"].Number(), 8},
        std::vector<std::string_view>(entries.begin(), entries.end()), nullptr);
    const std::string about = "batch, " + test["what"].Text();
    if (test["ok"].Bool()) {
      tally->ExpectOk(finding, about);
    } else {
      tally->ExpectRefused(finding, about);
    }
  }
}

void RunCommitment(const Json& json, Tally* tally) {
  for (const Json& test : json["commitments"].List()) {
    const std::string salt_r = test["salt_r"].Hex();
    const std::string record = test["record"].Hex();
    const std::string salt_a = test["salt_a"].Hex();
    const std::string actor = test["actor"].Hex();
    const Hash commitment = HashOf(test["commitment"]);
    tally->Expect(Envelope(salt_r, record) == HashOf(test["envelope_r"]),
                  "record's envelope");
    tally->Expect(Envelope(salt_a, actor) == HashOf(test["envelope_a"]),
                  "actor's envelope");
    tally->ExpectOk(VerifyOpening(commitment, {salt_r, record, salt_a, actor}),
                    "opening");
    tally->ExpectRefused(
        VerifyOpening(commitment, {salt_a, record, salt_r, actor}),
        "opening with swapped salts");
    tally->ExpectRefused(
        VerifyOpening(commitment, {salt_r, record + '\0', salt_a, actor}),
        "opening with another record");
  }
}

void RunSubmission(const Json& json, Tally* tally) {
  const std::string public_key = json["public_key"].Hex();
  tally->Expect(Ed25519KeyIsSound(public_key), "public key");
  for (const Json& test : json["submissions"].List()) {
    std::vector<Hash> leaf_hashes;
    for (const Json& entry : test["entries"].List()) {
      const std::string bytes = entry.Hex();
      leaf_hashes.push_back(
          SubmissionLeafHash(bytes.substr(0, kEntryIdBytes),
                             *HashFromBytes(bytes.substr(kEntryIdBytes))));
    }
    const std::string& origin = test["origin"].Text();
    const auto administration = static_cast<uint32_t>(test["a"].Number());
    const auto count = static_cast<uint32_t>(test["count"].Number());
    const std::string signature = test["signature"].Hex();
    const Hash root = HashOf(test["root"]);
    tally->Expect(leaf_hashes.size() == count, "count");
    tally->Expect(SubmissionRoot(leaf_hashes) == root, "root");
    tally->Expect(SubmissionSignedBytes(origin, administration, count, root) ==
                      test["signed"].Hex(),
                  "signed bytes");
    tally->ExpectOk(VerifySubmission(public_key, origin, administration,
                                     leaf_hashes, signature),
                    "submission");
    tally->ExpectRefused(
        VerifySubmission(public_key, origin, administration + 1, leaf_hashes,
                         signature),
        "submission by another administration");
    for (const Json& path : test["paths"].List()) {
      const auto index = static_cast<uint32_t>(path["index"].Number());
      const Hash leaf_hash = HashOf(path["leaf_hash"]);
      tally->Expect(leaf_hashes[index] == leaf_hash, "leaf hash");
      const SubmissionEvidence evidence = {index, count, HashesOf(path["path"]),
                                           signature};
      tally->Expect(SubmissionPath(leaf_hashes, index) == evidence.path,
                    "a path that we make");
      tally->ExpectOk(VerifySubmittedEntry(public_key, origin, administration,
                                           leaf_hash, evidence),
                      "entry of a submission");
      SubmissionEvidence moved = evidence;
      moved.index += 1;
      tally->ExpectRefused(
          VerifySubmittedEntry(public_key, origin, administration, leaf_hash,
                               moved),
          "entry at another index");
    }
  }
  for (const Json& test : json["refused"].List()) {
    tally->Expect(!Ed25519Verify(public_key, test["signed"].Hex(),
                                 test["signature"].Hex()),
                  "signature, " + test["why"].Text() + ": not refused");
  }
}

RegisterId IdOf(const Json& test) {
  return {*RegisterTypeFromByte(static_cast<uint8_t>(test["type"].Number())),
          static_cast<uint32_t>(test["number"].Number()),
          test["version"].Number()};
}

void RunRegister(const Json& json, Tally* tally) {
  for (const Json& test : json["keys"].List()) {
    tally->Expect(RegisterKey(IdOf(test)) == HashOf(test["key"]),
                  "key of " + test["name"].Text());
  }
  for (const Json& test : json["leaves"].List()) {
    const Hash hash = Sha256(test["document"].Hex());
    tally->Expect(hash == HashOf(test["hash"]), "document's hash");
    tally->Expect(
        FormatRegisterLeaf(RegisterKey(IdOf(test)), hash) == test["leaf"].Hex(),
        "register leaf");
    tally->Expect(RegisterPath(hash) == test["path"].Text() &&
                      ParseRegisterPath(test["path"].Text()) == hash,
                  "path of a document");
  }
  for (const Json& type : json["refused_types"].List()) {
    tally->Expect(
        !RegisterTypeFromByte(static_cast<uint8_t>(type.Number())).has_value(),
        "register type: not refused");
  }
}

std::string TextOf(const VrfOutput& beta) {
  return std::string(reinterpret_cast<const char*>(beta.data()), beta.size());
}

void RunLabel(const Json& json, Tally* tally) {
  for (const Json& test : json["rfc9381"].List()) {
    VrfOutput beta = {};
    tally->ExpectOk(VerifyVrf(test["pk"].Hex(), test["alpha"].Hex(),
                              test["pi"].Hex(), &beta),
                    "example of RFC 9381");
    tally->Expect(TextOf(beta) == test["beta"].Hex(), "beta of RFC 9381");
  }
  const std::string label_key = json["label_pk"].Hex();
  for (const Json& test : json["chains"].List()) {
    const std::string subject = test["s"].Hex();
    const std::string proof = test["proof"].Hex();
    ChainName chain = {test["origin"].Text(),
                       static_cast<uint32_t>(test["a"].Number()), subject};
    std::string alpha;
    tally->ExpectOk(ChainAlpha(chain, &alpha), "alpha");
    tally->Expect(alpha == test["alpha"].Hex(), "alpha spelled");
    VrfOutput beta = {};
    tally->ExpectOk(VerifyVrf(label_key, alpha, proof, &beta), "VRF proof");
    tally->Expect(TextOf(beta) == test["beta"].Hex(), "beta");
    Hash key = {};
    tally->ExpectOk(VerifyChainKey(label_key, chain, proof, &key), "chain");
    tally->Expect(key == HashOf(test["K"]), "K");
    for (const Json& label : test["labels"].List()) {
      tally->Expect(
          ChainLabel(key, label["i"].Number()) == HashOf(label["label"]),
          "label");
    }
    chain.administration ^= 1;
    tally->ExpectRefused(VerifyChainKey(label_key, chain, proof, &key),
                         "VRF proof of another chain");
  }
  for (const Json& test : json["refused"].List()) {
    VrfOutput beta;
    tally->ExpectRefused(VerifyVrf(test["pk"].Hex(), test["alpha"].Hex(),
                                   test["proof"].Hex(), &beta),
                         "VRF proof, " + test["why"].Text());
  }
}

void RunRuns(const Json& json, Tally* tally) {
  for (const Json& test : json["runs"].List()) {
    std::vector<RunRange> runs;
    for (const Json& run : test["runs"].List()) {
      runs.push_back({run.List()[0].Number(), run.List()[1].Number()});
    }
    tally->Expect(RunsInForce(test["M"].Number()) == runs &&
                      runs.size() == test["count"].Number(),
                  "runs in force");
  }
}

IndexEntry EntryOf(const Json& json) {
  return {HashOf(json["key"]), json["index"].Number()};
}

TriePath TriePathOf(const Json& json) {
  TriePath path;
  for (const Json& sibling : json["siblings"].List()) {
    path.siblings.push_back(sibling.IsNull() ? Hash{} : HashOf(sibling));
  }
  if (!json["end"].IsNull()) path.end = EntryOf(json["end"]);
  return path;
}

bool SamePath(const TriePath& a, const TriePath& b) {
  return a.siblings == b.siblings && a.end == b.end;
}

void SortByKey(std::vector<IndexEntry>* entries) {
  std::sort(
      entries->begin(), entries->end(),
      [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
}

// One trie and the ways of some keys in it.
void RunOneTrie(std::vector<IndexEntry> entries, const Json& test,
                Tally* tally) {
  SortByKey(&entries);
  const Hash root = HashOf(test["root"]);
  RunRootBuilder builder;
  bool taken = true;
  for (const IndexEntry& entry : entries) {
    taken = taken && builder.Add(entry) == Finding::kOk;
  }
  tally->Expect(taken && builder.Root() == root, "root of a trie");
  tally->Expect(RunRoot(entries) == root, "root of a trie, recursively");
  for (const Json& way : test["paths"].List()) {
    const Hash key = HashOf(way["key"]);
    const TriePath path = TriePathOf(way);
    Hash led_to = {};
    tally->ExpectOk(RootFromTriePath(key, path, &led_to), "path in a trie");
    tally->Expect(led_to == root, "root from a path");
    tally->Expect(SamePath(MakeTriePath(entries, key), path),
                  "a path in a trie that we make");
  }
}

void RunTrie(const Json& json, Tally* tally) {
  for (const Json& test : json["tries"].List()) {
    std::vector<IndexEntry> entries;
    for (const Json& entry : test["keys"].List()) {
      entries.push_back(EntryOf(entry));
    }
    RunOneTrie(std::move(entries), test, tally);
  }
  const auto key_of = [](uint64_t j) {
    std::string bytes = "trie";
    AppendBe64(j, &bytes);
    return Sha256(bytes);
  };
  const std::vector<Hash> first_keys = HashesOf(json["first_keys"]);
  for (size_t j = 0; j < first_keys.size(); ++j) {
    tally->Expect(key_of(j) == first_keys[j], "key by rule");
  }
  for (const Json& test : json["by_rule"].List()) {
    std::vector<IndexEntry> entries;
    for (uint64_t j = 0; j < test["n"].Number(); ++j) {
      entries.push_back({key_of(j), j});
    }
    RunOneTrie(std::move(entries), test, tally);
  }
}

// Leaf j has the key that is named for it; else none if it is every 16th, and
// one by a rule if not.
std::vector<IndexEntry> IndexEntries(const Json& json, uint64_t size) {
  std::map<uint64_t, Hash> special;
  for (const Json& entry : json["special"].List()) {
    special[entry["index"].Number()] = HashOf(entry["key"]);
  }
  std::vector<IndexEntry> entries;
  for (uint64_t j = 0; j < size; ++j) {
    const auto named = special.find(j);
    if (named != special.end()) {
      entries.push_back({named->second, j});
    } else if (j == 0 || j % 16 != 0) {
      std::string bytes = "index";
      AppendBe64(j, &bytes);
      entries.push_back({Sha256(bytes), j});
    }
  }
  return entries;
}

bool CanBeSpelled(const TriePath& path) {
  return path.siblings.size() <= kTrieDepthMax;
}

// Judged as it is and, if it can be spelled, as bytes: both or neither hold.
Finding JudgePresence(const Json& test, Tally* tally) {
  const uint64_t size = test["M"].Number();
  const Hash key = HashOf(test["key"]);
  const Hash index_root = HashOf(test["index_root"]);
  const PresenceProof proof = {HashesOf(test["roots"]),
                               TriePathOf(test["path"])};
  uint64_t index = 0;
  const Finding finding = VerifyPresence(key, index_root, size, proof, &index);
  if (CanBeSpelled(proof.path)) {
    PresenceProof parsed;
    uint64_t index_again = 0;
    const std::string bytes = FormatPresence(proof);
    Finding again = ParsePresence(bytes, size, &parsed);
    if (again == Finding::kOk) {
      tally->Expect(FormatPresence(parsed) == bytes, "presence spelled");
      again = VerifyPresence(key, index_root, size, parsed, &index_again);
    }
    tally->Expect((finding == Finding::kOk) == (again == Finding::kOk) &&
                      index == index_again,
                  "presence from its bytes");
  }
  // Which leaf and which run is for the verifier to say.
  if (finding == Finding::kOk &&
      (index != test["index"].Number() ||
       !RunsInForce(size)[test["run"].Number()].Holds(index))) {
    return Finding::kIndexKeyAbsent;
  }
  return finding;
}

Finding JudgeAbsence(const Json& test, Tally* tally) {
  const uint64_t size = test["M"].Number();
  const Hash key = HashOf(test["key"]);
  const Hash index_root = HashOf(test["index_root"]);
  AbsenceProof proof;
  proof.run_roots = HashesOf(test["roots"]);
  bool can_be_spelled = true;
  for (const Json& path : test["paths"].List()) {
    proof.paths.push_back(TriePathOf(path));
    can_be_spelled = can_be_spelled && CanBeSpelled(proof.paths.back());
  }
  const Finding finding = VerifyAbsence(key, index_root, size, proof);
  if (can_be_spelled) {
    AbsenceProof parsed;
    const std::string bytes = FormatAbsence(proof);
    Finding again = ParseAbsence(bytes, size, &parsed);
    if (again == Finding::kOk) {
      tally->Expect(FormatAbsence(parsed) == bytes, "absence spelled");
      again = VerifyAbsence(key, index_root, size, parsed);
    }
    tally->Expect((finding == Finding::kOk) == (again == Finding::kOk),
                  "absence from its bytes");
  }
  return finding;
}

void RunIndex(const Json& json, Tally* tally) {
  for (const Json& test : json["roots"].List()) {
    const uint64_t size = test["M"].Number();
    const MemoryIndex index(size, IndexEntries(json, size));
    const std::vector<RunRange> runs = RunsInForce(size);
    const std::vector<Json>& listed = test["runs"].List();
    bool good = runs.size() == listed.size();
    for (size_t i = 0; good && i < runs.size(); ++i) {
      good = runs[i].start == listed[i]["start"].Number() &&
             runs[i].end == listed[i]["end"].Number() &&
             index.run_roots()[i] == HashOf(listed[i]["root"]);
    }
    tally->Expect(good, "runs and their roots");
    tally->Expect(index.Root() == HashOf(test["index_root"]), "index root");
  }
  for (const Json& test : json["presence"].List()) {
    const Finding finding = JudgePresence(test, tally);
    if (test["ok"].Bool()) {
      tally->ExpectOk(finding, "presence");
    } else {
      tally->ExpectRefused(finding, "presence, " + test["why"].Text());
    }
  }
  for (const Json& test : json["absence"].List()) {
    const Finding finding = JudgeAbsence(test, tally);
    if (test["ok"].Bool()) {
      tally->ExpectOk(finding, "absence");
    } else {
      tally->ExpectRefused(finding, "absence, " + test["why"].Text());
    }
  }
}

void RunSeveral(const Json& json, Tally* tally) {
  for (const Json& test : json["cases"].List()) {
    const uint64_t size = test["M"].Number();
    const std::vector<Hash> keys = HashesOf(test["keys"]);
    const std::string proof = test["proof"].Hex();
    std::vector<IndexAnswer> answers;
    const Finding finding =
        VerifySeveral(keys, HashOf(test["index_root"]), size, proof, &answers);
    const std::string about = "several keys, " + test["what"].Text();
    tally->ExpectFinding(finding, test, about);
    if (finding != Finding::kOk) continue;
    std::vector<IndexAnswer> wanted;
    for (const Json& answer : test["answers"].List()) {
      wanted.push_back(answer.IsNull() ? IndexAnswer() : answer.Number());
    }
    tally->Expect(answers == wanted, about + ": answers");
    std::vector<IndexEntry> entries;
    for (const Json& entry : test["entries"].List()) {
      entries.push_back(EntryOf(entry));
    }
    const MemoryIndex index(size, std::move(entries));
    tally->Expect(index.Root() == HashOf(test["index_root"]),
                  about + ": index root");
    tally->Expect(index.ProveSeveral(keys) == proof,
                  about + ": a proof that we make");
  }
}

// That the chain has exactly n entries: the labels before n are in the index,
// label n is not.
void RunChain(const Json& chain, const Hash& chain_key,
              const std::vector<IndexEntry>& entries, Tally* tally) {
  const uint64_t count = chain["n"].Number();
  const uint64_t size = chain["M"].Number();
  const MemoryIndex index(size, entries);
  for (uint64_t i = 0; i < count; ++i) {
    const Hash label = ChainLabel(chain_key, i);
    const std::optional<PresenceProof> presence = index.ProvePresence(label);
    uint64_t leaf = 0;
    tally->Expect(presence.has_value() &&
                      VerifyPresence(label, index.Root(), size, *presence,
                                     &leaf) == Finding::kOk,
                  "presence of a label of the chain");
  }
  const Hash key = HashOf(chain["key"]);
  tally->Expect(ChainLabel(chain_key, count) == key, "the next label");
  AbsenceProof absence;
  absence.run_roots = HashesOf(chain["roots"]);
  for (const Json& path : chain["paths"].List()) {
    absence.paths.push_back(TriePathOf(path));
  }
  tally->ExpectOk(VerifyAbsence(key, index.Root(), size, absence),
                  "absence of the next label");
  const std::optional<AbsenceProof> made = index.ProveAbsence(key);
  tally->Expect(made && FormatAbsence(*made) == FormatAbsence(absence),
                "an absence proof that we make");
}

// All chains of the log, as a resident judges them: from one signed head, with
// proofs made here from the log's leaves. Each is complete as it stands, and
// refused with its last entry left out, with a hole, or with too few probes.
void RunChains(const Json& json, const VerifierKey& log_key,
               const std::vector<std::string_view>& leaves, Tally* tally) {
  struct Shown {
    std::string subject;
    std::string proof;
    std::string chain_key;
    std::map<uint64_t, uint64_t> leaf_of;
  };
  std::map<std::pair<uint32_t, std::string>, Shown> chains;
  for (const Json& batch : json["batches"].List()) {
    for (const Json& test : batch["openings"].List()) {
      const auto administration = static_cast<uint32_t>(test["a"].Number());
      Shown& shown = chains[{administration, test["s"].Hex()}];
      shown.subject = test["s"].Hex();
      shown.proof = test["proof"].Hex();
      shown.chain_key = test["K"].Hex();
      shown.leaf_of[test["i"].Number()] = test["leaf"].Number();
    }
  }

  Extract extract;
  tally->ExpectOk(
      extract.Open(json["batches"].List().back()["checkpoint"].Text(), log_key),
      "head of the log");
  std::vector<uint64_t> indices;
  std::vector<Hash> leaf_hashes;
  std::vector<IndexEntry> index_entries;
  for (uint64_t i = 0; i < leaves.size(); ++i) {
    indices.push_back(i);
    leaf_hashes.push_back(LeafHash(leaves[i]));
    Leaf leaf;
    tally->ExpectOk(ParseLeaf(leaves[i], &leaf), "leaf of the log");
    if (leaf.kind != LeafKind::kSeal) index_entries.push_back({leaf.a, i});
  }
  tally->ExpectOk(extract.AddLeaves(indices, leaves, ""), "all leaves");
  const MemoryIndex index(leaves.size() - 1, index_entries);

  for (auto& [id, shown] : chains) {
    ChainClaim claim;
    claim.name = {json["origin"].Text(), id.first, shown.subject};
    claim.chain_key = shown.chain_key;
    claim.vrf_proof = shown.proof;
    for (const auto& [i, leaf_index] : shown.leaf_of) {
      tally->Expect(i == claim.entries.size(), "a chain without holes");
      claim.entries.push_back({leaf_index, leaves[leaf_index]});
    }
    const uint64_t count = claim.entries.size();
    claim.probes = {count + 1,   count + 2,   count + 63,   count + 64,
                    count + 100, count + 101, count + 9999, count + (1 << 20)};
    std::vector<Hash> keys;
    const std::optional<Hash> chain_key = HashFromBytes(shown.chain_key);
    for (uint64_t i = 0; i <= count; ++i) {
      keys.push_back(ChainLabel(*chain_key, i));
    }
    for (const uint64_t probe : claim.probes) {
      keys.push_back(ChainLabel(*chain_key, probe));
    }
    std::sort(keys.begin(), keys.end());
    tally->ExpectOk(extract.AddKeys(keys, index.ProveSeveral(keys)),
                    "labels of a chain");

    uint64_t entry = 0;
    const std::string label_key = json["label_pk"].Hex();
    tally->ExpectOk(JudgeChain(extract, label_key, claim, &entry),
                    "a complete chain");
    ChainClaim wrong = claim;
    wrong.entries.pop_back();
    tally->Expect(
        JudgeChain(extract, label_key, wrong, &entry) == Finding::kChainGoesOn,
        "a chain without its last entry");
    wrong = claim;
    wrong.entries[0].leaf_index ^= 1;
    tally->Expect(JudgeChain(extract, label_key, wrong, &entry) ==
                      Finding::kEntryMismatch,
                  "a chain with an entry elsewhere");
    wrong = claim;
    wrong.probes.pop_back();
    tally->Expect(JudgeChain(extract, label_key, wrong, &entry) ==
                      Finding::kProbesMissing,
                  "a chain with seven probes");
    wrong = claim;
    wrong.name.administration ^= 2;
    tally->Expect(
        JudgeChain(extract, label_key, wrong, &entry) == Finding::kVrfMismatch,
        "a chain of another administration");
  }
}

// A whole small log, its index roots among it.
void RunLog(const Json& json, Tally* tally) {
  VerifierKey log_key;
  tally->ExpectOk(ParseVkey(json["vkey"].Text(), &log_key), "vkey");
  std::map<Hash, std::string> documents;
  for (const Json& test : json["documents"].List()) {
    const std::string document = test["document"].Hex();
    tally->Expect(RegisterKey(IdOf(test)) == HashOf(test["key"]),
                  "key of a document");
    documents[Sha256(document)] = document;
  }

  std::vector<std::string> spans;
  AuditOptions options;
  options.access_log = true;
  options.origin = json["origin"].Text();
  // The documents here are any bytes, and unsigned.
  options.document_signatures = false;
  options.documents = [&documents](const Hash& hash, std::string* document) {
    const auto found = documents.find(hash);
    if (found == documents.end()) return false;
    *document = found->second;
    return true;
  };
  options.tile_judge = [&spans](const TileSpan& span) {
    spans.push_back(BytesOfHashes(span.hashes));
    return Finding::kOk;
  };
  Auditor auditor(options);
  std::string bundle;
  std::vector<IndexEntry> index_entries;
  for (const Json& batch : json["batches"].List()) {
    tally->Expect(auditor.size() == batch["first"].Number(), "first index");
    for (const Json& leaf : batch["leaves"].List()) {
      tally->ExpectOk(auditor.AddEntry(leaf.Hex()), "leaf of the log");
      AppendBundleEntry(leaf.Hex(), &bundle);
      Leaf parsed;
      tally->ExpectOk(ParseLeaf(leaf.Hex(), &parsed), "leaf of the log");
      const uint64_t leaf_index = auditor.size() - 1;
      if (parsed.kind != LeafKind::kSeal) {
        index_entries.push_back({parsed.a, leaf_index});
        continue;
      }
      const MemoryIndex index(leaf_index, index_entries);
      tally->Expect(index.Root() == SealOf(parsed).index_root &&
                        index.Root() == HashOf(batch["index_root"]),
                    "index root of a seal");
    }
    Checkpoint checkpoint;
    tally->ExpectOk(
        OpenCheckpoint(batch["checkpoint"].Text(), log_key, &checkpoint),
        "checkpoint");
    tally->Expect(checkpoint.head.size == batch["size"].Number() &&
                      checkpoint.head.root == HashOf(batch["root"]),
                  "head");
    spans.clear();
    tally->ExpectOk(auditor.Finish(checkpoint.head), "the log up to a head");
    tally->Expect(auditor.last_seal_time_s() == batch["time_s"].Number(),
                  "time of the seal");
  }
  tally->Expect(json["entries"].Hex() == bundle, "entry bundle");
  tally->Expect(spans.size() == 1 && spans[0] == json["tile"].Hex(), "tile");
  tally->Expect(TilePath({0, 0, static_cast<int>(auditor.size())}) ==
                    json["tile_path"].Text(),
                "path of the tile");
  tally->Expect(
      TilePath({TileAddress::kEntries, 0, static_cast<int>(auditor.size())}) ==
          json["entries_path"].Text(),
      "path of the bundle");

  for (const Json& test : json["consistency"].List()) {
    const uint64_t older_size = test["old_size"].Number();
    TreeHead older;
    for (const Json& batch : json["batches"].List()) {
      if (batch["size"].Number() == older_size) {
        older = {older_size, HashOf(batch["root"])};
      }
    }
    tally->ExpectOk(
        VerifyConsistency(older, auditor.tree().Head(), HashesOf(test["path"])),
        "consistency");
  }
  for (const Json& test : json["inclusion"].List()) {
    const std::string leaf = test["leaf"].Hex();
    const std::string& file = test["tlog_proof"].Text();
    Checkpoint checkpoint;
    uint64_t index = 0;
    tally->ExpectOk(
        VerifyTlogProof(file, LeafHash(leaf), log_key, &checkpoint, &index),
        "tlog-proof");
    tally->Expect(index == test["index"].Number(), "index of a tlog-proof");
    TlogProof proof;
    tally->Expect(ParseTlogProof(file, &proof) == Finding::kOk &&
                      FormatTlogProof(proof) == file,
                  "tlog-proof spelled");
    tally->ExpectRefused(VerifyTlogProof(file, LeafHash(leaf + " "), log_key,
                                         &checkpoint, &index),
                         "tlog-proof of another leaf");
  }

  // Each opening opens the commitment of its leaf, which stands under the label
  // of its chain.
  const Json& complete = json["chain_complete"];
  bool chain_judged = false;
  std::vector<std::string_view> entries;
  tally->ExpectOk(
      ParseBundle(bundle, static_cast<int>(auditor.size()), &entries),
      "bundle");
  for (const Json& batch : json["batches"].List()) {
    for (const Json& test : batch["openings"].List()) {
      Leaf leaf;
      tally->ExpectOk(ParseLeaf(entries[test["leaf"].Number()], &leaf),
                      "opened leaf");
      tally->ExpectOk(
          VerifyOpening(leaf.b, {test["salt_r"].Hex(), test["record"].Hex(),
                                 test["salt_a"].Hex(), test["actor"].Hex()}),
          "opening");
      const std::string subject = test["s"].Hex();
      const ChainName chain = {json["origin"].Text(),
                               static_cast<uint32_t>(test["a"].Number()),
                               subject};
      Hash chain_key = {};
      tally->ExpectOk(VerifyChainKey(json["label_pk"].Hex(), chain,
                                     test["proof"].Hex(), &chain_key),
                      "chain of an opened leaf");
      tally->Expect(chain_key == HashOf(test["K"]), "K of an opened leaf");
      tally->Expect(ChainLabel(chain_key, test["i"].Number()) == leaf.a,
                    "label of an opened leaf");
      if (chain_judged || chain.administration != complete["a"].Number() ||
          subject != complete["s"].Hex()) {
        continue;
      }
      RunChain(complete, chain_key, index_entries, tally);
      chain_judged = true;
    }
  }
  tally->Expect(chain_judged, "the chain that is complete");
  RunChains(json, log_key, entries, tally);
}

void RunMulti(const Json& json, Tally* tally) {
  const std::vector<Hash> leaf_hashes = TreeLeafHashes();
  for (const Json& test : json["cases"].List()) {
    std::vector<uint64_t> indices;
    for (const Json& index : test["indices"].List()) {
      indices.push_back(index.Number());
    }
    const std::vector<Hash> asked = HashesOf(test["leaf_hashes"]);
    const std::vector<Hash> hashes = HashesOf(test["hashes"]);
    const TreeHead head = {test["size"].Number(), HashOf(test["root"])};
    const Finding finding = VerifyMultiInclusion(indices, asked, head, hashes);
    tally->ExpectFinding(finding, test, "one proof for several leaves");
    if (finding != Finding::kOk) continue;
    tally->Expect(MultiInclusionProof(indices, head.size,
                                      ReaderOver(leaf_hashes)) == hashes,
                  "one proof for several leaves that we make");
    std::vector<std::vector<Hash>> paths;
    tally->ExpectOk(PathsFromMulti(indices, asked, head, hashes, &paths),
                    "paths from one proof");
    for (size_t i = 0; i < paths.size(); ++i) {
      tally->ExpectOk(VerifyInclusion(asked[i], indices[i], paths[i], head),
                      "path from one proof");
    }
  }
}

void RunRegisterDocuments(const Json& json, Tally* tally) {
  const std::string& origin = json["origin"].Text();
  for (const Json& test : json["documents"].List()) {
    const std::string bytes = test["document"].Hex();
    const RegisterId id = IdOf(test);
    const Finding finding =
        VerifyDocument(bytes, origin, id, test["publisher_key"].Hex());
    tally->ExpectFinding(finding, test, test["what"].Text());
    if (finding != Finding::kOk) continue;
    Document document;
    tally->ExpectOk(SplitDocument(bytes, &document), test["what"].Text());
    tally->ExpectOk(JudgeDocumentMessage(id, document.message, nullptr),
                    "message of " + test["what"].Text());
  }
  for (const Json& test : json["messages"].List()) {
    const auto type =
        RegisterTypeFromByte(static_cast<uint8_t>(test["type"].Number()));
    tally->ExpectFinding(
        JudgeDocumentMessage({*type, 0, test["version"].Number()},
                             test["message"].Hex(), nullptr),
        test, test["what"].Text());
  }
}

void RunRecord(const Json& json, Tally* tally) {
  for (const Json& test : json["records"].List()) {
    const std::string record = test["record"].Hex();
    AccessRecord access;
    const char* field = "";
    tally->ExpectFinding(ParseAccess(record, &access, &field), test,
                         test["what"].Text());
    if (test.Has("field")) {
      tally->Expect(test["field"].Text() == field,
                    test["what"].Text() + ": names " + field);
    }
  }
  for (const Json& test : json["notices"].List()) {
    const std::string record = test["record"].Hex();
    Notice notice;
    const char* field = "";
    tally->ExpectFinding(ParseNotice(record, &notice, &field), test,
                         test["what"].Text());
    if (test.Has("field")) {
      tally->Expect(test["field"].Text() == field,
                    test["what"].Text() + ": names " + field);
    }
  }
  for (const Json& test : json["actors"].List()) {
    const std::string bytes = test["actor"].Hex();
    Actor actor;
    tally->ExpectFinding(ParseActor(bytes, &actor), test, test["what"].Text());
  }
}

// "73 repeated 70000 times" is a byte and a number; all else is hex.
std::string StatementBytes(const Json& json) {
  const std::string& text = json.Text();
  const size_t repeated = text.find(" repeated ");
  if (repeated == std::string::npos) return json.Hex();
  std::string byte;
  uint64_t count = 0;
  const std::string_view rest = std::string_view(text).substr(repeated + 10);
  CHECK(HexDecode(text.substr(0, repeated), &byte));
  CHECK(DecimalDecode(rest.substr(0, rest.find(' ')), &count));
  return std::string(count, byte[0]);
}

void RunStatement(const Json& json, Tally* tally) {
  const std::string public_key = json["public_key"].Hex();
  std::string last;
  for (const Json& test : json["statements"].List()) {
    const auto administration = static_cast<uint32_t>(test["a"].Number());
    const std::string subject = test["s"].Hex();
    const std::string bytes = StatementBytes(test["bytes"]);
    const std::string signature = test["ed25519"].Hex();
    const Hash hash =
        StatementHash(test["family"].Text(), subject, administration, bytes);
    tally->Expect(StatementSignedBytes(hash) == test["signed"].Hex(),
                  "signed bytes of a statement");
    const auto verify = [&](const Hash& of, const std::string& by) {
      return VerifyStatement(kSignatureEd25519, public_key, of, by, nullptr);
    };
    tally->ExpectOk(verify(hash, signature), "statement");
    tally->ExpectRefused(verify(StatementHash(test["family"].Text(), subject,
                                              administration ^ 1, bytes),
                                signature),
                         "statement in another chain");
    tally->ExpectRefused(verify(hash, last), "signature of another statement");
    last = signature;
  }
}

void RunStatementRecords(const Json& json, Tally* tally) {
  const std::string& family = json["family"].Text();
  const std::string subject = json["subject"].Hex();
  const auto administration = static_cast<uint32_t>(json["a"].Number());
  const std::string public_key = json["public_key"].Hex();
  for (const Json& test : json["statements"].List()) {
    const std::string& what = test["what"].Text();
    const std::string record = test["record"].Hex();
    Statement statement;
    const char* field = "";
    const Finding finding = ParseStatement(record, &statement, &field);
    tally->ExpectFinding(finding, test, what);
    if (test.Has("field")) {
      tally->Expect(test["field"].Text() == field, what + ": names " + field);
    }
    if (finding != Finding::kOk) continue;
    const Finding signature = VerifyStatement(
        statement.signature_kind, public_key,
        StatementHash(family, subject, administration, statement.bytes),
        statement.signature, nullptr);
    tally->Expect(FindingName(signature) == test["signature"].Text(),
                  what + ": " + FindingSentence(signature));
  }
}

// What the judge of ES256 below is asked about, by the case at hand.
struct Es256Question {
  const Json* expected = nullptr;  // null: it may not be asked
  Es256Verify native = nullptr;    // null: there is none, the case is believed
  bool asked = false;
  bool as_expected = true;
};
Es256Question es256_question;

bool AnswerEs256(std::string_view public_key, std::string_view message,
                 std::string_view signature) {
  Es256Question& question = es256_question;
  question.asked = true;
  if (question.expected == nullptr) {
    question.as_expected = false;
    return false;
  }
  const Json& expected = *question.expected;
  const bool good = expected["good"].Bool();
  question.as_expected =
      message == expected["message"].Hex() &&
      signature == expected["signature"].Hex() &&
      (question.native == nullptr ||
       question.native(public_key, message, signature) == good);
  return good;
}

void RunStatementSignatures(const Json& json, Tally* tally) {
  const Hash hash = StatementHash(json["family"].Text(), json["subject"].Hex(),
                                  static_cast<uint32_t>(json["a"].Number()),
                                  json["statement"].Hex());
  const Hash challenge = StatementChallenge(hash);
  tally->Expect(challenge == HashOf(json["challenge"]), "challenge");
  tally->Expect(
      StatementTransactionData(challenge) == json["transaction_data"].Text(),
      "transaction data");
  for (const Json& test : json["cases"].List()) {
    const std::string& what = test["what"].Text();
    const auto kind = static_cast<uint32_t>(test["kind"].Number());
    const std::string public_key = test["public_key"].Hex();
    const std::string signature = test["signature"].Hex();
    Es256Question& question = es256_question;
    question.expected = test.Has("es256") ? &test["es256"] : nullptr;
    question.asked = false;
    question.as_expected = true;
    tally->ExpectFinding(
        VerifyStatement(kind, public_key, hash, signature, AnswerEs256), test,
        what);
    tally->Expect(question.as_expected && question.asked == test.Has("es256"),
                  what + ": asks ES256 about other bytes, or finds otherwise");
    const char* part = "";
    KeyBinding binding;
    WebAuthnAssertion said;
    if (kind == kSignatureKeyBinding) {
      VerifyKeyBinding(public_key, challenge, signature, AnswerEs256, &binding,
                       &part);
    } else if (kind == kSignatureWebAuthn) {
      VerifyWebAuthn(public_key, challenge, signature, AnswerEs256, &said,
                     &part);
    }
    if (test.Has("says")) {
      const Json& says = test["says"];
      tally->Expect(
          kind == kSignatureKeyBinding
              ? binding.audience == says["aud"].Text() &&
                    binding.issued_at_s == says["iat"].Number()
              : said.rp_id_hash == says["rp_id_hash"].Hex() &&
                    said.user_verified == says["user_verified"].Bool() &&
                    said.sign_count == says["sign_count"].Number() &&
                    said.origin == says["origin"].Text(),
          what + ": what it says besides");
    }
    tally->Expect(part == (test.Has("part") ? test["part"].Text() : ""),
                  what + ": names " + part);
  }
}

// Owns what a History only views.
struct OwnedHistory {
  explicit OwnedHistory(const Json& json) {
    history.subject = Keep(json["subject"].Hex());
    history.administration =
        static_cast<uint32_t>(json["administration"].Number());
    for (const Json& log : json["logs"].List()) Add(log);
  }

  std::string_view Keep(std::string bytes) {
    kept.push_back(std::move(bytes));
    return kept.back();
  }

  void Add(const Json& json) {
    HistoryLog& log = history.logs.emplace_back();
    log.origin = Keep(json["origin"].Text());
    const Json& limits = json["limits"];
    log.limits = {limits["notice_s"].Number(),   limits["fresh_s"].Number(),
                  limits["late_s"].Number(),     limits["skew_s"].Number(),
                  limits["recovery_s"].Number(), limits["keep_min_s"].Number()};
    log.head_time_s = json["head_time_s"].Number();
    for (const Json& seal : json["seals"].List()) {
      log.seals.push_back({seal.List()[0].Number(), seal.List()[1].Number()});
    }
    for (const Json& document : json["documents"].List()) {
      HistoryDocument& of_log = log.documents.emplace_back();
      of_log.id = {static_cast<RegisterType>(document["type"].Number()),
                   static_cast<uint32_t>(document["number"].Number()),
                   document["version"].Number()};
      of_log.position = document["position"].Number();
      of_log.seal_time_s = document["seal_time_s"].Number();
      if (!document["message"].IsNull()) {
        of_log.message = Keep(document["message"].Hex());
      }
    }
    for (const Json& entry : json["entries"].List()) {
      HistoryEntry& of_log = log.entries.emplace_back();
      of_log.position = entry["position"].Number();
      of_log.seal_time_s = entry["seal_time_s"].Number();
      of_log.notice = entry["notice"].Number();
      of_log.record = Keep(entry["record"].Hex());
      for (int content = 0; content < kContentCount; ++content) {
        if (entry["content"].Text() ==
            ContentName(static_cast<Content>(content))) {
          of_log.content = static_cast<Content>(content);
        }
      }
    }
  }

  History history;
  std::deque<std::string> kept;
};

void RunVerdicts(const Json& json, Tally* tally) {
  for (const Json& test : json["histories"].List()) {
    const std::string& what = test["what"].Text();
    const OwnedHistory owned(test);
    const Verdicts verdicts = JudgeHistory(owned.history, nullptr);
    const std::vector<Json>& findings = test["statements"].List();
    tally->Expect(verdicts.statements.size() == findings.size(),
                  what + ": number of statements");
    for (size_t i = 0; i < findings.size() && i < verdicts.statements.size();
         ++i) {
      const Finding finding = verdicts.statements[i].finding;
      tally->Expect(FindingName(finding) == findings[i].Text(),
                    what + ", statement: " + FindingSentence(finding));
    }
    const std::vector<Json>& expected = test["verdicts"].List();
    tally->Expect(verdicts.verdicts.size() == expected.size(),
                  what + ": number of verdicts");
    for (size_t i = 0; i < expected.size() && i < verdicts.verdicts.size();
         ++i) {
      const Verdict& verdict = verdicts.verdicts[i];
      const Json& of = expected[i];
      const std::string about =
          what + ": " + ContentName(verdict.content) + ", law " +
          LawName(verdict.law) + ", wish " + WishName(verdict.wish) +
          (verdict.race ? ", race" : "") + (verdict.stale ? ", stale" : "") +
          (verdict.late ? ", late" : "") + ": " +
          HeadlineName(verdict.headline) + ", " + DimensionName(verdict.failed);
      tally->Expect(
          verdict.log == of["log"].Number() &&
              verdict.entry == of["entry"].Number() &&
              of["content"].Text() == ContentName(verdict.content) &&
              of["law"].Text() == LawName(verdict.law) &&
              of["wish"].Text() == WishName(verdict.wish) &&
              verdict.race == of["race"].Bool() &&
              verdict.stale == of["stale"].Bool() &&
              verdict.late == of["late"].Bool() &&
              of["headline"].Text() == HeadlineName(verdict.headline) &&
              of["failed"].Text() == DimensionName(verdict.failed),
          about);
    }
  }
}

}  // namespace

VectorResult RunVectors(std::string_view name, std::string_view json,
                        Es256Verify es256) {
  es256_question.native = es256;
  static constexpr struct {
    std::string_view name;
    void (*run)(const Json&, Tally*);
  } kRuns[] = {{"tree", RunTree},
               {"note", RunNote},
               {"leaf", RunLeaf},
               {"label", RunLabel},
               {"commitment", RunCommitment},
               {"submission", RunSubmission},
               {"register", RunRegister},
               {"log", RunLog},
               {"runs", RunRuns},
               {"trie", RunTrie},
               {"index", RunIndex},
               {"multi", RunMulti},
               {"several", RunSeveral},
               {"register_documents", RunRegisterDocuments},
               {"record", RunRecord},
               {"statement", RunStatement},
               {"statement_records", RunStatementRecords},
               {"statement_signatures", RunStatementSignatures},
               {"verdicts", RunVerdicts}};
  Tally tally;
  bool known = false;
  for (const auto& run : kRuns) {
    if (run.name != name) continue;
    known = true;
    run.run(Json::Parse(json), &tally);
  }
  tally.Expect(known, "a file of this name");
  return tally.Result();
}

}  // namespace vidimus
