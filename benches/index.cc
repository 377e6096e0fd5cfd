// What does the index cost: merges, seals, proofs, memory, a start?
//
//   ./vidimus bench index [--leaves=1000000] [--batch=256] [--rate=50000]
//       [--seconds=20] [--proofs=2000]
//
// Makes up so many leaves with random keys and adds them as fast as it can, in
// batches of so many, each with its seal; says what merges and seals took of
// the processor. Then adds at the given rate for a while, and says how long
// seals took while merges were under way and while none were. Then opens the
// index again, makes proofs with warm and with dropped pages, and verifies
// them; and proves what a resident's check of nine chains asks for, under a
// monitor's head and under one that nobody vouches for. Ends with what is
// wanted of each, MISSED or met, as it is meant for 10^8 leaves. Files
// lie in TMPDIR (40 bytes a leaf and as much again for runs that were
// superseded) and go at the end. 10^8 leaves take about ten minutes on two
// cores, and 8 GB.
#include "log/index.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "log/clock.h"
#include "log/disk.h"
#include "log/index_testing.h"
#include "verifier/check.h"
#include "verifier/hash_lanes.h"
#include "verifier/index.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

uint64_t leaves_wanted = 1000000;
uint64_t batch = 256;
uint64_t rate = 50000;
uint64_t seconds = 20;
uint64_t proofs = 2000;

using Clock_ = std::chrono::steady_clock;

double SecondsSince(Clock_::time_point begin) {
  return std::chrono::duration<double>(Clock_::now() - begin).count();
}

double CpuSeconds(clockid_t clock) {
  timespec time;
  CHECK_EQ(clock_gettime(clock, &time), 0);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) / 1e9;
}

// Of the threads that are not this one.
double OthersCpuSeconds() {
  return CpuSeconds(CLOCK_PROCESS_CPUTIME_ID) -
         CpuSeconds(CLOCK_THREAD_CPUTIME_ID);
}

double ResidentMiB() {
  std::ifstream status("/proc/self/statm");
  uint64_t size = 0, resident = 0;
  status >> size >> resident;
  return static_cast<double>(resident * 4096) / (1 << 20);
}

struct Spread {
  double mean = 0, p50 = 0, p99 = 0, max = 0;
  size_t count = 0;
};
Spread SpreadOf(std::vector<double> values) {
  Spread spread;
  spread.count = values.size();
  if (values.empty()) return spread;
  std::sort(values.begin(), values.end());
  for (const double value : values) spread.mean += value;
  spread.mean /= static_cast<double>(values.size());
  spread.p50 = values[values.size() / 2];
  spread.p99 = values[values.size() * 99 / 100];
  spread.max = values.back();
  return spread;
}
void Print(const char* what, const char* unit, const Spread& spread) {
  printf("  %-44s mean %9.1f  p50 %9.1f  p99 %9.1f  max %9.1f %s (%zu)\n", what,
         spread.mean, spread.p50, spread.p99, spread.max, unit, spread.count);
}

// What is wanted of a figure, and whether it was had.
class Wanted {
 public:
  void AtMost(const char* what, double limit, const char* unit, double had) {
    rows_.push_back({what, unit, limit, had});
  }
  void Print() const {
    printf("wanted at 10^8 leaves:\n");
    for (const Row& row : rows_) {
      printf("  %-6s %-48s %10.2f %s (at most %.4g)\n",
             row.had <= row.limit ? "met" : "MISSED", row.what.c_str(), row.had,
             row.unit.c_str(), row.limit);
    }
  }

 private:
  struct Row {
    std::string what, unit;
    double limit, had;
  };
  std::vector<Row> rows_;
};

// A resident's check: so many chains, of each so many entries, the end and the
// probes; and a register of so many documents, each of which has one version
// and stands in the log's first batches.
constexpr int kChains = 9;
constexpr int kEntriesEach = 10;
constexpr int kProbesEach = 8;
constexpr int kAdministrationsKnown = 8;
constexpr int kOtherDocuments = 10;  // two of each of five types
constexpr int kOtherTypes = 5;

