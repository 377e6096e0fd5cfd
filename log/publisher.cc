#include "log/publisher.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "verifier/checkpoint.h"
#include "verifier/note.h"

namespace vidimus {

absl::Status CheckpointPublisher::Publish(std::shared_ptr<Published> next) {
  {
    MutexLock lock(&mu_);
    RETURN_IF_ERROR(stopped_);
  }
  const absl::Status signed_head = SignBehindLock(next.get());
  MutexLock lock(&mu_);
  if (!signed_head.ok()) {
    stopped_ = signed_head;
    return signed_head;
  }
  latest_ = std::move(next);
  return absl::OkStatus();
}

absl::Status CheckpointPublisher::SignBehindLock(Published* next) {
  RETURN_IF_ERROR(lock_->Advance(lock_->Head(), next->head));
  const std::string text = FormatCheckpoint({signer_->key().name, next->head});
  std::string line;
  if (!signer_->Sign(text, 0, &line)) {
    return absl::UnavailableError(absl::StrCat(
        "signing the tree head of size ", next->head.size,
        ": the signing key can't be used now; start the log again when it "
        "can"));
  }
  next->checkpoint = JoinNote(text, {line});
  return absl::OkStatus();
}

void CheckpointPublisher::Stop(const absl::Status& why) {
  MutexLock lock(&mu_);
  if (stopped_.ok()) stopped_ = why;
}

std::shared_ptr<const Published> CheckpointPublisher::Latest() const {
  MutexLock lock(&mu_);
  return latest_;
}

}  // namespace vidimus
