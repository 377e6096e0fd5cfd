#include "client/submit.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/dense_chains.h"
#include "client/door.h"
#include "client/file.h"
#include "client/line_format.h"
#include "client/line_reader.h"
#include "client/outbox.h"
#include "client/questions.h"
#include "client/receipt.h"
#include "client/resilient_logger.h"
#include "client/submitter.h"
#include "client/terminal.h"
#include "proto/mutex.h"
#include "proto/status.h"
#include "verifier/encoding.h"

namespace vidimus {
namespace {

constexpr uint64_t kComplaintsMax = 20;
constexpr size_t kMappingBytesMax = size_t{1} << 20;
constexpr std::chrono::milliseconds kFirstHeadPatience{30000};

struct Flags {
  DoorFlags door;
  std::string format = "resilient-logger";
  std::string map;
  std::string outbox;
  std::string id_key;
  std::string receipts;
  uint64_t receipts_every = 1;
  uint64_t batch = 256;
  uint64_t in_flight = 16;
  uint64_t give_up_s = 0;
  bool print = false;
  std::vector<std::string> files;
};

constexpr const char kAbout[] =
    "Reads one entry a line, submits them to a log and checks the proof in "
    "every\nanswer. Entries wait in the outbox, on disk, until their receipts "
    "are verified;\nthen what is personal in them is overwritten. Stop it or "
    "pull the plug at any\ntime and start it again with the same file: nothing "
    "is lost, nothing is recorded\ntwice.\n\n"
    "FILE is - (standard input) if left out. An empty one (/dev/null) sends "
    "what the\noutbox still holds.";

constexpr const char kEpilogue[] =
    "Exit: 0 every line has its receipt; 1 some lines were not taken (they are "
    "named by\nnumber); 2 it could not go on, the rest waits in the outbox; 3 "
    "the log's answer\nis wrong: it was kept as evidence; 64 the command line "
    "makes no sense.\n\n"
    "  vidimus submit --log localhost:8444 --vkey D/log.vkey --ca D/tls/ca.crt "
    "\\\n    --as D/administrations/2 --outbox outbox --map mapping.textproto "
    "audit.jsonl";

// Says what is wrong with lines, never what stands in them.
class Complaints {
 public:
  void Add(uint64_t line, const absl::Status& status) {
    MutexLock lock(&mu_);
    if (++count_ > kComplaintsMax) return;
    std::fprintf(stderr, "%sline %llu: %s\n", line == 0 ? "earlier " : "",
                 static_cast<unsigned long long>(line),
                 std::string(status.message()).c_str());
  }

  // How many there were.
  uint64_t End() {
    MutexLock lock(&mu_);
    if (count_ > kComplaintsMax) {
      std::fprintf(stderr, "and %s more lines\n",
                   Grouped(count_ - kComplaintsMax).c_str());
    }
    return count_;
  }

 private:
  Mutex mu_;
  uint64_t count_ ABSL_GUARDED_BY(mu_) = 0;
};

// Which line an entry came from, while it has no answer.
class Lines {
 public:
  // False if the entry has a line already.
  bool Put(const EntryId& id, uint64_t line) {
    MutexLock lock(&mu_);
    return lines_.emplace(id, line).second;
  }
  // 0 for an entry of an earlier run.
  uint64_t Take(const EntryId& id) {
    MutexLock lock(&mu_);
    const auto found = lines_.find(id);
    if (found == lines_.end()) return 0;
    const uint64_t line = found->second;
    lines_.erase(found);
    return line;
  }

 private:
  Mutex mu_;
  absl::flat_hash_map<EntryId, uint64_t> lines_ ABSL_GUARDED_BY(mu_);
};

EntryId IdOf(const v1::SubmitRequest& request, size_t k) {
  EntryId id = {};
  const int i = static_cast<int>(k);
  EntryIdFromBytes(request.opaque_size() > 0 ? request.opaque(i).id()
                                             : request.entries(i).entry_id(),
                   &id);
  return id;
}

class Run {
 public:
  explicit Run(const Flags& flags) : flags_(flags) {}

  // What to exit with.
  int Main() {
    const absl::Status opened = Open();
    if (!opened.ok()) return Stop(opened, lied_);
    const absl::Status status = Submit();
    const uint64_t complaints = complaints_.End();
    Summarise(complaints);
    if (!status.ok()) return Stop(status, absl::IsDataLoss(status));
    return complaints > 0 ? kExitFalse : kExitTrue;
  }