class Bench {
 public:
  Bench() : made_(UniformKeys(batch)) {
    const char* const temp = getenv("TMPDIR");
    std::string name =
        absl::StrCat(temp == nullptr ? "/tmp" : temp, "/index-bench-XXXXXX");
    CHECK(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    options_.keep_superseded_s = 1;
  }
  ~Bench() {
    index_.reset();
    const auto names = PosixDisk()->List(Folder());
    CHECK(names.ok());
    for (const std::string& file : *names) {
      CHECK(PosixDisk()->Remove(absl::StrCat(Folder(), "/", file)).ok());
    }
    rmdir(Folder().c_str());
    rmdir(folder_.c_str());
  }

  void Run() {
    printf("%d lanes, batches of %d\n",
           static_cast<int>(AvailableHashLanes().back()),
           static_cast<int>(batch));
    Open();
    Grow();
    Pace();
    Restart();
    Prove();
    Check();
    wanted_.Print();
  }

 private:
  std::string Folder() const { return folder_ + "/index"; }

  void Open() {
    index_.reset();
    auto opened = Index::Open(
        options_, {&made_, PosixDisk(), SystemClock(), Folder()}, made_.size());
    if (!opened.ok()) {
      fprintf(stderr, "%s\n", std::string(opened.status().message()).c_str());
      exit(1);
    }
    index_ = *std::move(opened);
  }

  std::vector<Hash> NextKeys() const {
    std::vector<Hash> keys;
    for (uint64_t i = 0; i < batch - 1; ++i) {
      keys.push_back(*made_.KeyOf(made_.size() + i));
    }
    return keys;
  }

  // One batch; the time that its seal took.
  double AddBatch(const std::vector<Hash>& keys) {
    const uint64_t first = made_.size();
    const auto begin = Clock_::now();
    const auto root = index_->Root(first, keys, first + batch - 1);
    const double took = SecondsSince(begin);
    if (!root.ok()) {
      fprintf(stderr, "%s\n", std::string(root.status().message()).c_str());
      exit(1);
    }
    made_.SetSize(first + batch);
    root_ = *root;
    return took;
  }

  void Grow() {
    const auto begin = Clock_::now();
    double seal_cpu = 0;
    while (made_.size() + batch <= leaves_wanted) {
      const std::vector<Hash> keys = NextKeys();
      const double before = CpuSeconds(CLOCK_THREAD_CPUTIME_ID);
      AddBatch(keys);
      seal_cpu += CpuSeconds(CLOCK_THREAD_CPUTIME_ID) - before;
    }
    const double took = SecondsSince(begin);
    const double merge_cpu = OthersCpuSeconds();
    const auto entries = static_cast<double>(made_.size());
    const IndexGauges gauges = index_->gauges();
    printf("%.0f leaves as fast as they go: %.1f s, %.0f/s\n", entries, took,
           entries / took);
    printf(
        "  merges %.2f us of CPU an entry (%.1f %% of a core at %d/s), %.1f "
        "keys rewritten an entry\n",
        merge_cpu / entries * 1e6,
        merge_cpu / entries * static_cast<double>(rate) * 100,
        static_cast<int>(rate),
        static_cast<double>(gauges.merged_keys) / entries);
    printf("  seals  %.2f us of CPU an entry; waited %.1f s for merges\n",
           seal_cpu / entries * 1e6,
           static_cast<double>(gauges.waited_ms + gauges.slowed_ms) / 1e3);
    printf("  resident %.0f MiB, of it the index %.0f MiB; %d files\n",
           ResidentMiB(), static_cast<double>(gauges.memory_bytes) / (1 << 20),
           static_cast<int>(gauges.files));
  }

  void Pace() {
    std::vector<double> with, without;
    const IndexGauges before = index_->gauges();
    const double cpu = OthersCpuSeconds();
    const auto begin = Clock_::now();
    uint64_t added = 0;
    while (SecondsSince(begin) < static_cast<double>(seconds)) {
      const std::vector<Hash> keys = NextKeys();
      const auto due =
          begin + std::chrono::nanoseconds(added * 1000000000 / rate);
      std::this_thread::sleep_until(due);
      const bool merging = index_->gauges().merges > 0;
      const double took = AddBatch(keys) * 1e6;
      (merging || index_->gauges().merges > 0 ? with : without).push_back(took);
      added += batch;
    }
    const double took = SecondsSince(begin);
    const IndexGauges after = index_->gauges();
    const double merges =
        (OthersCpuSeconds() - cpu) / static_cast<double>(added) * 50000 * 100;
    const Spread slow = SpreadOf(with), quick = SpreadOf(without);
    printf("%.0f/s for %.0f s\n", static_cast<double>(added) / took, took);
    Print("a seal while merges are under way", "us", slow);
    Print("a seal while none are", "us", quick);
    printf("  merges took %.1f %% of a core; seals waited %d ms for them\n",
           (OthersCpuSeconds() - cpu) / took * 100,
           static_cast<int>(after.waited_ms + after.slowed_ms -
                            before.waited_ms - before.slowed_ms));
    wanted_.AtMost("merges at 50,000 entries a second", 20, "% of a core",
                   merges);
    // An acknowledgement waits for its batch, up to 100 ms, and then for its
    // seal: that much more at most.
    constexpr double kBatchUs = 100000;
    wanted_.AtMost("p99 of a batch of 100 ms, merges against none", 1.2,
                   "times", (kBatchUs + slow.p99) / (kBatchUs + quick.p99));
  }

  void Restart() {
    // Merges under way end where they are and are counted with the next start.
    const auto begin = Clock_::now();
    Open();
    const double took = SecondsSince(begin);
    printf("opened at %.0f leaves in %.1f ms\n",
           static_cast<double>(made_.size()), took * 1e3);
    wanted_.AtMost("a start", 2, "s", took);
  }

  void DropPages() {
    const auto names = PosixDisk()->List(Folder());
    CHECK(names.ok());
    for (const std::string& name : *names) {
      const int file =
          open(absl::StrCat(Folder(), "/", name).c_str(), O_RDONLY);
      CHECK_GE(file, 0);
      posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
      close(file);
    }
  }

  static Hash RandomKey(std::mt19937_64* random) {
    Hash key;
    for (uint8_t& byte : key) byte = static_cast<uint8_t>((*random)());
    return key;
  }

  void Prove() {
    std::mt19937_64 random(1);
    const uint64_t size = made_.size() - 1;
    printf("proofs at size %.0f, %d runs\n", static_cast<double>(size),
           static_cast<int>(RunsInForce(size).size()));
    std::vector<double> bytes, make, verify, wall;
    const auto absence = [&](bool count) {
      const Hash key = RandomKey(&random);
      const auto begin = Clock_::now();
      const double cpu = CpuSeconds(CLOCK_THREAD_CPUTIME_ID);
      const auto proof = index_->ProveAbsence(key, size);
      CHECK(proof.ok());
      if (!count) return;
      make.push_back((CpuSeconds(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e6);
      wall.push_back(SecondsSince(begin) * 1e6);
      bytes.push_back(static_cast<double>(FormatAbsence(*proof).size()));
      const auto verified = Clock_::now();
      CHECK(VerifyAbsence(key, root_, size, *proof) == Finding::kOk);
      verify.push_back(SecondsSince(verified) * 1e6);
    };
    // Reads what there is to read once.
    const double scrub = CpuSeconds(CLOCK_THREAD_CPUTIME_ID);
    CHECK(index_->Scrub([](uint64_t) { return true; }).ok());
    printf("  read back and judged: %.0f ns of CPU a key\n",
           (CpuSeconds(CLOCK_THREAD_CPUTIME_ID) - scrub) * 1e9 /
               static_cast<double>(index_->gauges().keys_in_runs));
    for (uint64_t i = 0; i < proofs; ++i) absence(false);
    for (uint64_t i = 0; i < proofs; ++i) absence(true);
    Print("an absence proof", "bytes", SpreadOf(bytes));
    Print("made, warm, CPU", "us", SpreadOf(make));
    Print("verified", "us", SpreadOf(verify));
    wanted_.AtMost("an absence proof", 5500, "bytes", SpreadOf(bytes).mean);
    wanted_.AtMost("made, warm", 300, "us of CPU", SpreadOf(make).mean);
    wanted_.AtMost("verified", 50, "us", SpreadOf(verify).p50);
    make.clear();
    wall.clear();
    for (uint64_t i = 0; i < proofs / 10; ++i) {
      DropPages();
      absence(true);
    }
    Print("made, pages dropped, wall", "us", SpreadOf(wall));
    Print("made, pages dropped, CPU", "us", SpreadOf(make));
    wanted_.AtMost("made, pages dropped", 1500, "us", SpreadOf(wall).mean);

    std::vector<double> several, several_us, find, presence;
    for (uint64_t i = 0; i < proofs / 10; ++i) {
      std::vector<Hash> keys;
      for (int k = 0; k < 30; ++k) keys.push_back(RandomKey(&random));
      std::sort(keys.begin(), keys.end());
      const auto begin = Clock_::now();
      const auto proof = index_->ProveSeveral(keys, size);
      several_us.push_back(SecondsSince(begin) * 1e6);
      CHECK(proof.ok());
      several.push_back(static_cast<double>(proof->size()));
      std::vector<IndexAnswer> answers;
      CHECK(VerifySeveral(keys, root_, size, *proof, &answers) == Finding::kOk);
    }
    Print("30 absent keys at once", "bytes", SpreadOf(several));
    Print("made, warm, wall", "us", SpreadOf(several_us));
    for (uint64_t i = 0; i < proofs; ++i) {
      uint64_t leaf = random() % size;
      if (!made_.KeyOf(leaf).has_value()) --leaf;
      const auto begin = Clock_::now();
      const auto proof = index_->ProvePresence(*made_.KeyOf(leaf), size);
      presence.push_back(SecondsSince(begin) * 1e6);
      CHECK(proof.ok());
      const Hash key = RandomKey(&random);
      const auto begin_find = Clock_::now();
      const auto found = index_->Find(key);
      find.push_back(SecondsSince(begin_find) * 1e6);
      CHECK(found.ok() && !found->has_value());
    }
    Print("a presence proof, warm, wall", "us", SpreadOf(presence));
    Print("an absent key looked for", "us", SpreadOf(find));
    printf("  resident %.0f MiB, of it the index %.0f MiB\n", ResidentMiB(),
           static_cast<double>(index_->gauges().memory_bytes) / (1 << 20));
    wanted_.AtMost("resident", 1024, "MiB", ResidentMiB());
  }

  // The proof for the keys of these leaves and so many keys that are in none:
  // its bytes, judged.
  double ProveSome(const std::vector<uint64_t>& leaves, int absent,
                   std::mt19937_64* random) {
    const uint64_t size = made_.size() - 1;
    std::vector<Hash> keys;
    for (int i = 0; i < absent; ++i) keys.push_back(RandomKey(random));
    for (const uint64_t leaf : leaves) keys.push_back(*made_.KeyOf(leaf));
    std::sort(keys.begin(), keys.end());
    const auto proof = index_->ProveSeveral(keys, size);
    CHECK(proof.ok());
    std::vector<IndexAnswer> answers;
    CHECK(VerifySeveral(keys, root_, size, *proof, &answers) == Finding::kOk);
    return static_cast<double>(proof->size());
  }

  // Bytes of the inclusion proof of `leaves` and the last one together.
  double InclusionBytes(std::vector<uint64_t> leaves) {
    leaves.push_back(made_.size() - 1);
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    // Only how many hashes there are counts here, not which.
    const auto proof = MultiInclusionProof(leaves, made_.size(),
                                           [](int, uint64_t, Hash* hash) {
                                             *hash = {};
                                             return true;
                                           });
    CHECK(proof.has_value());
    return static_cast<double>(proof->size() * kHashBytes + leaves.size() * 65);
  }

  // Everything that a check has proven, as client/resident.cc asks for it. The
  // batches that verdicts need come on top: they grow with the batches, not
  // with the log.
  void Check() {
    std::mt19937_64 random(2);
    constexpr int kDocuments = 1 + kAdministrationsKnown + kOtherDocuments;
    constexpr int kLabelsAbsent = kChains * (1 + kProbesEach);
    // The next version of config and each administration, and the next number;
    // the same of the other types, which verdicts need.
    constexpr int kEnds = 1 + kAdministrationsKnown + 1;
    constexpr int kOtherEnds = kOtherDocuments + kOtherTypes;
    std::vector<double> whole, vouched, counts, ends, inclusion;
    for (int round = 0; round < 5; ++round) {
      std::vector<uint64_t> leaves;
      for (uint64_t leaf = 0; leaves.size() < kDocuments; ++leaf) {
        if (made_.KeyOf(leaf).has_value()) leaves.push_back(leaf);
      }
      for (int i = 0; i < kChains * kEntriesEach; ++i) {
        uint64_t leaf = random() % (made_.size() - 1);
        if (!made_.KeyOf(leaf).has_value()) --leaf;
        leaves.push_back(leaf);
      }
      whole.push_back(
          ProveSome(leaves, kLabelsAbsent + kEnds + kOtherEnds, &random));
      vouched.push_back(
          ProveSome({}, kLabelsAbsent + kEnds + kOtherEnds, &random));
      counts.push_back(ProveSome({}, kLabelsAbsent + kEnds, &random));
      ends.push_back(ProveSome({}, kLabelsAbsent, &random));
      inclusion.push_back(InclusionBytes(leaves));
    }
    printf("a check: %d chains of %d entries, %d probes each; %d documents\n",
           kChains, kEntriesEach, kProbesEach, kDocuments);
    Print("the index, where nobody vouches for it", "bytes", SpreadOf(whole));
    Print("the index, under a monitor's head", "bytes", SpreadOf(vouched));
    Print("of that, without other types than 0 and 1", "bytes",
          SpreadOf(counts));
    Print("of that, the ends and probes", "bytes", SpreadOf(ends));
    Print("inclusion of all, with the leaves", "bytes", SpreadOf(inclusion));
    const double leaves = SpreadOf(inclusion).mean;
    printf("  all in all where nobody vouches: %.0f bytes\n",
           SpreadOf(whole).mean + leaves);
    wanted_.AtMost("9 chains complete, under a monitor's head", 400000, "bytes",
                   SpreadOf(counts).mean + leaves);
    wanted_.AtMost("the same with what verdicts need", 400000, "bytes",
                   SpreadOf(vouched).mean + leaves);
  }

  IndexOptions options_;
  Wanted wanted_;
  MadeUpLeaves made_;
  std::string folder_;
  std::unique_ptr<Index> index_;
  Hash root_ = {};
};

bool ReadFlag(const std::string& argument, const char* name, uint64_t* value) {
  const std::vector<std::string> parts = absl::StrSplit(argument, '=');
  return parts.size() == 2 && parts[0] == absl::StrCat("--", name) &&
         absl::SimpleAtoi(parts[1], value) && *value > 0;
}

int Main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (!ReadFlag(argument, "leaves", &leaves_wanted) &&
        !ReadFlag(argument, "batch", &batch) &&
        !ReadFlag(argument, "rate", &rate) &&
        !ReadFlag(argument, "seconds", &seconds) &&
        !ReadFlag(argument, "proofs", &proofs)) {
      fprintf(stderr, "%s: see the top of benches/index.cc\n", argv[i]);
      return 2;
    }
  }
  CHECK_GE(batch, 2u);
  Bench().Run();
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) { return vidimus::Main(argc, argv); }
