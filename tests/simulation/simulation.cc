#include "tests/simulation/simulation.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "log/entry_rows.h"
#include "log/log_testing.h"
#include "log/memory_storage.h"
#include "log/receipt.h"
#include "log/scrub.h"
#include "proto/record.pb.h"
#include "proto/vidimus.pb.h"
#include "verifier/checkpoint.h"
#include "verifier/commitment.h"
#include "verifier/label.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/submission.h"
#include "verifier/vrf_proving.h"

namespace vidimus {
namespace {

constexpr char kDataFolder[] = "/disk/data";
constexpr int kRetryOneIn = 4;

// How a second server comes into being.
enum class Second {
  kNone,
  kSameLock,   // on the same folder: it must wait until the first is gone
  kOtherLock,  // on the same rows, with a lock of its own
};

// What rules a whole run.
struct Character {
  bool access_log;
  uint32_t submitters;
  int steps;
  size_t request_entries_max;
  Second second;
  int64_t keep_s;
  LogOptions log;
};

// One content that was submitted under an id.
struct Variant {
  std::string data;  // opaque log
  v1::Entry entry;   // access log
  Hash commitment = {};
  // Requests with it that may have been recorded, or may be yet.
  int possible = 0;
};

// Where an id came to stand, and since when the log must remember it.
struct Acknowledged {
  size_t variant;
  uint64_t leaf_index;
  int64_t recorded_s;  // the clock showed this or more
  size_t since;        // place in the clock's history
};

// What one submitter has to say, under one id (none: it can't be retried).
struct Entry {
  uint32_t submitter;
  std::string id;
  std::deque<Variant> variants;
  std::optional<Acknowledged> acknowledged;
};

struct Part {
  Entry* entry;
  size_t variant;
};

struct Request {
  uint64_t number;
  uint32_t submitter;
  std::vector<Part> parts;
  int slot;            // the server it went to
  uint64_t start;      // of that server
  size_t sent;         // place in the clock's history
  uint64_t size_then;  // signed when it was sent
  int answers = 0;
};

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options);
  SimulationResult Run();

 private:
  // A place for a server: what it is started with, and what runs there.
  struct Slot {
    Server::Files files;
    std::unique_ptr<Server> server;
    uint64_t start = 0;  // number of the start that made `server`
    bool stopped = false;
    uint64_t shown = 0;  // largest size it published
  };

  // --- What happens ---
  void Step();
  void SubmitSomething();
  void RunBatch(int slot);
  void MoveClock();
  void SetFault();
  void StopGently(int slot);
  void Kill(int slot);
  void CutPower();
  void RestoreOlderRows();
  void RunScrub(int slot);
  void FlipABit();
  void Freeze(int slot);
  void ReadAProof(int slot);
  // Starts a server; false if it was refused or failed, rightly or not.
  bool Start(int slot, bool with_fault);
  void End();

  // --- Submitters ---
  Entry* NewEntry(uint32_t submitter);
  size_t NewVariant(Entry* entry);
  std::vector<Part> ChooseParts(uint32_t submitter);
  void Send(uint32_t submitter, std::vector<Part> parts);
  void OnAnswer(Request* request,
                const absl::StatusOr<v1::SubmitResponse>& answer);
  void OnReceipt(const Request& request, const v1::SubmitResponse& receipt);
  void OnRefusal(const Request& request, const absl::Status& why);
  bool JudgeReceipt(const Request& request, const v1::SubmitResponse& receipt,
                    TreeHead* head);
  // Whether an entry of `submitter` with this record stands where its chain
  // has it.
  bool JudgeChainPlace(uint32_t submitter, const std::string& record,
                       const Leaf& leaf, const v1::Placed& placed);
  void JudgePlace(const Request& request, const Part& part,
                  uint64_t leaf_index);
  // Whether the log still has to know the entry's id.
  bool MustRemember(const Entry& entry) const;

  // --- What must hold ---
  void JudgeAfterStart(Slot* slot);
  void JudgeStored();
  void JudgeWhole(Slot* slot);
  void JudgeOpening(Slot* slot);
  // No chain has a hole.
  void JudgeChains();
  void Violate(absl::string_view what);

  // --- Helpers ---
  bool Chance(uint64_t one_in) { return random_.Below(one_in) == 0; }
  uint64_t Between(uint64_t low, uint64_t high) {
    return low + random_.Below(high - low + 1);
  }
  template <typename T>
  T OneOf(std::initializer_list<T> choices) {
    return *(choices.begin() + random_.Below(choices.size()));
  }
  // A slot where a server runs, or -1.
  int RunningSlot();
  void Note(absl::string_view what);
  // The key of the chain that a record of `submitter` is in, as everybody who
  // has the label key makes it.
  const ProvenChainKey& ChainOf(uint32_t submitter, const std::string& record);
  void NoteClock() { wall_s_.push_back(clock_.NowMs() / 1000); }
  bool locks_differ() const { return character_.second == Second::kOtherLock; }
  // Puts the lock that stands further in place of both; false if nobody can
  // tell which now.
  bool CarryLockOver();
  std::unique_ptr<MemoryRows> CopyRows(size_t batches_dropped, uint64_t* size);
  void Interrupt(int slot);

  const SimulationOptions options_;
  SeededRandom random_;      // of what happens
  SeededRandom log_random_;  // the log's own
  Character character_;
  TestRegister register_;