 private:
  static int Stop(const absl::Status& status, bool lied) {
    std::fprintf(stderr, "vidimus submit: %s\n",
                 std::string(status.message()).c_str());
    return lied ? kExitLied : kExitUnusable;
  }

  absl::Status Open() {
    if ((flags_.format == "opaque") != flags_.door.opaque) {
      return absl::InvalidArgumentError(
          "--format=opaque and --opaque go together");
    }
    if (!flags_.files.empty() && flags_.files[0] != "-") {
      file_.reset(std::fopen(flags_.files[0].c_str(), "rb"));
      if (file_ == nullptr) return FileError("open", flags_.files[0], errno);
    }
    ASSIGN_OR_RETURN(door_, OpenDoor(flags_.door));
    ASSIGN_OR_RETURN(outbox_, Outbox::Open(flags_.outbox));
    ASSIGN_OR_RETURN(
        const std::string id_key,
        ReadOrMakeKeyFile(flags_.id_key.empty() ? flags_.outbox + "/id.key"
                                                : flags_.id_key));
    if (!flags_.receipts.empty()) {
      RETURN_IF_ERROR(MakeFolder(flags_.receipts));
      outbox_->SetReceiptFolder(flags_.receipts);
    }
    RETURN_IF_ERROR(MakeFormat(id_key));

    heads_ = std::make_unique<HeadKeeper>(door_.log_key);
    if (!outbox_->checkpoint_at_open().empty()) {
      RETURN_IF_ERROR(
          Annotate(heads_->Admit(outbox_->checkpoint_at_open(), 0).status(),
                   "the outbox's own checkpoint (is this the same log?)"));
    }
    std::chrono::milliseconds patience = kFirstHeadPatience;
    if (flags_.give_up_s > 0) {
      patience = std::min<std::chrono::milliseconds>(
          patience, std::chrono::seconds(flags_.give_up_s));
    }
    absl::Status head =
        FetchHead(door_.channel, door_.log_key.name, patience, heads_.get());
    if (head.ok() && !flags_.door.opaque) head = OpenChains(id_key);
    lied_ = absl::IsDataLoss(head);
    return head;
  }

  absl::Status OpenChains(const std::string& id_key) {
    ASSIGN_OR_RETURN(chain_memory_,
                     ChainMemory::Open(flags_.outbox + "/chains", id_key,
                                       ChainMemory::kChainsMaxDefault));
    questions_ = NewGrpcQuestions(door_.channel);
    ASSIGN_OR_RETURN(chains_,
                     DenseChains::Open(door_.administration, questions_.get(),
                                       chain_memory_.get(), heads_.get()));
    return absl::OkStatus();
  }

  absl::Status MakeFormat(const std::string& id_key) {
    if (flags_.format == "opaque") {
      format_ = NewOpaqueFormat(id_key);
      return absl::OkStatus();
    }
    AccessContext context;
    context.origin = door_.log_key.name;
    context.administration = door_.administration;
    context.id_key = id_key;
    context.head_size = [this] { return heads_->size(); };
    if (flags_.format == "record") {
      format_ = NewRecordFormat(context);
      return absl::OkStatus();
    }
    if (flags_.map.empty())
      return absl::InvalidArgumentError("--map is missing");
    ASSIGN_OR_RETURN(const std::string text,
                     ReadFile(flags_.map, kMappingBytesMax));
    ASSIGN_OR_RETURN(const v1::Mapping mapping, ParseMapping(text));
    format_ = NewResilientLoggerFormat(mapping, context);
    return absl::OkStatus();
  }

  absl::Status Submit() {
    SubmitterOptions options;
    options.origin = door_.log_key.name;
    options.access_log = !flags_.door.opaque;
    options.administration = door_.administration;
    options.request_entries_max = flags_.batch;
    options.requests_in_flight_max = flags_.in_flight;
    options.give_up = std::chrono::seconds(flags_.give_up_s);
    options.paths = !flags_.receipts.empty();
    options.chains = chains_.get();
    ASSIGN_OR_RETURN(
        submitter_, Submitter::Start(options, door_.channel, door_.signer.get(),
                                     outbox_.get(), heads_.get(),
                                     [this](const RequestResult& result) {
                                       return Take(result);
                                     }));
    started_ = std::chrono::steady_clock::now();
    absl::Status status = ReadLines();
    if (status.ok()) status = Drain();
    counts_ = submitter_->counts();
    waiting_ = submitter_->waiting();
    submitter_.reset();
    return status;
  }

