#include "client/load.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <unordered_set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/dense_chains.h"
#include "client/door.h"
#include "client/fetcher.h"
#include "client/line_format.h"
#include "client/questions.h"
#include "client/random.h"
#include "client/receipt.h"
#include "client/submitter.h"
#include "client/terminal.h"
#include "proto/grpc_status.h"
#include "proto/http_client.h"
#include "proto/mutex.h"
#include "proto/record.pb.h"
#include "proto/status.h"
#include "proto/url.h"
#include "verifier/checkpoint.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"
#include "verifier/tile.h"

namespace vidimus {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr uint64_t kSampleEvery = 16;
constexpr uint64_t kZipfSubjectsMax = 1 << 24;
// The longest that a log asks for (log/chain_keys.h).
constexpr milliseconds kPauseMax{5000};
// How often a request that was pushed back is sent again.
constexpr int kTriesMax = 1000;
// Receipts that wait for others, of one connection.
constexpr size_t kHeldMax = 64;
constexpr size_t kChainsMax = size_t{1} << 22;
// The residents are invented, and so is what hides them.
constexpr char kInventedNamesKey[] = "names of residents that nobody is";
constexpr milliseconds kConnectTimeout{10000};

struct Flags {
  DoorFlags door;
  std::string url;
  uint64_t connections = 1;
  uint64_t in_flight = 4;
  uint64_t batch = 256;
  uint64_t size = 1024;
  uint64_t seconds = 0;
  uint64_t count = 0;
  bool ids = false;
  uint64_t subjects = uint64_t{1} << 32;
  std::string spread = "uniform";
  uint64_t seed = 0;  // 0: other residents each time
  bool once = false;
  uint64_t pause_ms = 0;
  std::string check = "sample";
  std::string chains;  // file; empty: labels go unjudged
};

// What one connection saw. Its thread's own until it has ended.
struct Tally {
  std::vector<uint32_t> latencies_us;  // one an answer
  uint64_t entries = 0;                // with an answer that says yes
  uint64_t checked = 0;                // of those, proven
  uint64_t pushbacks = 0;              // requests told to come back later
  absl::Status failure;                // the first one; it ended the connection
  bool lied = false;
  // Of POST /add: what to look for in the log afterwards.
  std::vector<std::pair<uint64_t, std::string>> claims;
};

// Shared by all connections: when it is over.
class Quota {
 public:
  Quota(const Flags& flags, Clock::time_point begin)
      : left_(flags.count == 0 ? INT64_MAX : static_cast<int64_t>(flags.count)),
        end_(flags.seconds == 0 ? Clock::time_point::max()
                                : begin + std::chrono::seconds(flags.seconds)) {
  }

  // How many of `wanted` entries may still be sent; 0 ends the connection.
  uint64_t Take(uint64_t wanted) {
    if (Clock::now() >= end_) return 0;
    const int64_t before = left_.fetch_sub(static_cast<int64_t>(wanted));
    if (before <= 0) return 0;
    taken_ += std::min<uint64_t>(wanted, static_cast<uint64_t>(before));
    return std::min<uint64_t>(wanted, static_cast<uint64_t>(before));
  }
  void Stop() { left_ = 0; }
  uint64_t taken() const { return taken_; }

 private:
  std::atomic<int64_t> left_;
  std::atomic<uint64_t> taken_{0};
  const Clock::time_point end_;
};

// Whose data was accessed: invented residents, numbered from 0. Any thread.
class Subjects {
 public:
  explicit Subjects(const Flags& flags) : flags_(flags), engine_(flags.seed) {
    if (flags.spread == "zipf") {
      // Of resident k the chance is proportional to 1 / (k + 1).
      sums_.reserve(flags.subjects);
      double sum = 0;
      for (uint64_t k = 0; k < flags.subjects; ++k) {
        sums_.push_back(sum += 1.0 / static_cast<double>(k + 1));
      }
    }
    if (!flags.once) return;
    std::unordered_set<uint64_t> drawn;
    for (uint64_t i = 0; i < flags.count; ++i) {
      const uint64_t subject = Draw();
      if (drawn.insert(subject).second) once_.push_back(subject);
    }
  }

  uint64_t Next() {
    if (once_.empty()) return Draw();
    return once_[next_.fetch_add(1, std::memory_order_relaxed) % once_.size()];
  }

