#include "log/operator_page.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "proto/html.h"
#include "proto/json.h"
#include "verifier/encoding.h"
#include "verifier/note.h"

namespace vidimus {
namespace {

using vault::OperatedCount;
using vault::OperatedListener;
using vault::OperatedLog;
using vault::OperatorStatus;

constexpr char kHtmlPath[] = "/operator";
constexpr char kJsonPath[] = "/operator.json";
constexpr char kStylePath[] = "/operator.css";

constexpr char kBatchSeconds[] = "vidimus_batch_seconds";

// As in docs/monitoring/alerts.yml.
constexpr int64_t kCosignedAgeMaxS = 300;
constexpr uint64_t kPoolEntriesMuch = 50000;
constexpr uint64_t kDiskFreeLittle = 5000000000;
constexpr uint64_t kLeavesUntilDueFew = 1024;

constexpr uint64_t kNoneDue = uint64_t{1} << 32;

// A metric's place in a sample. The label is the one that tells things of one
// kind apart.
std::string Name(absl::string_view metric, absl::string_view label,
                 absl::string_view more = "") {
  return absl::StrCat(metric, "\n", label, "\n", more);
}

double ValueOf(const std::map<std::string, double>& values,
               const std::string& name) {
  const auto value = values.find(name);
  return value == values.end() ? 0 : value->second;
}

uint64_t CountOf(double value) {
  return value <= 0 ? 0 : static_cast<uint64_t>(std::llround(value));
}

// The bound that `share` of what was counted between two samples did not pass.
double Quantile(const std::vector<std::pair<double, uint64_t>>& now,
                const std::vector<std::pair<double, uint64_t>>* before,
                double share) {
  const auto counted = [&](size_t i) {
    const bool known = before != nullptr && i < before->size();
    return now[i].second - (known ? (*before)[i].second : 0);
  };
  if (now.empty() || counted(now.size() - 1) == 0) return 0;
  const double wanted = share * static_cast<double>(counted(now.size() - 1));
  double largest = 0;
  for (size_t i = 0; i < now.size(); ++i) {
    if (!std::isinf(now[i].first)) largest = now[i].first;
    if (static_cast<double>(counted(i)) >= wanted) break;
  }
  return largest;
}

// --- HTML --------------------------------------------------------------------

std::string Grouped(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string BytesText(uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "kB", "MB", "GB", "TB"};
  double number = static_cast<double>(bytes);
  size_t unit = 0;
  for (; number >= 1000 && unit + 1 < std::size(kUnits); ++unit) number /= 1000;
  return unit == 0 ? absl::StrCat(bytes, " bytes")
                   : absl::StrFormat("%.1f %s", number, kUnits[unit]);
}

std::string Rate(double per_s, const char* what) {
  return absl::StrFormat("%.1f %s a second", per_s, what);
}

std::string Counts(
    const google::protobuf::RepeatedPtrField<OperatedCount>& counts) {
  std::string text;
  for (const OperatedCount& one : counts) {
    if (one.count() == 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", Escaped(one.name()), " ",
                    Grouped(one.count()));
  }
  return text.empty() ? "none" : text;
}

std::string CosigningText(const OperatedLog& log) {
  if (!log.cosigning()) return "nobody is asked";
  if (log.cosigned_size() == 0) return "no head has a quorum yet";
  std::string text =
      absl::StrCat(Grouped(log.cosigned_size()), " leaves, ",
                   DurationText(log.cosigned_age_s()), " old; ",
                   log.cosigners_answered(), " of ", log.cosigners(),
                   " cosigned the newest head they were asked for<ul>");
  for (const vault::OperatedCosigner& one : log.cosigner()) {
    absl::StrAppend(&text, "<li>", Escaped(one.name()), ": ",
                    DurationText(one.age_s()), " ago</li>");
  }
  return absl::StrCat(text, "</ul>");
}

std::string MergesText(const OperatedLog& log) {
  std::string text =
      absl::StrCat(log.index_merges(), " under way or waiting, ",
                   Grouped(log.index_merge_keys_left()), " keys to write");
  if (log.index_leaves_until_due() > 0 &&
      log.index_leaves_until_due() < kNoneDue) {
    absl::StrAppend(&text, "; the first is due in ",
                    Grouped(log.index_leaves_until_due()), " leaves");
  }
  return absl::StrCat(text, "; seals waited ",
                      absl::StrFormat("%.1f", log.index_waited_s()),
                      " s for merges since the start");
}

std::string LogSection(const OperatedLog& log, int number) {
  const char* look = log.frozen()           ? "wrong"
                     : log.alarm_size() > 0 ? "alarm"
                                            : "fine";
  std::string html = absl::StrCat(
      "<section class=\"", look, "\" aria-labelledby=\"log", number,
      "\">\n<h2 id=\"log", number, "\">", Escaped(log.origin()),
      "</h2>\n<p class=\"headline\">",
      log.frozen() ? "Frozen: it signs no more and waits for a person. See its "
                     "messages."
      : log.alarm_size() > 0 ? "Look at this:"
                             : "Nothing wrong.",
      "</p>\n");
  if (log.alarm_size() > 0) {
    absl::StrAppend(&html, "<ul>\n");
    for (const std::string& alarm : log.alarm()) {
      absl::StrAppend(&html, "<li>", Escaped(alarm), "</li>\n");
    }
    absl::StrAppend(&html, "</ul>\n");
  }
  absl::StrAppend(&html, "<dl>\n");
  AddRow("Size", absl::StrCat(Grouped(log.size()), " leaves"), &html);
  AddRow("Entries",
         absl::StrCat(Rate(log.entries_per_second(), "entries"), "; ",
                      Grouped(log.entries()), " since the start"),
         &html);
  AddRow("Batches",
         absl::StrCat(Rate(log.batches_per_second(), "batches"), "; ",
                      Grouped(log.batches()), " since the start"),
         &html);
  AddRow("Latency of a batch",
         log.batch_p99_ms() == 0
             ? "no batch lately"
             : absl::StrFormat("half within %g ms, 99 of 100 within %g ms",
                               log.batch_p50_ms(), log.batch_p99_ms()),
         &html);
  AddRow("Waiting",
         absl::StrCat(Grouped(log.pool_entries()), " entries, ",
                      BytesText(log.pool_bytes()), "; ",
                      Grouped(log.chain_keys_waiting()), " keys of chains"),
         &html);
  AddRow("Head with a quorum", CosigningText(log), &html);
  AddRow("Disk", absl::StrCat(BytesText(log.disk_free_bytes()), " free"),
         &html);
  AddRow("Merges of the index", MergesText(log), &html);
  AddRow("Index",
         absl::StrCat(Grouped(log.index_files()), " files, ",
                      BytesText(log.index_memory_bytes()), " of memory"),
         &html);
  AddRow("Vault, since the start", Counts(log.vault_change()), &html);
  AddRow("Retention",
         absl::StrCat(Grouped(log.swept_leaves()),
                      " leaves looked at in the last pass"),
         &html);
  AddRow("Scrub",
         absl::StrCat(Grouped(log.scrubbed_leaves()),
                      " leaves verified again in this pass"),
         &html);
  AddRow("Refused, since the start", Counts(log.refusal()), &html);
  return absl::StrCat(html, "</dl>\n</section>\n");
}

std::string Summary(const OperatorStatus& status) {
  int frozen = 0, alarms = 0;
  for (const OperatedLog& log : status.log()) {
    frozen += log.frozen();
    alarms += log.alarm_size() > 0;
  }
  const auto logs = [](int count, const char* one, const char* many) {
    return absl::StrCat(count, count == 1 ? one : many);
  };
  if (frozen > 0) return logs(frozen, " log is frozen", " logs are frozen");
  if (alarms > 0) {
    return logs(alarms, " log wants a look", " logs want a look");
  }
  return "nothing wrong";
}

void AddAlarms(OperatedLog* log) {
  if (log->cosigning() && log->cosigned_size() == 0) {
    log->add_alarm(
        "No head has the quorum of the policy: who reads cosigned/checkpoint "
        "gets nothing.");
  } else if (log->cosigning() && log->cosigned_age_s() > kCosignedAgeMaxS) {
    log->add_alarm(absl::StrCat("The head with a quorum is ",
                                DurationText(log->cosigned_age_s()),
                                " old: cosigners do not answer, or refuse."));
  }
  if (log->pool_entries() > kPoolEntriesMuch) {
    log->add_alarm("The pool fills: submitters are pushed back soon.");
  }
  if (log->disk_free_bytes() > 0 && log->disk_free_bytes() < kDiskFreeLittle) {
    log->add_alarm(absl::StrCat("Only ", BytesText(log->disk_free_bytes()),
                                " free on the log's disk."));
  }
  if (log->index_merges() > 0 &&
      log->index_leaves_until_due() < kLeavesUntilDueFew) {
    log->add_alarm("A merge of the index is late: seals may wait for it.");
  }
}

}  // namespace

OperatorPage::OperatorPage(std::vector<OperatedOrigin> logs,
                           prometheus::Registry* registry, Clock* clock)
    : logs_(std::move(logs)), registry_(registry), clock_(clock) {}

OperatorPage::Sample OperatorPage::Take() const {
  Sample sample;
  sample.at_ms = clock_->SteadyMs();
  for (const prometheus::MetricFamily& family : registry_->Collect()) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      std::string label, more;
      for (const prometheus::ClientMetric::Label& one : metric.label) {
        (one.name == "log" || one.name == "listener" ? label : more) =
            one.value;
      }
      if (family.name == kBatchSeconds) {
        auto& buckets = sample.batches[label];
        for (const auto& bucket : metric.histogram.bucket) {
          buckets.emplace_back(bucket.upper_bound, bucket.cumulative_count);
        }
        continue;
      }
      sample.values[Name(family.name, label, more)] =
          family.type == prometheus::MetricType::Counter ? metric.counter.value
                                                         : metric.gauge.value;
    }
  }
  return sample;
}

