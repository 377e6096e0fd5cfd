#include "log/serve.h"

#include <prometheus/registry.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "log/entry_rows.h"
#include "log/folder.h"
#include "log/grpc_door.h"
#include "log/hosted_log.h"
#include "log/http_door.h"
#include "log/leveldb_storage.h"
#include "log/log.h"
#include "log/open_cosigning.h"
#include "log/open_files.h"
#include "log/operator_page.h"
#include "log/operator_socket.h"
#include "log/page_folder.h"
#include "log/register_keeper.h"
#include "log/saved_chains.h"
#include "log/scrub.h"
#include "log/side_work.h"
#include "log/sign_in.h"
#include "log/token_issuers.h"
#include "log/vault_keeper.h"
#include "proto/address.h"
#include "proto/grpc_tls.h"
#include "proto/http_server.h"
#include "proto/metrics.h"
#include "proto/status.h"
#include "proto/stop_signals.h"

namespace vidimus {
namespace {

constexpr std::chrono::milliseconds kHousekeepingPeriod(1000);
// Of the ledger of erasures, after the name of the lock.
constexpr char kErasuresSuffix[] = ".erasures";

void Say(const std::string& line) {
  fprintf(stderr, "vidimus-log: %s\n", line.c_str());
}

LogOptions OptionsFrom(const v1::Settings& settings,
                       std::optional<OpeningRegister> opening) {
  LogOptions options;
  options.sequencer.batch_entries_max = settings.batches().batch_entries_max();
  options.sequencer.batch_bytes_max = settings.batches().batch_bytes_max();
  options.sequencer.batch_period_ms =
      opening.has_value() ? settings.batches().batch_period_ms() : 0;
  options.sequencer.rest_ms =
      opening.has_value() ? int64_t{settings.batches().rest_s()} * 1000 : 0;
  options.pool.entries_max = settings.limits().pool_entries_max();
  options.pool.bytes_max = settings.limits().pool_bytes_max();
  options.pool.quota_per_s = settings.quota().entries_per_second();
  // An opaque log knows no callers: all of them share one queue.
  options.pool.queue_entries_max =
      opening.has_value()
          ? options.pool.entries_max * settings.quota().pool_percent() / 100
          : options.pool.entries_max;
  options.idempotency.keep_s = settings.idempotency().days() * 24 * 3600;
  options.idempotency.bytes_max = settings.idempotency().bytes_max();
  options.tile_cache_bytes = settings.disk().tile_cache_bytes();
  options.index.cache_bytes = settings.disk().index_cache_bytes();
  options.index.keep_superseded_s = settings.disk().index_superseded_s();
  const v1::Chains& chains = settings.chains();
  options.chain_keys.threads =
      settings.threads().chain_keys() > 0
          ? static_cast<int>(settings.threads().chain_keys())
          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.chain_keys.cache_bytes = chains.cache_bytes();
  options.chain_keys.queue_max = chains.queue_max();
  options.chain_keys.queue_of_one_max =
      uint64_t{chains.queue_max()} * chains.queue_percent() / 100;
  options.chain_keys.per_s = chains.new_per_second();
  options.opening_register = std::move(opening);
  return options;
}

// Seconds over which requests for chains are averaged: a resident's check asks
// for all of theirs at once.
constexpr double kAdministrationChainsBurstS = 20;
constexpr double kResidentChainsBurstS = 200;

ChainLimits ChainLimitsFrom(const v1::Settings& settings) {
  ChainLimits limits;
  limits.entries_max = settings.limits().chain_entries_max();
  limits.answer_bytes_max = settings.limits().chain_bytes_max();
  const v1::Quota& quota = settings.quota();
  limits.administration_quota.per_s = quota.administration_chains_per_second();
  limits.administration_quota.burst =
      limits.administration_quota.per_s * kAdministrationChainsBurstS;
  limits.resident_quota.per_s = quota.resident_chains_per_second();
  limits.resident_quota.burst =
      limits.resident_quota.per_s * kResidentChainsBurstS;
  return limits;
}

// Seconds over which statements that do more than restrain are averaged.
constexpr double kStatementsBurstS = 10;
constexpr double kChainStatementsBurstS = 100;

HostingLimits LimitsFrom(const v1::Settings& settings) {
  HostingLimits limits;
  limits.submits.entry_bytes_max =
      std::min<size_t>(settings.limits().entry_bytes_max(), 65535);
  limits.submits.record_bytes_max = settings.limits().record_bytes_max();
  // A request is never split between batches.
  limits.submits.request_entries_max = std::min<uint64_t>(
      settings.limits().request_entries_max(), kBatchLeavesMax - 1);
  limits.chains = ChainLimitsFrom(settings);
  limits.checks.entries_max = limits.chains.entries_max;
  limits.checks.answer_bytes_max = limits.chains.answer_bytes_max;
  limits.checks.key_quota = limits.chains.administration_quota;
  limits.checks.waiting_of_one_max =
      std::max<int>(1, static_cast<int>(settings.limits().side_work_max() / 2));
  limits.statements.record_bytes_max = settings.limits().record_bytes_max();
  const v1::Quota& quota = settings.quota();
  limits.statements.quota.per_s = quota.statements_per_second();
  limits.statements.quota.burst =
      quota.statements_per_second() * kStatementsBurstS;
  limits.statements.chain_quota.per_s = quota.chain_statements_per_second();
  limits.statements.chain_quota.burst =
      quota.chain_statements_per_second() * kChainStatementsBurstS;
  return limits;
}

// One log of this process with all that it stands on and its threads.
class OpenLog {
 public:
  static absl::StatusOr<std::unique_ptr<OpenLog>> Open(
      const std::string& dir, const std::string& lock,
      const std::string& scrub_period, const HostingParts& hosting,
      prometheus::Registry* registry) {
    std::unique_ptr<OpenLog> log(new OpenLog(dir));
    RETURN_IF_ERROR(log->Start(lock, scrub_period, hosting, registry));
    return log;
  }