  // Of a load that names each of them once, how many; else 0.
  uint64_t once() const { return once_.size(); }

 private:
  uint64_t Draw() {
    if (flags_.spread == "each") {
      return next_.fetch_add(1, std::memory_order_relaxed) % flags_.subjects;
    }
    if (sums_.empty()) return Below(flags_.subjects);
    constexpr uint64_t kSteps = uint64_t{1} << 53;
    const double at = static_cast<double>(Below(kSteps)) /
                      static_cast<double>(kSteps) * sums_.back();
    return static_cast<uint64_t>(
        std::upper_bound(sums_.begin(), sums_.end() - 1, at) - sums_.begin());
  }

  uint64_t Below(uint64_t bound) {
    if (flags_.seed == 0) return RandomBelow(bound);
    MutexLock lock(&mu_);
    return engine_() % bound;
  }

  const Flags& flags_;
  std::vector<double> sums_;
  std::vector<uint64_t> once_;
  std::atomic<uint64_t> next_{0};

  Mutex mu_;
  std::mt19937_64 engine_ ABSL_GUARDED_BY(mu_);
};

// Entries that differ from each other and from those of any other run.
class EntryMaker {
 public:
  EntryMaker(const Flags& flags, const Door& door, const HeadKeeper* heads,
             Subjects* subjects)
      : flags_(flags),
        door_(door),
        heads_(heads),
        subjects_(subjects),
        filler_(RandomBytes(flags.size)),
        prefix_(RandomBytes(8)) {}

  std::string Data() {
    std::string data = filler_;
    std::string unique = prefix_;
    AppendBe64(next_++, &unique);
    data.replace(0, std::min(unique.size(), data.size()),
                 unique.substr(0, data.size()));
    return data;
  }

  Draft Access() {
    Draft draft;
    EntryIdFromBytes(RandomBytes(kEntryIdBytes), &draft.id);
    v1::Record record;
    v1::AccessRecord& access = *record.mutable_access();
    access.set_entry_id(draft.id.data(), draft.id.size());
    access.set_occurred_at_ms(static_cast<uint64_t>(
        std::chrono::duration_cast<milliseconds>(
            std::chrono::system_clock::now().time_since_epoch())
            .count()));
    access.set_controller_id("0000000-0");
    access.set_unit_name("load generator");
    std::string number;
    AppendBe32(static_cast<uint32_t>(subjects_->Next()), &number);
    access.set_subject(std::string("\x01") + "00000000-0000-4000-8000-0000" +
                       HexEncode(number));
    access.set_administration(door_.administration);
    access.set_operation(v1::READ);
    access.add_data_category("test data");
    access.set_purpose("measuring");
    access.add_legal_basis()->set_basis("A6-1-e");
    access.mutable_as_of()->set_origin(door_.log_key.name);
    access.mutable_as_of()->set_size(heads_->size());
    const size_t bytes = record.ByteSizeLong() + 4;
    if (bytes < flags_.size) {
      access.set_case_ref(std::string(flags_.size - bytes, '.'));
    }
    draft.record = record.SerializeAsString();
    v1::Actor actor;
    actor.set_id("load");
    draft.actor = actor.SerializeAsString();
    return draft;
  }

 private:
  const Flags& flags_;
  const Door& door_;
  const HeadKeeper* const heads_;
  Subjects* const subjects_;
  const std::string filler_;
  const std::string prefix_;
  uint64_t next_ = 0;
};

// --- gRPC --------------------------------------------------------------------

// One stream: one thread sends, another reads.
class StreamLoad {
 public:
  // `chains` judges places in chains, for this connection alone; null: nobody.
  StreamLoad(const Flags& flags, Door door, HeadKeeper* heads,
             Subjects* subjects, std::unique_ptr<DenseChains> chains,
             Quota* quota)
      : flags_(flags),
        door_(std::move(door)),
        heads_(heads),
        quota_(quota),
        chains_(std::move(chains)),
        maker_(flags, door_, heads, subjects) {}

