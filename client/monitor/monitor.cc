// What holds here:
// 1. A key cosigns nothing of a log whose newest cosigned head is not known to
//    be the newest: the start refuses, and what is seen later freezes it.
// 2. The monitor's key cosigns only what the follower verified, and nothing of
//    a log that is convicted.
// 3. No thread that serves one log waits for another's.
#include "client/monitor/monitor.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/file.h"
#include "client/monitor/cosigned_head.h"
#include "client/monitor/event_log.h"
#include "client/monitor/follower.h"
#include "client/monitor/gossip_service.h"
#include "client/monitor/lanes.h"
#include "client/monitor/monitor_metrics.h"
#include "client/monitor/own_heads.h"
#include "client/monitor/start_questions.h"
#include "client/monitor/status_page.h"
#include "client/monitor/unanswered.h"
#include "client/monitor/uptime.h"
#include "client/monitor/witness_server.h"
#include "proto/html.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "proto/tls.h"
#include "verifier/checkpoint.h"
#include "verifier/conviction.h"
#include "verifier/encoding.h"
#include "verifier/merkle.h"

namespace vidimus {
namespace {

// How long the start waits for logs and peers.
constexpr std::chrono::milliseconds kQuestionsTimeout(5000);
// ... and the log's call, of a log that did not answer then.
constexpr std::chrono::milliseconds kQuestionsAgainTimeout(2000);
constexpr std::chrono::milliseconds kHousekeepingPeriod(1000);
// A log counts as answering if it did within this time.
constexpr uint64_t kUpS = 15;
// Uptime is written this often.
constexpr uint64_t kUptimePeriodS = 60;
// Calls about one log that may wait.
constexpr size_t kCallsMax = 64;
// A log is being read, for the status, if its last full check is older.
constexpr uint64_t kReadingS = 30;
// A head that the log has shown to others and not to us: after this time it is
// not only late.
constexpr uint64_t kUnseenS = 60;
constexpr size_t kConvictionBytesMax = 256 << 20;
constexpr size_t kUptimeBytesMax = 64 << 10;

// What the file is called that shows this.
std::string ConvictionName(const ConvictionReport& report) {
  std::string name = ConvictionKindName(report.kind);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name + ".conviction";
}

// What was asked when this alarm rose: a public path, or nothing if it is not
// about an answer that did not come.
std::string AskedOf(const Alarm& alarm) {
  if (alarm.kind == AlarmKind::kSilent) return "checkpoint";
  return alarm.kind == AlarmKind::kWithheld ? alarm.path : std::string();
}

// One log that is followed.
struct Watched {
  FollowedLogConfig config;
  std::string id;  // OriginHex
  std::unique_ptr<Follower> follower;
  // Cosigners whose notes gossip keeps apart.
  std::vector<VerifierKey> cosigners;

  // Why none of our keys signs this log any more; empty while they do.
  mutable Mutex mu;
  std::string frozen ABSL_GUARDED_BY(mu);
  uint64_t frozen_s ABSL_GUARDED_BY(mu) = 0;
  Uptime uptime ABSL_GUARDED_BY(mu);
  std::string conviction_path ABSL_GUARDED_BY(mu);  // of the follower's
  // By file name; the newest judgement of what follower and gossip hold.
  std::map<std::string, std::string> convictions ABSL_GUARDED_BY(mu);
  std::map<std::string, std::string> sentences ABSL_GUARDED_BY(mu);

  // Whether the log has shown what it holds under our keys since the start.
  std::atomic<bool> asked{false};
  // When it was last asked, by the log or by us, what the monitor's key says.
  std::atomic<uint64_t> called_s{0};
  // Files that convict may be there that were not gathered yet.
  std::atomic<bool> news{true};

  absl::Status Frozen() const {
    MutexLock lock(&mu);
    if (frozen.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "this key does not cosign this log any more; its operator knows why");
  }
};

class RealMonitor : public Monitor {
 public:
  RealMonitor(MonitorOptions options, MonitorContent content)
      : options_(std::move(options)),
        content_(std::move(content)),
        started_s_(options_.now_s()),
        events_(options_.folder.State() + "/events"),
        metrics_(options_.registry) {}

  ~RealMonitor() override { Stop(); }

  absl::Status Open() {
    RETURN_IF_ERROR(MakeFolder(options_.folder.State()));
    for (FollowedLogConfig& config : content_.logs) {
      RETURN_IF_ERROR(OpenLog(&config));
    }
    RETURN_IF_ERROR(OpenVoices());
    RETURN_IF_ERROR(OpenGossip());
    std::vector<std::string> lanes;
    for (const auto& log : logs_) {
      for (const Voice voice : kVoices) {
        lanes.push_back(LaneOf(log.first, voice));
      }
    }
    lanes_ = std::make_unique<Lanes>(lanes, kCallsMax);
    return absl::OkStatus();
  }

