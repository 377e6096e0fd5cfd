// The scrub: reads everything that is stored and verifies it again with the
// verifier's code, from leaf 0 to the newest head, so that what has rotted is
// found while it can still be replaced and before it is signed over.
#ifndef VIDIMUS_LOG_SCRUB_H_
#define VIDIMUS_LOG_SCRUB_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "log/log.h"

namespace vidimus {

// Verifies every batch of `log` up to its newest published head: heads,
// entries, leaf hashes, tiles, register documents, id rows and vault pages.
// After each batch it calls `pace(leaves done)`, which may sleep, and stops
// with kCancelled if that returns false. kDataLoss names the first row that is
// wrong and where. Any thread; memory for one batch. Cost: the log's bytes read
// and hashed once.
absl::Status Scrub(Log* log, const std::string& id_key,
                   const std::function<bool(uint64_t leaves)>& pace);

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SCRUB_H_