  ~OpenLog() { Stop(); }

  HostedLog* hosted() { return hosted_.get(); }
  const v1::Settings& settings() const { return content_.settings; }
  const LogFolder& folder() const { return folder_; }
  bool serves_residents() const { return !issuers_->judge().empty(); }
  const TokenJudge* tokens() const { return &issuers_->judge(); }

  // Begins to sequence. `ended` is called from a thread of its own when the log
  // can't go on and the process must stop.
  void Run(std::function<void(const absl::Status&)> ended) {
    sequencer_ = std::thread([this, ended = std::move(ended)] {
      const absl::Status status = log_->Run();
      if (status.ok()) return;
      // What is damaged can still be read; a log that can't write must stop
      // and look again at what its disk holds.
      if (absl::IsDataLoss(status)) {
        Freeze(status);
      } else {
        ended(status);
      }
      RefuseRest();
    });
    housekeeper_ = std::thread([this] { KeepHouse(); });
    if (cosigning_ != nullptr) cosigning_->Start();
    if (keeper_ != nullptr) {
      vault_worker_ = std::thread([this] { KeepVault(); });
    }
    if (scrub_period_s_ > 0) {
      scrubber_ = std::thread([this] { ScrubForEver(); });
    }
  }

  // Answers what was taken and ends the threads.
  void Stop() {
    {
      MutexLock lock(&mu_);
      stopping_ = true;
      stopped_.SignalAll();
    }
    if (cosigning_ != nullptr) cosigning_->Stop();
    // While entries are still sequenced, for what they wait for.
    if (keeper_ != nullptr) keeper_->Stop();
    operator_socket_.reset();
    if (vault_worker_.joinable()) vault_worker_.join();
    if (log_ != nullptr) log_->Close();
    for (std::thread* thread : {&sequencer_, &housekeeper_, &scrubber_}) {
      if (thread->joinable()) thread->join();
    }
    if (hosted_ != nullptr && !log_->opaque() && !chains_saved_) {
      chains_saved_ = true;
      SayIfBad(SaveChains(PosixDisk(), folder_.Chains(),
                          *log_->chain_keys()->cache()));
    }
  }

 private:
  static void SayIfBad(const absl::Status& status) {
    if (!status.ok()) Say(std::string(status.message()));
  }

