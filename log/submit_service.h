// First stop of a write: is the request well formed, may this caller make it,
// did the administration sign it? What passes goes to the sequencer; the answer
// comes when its batch is public. Both doors (gRPC, HTTP) come through here.
#ifndef VIDIMUS_LOG_SUBMIT_SERVICE_H_
#define VIDIMUS_LOG_SUBMIT_SERVICE_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "log/log.h"
#include "log/worker_pool.h"
#include "proto/vidimus.pb.h"

namespace vidimus {

struct SubmitLimits {
  size_t entry_bytes_max = 65535;
  size_t record_bytes_max = 32768;
  size_t request_entries_max = 4096;
};

class SubmitService {
 public:
  // Neither is owned; both outlive this and every answer.
  SubmitService(const SubmitLimits& limits, Log* log, WorkerPool* workers)
      : limits_(limits), log_(log), workers_(workers) {}

  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::SubmitResponse>)>;

  // Judges `request` on the calling thread, hands it to the sequencer, and
  // calls `done` once: at once if it is refused, from a worker's thread when
  // there is a receipt. `administration` is the number in the caller's
  // certificate, nothing if it showed none. Codes as in style: kInvalidArgument
  // names the entry and what is wrong with it; kUnauthenticated, no
  // certificate; kPermissionDenied, another administration's number, one that
  // is not in the register, or a signature that is not its entry key's.
  // kUnavailable before contents and signature are judged: there is no room for
  // so many new chains now.
  void Submit(const v1::SubmitRequest& request,
              std::optional<uint32_t> administration, Done done);

  // One opaque entry without an id: the fast way for POST /add. `done` gets
  // the leaf index, from the sequencer's thread.
  void AddOpaque(std::string entry,
                 absl::AnyInvocable<void(absl::StatusOr<uint64_t>)> done);

 private:
  absl::StatusOr<Submission> Judge(const v1::SubmitRequest& request,
                                   std::optional<uint32_t> administration);
  absl::StatusOr<Submission> JudgeOpaque(const v1::SubmitRequest& request);
  absl::StatusOr<Submission> JudgeAccess(
      const v1::SubmitRequest& request, std::optional<uint32_t> administration);
  absl::Status JudgeRoom(const v1::SubmitRequest& request,
                         uint32_t administration) const;
  absl::Status JudgeOpaqueEntry(std::string_view entry) const;

  const SubmitLimits limits_;
  Log* const log_;
  WorkerPool* const workers_;
};

}  // namespace vidimus

#endif  // VIDIMUS_LOG_SUBMIT_SERVICE_H_