  Tally Run() {
    const auto stub = v1::Log::NewStub(door_.channel);
    door_.channel->WaitForConnected(std::chrono::system_clock::now() +
                                    kConnectTimeout);
    grpc::ClientContext context;
    const auto stream = stub->SubmitStream(&context);
    std::thread reader([&] {
      v1::SubmitResponse response;
      while (stream->Read(&response)) {
        if (!Answer(response)) context.TryCancel();
      }
      JudgeHeld(/*last=*/true);
      MutexLock lock(&mu_);
      over_ = true;
      changed_.SignalAll();
    });
    uint64_t number = 0;
    bool more = true;  // of the quota
    while (Room(more)) {
      std::shared_ptr<const v1::SubmitRequest> request = PushedBack();
      if (request == nullptr) {
        const uint64_t count = quota_->Take(flags_.batch);
        more = count > 0;
        if (!more) continue;
        Flight flight = Make(count, ++number);
        request = flight.request;
        MutexLock lock(&mu_);
        flight.sent = Clock::now();
        flights_.emplace(number, std::move(flight));
      }
      if (!stream->Write(*request)) break;
      if (flags_.pause_ms > 0) {
        std::this_thread::sleep_for(milliseconds(flags_.pause_ms));
      }
    }
    stream->WritesDone();
    reader.join();
    const absl::Status status = FromGrpcStatus(stream->Finish(), &context);
    if (!status.ok() && tally_.failure.ok()) tally_.failure = status;
    MutexLock lock(&mu_);
    if (!flights_.empty() && tally_.failure.ok()) {
      tally_.failure = absl::DataLossError(
          absl::StrCat(flights_.size(), " requests were never answered"));
    }
    return std::move(tally_);
  }

 private:
  struct Flight {
    Clock::time_point sent;
    uint64_t count = 0;
    std::optional<Expectation> expectation;  // if it will be checked
    std::shared_ptr<const v1::SubmitRequest> request;
    int tries = 1;
  };

  // A receipt that waits for the one before it in some chain.
  struct Held {
    std::shared_ptr<const v1::SubmitRequest> request;
    Receipt receipt;
  };

  // Waits until a request may be sent: one that was pushed back or, if there
  // are `more`, another. False if the stream is over, or nothing is left.
  bool Room(bool more) {
    MutexLock lock(&mu_);
    while (!over_) {
      const auto now = Clock::now();
      const bool ready =
          !pushed_back_.empty() || (more && flights_.size() < flags_.in_flight);
      if (ready && now >= pause_until_) return true;
      if (!more && flights_.empty()) return false;
      if (ready) {
        changed_.WaitUntil(&mu_, pause_until_);
      } else {
        changed_.Wait(&mu_);
      }
    }
    return false;
  }

  // The next request that was pushed back, or null; it is on its way again.
  std::shared_ptr<const v1::SubmitRequest> PushedBack() {
    MutexLock lock(&mu_);
    if (pushed_back_.empty()) return nullptr;
    const auto found = flights_.find(pushed_back_.front());
    pushed_back_.pop_front();
    found->second.sent = Clock::now();
    ++found->second.tries;
    return found->second.request;
  }

  Flight Make(uint64_t count, uint64_t number) {
    Flight flight;
    flight.count = count;
    const bool check = flags_.check == "all" ||
                       (flags_.check == "sample" && number % kSampleEvery == 1);
    v1::SubmitRequest request;
    Expectation expectation;
    if (flags_.door.opaque) {
      request.set_origin(door_.log_key.name);
      for (uint64_t k = 0; k < count; ++k) {
        v1::OpaqueEntry* entry = request.add_opaque();
        entry->set_data(maker_.Data());
        if (flags_.ids) entry->set_id(RandomBytes(kEntryIdBytes));
      }
      if (check) expectation = ExpectationOf(request);
    } else {
      SubmitterOptions options;
      options.origin = door_.log_key.name;
      options.administration = door_.administration;
      std::vector<Draft> drafts;
      for (uint64_t k = 0; k < count; ++k) drafts.push_back(maker_.Access());
      request = MakeRequest(options, door_.signer.get(), std::move(drafts),
                            &expectation);
    }
    if (check) {
      expectation.size_min = heads_->size();
      flight.expectation = std::move(expectation);
    }
    request.set_request_id(number);
    flight.request =
        std::make_shared<const v1::SubmitRequest>(std::move(request));
    return flight;
  }

