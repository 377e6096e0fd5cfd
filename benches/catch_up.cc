// How fast does a monitor catch up with a log, and what does following cost?
//
//   ./vidimus bench catch_up [--leaves=1000000] [--batch=256] [--threads=2]
//       [--looks=100]
//
// A process of its own makes up an access log of so many leaves with random
// keys, in batches of so many (and its seal), and serves its public paths with
// our HTTP server on the loopback. A monitor's follower (docs/following.md)
// reads all of it, as a stranger would, and verifies every leaf, seal and key;
// said are leaves a second by the clock and by our own processor time (the
// server's is not ours), and memory. Then it goes on from its folder; and then
// it follows the log at the pace of a million entries a day, ten batches of 8 a
// second, for so many looks, one a second in earnest, which gives what a day
// costs. Ends with what is wanted, met or MISSED, as it is meant for 10^7
// leaves on two cores. Files lie in TMPDIR (180 bytes a leaf) and go at the
// end. 10^8 leaves need 20 GB.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/fetcher.h"
#include "client/monitor/follower.h"
#include "proto/http_server.h"
#include "proto/mutex.h"
#include "proto/register.pb.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/compact_range.h"
#include "verifier/crypto.h"
#include "verifier/index.h"
#include "verifier/index_judge.h"
#include "verifier/leaf.h"
#include "verifier/merkle.h"
#include "verifier/register.h"
#include "verifier/signing.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

constexpr char kOrigin[] = "log.example/bench/2026h2";
constexpr uint64_t kStartS = 1800000000;
constexpr size_t kRowBytes = 2 + kLeafBytes;  // of a leaf in a bundle

uint64_t leaves_wanted = 1000000;
uint64_t batch = 256;
uint64_t threads = 2;
uint64_t looks = 100;

using Clock_ = std::chrono::steady_clock;

double SecondsSince(Clock_::time_point begin) {
  return std::chrono::duration<double>(Clock_::now() - begin).count();
}