  void Start() override {
    for (auto& log : logs_) log.second->follower->Start();
    metrics_.Update(Status());
    housekeeper_ = std::thread([this] { KeepHouse(); });
  }

  void Stop() override {
    {
      MutexLock lock(&mu_);
      if (stopping_) return;
      stopping_ = true;
      stopped_.SignalAll();
    }
    if (lanes_ != nullptr) lanes_->Stop();
    if (housekeeper_.joinable()) housekeeper_.join();
    // Before the followers, which it asks.
    gossip_.reset();
    for (auto& log : logs_) SaveUptime(log.second.get());
    for (auto& log : logs_) log.second->follower->Stop();
  }

  void Handle(HttpRequest request, HttpResponder respond) override;
  int gossip_port() const override {
    return gossip_ == nullptr ? 0 : gossip_->port();
  }
  v1::MonitorStatus Status() const override;

 private:
  static std::string LaneOf(const std::string& origin, Voice voice) {
    return absl::StrCat(VoiceName(voice), " ", origin);
  }

  void Say(const std::string& sentence) const {
    if (options_.say != nullptr) options_.say(sentence);
  }

  void Tell(const std::string& origin, const std::string& sentence,
            const std::string& path) {
    Say(absl::StrCat(origin, origin.empty() ? "" : ": ", sentence));
    v1::MonitorEvent event;
    event.set_time_s(static_cast<int64_t>(options_.now_s()));
    event.set_origin(origin);
    event.set_sentence(sentence);
    event.set_path(path);
    const absl::Status kept = events_.Add(std::move(event));
    if (!kept.ok()) Say(std::string(kept.message()));
  }

  absl::Status OpenLog(FollowedLogConfig* config);
  absl::Status OpenVoices();
  absl::StatusOr<std::unique_ptr<CosignedHead>> OpenHead(
      const std::string& file, const std::string& lock, const Watched& log,
      Voice voice);
  absl::Status OpenVoice(Voice voice, const std::vector<ShownNote>& shown);
  absl::Status OpenGossip();

  WitnessServer& server(Voice voice) const {
    return voice == Voice::kWitness ? *witness_ : *monitor_;
  }

  absl::Status Approve(Watched* log, Voice voice, const Checkpoint& checkpoint);
  void Refused(const RefusedCheckpoint& refused);
  void AddCheckpoint(Voice voice, HttpRequest request, HttpResponder respond);
  bool RunCall(Watched* log, Voice voice, HttpRequest request,
               std::function<void(HttpResponse response)> answer);
  void CosignUnasked(Watched* log, uint64_t now_s);
  void Cosigned(Watched* log, Voice voice);
  TreeComparison Compare(const std::string& origin, const std::string& note);
  void Changed(Watched* log);

  HttpResponse Page(const HttpRequest& request) const;
  HttpResponse ConvictionAt(absl::string_view rest) const;
  HttpResponse UnansweredAt(absl::string_view rest) const;
  v1::LogStatus StatusOf(const Watched& log, uint64_t now_s) const;
  std::vector<Alarm> Alarms(const FollowerStatus& seen, uint64_t now_s) const;
  TreeHead OwnHead(const Watched& log, Voice voice) const;

  void KeepHouse();
  void JudgeOwnHeads(Watched* log);
  void JudgeShown(Watched* log, const std::vector<ShownNote>& shown);
  absl::Status AskAgain(Watched* log);
  void GatherConvictions(Watched* log);
  void Freeze(Watched* log, const std::string& why);
  void SaveUptime(Watched* log);

  Watched* Find(const std::string& origin) const {
    const auto found = logs_.find(origin);
    return found == logs_.end() ? nullptr : found->second.get();
  }

  const MonitorOptions options_;
  MonitorContent content_;
  const uint64_t started_s_;
  EventLog events_;
  MonitorMetrics metrics_;

  // Constant after Open.
  std::map<std::string, std::unique_ptr<Watched>> logs_;  // by origin
  std::unique_ptr<WitnessServer> witness_;
  std::unique_ptr<WitnessServer> monitor_;
  std::unique_ptr<GossipService> gossip_;
  std::unique_ptr<Lanes> lanes_;
  std::thread housekeeper_;