  FakeClock clock_;
  SimDisk disk_;
  std::unique_ptr<MemoryRows> rows_;
  Ed25519NoteSigner signer_;
  std::unique_ptr<SignedHistory> history_;
  Server::World worlds_[2];
  Slot slots_[2];
  bool interrupted_ = false;  // within Interrupt
  bool carried_ = false;      // within Start, after CarryLockOver

  std::deque<Entry> entries_;
  std::deque<Request> requests_;
  std::vector<std::vector<Part>> retries_;        // whose answer nobody read
  std::map<uint64_t, std::string> openings_;      // leaf -> record
  std::map<std::string, ProvenChainKey> chains_;  // by name
  std::vector<int64_t> wall_s_;  // what the clock showed, change by change

  SimulationResult result_;
};

Character Draw(SeededRandom* random) {
  const auto one_of = [&](std::initializer_list<int64_t> choices) {
    return *(choices.begin() + random->Below(choices.size()));
  };
  Character drawn;
  drawn.access_log = one_of({0, 1});
  drawn.submitters = static_cast<uint32_t>(one_of({1, 2, 3, 5}));
  drawn.steps = static_cast<int>(one_of({100, 200, 300}));
  drawn.request_entries_max = one_of({1, 3, 8, 8, 40});
  drawn.second = static_cast<Second>(one_of({0, 1, 2}));
  drawn.keep_s = one_of({7 * 24 * 3600, 3600});
  drawn.log.sequencer.batch_entries_max = one_of({1, 4, 64, 4096});
  drawn.log.pool.entries_max = one_of({8, 64, 65536});
  drawn.log.pool.queue_entries_max = one_of({4, 32, 32768});
  drawn.log.pool.quota_per_s = static_cast<double>(one_of({0, 0, 0, 2, 50}));
  drawn.log.idempotency.keep_s = drawn.keep_s;
  drawn.log.idempotency.segment_entries =
      static_cast<uint32_t>(one_of({4, 64, 1 << 20}));
  drawn.log.idempotency.segment_age_s = one_of({60, 3600});
  drawn.log.idempotency.save_entries =
      static_cast<uint32_t>(one_of({1, 10, 1 << 17}));
  drawn.log.idempotency.bytes_max =
      one_of({512 << 20, 512 << 20, 512 << 20, 16 << 10});
  drawn.log.idempotency.background = false;
  drawn.log.tile_cache_bytes = one_of({0, 1 << 20});
  // Nothing, a set, all.
  drawn.log.chain_keys.cache_bytes = drawn.steps == 100   ? 0
                                     : drawn.steps == 200 ? 1 << 10
                                                          : 1 << 20;
  return drawn;
}

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      random_(options.seed),
      log_random_(options.seed ^ 0x5eed),
      character_(Draw(&random_)),
      rows_(std::make_unique<MemoryRows>()),
      signer_(kTestOrigin, kKeyTypeEd25519, random_.Draw(kEd25519SeedBytes)) {
  uint64_t min_batch = 0;
  if (character_.access_log) {
    min_batch = OneOf<uint64_t>({2, 8});
    register_ = MakeTestRegister(static_cast<int>(character_.submitters),
                                 &random_, min_batch);
    character_.log.opening_register = register_.opening;
  }
  history_ = std::make_unique<SignedHistory>(kTestOrigin, character_.access_log,
                                             min_batch);
  const std::string id_key = random_.Draw(32);
  const std::string vault_key = random_.Draw(32);
  for (const char* folder : {"", "/lock0", "/lock1"}) {
    disk_.MakeFolder(absl::StrCat(kDataFolder, folder)).IgnoreError();
  }
  for (int i : {0, 1}) {
    Server::World& world = worlds_[i];
    world.disk = &disk_;
    world.rows = rows_.get();
    world.clock = &clock_;
    world.random = &log_random_;
    world.signer = &signer_;
    world.history = history_.get();
    world.mutation = &options_.mutation;
    world.id_key = id_key;
    world.vault_key = vault_key;
    world.label_key = register_.label_seed;
    world.options = character_.log;
    world.interrupt = [this, i] { Interrupt(i); };
    world.report = [this](const absl::Status& wrong) {
      Violate(wrong.message());
    };
    const int own = locks_differ() ? i : 0;
    slots_[i].files = {absl::StrCat(kDataFolder, "/lock", own, "/lock"),
                       absl::StrCat(kDataFolder, "/ids", own),
                       absl::StrCat(kDataFolder, "/vault"),
                       absl::StrCat(kDataFolder, "/index", own)};
  }
  NoteClock();
}

// --- The run ---

SimulationResult Simulation::Run() {
  Note(absl::StrCat(character_.access_log ? "access" : "opaque", " log, ",
                    character_.submitters, " submitters, second server ",
                    static_cast<int>(character_.second)));
  while (result_.steps < character_.steps && !result_.violation) {
    ++result_.steps;
    Step();
  }
  if (!result_.violation) End();
  result_.leaves = history_->size();
  // No callback may come after this.
  for (Slot& slot : slots_) slot.server.reset();
  return result_;
}