void OperatorPage::Tick() {
  {
    MutexLock lock(&mu_);
    if (!samples_.empty() &&
        clock_->SteadyMs() - samples_.back().at_ms < kOperatorSampleMs) {
      return;
    }
  }
  Sample sample = Take();
  MutexLock lock(&mu_);
  samples_.push_back(std::move(sample));
  if (samples_.size() > kOperatorSamples) samples_.pop_front();
}

bool OperatorPage::Takes(absl::string_view path) {
  return path == kHtmlPath || path == kJsonPath || path == kStylePath;
}

HttpResponse OperatorPage::Answer(absl::string_view path) {
  if (path == kStylePath) return QuietStyle();
  return path == kJsonPath ? JsonOperatorStatus(Status())
                           : HtmlOperatorStatus(Status());
}

OperatorStatus OperatorPage::Status() {
  const Sample now = Take();
  Sample before;
  bool has_before = false;
  {
    MutexLock lock(&mu_);
    if (!samples_.empty() && samples_.front().at_ms < now.at_ms) {
      before = samples_.front();
      has_before = true;
    }
  }
  const double window_s =
      has_before ? static_cast<double>(now.at_ms - before.at_ms) / 1e3 : 0;
  const auto value = [&](absl::string_view metric, absl::string_view label,
                         absl::string_view more = "") {
    return ValueOf(now.values, Name(metric, label, more));
  };
  const auto count = [&](absl::string_view metric, absl::string_view label) {
    return CountOf(value(metric, label));
  };
  const auto rate = [&](absl::string_view metric, absl::string_view label) {
    if (window_s <= 0) return 0.0;
    const std::string name = Name(metric, label);
    return std::max(0.0,
                    ValueOf(now.values, name) - ValueOf(before.values, name)) /
           window_s;
  };
  // Every value of a metric with this label, by its other label.
  const auto counts =
      [&](absl::string_view metric, absl::string_view label,
          google::protobuf::RepeatedPtrField<OperatedCount>* out) {
        const std::string begin = Name(metric, label);
        for (auto one = now.values.lower_bound(begin);
             one != now.values.end() &&
             one->first.compare(0, begin.size(), begin) == 0;
             ++one) {
          OperatedCount* const added = out->Add();
          added->set_name(one->first.substr(begin.size()));
          added->set_count(CountOf(one->second));
        }
      };

  OperatorStatus status;
  const int64_t now_s = clock_->NowMs() / 1000;
  status.set_time_s(now_s);
  status.set_window_s(static_cast<uint32_t>(window_s));
  for (const OperatedOrigin& one : logs_) {
    const std::string& origin = one.origin;
    OperatedLog* const log = status.add_log();
    log->set_origin(origin);
    log->set_frozen(value("vidimus_frozen", origin) != 0);
    log->set_size(count("vidimus_tree_size", origin));
    log->set_entries(count("vidimus_entries_total", origin));
    log->set_batches(count("vidimus_batches_total", origin));
    log->set_entries_per_second(rate("vidimus_entries_total", origin));
    log->set_batches_per_second(rate("vidimus_batches_total", origin));
    const auto batches = now.batches.find(origin);
    if (batches != now.batches.end()) {
      const auto earlier = before.batches.find(origin);
      const auto* const from =
          earlier == before.batches.end() ? nullptr : &earlier->second;
      log->set_batch_p50_ms(Quantile(batches->second, from, 0.5) * 1e3);
      log->set_batch_p99_ms(Quantile(batches->second, from, 0.99) * 1e3);
    }
    log->set_pool_entries(count("vidimus_pool_entries", origin));
    log->set_pool_bytes(count("vidimus_pool_bytes", origin));
    log->set_chain_keys_waiting(count("vidimus_chain_keys_waiting", origin));
    log->set_disk_free_bytes(count("vidimus_disk_free_bytes", origin));
    log->set_index_merges(count("vidimus_index_merges", origin));
    log->set_index_merge_keys_left(
        count("vidimus_index_merge_keys_left", origin));
    log->set_index_leaves_until_due(
        count("vidimus_index_leaves_until_due", origin));
    log->set_index_waited_s(value("vidimus_index_waited_seconds", origin));
    log->set_index_files(count("vidimus_index_files", origin));
    log->set_index_memory_bytes(count("vidimus_index_memory_bytes", origin));
    log->set_scrubbed_leaves(count("vidimus_scrubbed_leaves", origin));
    log->set_swept_leaves(count("vidimus_swept_leaves", origin));
    counts("vidimus_vault_changes_total", origin, log->mutable_vault_change());
    counts("vidimus_refused_requests_total", origin, log->mutable_refusal());
    if (one.cosigning != nullptr) {
      log->set_cosigning(true);
      const Cosigning::Counts cosigners = one.cosigning->counts();
      log->set_cosigners(static_cast<uint32_t>(cosigners.cosigners));
      log->set_cosigners_answered(static_cast<uint32_t>(cosigners.answered));
      if (const auto latest = one.cosigning->Latest()) {
        log->set_cosigned_size(latest->size);
        log->set_cosigned_age_s(now_s - static_cast<int64_t>(latest->time_s));
        Note note;
        if (SplitNote(latest->note, &note) == Finding::kOk) {
          // The first line is the log's own; a cosignature begins with its
          // time.
          for (size_t i = 1; i < note.signatures.size(); ++i) {
            if (note.signatures[i].signature.size() < sizeof(uint64_t))
              continue;
            vault::OperatedCosigner* const cosigner = log->add_cosigner();
            cosigner->set_name(std::string(note.signatures[i].name));
            cosigner->set_age_s(
                now_s - static_cast<int64_t>(
                            Be64(std::string_view(note.signatures[i].signature)
                                     .substr(0, sizeof(uint64_t)))));
          }
        }
      }
    }
    AddAlarms(log);
  }
  for (const char* const name : {"http", "https"}) {
    if (now.values.count(Name("vidimus_http_connections", name)) == 0) continue;
    OperatedListener* const listener = status.add_listener();
    listener->set_name(name);
    listener->set_connections(count("vidimus_http_connections", name));
    listener->set_requests(count("vidimus_http_requests_total", name));
    listener->set_requests_per_second(
        rate("vidimus_http_requests_total", name));
    listener->set_bad_requests(count("vidimus_http_bad_requests_total", name));
    listener->set_timeouts(count("vidimus_http_timeouts_total", name));
    listener->set_tls_failures(count("vidimus_http_tls_failures_total", name));
  }
  counts("vidimus_sign_ins_total", "", status.mutable_sign_in());
  return status;
}