  explicit OpenLog(const std::string& dir) : folder_{dir} {}

  absl::Status Start(const std::string& lock_path,
                     const std::string& scrub_period,
                     const HostingParts& hosting,
                     prometheus::Registry* registry) {
    ASSIGN_OR_RETURN(content_, ReadFolder(folder_));
    const v1::Settings& settings = content_.settings;
    scrub_period_s_ = settings.disk().scrub_period_s();
    if (!scrub_period.empty() &&
        !absl::SimpleAtoi(scrub_period, &scrub_period_s_)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--scrub_period \"", scrub_period, "\" is not a number of seconds"));
    }
    ASSIGN_OR_RETURN(issuers_, TokenIssuers::Open(settings, folder_));
    // The lock first: it tells whether another server has this log.
    ASSIGN_OR_RETURN(
        lock_, OpenSigningLock(PosixDisk(),
                               lock_path.empty() ? folder_.Lock() : lock_path));
    LevelDbOptions leveldb;
    leveldb.block_cache_bytes = settings.disk().leveldb_cache_bytes();
    ASSIGN_OR_RETURN(storage_, OpenLevelDbStorage(leveldb, folder_.Data()));
    signer_ = std::make_unique<Ed25519NoteSigner>(
        settings.origin(), kKeyTypeEd25519, content_.signing_seed);
    ASSIGN_OR_RETURN(
        log_,
        Log::Open(
            OptionsFrom(settings, content_.opening_register),
            {storage_.get(), lock_.get(), PosixDisk(), SystemClock(),
             SystemRandom(), signer_.get(), registry, folder_.Ids(),
             folder_.Vault(), content_.id_key, content_.vault_key,
             content_.label_seed, folder_.Index(),
             (lock_path.empty() ? folder_.Lock() : lock_path) + kErasuresSuffix,
             folder_.Key("vault")}));
    if (!log_->opaque()) {
      // For speed alone: without it the keys are made again.
      SayIfBad(LoadChains(PosixDisk(), folder_.Chains(),
                          log_->chain_keys()->cache()));
    }
    hosted_ = std::make_unique<HostedLog>(log_.get(), &issuers_->judge(),
                                          LimitsFrom(settings), hosting);
    RETURN_IF_ERROR(JudgeIssuers());
    ASSIGN_OR_RETURN(
        cosigning_,
        OpenCosigning(settings, folder_, log_.get(), signer_->key(),
                      [this](const std::string& what) {
                        Say(absl::StrCat("log ", log_->origin(), ": ", what));
                      }));
    // Before anything new is signed: what was cosigned before a backup?
    if (cosigning_ != nullptr) RETURN_IF_ERROR(cosigning_->AskLastSizes());
    hosted_->cosigning = cosigning_.get();
    if (log_->opaque()) return absl::OkStatus();
    keeper_ = std::make_unique<VaultKeeper>(VaultKeeperOptions(), log_.get(),
                                            SystemClock(), SystemRandom());
    register_keeper_ = std::make_unique<RegisterKeeper>(log_.get());
    ASSIGN_OR_RETURN(
        operator_socket_,
        OperatorSocket::Open(folder_.path, LogFolder::kOperatorSocket,
                             [this](const vault::OperatorRequest& request) {
                               return RegisterKeeper::Takes(request)
                                          ? register_keeper_->Do(request)
                                          : keeper_->Do(request);
                             }));
    return absl::OkStatus();
  }