void Simulation::Step() {
  const int slot = RunningSlot();
  if (slot < 0) {
    // Nothing runs. Now and then something happens meanwhile.
    if (Chance(6)) MoveClock();
    if (Chance(12) && !locks_differ()) return RestoreOlderRows();
    if (Chance(12)) return FlipABit();
    Start(character_.second == Second::kNone
              ? 0
              : static_cast<int>(random_.Below(2)),
          Chance(6));
    return;
  }
  if (slots_[slot].stopped) {
    // A process that can't go on ends. It may take the power to stop it.
    return Chance(2) ? Kill(slot) : CutPower();
  }
  const uint64_t dice = random_.Below(100);
  if (dice < 46) return SubmitSomething();
  if (dice < 74) return RunBatch(slot);
  if (dice < 81) return MoveClock();
  if (dice < 86) return SetFault();
  if (dice < 87) return StopGently(slot);
  if (dice < 89) return Kill(slot);
  if (dice < 91) return CutPower();
  if (dice < 94) return ReadAProof(slot);
  if (dice < 96) return RunScrub(slot);
  if (dice < 97 && Chance(3)) return Freeze(slot);
  if (character_.second != Second::kNone) {
    for (const int other : {0, 1}) {
      if (slots_[other].server == nullptr) {
        Start(other, Chance(6));
        return;
      }
    }
  }
  RunBatch(slot);
}

int Simulation::RunningSlot() {
  const int start = static_cast<int>(random_.Below(2));
  for (const int slot : {start, 1 - start}) {
    if (slots_[slot].server != nullptr) return slot;
  }
  return -1;
}

void Simulation::Note(absl::string_view what) {
  const std::string line = absl::StrCat(result_.steps, ": ", what, "\n");
  for (const unsigned char c : line) {
    result_.fingerprint = (result_.fingerprint ^ c) * 0x100000001b3;
  }
  if (options_.verbose) std::fputs(line.c_str(), stdout);
}

void Simulation::Violate(absl::string_view what) {
  Note(absl::StrCat("VIOLATION: ", what));
  if (!result_.violation) {
    result_.violation = absl::StrCat("step ", result_.steps, ": ", what);
  }
}

// --- Submitters ---

Entry* Simulation::NewEntry(uint32_t submitter) {
  entries_.push_back({submitter, {}, {}, std::nullopt});
  Entry* const entry = &entries_.back();
  // An opaque log also takes entries without an id.
  if (character_.access_log || !Chance(5)) {
    entry->id = random_.Draw(kEntryIdBytes);
  }
  NewVariant(entry);
  return entry;
}

size_t Simulation::NewVariant(Entry* entry) {
  Variant variant;
  if (character_.access_log) {
    variant.entry =
        MakeTestEntry(entry->submitter, random_.Below(50), &random_);
    v1::Record record;
    record.ParseFromString(variant.entry.record());
    record.mutable_access()->set_entry_id(entry->id);
    variant.entry.set_entry_id(entry->id);
    variant.entry.set_record(record.SerializeAsString());
    variant.commitment =
        Commitment({variant.entry.record_salt(), variant.entry.record(),
                    variant.entry.actor_salt(), variant.entry.actor()});
  } else {
    variant.data =
        random_.Draw(Chance(20) ? Between(1, 20000) : Between(9, 99));
  }
  entry->variants.push_back(std::move(variant));
  return entry->variants.size() - 1;
}

void Simulation::SubmitSomething() {
  const uint32_t submitter =
      static_cast<uint32_t>(random_.Below(character_.submitters));
  if (!retries_.empty() && Chance(kRetryOneIn)) {
    // The same request again, as one does who got no answer.
    const size_t which = random_.Below(retries_.size());
    std::vector<Part> parts = retries_[which];
    if (Chance(2)) retries_.erase(retries_.begin() + which);
    const uint32_t whose = parts[0].entry->submitter;
    return Send(whose, std::move(parts));
  }
  Send(submitter, ChooseParts(submitter));
}

std::vector<Part> Simulation::ChooseParts(uint32_t submitter) {
  std::vector<Part> parts;
  const size_t count = Between(1, character_.request_entries_max);
  for (size_t i = 0; i < count; ++i) parts.push_back({NewEntry(submitter), 0});
  if (!Chance(4)) return parts;
  // Mixed with something that was said before: the same, or other content under
  // its id; or twice in this request.
  std::vector<Entry*> before;
  for (Entry& entry : entries_) {
    if (entry.submitter == submitter && !entry.id.empty()) {
      before.push_back(&entry);
    }
  }
  if (before.empty()) return parts;
  Entry* const entry = before[random_.Below(before.size())];
  const size_t variant = Chance(2) ? NewVariant(entry) : 0;
  parts.insert(parts.begin() + random_.Below(parts.size() + 1),
               {entry, variant});
  if (Chance(2)) parts.resize(1);
  return parts;
}

void Simulation::Send(uint32_t submitter, std::vector<Part> parts) {
  const int to = RunningSlot();
  Slot& slot = slots_[to];
  requests_.push_back({requests_.size(), submitter, std::move(parts), to,
                       slot.start, wall_s_.size() - 1, history_->size()});
  Request* const request = &requests_.back();
  v1::SubmitRequest message;
  std::vector<v1::Entry> accesses;
  for (const Part& part : request->parts) {
    Variant& variant = part.entry->variants[part.variant];
    ++variant.possible;
    if (character_.access_log) {
      accesses.push_back(variant.entry);
    } else {
      v1::OpaqueEntry* const opaque = message.add_opaque();
      opaque->set_data(variant.data);
      opaque->set_id(part.entry->id);
    }
  }
  std::optional<uint32_t> administration;
  if (character_.access_log) {
    administration = submitter;
    message = SignTestRequest(submitter, std::move(accesses),
                              register_.entry_seeds[submitter]);
  }
  message.set_request_id(request->number);
  Note(absl::StrCat("submitter ", submitter, " sends request ", request->number,
                    " of ", request->parts.size(), " to server ", to));
  slot.server->service().Submit(
      message, administration,
      [this, request](absl::StatusOr<v1::SubmitResponse> answer) {
        OnAnswer(request, answer);
      });
}