  absl::Status ReadLines() {
    LineReader reader(file_ == nullptr ? stdin : file_.get());
    absl::string_view line;
    bool too_long = false;
    while (reader.Next(&line, &too_long)) {
      ++lines_read_;
      ShowProgress();
      if (too_long) {
        complaints_.Add(
            reader.number(),
            absl::InvalidArgumentError(absl::StrCat(
                "longer than ", LineReader::kLineBytesMax, " bytes")));
        continue;
      }
      if (line.empty()) {
        ++left_out_;
        continue;
      }
      absl::StatusOr<Draft> draft = format_->Read(line);
      if (absl::IsCancelled(draft.status())) {
        ++left_out_;
        continue;
      }
      if (!draft.ok()) {
        complaints_.Add(reader.number(), draft.status());
        continue;
      }
      const EntryId id = draft->id;
      const bool noted = lines_.Put(id, reader.number());
      const absl::Status added = submitter_->Add(*std::move(draft));
      if (absl::IsAlreadyExists(added)) {
        if (noted) lines_.Take(id);
        continue;
      }
      RETURN_IF_ERROR(added);
    }
    if (reader.failed()) {
      return absl::DataLossError("the input could not be read to its end");
    }
    return absl::OkStatus();
  }

  // Drains with progress shown.
  absl::Status Drain() {
    Mutex mu;
    CondVar changed;
    bool done = false;
    absl::Status status;
    std::thread drainer([&] {
      absl::Status drained = submitter_->Drain();
      MutexLock lock(&mu);
      status = std::move(drained);
      done = true;
      changed.SignalAll();
    });
    {
      MutexLock lock(&mu);
      while (!done) {
        changed.WaitFor(&mu, std::chrono::milliseconds(200));
        ShowProgress();
      }
    }
    drainer.join();
    return status;
  }

  void ShowProgress() {
    if (!progress_.Due()) return;
    const SubmitterCounts counts = submitter_->counts();
    const double seconds = Seconds();
    progress_.Show(absl::StrCat(
        "  ", Grouped(lines_read_), " lines, ", Grouped(counts.receipts),
        " receipts, ", Grouped(submitter_->waiting()), " waiting, ",
        Grouped(static_cast<uint64_t>(static_cast<double>(counts.receipts) /
                                      (seconds + 1e-9))),
        "/s"));
  }

  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         started_)
        .count();
  }

  // From the submitter's thread.
  absl::Status Take(const RequestResult& result) {
    const size_t count = static_cast<size_t>(result.request.entries_size() +
                                             result.request.opaque_size());
    for (size_t k = 0; k < count; ++k) {
      const EntryId id = IdOf(result.request, k);
      const uint64_t line = lines_.Take(id);
      if (result.receipt == nullptr) {
        complaints_.Add(line, Annotate(result.refusal, "the log refuses it"));
        continue;
      }
      const EntryReceipt& entry = result.receipt->entries[k];
      if (!flags_.receipts.empty() &&
          receipts_++ % flags_.receipts_every == 0) {
        RETURN_IF_ERROR(WriteReceiptFiles(flags_.receipts, *result.receipt,
                                          entry, {id.data(), id.size()}));
      }
      if (flags_.print) {
        std::printf(
            "{\"line\": %llu, \"entry_id\": \"%s\", \"leaf_index\": %llu, "
            "\"size\": %llu}\n",
            static_cast<unsigned long long>(line),
            HexEncode({id.data(), id.size()}).c_str(),
            static_cast<unsigned long long>(entry.leaf_index),
            static_cast<unsigned long long>(result.receipt->head.size));
      }
    }
    // Before the outbox forgets them: a kill must not lose a printed line.
    if (flags_.print) std::fflush(stdout);
    return absl::OkStatus();
  }