  // Judges what is held, as far as what is known goes; at the end, and if too
  // much is held, the log is asked. False if it lied or cannot be asked.
  bool JudgeHeld(bool last) {
    for (size_t tries = held_.size(); tries > 0 && !held_.empty(); --tries) {
      Held held = std::move(held_.front());
      held_.pop_front();
      const bool ask = last || held_.size() >= kHeldMax;
      const absl::Status status =
          chains_->Judge(*held.request, ask, &held.receipt);
      if (status.ok()) {
        tally_.checked += held.receipt.entries.size();
        tries = held_.size() + 1;  // it may tell what others lack
      } else if (absl::IsUnavailable(status) && !ask) {
        held_.push_back(std::move(held));
      } else {
        tally_.failure = status;
        tally_.lied = absl::IsDataLoss(status);
        quota_->Stop();
        return false;
      }
    }
    return true;
  }

  // False ends the stream.
  bool Answer(const v1::SubmitResponse& response) {
    const auto now = Clock::now();
    Flight flight;
    {
      MutexLock lock(&mu_);
      const auto found = flights_.find(response.request_id());
      if (found == flights_.end()) {
        tally_.failure = absl::DataLossError("an answer to no request");
        return false;
      }
      changed_.SignalAll();
      const bool pushback =
          response.code() == static_cast<int>(absl::StatusCode::kUnavailable) ||
          response.code() ==
              static_cast<int>(absl::StatusCode::kResourceExhausted);
      if (pushback) {
        ++tally_.pushbacks;
        pause_until_ =
            now + std::min(kPauseMax, milliseconds(std::max<uint32_t>(
                                          response.retry_after_ms(), 10)));
        if (found->second.tries < kTriesMax) {
          pushed_back_.push_back(found->first);
          return true;
        }
      }
      flight = std::move(found->second);
      flights_.erase(found);
    }
    if (response.code() != 0) {
      tally_.failure = absl::Status(
          static_cast<absl::StatusCode>(response.code()), response.message());
      quota_->Stop();
      return false;
    }
    tally_.latencies_us.push_back(static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - flight.sent)
            .count()));
    tally_.entries += flight.count;
    if (!flight.expectation.has_value()) return true;
    absl::StatusOr<Receipt> receipt =
        CheckReceipt(response, *flight.expectation, /*paths=*/false, heads_);
    if (!receipt.ok()) {
      tally_.failure = receipt.status();
      tally_.lied = true;
      quota_->Stop();
      return false;
    }
    if (chains_ != nullptr) {
      held_.push_back({std::move(flight.request), *std::move(receipt)});
      return JudgeHeld(/*last=*/false);
    }
    tally_.checked += flight.count;
    return true;
  }

  const Flags& flags_;
  const Door door_;
  HeadKeeper* const heads_;
  Quota* const quota_;
  const std::unique_ptr<DenseChains> chains_;
  EntryMaker maker_;
  Tally tally_;            // written by the reader, then read after it ended
  std::deque<Held> held_;  // the reader's

  Mutex mu_;
  CondVar changed_;
  std::map<uint64_t, Flight> flights_ ABSL_GUARDED_BY(mu_);
  // Of those, the ones to be sent again.
  std::deque<uint64_t> pushed_back_ ABSL_GUARDED_BY(mu_);
  Clock::time_point pause_until_ ABSL_GUARDED_BY(mu_);
  bool over_ ABSL_GUARDED_BY(mu_) = false;
};

// --- POST /add ---------------------------------------------------------------

Tally RunHttp(const Flags& flags, const Door& door, const Url& url,
              Quota* quota) {
  Tally tally;
  EntryMaker maker(flags, door, nullptr, nullptr);
  HttpClientOptions options;
  options.asks_for_gzip = false;
  absl::StatusOr<std::unique_ptr<HttpClient>> client =
      HttpClient::New(url, options);
  if (!client.ok()) {
    tally.failure = client.status();
    return tally;
  }
  uint64_t number = 0;
  while (quota->Take(1) > 0) {
    std::string data = maker.Data();
    const auto sent = Clock::now();
    absl::StatusOr<HttpReply> reply =
        (*client)->Post("add", "application/octet-stream", data);
    const auto now = Clock::now();
    const absl::Status status =
        reply.ok() ? StatusOfReply(*reply) : reply.status();
    if (reply.ok() &&
        (absl::IsUnavailable(status) || absl::IsResourceExhausted(status))) {
      ++tally.pushbacks;
      std::this_thread::sleep_for(
          std::min(kPauseMax, RetryAfterOf(status).value_or(milliseconds(10))));
      continue;
    }
    std::string_view text = reply.ok() ? reply->body : std::string_view();
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    uint64_t index = 0;
    if (!status.ok() || !DecimalDecode(text, &index)) {
      tally.failure =
          status.ok()
              ? absl::DataLossError("the answer to POST /add is no index")
              : status;
      return tally;
    }
    tally.latencies_us.push_back(static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - sent)
            .count()));
    ++tally.entries;
    if (flags.check == "all" ||
        (flags.check == "sample" && number++ % kSampleEvery == 0)) {
      tally.claims.emplace_back(index, std::move(data));
    }
  }
  return tally;
}

