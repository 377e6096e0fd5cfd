#include "log/cosigning.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "proto/url.h"
#include "verifier/check.h"
#include "verifier/checkpoint.h"
#include "verifier/crypto.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

// A kept head: length(4) note H(note). The two files take turns, so that a
// write that was cut leaves the head before it.
std::string FormatKept(std::string_view note) {
  std::string bytes;
  AppendBe32(static_cast<uint32_t>(note.size()), &bytes);
  bytes += note;
  bytes += Bytes(Sha256(note));
  return bytes;
}

// Whether `bytes` begins with a kept head that was written whole.
bool ParseKept(std::string_view bytes, std::string_view* note) {
  if (bytes.size() < 4) return false;
  const uint32_t size = Be32(bytes);
  bytes.remove_prefix(4);
  if (size > kNoteBytesMax || bytes.size() < size + kHashBytes) return false;
  *note = bytes.substr(0, size);
  return bytes.substr(size, kHashBytes) == Bytes(Sha256(*note));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Cosigning>> Cosigning::Open(
    const CosigningOptions& options, const VerifierKey& log_key, Policy policy,
    const Parts& parts) {
  CHECK(policy.quorum.has_value());
  std::unique_ptr<Cosigning> cosigning(
      new Cosigning(options, log_key, std::move(policy), parts));
  for (size_t i = 0; i < cosigning->policy_.witnesses.size(); ++i) {
    const std::string& url = cosigning->policy_.witnesses[i].url;
    if (url.empty()) continue;  // it cosigns without being asked by us
    auto& addresses = cosigning->addresses_;
    const auto known = std::find_if(
        addresses.begin(), addresses.end(),
        [&url](const auto& address) { return address->url == url; });
    if (known != addresses.end()) {
      (*known)->cosigners.push_back(i);
      continue;
    }
    ASSIGN_OR_RETURN(const Url parsed, ParseUrl(url));
    HttpClientOptions http = options.http;
    http.timeout = options.timeout;
    ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client,
                     HttpClient::New(parsed, http));
    auto address = std::make_unique<Address>();
    address->url = url;
    address->cosigners = {i};
    address->client =
        std::make_unique<WitnessClient>(std::move(client), parts.prove);
    addresses.push_back(std::move(address));
  }
  RETURN_IF_ERROR(cosigning->ReadKept());
  return cosigning;
}

Cosigning::Cosigning(const CosigningOptions& options, VerifierKey log_key,
                     Policy policy, const Parts& parts)
    : options_(options),
      log_key_(std::move(log_key)),
      policy_(std::move(policy)),
      parts_(parts) {}

Cosigning::~Cosigning() { Stop(); }

absl::Status Cosigning::ReadKept() {
  MutexLock show(&show_mu_);
  MutexLock lock(&mu_);
  bool damaged = false;
  for (uint64_t i = 0; i < 2; ++i) {
    ASSIGN_OR_RETURN(
        std::unique_ptr<DiskFile> file,
        parts_.disk->Open(absl::StrCat(parts_.file, ".", i), false));
    ASSIGN_OR_RETURN(const std::string bytes,
                     file->ReadAt(0, 4 + kNoteBytesMax + kHashBytes));
    std::string_view note;
    if (bytes.empty()) continue;
    if (!ParseKept(bytes, &note)) {
      if (damaged) {
        return absl::DataLossError(
            absl::StrCat(parts_.file,
                         ".0 and .1, which keep the newest cosigned head, are "
                         "both damaged: move them away to begin anew"));
      }
      damaged = true;
      continue;
    }
    auto kept = std::make_shared<Cosigned>();
    Checkpoint checkpoint;
    const Finding finding = OpenCheckpoint(note, log_key_, &checkpoint);
    if (finding != Finding::kOk) {
      return absl::DataLossError(absl::StrCat(
          parts_.file, ".", i, ": ", FindingSentence(finding),
          " (the cosigned head of another log? move it away to begin anew)"));
    }
    CosignatureTimes times;
    kept->size = checkpoint.head.size;
    // Under another policy than it was kept under it may have no quorum.
    if (ReadCosignatures(note, policy_, &times) == Finding::kOk) {
      kept->time_s = SatisfiedTime(times).value_or(0);
    }
    kept->note = note;
    if (latest_ == nullptr || std::pair(latest_->size, latest_->time_s) <
                                  std::pair(kept->size, kept->time_s)) {
      latest_ = std::move(kept);
      kept_ = i + 1;  // the other file is next
    }
  }
  return absl::OkStatus();
}