void Simulation::OnAnswer(Request* request,
                          const absl::StatusOr<v1::SubmitResponse>& answer) {
  Note(absl::StrCat("request ", request->number, " is answered: ",
                    absl::StatusCodeToString(answer.status().code())));
  if (++request->answers > 1) {
    return Violate(
        absl::StrCat("request ", request->number, " was answered twice"));
  }
  if (answer.ok()) {
    OnReceipt(*request, *answer);
  } else {
    OnRefusal(*request, answer.status());
  }
  // Some answers get lost on the way, and some submitters ask again anyway.
  const bool known = !request->parts[0].entry->id.empty();
  if (known && retries_.size() < 50 && (!answer.ok() || Chance(4))) {
    retries_.push_back(request->parts);
  }
}

void Simulation::OnRefusal(const Request& request, const absl::Status& why) {
  const bool refused_whole =
      absl::IsAlreadyExists(why) || absl::IsResourceExhausted(why);
  if (refused_whole) {
    for (const Part& part : request.parts) {
      --part.entry->variants[part.variant].possible;
    }
  }
  if (absl::IsAlreadyExists(why)) {
    // Then some id of it may stand with other content, or does in this request.
    ++result_.other_content;
    std::set<std::pair<Entry*, size_t>> here;
    for (const Part& part : request.parts) {
      here.emplace(part.entry, part.variant);
    }
    for (const auto& [entry, variant] : here) {
      for (size_t other = 0; other < entry->variants.size(); ++other) {
        if (other != variant && (entry->variants[other].possible > 0 ||
                                 here.count({entry, other}) > 0)) {
          return;
        }
      }
    }
    return Violate(absl::StrCat("request ", request.number,
                                " was refused for other content under one of "
                                "its ids, and there is none"));
  }
  const Slot& slot = slots_[request.slot];
  if (absl::IsUnavailable(why)) {
    ++result_.pushed_back;
    return;
  }
  if (absl::IsResourceExhausted(why)) {
    ++result_.pushed_back;
    if (character_.log.pool.quota_per_s > 0) return;
  }
  if (absl::IsFailedPrecondition(why) && slot.server != nullptr &&
      slot.server->log()->frozen()) {
    return;
  }
  Violate(
      absl::StrCat("request ", request.number,
                   " got an answer that nothing explains: ", why.ToString()));
}

bool Simulation::JudgeReceipt(const Request& request,
                              const v1::SubmitResponse& receipt,
                              TreeHead* head) {
  const size_t count = request.parts.size();
  Checkpoint checkpoint;
  const Finding opened =
      OpenCheckpoint(receipt.checkpoint(), signer_.key(), &checkpoint);
  if (opened != Finding::kOk) {
    Violate(absl::StrCat("a receipt's checkpoint: ", FindingSentence(opened)));
    return false;
  }
  *head = checkpoint.head;
  if (head->size > history_->size() || *head != history_->HeadAt(head->size)) {
    Violate("a receipt has a head that was never signed");
    return false;
  }
  const size_t leaves = character_.access_log ? count : 0;
  if (receipt.leaf_index_size() != static_cast<int>(count) ||
      receipt.placed_size() != static_cast<int>(leaves) ||
      receipt.request_id() != request.number) {
    Violate("a receipt has not one place for each entry");
    return false;
  }
  std::map<uint64_t, Hash> places;
  for (size_t i = 0; i < count; ++i) {
    const Part& part = request.parts[i];
    const Variant& variant = part.entry->variants[part.variant];
    std::string entry = variant.data;
    if (character_.access_log) {
      entry = receipt.placed(static_cast<int>(i)).leaf();
      Leaf leaf;
      if (ParseLeaf(entry, &leaf) != Finding::kOk ||
          leaf.kind != LeafKind::kSubject || leaf.b != variant.commitment) {
        Violate("a receipt's leaf does not commit to what was submitted");
        return false;
      }
      if (!JudgeChainPlace(request.submitter, variant.entry.record(), leaf,
                           receipt.placed(static_cast<int>(i)))) {
        Violate("a receipt's leaf is not the entry of its chain that it says");
        return false;
      }
    }
    const auto [it, fresh] = places.emplace(
        receipt.leaf_index(static_cast<int>(i)), LeafHash(entry));
    if (!fresh && it->second != LeafHash(entry)) {
      Violate("a receipt puts two contents into one leaf");
      return false;
    }
  }
  std::vector<uint64_t> indices;
  std::vector<Hash> hashes;
  for (const auto& [index, hash] : places) {
    indices.push_back(index);
    hashes.push_back(hash);
  }
  const auto proof = HashesFromBytes(receipt.proof());
  const Finding proved =
      !proof.has_value() ? Finding::kPathTooShort
                         : VerifyMultiInclusion(indices, hashes, *head, *proof);
  if (proved != Finding::kOk) {
    Violate(absl::StrCat("a receipt's proof: ", FindingSentence(proved)));
    return false;
  }
  return true;
}