// Whether the log has each entry where it said: by its signed checkpoint and
// its tiles.
absl::Status CheckClaims(const VerifierKey& log_key, Fetcher* fetcher,
                         std::vector<std::pair<uint64_t, std::string>> claims) {
  ASSIGN_OR_RETURN(const std::string note,
                   fetcher->Get("checkpoint", kNoteBytesMax));
  Checkpoint checkpoint;
  Finding finding = OpenCheckpoint(note, log_key, &checkpoint);
  if (finding != Finding::kOk) {
    return absl::DataLossError(
        absl::StrCat("checkpoint: ", FindingSentence(finding)));
  }
  const uint64_t size = checkpoint.head.size;
  std::sort(claims.begin(), claims.end());
  // The tiles of one path at a time, and of its neighbours.
  std::map<std::string, std::string> tiles;
  absl::Status failure;
  const NodeReader reader = [&](int level, uint64_t index, Hash* hash) {
    const std::string path = TilePath(TileOfNode(level, index, size));
    auto found = tiles.find(path);
    if (found == tiles.end()) {
      auto tile = fetcher->Get(path, kTileWidth * kHashBytes);
      if (!tile.ok()) {
        failure = tile.status();
        return false;
      }
      if (tiles.size() >= 1024) tiles.clear();
      found = tiles.emplace(path, *std::move(tile)).first;
    }
    const std::optional<Hash> node = NodeInTile(level, index, found->second);
    if (!node.has_value()) return false;
    *hash = *node;
    return true;
  };
  for (const auto& [index, data] : claims) {
    if (index >= size) {
      return absl::DataLossError(absl::StrCat(
          "index ", index, " was answered, but the checkpoint has ", size,
          " leaves"));
    }
    const auto path = InclusionPath(index, size, reader);
    RETURN_IF_ERROR(failure);
    finding = path.has_value() ? VerifyInclusion(LeafHash(data), index, *path,
                                                 checkpoint.head)
                               : Finding::kTileSize;
    if (finding != Finding::kOk) {
      return absl::DataLossError(
          absl::StrCat("leaf ", index, ": ", FindingSentence(finding)));
    }
  }
  return absl::OkStatus();
}