HttpResponse HtmlOperatorStatus(const OperatorStatus& status) {
  const std::string summary = Summary(status);
  std::string html = absl::StrCat(
      QuietPageBegin(absl::StrCat("Vidimus: ", summary), "operator.css"),
      "<h1>Vidimus: ", summary, "</h1>\n<p>At <time datetime=\"",
      RfcTime(status.time_s()), "\">", TimeText(status.time_s()),
      "</time>. Rates and latencies ",
      status.window_s() == 0
          ? std::string("come with the next look")
          : absl::StrCat("are of the last ", DurationText(status.window_s())),
      ". <a href=\"operator\">Look again</a>.</p>\n");
  for (int i = 0; i < status.log_size(); ++i) {
    absl::StrAppend(&html, LogSection(status.log(i), i));
  }
  absl::StrAppend(&html,
                  "<section aria-labelledby=\"doors\">\n<h2 id=\"doors\">Doors"
                  "</h2>\n<dl>\n");
  for (const OperatedListener& one : status.listener()) {
    AddRow(one.name() == "http" ? "HTTP" : "HTTPS",
           absl::StrCat(Grouped(one.connections()), " connections, ",
                        Rate(one.requests_per_second(), "requests"), "; ",
                        Grouped(one.requests()), " since the start, ",
                        Grouped(one.bad_requests()), " malformed, ",
                        Grouped(one.timeouts()), " too slow, ",
                        Grouped(one.tls_failures()), " TLS failures"),
           &html);
  }
  AddRow("Sign-ins, since the start", Counts(status.sign_in()), &html);
  absl::StrAppend(&html,
                  "</dl>\n<p><a href=\"operator.json\">As JSON</a>, <a "
                  "href=\"metrics\">all metrics</a>.</p>\n</section>\n",
                  QuietPageEnd());
  return QuietPage("text/html; charset=utf-8", std::move(html));
}

HttpResponse JsonOperatorStatus(const OperatorStatus& status) {
  const absl::StatusOr<std::string> json = ToJson(status);
  return json.ok() ? QuietPage("application/json", absl::StrCat(*json, "\n"))
                   : ErrorResponse(json.status());
}

}  // namespace vidimus