std::shared_ptr<const Cosigned> Cosigning::Latest() const {
  MutexLock lock(&mu_);
  return latest_;
}

Cosigning::Counts Cosigning::counts() const {
  MutexLock lock(&mu_);
  Counts counts;
  counts.cosigners = policy_.witnesses.size();
  if (round_ != nullptr) {
    counts.answered = static_cast<size_t>(
        std::count_if(round_->times.begin(), round_->times.end(),
                      [](const auto& time) { return time.has_value(); }));
  }
  return counts;
}

std::shared_ptr<Cosigning::Round> Cosigning::NewRound(
    const Published& published) {
  Note note;
  CHECK(SplitNote(published.checkpoint, &note) == Finding::kOk);
  auto round = std::make_shared<Round>();
  round->size = published.head.size;
  round->text = note.text;
  round->note = published.checkpoint;
  round->log_line = round->note.substr(round->text.size() + 1);
  round->lines.resize(policy_.witnesses.size());
  round->times.resize(policy_.witnesses.size());
  MutexLock lock(&mu_);
  round->number = ++rounds_;
  round_ = round;
  return round;
}

absl::Status Cosigning::AskLastSizes() {
  const std::shared_ptr<const Published> published = parts_.latest();
  if (published == nullptr) return absl::OkStatus();
  const std::shared_ptr<Round> round = NewRound(*published);
  std::vector<absl::Status> answers(addresses_.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < addresses_.size(); ++i) {
    threads.emplace_back(
        [&, i] { answers[i] = Ask(addresses_[i].get(), round); });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < addresses_.size(); ++i) {
    if (absl::IsFailedPrecondition(answers[i])) {
      return absl::FailedPreconditionError(absl::StrCat(
          std::string(answers[i].message()),
          ". So this log has signed more than its folder and its signing lock "
          "know of: both are older than they should be (an old backup?), or "
          "another server has signed for it. Nothing was signed now. Bring "
          "back the newest copy of both; or, if that cosigner is wrong, take "
          "it out of the policy"));
    }
    Report(addresses_[i].get(), answers[i]);
  }
  return absl::OkStatus();
}

void Cosigning::Start() {
  for (const auto& address : addresses_) {
    address->thread = std::thread([this, one = address.get()] { Serve(one); });
  }
  caller_ = std::thread([this] { CallRounds(); });
}

void Cosigning::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.SignalAll();
  }
  if (caller_.joinable()) caller_.join();
  for (const auto& address : addresses_) {
    if (address->thread.joinable()) address->thread.join();
  }
}

void Cosigning::CallRounds() {
  for (;;) {
    const auto begin = std::chrono::steady_clock::now();
    const std::shared_ptr<const Published> published = parts_.latest();
    const std::shared_ptr<const Cosigned> shown = Latest();
    const uint64_t now_s = static_cast<uint64_t>(parts_.clock->NowMs() / 1000);
    const bool due = published != nullptr &&
                     (shown == nullptr || published->head.size > shown->size ||
                      now_s >= shown->time_s + static_cast<uint64_t>(
                                                   options_.fresh.count()));
    std::shared_ptr<Round> round;
    if (due) round = NewRound(*published);
    MutexLock lock(&mu_);
    if (round != nullptr) {
      changed_.SignalAll();
      while (!stopping_ && !SatisfiedTime(round->times).has_value() &&
             changed_.WaitUntil(&mu_, begin + options_.timeout)) {
      }
    }
    while (!stopping_ && changed_.WaitUntil(&mu_, begin + options_.period)) {
    }
    if (stopping_) return;
  }
}