  void Summarise(uint64_t complaints) {
    progress_.Clear();
    const double seconds = Seconds();
    std::string line = absl::StrCat(Grouped(lines_read_),
                                    " lines: ", Grouped(counts_.receipts),
                                    " receipts verified");
    if (counts_.known > 0) {
      absl::StrAppend(&line, ", ", Grouped(counts_.known), " known already");
    }
    if (left_out_ > 0) {
      absl::StrAppend(&line, ", ", Grouped(left_out_), " left out");
    }
    if (complaints > 0) {
      absl::StrAppend(&line, ", ", Grouped(complaints), " NOT TAKEN");
    }
    if (waiting_ > 0) {
      absl::StrAppend(&line, ", ", Grouped(waiting_), " waiting in the outbox");
    }
    if (counts_.retries > 0) {
      absl::StrAppend(&line, ", ", Grouped(counts_.retries),
                      " requests sent again");
    }
    char rate[64];
    std::snprintf(
        rate, sizeof(rate), "; %.1f s, %s a second", seconds,
        Grouped(static_cast<uint64_t>(static_cast<double>(counts_.receipts) /
                                      (seconds + 1e-9)))
            .c_str());
    absl::StrAppend(&line, rate);
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", line.c_str());
    const uint64_t refused = outbox_->refused_files();
    if (refused > 0) {
      std::fprintf(stderr,
                   "%s refused requests are kept in %s/refused: a person must "
                   "look at them, then delete them\n",
                   Grouped(refused).c_str(), flags_.outbox.c_str());
    }
  }

  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  const Flags& flags_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  Door door_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<HeadKeeper> heads_;
  std::unique_ptr<ChainMemory> chain_memory_;
  std::unique_ptr<Questions> questions_;
  std::unique_ptr<DenseChains> chains_;  // of an access log
  std::unique_ptr<LineFormat> format_;
  bool lied_ = false;
  Complaints complaints_;
  Lines lines_;
  ProgressLine progress_;
  uint64_t lines_read_ = 0;
  uint64_t left_out_ = 0;
  uint64_t receipts_ = 0;  // of the submitter's thread alone
  uint64_t waiting_ = 0;
  SubmitterCounts counts_;
  std::chrono::steady_clock::time_point started_;
  std::unique_ptr<Submitter> submitter_;
};

}  // namespace

int SubmitMain(const std::vector<std::string>& arguments) {
  Flags flags;
  CommandLine command_line(
      "submit --log HOST:PORT --vkey FILE --outbox DIR "
      "[flags] [FILE]",
      kAbout);
  flags.door.AddTo(&command_line);
  command_line.Text("outbox", "DIR",
                    "where entries wait; made if it is not there; one process "
                    "at a time",
                    &flags.outbox);
  command_line.Choice("format", {"resilient-logger", "record", "opaque"},
                      "what a line is: a document of the City of Helsinki's "
                      "audit logger (the default; needs --map), {\"access\": "
                      "..., \"actor\": ...} after proto/record.proto, or any "
                      "bytes",
                      &flags.format);
  command_line.Text("map", "FILE",
                    "what the audit logger does not say: purpose, basis, "
                    "subject (client/mapping.proto)",
                    &flags.map);
  command_line.Text("receipts", "DIR",
                    "write LEAF.tlog-proof and LEAF.secret there, for `vidimus "
                    "verify`",
                    &flags.receipts);
  command_line.Number("receipts_every", "N",
                      "only for one entry in N (default 1)", 1, UINT64_MAX,
                      &flags.receipts_every);
  command_line.Switch("print",
                      "print a line of JSON for each receipt: line, entry_id, "
                      "leaf_index, size",
                      &flags.print);
  command_line.Text("id_key", "FILE",
                    "your own key for entry ids (default: OUTBOX/id.key, made "
                    "once)",
                    &flags.id_key);
  command_line.Number("batch", "N", "entries of a request (default 256)", 1,
                      4096, &flags.batch);
  command_line.Number("in_flight", "N",
                      "requests under way at once (default 16)", 1, 1024,
                      &flags.in_flight);
  command_line.Number("give_up_s", "N",
                      "stop after so many seconds without a receipt (default "
                      "0: never)",
                      0, 1000000, &flags.give_up_s);
  command_line.Operands(0, 1, &flags.files);
  command_line.Require({"log", "vkey", "outbox"});
  command_line.Epilogue(kEpilogue);
  if (const std::optional<int> exit_code = command_line.Parse(arguments)) {
    return *exit_code;
  }
  return Run(flags).Main();
}

}  // namespace vidimus