const ProvenChainKey& Simulation::ChainOf(uint32_t submitter,
                                          const std::string& bytes) {
  v1::Record record;
  record.ParseFromString(bytes);
  std::string name;
  ChainAlpha({kTestOrigin, submitter, record.access().subject()}, &name);
  const auto [it, is_new] = chains_.try_emplace(name);
  if (is_new) {
    VrfOutput beta;
    it->second.proof = VrfProver(register_.label_seed).Prove(name, &beta);
    std::copy(beta.begin(), beta.begin() + sizeof(Hash),
              it->second.key.begin());
  }
  return it->second;
}

bool Simulation::JudgeChainPlace(uint32_t submitter, const std::string& record,
                                 const Leaf& leaf, const v1::Placed& placed) {
  const ProvenChainKey& chain = ChainOf(submitter, record);
  const bool first = placed.chain_index() == 0;
  return leaf.a == ChainLabel(chain.key, placed.chain_index()) &&
         placed.chain_key() == (first ? Bytes(chain.key) : "") &&
         placed.vrf_proof() == (first ? chain.proof : "");
}

void Simulation::OnReceipt(const Request& request,
                           const v1::SubmitResponse& receipt) {
  ++result_.receipts;
  TreeHead head;
  if (!JudgeReceipt(request, receipt, &head)) return;
  Slot& slot = slots_[request.slot];
  if (head.size < slot.shown) {
    return Violate(absl::StrCat("a receipt of size ", head.size,
                                " after one of size ", slot.shown));
  }
  slot.shown = head.size;
  for (size_t i = 0; i < request.parts.size(); ++i) {
    JudgePlace(request, request.parts[i],
               receipt.leaf_index(static_cast<int>(i)));
  }
}

void Simulation::JudgePlace(const Request& request, const Part& part,
                            uint64_t leaf_index) {
  Entry& entry = *part.entry;
  if (entry.id.empty()) return;
  const bool fresh = leaf_index >= request.size_then;
  if (entry.acknowledged.has_value()) {
    const Acknowledged& before = *entry.acknowledged;
    if (before.leaf_index == leaf_index && before.variant == part.variant) {
      ++result_.same_again;
      return;
    }
    if (MustRemember(entry)) {
      return Violate(absl::StrCat(
          "an id that stands at leaf ", before.leaf_index, " was given leaf ",
          leaf_index,
          before.variant == part.variant ? "" : " with other content"));
    }
  }
  if (character_.access_log) {
    openings_[leaf_index] = entry.variants[part.variant].entry.record();
  }
  // Recorded at some moment from the first time that it was sent; from this
  // one, if its leaf is newer.
  size_t from = request.sent;
  if (!fresh) {
    for (const Request& other : requests_) {
      for (const Part& sent : other.parts) {
        if (sent.entry == &entry) from = std::min(from, other.sent);
      }
    }
  }
  entry.acknowledged =
      Acknowledged{part.variant, leaf_index,
                   *std::min_element(wall_s_.begin() + from, wall_s_.end()),
                   wall_s_.size() - 1};
}

bool Simulation::MustRemember(const Entry& entry) const {
  const Acknowledged& one = *entry.acknowledged;
  return *std::max_element(wall_s_.begin() + one.since, wall_s_.end()) <=
         one.recorded_s + character_.keep_s;
}

// --- What happens to a server ---

void Simulation::Interrupt(int slot) {
  const int other = 1 - slot;
  if (interrupted_ || slots_[slot].server == nullptr ||
      slots_[other].server == nullptr || slots_[other].stopped || !Chance(4)) {
    return;
  }
  interrupted_ = true;
  ++result_.overlaps;
  Note(absl::StrCat("while server ", slot, " commits:"));
  RunBatch(other);
  interrupted_ = false;
}

void Simulation::RunBatch(int slot) {
  Slot& one = slots_[slot];
  const bool outdated = !one.server->at_newest_head();
  const absl::Status ran = one.server->log()->RunOnce();
  ++result_.batches;
  Note(absl::StrCat("server ", slot, " makes a batch: ", ran.ToString(),
                    ", signed size ", history_->size()));
  if (ran.ok()) return;
  one.stopped = true;
  const bool overtaken =
      locks_differ() && (outdated || !one.server->at_newest_head());
  if (!one.server->faulted() && !overtaken && !one.server->log()->frozen()) {
    Violate(absl::StrCat("server ", slot,
                         " stopped without a reason: ", ran.ToString()));
  }
}

void Simulation::MoveClock() {
  switch (random_.Below(10)) {
    case 0:
      clock_.Advance(static_cast<int64_t>(Between(1, 3 * 3600)) * 1000);
      break;
    case 1:
      clock_.Advance(static_cast<int64_t>(Between(1, 5 * 24)) * 3600 * 1000);
      break;
    case 2:
      clock_.Step(static_cast<int64_t>(Between(1, 7200)) * 1000);
      break;
    case 3:
      clock_.Step(-static_cast<int64_t>(Between(1, 7200)) * 1000);
      break;
    case 4:
      if (Chance(4)) {
        const int64_t days = static_cast<int64_t>(Between(1, 30));
        clock_.Step((Chance(2) ? days : -days) * 24 * 3600 * 1000);
      }
      break;
    default:
      clock_.Advance(static_cast<int64_t>(Between(1, 3000)));
  }
  NoteClock();
  Note(absl::StrCat("the clock shows ", clock_.NowMs()));
}