void Cosigning::Serve(Address* address) {
  for (;;) {
    std::shared_ptr<Round> round;
    {
      MutexLock lock(&mu_);
      // A round that is older than the newest would only hold that up.
      while (!stopping_ &&
             (round_ == nullptr || round_->number <= address->last_round)) {
        changed_.Wait(&mu_);
      }
      if (stopping_) return;
      round = round_;
    }
    address->last_round = round->number;
    const absl::Status status = Ask(address, round);
    Report(address, status);
    if (status.ok()) {
      address->back_off = std::chrono::milliseconds(0);
      continue;
    }
    address->back_off =
        std::min(options_.back_off_max,
                 std::max(options_.period, 2 * address->back_off));
    const auto until = std::chrono::steady_clock::now() + address->back_off;
    MutexLock lock(&mu_);
    while (!stopping_ && changed_.WaitUntil(&mu_, until)) {
    }
  }
}

absl::Status Cosigning::Ask(Address* address,
                            const std::shared_ptr<Round>& round) {
  ASSIGN_OR_RETURN(const std::string body,
                   address->client->AddCheckpoint(round->note, round->size));
  const std::string answered = JoinNote(round->text, {body});
  Note note;
  if (SplitNote(answered, &note) != Finding::kOk || note.text != round->text) {
    return absl::InternalError("the answer is not a list of signature lines");
  }
  size_t counted = 0;
  for (const size_t place : address->cosigners) {
    const VerifierKey& key = policy_.witnesses[place].key;
    for (const NoteSignature& line : note.signatures) {
      if (line.name != key.name || line.key_id != key.key_id) continue;
      uint64_t time_s = 0;
      if (VerifyNoteSignature(key, round->text, line.signature, &time_s) !=
              Finding::kOk ||
          time_s == 0) {
        return absl::InternalError(
            absl::StrCat("a cosignature by ", key.name,
                         " does not verify: is its key the "
                         "one in the policy?"));
      }
      ++counted;
      MutexLock lock(&mu_);
      round->lines[place] =
          NoteSignatureLine(line.name, line.key_id, line.signature);
      round->times[place] = time_s;
      break;
    }
  }
  if (counted == 0) {
    return absl::InternalError("no line of the answer is by its cosigner");
  }
  return Show(round);
}

absl::Status Cosigning::Show(const std::shared_ptr<Round>& round) {
  MutexLock show(&show_mu_);
  auto cosigned = std::make_shared<Cosigned>();
  {
    MutexLock lock(&mu_);
    const std::optional<uint64_t> time_s = SatisfiedTime(round->times);
    if (!time_s.has_value()) return absl::OkStatus();
    cosigned->size = round->size;
    cosigned->time_s = *time_s;
    if (latest_ != nullptr && std::pair(cosigned->size, cosigned->time_s) <
                                  std::pair(latest_->size, latest_->time_s)) {
      return absl::OkStatus();
    }
    std::vector<std::string> lines = {round->log_line};
    for (const std::string& line : round->lines) {
      if (!line.empty()) lines.push_back(line);
    }
    cosigned->note = JoinNote(round->text, lines);
  }
  RETURN_IF_ERROR(Keep(cosigned->note));
  MutexLock lock(&mu_);
  latest_ = std::move(cosigned);
  changed_.SignalAll();
  return absl::OkStatus();
}

absl::Status Cosigning::Keep(const std::string& note) {
  ASSIGN_OR_RETURN(
      std::unique_ptr<DiskFile> file,
      parts_.disk->Open(absl::StrCat(parts_.file, ".", kept_ % 2), false));
  RETURN_IF_ERROR(file->WriteAt(0, FormatKept(note)));
  RETURN_IF_ERROR(file->Sync());
  ++kept_;
  return absl::OkStatus();
}

void Cosigning::Report(Address* address, const absl::Status& status) {
  if (status.ok() == !address->failing) return;
  address->failing = !status.ok();
  parts_.say(status.ok() ? absl::StrCat("the cosigners at ", address->url,
                                        " answer again")
                         : absl::StrCat("the cosigners at ", address->url, ": ",
                                        std::string(status.message())));
}

}  // namespace vidimus