  Mutex mu_;
  CondVar stopped_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
};

// --- Opening -----------------------------------------------------------------

absl::Status RealMonitor::OpenLog(FollowedLogConfig* config) {
  const std::string origin = config->key.name;
  auto log = std::make_unique<Watched>();
  log->config = std::move(*config);
  log->id = OriginHex(origin);
  const std::string state = options_.folder.LogState(origin);
  RETURN_IF_ERROR(MakeFolder(state));
  const auto uptime = ReadFile(state + "/uptime", kUptimeBytesMax);
  if (uptime.ok()) {
    auto read = Uptime::Parse(*uptime);
    // A record that is damaged is begun anew: nothing is proven by it.
    MutexLock lock(&log->mu);
    if (read.ok()) log->uptime = *std::move(read);
  }
  std::set<std::string> known;
  const auto add = [&](const VerifierKey& key) {
    if (known.insert(FormatVkey(key)).second) log->cosigners.push_back(key);
  };
  for (const Voice voice : kVoices) add(content_.signer(voice).key());
  for (const PolicyWitness& witness : log->config.policy.witnesses) {
    add(witness.key);
  }
  for (const MonitorPeerConfig& peer : content_.peers) {
    for (const VerifierKey& key : peer.keys) add(key);
  }
  if (log->cosigners.size() > kGossipCosignersMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("the log ", origin, " has ", log->cosigners.size(),
                     " cosigners by its policy and our peers: at most ",
                     kGossipCosignersMax, " can be known"));
  }
  const v1::MonitorLimits& limits = content_.config.limits();
  FollowerOptions options;
  options.log_key = log->config.key;
  options.folder = state + "/follower";
  if (log->config.policy.quorum.has_value()) {
    options.policy = log->config.policy;
  }
  options.period_ms = static_cast<int>(std::max(1u, limits.period_ms()));
  options.silent_s = limits.silent_s();
  options.stale_s = limits.stale_s();
  options.threads = static_cast<int>(std::max(1u, limits.threads()));
  options.now_s = options_.now_s;
  options.say = [this, origin](const std::string& sentence) {
    Tell(origin, sentence, "");
  };
  options.changed = [this, one = log.get()] { Changed(one); };
  ASSIGN_OR_RETURN(std::unique_ptr<Fetcher> fetcher,
                   NewFetcher(log->config.url, log->config.ca_pem));
  absl::StatusOr<std::unique_ptr<Follower>> follower =
      Follower::Open(std::move(options), std::move(fetcher));
  RETURN_IF_ERROR(Annotate(follower.status(), absl::StrCat("log ", origin)));
  log->follower = *std::move(follower);
  logs_[origin] = std::move(log);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CosignedHead>> RealMonitor::OpenHead(
    const std::string& file, const std::string& lock, const Watched& log,
    Voice voice) {
  return CosignedHead::Open(file, lock, {log.config.key},
                            content_.signer(voice).key());
}

absl::Status RealMonitor::OpenVoices() {
  std::vector<FollowedLogConfig> logs;
  for (const auto& log : logs_) logs.push_back(log.second->config);
  std::vector<std::string> silent;
  const std::vector<ShownNote> shown =
      AskForHeads(logs, content_.peers, kQuestionsTimeout, &silent);
  for (const std::string& address : silent) {
    Say(absl::StrCat(address,
                     " does not say which heads it knows under our keys; the "
                     "locks alone speak for it"));
  }
  for (auto& log : logs_) {
    log.second->asked = std::find(silent.begin(), silent.end(),
                                  log.second->config.url) == silent.end();
  }
  for (const Voice voice : kVoices) RETURN_IF_ERROR(OpenVoice(voice, shown));
  return absl::OkStatus();
}

absl::Status RealMonitor::OpenVoice(Voice voice,
                                    const std::vector<ShownNote>& shown) {
  const VerifierKey& own_key = content_.signer(voice).key();
  std::vector<WitnessServer::Followed> followed;
  for (const auto& [origin, log] : logs_) {
    const std::string file = options_.folder.HeadFile(origin, voice);
    const std::string lock =
        options_.folder.LockFile(content_.config, origin, voice);
    const bool fresh = options_.accept_fresh_state &&
                       absl::IsNotFound(ReadFile(lock, kNoteBytesMax).status());
    std::string trial = lock;
    if (fresh) {
      // The lock itself only after the questions: one that says "nothing" must
      // not be left behind by a start that was refused.
      trial = lock + ".trial";
      unlink(trial.c_str());
      RETURN_IF_ERROR(CosignedHead::Init(trial));
    }
    auto head = OpenHead(file, trial, *log, voice);
    absl::Status status = head.status();
    for (const ShownNote& one : shown) {
      if (!status.ok()) break;
      if (one.origin != origin) continue;
      status = JudgeOwnHead(one.note, log->config.key, own_key, (*head)->head(),
                            one.who);
    }
    if (fresh) {
      unlink(trial.c_str());
      if (status.ok()) {
        status = CosignedHead::Init(lock);
        if (status.ok()) head = OpenHead(file, lock, *log, voice);
        if (status.ok()) status = head.status();
        Say(absl::StrCat(origin, ": a fresh ", VoiceName(voice),
                         " state was accepted"));
      }
    }
    RETURN_IF_ERROR(status);
    followed.push_back({{log->config.key}, *std::move(head)});
  }
  WitnessServer::Options options;
  options.prefix = absl::StrCat("/", VoiceName(voice));
  options.approve = [this, voice](const Checkpoint& checkpoint) {
    return Approve(Find(checkpoint.origin), voice, checkpoint);
  };
  options.refused = [this](const RefusedCheckpoint& refused) {
    Refused(refused);
  };
  options.now_s = options_.now_s;
  (voice == Voice::kWitness ? witness_ : monitor_) =
      std::make_unique<WitnessServer>(
          std::move(options), &content_.signer(voice), std::move(followed));
  return absl::OkStatus();
}

absl::Status RealMonitor::OpenGossip() {
  GossipOptions options;
  for (const auto& log : logs_) {
    options.logs.push_back({log.second->config.key, log.second->cosigners});
  }
  for (const MonitorPeerConfig& peer : content_.peers) {
    GossipPeer one;
    one.name = peer.grpc;
    one.address = peer.grpc;
    one.tls.ca_pem = peer.ca_pem;
    options.peers.push_back(std::move(one));
  }
  const v1::MonitorDoors& doors = content_.config.doors();
  options.address = doors.gossip();
  if (!doors.gossip().empty()) {
    ASSIGN_OR_RETURN(
        options.tls,
        ReadTlsFiles(options_.folder.Resolve(doors.tls_certificate()),
                     options_.folder.Resolve(doors.tls_key()), ""));
  }
  options.folder = options_.folder.State() + "/gossip";
  RETURN_IF_ERROR(MakeFolder(options.folder));
  options.period = std::chrono::milliseconds(
      std::max(1u, content_.config.limits().gossip_period_ms()));
  options.now_s = options_.now_s;
  options.compare = [this](const std::string& origin, const std::string& note) {
    return Compare(origin, note);
  };
  options.convicted = [this](const GossipConviction& conviction) {
    // From a thread that may run before Open returns: the housekeeper looks.
    Watched* const log = Find(conviction.origin);
    if (log != nullptr) log->news = true;
  };
  options.say = [this](const std::string& sentence) { Say(sentence); };
  ASSIGN_OR_RETURN(gossip_, GossipService::Open(std::move(options)));
  for (auto& log : logs_) {
    Changed(log.second.get());
    for (const Voice voice : kVoices) Cosigned(log.second.get(), voice);
  }
  return absl::OkStatus();
}

// --- Voices ------------------------------------------------------------------

// A log that did not answer at the start answers before anything is signed.
absl::Status RealMonitor::AskAgain(Watched* log) {
  if (log->asked) return absl::OkStatus();
  std::vector<std::string> silent;
  const std::vector<ShownNote> shown =
      AskForHeads({log->config}, {}, kQuestionsAgainTimeout, &silent);
  if (!silent.empty()) {
    return absl::UnavailableError(
        absl::StrCat("cosigned/checkpoint can't be read at ", log->config.url,
                     ", and nothing is cosigned before it is"));
  }
  JudgeShown(log, shown);
  log->asked = true;
  return log->Frozen();
}

absl::Status RealMonitor::Approve(Watched* log, Voice voice,
                                  const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(log->Frozen());
  RETURN_IF_ERROR(AskAgain(log));
  // A witness promises no more than that heads extend each other.
  if (voice == Voice::kWitness) return absl::OkStatus();
  {
    MutexLock lock(&log->mu);
    if (!log->convictions.empty()) {
      return absl::FailedPreconditionError(
          "this log is convicted: see the monitor's page");
    }
  }
  return log->follower->Approve(
      checkpoint,
      static_cast<int>(content_.config.limits().verify_timeout_ms()));
}

// A head that the log signed and that does not follow from what our witness
// saw: perhaps a fork.
void RealMonitor::Refused(const RefusedCheckpoint& refused) {
  Watched* const log = Find(refused.origin);
  const std::string note(refused.request.note);
  if (gossip_ != nullptr) gossip_->AddNote(refused.origin, note);
  const auto compared = log->follower->Compare(note);
  if (compared.ok() && compared->conviction.has_value()) log->news = true;
}

void RealMonitor::AddCheckpoint(Voice voice, HttpRequest request,
                                HttpResponder respond) {
  WitnessRequest parsed;
  Checkpoint claimed;
  Watched* log = nullptr;
  if (ParseWitnessRequest(request.body, &parsed) == Finding::kOk) {
    // What is wrong with it is for the witness to say.
    const Finding finding = ParseClaimedCheckpoint(parsed, &claimed);
    if (finding == Finding::kOk || finding == Finding::kEmptyRootMismatch) {
      log = Find(claimed.origin);
    }
  }
  if (log == nullptr) {
    respond(server(voice).Handle(request));
    return;
  }
  const std::string origin = log->config.key.name;
  // Strangers must not fill a log's lane.
  OpenedNote opened;
  const Finding finding = OpenNote(parsed.note, {log->config.key}, &opened);
  if (finding != Finding::kOk) {
    metrics_.CountCall(origin, VoiceName(voice), 403);
    respond(TextResponse(static_cast<int>(WitnessStatus::kNotTrusted),
                         FindingSentence(finding)));
    return;
  }
  if (voice == Voice::kMonitor) log->called_s = options_.now_s();
  auto responder = std::make_shared<HttpResponder>(std::move(respond));
  const auto answer = [this, origin, voice, responder](HttpResponse response) {
    metrics_.CountCall(origin, VoiceName(voice), response.status);
    (*responder)(std::move(response));
  };
  if (RunCall(log, voice, std::move(request), answer)) return;
  answer(ErrorResponse(WithRetryAfter(
      absl::UnavailableError("too many calls about this log wait already"),
      std::chrono::seconds(1))));
}

// Whether there is room for it in the log's lane.
bool RealMonitor::RunCall(Watched* log, Voice voice, HttpRequest request,
                          std::function<void(HttpResponse response)> answer) {
  return lanes_->Run(LaneOf(log->config.key.name, voice),
                     [this, log, voice, request = std::move(request),
                      answer = std::move(answer)] {
                       HttpResponse response = server(voice).Handle(request);
                       if (response.status == 200) Cosigned(log, voice);
                       answer(std::move(response));
                     });
}

// Peers keep a place for a head that has a cosignature of ours (gossip.h). Of a
// log that does not ask for it we ask ourselves, by the same way.
void RealMonitor::CosignUnasked(Watched* log, uint64_t now_s) {
  const uint64_t called_s = std::max(log->called_s.load(), started_s_);
  if (called_s + content_.config.limits().unasked_s() > now_s) return;
  auto asked =
      log->follower->CosignatureRequest(OwnHead(*log, Voice::kMonitor).size);
  if (!asked.ok()) return;
  log->called_s = now_s;
  HttpRequest request;
  request.method = HttpMethod::kPost;
  request.target =
      absl::StrCat("/", VoiceName(Voice::kMonitor), "/add-checkpoint");
  request.body = *std::move(asked);
  // What comes of it shows in our own head; else the next time.
  RunCall(log, Voice::kMonitor, std::move(request), [](HttpResponse) {});
}

// Peers hear what our keys have signed.
void RealMonitor::Cosigned(Watched* log, Voice voice) {
  const std::string& origin = log->config.key.name;
  const std::string note = server(voice).LastNote(origin);
  if (note.empty() || gossip_ == nullptr) return;
  if (voice == Voice::kMonitor) {
    gossip_->SetTree(origin, note);
  } else {
    gossip_->AddNote(origin, note);
  }
}

// A new verified head, or the end of following. From the follower's thread, and
// possibly before gossip is open.
void RealMonitor::Changed(Watched* log) {
  if (gossip_ == nullptr) return;
  const FollowerStatus status = log->follower->status();
  const std::string& origin = log->config.key.name;
  if (!status.verified_note.empty()) {
    gossip_->SetTree(origin, status.verified_note);
  }
  if (!status.cosigned_note.empty()) {
    gossip_->AddNote(origin, status.cosigned_note);
  }
  if (!status.conviction_path.empty()) {
    MutexLock lock(&log->mu);
    if (log->conviction_path != status.conviction_path) log->news = true;
    log->conviction_path = status.conviction_path;
  }
}

TreeComparison RealMonitor::Compare(const std::string& origin,
                                    const std::string& note) {
  TreeComparison comparison;
  Watched* const log = Find(origin);
  if (log == nullptr) return comparison;
  auto compared = log->follower->Compare(note);
  if (!compared.ok()) return comparison;
  switch (compared->relation) {
    case Follower::Relation::kPrefix:
      comparison.relation = TreeComparison::Relation::kPrefix;
      break;
    case Follower::Relation::kAhead:
      comparison.relation = TreeComparison::Relation::kAhead;
      break;
    default:
      if (!compared->conviction.has_value()) break;
      comparison.relation = TreeComparison::Relation::kConvicts;
      comparison.conviction = std::move(compared->conviction->bytes);
  }
  return comparison;
}

// --- What is wrong -----------------------------------------------------------

void RealMonitor::Freeze(Watched* log, const std::string& why) {
  {
    MutexLock lock(&log->mu);
    if (!log->frozen.empty()) return;
    log->frozen = why;
    log->frozen_s = options_.now_s();
  }
  Tell(log->config.key.name, why, "");
}

TreeHead RealMonitor::OwnHead(const Watched& log, Voice voice) const {
  const std::string note = server(voice).LastNote(log.config.key.name);
  Checkpoint checkpoint;
  if (note.empty() ||
      OpenCheckpoint(note, log.config.key, &checkpoint) != Finding::kOk) {
    return {0, EmptyRoot()};
  }
  return checkpoint.head;
}

// Others may show only now what they did not say at the start.
void RealMonitor::JudgeOwnHeads(Watched* log) {
  const std::string& origin = log->config.key.name;
  std::vector<ShownNote> shown;
  FollowerStatus status = log->follower->status();
  if (!status.cosigned_note.empty()) {
    shown.push_back({origin, log->config.url, status.cosigned_note});
  }
  for (const UnsettledNote& note : gossip_->Unsettled(origin)) {
    shown.push_back({origin, "a peer", note.note});
  }
  JudgeShown(log, shown);
}

void RealMonitor::JudgeShown(Watched* log,
                             const std::vector<ShownNote>& shown) {
  for (const Voice voice : kVoices) {
    for (const ShownNote& one : shown) {
      // Read after the note was shown: what is kept only grows.
      const absl::Status judged =
          JudgeOwnHead(one.note, log->config.key, content_.signer(voice).key(),
                       OwnHead(*log, voice), one.who);
      if (!judged.ok()) Freeze(log, std::string(judged.message()));
    }
  }
}

// Files that convict, from the follower and from gossip: judged again, kept for
// readers, told once.
void RealMonitor::GatherConvictions(Watched* log) {
  const std::string& origin = log->config.key.name;
  std::vector<std::string> files;
  const FollowerStatus status = log->follower->status();
  if (!status.conviction_path.empty()) {
    auto file = ReadFile(status.conviction_path, kConvictionBytesMax);
    if (file.ok()) files.push_back(*std::move(file));
  }
  if (gossip_ != nullptr) {
    for (GossipConviction& each : gossip_->Convictions(origin)) {
      files.push_back(std::move(each.file));
    }
  }
  for (std::string& file : files) {
    ConvictionReport report;
    if (JudgeConviction(file, log->config.key, &report) != Finding::kOk ||
        report.names_person) {
      continue;
    }
    const std::string name = ConvictionName(report);
    const std::string sentence = ConvictionSentence(origin, report);
    std::string bytes = file;
    {
      MutexLock lock(&log->mu);
      if (!log->convictions.emplace(name, std::move(file)).second) continue;
      log->sentences[name] = sentence;
    }
    if (gossip_ != nullptr) gossip_->AddConviction(origin, bytes);
    const std::string path = absl::StrCat("convictions/", log->id, "/", name);
    bool told = false;
    for (const v1::MonitorEvent& event : events_.Newest()) {
      told |= event.path() == path;
    }
    if (!told) Tell(origin, absl::StrCat("convicted: ", sentence), path);
  }
}

void RealMonitor::SaveUptime(Watched* log) {
  std::string text;
  {
    MutexLock lock(&log->mu);
    text = log->uptime.Format();
  }
  const absl::Status written =
      WriteFile(options_.folder.LogState(log->config.key.name) + "/uptime",
                text, 0644, /*sync=*/false);
  if (!written.ok()) Say(std::string(written.message()));
}

void RealMonitor::KeepHouse() {
  uint64_t last_s = options_.now_s();
  uint64_t saved_s = last_s;
  while (true) {
    {
      const auto deadline =
          std::chrono::steady_clock::now() + kHousekeepingPeriod;
      MutexLock lock(&mu_);
      while (!stopping_ && stopped_.WaitUntil(&mu_, deadline)) {
      }
      if (stopping_) return;
    }
    const uint64_t now_s = options_.now_s();
    // A clock that jumped, or a machine that slept, watched nothing meanwhile.
    const uint64_t watched_s =
        now_s > last_s && now_s - last_s < 60 ? now_s - last_s : 0;
    last_s = now_s;
    for (auto& [origin, log] : logs_) {
      const uint64_t answered_s = log->follower->status().answered_s;
      {
        MutexLock lock(&log->mu);
        log->uptime.Note(now_s, static_cast<uint32_t>(watched_s),
                         answered_s + kUpS >= now_s);
      }
      JudgeOwnHeads(log.get());
      Changed(log.get());
      if (log->news.exchange(false)) GatherConvictions(log.get());
      CosignUnasked(log.get(), now_s);
    }
    if (now_s - saved_s >= kUptimePeriodS) {
      for (auto& log : logs_) SaveUptime(log.second.get());
      saved_s = now_s;
    }
    metrics_.Update(Status());
  }
}

// --- What is said ------------------------------------------------------------

std::vector<Alarm> RealMonitor::Alarms(const FollowerStatus& seen,
                                       uint64_t now_s) const {
  std::vector<Alarm> alarms = seen.alarms;
  // The follower says so once its call has failed; one that hangs takes long.
  const uint64_t since_s = std::max(seen.answered_s, started_s_);
  const bool told = std::any_of(
      alarms.begin(), alarms.end(),
      [](const Alarm& one) { return one.kind == AlarmKind::kSilent; });
  if (!told && seen.stopped.empty() &&
      since_s + content_.config.limits().silent_s() < now_s) {
    alarms.push_back({AlarmKind::kSilent,
                      "its answer has been waited for in vain", "", since_s});
  }
  return alarms;
}

v1::LogStatus RealMonitor::StatusOf(const Watched& log, uint64_t now_s) const {
  const FollowerStatus seen = log.follower->status();
  v1::LogStatus status;
  status.set_origin(log.config.key.name);
  status.set_id(log.id);
  status.set_url(log.config.url);
  status.set_vkey(FormatVkey(log.config.key));
  status.set_verified_size(seen.verified.size);
  if (seen.verified.size > 0) {
    status.set_verified_root(Base64Encode(Bytes(seen.verified.root)));
  }
  status.set_verified_s(static_cast<int64_t>(seen.verified_s));
  status.set_seal_s(static_cast<int64_t>(seen.seal_s));
  status.set_seen_size(seen.seen_size);
  status.set_read_size(seen.read_size);
  status.set_answered_s(static_cast<int64_t>(seen.answered_s));
  status.set_cosigned_size(seen.cosigned.size);
  status.set_cosigned_s(static_cast<int64_t>(seen.cosigned_s));
  const Policy& policy = log.config.policy;
  CosignatureTimes times(policy.witnesses.size());
  if (!seen.cosigned_note.empty() &&
      ReadCosignatures(seen.cosigned_note, policy, &times) != Finding::kOk) {
    times.assign(policy.witnesses.size(), std::nullopt);
  }
  for (size_t i = 0; i < policy.witnesses.size(); ++i) {
    v1::CosignerStatus* const cosigner = status.add_cosigner();
    cosigner->set_name(policy.witnesses[i].name);
    cosigner->set_time_s(static_cast<int64_t>(times[i].value_or(0)));
  }
  status.set_witness_size(OwnHead(log, Voice::kWitness).size);
  status.set_monitor_size(OwnHead(log, Voice::kMonitor).size);
  status.set_batches(seen.batches);
  status.set_documents(seen.documents);
  status.set_held_bytes(seen.held_bytes);
  status.set_fetched_bytes(seen.fetched_bytes);
  for (const Alarm& alarm : Alarms(seen, now_s)) {
    v1::AlarmStatus* const one = status.add_alarm();
    one->set_kind(AlarmKindName(alarm.kind));
    one->set_sentence(alarm.sentence);
    one->set_since_s(static_cast<int64_t>(alarm.since_s));
    const std::string asked = AskedOf(alarm);
    if (asked.empty()) continue;
    v1::UnansweredStatus* const unanswered = status.add_unanswered();
    unanswered->set_sentence(absl::StrCat(asked, " was asked for"));
    unanswered->set_path(
        absl::StrCat("unanswered/", log.id, "/", AlarmKindName(alarm.kind)));
    unanswered->set_time_s(static_cast<int64_t>(alarm.since_s));
  }
  for (const UnsettledNote& note : gossip_->Unsettled(log.config.key.name)) {
    if (note.since_s + kUnseenS > now_s) continue;
    v1::AlarmStatus* const one = status.add_alarm();
    one->set_kind("unseen_head");
    one->set_sentence(
        absl::StrCat("others were shown a head of ", note.head.size,
                     " leaves, signed by the log, which it does not show us"));
    one->set_since_s(static_cast<int64_t>(note.since_s));
    break;
  }
  status.set_wrong(seen.stopped);
  {
    MutexLock lock(&log.mu);
    if (!log.frozen.empty()) {
      v1::AlarmStatus* const one = status.add_alarm();
      one->set_kind("rolled_back");
      one->set_sentence(log.frozen);
      one->set_since_s(static_cast<int64_t>(log.frozen_s));
    }
    for (const auto& [name, sentence] : log.sentences) {
      v1::ConvictionStatus* const conviction = status.add_conviction();
      conviction->set_name(name);
      conviction->set_path(absl::StrCat("convictions/", log.id, "/", name));
      conviction->set_sentence(sentence);
    }
    for (const Uptime::Day& day : log.uptime.days()) {
      v1::UptimeDay* const one = status.add_day();
      one->set_day(DayName(day.day));
      one->set_watched_s(day.watched_s);
      one->set_answered_s(day.answered_s);
    }
  }
  if (!seen.stopped.empty() || status.conviction_size() > 0) {
    status.set_standing(v1::WRONG);
  } else if (status.alarm_size() > 0) {
    status.set_standing(v1::ALARM);
  } else if (seen.seen_size == 0) {
    status.set_standing(v1::STANDING_UNKNOWN);
  } else if (seen.verified.size == 0 || (seen.verified.size < seen.seen_size &&
                                         seen.verified_s + kReadingS < now_s)) {
    status.set_standing(v1::READING);
  } else {
    status.set_standing(v1::FINE);
  }
  return status;
}

v1::MonitorStatus RealMonitor::Status() const {
  const uint64_t now_s = options_.now_s();
  v1::MonitorStatus status;
  status.set_name(content_.config.name());
  status.set_witness_vkey(FormatVkey(content_.witness->key()));
  status.set_monitor_vkey(FormatVkey(content_.monitor->key()));
  status.set_time_s(static_cast<int64_t>(now_s));
  status.set_started_s(static_cast<int64_t>(started_s_));
  for (const auto& log : logs_) {
    *status.add_log() = StatusOf(*log.second, now_s);
  }
  for (const GossipPeerStatus& peer : gossip_->status().peers) {
    v1::PeerStatus* const one = status.add_peer();
    one->set_grpc(peer.name);
    one->set_answered_s(static_cast<int64_t>(peer.answered_s));
    one->set_trouble(peer.error);
  }
  for (v1::MonitorEvent& event : events_.Newest()) {
    *status.add_event() = std::move(event);
  }
  return status;
}

HttpResponse RealMonitor::ConvictionAt(absl::string_view rest) const {
  for (const auto& [origin, log] : logs_) {
    absl::string_view name = rest;
    if (!absl::ConsumePrefix(&name, log->id) ||
        !absl::ConsumePrefix(&name, "/")) {
      continue;
    }
    MutexLock lock(&log->mu);
    const auto found = log->convictions.find(std::string(name));
    if (found == log->convictions.end()) break;
    return Download(found->first, found->second);
  }
  return TextResponse(404, "no such file");
}

// Signed now, about what stands now.
HttpResponse RealMonitor::UnansweredAt(absl::string_view rest) const {
  for (const auto& [origin, log] : logs_) {
    absl::string_view kind = rest;
    if (!absl::ConsumePrefix(&kind, log->id) ||
        !absl::ConsumePrefix(&kind, "/")) {
      continue;
    }
    for (const Alarm& alarm :
         Alarms(log->follower->status(), options_.now_s())) {
      const std::string asked = AskedOf(alarm);
      if (asked.empty() || kind != AlarmKindName(alarm.kind)) continue;
      Unanswered statement;
      statement.origin = origin;
      statement.asked = asked;
      statement.of = log->config.url;
      statement.since_s = alarm.since_s;
      statement.until_s = std::max(alarm.since_s, options_.now_s());
      absl::StatusOr<std::string> note =
          SignUnanswered(statement, *content_.monitor);
      if (!note.ok()) return ErrorResponse(note.status());
      return Download(absl::StrCat("unanswered-", kind, ".note"),
                      *std::move(note));
    }
  }
  return TextResponse(404, "nothing of this kind is unanswered now");
}

HttpResponse RealMonitor::Page(const HttpRequest& request) const {
  absl::string_view path = request.path();
  if (path == "/") return HtmlStatus(Status());
  if (path == "/status.json") return JsonStatus(Status());
  if (path == "/feed.atom") {
    return AtomStatus(Status(), content_.config.doors().public_url());
  }
  if (path == "/style.css") return QuietStyle();
  if (path == "/healthz") return TextResponse(200, "ok");
  if (absl::ConsumePrefix(&path, "/convictions/")) return ConvictionAt(path);
  if (absl::ConsumePrefix(&path, "/unanswered/")) return UnansweredAt(path);
  return TextResponse(404, "no such path");
}

void RealMonitor::Handle(HttpRequest request, HttpResponder respond) {
  const absl::string_view path = request.path();
  for (const Voice voice : kVoices) {
    const std::string prefix = absl::StrCat("/", VoiceName(voice), "/");
    if (path.substr(0, prefix.size()) != prefix) continue;
    if (request.method == HttpMethod::kPost &&
        path.substr(prefix.size()) == "add-checkpoint") {
      AddCheckpoint(voice, std::move(request), std::move(respond));
    } else {
      respond(server(voice).Handle(request));
    }
    return;
  }
  if (request.method != HttpMethod::kGet &&
      request.method != HttpMethod::kHead) {
    HttpResponse response = TextResponse(405, "this path takes GET");
    response.headers.emplace_back("Allow", "GET, HEAD");
    respond(std::move(response));
    return;
  }
  respond(Page(request));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Monitor>> Monitor::Open(MonitorOptions options,
                                                       MonitorContent content) {
  auto monitor =
      std::make_unique<RealMonitor>(std::move(options), std::move(content));
  RETURN_IF_ERROR(monitor->Open());
  return monitor;
}

}  // namespace vidimus
