#include "log/witness_client.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/status.h"
#include "verifier/encoding.h"
#include "verifier/witness.h"

namespace vidimus {
namespace {

constexpr int kTries = 4;
constexpr int kConflict = static_cast<int>(WitnessStatus::kConflict);
constexpr int kCosigned = static_cast<int>(WitnessStatus::kCosign);

// "<size>" and a line feed.
bool ParseLastSize(absl::string_view body, uint64_t* size) {
  return absl::ConsumeSuffix(&body, "\n") &&
         DecimalDecode({body.data(), body.size()}, size);
}

}  // namespace

absl::StatusOr<std::string> WitnessClient::AddCheckpoint(std::string_view note,
                                                         uint64_t size) {
  WitnessRequest request;
  request.note = note;
  for (int tries = 0; tries < kTries; ++tries) {
    if (last_size_ > size) {
      return absl::FailedPreconditionError(
          absl::StrCat("a tree of ", last_size_, " leaves was cosigned at ",
                       http_->base().ToString(), ", and this one has ", size));
    }
    request.old_size = last_size_;
    request.proof.clear();
    if (last_size_ > 0 && last_size_ < size) {
      ASSIGN_OR_RETURN(request.proof, prove_(last_size_, size));
    }
    ASSIGN_OR_RETURN(HttpReply reply,
                     http_->Post("add-checkpoint", "text/plain; charset=utf-8",
                                 FormatWitnessRequest(request)));
    if (reply.status == kCosigned) {
      last_size_ = size;
      return std::move(reply.body);
    }
    uint64_t last;
    // The same size again is not a conflict that another proof would end.
    if (reply.status != kConflict || !ParseLastSize(reply.body, &last) ||
        last == request.old_size) {
      const absl::Status status = StatusOfReply(reply);
      return status.ok() ? absl::InternalError(absl::StrCat(
                               "a witness answered ", reply.status))
                         : status;
    }
    last_size_ = last;
  }
  return absl::AbortedError(absl::StrCat(
      "what was cosigned at ", http_->base().ToString(),
      " changes faster than it can be followed: somebody else asks, too"));
}

}  // namespace vidimus