void Simulation::SetFault() {
  const int slot = RunningSlot();
  Fault fault;
  fault.place =
      OneOf({FaultPlace::kDisk, FaultPlace::kDisk, FaultPlace::kCommit,
             FaultPlace::kCommit, FaultPlace::kRead, FaultPlace::kSigner});
  fault.calls_before = static_cast<int>(random_.Below(6));
  fault.kept = Chance(2);
  fault.dies = Chance(2);
  slots_[slot].server->SetFault(fault);
  ++result_.faults;
  Note(absl::StrCat("server ", slot, " will fail: place ",
                    static_cast<int>(fault.place), " after ",
                    fault.calls_before, fault.kept ? ", kept" : "",
                    fault.dies ? ", and die" : ""));
}

void Simulation::StopGently(int slot) {
  Slot& one = slots_[slot];
  Log* const log = one.server->log();
  log->Close();
  while (log->pool().entries() > 0 && !one.stopped && !result_.violation) {
    RunBatch(slot);
  }
  if (!one.stopped) {
    for (const Request& request : requests_) {
      if (request.slot == slot && request.start == one.start &&
          request.answers != 1) {
        Violate(absl::StrCat("request ", request.number, " had ",
                             request.answers,
                             " answers when its server had stopped"));
      }
    }
  }
  Note(absl::StrCat("server ", slot, " has stopped"));
  one.server.reset();
}

void Simulation::Kill(int slot) {
  Note(absl::StrCat("server ", slot, " is killed"));
  slots_[slot].server.reset();
}

void Simulation::CutPower() {
  const Aftermath aftermath =
      OneOf({Aftermath::kKeep, Aftermath::kDrop, Aftermath::kTear});
  Note(absl::StrCat("the power goes: ", AftermathName(aftermath)));
  for (Slot& slot : slots_) slot.server.reset();
  disk_.PowerOn(aftermath, random_.Below(UINT64_MAX));
}

void Simulation::Freeze(int slot) {
  Note(absl::StrCat("server ", slot, " is frozen"));
  Log* const log = slots_[slot].server->log();
  const TreeHead before = log->Latest()->head;
  log->Freeze(absl::DataLossError("a person said so"));
  SubmitSomething();
  RunBatch(slot);
  if (log->Latest()->head != before) Violate("a frozen log signed");
  slots_[slot].stopped = true;
}

bool Simulation::Start(int slot, bool with_fault) {
  Slot& one = slots_[slot];
  const Slot& other = slots_[1 - slot];
  auto server = std::make_unique<Server>(worlds_[slot]);
  if (with_fault) {
    server->SetFault(
        {OneOf({FaultPlace::kDisk, FaultPlace::kDisk, FaultPlace::kCommit,
                FaultPlace::kRead, FaultPlace::kSigner}),
         static_cast<int>(random_.Below(9)), Chance(2), Chance(2)});
    ++result_.faults;
  }
  const absl::Status opened = server->Open(one.files);
  Note(absl::StrCat("server ", slot, " starts: ", opened.ToString()));
  const bool locked_out = !locks_differ() && other.server != nullptr;
  if (opened.ok()) {
    ++result_.starts;
    if (locked_out) {
      Violate("two servers hold one lock file");
      return false;
    }
    one.server = std::move(server);
    one.start = static_cast<uint64_t>(result_.starts);
    one.stopped = false;
    one.shown = 0;
    JudgeAfterStart(&one);
    return true;
  }
  ++result_.refused_starts;
  const bool faulted = server->faulted();
  server.reset();
  if (locked_out || faulted) return false;
  if (locks_differ() && absl::IsFailedPrecondition(opened) && !carried_) {
    // The other server has gone on under its own lock: a person carries the
    // newer one over, and then it must start.
    if (!CarryLockOver()) return false;
    carried_ = true;
    const bool started = Start(slot, false);
    carried_ = false;
    return started;
  }
  Violate(
      absl::StrCat("refused to start without a reason: ", opened.ToString()));
  return false;
}

bool Simulation::CarryLockOver() {
  int newest = -1;
  uint64_t sizes[2] = {0, 0};
  for (int i : {0, 1}) {
    const Slot& slot = slots_[i];
    if (slot.server != nullptr) {
      // One that runs and was not overtaken has the newest.
      if (slot.stopped || !slot.server->at_newest_head()) return false;
      newest = i;
      continue;
    }
    const auto lock = OpenSigningLock(&disk_, slot.files.lock);
    if (!lock.ok()) {
      Violate(lock.status().ToString());
      return false;
    }
    sizes[i] = (*lock)->Head().size;
  }
  if (newest < 0) newest = sizes[0] > sizes[1] ? 0 : 1;
  Note(absl::StrCat("the lock of server ", newest, " is copied"));
  const auto source = disk_.Open(slots_[newest].files.lock, false);
  const auto bytes = (*source)->ReadAt(0, 1 << 16);
  const auto target = disk_.Open(slots_[1 - newest].files.lock, false);
  (*target)->WriteAt(0, *bytes).IgnoreError();
  (*target)->Sync().IgnoreError();
  return true;
}