// --- The verb ----------------------------------------------------------------

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The p-th percentile of sorted times, in milliseconds.
double Percentile(const std::vector<uint32_t>& sorted, double p) {
  if (sorted.empty()) return 0;
  const size_t at = static_cast<size_t>(
      p / 100 * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[at] / 1000.0;
}

int Report(const Flags& flags, const std::vector<Tally>& tallies,
           double seconds, double cpu_seconds, const absl::Status& checked) {
  Tally sum;
  bool lied = !checked.ok() && absl::IsDataLoss(checked);
  for (const Tally& tally : tallies) {
    sum.entries += tally.entries;
    sum.checked += tally.checked + tally.claims.size();
    sum.pushbacks += tally.pushbacks;
    sum.latencies_us.insert(sum.latencies_us.end(), tally.latencies_us.begin(),
                            tally.latencies_us.end());
    if (sum.failure.ok()) sum.failure = tally.failure;
    lied = lied || tally.lied;
  }
  if (sum.failure.ok()) sum.failure = checked;
  std::sort(sum.latencies_us.begin(), sum.latencies_us.end());
  const double entries = static_cast<double>(sum.entries);
  std::printf("entries      %s in %.2f s\n", Grouped(sum.entries).c_str(),
              seconds);
  std::printf("rate         %s a second\n",
              Grouped(static_cast<uint64_t>(entries / seconds)).c_str());
  std::printf("to receipt   p50 %.2f ms, p99 %.2f ms, max %.2f ms\n",
              Percentile(sum.latencies_us, 50),
              Percentile(sum.latencies_us, 99),
              Percentile(sum.latencies_us, 100));
  std::printf("own CPU      %.2f s, %.1f us an entry\n", cpu_seconds,
              entries > 0 ? cpu_seconds * 1e6 / entries : 0.0);
  std::printf("pushbacks    %s requests\n", Grouped(sum.pushbacks).c_str());
  std::printf(
      "checked      %s entries%s\n", Grouped(sum.checked).c_str(),
      flags.check == "none" ? "" : (lied ? ", NOT all true" : ", true"));
  if (!sum.failure.ok()) {
    std::printf("failed       %s\n",
                std::string(sum.failure.message()).c_str());
  }
  if (lied) return kExitLied;
  if (sum.entries == 0) return kExitUnusable;
  return sum.failure.ok() ? kExitTrue : kExitFalse;
}

absl::StatusOr<int> Load(Flags flags) {
  const bool over_http = !flags.url.empty();
  if (over_http == !flags.door.log.empty()) {
    return absl::InvalidArgumentError("--log or --url, one of the two");
  }
  if (flags.spread == "zipf" && flags.subjects > kZipfSubjectsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("--spread zipf keeps a table: --subjects ",
                     kZipfSubjectsMax, " at most"));
  }
  if (!flags.chains.empty() &&
      (over_http || flags.door.opaque || flags.check != "all")) {
    return absl::InvalidArgumentError(
        "--chains is for an access log, with --check all");
  }
  if (flags.seconds == 0 && flags.count == 0) {
    return absl::InvalidArgumentError("--seconds or --count, or both");
  }
  if (flags.once && (flags.count == 0 || over_http || flags.door.opaque)) {
    return absl::InvalidArgumentError(
        "--once is for an access log, with --count");
  }
  std::vector<Door> doors(over_http ? 1 : flags.connections);
  Url url;
  std::unique_ptr<HeadKeeper> heads;
  if (over_http) {
    ASSIGN_OR_RETURN(doors[0].log_key, ReadVkey(flags.door.vkey));
    ASSIGN_OR_RETURN(url, ParseUrl(flags.url));
  } else {
    for (Door& door : doors) {
      ASSIGN_OR_RETURN(door, OpenDoor(flags.door));
    }
    heads = std::make_unique<HeadKeeper>(doors[0].log_key);
    RETURN_IF_ERROR(FetchHead(doors[0].channel, doors[0].log_key.name,
                              milliseconds(10000), heads.get()));
  }
  const VerifierKey log_key = doors[0].log_key;

  std::unique_ptr<ChainMemory> memory;
  std::vector<std::unique_ptr<Questions>> questions;
  std::vector<std::unique_ptr<DenseChains>> chains(flags.connections);
  if (!flags.chains.empty()) {
    ASSIGN_OR_RETURN(
        memory,
        ChainMemory::Open(flags.chains,
                          absl::string_view(kInventedNamesKey, kHashBytes),
                          kChainsMax));
    for (size_t i = 0; i < flags.connections; ++i) {
      questions.push_back(NewGrpcQuestions(doors[i].channel));
      ASSIGN_OR_RETURN(chains[i], DenseChains::Open(doors[i].administration,
                                                    questions[i].get(),
                                                    memory.get(), heads.get()));
    }
  }
  Subjects subjects(flags);
  if (flags.once) flags.count = subjects.once();
  const double cpu_before = CpuSeconds();
  const auto begin = Clock::now();
  Quota quota(flags, begin);
  std::vector<Tally> tallies(flags.connections);
  std::vector<std::thread> threads;
  std::atomic<size_t> running{flags.connections};
  for (size_t i = 0; i < flags.connections; ++i) {
    threads.emplace_back([&, i] {
      tallies[i] = over_http
                       ? RunHttp(flags, doors[0], url, &quota)
                       : StreamLoad(flags, std::move(doors[i]), heads.get(),
                                    &subjects, std::move(chains[i]), &quota)
                             .Run();
      --running;
    });
  }
  ProgressLine progress;
  while (running > 0) {
    std::this_thread::sleep_for(milliseconds(20));
    if (progress.Due()) {
      progress.Show(
          absl::StrCat("  ", Grouped(quota.taken()), " entries sent"));
    }
  }
  for (std::thread& thread : threads) thread.join();
  progress.Clear();
  const double seconds =
      std::chrono::duration<double>(Clock::now() - begin).count();
  const double cpu_seconds = CpuSeconds() - cpu_before;

  absl::Status checked;
  if (over_http && flags.check != "none") {
    ASSIGN_OR_RETURN(const std::unique_ptr<Fetcher> fetcher,
                     NewFetcher(flags.url, ""));
    std::vector<std::pair<uint64_t, std::string>> claims;
    for (const Tally& tally : tallies) {
      claims.insert(claims.end(), tally.claims.begin(), tally.claims.end());
    }
    checked = CheckClaims(log_key, fetcher.get(), std::move(claims));
  }
  return Report(flags, tallies, seconds, cpu_seconds, checked);
}

}  // namespace

