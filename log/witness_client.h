// Asks one address for cosignatures, as C2SP tlog-witness has it: docs/
// witness.md. The address may answer for several cosigners; one call has all
// their lines, since a second one would find the head cosigned already.
#ifndef VIDIMUS_LOG_WITNESS_CLIENT_H_
#define VIDIMUS_LOG_WITNESS_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/http_client.h"
#include "verifier/hash.h"

namespace vidimus {

// The consistency proof from `older` to `newer` leaves, 0 < older < newer.
using ConsistencyProver = std::function<absl::StatusOr<std::vector<Hash>>(
    uint64_t older, uint64_t newer)>;

// One thread at a time.
class WitnessClient {
 public:
  WitnessClient(std::unique_ptr<HttpClient> http, ConsistencyProver prove)
      : http_(std::move(http)), prove_(std::move(prove)) {}

  // Asks for cosignatures on `note`, the checkpoint of a tree of `size` leaves.
  // Returns the body of the answer: signature lines, of which nothing is
  // believed yet. A conflict is answered with a proof from the size that it
  // names, three times at most: others may be asking, too. Errors are those of
  // HttpClient::Post and StatusOfReply, and
  //   kFailedPrecondition: a larger tree was cosigned there. Unless somebody
  //     lies this log has signed a larger head than it knows of: an old backup,
  //     or a second server.
  absl::StatusOr<std::string> AddCheckpoint(std::string_view note,
                                            uint64_t size);

  // What was cosigned last there, as far as is known.
  uint64_t last_size() const { return last_size_; }

 private:
  const std::unique_ptr<HttpClient> http_;
  const ConsistencyProver prove_;
  uint64_t last_size_ = 0;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_WITNESS_CLIENT_H_