// The rows without the newest `batches_dropped` batches, in an engine of their
// own; `*size` is how many leaves they hold.
std::unique_ptr<MemoryRows> Simulation::CopyRows(size_t batches_dropped,
                                                 uint64_t* size) {
  MemoryStorage from(rows_.get());
  const uint64_t stored = from.LastHead()->size;
  std::map<uint64_t, StorageBatch> batches;
  from.Scan(RowKind::kHead, 0, 0, stored,
            [&](uint64_t first, absl::string_view) {
              batches[first].first = first;
              return true;
            })
      .IgnoreError();
  for (auto& [first, batch] : batches) {
    const auto next = batches.upper_bound(first);
    const std::string head = from.Get(RowKind::kHead, 0, first)->value;
    batch.head = {next == batches.end() ? stored : next->first,
                  *HashFromBytes(std::string_view(head).substr(8))};
    for (int kind = 1; kind <= static_cast<int>(RowKind::kDocuments); ++kind) {
      for (int number = 0; number < 256; ++number) {
        const RowKind row_kind = static_cast<RowKind>(kind);
        const uint8_t sub = static_cast<uint8_t>(number);
        auto row = from.Get(row_kind, sub, first);
        if (row.ok()) {
          batch.rows.push_back({row_kind, sub, std::move(row->value)});
        }
      }
    }
  }
  auto rows = std::make_unique<MemoryRows>();
  MemoryStorage to(rows.get());
  size_t left = batches.size() - std::min(batches_dropped, batches.size());
  TreeHead head = *to.LastHead();
  for (const auto& [first, batch] : batches) {
    if (left-- == 0) break;
    to.Commit(batch, head).IgnoreError();
    head = batch.head;
  }
  *size = head.size;
  return rows;
}

// An operator puts back a copy of the data, which may be too old. With the lock
// in place it is refused if a head beyond it was signed.
void Simulation::RestoreOlderRows() {
  uint64_t size = 0;
  const size_t dropped = random_.Below(4);

  std::unique_ptr<MemoryRows> older = CopyRows(dropped, &size);
  Note(absl::StrCat("an older copy of size ", size, " is restored; signed is ",
                    history_->size()));
  const bool newest = dropped == 0;
  for (Server::World& world : worlds_) world.rows = older.get();
  auto server = std::make_unique<Server>(worlds_[0]);
  const bool too_old = size < history_->size();
  const absl::Status opened = server->Open(slots_[0].files);
  Note(absl::StrCat("server 0 starts on it: ", opened.ToString()));
  if (opened.ok() && too_old) {
    Violate("a log started on data that went back in time");
  } else if (opened.ok()) {
    // Nothing that it lacks was signed: it goes on from here.
    rows_ = std::move(older);
  } else if (newest || !absl::IsFailedPrecondition(opened)) {
    Violate(absl::StrCat("refused a restored copy: ", opened.ToString()));
  }
  server.reset();
  for (Server::World& world : worlds_) world.rows = rows_.get();
}

void Simulation::RunScrub(int slot) {
  Slot& one = slots_[slot];
  const absl::Status scrubbed = Scrub(one.server->log(), worlds_[slot].id_key,
                                      [](uint64_t) { return true; });
  Note(absl::StrCat("server ", slot, " scrubs: ", scrubbed.ToString()));
  if (!scrubbed.ok() && !one.server->faulted()) {
    Violate(absl::StrCat("the scrub of a sound log: ", scrubbed.ToString()));
  }
}

// A bit of a stored row is another when the server comes back: the start or the
// scrub must say so, and nothing false is signed. Then it is repaired.
void Simulation::FlipABit() {
  MemoryStorage storage(rows_.get());
  const uint64_t size = storage.LastHead()->size;
  // Not while there is a batch to verify, or a register still to be sequenced:
  // then a start has more to do than to look.
  if (size <= 2 || size > history_->size()) return;
  const uint64_t index = random_.Below(size);
  const auto kind = static_cast<RowKind>(random_.Below(7));
  const uint8_t sub = kind == RowKind::kTile      ? 1
                      : kind == RowKind::kEntries ? EntriesSub(index)
                                                  : 0;
  const auto row = storage.Get(kind, sub, index);
  if (!row.ok()) return;
  const size_t offset = random_.Below(row->value.size());
  if (!rows_->FlipBit(row->first, kind, sub, offset)) return;
  Note(absl::StrCat("a bit flips: ", RowKindName(kind), " row at leaf ",
                    row->first, ", byte ", offset));
  const int slot = 0;
  if (locks_differ()) CarryLockOver();
  const uint64_t size_before = history_->size();
  {
    auto server = std::make_unique<Server>(worlds_[slot]);
    absl::Status found = server->Open(slots_[slot].files);
    if (found.ok()) {
      found = Scrub(server->log(), worlds_[slot].id_key,
                    [](uint64_t) { return true; });
    }
    Note(absl::StrCat("it is found: ", found.ToString()));
    // This engine finds its rows by the size in a head row: with another size
    // it is not itself, and any refusal will do.
    const bool lost = kind == RowKind::kHead && offset < 8;
    if (lost ? found.ok() : !absl::IsDataLoss(found)) {
      Violate(absl::StrCat("a flipped bit in the ", RowKindName(kind),
                           " row at leaf ", row->first, ", byte ", offset, ": ",
                           found.ToString()));
    }
  }
  if (history_->size() != size_before) Violate("signed over a flipped bit");
  rows_->FlipBit(row->first, kind, sub, offset);
}

