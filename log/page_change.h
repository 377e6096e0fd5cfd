// A page of the vault as it shall stand after a commit: how a notice and what
// it does to an earlier entry come into force in one step.
#ifndef VIDIMUS_LOG_PAGE_CHANGE_H_
#define VIDIMUS_LOG_PAGE_CHANGE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "log/vault.pb.h"

namespace vidimus {

struct PageChange {
  enum class Befalls { kErasure, kRestriction, kWithholding };
  // An opening that a notice is about: `openings(opening)` of the page learns
  // the number that entry `entry` of the submission is given in its chain.
  struct Notified {
    int opening;
    size_t entry;
    Befalls befalls;
  };

  uint64_t first = 0;  // of the page's batch, which is committed
  vault::Page page;
  std::vector<Notified> notified;
};

// Writes a notice's number where its kind belongs.
inline void SetNotice(PageChange::Befalls befalls, uint64_t number,
                      vault::Opening* opening) {
  switch (befalls) {
    case PageChange::Befalls::kErasure:
      opening->set_erased_by(number);
      break;
    case PageChange::Befalls::kRestriction:
      opening->set_restricted_by(number);
      break;
    case PageChange::Befalls::kWithholding:
      opening->set_withheld_by(number);
  }
}

}  // namespace vidimus

#endif  // VIDIMUS_LOG_PAGE_CHANGE_H_