  // Tokens are worth something only if the register knows how their ids are
  // spelled.
  absl::Status JudgeIssuers() {
    for (const v1::TokenIssuer& issuer : settings().token_issuer()) {
      if (hosted_->chains.KnowsScheme(issuer.id_scheme())) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          folder_.Settings(), ": token_issuer \"", issuer.issuer(),
          "\": the register's config has no id scheme ", issuer.id_scheme()));
    }
    return absl::OkStatus();
  }

  void Freeze(const absl::Status& why) {
    if (log_->frozen()) return;
    Say(absl::StrCat("log ", log_->origin(),
                     " is frozen: ", std::string(why.message())));
    log_->Freeze(why);
  }

  // Answers what still comes out of the pool of a log that signs no more.
  void RefuseRest() {
    while (log_->pool().Wait(1000) || !log_->pool().closed()) {
      for (Submission& submission : log_->pool().Take(SIZE_MAX, SIZE_MAX)) {
        submission.done(absl::FailedPreconditionError(
            "the log has stopped and waits for a person; nothing of this "
            "request was recorded"));
      }
    }
  }

  // Waits; false when the log is stopping.
  bool Sleep(std::chrono::milliseconds period) ABSL_LOCKS_EXCLUDED(mu_) {
    const auto deadline = std::chrono::steady_clock::now() + period;
    MutexLock lock(&mu_);
    while (!stopping_ && stopped_.WaitUntil(&mu_, deadline)) {
    }
    return !stopping_;
  }

  // The disk's free space and the gauges.
  void KeepHouse() {
    bool full = false;
    while (Sleep(kHousekeepingPeriod)) {
      LogMetrics& metrics = log_->metrics();
      metrics.SetPool(log_->pool().entries(), log_->pool().bytes());
      if (cosigning_ != nullptr) {
        const std::shared_ptr<const Cosigned> latest = cosigning_->Latest();
        const double now_s = static_cast<double>(SystemClock()->NowMs()) / 1e3;
        metrics.SetCosigned(
            latest == nullptr ? 0 : latest->size,
            now_s - static_cast<double>(latest == nullptr ? 0 : latest->time_s),
            cosigning_->counts().answered);
      }
      if (log_->chain_keys() != nullptr) {
        const ChainKeysCounts keys = log_->chain_keys()->counts();
        metrics.SetChainKeys(keys.hits, keys.misses, keys.made, keys.waiting);
      }
      if (log_->index() != nullptr) {
        const IndexGauges index = log_->index()->gauges();
        metrics.SetIndex(
            index.merges, index.merge_keys_left,
            index.leaves_until_due.value_or(uint64_t{1} << 32),
            static_cast<double>(index.waited_ms + index.slowed_ms) / 1e3,
            index.files, index.memory_bytes);
      }
      const absl::Status refreshed = issuers_->Refresh();
      if (!refreshed.ok()) {
        Say(absl::StrCat(std::string(refreshed.message()),
                         "; the keys known before stay in force"));
      }
      struct statvfs disk;
      if (statvfs(folder_.path.c_str(), &disk) != 0) continue;
      const uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
      metrics.SetDiskFree(free);
      const uint64_t least = settings().disk().free_bytes_min();
      if (log_->frozen() || full == (free < least)) continue;
      full = free < least;
      const std::string state = absl::StrCat(
          free, " bytes free under ", folder_.path, " (limit ", least, ")");
      Say(absl::StrCat(
          full ? "submissions are refused: " : "submissions are taken again: ",
          state));
      log_->pool().Refuse(
          full ? WithRetryAfter(
                     absl::UnavailableError("the log's disk is nearly full; "
                                            "submissions are refused until its "
                                            "operator has made room"),
                     std::chrono::seconds(60))
               : absl::OkStatus());
    }
  }

  // Finishes what a stop interrupted, then looks for dates that are past.
  void KeepVault() {
    const absl::Status rotated = keeper_->FinishRotation();
    if (!rotated.ok() && !absl::IsCancelled(rotated)) {
      Say(absl::StrCat("log ", log_->origin(), ": rotation of the vault key: ",
                       std::string(rotated.message())));
    }
    const std::chrono::seconds period(settings().disk().retention_period_s());
    while (period.count() > 0 && Sleep(std::chrono::milliseconds(0))) {
      const absl::StatusOr<uint64_t> swept = keeper_->Sweep();
      if (!swept.ok() && !absl::IsCancelled(swept.status())) {
        Say(absl::StrCat("log ", log_->origin(), ": erasing by date: ",
                         std::string(swept.status().message())));
      }
      if (!Sleep(period)) return;
    }
  }

  void ScrubForEver() {
    while (Sleep(std::chrono::milliseconds(0))) {
      const int64_t begin_ms = SystemClock()->SteadyMs();
      const uint64_t size = log_->Latest()->head.size;
      const absl::Status status =
          Scrub(log_.get(), content_.id_key, [&](uint64_t leaves) {
            log_->metrics().SetScrubbed(leaves);
            // Spread over the period: a leaf's turn comes at its share of it.
            const int64_t due_ms =
                begin_ms + static_cast<int64_t>(scrub_period_s_ * 1000 *
                                                (double(leaves) / size));
            const int64_t early_ms = due_ms - SystemClock()->SteadyMs();
            return Sleep(
                std::chrono::milliseconds(std::max<int64_t>(early_ms, 0)));
          });
      if (absl::IsCancelled(status)) return;
      if (!status.ok()) return Freeze(status);
      const int64_t rest_ms =
          begin_ms + scrub_period_s_ * 1000 - SystemClock()->SteadyMs();
      if (!Sleep(std::chrono::milliseconds(std::max<int64_t>(rest_ms, 0)))) {
        return;
      }
    }
  }

  const LogFolder folder_;
  FolderContent content_;
  std::unique_ptr<TokenIssuers> issuers_;
  int64_t scrub_period_s_ = 0;
  std::unique_ptr<SigningLock> lock_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<NoteSigner> signer_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<HostedLog> hosted_;
  std::unique_ptr<VaultKeeper> keeper_;              // access log
  std::unique_ptr<Cosigning> cosigning_;             // if settings say so
  std::unique_ptr<RegisterKeeper> register_keeper_;  // access log
  std::unique_ptr<OperatorSocket> operator_socket_;  // access log
  bool chains_saved_ = false;                        // by the thread that stops
  std::thread sequencer_;
  std::thread vault_worker_;
  std::thread housekeeper_;
  std::thread scrubber_;

  Mutex mu_;
  CondVar stopped_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
};