void Simulation::ReadAProof(int slot) {
  Log* const log = slots_[slot].server->log();
  const uint64_t newest = log->Latest()->head.size;
  if (newest == 0) return;
  std::vector<uint64_t> sizes;
  for (const uint64_t size : history_->signed_sizes()) {
    if (size > 0 && size <= newest) sizes.push_back(size);
  }
  const TreeHead head = history_->HeadAt(sizes[random_.Below(sizes.size())]);
  const uint64_t index = random_.Below(head.size);
  const auto proof = MakeProof(log, index, head.size);
  Note(absl::StrCat("server ", slot, " proves leaf ", index, " in ", head.size,
                    ": ", proof.status().ToString()));
  if (!proof.ok()) {
    if (!slots_[slot].server->faulted()) {
      Violate(absl::StrCat("no proof: ", proof.status().ToString()));
    }
    return;
  }
  std::vector<Hash> path;
  for (const std::string& hash : proof->path()) {
    path.push_back(*HashFromBytes(hash));
  }
  const Finding finding =
      VerifyInclusion(LeafHash(history_->entry(index)), index, path, head);
  if (finding != Finding::kOk) {
    Violate(absl::StrCat("a proof of leaf ", index, " in the tree of size ",
                         head.size, ": ", FindingSentence(finding)));
  }
}

// --- What must hold ---

void Simulation::JudgeAfterStart(Slot* slot) {
  const auto latest = slot->server->log()->Latest();
  if (latest->head.size != history_->size() ||
      latest->head != history_->HeadAt(latest->head.size)) {
    Violate(absl::StrCat("a start shows size ", latest->head.size,
                         ", signed was ", history_->size()));
  }
  JudgeStored();
  JudgeOpening(slot);
  if (Chance(8)) JudgeWhole(slot);
}

void Simulation::JudgeStored() {
  MemoryStorage storage(rows_.get());
  const absl::Status judged = history_->JudgeStored(&storage);
  if (!judged.ok()) Violate(judged.message());
}

// What belongs to an acknowledged access can still be read.
void Simulation::JudgeOpening(Slot* slot) {
  if (openings_.empty() || slot->server->faulted()) return;
  auto it = openings_.lower_bound(random_.Below(history_->size()));
  if (it == openings_.end()) it = openings_.begin();
  MemoryStorage storage(rows_.get());
  const auto row = storage.Get(RowKind::kVaultPage, 0, it->first);
  if (!row.ok()) return Violate(row.status().ToString());
  const auto page = slot->server->log()->vault()->Open(row->first, row->value);
  if (!page.ok()) {
    if (!slot->server->faulted()) Violate(page.status().ToString());
    return;
  }
  for (const auto& opening : page->openings()) {
    if (row->first + opening.place() == it->first &&
        opening.record() == it->second) {
      return;
    }
  }
  Violate(absl::StrCat("the vault has not the opening of leaf ", it->first));
}

void Simulation::JudgeWhole(Slot* slot) {
  MemoryStorage storage(rows_.get());
  const absl::Status judged =
      JudgeStoredLog(&storage, character_.access_log, signer_.key(),
                     slot->server->log()->Latest()->checkpoint);
  if (!judged.ok()) Violate(judged.message());
}

void Simulation::JudgeChains() {
  std::set<Hash> labels;
  for (uint64_t i = 0; i < history_->size(); ++i) {
    Leaf leaf;
    if (ParseLeaf(history_->entry(i), &leaf) == Finding::kOk &&
        leaf.kind == LeafKind::kSubject) {
      labels.insert(leaf.a);
    }
  }
  for (const Entry& entry : entries_) {
    for (const Variant& variant : entry.variants) {
      ChainOf(entry.submitter, variant.entry.record());
    }
  }
  for (const auto& [name, chain] : chains_) {
    uint64_t entries = 0;
    while (labels.count(ChainLabel(chain.key, entries)) > 0) ++entries;
    for (uint64_t i = entries + 1; i < entries + 40; ++i) {
      if (labels.count(ChainLabel(chain.key, i)) > 0) {
        Violate(absl::StrCat("a chain has entry ", i, " but not ", entries));
      }
    }
  }
}

void Simulation::End() {
  for (Slot& slot : slots_) slot.server.reset();
  disk_.PowerOn(Aftermath::kDrop, 1);
  Note("the end");
  const int slot = 0;
  if (locks_differ()) CarryLockOver();
  if (!Start(slot, false)) return Violate("the log does not start at the end");
  JudgeWhole(&slots_[slot]);
  if (character_.access_log) JudgeChains();
  RunScrub(slot);
  // Everything said can be said once more.
  for (size_t i = 0; i < retries_.size() && !result_.violation; ++i) {
    Send(retries_[i][0].entry->submitter, retries_[i]);
    RunBatch(slot);
  }
  StopGently(slot);
  for (const Request& request : requests_) {
    if (request.answers > 1) Violate("a request was answered twice");
  }
}

}  // namespace

SimulationResult RunSimulation(const SimulationOptions& options) {
  return Simulation(options).Run();
}

}  // namespace vidimus