int LoadMain(const std::vector<std::string>& arguments) {
  Flags flags;
  CommandLine command_line(
      "load --vkey FILE (--log HOST:PORT | --url URL) [--seconds N] [--count "
      "N] [flags]",
      "Sends entries to a log of your own as fast as it takes them and tells "
      "how fast\nthey got their receipts. Over gRPC (--log; an opaque log with "
      "--opaque, an access\nlog with --as and --ca), or over HTTP to POST /add "
      "of an opaque log (--url).");
  flags.door.AddTo(&command_line);
  command_line.Text("url", "URL", "of an opaque log: http://HOST:PORT",
                    &flags.url);
  command_line.Number("seconds", "N", "stop after so long", 1, 86400,
                      &flags.seconds);
  command_line.Number("count", "N", "stop after so many entries", 1, INT64_MAX,
                      &flags.count);
  command_line.Text("chains", "FILE",
                    "of an access log: judge labels and density too, with "
                    "--check all; FILE remembers the chains for the next run",
                    &flags.chains);
  command_line.Number("connections", "N",
                      "at once, each with one stream (default 1)", 1, 1024,
                      &flags.connections);
  command_line.Number("in_flight", "N",
                      "requests under way on each stream (default 4)", 1, 1024,
                      &flags.in_flight);
  command_line.Number("batch", "N", "entries of a request (default 256)", 1,
                      4096, &flags.batch);
  command_line.Number("size", "BYTES",
                      "of an entry, or of a record (default 1024)", 1, 65535,
                      &flags.size);
  command_line.Switch("ids", "give the entries of an opaque log ids",
                      &flags.ids);
  command_line.Number("subjects", "N",
                      "invented residents, of an access log (default 2^32)", 1,
                      uint64_t{1} << 32, &flags.subjects);
  command_line.Choice("spread", {"uniform", "zipf", "each"},
                      "who of them: anyone (the default), the first ones most "
                      "(Zipf, s = 1), one after another",
                      &flags.spread);
  command_line.Number("seed", "N",
                      "the same residents in the same order for the same N, "
                      "on one stream",
                      1, INT64_MAX, &flags.seed);
  command_line.Switch("once",
                      "of the first --count residents that would be drawn, "
                      "each once",
                      &flags.once);
  command_line.Number("pause_ms", "MS",
                      "after each request, on each stream (default 0)", 0,
                      60000, &flags.pause_ms);
  command_line.Choice("check", {"sample", "all", "none"},
                      "which receipts to check: one in 16 (the default), all, "
                      "none",
                      &flags.check);
  command_line.Require({"vkey"});
  command_line.Epilogue(
      "Exit: 0 all went well and what was checked is true; 1 some connections "
      "failed; 2\nnothing could be sent; 3 a receipt was wrong; 64 the command "
      "line makes no sense.\n\n"
      "  vidimus load --vkey D/log.vkey --log localhost:8444 --opaque "
      "--seconds "
      "10");
  if (const std::optional<int> exit_code = command_line.Parse(arguments)) {
    return *exit_code;
  }
  const absl::StatusOr<int> exit_code = Load(flags);
  if (exit_code.ok()) return *exit_code;
  std::fprintf(stderr, "vidimus load: %s\n",
               std::string(exit_code.status().message()).c_str());
  return absl::IsDataLoss(exit_code.status()) ? kExitLied : kExitUnusable;
}

}  // namespace vidimus