absl::Status JudgeAddress(const std::string& flag, const std::string& address) {
  if (address.empty()) return absl::OkStatus();
  return Annotate(ParseHostPort(address).status(),
                  absl::StrCat("--", flag, " ", address));
}

absl::Status JudgePlaintext(const std::string& flag, const std::string& address,
                            const std::string& insecure_listen) {
  ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  if (parsed.IsLoopback() || address == insecure_listen) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--", flag, " ", address,
      " would serve plaintext beyond this machine; use --https or --grpc, or "
      "name the very address in --insecure_listen"));
}

void Announce(const std::string& scheme, const std::string& address, int port) {
  HostPort bound = *ParseHostPort(address);
  bound.port = static_cast<uint16_t>(port);
  printf("listening %s://%s\n", scheme.c_str(), bound.ToString().c_str());
  fflush(stdout);
}

}  // namespace

absl::Status Serve(const ServeOptions& options) {
  StopSignals signals;
  prometheus::Registry registry;
  if (!options.lock.empty() && options.dirs.size() != 1) {
    return absl::InvalidArgumentError(
        "--lock is one file and there are several --dir: each log needs a "
        "lock of its own");
  }
  std::vector<std::unique_ptr<OpenLog>> logs;
  std::vector<HostedLog*> hosted;
  // After the logs, so that it ends before them.
  WorkerPool workers(
      std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
  // What concerns the whole process is in the settings of its first log.
  ASSIGN_OR_RETURN(const FolderContent first,
                   ReadFolder(LogFolder{options.dirs[0]}));
  const v1::Threads& threads = first.settings.threads();
  const int waiting_max =
      static_cast<int>(first.settings.limits().side_work_max());
  SideWork proof_work(std::max(1, static_cast<int>(threads.proofs())),
                      waiting_max);
  SideWork chain_work(std::max(1, static_cast<int>(threads.chains())),
                      waiting_max);
  const int processors =
      std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  SideWork check_work(
      threads.checks() > 0 ? static_cast<int>(threads.checks()) : processors,
      waiting_max);
  SideWork statement_work(std::max(1, static_cast<int>(threads.statements())),
                          waiting_max);
  for (const std::string& dir : options.dirs) {
    ASSIGN_OR_RETURN(std::unique_ptr<OpenLog> log,
                     OpenLog::Open(dir, options.lock, options.scrub_period,
                                   {&workers, &proof_work, &chain_work,
                                    &check_work, &statement_work},
                                   &registry));
    hosted.push_back(log->hosted());
    logs.push_back(std::move(log));
  }

  const v1::Settings& settings = logs[0]->settings();
  const v1::Listeners& listeners = settings.listeners();
  const auto either = [](const std::string& flag, const std::string& setting) {
    return flag.empty() ? setting : flag;
  };
  const std::string http = either(options.http, listeners.http());
  const std::string https = either(options.https, listeners.https());
  const std::string grpc = either(options.grpc, listeners.grpc());
  const std::string grpc_plaintext =
      either(options.grpc_plaintext, listeners.grpc_plaintext());
  if (http.empty() && https.empty() && grpc.empty() && grpc_plaintext.empty()) {
    return absl::InvalidArgumentError(
        "nowhere to listen: give --http, --https, --grpc or --grpc_plaintext, "
        "or set `listeners` in settings.textproto");
  }

  RETURN_IF_ERROR(JudgeAddress("http", http));
  RETURN_IF_ERROR(JudgeAddress("https", https));
  RETURN_IF_ERROR(JudgeAddress("grpc", grpc));
  RETURN_IF_ERROR(JudgeAddress("grpc_plaintext", grpc_plaintext));

  // What people see: read before anything listens.
  const std::string page_folder =
      !options.page.empty()      ? options.page
      : listeners.page().empty() ? std::string()
                                 : logs[0]->folder().Resolve(listeners.page());
  std::unique_ptr<const PageFolder> page;
  if (!page_folder.empty()) {
    if (https.empty()) {
      return absl::InvalidArgumentError(
          "--page is served on https, and nothing listens there: give --https");
    }
    ASSIGN_OR_RETURN(page, PageFolder::Read(page_folder, TakenByLogs(hosted)));
  }
  std::unique_ptr<SignIn> sign_in;
  if (settings.has_sign_in()) {
    absl::StatusOr<SignInOptions> wanted =
        ReadSignIn(settings, logs[0]->folder());
    RETURN_IF_ERROR(Annotate(wanted.status(), logs[0]->folder().Settings()));
    sign_in = std::make_unique<SignIn>(
        *std::move(wanted), SignIn::Parts{logs[0]->tokens(), SystemClock(),
                                          SystemRandom(), &registry, Say});
  }
  std::vector<OperatorPage::OperatedOrigin> operated;
  for (HostedLog* one : hosted) {
    operated.push_back({one->log->origin(), one->cosigning});
  }
  OperatorPage operator_page(std::move(operated), &registry, SystemClock());

  std::atomic<bool> stopping{false};
  const auto ready = [&] {
    if (stopping) return false;
    return std::none_of(hosted.begin(), hosted.end(),
                        [](HostedLog* one) { return one->log->frozen(); });
  };
  HttpDoor plaintext_door(hosted, false, &registry, ready);
  HttpDoor tls_door(hosted, true, &registry, ready);
  plaintext_door.SetPages({nullptr, nullptr, &operator_page});
  tls_door.SetPages({page.get(), sign_in.get(), nullptr});
  HttpServerMetrics http_metrics(&registry, "http");
  HttpServerMetrics https_metrics(&registry, "https");
  std::unique_ptr<HttpServer> http_server;
  std::unique_ptr<HttpServer> https_server;
  std::unique_ptr<GrpcDoor> grpc_door;
  std::unique_ptr<GrpcDoor> grpc_plaintext_door;

  // The storage must never lack a file because of connections. The 64 are for
  // what each log opens besides its tables and the runs of its index, of which
  // 512 are those that 50,000 leaves a second supersede in ten minutes.
  const uint64_t doors = (http.empty() ? 0 : 1) + (https.empty() ? 0 : 1);
  const uint64_t files_per_log = LevelDbOptions().open_tables_max + 64 + 512;
  RETURN_IF_ERROR(ReserveOpenFiles(doors * listeners.connections_max() +
                                   logs.size() * files_per_log));

  HttpServerOptions http_options;
  http_options.threads = static_cast<int>(settings.threads().http());
  http_options.body_bytes_max = settings.limits().request_bytes_max();
  http_options.connections_max = listeners.connections_max();
  http_options.request_timeout =
      std::chrono::milliseconds(listeners.request_timeout_ms());
  GrpcDoorOptions grpc_options;
  grpc_options.request_bytes_max =
      static_cast<int>(settings.limits().request_bytes_max());
  grpc_options.handshake_timeout = http_options.request_timeout;

  if (!http.empty()) {
    RETURN_IF_ERROR(JudgePlaintext("http", http, options.insecure_listen));
    http_options.address = http;
    http_options.observe = [&](const HttpServerCounts& counts) {
      http_metrics.Update(counts);
      operator_page.Tick();
    };
    ASSIGN_OR_RETURN(
        http_server,
        HttpServer::Start(
            http_options, [&](HttpRequest request, HttpResponder respond) {
              plaintext_door.Handle(std::move(request), std::move(respond));
            }));
    Announce("http", http, http_server->port());
  }
  if (!grpc_plaintext.empty()) {
    RETURN_IF_ERROR(JudgePlaintext("grpc_plaintext", grpc_plaintext,
                                   options.insecure_listen));
    grpc_options.address = grpc_plaintext;
    grpc_options.credentials = grpc::InsecureServerCredentials();
    ASSIGN_OR_RETURN(grpc_plaintext_door, GrpcDoor::Open(grpc_options, hosted));
    Announce("grpc", grpc_plaintext, grpc_plaintext_door->port());
  }
  if (!https.empty() || !grpc.empty()) {
    const LogFolder& folder = logs[0]->folder();
    ASSIGN_OR_RETURN(TlsOptions tls,
                     ReadTlsFiles(folder.Resolve(listeners.tls_certificate()),
                                  folder.Resolve(listeners.tls_key()),
                                  folder.Resolve(listeners.tls_client_ca())));
    if (!https.empty()) {
      ASSIGN_OR_RETURN(http_options.tls, TlsContext::NewServer(tls));
      http_options.address = https;
      http_options.observe = [&](const HttpServerCounts& counts) {
        https_metrics.Update(counts);
      };
      ASSIGN_OR_RETURN(
          https_server,
          HttpServer::Start(
              http_options, [&](HttpRequest request, HttpResponder respond) {
                tls_door.Handle(std::move(request), std::move(respond));
              }));
      Announce("https", https, https_server->port());
    }
    if (!grpc.empty()) {
      grpc_options.address = grpc;
      grpc_options.identities = true;
      // Residents have no certificate: their token speaks for them.
      const bool residents =
          std::any_of(logs.begin(), logs.end(),
                      [](const auto& log) { return log->serves_residents(); });
      ASSIGN_OR_RETURN(
          grpc_options.credentials,
          MakeServerCredentials(tls, residents ? ClientCertificate::kIfShown
                                               : ClientCertificate::kRequired));
      ASSIGN_OR_RETURN(grpc_door, GrpcDoor::Open(grpc_options, hosted));
      Announce("grpcs", grpc, grpc_door->port());
    }
  }

  Mutex mu;
  absl::Status ended;
  for (const auto& log : logs) {
    log->Run([&](const absl::Status& status) {
      {
        MutexLock lock(&mu);
        ended.Update(status);
      }
      StopSignals::Raise();
    });
  }
  printf("ready\n");
  fflush(stdout);
  signals.Wait();

  // Readiness first, so that whoever balances load looks elsewhere; then the
  // sequencers answer what they took, then the doors close.
  stopping = true;
  for (const auto& log : logs) log->Stop();
  const std::chrono::milliseconds drain(listeners.drain_timeout_ms());
  if (grpc_door != nullptr) grpc_door->Shutdown(drain);
  if (grpc_plaintext_door != nullptr) grpc_plaintext_door->Shutdown(drain);
  if (http_server != nullptr) http_server->Shutdown(drain);
  if (https_server != nullptr) https_server->Shutdown(drain);
  MutexLock lock(&mu);
  return ended;
}

}  // namespace vidimus