double CpuSeconds() {
  rusage usage;
  CHECK_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A line of a file in /proc/self, in its own unit.
double Proc(const std::string& file, const std::string& name) {
  std::ifstream lines("/proc/self/" + file);
  std::string word;
  double value = 0;
  while (lines >> word) {
    if (word == name && lines >> value) return value;
  }
  return 0;
}

// Runs in files that have no name.
class FileMemory : public RunMemory {
 public:
  explicit FileMemory(std::string folder) : folder_(std::move(folder)) {}

  IndexEntry* Allocate(size_t count) override {
    const int file = open(folder_.c_str(), O_TMPFILE | O_RDWR, 0600);
    CHECK_GE(file, 0);
    const size_t bytes = count * sizeof(IndexEntry);
    CHECK_EQ(ftruncate(file, static_cast<off_t>(bytes)), 0);
    void* const map =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(map != MAP_FAILED);
    close(file);
    return static_cast<IndexEntry*>(map);
  }
  void Free(IndexEntry* entries, size_t count) override {
    munmap(entries, count * sizeof(IndexEntry));
  }

 private:
  const std::string folder_;
};

// An honest access log of made-up entries.
class MadeLog {
 public:
  MadeLog(const std::string& folder, uint64_t min_batch)
      : memory_(folder), rows_(open(folder.c_str(), O_TMPFILE | O_RDWR, 0600)) {
    CHECK_GE(rows_, 0);
    v1::Config config;
    config.set_origin(kOrigin);
    // Any sound key will do: nobody proves a chain here.
    config.set_label_key(std::string(signer_.public_key()));
    for (uint32_t type = 0; type < 2; ++type) {
      v1::Publisher* const publisher = config.add_publisher();
      publisher->set_type(type);
      publisher->set_public_key(std::string(signer_.public_key()));
      publisher->set_name("bench");
    }
    v1::IndexParameters* const index = config.mutable_index();
    index->set_unit_leaves(4096);
    index->set_growth(4);
    index->set_multiple_max(3);
    index->set_prompt_leaves_max(16384);
    index->set_lag_divisor(16);
    config.mutable_batch()->set_min_batch(static_cast<uint32_t>(min_batch));
    config.mutable_batch()->set_period_ms(100);
    v1::TimeLimits* const limits = config.mutable_limits();
    limits->set_notice_s(604800);
    limits->set_fresh_s(60);
    limits->set_late_s(3600);
    limits->set_skew_s(5);
    limits->set_recovery_s(259200);
    limits->set_keep_min_s(31536000);
    limits->set_label_key_until_s(2000000000);
    v1::IdScheme* const scheme = config.add_id_scheme();
    scheme->set_scheme(1);
    scheme->set_form("opaque");
    const RegisterId id = {RegisterType::kConfig, 0, 0};
    const std::string message = config.SerializeAsString();
    document_ =
        signer_.Sign(RegisterSignedBytes(kOrigin, id, message)) + message;
    Append(FormatRegisterLeaf(RegisterKey(id), Sha256(document_)));
    Seal();
  }

  VerifierKey key() const {
    return MakeVerifierKey(kOrigin, kKeyTypeEd25519, signer_.public_key());
  }
  uint64_t size() const { return tree_.size(); }

  void Batch(uint64_t count) {
    std::vector<Hash> keys(count);
    for (Hash& key : keys) {
      for (uint8_t& byte : key) byte = static_cast<uint8_t>(random_());
    }
    std::sort(keys.begin(), keys.end());
    for (const Hash& key : keys) Append(FormatSubjectLeaf(key, key));
    Seal();
  }
  // Writes out what is only in memory; then it can be served.
  void Flush() {
    CHECK_EQ(pwrite(rows_, new_rows_.data(), new_rows_.size(),
                    static_cast<off_t>(written_)),
             static_cast<ssize_t>(new_rows_.size()));
    written_ += new_rows_.size();
    new_rows_.clear();
  }

  // What a path shows; nothing if there is none.
  std::optional<std::string> Get(const std::string& path) const {
    if (path == "checkpoint") {
      const std::string text = FormatCheckpoint({kOrigin, tree_.Head()});
      return JoinNote(
          text, {NoteSignatureLine(kOrigin, key().key_id, signer_.Sign(text))});
    }
    if (path == RegisterPath(Sha256(document_))) return document_;
    const auto address = ParseTilePath(path);
    if (!address.has_value()) return std::nullopt;
    const uint64_t first = address->n * kTileWidth;
    const auto width = static_cast<uint64_t>(address->width);
    const int level = std::max(address->level, 0);
    if (first + width > TileHashCount(size(), level)) return std::nullopt;
    if (level > 0) {
      const auto& row = rows_above_[static_cast<size_t>(level)];
      return BytesOfHashes({row.data() + first, width});
    }
    std::string bytes(width * kRowBytes, '\0');
    CHECK_EQ(pread(rows_, &bytes[0], bytes.size(),
                   static_cast<off_t>(first * kRowBytes)),
             static_cast<ssize_t>(bytes.size()));
    if (address->level == TileAddress::kEntries) return bytes;
    std::string tile;
    for (uint64_t i = 0; i < width; ++i) {
      tile += Bytes(LeafHash(
          std::string_view(bytes).substr(i * kRowBytes + 2, kLeafBytes)));
    }
    return tile;
  }

 private:
  void Append(const std::string& leaf) {
    Leaf parsed;
    CHECK(ParseLeaf(leaf, &parsed) == Finding::kOk);
    if (parsed.kind != LeafKind::kSeal) {
      CHECK(index_.Add(size(), parsed) == Finding::kOk);
    }
    AppendBundleEntry(leaf, &new_rows_);
    tree_.Append(LeafHash(leaf), [this](int level, uint64_t, const Hash& hash) {
      if (level > 0 && level % kTileHeight == 0) {
        rows_above_[static_cast<size_t>(level / kTileHeight)].push_back(hash);
      }
    });
  }

  void Seal() {
    const uint64_t covered = size();
    index_.AddSeal(covered, {{}, covered, 0});
    Append(FormatSealLeaf(
        {IndexRoot(covered, index_.run_roots()), covered, kStartS}));
    if (new_rows_.size() > (size_t{8} << 20)) Flush();
  }

  const Ed25519Signer signer_{std::string(32, 'b')};
  std::string document_;
  FileMemory memory_;
  SealJudge index_{&memory_};
  std::mt19937_64 random_{7};
  CompactRange tree_;
  std::vector<Hash> rows_above_[8];
  const int rows_;
  std::string new_rows_;
  uint64_t written_ = 0;
};

// Makes the log and serves it; "grow/N" adds N batches of 8. Says its port on
// `out` once it is there. Ends with its parent.
[[noreturn]] void Serve(const std::string& folder, int out) {
  CHECK_EQ(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
  MadeLog log(folder, std::min<uint64_t>(batch, 8));
  while (log.size() < leaves_wanted) log.Batch(batch);
  log.Flush();
  Mutex mu;
  HttpServerOptions options;
  options.threads = 1;
  auto server = HttpServer::Start(options, [&log, &mu](HttpRequest request,
                                                       HttpResponder respond) {
    MutexLock lock(&mu);
    const std::string path(request.path().substr(1));
    uint64_t batches = 0;
    if (path.find("grow/") == 0 && absl::SimpleAtoi(path.substr(5), &batches)) {
      for (uint64_t i = 0; i < batches; ++i) log.Batch(8);
      log.Flush();
      respond(TextResponse(200, "grown"));
      return;
    }
    auto bytes = log.Get(path);
    if (!bytes.has_value()) {
      respond(TextResponse(404, "no such path"));
      return;
    }
    respond(HttpResponse(200, "application/octet-stream", *std::move(bytes)));
  });
  CHECK(server.ok());
  const std::string line = absl::StrCat((*server)->port(), " ", log.size(), " ",
                                        FormatVkey(log.key()), "\n");
  CHECK_EQ(write(out, line.data(), line.size()),
           static_cast<ssize_t>(line.size()));
  while (true) pause();
}

// The most of what /proc/self/status says, while it lives.
class Highest {
 public:
  Highest() : thread_([this] { Watch(); }) {}
  ~Highest() {
    done_ = true;
    thread_.join();
  }
  double own_mib() const { return own_ / 1024; }
  double resident_mib() const { return resident_ / 1024; }

 private:
  void Watch() {
    while (!done_) {
      own_ = std::max(own_.load(), Proc("status", "RssAnon:"));
      resident_ = std::max(resident_.load(), Proc("status", "VmRSS:"));
      usleep(20000);
    }
  }
  std::atomic<double> own_{0}, resident_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

std::unique_ptr<Follower> Open(const std::string& folder,
                               const VerifierKey& key, const std::string& url) {
  FollowerOptions options;
  options.log_key = key;
  options.folder = folder;
  options.threads = static_cast<int>(threads);
  options.now_s = [] { return kStartS; };
  options.say = [](const std::string& sentence) {
    fprintf(stderr, "%s\n", sentence.c_str());
  };
  auto fetcher = NewFetcher(url, "");
  CHECK(fetcher.ok());
  auto follower = Follower::Open(std::move(options), *std::move(fetcher));
  if (!follower.ok()) {
    fprintf(stderr, "%s\n", follower.status().ToString().c_str());
    exit(1);
  }
  return *std::move(follower);
}

void Wanted(const char* what, bool met) {
  printf("  %-60s %s\n", what, met ? "met" : "MISSED");
}

int Run() {
  const char* const temporary = getenv("TMPDIR");
  std::string folder =
      absl::StrCat(temporary != nullptr ? temporary : "/tmp", "/XXXXXX");
  CHECK(mkdtemp(&folder[0]) != nullptr);
  int pipe_ends[2];
  CHECK_EQ(pipe(pipe_ends), 0);
  const pid_t server = fork();
  if (server == 0) Serve(folder, pipe_ends[1]);
  close(pipe_ends[1]);
  char line[1024];
  FILE* const from_server = fdopen(pipe_ends[0], "r");
  CHECK(fgets(line, sizeof(line), from_server) != nullptr);
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  CHECK_EQ(words.size(), size_t{3});
  const std::string url = absl::StrCat("http://127.0.0.1:", words[0]);
  uint64_t size = 0;
  CHECK(absl::SimpleAtoi(words[1], &size));
  VerifierKey key;
  CHECK(ParseVkey(words[2], &key) == Finding::kOk);

  const std::string state = folder + "/state";
  double rate = 0, resident_mib = 0;
  {
    const Highest highest;
    auto follower = Open(state, key, url);
    const Clock_::time_point begin = Clock_::now();
    const double cpu = CpuSeconds();
    follower->Look();
    const double took = SecondsSince(begin), used = CpuSeconds() - cpu;
    const FollowerStatus status = follower->status();
    CHECK_EQ(status.verified.size, size);
    resident_mib = highest.resident_mib();
    rate = static_cast<double>(size) / used * 2;
    printf("catching up: %llu leaves in batches of %llu, %llu threads\n",
           static_cast<unsigned long long>(size),
           static_cast<unsigned long long>(batch),
           static_cast<unsigned long long>(threads));
    printf("  %.2f s, %.0f leaves/s by the clock, server beside us\n", took,
           static_cast<double>(size) / took);
    printf("  %.2f s of processor, %.2f us a leaf: %.0f leaves/s on 2 cores\n",
           used, used * 1e6 / static_cast<double>(size), rate);
    printf(
        "  %.1f bytes fetched, %.1f kept for each leaf\n",
        static_cast<double>(status.fetched_bytes) / static_cast<double>(size),
        static_cast<double>(status.held_bytes) / static_cast<double>(size));
    printf("  memory: %.0f MiB of its own, %.0f MiB with pages of files\n",
           highest.own_mib(), resident_mib);
  }
  {
    const Clock_::time_point begin = Clock_::now();
    auto follower = Open(state, key, url);
    follower->Look();
    CHECK_EQ(follower->status().verified.size, size);
    printf("going on from the folder: %.0f ms\n", SecondsSince(begin) * 1e3);

    auto growing = NewFetcher(url, "");
    CHECK(growing.ok());
    const uint64_t fetched = follower->status().fetched_bytes;
    const uint64_t held = follower->status().held_bytes;
    const double written = Proc("io", "write_bytes:");
    double used = 0, longest = 0;
    for (uint64_t i = 0; i < looks; ++i) {
      CHECK((*growing)->Get("grow/10", 100).ok());
      const double cpu = CpuSeconds();
      const Clock_::time_point look = Clock_::now();
      follower->Look();
      longest = std::max(longest, SecondsSince(look));
      used += CpuSeconds() - cpu;
    }
    const FollowerStatus status = follower->status();
    CHECK_EQ(status.verified.size, size + 90 * looks);
    const double day = 86400 / static_cast<double>(looks);
    printf("following, a look a second, 10 batches of 8 in each:\n");
    printf("  %.2f ms of processor a look, the longest took %.1f ms\n",
           used * 1e3 / static_cast<double>(looks), longest * 1e3);
    printf(
        "  a day: %.1f MB fetched, %.0f s of processor, %.0f MB kept, "
        "%.0f MB written\n",
        static_cast<double>(status.fetched_bytes - fetched) * day / 1e6,
        used * day, static_cast<double>(status.held_bytes - held) * day / 1e6,
        (Proc("io", "write_bytes:") - written) * day / 1e6);
  }
  printf("wanted at 10^7 leaves in batches of 256:\n");
  Wanted("at least 500,000 leaves/s fully verified on 2 cores", rate >= 5e5);
  Wanted("at most 256 MiB of memory, with pages of files (at 10^8)",
         resident_mib <= 256);
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  CHECK_EQ(system(absl::StrCat("rm -rf ", folder).c_str()), 0);
  return 0;
}

}  // namespace
}  // namespace vidimus

int main(int argc, char** argv) {
  using namespace vidimus;  // NOLINT: only main is outside
  for (int i = 1; i < argc; ++i) {
    const std::vector<std::string> parts = absl::StrSplit(argv[i], '=');
    uint64_t* const value = parts.size() != 2         ? nullptr
                            : parts[0] == "--leaves"  ? &leaves_wanted
                            : parts[0] == "--batch"   ? &batch
                            : parts[0] == "--threads" ? &threads
                            : parts[0] == "--looks"   ? &looks
                                                      : nullptr;
    if (value == nullptr || !absl::SimpleAtoi(parts[1], value) || *value == 0) {
      fprintf(stderr,
              "usage: catch_up [--leaves=N] [--batch=N] [--threads=N] "
              "[--looks=N]\n");
      return 2;
    }
  }
  return Run();
}
