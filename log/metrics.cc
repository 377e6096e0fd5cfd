#include "log/metrics.h"

namespace vidimus {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

}  // namespace

LogMetrics::LogMetrics(prometheus::Registry* registry,
                       const std::string& origin)
    : origin_(origin) {
  const std::map<std::string, std::string> log{{"log", origin}};
  const auto counter = [&](const char* name, const char* help) {
    return &BuildCounter().Name(name).Help(help).Register(*registry).Add(log);
  };
  const auto gauge = [&](const char* name, const char* help) {
    return &BuildGauge().Name(name).Help(help).Register(*registry).Add(log);
  };
  const auto histogram = [&](const char* name, const char* help,
                             prometheus::Histogram::BucketBoundaries bounds) {
    return &BuildHistogram().Name(name).Help(help).Register(*registry).Add(
        log, std::move(bounds));
  };
  refusals_ = &BuildCounter()
                   .Name("vidimus_refused_requests_total")
                   .Help(
                       "Submissions and requests for chains refused, by "
                       "status code.")
                   .Register(*registry);
  vault_changes_ = &BuildCounter()
                        .Name("vidimus_vault_changes_total")
                        .Help("Entries erased, withheld, restricted or lifted.")
                        .Register(*registry);
  entries_ = counter("vidimus_entries_total",
                     "Entries sequenced since the start of the process.");
  batches_ = counter("vidimus_batches_total",
                     "Batches published since the start of the process.");
  size_ = gauge("vidimus_tree_size", "Leaves under the newest checkpoint.");
  frozen_ = gauge("vidimus_frozen",
                  "1 if the log has stopped signing and waits for a person.");
  pool_entries_ = gauge("vidimus_pool_entries", "Entries that wait.");
  pool_bytes_ = gauge("vidimus_pool_bytes", "Bytes of entries that wait.");
  ids_entries_ = gauge("vidimus_ids_entries", "Entry ids remembered.");
  ids_bytes_ = gauge("vidimus_ids_bytes", "Memory for entry ids.");
  chain_cache_hits_ = counter("vidimus_chain_cache_hits_total",
                              "Entries whose chain was remembered.");
  chain_cache_misses_ =
      counter("vidimus_chain_cache_misses_total",
              "Entries whose chain was not remembered in full.");
  chain_keys_made_ =
      counter("vidimus_chain_keys_made_total", "Keys of chains made.");
  chain_keys_waiting_ = gauge("vidimus_chain_keys_waiting",
                              "Keys of chains that wait to be made.");
  disk_free_bytes_ =
      gauge("vidimus_disk_free_bytes", "Free space under the log's folder.");
  scrubbed_leaves_ = gauge("vidimus_scrubbed_leaves",
                           "Leaves re-verified in the scrub under way.");
  swept_leaves_ = gauge("vidimus_swept_leaves",
                        "Leaves whose retention dates were looked at in the "
                        "last pass.");
  cosigned_size_ = gauge("vidimus_cosigned_size",
                         "Leaves under the newest head with a quorum.");
  cosigned_age_seconds_ =
      gauge("vidimus_cosigned_age_seconds",
            "How old its quorum is; a large number without one.");
  cosigners_answered_ =
      gauge("vidimus_cosigners_answered",
            "Cosigners of the newest head that all were asked for.");
  index_merges_ = gauge("vidimus_index_merges",
                        "Merges of index runs under way or waiting.");
  index_keys_left_ = gauge("vidimus_index_merge_keys_left",
                           "Keys that they have still to write, about.");
  index_leaves_until_due_ =
      gauge("vidimus_index_leaves_until_due",
            "Leaves until the first of them must be there, or a large number.");
  index_waited_seconds_ =
      gauge("vidimus_index_waited_seconds",
            "Time that seals waited for merges since the start.");
  index_files_ = gauge("vidimus_index_files", "Files of index runs.");
  index_memory_bytes_ =
      gauge("vidimus_index_memory_bytes", "Memory of the index.");
  batch_seconds_ =
      histogram("vidimus_batch_seconds",
                "Commit, verification and publication of a batch.",
                {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5});
  batch_entries_ = histogram("vidimus_batch_entries", "Entries in a batch.",
                             {1, 4, 16, 64, 256, 1024, 4096});
}

void LogMetrics::ObserveBatch(uint64_t entries, uint64_t size,
                              int64_t duration_ms) {
  entries_->Increment(static_cast<double>(entries));
  batches_->Increment();
  size_->Set(static_cast<double>(size));
  batch_seconds_->Observe(static_cast<double>(duration_ms) / 1e3);
  batch_entries_->Observe(static_cast<double>(entries));
}

void LogMetrics::SetCosigned(uint64_t size, double age_s, uint64_t answered) {
  cosigned_size_->Set(static_cast<double>(size));
  cosigned_age_seconds_->Set(age_s);
  cosigners_answered_->Set(static_cast<double>(answered));
}

void LogMetrics::SetIndex(uint64_t merges, uint64_t keys_left,
                          uint64_t leaves_until_due, double waited_s,
                          uint64_t files, uint64_t memory_bytes) {
  index_merges_->Set(static_cast<double>(merges));
  index_keys_left_->Set(static_cast<double>(keys_left));
  index_leaves_until_due_->Set(static_cast<double>(leaves_until_due));
  index_waited_seconds_->Set(waited_s);
  index_files_->Set(static_cast<double>(files));
  index_memory_bytes_->Set(static_cast<double>(memory_bytes));
}

void LogMetrics::CountRefusal(const std::string& code) {
  refusals_->Add({{"log", origin_}, {"code", code}}).Increment();
}

void LogMetrics::CountVaultChanges(const std::string& change,
                                   uint64_t entries) {
  vault_changes_->Add({{"log", origin_}, {"change", change}})
      .Increment(static_cast<double>(entries));
}

void LogMetrics::SetPool(uint64_t entries, uint64_t bytes) {
  pool_entries_->Set(static_cast<double>(entries));
  pool_bytes_->Set(static_cast<double>(bytes));
}

void LogMetrics::SetChainKeys(uint64_t hits, uint64_t misses, uint64_t made,
                              uint64_t waiting) {
  const auto advance = [](prometheus::Counter* counter, uint64_t to) {
    counter->Increment(static_cast<double>(to) - counter->Value());
  };
  advance(chain_cache_hits_, hits);
  advance(chain_cache_misses_, misses);
  advance(chain_keys_made_, made);
  chain_keys_waiting_->Set(static_cast<double>(waiting));
}

void LogMetrics::SetIds(uint64_t entries, uint64_t bytes) {
  ids_entries_->Set(static_cast<double>(entries));
  ids_bytes_->Set(static_cast<double>(bytes));
}

}  // namespace vidimus
