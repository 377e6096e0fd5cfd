#include "log/side_work.h"

#include <utility>

#include "proto/status.h"

namespace vidimus {

absl::Status SideWork::Run(absl::AnyInvocable<void()> work) {
  if (waiting_.fetch_add(1) >= waiting_max_) {
    waiting_.fetch_sub(1);
    return WithRetryAfter(
        absl::UnavailableError("too many are reading at once; come back"),
        std::chrono::seconds(1));
  }
  pool_.Run([this, work = std::move(work)]() mutable {
    work();
    waiting_.fetch_sub(1);
  });
  return absl::OkStatus();
}

}  // namespace vidimus
