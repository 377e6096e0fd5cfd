#include "log/notices.h"

#include <algorithm>
#include <utility>

#include "verifier/check.h"
#include "verifier/commitment.h"
#include "verifier/register.h"
#include "verifier/submission.h"

namespace vidimus {

void Notices::EnterKeyFetch(std::string_view subject,
                            uint32_t chain_administration, uint32_t fetched_by,
                            Done done) {
  v1::Notice notice;
  notice.set_subject(subject.data(), subject.size());
  notice.mutable_key_fetch()->set_chain_administration(chain_administration);
  notice.mutable_key_fetch()->set_fetched_by(fetched_by);
  std::vector<v1::Notice> notices;
  notices.push_back(std::move(notice));
  Enter(kSelf, std::move(notices), {}, std::move(done));
}

void Notices::Enter(uint32_t administration, std::vector<v1::Notice> notices,
                    std::vector<PageChange> changes, Done done) {
  CHECK(!notices.empty());
  // The keys may come from several threads, or within the call.
  struct Gathering {
    Submission submission;
    Mutex mu;
    size_t missing ABSL_GUARDED_BY(mu) = 0;
    absl::Status failed ABSL_GUARDED_BY(mu);
  };
  const auto gathering = std::make_shared<Gathering>();
  Submission& submission = gathering->submission;
  submission.administration = administration;
  submission.page_changes = std::move(changes);
  submission.done = std::move(done);
  for (v1::Notice& notice : notices) {
    notice.set_administration(administration);
    submission.entries.push_back(Make(std::move(notice)));
  }
  {
    MutexLock lock(&gathering->mu);
    gathering->missing = submission.entries.size();
  }
  const size_t count = submission.entries.size();
  for (size_t i = 0; i < count; ++i) {
    const std::string subject = submission.entries[i].opening->subject;
    parts_.chain_keys->Get(
        subject, administration,
        [gathering, i, submit = parts_.submit](absl::StatusOr<Hash> key) {
          absl::Status failed;
          {
            MutexLock lock(&gathering->mu);
            if (key.ok()) {
              gathering->submission.entries[i].opening->chain_key = *key;
            } else {
              gathering->failed.Update(key.status());
            }
            if (--gathering->missing > 0) return;
            failed = gathering->failed;
          }
          if (failed.ok()) {
            submit(std::move(gathering->submission));
          } else {
            gathering->submission.done(failed);
          }
        });
  }
}

PendingEntry Notices::Make(v1::Notice notice) const {
  notice.set_entry_id(parts_.random->Draw(kEntryIdBytes));
  notice.set_at_s(
      static_cast<uint64_t>(std::max<int64_t>(parts_.clock->NowMs(), 0)) /
      1000);
  auto opening = std::make_unique<PendingOpening>();
  opening->entry_id = notice.entry_id();
  opening->subject = notice.subject();
  opening->content = RecordContent::kNotice;
  opening->record_salt = parts_.random->Draw(kSaltBytes);
  opening->actor_salt = parts_.random->Draw(kSaltBytes);
  v1::Record record;
  *record.mutable_notice() = std::move(notice);
  opening->record = record.SerializeAsString();
  PendingEntry entry;
  entry.hash = Commitment({opening->record_salt, opening->record,
                           opening->actor_salt, opening->actor});
  entry.opening = std::move(opening);
  return entry;
}

}  // namespace vidimus
